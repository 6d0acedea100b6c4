"""Loading: canonical columns from the mirror, the Hub and the laboratory, and what is said where they lack."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset

from xtl.base.errors import UserError
from xtl.lab.tasks import datasets
from xtl.lab.world import made_languages
from xtl.lab.world.config import LabConfig
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import HubSource, LabSource, columns
from xtl.tasks.sources.repository import _snapshot
from xtl.tasks.sources.source import subset

LAB = LabSource()


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


def test_a_target_trains_on_another_tasks_examples(hub):
    assert hub.examples("xnli", "train", "en").to_list() == hub.examples("mnli", "train", "en").to_list()
    assert hub.examples("xquad", "validation", "en")[0]["id"] == "validation-0000"  # SQuAD's
    with pytest.raises(UserError, match=r"task mnli \(train\) has no language 'de'"):
        hub.examples("xnli", "train", "de")
    with pytest.raises(UserError, match="tatoeba has no train set; it has test"):
        hub.check("tatoeba", "train", "de")
    with pytest.raises(UserError, match="no split 'dev'; splits are train, validation, test"):
        hub.check("xnli", "dev", "de")


def test_available_languages(hub):
    assert hub.languages("tatoeba") == ["de", "es"]
    assert hub.languages("udpos") == ["de", "en", "es"]


def test_a_config_that_the_mirror_lacks(hub, mirror):
    message = (
        f"The mirror {mirror} has no config udpos.Turkish of google/xtreme; "
        "of that task it has udpos.English, udpos.German, udpos.Spanish."
    )
    for call in (hub.check, hub.examples):
        with pytest.raises(UserError) as error:
            call("udpos", "test", "tr")
        assert str(error.value) == message
    with pytest.raises(UserError, match="no split train in config udpos.German of google/xtreme; it has vali"):
        hub.check("udpos", "train", "de")


def test_a_mirror_with_other_faults(hub, mirror, tmp_path, monkeypatch):
    copy = shutil.copytree(mirror, tmp_path / "mirror")
    monkeypatch.setenv("XTL_MIRROR", str(copy))
    shutil.rmtree(copy / "rajpurkar")
    with pytest.raises(
        UserError, match="lacks the data set rajpurkar/squad; it holds Rowan/hellaswag, .*, nyu-mll/glue"
    ):
        hub.check("squad1", "train", "en")
    (copy / "nyu-mll/glue/README.md").write_text("# GLUE\n")
    with pytest.raises(UserError, match="has no `configs:` header"):
        hub.check("mnli", "train", "en")
    (copy / "google/xtreme/PAN-X.de/test-00000-of-00001.parquet").unlink()
    with pytest.raises(UserError, match=r"declares PAN-X.de/test-\* in google/xtreme/README.md, but no such file"):
        hub.check("panx", "test", "de")
    (copy / "google/xtreme/PAN-X.es/test-00000-of-00001.parquet").write_text("version https://git-lfs\n")
    with pytest.raises(UserError, match="it is a Git LFS pointer"):
        hub.check("panx", "test", "es")
    (copy / "google/xtreme/README.md").unlink()
    with pytest.raises(UserError, match="lacks google/xtreme/README.md"):
        hub.languages("panx")
    monkeypatch.setenv("XTL_MIRROR", str(tmp_path / "no"))
    with pytest.raises(UserError, match="which is not a folder"):
        hub.languages("panx")


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
        hub.examples("panx", "test", "de")


def test_fingerprints_follow_the_content(hub, mirror, tmp_path, monkeypatch):
    first = hub.digest("panx", "test", "de")
    assert first.startswith("sha256:") and len(first) == 7 + 16
    assert hub.digest("panx", "test", "es") != first
    copy = shutil.copytree(mirror, tmp_path / "mirror")
    monkeypatch.setenv("XTL_MIRROR", str(copy))
    assert hub.digest("panx", "test", "de") == first  # a copy elsewhere is the same data
    path = copy / "google/xtreme/PAN-X.de/test-00000-of-00001.parquet"
    Dataset.from_dict({"tokens": [["a"]], "ner_tags": [["O"]]}).to_parquet(path)
    assert hub.digest("panx", "test", "de") != first
    # XNLI trains on MNLI: one identity
    assert hub.digest("xnli", "train", "en") == hub.digest("mnli", "train", "en")


def test_files_are_hashed_once(hub, monkeypatch):
    hub.digest("panx", "test", "de")
    monkeypatch.setattr("hashlib.file_digest", lambda *_: pytest.fail("hashed again"))
    hub.digest("panx", "test", "de")


def test_subsets():
    examples = Dataset.from_dict({"x": list(range(100))})
    assert list(subset(examples, 3)["x"]) == [0, 1, 2]
    assert subset(examples, None) is examples and subset(examples, 100) is examples
    ten, twenty = (list(subset(examples, n, seed=1)["x"]) for n in (10, 20))
    assert ten == twenty[:10] and ten != list(range(10)) and len(set(twenty)) == 20
    assert ten == list(subset(examples, 10, seed=1)["x"]) != list(subset(examples, 10, seed=2)["x"])


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

    monkeypatch.setattr(datasets, "dataset", dataset)
    monkeypatch.setattr(made_languages, "languages", lambda config: {"en": None, "qaa": None})
    assert LAB.examples("xnli", "test", "qaa")[0] == {"id": "0", "text_a": "a", "text_b": "b", "label": 1}
    assert LAB.examples("xnli", "train", "en")[0] == {"id": "7", "text_a": "a", "text_b": "b", "label": 2}
    assert LAB.examples("udpos", "validation", "qaa")[0]["tags"] == [5, 7]
    assert LAB.examples("tatoeba", "test", "qaa")[0] == {"id": "0", "foreign": "a", "english": "b"}
    assert asked[1] == ("mnli", "en", "train")
    assert LAB.languages("xnli") == ["en", "qaa"] and LAB.languages("tatoeba") == ["qaa"]
    assert LAB.digest("udpos", "test", "qaa") == f"lab:{LabConfig().digest()}"
    with pytest.raises(UserError, match="no language 'de'; it has en, qaa"):
        LAB.check("udpos", "test", "de")


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
    pinned = HubSource({"google/xtreme": "f" * 40})
    pinned.check("panx", "test", "de")
    assert asked == []  # a check downloads no data
    assert len(pinned.examples("panx", "test", "de")) == 8
    assert asked == [("google/xtreme", "dataset", "f" * 40, ["PAN-X.de/test-*"])]
    assert pinned.digest("panx", "test", "de") == "hub:" + "f" * 40
    assert hub.digest("panx", "test", "de") == "hub:" + TASKS["panx"].revision
    _snapshot.cache_clear()


def test_real_data(shared_data, monkeypatch, tmp_path):
    monkeypatch.setenv("XTL_MIRROR", str(shared_data / "hub"))
    monkeypatch.setenv("XTL_OUTPUTS", str(tmp_path))
    source = HubSource()
    assert len(source.languages("tatoeba")) == 14 and len(source.languages("udpos")) == 13
    assert source.languages("panx") == ["de", "en", "fr"]
    panx = source.examples("panx", "test", "de")
    assert len(panx) == 4000 and panx[0]["tokens"][0] == "WEITERLEITUNG" and panx[0]["tags"] == [0, 5, 6, 6, 6]
    assert len(source.examples("udpos", "train", "en")) == 12544
    xquad = source.examples("xquad", "test", "zh")
    assert len(xquad) == 1190
    for row in xquad:
        for text, start in zip(row["answers"], row["starts"], strict=True):
            assert row["context"][start : start + len(text)] == text
    with pytest.raises(UserError, match="lacks the data set rajpurkar/squad; it holds .*google/xtreme"):
        source.check("xquad", "train", "en")


def test_several_sources_are_put_together_without_the_rows_that_have_no_gold_label(hub):
    examples = hub.examples("anli+", "train", "en")
    sources = [i.split("-")[0] for i in examples["id"]]
    assert [sources.count(str(n)) for n in range(5)] == [4, 8, 12, 24, 23]  # ANLI's rounds, MNLI, SNLI
    assert len(set(examples["id"])) == len(examples) and set(examples["label"]) == {0, 1, 2}


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


def test_mixed_language_text_is_drawn_equally_from_every_language(hub):
    examples = hub.training("mlm", 9, seed=0)
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
        hub.examples("csqa", "train", "en")
