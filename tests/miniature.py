"""A miniature of the Hub's data sets, in their real columns, for tests: a few rows of invented sentences a split."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
from datasets import ClassLabel, Dataset, Features, List, Value

TEXT = Value("string")
UPOS = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split()
IOB2 = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
UD_NAMES = {"en": "English", "de": "German", "es": "Spanish"}
ISO = {"de": "deu", "es": "spa"}
LANGUAGES = ("en", "de", "es")

# per language: animals, a place that has a name of its own there, and the words of the frame
PEOPLE = ["Ada", "Max", "Nora"]
WORDS = {
    "en": (["fox", "cat", "owl", "dog"], "Kyoto", ["saw", "the", "in", "."]),
    "de": (["Fuchs", "Kater", "Uhu", "Hund"], "Kyoto", ["sah", "den", "in", "."]),
    "es": (["zorro", "gato", "búho", "perro"], "Kioto", ["vio", "al", "en", "."]),
}
QUESTIONS = {
    "en": ("Where did {} see it?", "What did {} see?"),
    "de": ("Wo sah {} ihn?", "Was sah {}?"),
    "es": ("¿Dónde lo vio {}?", "¿Qué vio {}?"),
}
SIZES = {"train": 24, "validation": 8, "test": 8}


def event(i: int, split: str, language: str) -> dict:
    """Words, parts of speech and named entities of one invented sentence; the same i is the same event."""
    animals, place, (verb, article, preposition, stop) = WORDS[language]
    i += {"train": 0, "validation": 5, "test": 11}[split]
    where = [place, "Bonn", "Lima"][(i // 3) % 3]
    words = [PEOPLE[i % 3], verb, article, animals[i % 4], preposition, where, stop]
    return {
        "words": words,
        "pos": ["PROPN", "VERB", "DET", "NOUN", "ADP", "PROPN", "PUNCT"],
        "ner": ["B-PER", "O", "O", "O", "O", "B-LOC", "O"],
        "text": " ".join(words[:-1]) + stop,
        "who": words[0],
        "what": words[3],
        "where": words[5],
    }


def write_mirror(root: str | Path, languages: tuple[str, ...] = LANGUAGES) -> Path:
    """Write the mirror under `root`: every repository of the catalog with its README.md.

    `languages` is a subset of en, de, es. 24 rows for training, 8 for development, 8 for testing (XNLI's are the rows
    of all languages in one config). Returns the root.
    """
    from tests import miniature_tasks  # here, because it is made of what this module has

    root = Path(root)
    miniature_tasks.write_repositories(root)
    _glue(root / "nyu-mll" / "glue")
    _squad(root / "rajpurkar" / "squad")
    _xtreme(root / "google" / "xtreme", languages)
    return root


def pairs(split: str, language: str) -> list[tuple[str, str, int]]:
    """Premise, hypothesis and label (0 entailment, 1 neutral, 2 contradiction) of some invented pairs."""
    rows = []
    for i in range(SIZES[split]):
        a, b = event(i, split, language), event(i + 1 + i % 2, split, language)
        shorter = " ".join(a["words"][:4]) + "."
        rows.append([(a["text"], shorter, 0), (shorter, a["text"], 1), (a["text"], b["text"], 2)][i % 3])
    return rows


def questions(split: str, language: str) -> list[dict]:
    """SQuAD-like rows, two sentences of context each, one question and its answer."""
    rows = []
    for i in range(SIZES[split]):
        a, b = event(i, split, language), event(i + 1, split, language)
        context = f"{a['text']} {b['text']}"
        answer = a["where"] if i % 2 == 0 else a["what"]
        rows.append({
            "id": f"{split}-{i:04d}",
            "title": f"Article {i // 4}",
            "context": context,
            "question": QUESTIONS[language][i % 2].format(a["who"]),
            "answers": {"text": [answer], "answer_start": [context.index(answer)]},
        })  # fmt: skip
    return rows


def _glue(root: Path) -> None:
    configs = {
        "mnli": (("premise", "hypothesis"), ["entailment", "neutral", "contradiction"]),
        "qqp": (("question1", "question2"), ["not_duplicate", "duplicate"]),
    }
    files = []
    for config, (columns, names) in configs.items():
        features = Features({**dict.fromkeys(columns, TEXT), "label": ClassLabel(names=names), "idx": Value("int32")})
        for split in ("train", "validation"):
            rows = [
                {columns[0]: a, columns[1]: b, "label": label if config == "mnli" else int(label == 0), "idx": i}
                for i, (a, b, label) in enumerate(pairs(split, "en"))
            ]
            two_genres = (config, split) == ("mnli", "validation")
            for name in ["validation_matched", "validation_mismatched"] if two_genres else [split]:
                files.append(write(root, config, name, rows, features))
    readme(root, files)


def _squad(root: Path) -> None:
    files = [write(root, "plain_text", s, questions(s, "en"), _answered()) for s in ("train", "validation")]
    readme(root, files)


def _xtreme(root: Path, languages: tuple[str, ...]) -> None:
    text = Features(dict.fromkeys(["language", "sentence1", "sentence2", "gold_label"], TEXT))
    from tests import miniature_tasks

    names, files = ["entailment", "neutral", "contradiction"], []
    for split in ("validation", "test"):
        rows = [
            {"language": code, "sentence1": a, "sentence2": b, "gold_label": names[label]}
            for code in languages
            for a, b, label in pairs(split, code)
        ]
        files.append(write(root, "XNLI", split, rows, text))

    pair = Features(dict.fromkeys(["sentence1", "sentence2", "label"], TEXT))
    pos = Features({"tokens": List(TEXT), "pos_tags": List(ClassLabel(names=UPOS))})
    ner = Features({"tokens": List(TEXT), "ner_tags": List(ClassLabel(names=IOB2)), "langs": List(TEXT)})
    for code in languages:
        for split in SIZES:
            rows = [{"sentence1": a, "sentence2": b, "label": str(int(y == 0))} for a, b, y in pairs(split, code)]
            files.append(write(root, f"PAWS-X.{code}", split, rows, pair))
            if split == "train" and code != "en":
                continue  # as in the development mirror: English training data only
            events = [event(i, split, code) for i in range(SIZES[split])]
            rows = [{"tokens": e["words"], "pos_tags": e["pos"]} for e in events]
            files.append(write(root, f"udpos.{UD_NAMES[code]}", split, rows, pos))
            rows = [{"tokens": e["words"], "ner_tags": e["ner"], "langs": [code] * len(e["words"])} for e in events]
            files.append(write(root, f"PAN-X.{code}", split, rows, ner))
        files.append(write(root, f"XQuAD.{code}", "validation", questions("test", code), _answered()))

    sentences = Features(dict.fromkeys(["source_sentence", "target_sentence", "source_lang", "target_lang"], TEXT))
    for code in languages:
        if code != "en":
            rows = [
                {
                    "source_sentence": event(i, "test", code)["text"] + "\n",  # the Hub keeps the line breaks
                    "target_sentence": event(i, "test", "en")["text"] + "\n",
                    "source_lang": ISO[code],
                    "target_lang": "eng",
                }
                for i in range(SIZES["test"])
            ]
            files.append(write(root, f"tatoeba.{ISO[code]}", "validation", rows, sentences))
    readme(root, files + miniature_tasks.write_targets(root, languages))


def _answered() -> Features:
    answers = {"text": List(TEXT), "answer_start": List(Value("int32"))}
    return Features({"id": TEXT, "title": TEXT, "context": TEXT, "question": TEXT, "answers": answers})


def write(root: Path, config: str, split: str, rows: list[dict], features: Features) -> tuple[str, str]:
    """Write one split of a config; returns (config, split) for `readme`."""
    folder = root / config
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{name: row[name] for name in features} for row in rows]
    table = Dataset.from_list(rows, features=features).data.table  # with the names of the classes in its schema
    pq.write_table(table, folder / f"{split}-00000-of-00001.parquet")
    return config, split


def readme(root: Path, files: list[tuple[str, str]]) -> None:
    """Write the header that says which config has which files."""
    lines = ["---", "configs:"]
    for config in dict.fromkeys(c for c, _ in files):
        lines += [f"- config_name: {config}", "  data_files:"]
        for split in [s for c, s in files if c == config]:
            lines += [f"  - split: {split}", f"    path: {config}/{split}-*"]
    (root / "README.md").write_text("\n".join([*lines, "---", "A miniature for tests.", ""]), encoding="utf-8")
