"""A byte-level BPE trained on small texts -> test/reference/bpe.json

    python3 scripts/reference/bpe.py > test/reference/bpe.json        (needs the packages regex and tokenizers)

The trainer here is the definition, slow and plain: count every pair anew, merge the most frequent one, of equals the one with the
lower left id, then the lower right one. Hugging Face's trainer has to come to the same merges, or nothing is written.
"""
import json
import platform
import sys
from collections import Counter
from datetime import date

import regex
import tokenizers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

WORDS = regex.compile(r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+""")
VISIBLE = [byte for byte in range(256) if 0x20 < byte < 0x7F or 0xA0 < byte and byte != 0xAD]
HIDDEN = [byte for byte in range(256) if byte not in VISIBLE]
LETTER = {**{byte: chr(byte) for byte in VISIBLE}, **{byte: chr(256 + i) for i, byte in enumerate(HIDDEN)}}
SEPARATOR = "<|endoftext|>"

TEXTS = {
    "ties": ("ab cd ef gh " * 3 + "hug pug pun bun hugs ") * 2,
    "overlaps": "a aa aaa aaaa aaaaa aaaaaa aaaaaaa baaab aabaab abababab ababa " * 3,
    "contractions": "I'm sure they've said we'll see it's hers, don't you'd 'tis THEY'RE o'clock. " * 4,
    "scripts": "Zwölf Boxkämpfer 東京都は日本の首都 Привет, мир! привет мир 😀😀 👩‍👩‍👧 नमस्ते दुनिया 123 4567 ١٢٣ ½ " * 3,
    "white space": "def f(x):\n    return x\n\n\n    if  x:\t\treturn\r\n\r\n        pass   \n" * 5,
}
SIZE = 420  # more than the small texts have, so that the end is tested too


def train(text, size):
    tokens = [SEPARATOR] + [LETTER[byte] for byte in VISIBLE + HIDDEN]
    ids = {token: i for i, token in enumerate(tokens)}
    words = Counter(tuple(ids[LETTER[byte]] for byte in word.encode()) for word in WORDS.findall(text))
    merges = []
    while len(ids) < size:
        pairs = Counter()
        for word, count in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        if not pairs or max(pairs.values()) < 2:
            break
        left, right = best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        token = tokens[left] + tokens[right]
        if token not in ids:
            ids[token] = len(tokens)
            tokens.append(token)
        merges.append(f"{tokens[left]} {tokens[right]}")
        words = merged(words, best, ids[token])
    return merges


def merged(words, pair, token):
    changed = Counter()
    for word, count in words.items():
        out, i = [], 0
        while i < len(word):
            if word[i:i + 2] == pair:
                out.append(token)
                i += 2
            else:
                out.append(word[i])
                i += 1
        changed[tuple(out)] += count
    return changed


def train_hugging_face(text, size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=size, min_frequency=2, special_tokens=[SEPARATOR], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator([text], trainer)
    return [" ".join(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]


cases = []
for name, text in TEXTS.items():
    merges = train(text, SIZE)
    assert merges == train_hugging_face(text, SIZE), name
    cases.append({"name": name, "text": text, "merges": merges})

json.dump({"made_by": "scripts/reference/bpe.py", "python": platform.python_version(), "regex": regex.__version__,
           "tokenizers": tokenizers.__version__, "date": date.today().isoformat(), "vocabularySize": SIZE, "cases": cases},
          sys.stdout, indent=1, ensure_ascii=False)
print()
