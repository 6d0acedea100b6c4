"""Similarity: formulas by hand, the same functions for natural and made languages, known facts, and what is missing."""

import numpy as np
import pandas as pd
import pytest

from xtl.base.errors import UserError
from xtl.lab.world.config import LabConfig
from xtl.lab.world.made_languages import languages
from xtl.languages.made import MadeLanguages
from xtl.languages.names import NATURAL
from xtl.languages.natural import NaturalLanguages
from xtl.languages.similarity import DEFINITIONS, angular, cosine, matching

HUB = NaturalLanguages()
LABS = [MadeLanguages(LabConfig(languages=count)) for count in (12, 24)]
URIEL = ["genetic", "geographic", "syntactic", "phonological", "inventory"]

SOURCE = np.array([1, 1, 0, 1.0])
VECTORS = np.array(
    [
        [1, 1, 0, np.nan],  # the same, as far as it is known
        [1, 0, 1, 1],
        [0, 0, 0, 1],
        [0, 0, 1, 0],  # nothing in common
        [0, 0, 0, 0],  # no feature at all
        [np.nan] * 4,
    ]
)


def test_cosine_by_hand():
    expected = [1, 2 / 3, 1 / np.sqrt(3), 0, np.nan, np.nan]
    np.testing.assert_allclose(cosine(VECTORS, SOURCE), expected)


def test_angular_by_hand():
    # 45 degrees are half of a right angle, 60 leave a third of it
    vectors = np.array([[1, 0], [1, 1], [0, 1], [1, np.sqrt(3)]])
    np.testing.assert_allclose(angular(vectors, np.array([1, 0.0])), [1, 1 / 2, 0, 1 / 3], atol=1e-12)
    assert np.isnan(angular(VECTORS, SOURCE)[4:]).all()


def test_matching_by_hand():
    np.testing.assert_allclose(matching(VECTORS, SOURCE), [1, 2 / 4, 2 / 4, 0, 1 / 4, np.nan])
    # marks that both lack are left out: the third feature in rows one, three and five
    np.testing.assert_allclose(matching(VECTORS, SOURCE, presence=True), [1, 2 / 4, 1 / 3, 0, 0, np.nan])
    np.testing.assert_allclose(matching(np.array([[0.2, 1.0]]), np.array([0.7, 0.9])), [1 - 0.6 / 2])


@pytest.mark.parametrize("data", [HUB, *LABS], ids=["xtreme", "lab 12", "lab 24"])
@pytest.mark.parametrize("definition", DEFINITIONS)
def test_similarity_is_symmetric_and_one_with_itself(data, definition):
    for space in data.spaces().values():
        values = space.vectors.to_numpy()
        every = np.array([DEFINITIONS[definition](values, row, space.presence) for row in values])
        np.testing.assert_allclose(every, every.T, atol=1e-12)
        known = ~np.isnan(values).all(1)
        np.testing.assert_allclose(np.diag(every)[known], 1, atol=1e-7)
        assert (every[known][:, known] >= 0).all() and (every[known][:, known] <= 1).all()
    there = data.similarities("en", definition)
    for code in list(there.index)[-3:]:
        back = data.similarities(code, definition).loc["en"]
        pd.testing.assert_series_equal(back, there.loc[code], check_names=False)


def test_every_language_of_xtreme_has_every_measure_but_basque_no_relatives():
    found = HUB.similarities()
    assert list(found) == [*URIEL, "family", "branch", "script"]
    assert list(found.index) == list(NATURAL.index)
    missing = found.isna()
    assert [(code, measure) for code in found.index for measure in found if missing.loc[code, measure]] == [
        ("eu", "genetic")
    ]
    assert found.min(axis=None) >= 0 and found.max(axis=None) <= 1


def test_known_facts_come_out():
    to = {code: HUB.similarities(code) for code in ("en", "ja", "es", "hi")}
    assert to["en"].loc["de", "syntactic"] > to["en"].loc["ja", "syntactic"]
    assert to["en"]["genetic"].drop("en").nlargest(3).index.sort_values().tolist() == ["af", "de", "nl"]
    assert to["ja"]["syntactic"].drop("ja").idxmax() in {"ko", "tr", "kk", "ta", "te", "ml"}  # verb-final, suffixing
    assert to["es"]["genetic"].drop("es").idxmax() in {"pt", "fr", "it"} and to["es"].loc["eu", "geographic"] > 0.99
    assert to["hi"].loc["ur", ["genetic", "syntactic"]].min() > 0.8  # two standards of one language
    assert to["en"].loc[["ja", "zh", "tr", "fi"], "genetic"].eq(0).all()


