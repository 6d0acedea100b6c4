"""Canonical columns from the columns of every source, and what is said of those that do not fit."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset

from xtl.base.errors import UserError
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import LabSource, columns


@pytest.mark.parametrize("name", TASKS)
def test_every_task_has_its_canonical_columns(name, hub):
    task = TASKS[name]
    for split in hub.splits(task):
        language = "en" if "en" in task.languages else "de"
        hub.check(name, split, language)
        examples = hub.examples(name, split, language)
        assert dict(examples.features) == columns.CANONICAL[task.format]
        sizes = {"train": 24, "validation": 8, "test": 8}
        # 4, 8 and 12 (at most 8) rows of ANLI, then MNLI, then SNLI without the row that has no gold label
        sizes = {"anli+": {"train": 24 + 24 + 23, "validation": 20 + 8 + 7, "test": 20 + 8 + 7}}.get(name, sizes)
        sizes = {"mlm": {"train": 6}, "bucc": {"validation": 12, "test": 12}}.get(name, sizes)
        assert len(examples) == sizes[split]


def test_columns_and_labels_are_mapped(hub):
    assert hub.examples("mnli", "train", "en")[1] == {
        "id": "1", "text_a": "Max saw the cat.", "text_b": "Max saw the cat in Kyoto.", "label": 1,
    }  # fmt: skip
    assert hub.examples("pawsx", "test", "de")[0]["label"] == 1  # the string "1"
    assert hub.examples("udpos", "test", "es")[0] == {
        "id": "0",
        "tokens": ["Nora", "vio", "al", "perro", "en", "Kioto", "."],
        "tags": [TASKS["udpos"].labels.index(t) for t in "PROPN VERB DET NOUN ADP PROPN PUNCT".split()],
    }
    question = hub.examples("xquad", "test", "de")[0]
    assert (question["answers"], question["starts"]) == (["Kyoto"], [21])
    assert question["context"][21:26] == "Kyoto"
    assert hub.examples("tatoeba", "test", "de")[0] == {  # without the Hub's line breaks
        "id": "0", "foreign": "Nora sah den Hund in Kyoto.", "english": "Nora saw the dog in Kyoto.",
    }  # fmt: skip


def test_languages_in_the_rows_of_one_config(hub):
    german, english = (hub.examples("xnli", "test", code) for code in ("de", "en"))
    assert "sah" in german[0]["text_a"] and "saw" in english[0]["text_a"]
    assert list(german["label"]) == list(english["label"])
    assert list(german["id"]) == list(english["id"]) == [str(i) for i in range(8)]
    assert hub.languages("xnli") == ["de", "en", "es"]
    with pytest.raises(UserError, match="config XNLI has no rows in the language 'fr'"):
        hub.check("xnli", "test", "fr")


@pytest.mark.parametrize(
    "rows, message",
    [
        ({"words": [["a"]], "ner": [["O"]]}, "expected the columns tokens, ner_tags, but words, ner came"),
        ({"tokens": [["a"]], "ner_tags": [["B-ANIMAL"]]}, "row 0 .ner_tags is 'B-ANIMAL', not one of O, B-PER"),
        ({"tokens": [["a", "b"]], "ner_tags": [[0, 7]]}, "row 0 .ner_tags is 7, not one of 0 to 6"),
        ({"tokens": [["a"]], "ner_tags": [[-1]]}, "row 0 .ner_tags is -1, the mark of hidden labels"),
    ],
)
def test_columns_and_labels_that_are_not_the_catalogs(rows, message, hub, mirror, tmp_path, monkeypatch):
    copy = shutil.copytree(mirror, tmp_path / "mirror")
    monkeypatch.setenv("XTL_MIRROR", str(copy))
    Dataset.from_dict(rows).to_parquet(copy / "google/xtreme/PAN-X.de/test-00000-of-00001.parquet")
    with pytest.raises(UserError, match=message):
        hub.examples("panx", "test", "de")


def test_several_sources_are_put_together_without_the_rows_that_have_no_gold_label(hub):
    examples = hub.examples("anli+", "train", "en")
    sources = [i.split("-")[0] for i in examples["id"]]
    assert [sources.count(str(n)) for n in range(5)] == [4, 8, 12, 24, 23]  # ANLI's rounds, MNLI, SNLI
    assert len(set(examples["id"])) == len(examples) and set(examples["label"]) == {0, 1, 2}


def test_the_first_of_several_sources_are_in_proportion_to_their_sizes(hub):
    def of_each(n):
        sources = [i.split("-")[0] for i in hub.first("anli+", "validation", "en", n)["id"]]
        return [sources.count(str(number)) for number in range(5)]

    sizes = of_each(None)
    assert sum(sizes) == 35
    for n in (7, 20, 35, 500):
        assert all(abs(count - size * min(n, 35) / 35) < 1 for count, size in zip(of_each(n), sizes, strict=True))
        assert sum(of_each(n)) == min(n, 35)
    first = hub.first("anli+", "validation", "en", 20)["id"]
    whole = hub.examples("anli+", "validation", "en")["id"]
    for source in "01234":
        own = [name for name in first if name[0] == source]
        assert own == [name for name in whole if name[0] == source][: len(own)]
    # of one source, and of the laboratory, as ever: the first
    for data, task in ((hub, "panx"), (LabSource(), "anli+")):
        assert data.first(task, "validation", "en", 5)["id"] == data.examples(task, "validation", "en")["id"][:5]


def test_english_rows_alone_are_trained_on(hub):
    # one config holds the rows of all languages, as TyDiQA's does on the Hub
    examples = hub.examples("tydiqa", "train", "en")
    assert len(examples) == 24 and all(i.startswith("english-") for i in examples["id"])
    assert hub.languages("tydiqa") == ["en"]  # German and Spanish rows are there, but TyDiQA lists neither


def test_choices_from_a_column_a_struct_and_four_columns(hub):
    row = hub.examples("hellaswag", "train", "en")[1]
    assert row["answer"] == 1 and row["choices"][1] == "is in Kyoto." and row["question"] == "Max"
    row = hub.examples("cosmosqa", "train", "en")[1]
    assert row["answer"] == 1 and len(row["choices"]) == 4 and row["choices"][1] == "Kyoto"
    row = hub.examples("csqa", "train", "en")[1]
    assert row["answer"] == 1 and row["choices"][1] == "Kyoto" and len(row["choices"]) == 5 and row["context"] == ""


def test_wrong_choices_are_refused(hub, mirror, tmp_path, monkeypatch):
    copy = shutil.copytree(mirror, tmp_path / "mirror")
    monkeypatch.setenv("XTL_MIRROR", str(copy))
    path = copy / "tau/commonsense_qa/default/train-00000-of-00001.parquet"
    table = pq.read_table(path)
    hidden = table.set_column(table.column_names.index("answerKey"), "answerKey", pa.array([""] * len(table)))
    pq.write_table(hidden, path)
    with pytest.raises(UserError, match="24 of 24 rows.*row 0 .answerKey is '', not one of A, B, C, D, E"):
        hub.examples("csqa", "train", "en")
