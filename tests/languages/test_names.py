"""Languages: the list is XTREME's, and one distance formula serves made and natural languages."""

import numpy as np
import pandas as pd
import pytest

from xtl.base.errors import UserError
from xtl.lab.world.config import LabConfig
from xtl.lab.world.made_languages import distances
from xtl.languages.made import MadeLanguages
from xtl.languages.names import NATURAL
from xtl.languages.natural import NaturalLanguages
from xtl.languages.similarity import gower
from xtl.tasks.catalog import TASKS

HUB, LAB = NaturalLanguages(), MadeLanguages(LabConfig())


def test_natural_languages_are_the_union_of_the_benchmarks_tasks():
    assert set(NATURAL.index) == {code for task in TASKS.values() for code in task.languages}
    assert len(NATURAL) == 40
    assert NATURAL["iso639_3"].str.fullmatch("[a-z]{3}").all() and NATURAL["iso639_3"].is_unique
    assert HUB.names()["tr"] == "Turkish"


def test_distance_of_natural_languages_by_hand():
    found = gower(HUB.features())
    assert found["en"] == 0 and found["de"] == 0  # family, branch and script are equal
    assert found["fr"] == pytest.approx(1 / 3)  # branch
    assert found["fi"] == pytest.approx(2 / 3)  # family and branch
    assert found["ru"] == pytest.approx(2 / 3)  # branch and script
    assert found["zh"] == 1


def test_distance_counts_a_one_of_many_feature_once_and_leaves_out_what_is_unknown():
    table = pd.DataFrame(
        {"order_a": [1, 0, 1], "order_b": [0, 1, 0], "order_c": [0, 0, 0], "size": [1, 0.4, np.nan], "case": [0, 1, 1]},
        index=["en", "xx", "yy"],
    )
    found = gower(table)
    assert found["xx"] == pytest.approx((1 + 0.6 + 1) / 3)
    assert found["yy"] == pytest.approx((0 + 1) / 2)  # size is not known
    assert gower(table, "xx")["en"] == pytest.approx((1 + 0.6 + 1) / 3)


def test_nothing_in_common_has_no_distance():
    table = pd.DataFrame({"a": [1, np.nan]}, index=["en", "xx"])
    assert np.isnan(gower(table)["xx"])


def test_an_unknown_source_is_named():
    with pytest.raises(UserError, match="'qq'.*en"):
        gower(pd.DataFrame({"a": [1]}, index=["en"]), "qq")


@pytest.mark.parametrize("count", [12, 24])
def test_the_same_code_gives_the_planted_distance(count):
    made = MadeLanguages(LabConfig(languages=count))
    planted = distances(made.config)
    found = gower(made.features())
    pd.testing.assert_series_equal(found, planted, check_names=False, check_index_type=False)


def test_tables_are_sorted_from_near_to_far():
    hub, made = HUB.table(), LAB.table()
    assert len(hub) == 40 and hub["distance"].is_monotonic_increasing and hub.iloc[0]["distance"] == 0
    assert made.iloc[0]["code"] == "en" and len(made) == 13 and made["distance"].between(0, 1).all()
    assert made["twin of"].str.contains("but for").sum() == 4
    assert set(LAB.families()) == set(made["code"])