def test_genetic_similarity_by_hand():
    found = HUB.similarities()["genetic"]
    # English is in nine groups, German in six, of which they share four; Russian is in four and shares one
    assert found["de"] == pytest.approx(4 / np.sqrt(9 * 6)) and found["ru"] == pytest.approx(1 / np.sqrt(9 * 4))
    assert HUB.similarities(definition="matching")["genetic"]["de"] == pytest.approx(4 / 11)


def test_labels_are_equal_or_not():
    found = HUB.similarities("ru")
    assert found.loc["bg", ["family", "branch", "script"]].tolist() == [1, 1, 1]
    assert found.loc["en", ["family", "branch", "script"]].tolist() == [1, 0, 0]
    assert found.loc["kk", ["family", "branch", "script"]].tolist() == [0, 0, 1]


def test_coverage_counts_what_sources_state_of_both_and_not_what_is_imputed():
    found = HUB.measured().pivot(index="language", columns="measure", values="stated")
    assert found.loc["kk", "syntactic"] == pytest.approx(12 / 103)  # English is stated whole
    assert found.loc["de", "phonological"] == pytest.approx(25 / 28)
    assert (found["phonological"] == 0).sum() == 9 and (found["inventory"] == 0).sum() == 2
    assert found["geographic"].eq(1).all() and found["genetic"].eq(0).sum() == 1
    rows = HUB.measured().set_index(["language", "measure"])
    assert rows.loc[("kk", "syntactic"), ["known", "stated"]].tolist() == pytest.approx([1, 12 / 103])


def test_without_imputed_values_a_guess_is_missing():
    found = HUB.similarities(imputed=False)
    nothing = {"af", "et", "it", "ml", "mr", "nl", "pt", "ta", "ur"}
    absent = {"he"}  # three features are stated of it, and it has none of them: no direction
    assert set(found.index[found["phonological"].isna()]) == nothing | absent
    assert set(found.index[found["inventory"].isna()]) == {"et", "kk"}
    rows = HUB.measured(imputed=False)
    assert (rows["known"] == rows["stated"]).all()


@pytest.mark.parametrize("data", LABS, ids=["12", "24"])
def test_the_same_functions_give_the_planted_similarities(data):
    found = data.similarities()
    assert sorted(found) == ["corpus", "genetic", "lexical", "script", "syntactic"]  # what was not made is absent
    made = languages(data.config)
    names = ("order", "adposition", "adjective", "articles", "case")
    for code, language in made.items():
        equal = np.mean([language.features[name] == made["en"].features[name] for name in names])
        assert found.loc[code, "syntactic"] == pytest.approx(equal)
        assert found.loc[code, "script"] == (language.script == "Latin")
        assert found.loc[code, "corpus"] == (language.features["corpus"] == 1)
        assert found.loc[code, "genetic"] == (code == "en")
        share = language.features["vocabulary"]
        assert found.loc[code, "lexical"] == pytest.approx(share / np.sqrt(share**2 + (1 - share) ** 2))
    by_share = data.similarities(definition="matching")["lexical"]
    assert by_share.to_dict() == pytest.approx({code: item.features["vocabulary"] for code, item in made.items()})


def test_twins_differ_in_their_feature_only():
    data = LABS[0]
    for model, twin, feature in data.twins():
        found = data.similarities(model).loc[twin]
        measure = {"script": "script", "corpus": "corpus", "vocabulary": "lexical"}.get(feature, "syntactic")
        assert found.drop(["lexical", measure], errors="ignore").eq(1).all()
        assert np.isnan(found["lexical"])  # the shares with English say nothing about each other's words
        assert measure == "lexical" or found[measure] == {"syntactic": pytest.approx(0.8)}.get(measure, 0)


def test_shared_vocabulary_is_known_against_english_only():
    rows = LABS[0].measured("qad")
    found = rows[rows["measure"] == "lexical"].set_index("language")
    assert set(found.index[found["similarity"].notna()]) == {"en", "qad"}
    assert (found.loc["qae", ["known", "stated"]] == 0).all()


def test_what_is_not_known_is_a_readable_error():
    with pytest.raises(UserError, match="no language 'qq' to compare with; there are af, ar"):
        HUB.similarities("qq")
    with pytest.raises(UserError, match="no definition 'dice' of similarity; there are cosine, angular, matching"):
        HUB.measured(definition="dice")
