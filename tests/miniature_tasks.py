"""The rest of the miniature: the intermediate tasks' repositories, Wikipedia, and the folders of CCGbank and BUCC."""

from __future__ import annotations

from pathlib import Path

from datasets import ClassLabel, Features, List, Value

from tests.miniature import LANGUAGES, SIZES, TEXT, event, pairs, questions, readme, write

NAMES = ["entailment", "neutral", "contradiction"]
TYDIQA = {"en": "english", "de": "german", "es": "spanish", "fi": "finnish"}


def as_converted(root: Path, files: list[tuple[str, str]]) -> None:
    """Put written splits where the Hub's conversion of a data set with a loading script puts them."""
    for config, split in files:
        (root / config / split).mkdir()
        (root / config / f"{split}-00000-of-00001.parquet").rename(root / config / split / "0000.parquet")


def write_repositories(root: Path) -> None:
    """ANLI, SNLI, SQuAD v2.0, HellaSwag, Cosmos QA, CommonsenseQA, translations and Wikipedia, in the Hub's columns."""
    label = Value("string")
    three = {"premise": TEXT, "hypothesis": TEXT, "label": ClassLabel(names=NAMES)}
    files = []
    for split, ours in (("train", "train"), ("dev", "validation"), ("test", "test")):
        for number in (1, 2, 3):
            rows = [
                {"uid": f"r{number}-{i}", "premise": a, "hypothesis": b, "label": y, "reason": ""}
                for i, (a, b, y) in enumerate(pairs(ours, "en")[: 4 * number])
            ]
            features = Features({"uid": TEXT, **three, "reason": TEXT})
            files.append(write(root / "facebook/anli", "plain_text", f"{split}_r{number}", rows, features))
    readme(root / "facebook/anli", files)
    files = []
    for split in SIZES:
        rows = [{"premise": a, "hypothesis": b, "label": y} for a, b, y in pairs(split, "en")]
        rows[0]["label"] = -1  # the annotators did not agree
        files.append(write(root / "stanfordnlp/snli", "plain_text", split, rows, Features(three)))
    readme(root / "stanfordnlp/snli", files)

    files = []
    for split in ("train", "validation"):
        rows = questions(split, "en")
        for row in rows[::3]:
            row["answers"] = {"text": [], "answer_start": []}
        files.append(write(root / "rajpurkar/squad_v2", "squad_v2", split, rows, answered()))
    readme(root / "rajpurkar/squad_v2", files)

    endings = Features(
        {"ind": Value("int32"), "ctx_a": TEXT, "ctx_b": TEXT, "ctx": TEXT, "endings": List(TEXT), "label": label}
    )
    cosmos = Features(
        {
            "id": TEXT,
            "context": TEXT,
            "question": TEXT,
            **{f"answer{i}": TEXT for i in range(4)},
            "label": Value("int32"),
        }
    )
    common = Features(
        {
            "id": TEXT,
            "question": TEXT,
            "question_concept": TEXT,
            "choices": {"label": List(TEXT), "text": List(TEXT)},
            "answerKey": TEXT,
        }
    )
    made: dict[str, list] = {"Rowan/hellaswag": [], "allenai/cosmos_qa": [], "tau/commonsense_qa": []}
    for split in ("train", "validation"):
        rows = ([], [], [])
        for i in range(SIZES[split]):
            it, right = event(i, split, "en"), i % 4
            options = ["Bonn", "Lima", "Kyoto", "Oslo"]
            options.remove(it["where"])
            options.insert(right, it["where"])
            rows[0].append(
                {
                    "ind": i,
                    "ctx_a": it["text"],
                    "ctx_b": it["who"],
                    "ctx": it["text"],
                    "endings": [f"is in {o}." for o in options],
                    "label": str(right),
                }
            )
            rows[1].append(
                {
                    "id": f"{split}{i}",
                    "context": it["text"],
                    "question": f"Where is {it['who']}?",
                    **{f"answer{k}": o for k, o in enumerate(options)},
                    "label": right,
                }
            )
            rows[2].append(
                {
                    "id": f"{split}{i}",
                    "question": f"Where is {it['who']}?",
                    "question_concept": "place",
                    "choices": {"label": list("ABCDE"), "text": [*options, "Rome"]},
                    "answerKey": "ABCDE"[right],
                }
            )
        for (name, found), part, features in zip(made.items(), rows, (endings, cosmos, common), strict=True):
            found.append(write(root / name, "default", split, part, features))
    for name, found in made.items():
        (as_converted if name == "allenai/cosmos_qa" else readme)(root / name, found)

    mnli, files = Features(three), []
    for code in LANGUAGES:
        rows = [{"premise": a, "hypothesis": b, "label": y} for a, b, y in pairs("train", code)]
        files.append(write(root / "facebook/xnli", code, "train", rows, mnli))
    readme(root / "facebook/xnli", files)
    squad = Features({name: kind for name, kind in answered().items() if name != "title"})
    files = [
        write(root / "facebook/mlqa", f"mlqa-translate-train.{code}", "train", questions("train", code), squad)
        for code in ("de", "es")
    ]
    as_converted(root / "facebook/mlqa", files)

    plain, files = Features({"id": TEXT, "url": TEXT, "title": TEXT, "text": TEXT}), []
    for code in LANGUAGES:
        rows = [{"id": str(i), "url": "", "title": "", "text": event(i, "train", code)["text"]} for i in range(6)]
        files.append(write(root / "wikimedia/wikipedia", f"20231101.{code}", "train", rows, plain))
    readme(root / "wikimedia/wikipedia", files)


