"""A small GPT, trained as `isoflop campaign --run` asks for it: config.json in, history.jsonl meanwhile, result.json at the end.

    isoflop campaign --space space.json --run 'python train.py {folder} --data corpus' --parallel 2 --out out

Needs PyTorch alone. Ended by SIGTERM or kill -9 it goes on from its checkpoint when it is started again."""

import argparse, json, math, os, signal, time
from pathlib import Path
import torch
import torch.nn as nn
import torch.nn.functional as F


def norm(x):
    return F.rms_norm(x, x.shape[-1:])


class Block(nn.Module):
    """Pre-norm attention and a feed-forward block of 4 d_model: 12 d_model^2 parameters, as the space counts them."""

    def __init__(self, width, heads, layers):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)
        for matrix in (self.qkv, self.out, self.up, self.down):  # what is added to the residual stream begins small
            is_added = matrix in (self.out, self.down)
            nn.init.normal_(matrix.weight, std=0.02 / math.sqrt(2 * layers) if is_added else 0.02)

    def forward(self, x):
        q, k, v = self.qkv(norm(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(norm(q), norm(k), v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(norm(x))))


class GPT(nn.Module):
    def __init__(self, run):
        super().__init__()
        width, layers = run["d_model"], run["num_layers"]
        self.tokens = nn.Parameter(0.02 * torch.randn(run["vocabulary_size"], width))  # and the output head
        self.places = nn.Parameter(0.02 * torch.randn(run["context_length"], width))
        self.blocks = nn.Sequential(*(Block(width, run["num_heads"], layers) for _ in range(layers)))

    def forward(self, windows):
        inputs, targets = windows[:, :-1], windows[:, 1:]
        x = self.blocks(self.tokens[inputs] + self.places[: inputs.shape[1]])
        return F.cross_entropy((norm(x) @ self.tokens.T).flatten(0, 1).float(), targets.flatten())


def read_tokens(corpus, part, words):
    """The tokens of a corpus of `isoflop corpus prepare`; without one a walk of random steps, whose best loss is ln 8 = 2.079."""
    if corpus is None:
        steps = torch.randint(8, (1 << 20,), generator=torch.Generator().manual_seed(len(part)))
        return (steps.cumsum(0) % words).short()
    manifest = json.loads(Path(corpus, "manifest.json").read_text())
    if manifest["vocabularySize"] > words:
        raise SystemExit(f"the space says {words} words, the corpus has {manifest['vocabularySize']}")
    shards = manifest[part]["shards"]
    return torch.cat([torch.from_file(str(Path(corpus, s["file"])), size=s["tokens"], dtype=torch.int16) for s in shards])


def write_whole(file, write):
    """Another name first, so that nobody ever sees half a file."""
    write(file.with_suffix(".new"))
    os.replace(file.with_suffix(".new"), file)


def train(run, folder, data):
    """The result of a run; goes on from the checkpoint of its folder."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    length, steps, batch = run["context_length"], run["steps"], run["step_tokens"] // run["context_length"]
    texts, held = (read_tokens(data, part, run["vocabulary_size"]) for part in ("train", "val"))
    windows = lambda text, starts: torch.stack([text[s : s + length + 1] for s in starts.tolist()]).long().to(device) & 0xFFFF

    torch.manual_seed(run["constants"].get("seed", 0))
    model = GPT(run).to(device)
    decay = {"params": model.blocks.parameters(), "weight_decay": run["constants"].get("weight_decay", 0.1)}
    optimizer = torch.optim.AdamW([decay, {"params": [model.tokens, model.places], "weight_decay": 0.0}], betas=(0.9, 0.95))
    begin, checkpoint = 0, folder / "checkpoint.pt"
    if checkpoint.exists():
        begin, weights, moments = torch.load(checkpoint, map_location=device, weights_only=True)
        model.load_state_dict(weights)
        optimizer.load_state_dict(moments)

    ending, saved_at = [], time.time()
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    history = open(folder / "history.jsonl", "a", buffering=1)
    for step in range(begin, steps):
        # The data of a step depend on its number alone, so that a run that goes on sees what it would have seen.
        starts = torch.randint(len(texts) - length, (batch,), generator=torch.Generator().manual_seed(step))
        loss = model(windows(texts, starts))
        if not math.isfinite(loss.item()):
            return {"diverged": True}
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        warmup, cosine = min(1, (step + 1) / max(1, steps // 50)), 0.55 + 0.45 * math.cos(math.pi * step / steps)
        for group in optimizer.param_groups:
            group["lr"] = run["learning_rate"] * warmup * cosine
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if step % 10 == 0 or step == steps - 1:
            history.write(json.dumps({"step": step + 1, "tokens": (step + 1) * batch * length, "loss": loss.item()}) + "\n")
        if ending or time.time() - saved_at > 30:
            state, saved_at = (step + 1, model.state_dict(), optimizer.state_dict()), time.time()
            write_whole(checkpoint, lambda file: torch.save(state, file))
        if ending:
            raise SystemExit(f"ended after step {step + 1} of {steps}; started again it goes on")

    with torch.no_grad():
        starts = torch.arange(0, len(held) - length, length)[:64]
        loss = sum(model(windows(held, some)).item() * len(some) for some in starts.split(8)) / len(starts)
    return {"loss": loss, "tokens": steps * batch * length}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", help="a folder of `isoflop corpus prepare`; default: random tokens")
    options, began = parser.parse_args(), time.time()
    torch.set_num_threads(1)  # of the processor: runs are made beside each other
    result = train(json.loads((options.folder / "config.json").read_text()), options.folder, options.data)
    result["seconds"] = time.time() - began
    write_whole(options.folder / "result.json", lambda file: file.write_text(json.dumps(result)))
    (options.folder / "checkpoint.pt").unlink(missing_ok=True)
