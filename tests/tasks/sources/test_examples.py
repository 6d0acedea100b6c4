"""Loading: canonical columns from the mirror, the Hub and the laboratory, and what is said where they lack."""

import shutil
import sys
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset

from xtl.base.errors import UserError
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import columns
from xtl.tasks.sources import examples as data
from xtl.tasks.sources.repository import _snapshot

LAB = {"kind": "lab", "languages": 12, "seed": 0}


@pytest.mark.parametrize("name", TASKS)
def test_every_task_has_its_canonical_columns(name, hub):
    task = TASKS[name]
    for split in data.splits(task, hub):
        language = "en" if "en" in task.languages else "de"
        data.check(name, split, language, hub)
        examples = data.load(name, split, language, hub)
        assert dict(examples.features) == columns.CANONICAL[task.format]
        sizes = {"train": 24, "validation": 8, "test": 8}
        # 4, 8 and 12 (at most 8) rows of ANLI, then MNLI, then SNLI without the row that has no gold label
        sizes = {"anli+": {"train": 24 + 24 + 23, "validation": 20 + 8 + 7, "test": 20 + 8 + 7}}.get(name, sizes)
        sizes = {"mlm": {"train": 6}, "bucc": {"validation": 12, "test": 12}}.get(name, sizes)
        assert len(examples) == sizes[split]


def test_columns_and_labels_are_mapped(hub):
    assert data.load("mnli", "train", "en", hub)[1] == {
        "id": "1", "text_a": "Max saw the cat.", "text_b": "Max saw the cat in Kyoto.", "label": 1,
    }  # fmt: skip
    assert data.load("pawsx", "test", "de", hub)[0]["label"] == 1  # the string "1"
    assert data.load("udpos", "test", "es", hub)[0] == {
        "id": "0",
        "tokens": ["Nora", "vio", "al", "perro", "en", "Kioto", "."],
        "tags": [TASKS["udpos"].labels.index(t) for t in "PROPN VERB DET NOUN ADP PROPN PUNCT".split()],
    }
    question = data.load("xquad", "test", "de", hub)[0]
    assert (question["answers"], question["starts"]) == (["Kyoto"], [21])
    assert question["context"][21:26] == "Kyoto"
    assert data.load("tatoeba", "test", "de", hub)[0] == {  # without the Hub's line breaks
        "id": "0", "foreign": "Nora sah den Hund in Kyoto.", "english": "Nora saw the dog in Kyoto.",
    }  # fmt: skip


def test_languages_in_the_rows_of_one_config(hub):
    german, english = (data.load("xnli", "test", code, hub) for code in ("de", "en"))
    assert "sah" in german[0]["text_a"] and "saw" in english[0]["text_a"]
    assert list(german["label"]) == list(english["label"])
    assert list(german["id"]) == list(english["id"]) == [str(i) for i in range(8)]
    assert data.available("xnli", hub) == ["de", "en", "es"]
    with pytest.raises(UserError, match="config XNLI has no rows in the language 'fr'"):
        data.check("xnli", "test", "fr", hub)


def test_a_target_trains_on_another_tasks_examples(hub):
    assert data.load("xnli", "train", "en", hub).to_list() == data.load("mnli", "train", "en", hub).to_list()
    assert data.load("xquad", "validation", "en", hub)[0]["id"] == "validation-0000"  # SQuAD's
    with pytest.raises(UserError, match=r"task mnli \(train\) has no language 'de'"):
        data.load("xnli", "train", "de", hub)
    with pytest.raises(UserError, match="tatoeba has no train set; it has test"):
        data.check("tatoeba", "train", "de", hub)
    with pytest.raises(UserError, match="no split 'dev'; splits are train, validation, test"):
        data.check("xnli", "dev", "de", hub)


def test_available_languages(hub):
    assert data.available("tatoeba", hub) == ["de", "es"]
    assert data.available("udpos", hub) == ["de", "en", "es"]


