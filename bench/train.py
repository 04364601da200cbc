"""PyTorch's side of bench/train.ts: whole training steps of the same model, as fast as PyTorch makes them on a CPU.

    python3 bench/train.py MODE D_MODEL LAYERS HEADS VOCABULARY CONTEXT SEQUENCES THREADS SECONDS PASS        (needs torch)

MODE is eager, compile or compile+bf16. PASS sequences at a time go through the model, and their gradients are added up, as ours
are: on a CPU small passes stay in its caches. Prints JSON: seconds of each step after the first ones, the peak of resident memory.
Attention is scaled_dot_product_attention, for which PyTorch chooses the kernel (its flash attention for CPUs has no dropout);
AdamW is the fused one.
"""
import json
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

DROPOUT = 0.1
WARM = 2  # steps that do not count: the first compiles


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return F.layer_norm(x, self.weight.shape, self.weight, None, 1e-5)


class Layer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.attention_norm, self.feed_forward_norm = Norm(width), Norm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, width = x.shape
        qkv = self.qkv(self.attention_norm(x)).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=DROPOUT)
        x = x + F.dropout(self.out(attended.transpose(1, 2).reshape(batch, length, width)), DROPOUT)
        return x + F.dropout(self.down(F.gelu(self.up(self.feed_forward_norm(x)))), DROPOUT)


class Model(nn.Module):
    def __init__(self, width, layers, heads, vocabulary, context):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.norm = Norm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, ids, targets):
        x = F.dropout(self.tokens(ids) + self.positions.weight, DROPOUT)
        for layer in self.layers:
            x = layer(x)
        return F.cross_entropy(self.head(self.norm(x)).flatten(0, 1), targets.flatten())


def main():
    mode = sys.argv[1]
    width, layers, heads, vocabulary, context, sequences, threads = map(int, sys.argv[2:9])
    patience, per_pass = float(sys.argv[9]), int(sys.argv[10])
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    model = Model(width, layers, heads, vocabulary, context)
    forward = torch.compile(model) if mode.startswith("compile") else model
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    text = torch.randint(0, vocabulary, (sequences, context + 1))
    times = []
    begun = None
    while begun is None or len(times) < WARM + 3 or time.perf_counter() - begun < patience:
        if len(times) == WARM:
            begun = time.perf_counter()
        before = time.perf_counter()
        for part in text.split(per_pass):
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=mode.endswith("bf16")):
                loss = forward(part[:, :-1], part[:, 1:]) * (len(part) / sequences)
            loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        times.append(time.perf_counter() - before)
    json.dump({"seconds": times[WARM:], "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
               "torch": torch.__version__}, sys.stdout)


if __name__ == "__main__":
    main()
