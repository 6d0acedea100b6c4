"""URIEL's vectors: read without importing lang2vec, one row for every language of XTREME, gaps kept as gaps."""

import sys
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

from xtl.base.errors import UserError
from xtl.languages import typology
from xtl.languages.names import NATURAL

SIZES = {"geographic": 299, "syntactic": 103, "phonological": 28, "inventory": 158}
# What no source states at all, by language: there the vectors are imputed from end to end.
UNSTATED = {"phonological": {"af", "et", "it", "ml", "mr", "nl", "pt", "ta", "ur"}, "inventory": {"et", "kk"}}


def test_every_language_has_a_vector_of_every_set_but_the_isolate_has_no_family():
    found = typology.vectors()
    assert list(found) == ["genetic", "geographic", "syntactic", "phonological", "inventory"]
    for measure, table in found.items():
        assert list(table.index) == list(NATURAL.index)
        complete = table.notna().all(axis=1)
        assert set(table.index[~complete]) == ({"eu"} if measure == "genetic" else set())
        assert table.loc[~complete].isna().all(axis=None)
        assert table.min(axis=None) >= 0 and table.max(axis=None) <= 1
        assert table.shape[1] == SIZES.get(measure, table.shape[1])


def test_lang2vec_is_read_and_not_imported():
    typology.vectors()
    assert "lang2vec" not in sys.modules
    assert typology.source() == "URIEL (Littell et al. 2017; CC BY-SA 4.0) in lang2vec 1.1.2"


def test_without_lang2vec_the_error_says_what_to_install(monkeypatch):
    def absent(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(typology, "distribution", absent)
    typology._read.cache_clear()
    with pytest.raises(UserError, match="lang2vec.*not installed"):
        typology.vectors()


def test_facts_of_the_reference_books():
    vectors = typology.vectors(imputed=False)
    syntax, sounds, family = vectors["syntactic"], vectors["inventory"], vectors["genetic"]
    assert syntax.loc[["en", "fr", "zh"], "S_SVO"].eq(1).all() and syntax.loc[["ja", "tr", "hi"], "S_SOV"].eq(1).all()
    assert syntax.loc["ja", "S_ADPOSITION_AFTER_NOUN"] == 1 and syntax.loc["en", "S_ADPOSITION_BEFORE_NOUN"] == 1
    assert sounds.shape[1] == 158 and sounds.loc["en"].sum() > 0
    assert set(family.index[family["F_Germanic"] == 1]) == {"af", "de", "en", "nl"}
    assert set(family.index[family["F_Uralic"] == 1]) == {"et", "fi", "hu"}
    assert (family["F_Koreanic"] == 1).sum() == 1


def test_what_is_imputed_is_missing_where_only_stated_values_are_asked_for():
    complete, stated = typology.vectors(), typology.vectors(imputed=False)
    for measure in ("syntactic", "phonological", "inventory"):
        known = stated[measure].notna()
        assert set(known.index[~known.any(axis=1)]) == UNSTATED.get(measure, set())
        # the imputation keeps what is stated: it differs by rounding where sources disagree
        apart = (complete[measure] - stated[measure]).abs()
        assert apart.max(axis=None) <= 0.5 and (apart[known] > 0).sum(axis=None) < 0.1 * known.sum(axis=None)
    assert stated["syntactic"].loc["kk"].notna().sum() == 12
    assert stated["geographic"].equals(complete["geographic"])


def test_macrolanguages_are_asked_for_under_the_code_that_the_files_know_best():
    codes = typology.codes()
    assert {c: codes[c] for c in ("ar", "et", "fa", "ms", "sw", "zh")} == {
        "ar": "ara", "et": "est", "fa": "pes", "ms": "msa", "sw": "swh", "zh": "cmn",
    }  # fmt: skip
    assert {c for c, iso in codes.items() if iso != NATURAL.loc[c, "iso639_3"]} == {"fa", "sw", "zh"}


def test_the_members_that_are_not_taken_lack_a_whole_set():
    def stated(name, iso, prefix):
        with np.load(typology._folder() / f"{name}.npz") as held:
            row = held["data"][held["langs"].tolist().index(iso), :, 0]
            return int((row[[f.startswith(prefix) for f in held["feats"].tolist()]] > -1).sum())

    assert [stated("feature_averages", iso, "P_") for iso in ("ara", "arb", "msa", "zsm")] == [28, 0, 25, 0]
    assert [stated("feature_averages", iso, "S_") for iso in ("msa", "zsm", "zho", "cmn")] == [101, 12, 102, 94]
    with np.load(typology._folder() / "family_features.npz") as held:
        groups = {iso: held["data"][held["langs"].tolist().index(iso)].sum() for iso in ("est", "ekk", "zho", "cmn")}
    assert groups == {"est": 2, "ekk": 0, "zho": 1, "cmn": 4}


def test_positions_are_recovered_from_the_distances():
    found = typology.positions()
    # as printed in Glottolog and WALS: English 53 N 1 W, Mandarin 40.02 N 116.23 E, Japanese 35 N 135 E
    for code, (lat, lon) in {"en": (53, -1), "zh": (40.02, 116.23), "ja": (35, 135)}.items():
        assert found.loc[code].to_numpy() == pytest.approx([lat, lon], abs=0.1)
    table = typology.vectors()["geographic"]
    points = typology._unit(np.array([[float(n) for n in name.split("_")[1:]] for name in table]))
    angle = np.arccos(np.clip(typology._unit(found.to_numpy()) @ points.T, -1, 1)) / np.pi
    assert np.abs(angle - table.to_numpy()).max() < 0.005  # the names' rounding: half a degree of 180


def test_kilometres():
    found = typology.kilometres("en")
    assert found["en"] == pytest.approx(0, abs=1e-3)
    # haversine between 53 N 1 W and 35 N 135 E on a sphere of 6,371 km
    assert found["ja"] == pytest.approx(9347, abs=10)
    assert found["nl"] < found["de"] < found["ru"] < found["ja"]
    assert typology.kilometres("ja")["en"] == pytest.approx(found["ja"])
