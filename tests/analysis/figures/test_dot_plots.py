"""Dot plots show the table's values, say what is missing, and no word covers another."""

import numpy as np
import pandas as pd
import pytest

from tests.analysis.figures.texts import legend, misplaced, rows
from tests.synthetic import LANGUAGES, grid
from xtl.analysis.figures import dot_plots
from xtl.analysis.scores import aggregates, gains, tables

ENCODERS = ["bert", "xlnet"]


def of_grid(**asked) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Intervals of the gains by target, of their means over targets, and task scores of a grid of two encoders."""
    cells, scores, _, languages = grid(encoders=ENCODERS, **asked)
    tasks = tables.task_scores(tables.main_scores(cells, scores, languages))
    task_gains = gains.gains(tasks)
    return gains.intervals(task_gains, "gain"), gains.intervals(gains.pooled_gains(task_gains), "gain"), tasks


@pytest.fixture(scope="module")
def partial():
    """One seed, four languages; XLNet's XNLI after MNLI failed."""
    return of_grid(
        seeds=(0,), targets=("xnli", "tatoeba"), languages=LANGUAGES[:4], drop=[("xlnet", "mnli", "xnli", 0)]
    )


def marks(picture) -> dict[str, list[float]]:
    """Colour -> where its marks stand on the axis, from left to right."""
    drawn: dict[str, list[float]] = {}
    for line in picture.figure.axes[0].lines:
        if line.get_linestyle() == "None" and line.get_marker() not in "<>":
            drawn.setdefault(line.get_color(), []).extend(float(x) for x in line.get_xdata())
    return {colour: sorted(values) for colour, values in drawn.items()}


def test_gains_by_target_show_the_values_of_the_table():
    gain, pooled, _ = of_grid(targets=("udpos", "xquad", "xnli"), languages=LANGUAGES[:4])
    [picture] = dot_plots.gains_by_target(gain, pooled, ENCODERS)
    assert rows(picture) == ["mean over targets", "udpos", "xquad", "xnli"]
    for encoder, look in zip(ENCODERS, ("#0072b2", "#d55e00"), strict=True):
        means = [*gain.loc[gain["encoder"] == encoder, "mean"], *pooled.loc[pooled["encoder"] == encoder, "mean"]]
        assert marks(picture)[look] == pytest.approx(sorted(means))
    bars = [line for line in picture.figure.axes[0].lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 2]
    ends = np.concatenate([np.asarray(line.get_xdata(), float) for line in bars])
    assert np.nanmin(ends) == pytest.approx(min(gain["low"].min(), pooled["low"].min()))
    assert np.nanmax(ends) == pytest.approx(max(gain["high"].max(), pooled["high"].max()))
    first = gain.iloc[0]
    assert f"udpos, bert +{first['mean']:.1f} (+{first['low']:.1f} to +{first['high']:.1f})" in picture.alt


def test_gains_by_target_mark_same_data_and_say_what_is_missing(partial):
    [picture] = dot_plots.gains_by_target(*partial[:2], ENCODERS)
    axes = picture.figure.axes[0]
    assert "gain over none in points" in [text.get_text()[:24] for text in picture.figure.texts]
    assert "xnli, xlnet missing" in picture.alt
    assert [text.get_text() for text in axes.texts if text.get_text()] == ["missing"]
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "#ffffff" and len(line.get_xdata())]
    assert len(hollow) == 1  # bert's xnli; xlnet's is missing
    assert legend(picture) == ["bert", "xlnet", "same data"]
    assert misplaced(picture) == []


def test_every_seed_of_a_gain_is_a_tick_below_its_interval():
    cells, scores, _, languages = grid(encoders=ENCODERS, seeds=range(10), languages=LANGUAGES[:3])
    task_gains = gains.gains(tables.task_scores(tables.main_scores(cells, scores, languages)))
    pooled = gains.pooled_gains(task_gains)
    both = gains.intervals(task_gains, "gain"), gains.intervals(pooled, "gain")
    [picture] = dot_plots.gains_by_target(*both, ENCODERS, by_seed=task_gains)
    axes = picture.figure.axes[0]
    ticks = {line.get_color(): line for line in axes.lines if line.get_marker() == "|" and len(line.get_xdata())}
    assert [len(line.get_xdata()) for line in ticks.values()] == [40, 40]  # ten seeds of three targets and their mean
    bert = task_gains[task_gains["encoder"] == "bert"]["gain"].tolist()
    bert += pooled[pooled["encoder"] == "bert"]["gain"].tolist()
    assert sorted(ticks["#0072b2"].get_xdata()) == pytest.approx(sorted(bert))
    low, high = axes.get_xlim()
    assert low < min(bert) and max(bert) < high
    marks_of_bert = [line for line in axes.lines if line.get_marker() == "o" and line.get_color() == "#0072b2"]
    assert set(ticks["#0072b2"].get_ydata()) == {y + dot_plots.TICK for y in marks_of_bert[0].get_ydata()}
    assert legend(picture) == ["bert", "xlnet", "one seed"] and "with every seed as a tick: mean over" in picture.alt
    assert misplaced(picture) == []


