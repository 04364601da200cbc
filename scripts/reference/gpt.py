"""The model of src/gpt in PyTorch, in float64: loss, gradients and fifty steps -> test/reference/gpt.json

    python3 scripts/reference/gpt.py > test/reference/gpt.json        (needs torch)

Weights, text and dropout masks are hashes of their place, which test/gpt/hashed.ts computes too, so that none of them has to be
shipped. Weights are rounded to float32 first; all else is float64, whose rounding is far below that of what it is compared
with. Arrays leave in the layout of src/gpt: matrices are [inputs, outputs], the transposed of nn.Linear's. `float32` says how
far PyTorch itself is off in float32.
"""
import datetime
import json
import math
import platform
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

V, T, WIDTH, LAYERS, HEADS = 37, 32, 12, 2, 3
SEQUENCES = 3  # that the gradients are of
RATE, STEPS, ACCUMULATED, GROUP = 1e-2, 50, 2, 2
DROPPED = 0.1
SPREAD = 3  # matrices are this much larger than at the start of training, so that attention is uneven and clipping acts
DIGITS = 8

WEIGHTS, MASKS, TEXT = 0, 100, 1000  # first streams of the hash


# ---- numbers that are functions of their place

def hashed(stream, i):
    x = (stream * 0x9E3779B9 + i * 0x85EBCA6B) % 2 ** 32
    x = (x ^ (x >> 16)) * 0x7FEB352D % 2 ** 32
    x = (x ^ (x >> 15)) * 0x846CA68B % 2 ** 32
    return x ^ (x >> 16)


def parameters():
    """Name, shape, inputs of a matrix or its bias; None for an embedding, 0 for a norm. In the order of src/gpt/model.ts."""
    d = WIDTH
    yield "tokenEmbedding", (V, d), None
    yield "positionEmbedding", (T, d), None
    for i in range(LAYERS):
        yield f"{i}.attentionNorm", (d,), 0
        yield f"{i}.qkv", (d, 3 * d), d
        yield f"{i}.out", (d, d), d
        yield f"{i}.feedForwardNorm", (d,), 0
        yield f"{i}.up", (d, 4 * d), d
        yield f"{i}.upBias", (4 * d,), d
        yield f"{i}.down", (4 * d, d), 4 * d
        yield f"{i}.downBias", (d,), 4 * d
    yield "finalNorm", (d,), 0
    yield "head", (d, V), d


def initial(stream, shape, inputs):
    signed = torch.tensor([2 * (hashed(WEIGHTS + stream, i) / 2 ** 32) - 1 for i in range(math.prod(shape))], dtype=torch.float64)
    if inputs is None:
        values = math.sqrt(3) * signed
    else:
        values = 1 + 0.3 * signed if inputs == 0 else SPREAD / math.sqrt(inputs) * signed
    return values.float().reshape(shape)


def mask(stream, dtype, *shape):
    least, kept = round(DROPPED * 2 ** 32), torch.tensor(1 / (1 - DROPPED), dtype=torch.float32)
    keeps = torch.tensor([hashed(MASKS + stream, i) >= least for i in range(math.prod(shape))])
    return (keeps * kept).to(dtype).reshape(shape)


def sequence(number):
    """T + 1 tokens: mostly 3 t + 1 after t, so that there is something to learn."""
    stream = TEXT + number
    tokens = [hashed(stream, 0) % V]
    for j in range(T):
        surprise = hashed(stream, 2 * j + 1) % 8 == 0
        tokens.append(hashed(stream, 2 * j + 2) % V if surprise else (3 * tokens[-1] + 1) % V)
    return tokens


def batch(numbers):
    text = torch.tensor([sequence(number) for number in numbers])
    return text[:, :-1], text[:, 1:]


# ---- the model

