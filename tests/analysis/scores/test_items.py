"""Items of runs summed up by hand, and intervals of gains for new items from the examples that runs leave."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.synthetic import run_record
from xtl.analysis.scores import items
from xtl.analysis.scores.items import RunItems
from xtl.analysis.statistics import crossed

PARALLEL = pd.DataFrame({
    "language": ["en", "en", "en", "de", "de", "de"], "example_id": ["b", "a", "c", "a", "b", "c"],
    "score": [100.0, 0, 50, 0, 60, 0], "target": "xnli",
})  # fmt: skip


def test_an_example_in_two_languages_is_one_item():
    found = items.summed(PARALLEL)
    assert found.mean == 35  # of 50 in English and 20 in German
    assert found.names.tolist() == ["a", "b", "c"]
    # less the language's mean, over three examples and two languages: (−50 − 20) / 6, (50 + 40) / 6, (0 − 20) / 6
    assert found.shares.tolist() == pytest.approx([-70 / 6, 90 / 6, -20 / 6])


def test_languages_of_unequal_size_count_alike():
    found = items.summed(PARALLEL.iloc[[0, 1, 3]])
    assert found.mean == 25  # 50 in English, 0 in German
    assert found.shares.tolist() == pytest.approx([-50 / 4 + 0, 50 / 4])


def test_questions_on_one_passage_are_one_item_in_every_language():
    # German has the passages in another order; English, which is first, says which question is on which
    found = items.summed(PARALLEL.assign(passage=[0, 0, 1, 1, 1, 0]))
    assert len(found.names) == 2
    assert found.shares.tolist() == pytest.approx([20 / 6, -20 / 6])


def test_a_run_is_read_target_by_target(tmp_path):
    both = pd.concat([PARALLEL, PARALLEL.assign(target="pawsx", score=PARALLEL["score"] / 2)])
    both.to_parquet(tmp_path / "examples.parquet")
    found = items.read(run_record(folder=tmp_path))
    assert {target: found[target].mean for target in found} == {"xnli": 35, "pawsx": 17.5}
    assert found["pawsx"].shares.tolist() == pytest.approx([-35 / 6, 45 / 6, -10 / 6])


@pytest.mark.parametrize("content", [None, b"", b"PAR1 nonsense"])
def test_a_run_without_readable_examples_has_no_items(tmp_path, content):
    if content is not None:
        (tmp_path / "examples.parquet").write_bytes(content)
    assert items.read(run_record(folder=tmp_path)) == {}


def tasks(scores: dict) -> pd.DataFrame:
    """Rows as tables.task_scores from {(intermediate, target): [one score per seed]} of one encoder."""
    rows = [(*place, seed, score) for place, values in scores.items() for seed, score in enumerate(values)]
    table = pd.DataFrame(rows, columns=["intermediate", "target", "seed", "score"])
    table["run_id"] = table["intermediate"] + table["target"] + table["seed"].astype(str)
    same = (table["intermediate"] == "mnli") & (table["target"] == "xnli")
    return table.assign(encoder="bert", architecture="", source="en", provenance="native", same_data=same)


NAMES = np.array(["a", "b", "c"])
SCORES = {(name, target): [50.0, 50.0] for name in ("none", "mnli") for target in ("udpos", "pawsx", "xnli")}


def runs(gain: np.ndarray) -> dict:
    """Run id -> target -> items: 50 before, and after MNLI what `gain` (seeds, items) adds."""
    found = {}
    for _, target in SCORES:
        for seed, row in enumerate(gain):
            found[f"none{target}{seed}"] = {target: RunItems(50.0, NAMES, np.zeros(3))}
            found[f"mnli{target}{seed}"] = {target: RunItems(50.0 + row.mean(), NAMES, (row - row.mean()) / 3)}
    return found


GAIN = np.array([[1.0, 2, 3], [3, 2, 7]])  # items bring a variance of 4 / 6 to the mean, see test_crossed


def test_gains_have_the_interval_of_seeds_and_that_of_seeds_and_items():
    by_target, means = items.intervals(tasks(SCORES), runs(GAIN))
    row = by_target.set_index("target").loc["udpos"]
    assert (row["mean"], row["items"], row["exact"]) == (3, 3, False)  # the scores do not move, the examples do
    error = 1.0  # gains of 2 and 4 points: sd √2 over √2 seeds
    assert row["high"] == pytest.approx(3 + stats.t.ppf(0.975, 1) * error)
    assert row["crossed_high"] == pytest.approx(row["high"])  # one degree of freedom becomes 1.8: never the narrower
    [mean] = means.itertuples()
    assert mean.items == 6  # udpos and pawsx; xnli trains on the same data twice
    assert mean.crossed_low <= mean.low < mean.mean == 3


def test_means_over_examples_that_are_the_score_are_exact():
    scores = SCORES | {("mnli", target): [52.0, 54.0] for target in ("udpos", "pawsx", "xnli")}
    by_target, _ = items.intervals(tasks(scores), runs(GAIN))
    assert by_target["exact"].all() and by_target["mean"].tolist() == [3, 3, 3]


@pytest.mark.parametrize("without", ["examples", "items", "score", "seeds"])
def test_what_lacks_leaves_no_crossed_interval(without):
    found = runs(GAIN)
    scores = dict(SCORES)
    if without == "examples":
        del found["mnliudpos1"]
    elif without == "items":  # a seed was tested on others
        found["mnliudpos1"] = {"udpos": found["mnliudpos1"]["udpos"]._replace(names=np.array(["a", "b", "d"]))}
    elif without == "score":  # a language failed
        scores["mnli", "udpos"] = [50.0, np.nan]
    else:
        scores = {place: values[:1] for place, values in SCORES.items()}
    by_target, means = items.intervals(tasks(scores), found)
    lacking = by_target.set_index("target")["crossed_low"].isna()
    assert lacking["udpos"] and means["crossed_low"].isna().all()
    assert lacking["pawsx"] == (without == "seeds")


def test_no_run_at_all_is_no_interval():
    by_target, means = items.intervals(tasks(SCORES), {})
    assert by_target["crossed_low"].isna().all() and means["crossed_low"].isna().all()
    only_baselines = items.intervals(tasks({("none", "udpos"): [1.0, 2.0]}), {})
    assert only_baselines[0].empty and only_baselines[1].empty


def holds_zero(tables: int, seeds: int, with_passages: bool) -> float:
    """How often the crossed interval holds a gain of zero on new passages: 40 of 1 to 9 questions, in two languages.

    A seed changes a gain by 1 point (sd), a passage by 15, a question by 10, a language and a seed one of its by 40.
    """
    rng = np.random.default_rng(seeds)
    held = []
    for _ in range(tables):
        passage = np.repeat(np.arange(40), rng.integers(1, 10, 40))
        effect = 15 * rng.normal(size=40)[passage] + 10 * rng.normal(size=len(passage))
        names = pd.Categorical([str(i) for i in range(len(passage))] * 2)
        table = pd.DataFrame({"language": np.repeat(["en", "de"], len(passage)), "example_id": names})
        if with_passages:
            table["passage"] = np.tile(passage, 2)
        summed = []
        for _ in range(seeds):
            gain = rng.normal() + np.tile(effect, 2) + 40 * rng.normal(size=len(table))
            summed.append(items.summed(table.assign(score=gain)))
        means = np.array([run.mean for run in summed])
        found = crossed.items(np.stack([run.shares for run in summed]))
        low, high = crossed.interval(means.mean(), means.std(ddof=1) / np.sqrt(seeds), seeds - 1, found)
        held.append(low <= 0 <= high)
    return float(np.mean(held))


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5])
def test_passages_of_unequal_size_are_covered_and_questions_alone_are_not(seeds):
    """400 tables: a standard error of 1.1 % at 95 %, and of 2.3 % at 70 %."""
    assert holds_zero(400, seeds, with_passages=True) == pytest.approx(0.95, abs=0.035)
    assert holds_zero(400, seeds, with_passages=False) < 0.87
