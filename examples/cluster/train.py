"""A small GPT, trained as `isoflop campaign --run` asks for it: config.json in, history.jsonl meanwhile, result.json at the end.

    isoflop campaign --space space.json --run 'python train.py {folder} --data corpus' --parallel 2 --out out

Needs PyTorch alone. Ended by SIGTERM or kill -9 it goes on from its checkpoint when it is started again."""

import argparse, json, math, os, signal, time
from pathlib import Path
import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    """Pre-norm attention and a feed-forward block of 4 d_model: 12 d_model^2 parameters, as the space counts them."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = self.qkv(norm(x)).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(norm(q), norm(k), v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.down(F.gelu(self.up(norm(x))))


def norm(x):
    return F.rms_norm(x, x.shape[-1:])


class GPT(nn.Module):
    def __init__(self, run):
        super().__init__()
        width, layers = run["d_model"], run["num_layers"]
        self.tokens = nn.Embedding(run["vocabulary_size"], width)  # the output head is the same matrix
        self.places = nn.Embedding(run["context_length"], width)
        self.blocks = nn.ModuleList(Block(width, run["num_heads"]) for _ in range(layers))
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.02)
        for block in self.blocks:  # what is added to the residual stream begins small
            for last in (block.out, block.down):
                nn.init.normal_(last.weight, std=0.02 / math.sqrt(2 * layers))

    def forward(self, inputs, targets):
        x = self.tokens(inputs) + self.places.weight[: inputs.shape[1]]
        for block in self.blocks:
            x = block(x)
        logits = F.linear(norm(x), self.tokens.weight)
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())


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


def windows(tokens, starts, length, device):
    both = torch.stack([tokens[start : start + length + 1] for start in starts.tolist()]).long() & 0xFFFF  # unsigned
    return both[:, :-1].to(device), both[:, 1:].to(device)


def write_whole(file, write):
    """Another name first, so that nobody ever sees half a file."""
    other = file.with_suffix(".new")
    write(other)
    os.replace(other, file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", help="a folder of `isoflop corpus prepare`; default: random tokens")
    parser.add_argument("--save-every", type=float, default=30, metavar="SECONDS")
    parser.add_argument("--threads", type=int, default=1, help="of the processor")
    options = parser.parse_args()
    folder, began = options.folder, time.time()
    run = json.loads((folder / "config.json").read_text())
    torch.set_num_threads(options.threads)
    torch.manual_seed(run["constants"].get("seed", 0))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    length, steps, batch = run["context_length"], run["steps"], run["step_tokens"] // run["context_length"]
    train, held = (read_tokens(options.data, part, run["vocabulary_size"]) for part in ("train", "val"))

    model = GPT(run).to(device)
    matrices = [p for block in model.blocks for p in block.parameters()]
    tables = [model.tokens.weight, model.places.weight]
    decay = run["constants"].get("weight_decay", 0.1)
    groups = [{"params": matrices, "weight_decay": decay}, {"params": tables, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=run["learning_rate"], betas=(0.9, 0.95))
    begin, checkpoint = 0, folder / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        begin = saved["step"]

    def save(step):
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
        write_whole(checkpoint, lambda file: torch.save(state, file))

    def finish(result):
        write_whole(folder / "result.json", lambda file: file.write_text(json.dumps(result)))
        checkpoint.unlink(missing_ok=True)

    ending = []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    history, saved_at, warmup = open(folder / "history.jsonl", "a", buffering=1), began, max(1, steps // 50)
    for step in range(begin, steps):
        # The data of a step depend on its number alone, so that a run that goes on sees what it would have seen.
        generator = torch.Generator().manual_seed(step)
        starts = torch.randint(len(train) - length, (batch,), generator=generator)
        loss = model(*windows(train, starts, length, device))
        if not math.isfinite(loss.item()):
            return finish({"diverged": True})
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        cosine = 0.1 + 0.45 * (1 + math.cos(math.pi * step / steps))
        for group in optimizer.param_groups:
            group["lr"] = run["learning_rate"] * cosine * min(1, (step + 1) / warmup)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if step % 10 == 0 or step == steps - 1:
            history.write(json.dumps({"step": step + 1, "tokens": (step + 1) * batch * length, "loss": loss.item()}) + "\n")
        if ending or time.time() - saved_at > options.save_every:
            save(step + 1)
            saved_at = time.time()
        if ending:
            raise SystemExit(f"ended after step {step + 1} of {steps}; started again it goes on")

    with torch.no_grad():
        starts = torch.arange(0, len(held) - length, length)[:64]
        losses = [model(*windows(held, one, length, device)).item() for one in starts.split(8)]
    loss = sum(x * len(one) for x, one in zip(losses, starts.split(8))) / len(starts)
    finish({"loss": loss, "tokens": steps * batch * length, "seconds": time.time() - began})


if __name__ == "__main__":
    main()
