"""Source languages: means without the source, over common languages and by family, and the rank of English."""

import numpy as np
import pandas as pd
import pytest

from tests.analysis.rows import main_table
from xtl.analysis.scores import source_languages as sources

FAMILIES = {"en": "A", "de": "A", "fr": "B", "it": "B", "ja": "C"}


def scores(**changes) -> pd.DataFrame:
    """English is worse than German on French, Italian and Japanese; each source is best on itself."""
    table = {
        ("en", "en"): [90, 92], ("en", "de"): [80, 80], ("en", "fr"): [50, 52], ("en", "it"): [60, 62],
        ("en", "ja"): [40, 42], ("de", "en"): [70, 70], ("de", "de"): [95, 95], ("de", "fr"): [55, 57],
        ("de", "it"): [65, 67], ("de", "ja"): [45, 47],
    }  # fmt: skip
    return main_table({key: changes.pop(" ".join(key), value) for key, value in table.items()}, **changes)


def test_three_means_by_hand():
    found = sources.means(scores(), FAMILIES).set_index(["label", "seed"])
    assert found.loc[("en", 0), "others"] == (80 + 50 + 60 + 40) / 4
    assert found.loc[("en", 0), "common"] == 50 and found.loc[("en", 0), "n_common"] == 3
    assert found.loc[("en", 0), "balanced"] == pytest.approx((80 + 55 + 40) / 3)  # families A, B and C
    assert found.loc[("de", 1), "others"] == (70 + 57 + 67 + 47) / 4 and found.loc[("de", 1), "families"] == 3


def test_a_missing_language_makes_its_means_missing():
    found = sources.means(scores(**{"en fr": [np.nan, 52]}), FAMILIES).set_index(["label", "seed"])
    assert found.loc[("en", 0), ["others", "common", "balanced"]].isna().all()
    assert found.loc[("en", 1), "common"] == 52


def test_english_is_second_on_common_languages_and_first_by_an_easier_set():
    """German scores more on every common language, yet English has German itself in its mean without itself."""
    main = scores()
    found = sources.english_rank(main, sources.means(main, FAMILIES), draws=200).iloc[0]
    assert (found["rank"], found["sources"], found["best"]) == (2, 2, "de")
    assert found["rank_others"] == 2 and found["seeds"] == 2 and found["first_seeds"] == 0
    assert found["first_draws"] == 0 and found["languages"] == 3
    main = scores(**{"en de": [99, 99]})
    found = sources.english_rank(main, sources.means(main, FAMILIES), draws=200).iloc[0]
    assert (found["rank"], found["rank_others"]) == (2, 1)


def test_seeds_and_draws_count_how_often_english_is_first():
    main = scores(**{"en ja": [90, 42]})  # in the first seed English wins by Japanese alone
    found = sources.english_rank(main, sources.means(main, FAMILIES), draws=2000).iloc[0]
    assert found["first_seeds"] == 1 and found["seeds"] == 2
    # means over seeds: English ahead by 20 on Japanese, behind by 5 elsewhere; 3 draws of 3: (2/3)³ have no Japanese
    assert found["first_draws"] == pytest.approx(1 - (2 / 3) ** 3, abs=0.03)


def test_kinds_of_data_are_kept_apart_and_compared_with_english():
    machine = scores().query("source == 'de'").assign(provenance="machine")
    main = pd.concat([scores(), machine.assign(score=machine["score"] - 20)], ignore_index=True)
    found = sources.english_rank(main, sources.means(main, FAMILIES), draws=50).set_index("kind")
    assert found["rank"].to_dict() == {"native": 2, "machine": 1} and set(found["sources"]) == {2}
    labels = set(sources.matrix(main)["label"])
    assert labels == {"en", "de", "de machine"}


def test_differences_to_english_are_paired_by_seed():
    found = sources.against_english(sources.means(scores(), FAMILIES))
    assert found["label"].tolist() == ["de"] and found["mean"].iloc[0] == pytest.approx(5)
    assert (found["low"].iloc[0], found["high"].iloc[0]) == pytest.approx((5, 5))  # both seeds move by two points
    assert sources.against_english(sources.means(scores().query("source == 'de'"), FAMILIES)).empty


def test_the_matrix_has_a_row_a_source_and_language():
    found = sources.matrix(scores()).set_index(["label", "language"])
    assert found.loc[("de", "fr"), "mean"] == 56 and len(found) == 10 and found.loc[("en", "en"), "n_train"] == 100


def test_unequal_sizes_are_named():
    main = scores()
    assert sources.unequal(sources.means(main, FAMILIES)) == []
    main.loc[main["source"] == "de", "n_train"] = 40
    sentence = sources.unequal(sources.means(main, FAMILIES))
    assert sentence[0].startswith("xnli: training sizes differ (en 100 and de 40 examples)")


def test_one_source_and_retrieval_have_nothing_to_compare():
    main = scores()
    assert len(sources.trained(main)) == len(main)
    assert sources.trained(main.query("source == 'en'")).empty and sources.trained(main.iloc[:0]).empty
    assert sources.trained(main.assign(target="tatoeba")).empty
    one = main.query("source == 'en'")
    assert sources.english_rank(one, sources.means(one, FAMILIES)).empty


def test_nothing_finished_is_missing():
    main = scores().assign(score=np.nan)
    averages = sources.means(main, FAMILIES)
    found = sources.english_rank(main, averages, draws=20).iloc[0]
    assert np.isnan(found["rank"]) and np.isnan(found["first_draws"]) and found["seeds"] == 0
    assert sources.against_english(averages)["mean"].isna().all()
