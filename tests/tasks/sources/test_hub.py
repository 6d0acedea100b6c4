"""The Hub as a source: languages, splits of other tasks, text of several languages, and its run parameters."""

import pytest

from xtl.base.errors import UserError
from xtl.tasks.sources import HubSource


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


def test_mixed_language_text_is_drawn_equally_from_every_language(hub):
    examples = hub.training("mlm", 9, seed=0)
    words = [next(w for w in (" saw ", " sah ", " vio ") if w in text) for text in examples["text"]]
    assert sorted(words) == [" sah "] * 3 + [" saw "] * 3 + [" vio "] * 3


def test_parameters_leave_out_the_places_of_folders():
    source = HubSource({"b/b": "2", "a/a": "1"}, {"ccg": "here"})
    assert list(source.parameters()["revisions"].items()) == [("a/a", "1"), ("b/b", "2")]
    assert source.places() == {"folders": {"ccg": "here"}} and HubSource().places() == {}
    assert source.describe().endswith('pinned: {"a/a": "1", "b/b": "2"}')


def test_a_pretraining_reads_plain_text_in_every_language(hub):
    parameters, digests = hub.pretraining("mlm", 4, 120)
    assert parameters["languages"] == ["de", "en", "es"] and parameters["kind"] == "hub"
    assert (parameters["corpus"], parameters["documents"], parameters["pieces"]) == ("mlm", 4, 120)
    assert digests["mlm/train/de"] == hub.digest("mlm", "train", "de")


def test_that_rows_are_skipped_is_part_of_the_parameters_and_an_error_is_not():
    assert HubSource().parameters() == {"kind": "hub", "revisions": {}}
    skipping = HubSource(rows="skip")
    assert skipping.parameters() == {"kind": "hub", "revisions": {}, "rows": "skip"}
    assert HubSource.from_parameters(skipping.parameters()) == skipping
    with pytest.raises(UserError, match="data: rows is error or skip, not 'drop'"):
        HubSource.from_parameters({"rows": "drop"})