class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(WIDTH))

    def forward(self, x):
        return F.layer_norm(x, (WIDTH,), self.weight, None, 1e-5)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attentionNorm, self.feedForwardNorm = Norm(), Norm()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH, bias=False), nn.Linear(WIDTH, WIDTH, bias=False)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x, masks):
        B = len(x)
        q, k, v = self.qkv(self.attentionNorm(x)).view(B, T, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) / math.sqrt(WIDTH // HEADS)
        future = torch.ones(T, T, dtype=torch.bool).triu(1)
        weights = scores.masked_fill(future, -math.inf).softmax(-1) * masks[0]
        x = x + self.out((weights @ v).transpose(1, 2).reshape(B, T, WIDTH)) * masks[1]
        return x + self.down(F.gelu(self.up(self.feedForwardNorm(x)))) * masks[2]


class Model(nn.Module):
    def __init__(self, dtype):
        super().__init__()
        self.tokenEmbedding, self.positionEmbedding = nn.Embedding(V, WIDTH), nn.Embedding(T, WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.finalNorm = Norm()
        self.head = nn.Linear(WIDTH, V, bias=False)
        self.to(dtype)
        for stream, (name, shape, inputs) in enumerate(parameters()):
            self.of(name).data = as_ours(name, initial(stream, shape, inputs)).to(dtype).contiguous()

    def of(self, name):
        """The tensor of one of our names."""
        layer, _, rest = name.partition(".")
        module = self.layers[int(layer)] if rest else self
        rest = rest or layer
        return getattr(module, rest[:-4]).bias if rest.endswith("Bias") else getattr(module, rest).weight

    def forward(self, ids, targets, masks):
        x = (self.tokenEmbedding(ids) + self.positionEmbedding.weight) * masks[0]
        for i, layer in enumerate(self.layers):
            x = layer(x, masks[1 + 3 * i:4 + 3 * i])
        return F.cross_entropy(self.head(self.finalNorm(x)).flatten(0, 1), targets.flatten())


def as_ours(name, tensor):
    """Between nn.Linear's layout and ours, either way."""
    return tensor.T if tensor.dim() == 2 and not name.endswith("Embedding") else tensor


def masks(dtype, dropped):
    """By stream: of the embedding, and of attention weights, attention and feed-forward outputs in each layer."""
    count = 1 + 3 * LAYERS
    if not dropped:
        return [1.0] * count
    wide, square = (SEQUENCES, T, WIDTH), (SEQUENCES, HEADS, T, T)
    return [mask(k, dtype, *(square if k % 3 == 1 else wide)) for k in range(count)]


# ---- what is pinned

def gradients(dtype, dropped):
    model = Model(dtype)
    loss = model(*batch(range(SEQUENCES)), masks(dtype, dropped))
    loss.backward()
    return loss.item(), {name: as_ours(name, model.of(name).grad).flatten().double() for name, _, _ in parameters()}


def train(dtype):
    """Losses, norms before clipping, and the weights at the end."""
    model = Model(dtype)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS, eta_min=RATE / 10)
    losses, norms = [], []
    for step in range(STEPS):
        first = SEQUENCES + step * ACCUMULATED * GROUP
        groups = [range(first + k * GROUP, first + (k + 1) * GROUP) for k in range(ACCUMULATED)]
        parts = [model(*batch(group), masks(dtype, False)) for group in groups]
        for part in parts:
            (part / ACCUMULATED).backward()
        losses.append(sum(part.item() for part in parts) / ACCUMULATED)
        norms.append(nn.utils.clip_grad_norm_(model.parameters(), 1.0).item())
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return losses, norms, {name: as_ours(name, model.of(name).detach()).flatten().double() for name, _, _ in parameters()}


def worst(arrays, exact):
    """The largest error of an array over the largest absolute value in it."""
    return max(((arrays[name] - exact[name]).abs().max() / exact[name].abs().max()).item() for name in exact)


def rounded(values):
    return [float(f"{value:.{DIGITS}g}") for value in values]


def pinned(dropped):
    loss, exact = gradients(torch.float64, dropped)
    loss32, rough = gradients(torch.float32, dropped)
    return {"loss": loss, "float32": {"loss": abs(loss32 / loss - 1), "gradients": worst(rough, exact)},
            "gradients": {name: rounded(values.tolist()) for name, values in exact.items()}}


def main():
    torch.set_num_threads(1)  # so small a model only waits for more
    losses, norms, weights = train(torch.float64)
    losses32, _, weights32 = train(torch.float32)
    assert min(norms) < 1 < max(norms), "clipping should act in some steps, not in all"
    off = max(abs(a / b - 1) for a, b in zip(losses32, losses))
    json.dump({
        "made_by": "scripts/reference/gpt.py", "python": platform.python_version(), "torch": torch.__version__,
        "date": datetime.date.today().isoformat(),
        "shape": {"dModel": WIDTH, "numLayers": LAYERS, "numHeads": HEADS, "vocabularySize": V, "contextLength": T},
        "sequences": SEQUENCES, "plain": pinned(False), "masked": pinned(True),
        "training": {
            "learningRate": RATE, "steps": STEPS, "groups": ACCUMULATED, "group": GROUP, "losses": losses, "norms": norms,
            "float32": {"losses": off, "weights": worst(weights32, weights)},
            "weights": {name: rounded(values[::11].tolist()) for name, values in weights.items()},  # every eleventh
        },
    }, sys.stdout, allow_nan=False)
    print()


if __name__ == "__main__":
    main()
