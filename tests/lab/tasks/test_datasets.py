"""Tasks: columns, splits, parallel tests, nothing of a test elsewhere, equal bytes from equal seeds."""

import hashlib
import os
import subprocess
import sys

import pytest

from xtl.base.errors import UserError
from xtl.lab.tasks import datasets as data
from xtl.lab.tasks.builders import BUILDERS
from xtl.lab.tasks.corpora import corpus, parallel
from xtl.lab.tasks.datasets import PLAIN, dataset
from xtl.lab.world.config import LabConfig

COLUMNS = {
    "mnli": {"premise", "hypothesis", "label", "idx"},
    "xnli": {"language", "sentence1", "sentence2", "gold_label"},
    "qqp": {"question1", "question2", "label", "idx"},
    "pawsx": {"sentence1", "sentence2", "label"},
    "squad1": {"id", "title", "context", "question", "answers"},
    "xquad": {"id", "title", "context", "question", "answers"},
    "udpos": {"tokens", "pos_tags"},
    "panx": {"tokens", "ner_tags", "langs"},
    "tatoeba": {"source_sentence", "target_sentence", "source_lang", "target_lang"},
    "anli+": {"uid", "premise", "hypothesis", "label"},
    "squad2": {"id", "title", "context", "question", "answers"},
    "mlqa": {"id", "title", "context", "question", "answers"},
    "tydiqa": {"id", "title", "context", "question", "answers"},
    "hellaswag": {"ind", "activity_label", "ctx_a", "ctx_b", "ctx", "endings", "label"},
    "cosmosqa": {"id", "context", "question", "answer0", "answer1", "answer2", "answer3", "label"},
    "csqa": {"id", "question", "choices", "answerKey"},
    "ccg": {"tokens", "tags"},
    "bucc": {"id", "side", "sentence", "pair"},
    "bucc_pairs": {"source_sentence", "target_sentence", "source_lang", "target_lang"},
    "mlm": {"id", "text"},
}
EXAMPLES = [task for task in (*BUILDERS, PLAIN) if task != "mlm"]  # whose examples are not the corpus itself


@pytest.mark.parametrize("task", (*BUILDERS, PLAIN))
def test_columns_and_sizes_are_those_of_the_hub(small, task):
    for split in data.splits(task):
        rows = dataset(small, task, "qaa" if split != "train" else "en", split)
        assert set(rows.column_names) == COLUMNS[task]
        if task not in ("mlm", "bucc"):
            expected = small.train * (2.5 if task == "anli+" else 1) if split == "train" else small.test
            assert len(rows) == expected


def test_labels_have_the_types_of_the_hub(small):
    assert dataset(small, "mnli", "en", "test")[0]["label"] in (0, 1, 2)
    assert dataset(small, "xnli", "en", "test")[0]["gold_label"] in ("entailment", "neutral", "contradiction")
    assert dataset(small, "pawsx", "en", "test")[0]["label"] in ("0", "1") and dataset(small, "qqp", "en", "test")[0][
        "label"
    ] in (0, 1)
    row = dataset(small, "xquad", "qaa", "test")[0]
    assert isinstance(row["answers"]["answer_start"][0], int) and isinstance(row["answers"]["text"][0], str)


@pytest.mark.parametrize("task", [task for task in EXAMPLES if task != "bucc"])
def test_tests_are_the_same_events_in_all_languages(small, task):
    rows = {code: dataset(small, task, code, "test") for code in ("en", "qaa", "qab")}
    for name in ("label", "gold_label", "id", "target_sentence"):
        if name in rows["en"].column_names:
            # TyDiQA's ids begin with the language
            values = [[str(v).split("-")[-1] for v in rows[code][name]] for code in rows]
            assert values[0] == values[1] == values[2]
    if task == "panx":
        names = [[sorted(tag for tag in tags if tag != "O") for tags in rows[code]["ner_tags"]] for code in rows]
        assert names[0] == names[1] == names[2]


def test_translated_training_data_is_the_same_pairs(small):
    english, other = (dataset(small, "mnli", code, "train") for code in ("en", "qac"))
    assert list(english["label"]) == list(other["label"]) and english["premise"][0] != other["premise"][0]


# what csqa asks is knowledge that the corpora hold
@pytest.mark.parametrize("task", [task for task in EXAMPLES if task != "csqa"])
def test_no_test_sentence_is_in_training_validation_or_a_corpus(small, task):
    columns = COLUMNS[task] & {
        "premise",
        "hypothesis",
        "sentence1",
        "sentence2",
        "question1",
        "question2",
        "context",
        "question",
        "tokens",
        "source_sentence",
        "sentence",
        "ctx_a",
    }

    def texts(split: str, code: str) -> set:
        rows = dataset(small, task, code, split)
        return {" ".join(text) if isinstance(text, list) else text for name in columns for text in rows[name]}

    if "train" in data.splits(task):
        assert not texts("test", "en") & texts("train", "en")
    if task in ("udpos", "panx", "tatoeba", "ccg"):
        assert not texts("test", "en") & texts("validation", "en")
    for code in ("en", "qaa"):
        seen = {sentence for document in corpus(small, code) for sentence in document}
        seen |= {pair[code != "en"] for pair in parallel(small, code if code != "en" else "qaa")}
        assert not (texts("test", code) | texts("validation", code)) & seen


def test_unknown_tasks_and_splits_are_readable_errors(small):
    with pytest.raises(UserError, match="has no task `snli`; it has mnli"):
        dataset(small, "snli", "en", "test")
    with pytest.raises(UserError, match="`tatoeba` has no split `train`; it has validation, test"):
        dataset(small, "tatoeba", "en", "train")


SCRIPT = """
import hashlib, sys
from xtl.lab.tasks.corpora import corpus, parallel, tokenizer
from xtl.lab.tasks.datasets import dataset
from xtl.lab.world.config import LabConfig
from xtl.lab.tasks.builders import BUILDERS
config = LabConfig(sentences=200, train=60, test=20, seed=5)
digest = hashlib.sha256()
for code in ("en", "qaa", "qad"):
    digest.update(repr(corpus(config, code)).encode())
    for task in BUILDERS:
        digest.update(repr(dataset(config, task, code, "test").to_dict()).encode())
digest.update(repr(parallel(config, "qab")).encode())
digest.update(repr(dataset(config, "mnli", "en", "train").to_dict()).encode())
digest.update(tokenizer(config).to_str().encode())
print(digest.hexdigest())
"""


def test_equal_seeds_give_equal_bytes_in_other_processes(tmp_path):
    found = []
    for number in ("1", "2"):
        environment = {**os.environ, "XTL_OUTPUTS": str(tmp_path / number), "PYTHONHASHSEED": number}
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
        )
        files = sorted(path for path in (tmp_path / number).rglob("*") if path.suffix in (".json", ".parquet"))
        found.append((run.stdout, [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]))
    assert found[0] == found[1] and len(found[0][1]) > 20


def test_another_seed_gives_other_words_and_events(small):
    other = LabConfig(**{**small.__dict__, "seed": 1})
    assert other.digest() != small.digest()
    assert corpus(other, "qaa")[0] != corpus(small, "qaa")[0]


def test_a_second_reading_comes_from_the_cache(small, monkeypatch):
    first = dataset(small, "xnli", "qad", "test").to_dict()
    monkeypatch.setattr(data, "records", None)  # would raise if anything were generated again
    assert dataset(small, "xnli", "qad", "test").to_dict() == first