def test_a_config_that_the_mirror_lacks(hub, mirror):
    message = (
        f"The mirror {mirror} has no config udpos.Turkish of google/xtreme; "
        "of that task it has udpos.English, udpos.German, udpos.Spanish."
    )
    for call in (data.check, data.load):
        with pytest.raises(UserError) as error:
            call("udpos", "test", "tr", hub)
        assert str(error.value) == message
    with pytest.raises(UserError, match="no split train in config udpos.German of google/xtreme; it has vali"):
        data.check("udpos", "train", "de", hub)


def test_a_mirror_with_other_faults(hub, mirror, tmp_path, monkeypatch):
    copy = shutil.copytree(mirror, tmp_path / "mirror")
    monkeypatch.setenv("XTL_MIRROR", str(copy))
    shutil.rmtree(copy / "rajpurkar")
    with pytest.raises(
        UserError, match="lacks the data set rajpurkar/squad; it holds Rowan/hellaswag, .*, nyu-mll/glue"
    ):
        data.check("squad1", "train", "en", hub)
    (copy / "nyu-mll/glue/README.md").write_text("# GLUE\n")
    with pytest.raises(UserError, match="has no `configs:` header"):
        data.check("mnli", "train", "en", hub)
    (copy / "google/xtreme/PAN-X.de/test-00000-of-00001.parquet").unlink()
    with pytest.raises(UserError, match=r"declares PAN-X.de/test-\* in google/xtreme/README.md, but no such file"):
        data.check("panx", "test", "de", hub)
    (copy / "google/xtreme/PAN-X.es/test-00000-of-00001.parquet").write_text("version https://git-lfs\n")
    with pytest.raises(UserError, match="it is a Git LFS pointer"):
        data.check("panx", "test", "es", hub)
    (copy / "google/xtreme/README.md").unlink()
    with pytest.raises(UserError, match="lacks google/xtreme/README.md"):
        data.available("panx", hub)
    monkeypatch.setenv("XTL_MIRROR", str(tmp_path / "no"))
    with pytest.raises(UserError, match="which is not a folder"):
        data.available("panx", hub)


@pytest.mark.parametrize(
    "rows, message",
    [
        ({"words": [["a"]], "ner": [["O"]]}, "expected the columns tokens, ner_tags, but words, ner came"),
        ({"tokens": [["a"]], "ner_tags": [["B-ANIMAL"]]}, "O, B-PER.*but 'B-ANIMAL' came too"),
        ({"tokens": [["a", "b"]], "ner_tags": [[0, 7]]}, "expected ids from 0 to 6, but 0 to 7 came"),
        ({"tokens": [["a"]], "ner_tags": [[-1]]}, r"but -1 to -1 came \(-1 marks hidden labels\)"),
    ],
)
def test_columns_and_labels_that_are_not_the_catalogs(rows, message, hub, mirror, tmp_path, monkeypatch):
    copy = shutil.copytree(mirror, tmp_path / "mirror")
    monkeypatch.setenv("XTL_MIRROR", str(copy))
    Dataset.from_dict(rows).to_parquet(copy / "google/xtreme/PAN-X.de/test-00000-of-00001.parquet")
    with pytest.raises(UserError, match=message):
        data.load("panx", "test", "de", hub)


def test_fingerprints_follow_the_content(hub, mirror, tmp_path, monkeypatch):
    first = data.fingerprint("panx", "test", "de", hub)
    assert first.startswith("sha256:") and len(first) == 7 + 16
    assert data.fingerprint("panx", "test", "es", hub) != first
    copy = shutil.copytree(mirror, tmp_path / "mirror")
    monkeypatch.setenv("XTL_MIRROR", str(copy))
    assert data.fingerprint("panx", "test", "de", hub) == first  # a copy elsewhere is the same data
    path = copy / "google/xtreme/PAN-X.de/test-00000-of-00001.parquet"
    Dataset.from_dict({"tokens": [["a"]], "ner_tags": [["O"]]}).to_parquet(path)
    assert data.fingerprint("panx", "test", "de", hub) != first
    # XNLI trains on MNLI: one identity
    assert data.fingerprint("xnli", "train", "en", hub) == data.fingerprint("mnli", "train", "en", hub)


