"""The laboratory as a source: the same columns, and run parameters that decide its examples."""

import pytest
from datasets import Dataset

from xtl.base.errors import UserError
from xtl.lab.tasks import datasets
from xtl.lab.world import made_languages
from xtl.lab.world.config import LabConfig
from xtl.tasks.sources import LabSource

LAB = LabSource()


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


def test_parameters_are_what_decides_the_examples():
    lab = LabSource(LabConfig(sentences=400, train=40, test=20))
    assert lab.parameters() == {"kind": "lab", "languages": 12, "train": 40, "test": 20, "seed": 0}
    again = LabSource.from_parameters(lab.parameters())
    assert again.digest("udpos", "test", "qaa") == lab.digest("udpos", "test", "qaa")
    assert lab.digest("udpos", "test", "qaa") != LAB.digest("udpos", "test", "qaa")
    assert lab.places() == {} and "sentences 400" in lab.describe()


def test_a_pretraining_reads_corpora_however_large_the_tasks_are():
    small, large = (LabSource(LabConfig(sentences=400, train=size)) for size in (40, 80))
    parameters, digests = small.pretraining("lab", None, None)
    assert parameters == {"kind": "lab", "languages": 12, "sentences": 400, "seed": 0}
    assert large.pretraining("lab", None, None) == (parameters, digests)
    assert digests == {"corpus": LabConfig(sentences=400).digest()}
