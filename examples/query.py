"""Asks a training API for a loss the way the course's snippets do: only the address and the key are yours.

    python3 examples/query.py http://127.0.0.1:8000 KEY
"""
import sys

import requests

url, api_key = sys.argv[1:3]

config = {
    "d_model": 256,
    "num_layers": 6,
    "num_heads": 8,
    "batch_size": 128,
    "learning_rate": 0.001,
    "train_flops": int(3e16),
    "api_key": api_key,
}

print(requests.get(f"{url}/loss", config).json())
print(requests.get(f"{url}/loss", {**config, "train_flops": 3e16}).json())  # the same number: a repeat, free
print(requests.get(f"{url}/total_flops_used", {"api_key": api_key}).json())
print(requests.get(f"{url}/previous_runs", {"api_key": api_key}).json())
for wrong in ({"d_model": 9999}, {"api_key": "INVALID_API_KEY"}):
    response = requests.get(f"{url}/loss", {**config, **wrong})
    print(response.status_code, response.json())