def test_files_are_hashed_once(hub, monkeypatch):
    data.fingerprint("panx", "test", "de", hub)
    monkeypatch.setattr("hashlib.file_digest", lambda *_: pytest.fail("hashed again"))
    data.fingerprint("panx", "test", "de", hub)


def test_subsets():
    examples = Dataset.from_dict({"x": list(range(100))})
    assert list(data.subset(examples, 3)["x"]) == [0, 1, 2]
    assert data.subset(examples, None) is examples and data.subset(examples, 100) is examples
    ten, twenty = (list(data.subset(examples, n, seed=1)["x"]) for n in (10, 20))
    assert ten == twenty[:10] and ten != list(range(10)) and len(set(twenty)) == 20
    assert ten == list(data.subset(examples, 10, seed=1)["x"]) != list(data.subset(examples, 10, seed=2)["x"])


def test_the_laboratory_goes_through_the_same_columns(monkeypatch):
    asked = []

    def dataset(config, task, language, split):
        asked.append((task, language, split))
        rows = {
            "xnli": {"language": ["qaa"], "sentence1": ["a"], "sentence2": ["b"], "gold_label": ["neutral"]},
            "mnli": {"premise": ["a"], "hypothesis": ["b"], "label": [2], "idx": [7]},
            "udpos": {"tokens": [["a", "b"]], "pos_tags": [["DET", "NOUN"]]},
            "tatoeba": {"source_sentence": ["a"], "target_sentence": ["b"]},
        }
        return Dataset.from_dict(rows[task])

    config = SimpleNamespace(digest=lambda: "0123abcd")
    lab = SimpleNamespace(
        LabConfig=SimpleNamespace(from_dict=lambda given: config),
        languages=lambda config: {"en": None, "qaa": None},
        dataset=dataset,
        splits=lambda task: ("validation", "test") if task == "tatoeba" else ("train", "validation", "test"),
    )
    monkeypatch.setitem(sys.modules, "xtl.lab", lab)
    monkeypatch.setattr("xtl.lab", lab, raising=False)
    assert data.load("xnli", "test", "qaa", LAB)[0] == {"id": "0", "text_a": "a", "text_b": "b", "label": 1}
    assert data.load("xnli", "train", "en", LAB)[0] == {"id": "7", "text_a": "a", "text_b": "b", "label": 2}
    assert data.load("udpos", "validation", "qaa", LAB)[0]["tags"] == [5, 7]
    assert data.load("tatoeba", "test", "qaa", LAB)[0] == {"id": "0", "foreign": "a", "english": "b"}
    assert asked[1] == ("mnli", "en", "train")
    assert data.available("xnli", LAB) == ["en", "qaa"] and data.available("tatoeba", LAB) == ["qaa"]
    assert data.fingerprint("udpos", "test", "qaa", LAB) == "lab:0123abcd"
    with pytest.raises(UserError, match="no language 'de'; it has en, qaa"):
        data.check("udpos", "test", "de", LAB)


def test_the_hub_is_asked_where_there_is_no_mirror(hub, mirror, monkeypatch):
    """The Hub's client is replaced: it serves the miniature, and what it is asked for is checked."""
    import huggingface_hub

    asked = []

    def hf_hub_download(dataset, name, repo_type, revision):
        return str(mirror / dataset / name)

    def snapshot_download(dataset, repo_type, revision, allow_patterns):
        asked.append((dataset, repo_type, revision, allow_patterns))
        return str(mirror / dataset)

    monkeypatch.delenv("XTL_MIRROR")
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hf_hub_download)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    _snapshot.cache_clear()
    pinned = {"kind": "hub", "revisions": {"google/xtreme": "f" * 40}}
    data.check("panx", "test", "de", pinned)
    assert asked == []  # a check downloads no data
    assert len(data.load("panx", "test", "de", pinned)) == 8
    assert asked == [("google/xtreme", "dataset", "f" * 40, ["PAN-X.de/test-*"])]
    assert data.fingerprint("panx", "test", "de", pinned) == "hub:" + "f" * 40
    assert data.fingerprint("panx", "test", "de", hub) == "hub:" + TASKS["panx"].revision
    _snapshot.cache_clear()