def test_gains_of_the_same_data_alone_have_a_figure_without_a_mean():
    gain, pooled, _ = of_grid(targets=("xnli",), languages=LANGUAGES[:3])
    assert pooled.empty
    [picture] = dot_plots.gains_by_target(gain, pooled, ENCODERS)
    assert rows(picture) == ["xnli"] and legend(picture) == ["bert", "xlnet", "same data"]


def test_the_first_screen_shows_few_intermediates_on_one_scale_and_says_so():
    names = ("none", "mnli", "qqp", "ccg", "csqa")
    gain, pooled, _ = of_grid(intermediates=names, targets=("udpos", "xquad"), languages=LANGUAGES[:3], seeds=(0, 1))
    every = dot_plots.gains_by_target(gain, pooled, ENCODERS)
    few = dot_plots.gains_by_target(gain, pooled, ENCODERS, most=2)
    assert len(every) == 4 and every[0].caption == ""
    assert len(few) == 2 and few[0].caption.startswith("The 2 of 4 intermediate tasks with the largest mean gain")
    best = pooled.groupby("intermediate")["mean"].max().nlargest(2).index
    assert all(any(f"gain of {name} over" in picture.alt for picture in few) for name in best)
    assert len({picture.figure.axes[0].get_xlim() for picture in every}) == 1


def test_the_figure_of_the_first_screen_is_low_enough():
    cells, scores, _, languages = grid()  # three encoders, three targets, one intermediate, as in the laboratory
    task_gains = gains.gains(tables.task_scores(tables.main_scores(cells, scores, languages)))
    pooled = gains.intervals(gains.pooled_gains(task_gains), "gain")
    encoders = ["bert", "roberta", "xlnet"]
    by_target = gains.intervals(task_gains, "gain")
    [picture] = dot_plots.gains_by_target(by_target, pooled, encoders, most=3, by_seed=task_gains)
    width, height = picture.figure.get_size_inches() * 72
    assert width == 360 and height < 340
    assert misplaced(picture) == []


def test_mean_gains_and_improvements_have_a_row_for_each_intermediate():
    _, pooled, tasks = of_grid(
        targets=("udpos", "xquad"), languages=LANGUAGES[:3], intermediates=("none", "mnli", "qqp"),
        drop=[("xlnet", "qqp", "udpos", seed) for seed in (0, 1, 2)],
    )  # fmt: skip
    mean = dot_plots.encoder_gains(pooled, ENCODERS)
    assert rows(mean) == ["mnli", "qqp"]
    assert "qqp, xlnet missing" in mean.alt and "mnli, bert +" in mean.alt
    table = aggregates.table(tasks)
    better = dot_plots.improvement_dots(table[table["intermediate"] != "none"], ENCODERS)
    assert "mnli, bert 100.0;" in better.alt and "qqp, xlnet missing" in better.alt
    low, high = better.figure.axes[0].get_xlim()
    assert low < 0 and high > 100
    assert misplaced(mean) == misplaced(better) == []


def test_differences_of_encoders_are_rows():
    table = pd.DataFrame({
        "intermediate": "mnli", "first": ["a", "a"], "second": ["b", "c"], "difference": [2.0, 0.1],
        "low": [1.0, -0.5], "high": [3.0, 0.7],
    })  # fmt: skip
    picture = dot_plots.encoder_differences(table)
    assert rows(picture) == ["a − b", "a − c"]
    assert "a − b +2.0 (+1.0 to +3.0); a − c +0.1 (−0.5 to +0.7)" in picture.alt
    several = dot_plots.encoder_differences(pd.concat([table, table.assign(intermediate="qqp")]))
    assert [text.get_text() for text in several.figure.axes[0].texts] == ["mnli", "qqp"]
    assert misplaced(picture) == misplaced(several) == []


