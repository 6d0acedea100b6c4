"""Training data in other languages: native, translated on the Hub, translated here, exactly in the laboratory."""

import shutil

import pytest

from xtl.base.errors import UserError
from xtl.lab.world.config import LabConfig
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import LabSource, origins
from xtl.tasks.sources.source import Origin

LAB = LabSource(LabConfig(train=40, test=20))


def origin(language, provenance="native", translator=None):
    return Origin(language, provenance, translator)


def test_the_hubs_translated_sets(hub):
    found = origins.examples(TASKS["mnli"], origin("de", "machine"), hub, None, 0)
    english = origins.examples(TASKS["mnli"], None, hub, None, 0)
    assert len(found) == len(english) == 24 and found["label"] == english["label"]
    assert "Fuchs" in found["text_a"][0] + found["text_a"][1] + found["text_a"][2] + found["text_a"][3]
    digests = origins.check("xnli", origin("de", "machine"), hub)  # XNLI trains on MultiNLI
    assert list(digests) == ["mnli/train/de/machine"] and digests["mnli/train/de/machine"].startswith("sha256:")
    spans = origins.examples(TASKS["squad1"], origin("es", "machine"), hub, 5, 0)
    first = spans[0]
    assert len(spans) == 5 and first["context"][first["starts"][0] :].startswith(first["answers"][0])
    assert len(origins.examples(TASKS["pawsx"], origin("de", "machine"), hub, None, 0)) == 24


@pytest.mark.parametrize(
    "task, wanted, said",
    [
        (
            "udpos",
            origin("de", "machine"),
            "udpos has no training data in de .machine-translated.; .* native in af, ar",
        ),
        ("mnli", origin("fi", "machine"), "mnli has no training data in fi"),
        ("squad1", origin("ar"), "machine-translated in ar, de"),
        ("hellaswag", origin("de"), "in other languages it has: none"),
        ("squad1", origin("es", "machine", "apertium"), "would lose where answers and tags are"),
    ],
)
def test_what_no_source_has_is_one_sentence(hub, task, wanted, said):
    with pytest.raises(UserError, match=said):
        origins.check(task, wanted, hub)


def test_native_sets_and_sources_of_unequal_size(hub):
    with pytest.raises(
        UserError, match="udpos.German has no split train|has no .*train"
    ):  # the miniature has English only
        origins.check("udpos", origin("de"), hub)
    with pytest.raises(UserError, match="has 24 training examples in de .machine-translated., and 30 are asked for"):
        origins.examples(TASKS["pawsx"], origin("de", "machine"), hub, 30, 0)


@pytest.mark.skipif(not shutil.which("apertium"), reason="apertium is not installed")
def test_translated_here_by_apertium(hub):
    wanted = origin("es", "machine", "apertium")
    assert set(origins.check("csqa", wanted, hub)) == {"csqa/train/en", "translator"}
    english = origins.examples(TASKS["csqa"], None, hub, 3, 0)
    found = origins.examples(TASKS["csqa"], wanted, hub, 3, 0)
    assert found["answer"] == english["answer"] and found.features == english.features
    assert [len(c) for c in found["choices"]] == [len(c) for c in english["choices"]]
    assert "Dónde" in found["question"][0]


def test_the_laboratory_translates_exactly(outputs):
    english = LAB.examples("xnli", "train", "en")
    for provenance in ("human", "machine"):
        found = origins.examples(TASKS["mnli"], origin("qaa", provenance), LAB, 10, 3)
        assert len(found) == 10 and set(found["label"]) <= {0, 1, 2}
    same = origins.examples(TASKS["mnli"], origin("qaa"), LAB, None, 0)
    assert same["label"] == english["label"] and same["text_a"] != english["text_a"]
    with pytest.raises(UserError, match="translates exactly by itself"):
        origins.check("mnli", origin("qaa", "machine", "apertium"), LAB)
    with pytest.raises(UserError, match="no language 'de'"):
        origins.check("mnli", origin("de"), LAB)
