"""Gaps to English by family and script, agreement of errors, and what the choice of the checkpoint is worth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from tests.analysis.rows import main_table
from tests.synthetic import grid, run_record
from xtl.analysis.questions import agreement, checkpoints, gaps
from xtl.analysis.scores import tables
from xtl.runs.record import State

FAMILIES = {"de": "A", "nl": "A", "ja": "C"}
SCORES = {("en", "en"): [90, 92], ("en", "de"): [80, 84], ("en", "nl"): [70, 70], ("en", "ja"): [40, np.nan]}


def test_gap_by_family_by_hand():
    table = gaps.language_gaps(main_table(SCORES))
    assert table.set_index(["language", "seed"])["gap"].loc[("de", 1)] == 8 and "en" not in set(table["language"])
    found = gaps.by_group(table, FAMILIES).set_index(["group", "seed"])
    assert found.loc[("A", 0), "gap"] == 15 and found.loc[("A", 0), "languages"] == 2
    assert found.loc[("C", 0), "gap"] == 50 and np.isnan(found.loc[("C", 1), "gap"])
    assert set(gaps.by_group(table, {})["group"]) == {"unknown"}


def test_gap_narrows_against_the_baseline_of_the_same_seed():
    arm = main_table({**SCORES, ("en", "de"): [85, 90]}, intermediate="mnli")
    table = gaps.by_group(gaps.language_gaps(pd.concat([main_table(SCORES), arm])), FAMILIES)
    found = gaps.narrowing(table).set_index(["group", "seed"])
    assert found.loc[("A", 0), "change"] == -2.5 and found.loc[("A", 1), "change"] == -3
    means = gaps.intervals(table).set_index(["intermediate", "group"])
    assert means.loc[("mnli", "A"), "mean"] == pytest.approx((12.5 + 12) / 2)
    assert means.loc[("none", "C"), "seeds"] == 1 and means.loc[("none", "A"), "languages"] == 2


def test_without_the_source_language_there_is_no_gap():
    rows = main_table({("en", "de"): [80.0]}, target="tatoeba")
    assert gaps.language_gaps(rows).empty and gaps.by_group(gaps.language_gaps(rows), FAMILIES).empty


def test_agreement_of_right_and_wrong_is_cohens_kappa():
    rng = np.random.default_rng(0)
    english = rng.random(200) < 0.7
    other = np.where(rng.random(200) < 0.6, english, rng.random(200) < 0.4)
    found = agreement.beyond_chance(100.0 * other, 100.0 * english)
    table = [[(other & english).sum(), (other & ~english).sum()], [(~other & english).sum(), (~other & ~english).sum()]]
    assert found["kappa"] == pytest.approx(cohens_kappa(table).kappa)
    assert found["agreement"] == pytest.approx(found["kappa"] / cohens_kappa(table).kappa_max)
    assert found["right"] == pytest.approx(100 * other.mean()) and found["n"] == 200


def test_agreement_by_hand():
    found = agreement.beyond_chance([100, 100, 0, 0], [100, 0, 100, 100])  # observed 1/4, expected 1/2, at most 3/4
    assert found["kappa"] == pytest.approx(-0.5) and found["agreement"] == pytest.approx(-1)
    found = agreement.beyond_chance([100, 100, 0, 0], [100, 0, 0, 0])  # observed 3/4, as far as one right can agree
    assert found["kappa"] == pytest.approx(0.5) and found["agreement"] == pytest.approx(1)
    half = agreement.beyond_chance([50, 100, 50, 0], [50, 50, 100, 0])  # observed 5/8, expected 1/2, sorted 3/4
    assert half["kappa"] == pytest.approx(0.25) and half["agreement"] == pytest.approx(0.5)
    assert np.isnan(agreement.beyond_chance([100, 100], [100, 0])["agreement"])  # one side never errs
    assert np.isnan(agreement.beyond_chance([], [])["agreement"])


def test_errors_that_fall_independently_do_not_agree():
    rng = np.random.default_rng(1)
    draws = [
        agreement.beyond_chance(100.0 * (rng.random(400) < 0.5), 100.0 * (rng.random(400) < 0.8)) for _ in range(200)
    ]
    assert abs(np.mean([found["agreement"] for found in draws])) < 0.01


def examples(ids, **languages) -> pd.DataFrame:
    return pd.concat([
        pd.DataFrame({"target": "xquad", "language": code, "example_id": ids[: len(values)], "score": values})
        for code, values in languages.items()
    ])  # fmt: skip


def test_only_parallel_test_sets_are_compared():
    running = examples(list("0123"), en=[100.0, 0, 100, 0], de=[100.0, 0, 0, 0], fr=[100.0, 0, 0])
    assert agreement.measure(running, "en", in_order=True)["language"].tolist() == ["de"]
    assert agreement.measure(running, "en", in_order=False).empty  # running numbers say nothing
    named = examples(["5733be", "5733bf", "5733c0", "5733c1"], en=[100.0, 0, 100, 0], de=[100.0, 0, 0, 0])
    found = agreement.measure(named, "en", in_order=False)
    assert found["kappa"].tolist() == [pytest.approx(0.5)] and found["n"].tolist() == [4]
    assert agreement.measure(running, "sw", in_order=True).empty


def test_agreement_is_collected_run_by_run(tmp_path):
    cells, _, records, _ = grid(encoders=("bert",), seeds=(0, 1), targets=("xquad",), intermediates=("none",))
    for seed, run_id in enumerate(cells["run_id"]):
        folder = tmp_path / run_id
        folder.mkdir()
        records[run_id] = replace(records[run_id], folder=folder)
        examples(list("0123"), en=[100.0, 0, 0, 0], de=[100.0, 100, 100 * seed, 0]).to_parquet(
            folder / "examples.parquet"
        )
    found = agreement.collect(cells, records, in_order=True)
    assert found["kappa"].tolist() == pytest.approx([0.5, 0.2])  # observed 0.75 and 0.5, expected 0.5 and 0.375
    means = agreement.intervals(found).iloc[0]
    assert means["kappa"] == pytest.approx(0.35) and means["seeds"] == 2 and means["right"] == 62.5
    assert means["mean"] == pytest.approx(1)  # the one example that is right in English is right in both seeds
    records[cells["run_id"].iloc[0]] = run_record(state=State.FAILED)
    assert agreement.collect(cells, records, in_order=True)["seed"].tolist() == [1]
    assert agreement.collect(cells, {}, in_order=True).empty


def chosen(**changes):
    """Scores of two targets where the oracle's are 3 points above the last checkpoint's, the English choice 1 below."""
    cells, scores, _, languages = grid(
        encoders=("bert",), seeds=(0, 1), targets=("udpos", "tatoeba"), intermediates=("none",),
        languages=["en", "de", "hi"], **changes,
    )  # fmt: skip
    parts = [scores]
    for rule, shift in (("english_dev@400", -1.0), ("oracle", 3.0), ("last", 0.0)):
        rows = scores[scores["target"] == "udpos"]
        parts.append(rows.assign(selection=rule, headline=False, value=rows["value"] + shift))
    return cells, pd.concat(parts, ignore_index=True), languages


def test_rules_stand_beside_the_headline_and_the_oracle_is_not_zero_shot():
    cells, scores, languages = chosen()
    table = checkpoints.choices(cells, scores, languages)
    assert set(table["rule"]) == {"last", "english_dev", "oracle"} and set(table["target"]) == {"udpos"}
    assert not table.loc[table["rule"] == "oracle", "zero_shot"].any()
    assert table.loc[(table["rule"] == "last") & (table["language"] != "en"), "zero_shot"].all()
    assert len(table) == 3 * 2 * 3  # rules × seeds × languages: `last` was there twice and counts once


def test_differences_between_rules_by_hand():
    cells, scores, languages = chosen()
    table = checkpoints.differences(checkpoints.choices(cells, scores, languages), "last")
    found = checkpoints.intervals(table, "difference").set_index(["rule", "language"])
    assert found.loc[("oracle", "mean"), "mean"] == pytest.approx(3)
    assert found.loc[("english_dev", "hi"), "mean"] == pytest.approx(-1)
    assert ("oracle", "en") not in found.index


def test_one_rule_is_no_choice():
    cells, scores, _, languages = grid(encoders=("bert",))
    assert checkpoints.choices(cells, scores, languages).empty
    assert checkpoints.choices(cells, scores.drop(columns="selection"), languages).empty
    assert checkpoints.choices(cells, scores.iloc[:0], languages).empty


def test_a_run_that_recorded_no_other_rule_has_no_difference():
    cells, scores, languages = chosen()
    first = cells["run_id"].iloc[0]
    scores = scores[(scores["run_id"] != first) | scores["headline"]]
    table = checkpoints.differences(checkpoints.choices(cells, scores, languages), "last")
    assert set(table["seed"]) == {1}
    assert tables.main_scores(cells, scores, languages)["score"].notna().all()  # the headline is untouched