def test_real_data(shared_data, monkeypatch, tmp_path):
    monkeypatch.setenv("XTL_MIRROR", str(shared_data / "hub"))
    monkeypatch.setenv("XTL_OUTPUTS", str(tmp_path))
    source = {"kind": "hub", "revisions": {}}
    assert len(data.available("tatoeba", source)) == 14 and len(data.available("udpos", source)) == 13
    assert data.available("panx", source) == ["de", "en", "fr"]
    panx = data.load("panx", "test", "de", source)
    assert len(panx) == 4000 and panx[0]["tokens"][0] == "WEITERLEITUNG" and panx[0]["tags"] == [0, 5, 6, 6, 6]
    assert len(data.load("udpos", "train", "en", source)) == 12544
    xquad = data.load("xquad", "test", "zh", source)
    assert len(xquad) == 1190
    for row in xquad:
        for text, start in zip(row["answers"], row["starts"], strict=True):
            assert row["context"][start : start + len(text)] == text
    with pytest.raises(UserError, match="lacks the data set rajpurkar/squad; it holds .*google/xtreme"):
        data.check("xquad", "train", "en", source)


def test_several_sources_are_put_together_without_the_rows_that_have_no_gold_label(hub):
    examples = data.load("anli+", "train", "en", hub)
    sources = [i.split("-")[0] for i in examples["id"]]
    assert [sources.count(str(n)) for n in range(5)] == [4, 8, 12, 24, 23]  # ANLI's rounds, MNLI, SNLI
    assert len(set(examples["id"])) == len(examples) and set(examples["label"]) == {0, 1, 2}


def test_english_rows_alone_are_trained_on(hub):
    # one config holds the rows of all languages, as TyDiQA's does on the Hub
    examples = data.load("tydiqa", "train", "en", hub)
    assert len(examples) == 24 and all(i.startswith("english-") for i in examples["id"])
    assert data.available("tydiqa", hub) == ["en"]  # German and Spanish rows are there, but TyDiQA lists neither


def test_choices_from_a_column_a_struct_and_four_columns(hub):
    row = data.load("hellaswag", "train", "en", hub)[1]
    assert row["answer"] == 1 and row["choices"][1] == "is in Kyoto." and row["question"] == "Max"
    row = data.load("cosmosqa", "train", "en", hub)[1]
    assert row["answer"] == 1 and len(row["choices"]) == 4 and row["choices"][1] == "Kyoto"
    row = data.load("csqa", "train", "en", hub)[1]
    assert row["answer"] == 1 and row["choices"][1] == "Kyoto" and len(row["choices"]) == 5 and row["context"] == ""


def test_mixed_language_text_is_drawn_equally_from_every_language(hub):
    examples = data.training("mlm", hub, 9, seed=0)
    words = [next(w for w in (" saw ", " sah ", " vio ") if w in text) for text in examples["text"]]
    assert sorted(words) == [" sah "] * 3 + [" saw "] * 3 + [" vio "] * 3


def test_wrong_choices_are_refused(hub, mirror, tmp_path, monkeypatch):
    copy = shutil.copytree(mirror, tmp_path / "mirror")
    monkeypatch.setenv("XTL_MIRROR", str(copy))
    path = copy / "tau/commonsense_qa/default/train-00000-of-00001.parquet"
    table = pq.read_table(path)
    hidden = table.set_column(table.column_names.index("answerKey"), "answerKey", pa.array([""] * len(table)))
    pq.write_table(hidden, path)
    with pytest.raises(UserError, match="expected the number or the letter of the right choice, but '' came"):
        data.load("csqa", "train", "en", hub)
