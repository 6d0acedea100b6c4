"""Pretraining sizes: figures with a source, NaN for what is not known, the laboratory's own counts."""

import numpy as np
import pytest
import yaml

from xtl.lab.tasks.corpora import corpus
from xtl.lab.world.config import LabConfig
from xtl.lab.world.made_languages import languages
from xtl.languages import corpus_sizes
from xtl.languages.made import MadeLanguages
from xtl.languages.names import NATURAL
from xtl.languages.natural import NaturalLanguages

HUB = NaturalLanguages()
LAB = MadeLanguages(LabConfig(languages=12, sentences=1000))
XLMR, MBERT = "FacebookAI/xlm-roberta-large", "google-bert/bert-base-multilingual-cased"


def test_published_sizes_and_what_is_missing():
    found = HUB.log_sizes(XLMR)
    assert list(found.index) == list(NATURAL.index)
    assert found["en"] == pytest.approx(np.log10(300.8)) and found["zh"] == pytest.approx(np.log10(46.9 + 16.6))
    assert list(found.index[found.isna()]) == ["yo"]  # not among XLM-R's languages
    wikipedia = HUB.log_sizes(MBERT)
    assert wikipedia["en"] == pytest.approx(np.log10(14_204_367_805 / 1024**3)) and wikipedia.notna().all()
    assert (found > wikipedia)[found.notna()].all()  # CommonCrawl is the larger corpus in every language
    assert found["ru"] > found["sw"] and wikipedia["ru"] > wikipedia["sw"]


def test_base_and_large_and_old_names_are_one_corpus():
    for name in ("FacebookAI/xlm-roberta-base", "xlm-roberta-base", "xlm-roberta-large"):
        assert HUB.log_sizes(name).equals(HUB.log_sizes(XLMR))
    entries = yaml.safe_load(corpus_sizes.TABLE.read_text(encoding="utf-8"))
    entry = next(entry for entry in entries if XLMR in entry["checkpoints"])
    assert entry["unit"] == "GiB" and "1911.02116" in entry["source"]


@pytest.mark.parametrize("checkpoint", ["/somewhere/encoder", "xlnet/xlnet-base-cased", None])
def test_a_checkpoint_without_an_entry_is_missing_everywhere(checkpoint):
    assert HUB.log_sizes(checkpoint).isna().all() and len(HUB.log_sizes(checkpoint)) == 40
    assert HUB.corpus_sizes(checkpoint) == {}


def test_the_laboratory_counts_its_sentences():
    found = LAB.log_sizes()
    assert set(np.round(10**found)) == {1000, 250} and found["en"] == pytest.approx(3)
    small = {code for code, item in languages(LAB.config).items() if item.features["corpus"] < 1}
    assert set(found.index[found < 3]) == small
    assert LAB.log_sizes(XLMR).isna().all() and LAB.corpus_sizes(XLMR) == {}


def test_every_entry_names_its_source_and_no_checkpoint_has_two():
    entries = yaml.safe_load(corpus_sizes.TABLE.read_text(encoding="utf-8"))
    for entry in entries:
        assert set(entry) == {"corpus", "checkpoints", "unit", "source", "note", "sizes"}
        assert entry["unit"] in corpus_sizes.GIB and len(entry["source"]) > 40
        assert set(entry["sizes"]) <= set(NATURAL.index) and min(entry["sizes"].values()) > 0
    names = [name for entry in entries for name in entry["checkpoints"]]
    assert len(names) == len(set(names))


def test_the_laboratorys_corpora_are_as_long_as_they_are_counted():
    config = LabConfig(sentences=400, train=10, test=10)
    counted = MadeLanguages(config).corpus_sizes()
    for code in ("qaa", "qac"):  # a full corpus and a quarter of one; the last document is not cut
        sentences = sum(len(document) for document in corpus(config, code))
        assert counted[code] <= sentences < counted[code] + 6