def test_groups_stand_in_their_order():
    table = pd.DataFrame({
        "family": ["B", "A", "A", "B"], "encoder": ["bert", "bert", "xlnet", "xlnet"], "mean": [2.0, 1.0, 3.0, np.nan],
        "low": [1.0, 0.5, 2.0, np.nan], "high": [3.0, 1.5, 4.0, np.nan],
    })  # fmt: skip
    picture = dot_plots.group_dots(table, "family", ["A", "B"], ENCODERS, "xnli", "gap (points)", (0, 5))
    assert rows(picture) == ["A", "B"]
    assert picture.alt == "Dot plot, xnli: gap (points) by family, mean of 2 encoders: A 2.0, B 2.0."
    assert picture.figure.axes[0].get_xlim() == (0, 5)
    assert misplaced(picture) == []


def test_scores_by_language_draw_on_a_partial_grid():
    drop = [("xlnet", "mnli", "xnli", 0)]
    cells, scores, _, languages = grid(
        encoders=ENCODERS, seeds=(0,), targets=("xnli",), languages=LANGUAGES[:4], drop=drop
    )
    main = tables.main_scores(cells, scores, languages)
    table = gains.intervals(main, "score")
    order = LANGUAGES[3::-1]
    of_bert, of_xlnet = (
        dot_plots.arm_scores(part, "language", ENCODERS, order, f"xnli · {name}", "accuracy (points)", (0, 100))
        for name, part in table.groupby("encoder", sort=False)
    )
    own = main.query("encoder == 'bert' and intermediate == 'none'")["score"]
    assert of_bert.alt.startswith("Dot plot, xnli · bert: accuracy (points) by language: none")
    assert f"none {own.min():.1f} to {own.max():.1f}" in of_bert.alt
    assert rows(of_bert) == order and of_bert.figure.axes[0].get_xlim() == (0, 100)
    assert marks(of_bert)["#0072b2"] == pytest.approx(sorted(table.loc[table["encoder"] == "bert", "mean"]))
    assert "mnli" not in of_xlnet.alt and legend(of_bert) == ["none", "mnli"]
    assert misplaced(of_bert) == misplaced(of_xlnet) == []


def test_two_hundred_languages_have_a_readable_row_each():
    codes = [f"l{i:03d}" for i in range(205)]
    table = pd.DataFrame({"language": codes, "target": "xnli", "encoder": "bert", "mean": np.linspace(90, 20, 205)})
    both = pd.concat([table.assign(intermediate=name, low=np.nan, high=np.nan) for name in ("none", "mnli")])
    picture = dot_plots.arm_scores(both, "language", ENCODERS, codes, "xnli · bert", "accuracy (points)")
    assert rows(picture) == codes
    assert misplaced(picture) == []


def test_the_scores_of_a_run_set_apart_what_was_trained_on():
    scores = pd.DataFrame({
        "target": "udpos", "metric": ["f1", "f1", "accuracy"], "language": ["en", "de", "en"],
        "value": [80.0, 60.0, 90.0], "headline": True, "zero_shot": [False, True, False],
    })  # fmt: skip
    [picture] = dot_plots.run_scores(scores)  # accuracy is no score of the task
    assert picture.alt == "Dot plot of udpos, f1 in points by language: en 80.0; de 60.0."
    assert rows(picture) == ["en", "de"] and legend(picture) == ["not zero-shot"]
    assert misplaced(picture) == []


def test_a_forest_cuts_wide_intervals_with_arrows_and_tells_kinds_apart():
    table = pd.DataFrame(
        [("order", "twins", 1.0, 0.5, 1.5), ("order", "regression", 1.2, -9.0, 9.0), ("case", "twins", np.nan, 0, 0)],
        columns=["row", "kind", "estimate", "low", "high"],
    )
    picture = dot_plots.forest(table, ["twins", "regression"], "xnli", "effect (points)", (-2, 2), "effects")
    assert (
        "order, twins 1.00 (0.50 to 1.50); order, regression 1.20 (−9.00 to 9.00); case, twins missing" in picture.alt
    )
    arrows = [line for line in picture.figure.axes[0].lines if line.get_marker() in "<>" and len(line.get_xdata())]
    assert [(line.get_marker(), list(line.get_xdata())) for line in arrows] == [("<", [-2.0]), (">", [2.0])]
    assert legend(picture) == ["twins", "regression"]
    assert misplaced(picture) == []


def test_forests_share_an_axis_that_cuts_what_is_very_wide():
    table = pd.DataFrame(
        {"kind": ["twins", "regression"], "estimate": [1.0, 2.0], "low": [0.0, -50.0], "high": [3.0, 50.0]}
    )
    low, high = dot_plots.shared_range([table], "twins")
    assert -50 < low < 0 and 3 < high < 50
    assert dot_plots.shared_range([], "twins") == (-0.15, 0.15)