def write_targets(root: Path, languages: tuple[str, ...]) -> list[tuple[str, str]]:
    """MLQA, TyDiQA (all languages in one config) and the Hub's BUCC, as configs of google/xtreme."""
    files = []
    for code in languages:
        for split in ("validation", "test"):
            files.append(write(root, f"MLQA.{code}.{code}", split, questions(split, code), answered()))
    for split in ("train", "validation"):
        rows = []
        for code in languages:
            found = [{**row, "id": f"{TYDIQA[code]}-{i}"} for i, row in enumerate(questions(split, code))]
            rows += found
        files.append(write(root, "tydiqa", split, rows, answered()))
    sentences = Features(dict.fromkeys(["source_sentence", "target_sentence", "source_lang", "target_lang"], TEXT))
    for code in languages:
        for split in ("validation", "test") if code != "en" else ():
            rows = [
                {"source_sentence": event(i, split, code)["text"], "target_sentence": event(i, split, "en")["text"],
                 "source_lang": code, "target_lang": "en"}
                for i in range(SIZES[split])
            ]  # fmt: skip
            files.append(write(root, f"bucc18.{code}", split, rows, sentences))
    return files


def write_folders(root: Path) -> dict[str, str]:
    """A folder of CCGbank-style lines and one of BUCC's files; returns the grid's `folders`."""
    categories = dict(
        zip("PROPN VERB DET NOUN ADP PUNCT".split(), ["NP", "(S\\NP)/NP", "NP/N", "N", "PP/NP", "."], strict=True)
    )
    (root / "ccg").mkdir(parents=True)
    for split in SIZES:
        lines = []
        for i in range(SIZES[split]):
            it = event(i, split, "en")
            lines.append(" ".join(f"{w}|X|{categories[pos]}" for w, pos in zip(it["words"], it["pos"], strict=True)))
        if split != "train":
            lines[0] = "New|X|S/S"  # a category that the training data lacks
        (root / "ccg" / f"{split}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    folder = root / "bucc" / "de-en"
    folder.mkdir(parents=True)
    for name, split in (("sample", "validation"), ("training", "test")):
        texts = {code: [event(i, split, code)["text"] for i in range(6)] for code in ("de", "en")}
        for code, sentences in texts.items():
            lines = [f"{code}-{i:09d}\t{text}" for i, text in enumerate(sentences)]
            (folder / f"de-en.{name}.{code}").write_text("\n".join(lines) + "\n", encoding="utf-8")
        gold = [f"de-{i:09d}\ten-{i:09d}" for i in range(4)]
        (folder / f"de-en.{name}.gold").write_text("\n".join(gold) + "\n", encoding="utf-8")
    return {"ccg": str(root / "ccg"), "bucc": str(root / "bucc")}


def answered() -> Features:
    """The columns of SQuAD."""
    answers = {"text": List(TEXT), "answer_start": List(Value("int32"))}
    return Features({"id": TEXT, "title": TEXT, "context": TEXT, "question": TEXT, "answers": answers})
