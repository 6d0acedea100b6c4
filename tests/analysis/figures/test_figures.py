"""Figures draw on whole and partial grids, carry an alt text, and change nothing global."""

import base64
import re

import matplotlib
import numpy as np
import pandas as pd
import pytest

from tests.synthetic import LANGUAGES, grid
from xtl.analysis.figures import drawing, language_figures
from xtl.analysis.figures import gain_figures as figures
from xtl.analysis.scores import aggregates, gains, tables
from xtl.analysis.scores import correlations as similarity

DISTANCE = {"en": pd.Series(np.arange(len(LANGUAGES)) / 12, LANGUAGES)}
ENCODERS = ["bert", "xlnet"]


@pytest.fixture(scope="module")
def partial():
    """Two encoders, one seed, four languages; XLNet's XNLI after MNLI failed."""
    cells, scores, _, languages = grid(
        encoders=ENCODERS, seeds=(0,), targets=("xnli", "tatoeba"), languages=LANGUAGES[:4],
        drop=[("xlnet", "mnli", "xnli", 0)],
    )  # fmt: skip
    main = tables.main_scores(cells, scores, languages)
    return main, gains.gains(main), gains.gains(tables.task_scores(main)), tables.layer_curves(cells, scores)


def test_drawing_changes_no_global_setting(partial):
    before = dict(matplotlib.rcParams)
    figures.gain_dots(gains.intervals(partial[2], "gain"), ENCODERS)
    assert dict(matplotlib.rcParams) == before


def test_dots_mark_same_data_and_say_what_is_missing(partial):
    [picture] = figures.gain_dots(gains.intervals(partial[2], "gain"), ENCODERS)
    axis = picture.figure.axes[0]
    assert axis.get_xlabel() == "gain of mnli over none (points)"
    assert "xlnet xnli mnli missing" in picture.alt
    assert [text.get_text().strip() for text in axis.texts] == ["missing"]
    hollow = [line for line in axis.lines if line.get_markerfacecolor() == "white"]
    assert len(hollow) == 1  # bert's xnli; xlnet's is missing
    assert "same data" in [text.get_text() for text in picture.figure.legends[0].get_texts()]


def test_many_dots_are_several_pictures_on_one_scale(partial, monkeypatch):
    monkeypatch.setattr(figures, "DOTS", 3)  # of six gains, three a target
    both = figures.gain_dots(gains.intervals(partial[2], "gain"), ENCODERS)
    assert [picture.figure.axes[0].get_yticklabels()[0].get_text() for picture in both] == ["xnli", "tatoeba"]
    assert both[0].figure.axes[0].get_xlim() == both[1].figure.axes[0].get_xlim()


def test_map_hatches_same_data_and_tells_missing_from_not_asked(partial):
    table = gains.intervals(partial[1], "gain").rename(columns={"mean": "gain"})
    table = table[table["encoder"] == "xlnet"]
    picture = figures.gain_map(table, "language", "target", "xlnet", 3, LANGUAGES[:4])
    axis = picture.figure.axes[0]
    hatched = [patch for patch in axis.patches if patch.get_hatch()]
    assert len(hatched) == 4  # every language of xnli after mnli
    texts = [text.get_text() for text in axis.texts]
    assert texts.count("–") == 4 and len(texts) == 7  # tatoeba has no English: blank, not a dash
    assert "4 cells missing" in picture.alt and "4 trained on the same data twice" in picture.alt
    legend = [text.get_text() for text in picture.figure.legends[0].get_texts()]
    assert legend == ["trained on the same data twice", "missing"]


def test_map_boxes_what_is_significant_and_says_which():
    gain = pd.DataFrame({
        "target": ["udpos", "xnli", "udpos"], "intermediate": ["mnli", "mnli", "squad2"], "gain": [2.0, 5.0, 0.1],
        "p": [0.001, 0.001, 0.8], "same_data": [False, True, False],
    })  # fmt: skip
    picture = figures.gain_map(gains.corrected(gain), "target", "intermediate", "bert", 5, ["udpos", "xnli"])
    axis = picture.figure.axes[0]
    boxed = [patch for patch in axis.patches if not patch.get_fill() and not patch.get_hatch()]
    assert [box.get_xy() for box in boxed] == [(0.04, 0.06)]  # the first cell; same data is no test
    assert "false discovery rate of 5 %: udpos mnli +2.0; 1 trained on the same data twice" in picture.alt
    legend = [text.get_text() for text in picture.figure.legends[0].get_texts()]
    assert legend == ["not zero (false discovery rate 5 %)", "trained on the same data twice"]


def test_mean_gains_and_improvements_have_a_row_for_each_intermediate():
    cells, scores, _, languages = grid(
        encoders=ENCODERS, targets=("udpos", "xquad"), languages=LANGUAGES[:3], intermediates=("none", "mnli", "qqp"),
        drop=[("xlnet", "qqp", "udpos", seed) for seed in (0, 1, 2)],
    )  # fmt: skip
    tasks = tables.task_scores(tables.main_scores(cells, scores, languages))
    mean = figures.encoder_gains(gains.intervals(gains.pooled_gains(gains.gains(tasks)), "gain"), ENCODERS)
    assert [label.get_text() for label in mean.figure.axes[0].get_yticklabels()] == ["mnli", "qqp"]
    assert "xlnet qqp missing" in mean.alt and "bert mnli +" in mean.alt
    table = aggregates.table(tasks)
    better = figures.improvement_dots(table[table["intermediate"] != "none"], ENCODERS)
    assert "bert mnli 100.0;" in better.alt and "xlnet qqp missing" in better.alt
    low, high = better.figure.axes[0].get_xlim()
    assert low < 0 and high > 100


def test_scatter_has_its_correlation_in_the_title():
    cells, scores, _, languages = grid(encoders=("bert",), targets=("xquad",), intermediates=("none",))
    points = similarity.points(tables.main_scores(cells, scores, languages), "score", DISTANCE)
    found = similarity.correlations(points, "score", "distance")
    picture = language_figures.scatter(points, found, "score", "distance", ["bert"])
    axis = picture.figure.axes[0]
    assert axis.get_title() == "xquad · bert" and axis.get_ylabel() == "mean of EM and F1 (points)"
    assert "Spearman r = −" in axis.texts[-1].get_text() and "p < 0.001, n = 12" in picture.alt
    assert {text.get_text() for text in axis.texts} > set(LANGUAGES[1:])


def test_no_point_of_any_encoder_lies_outside_its_axis():
    cells, scores, _, languages = grid(targets=("udpos",), intermediates=("none",))
    scores.loc[scores["encoder"] == "xlnet", "value"] += 40  # far above what the first panel of the row shows
    points = similarity.points(tables.main_scores(cells, scores, languages), "score", DISTANCE)
    found = similarity.correlations(points, "score", "distance")
    picture = language_figures.scatter(points, found, "score", "distance", ENCODERS)
    for axis, encoder in zip(picture.figure.axes, ENCODERS, strict=False):
        low, high = axis.get_ylim()
        assert points[points["encoder"] == encoder]["score"].between(low, high).all()


def test_scatter_of_few_languages_says_that_there_is_no_correlation(partial):
    main = partial[0][partial[0]["intermediate"] == "none"]
    points = similarity.points(main, "score", DISTANCE)
    picture = language_figures.scatter(
        points, similarity.correlations(points, "score", "distance"), "score", "distance", ENCODERS
    )
    assert len(picture.figure.axes) == 4 and "n = 3: no correlation" in picture.alt


def test_language_scores_and_layers_draw_on_a_partial_grid(partial):
    picture = language_figures.language_scores(gains.intervals(partial[0], "score"), ENCODERS, LANGUAGES[:4])
    here = partial[0].query("target == 'xnli' and encoder == 'bert' and intermediate == 'none'")["score"]
    assert len(picture.figure.axes) == 4 and f"xnli bert none {here.min():.1f} to {here.max():.1f}" in picture.alt
    assert [text.get_text() for text in picture.figure.axes[1].texts] == []  # XLNet's XNLI is there without MNLI
    layers = figures.layer_curves(partial[3], ENCODERS)
    assert layers.figure.axes[0].get_ylabel() == "accuracy (points)" and "at layer 2, mean" in layers.alt


def test_pictures_are_embedded_and_the_same_every_time(partial):
    table = gains.intervals(partial[2], "gain")
    first, second = (drawing.svg(figures.gain_dots(table, ENCODERS)[0]) for _ in range(2))
    assert first == second and first.startswith("data:image/svg+xml;base64,")
    assert b"</svg>" in base64.b64decode(first.partition(",")[2])


def test_inline_pictures_have_real_text_page_colours_and_ids_of_their_own(partial):
    table = gains.intervals(partial[2], "gain")
    first, again = (figures.gain_dots(table, ENCODERS)[0] for _ in range(2))
    other = figures.layer_curves(partial[3], ENCODERS)
    markup = first.svg()
    assert markup == again.svg() == first.svg()
    assert markup.startswith("<svg ") and f'role="img" aria-label="{first.alt}"' in markup
    assert ">same data</text>" in markup and "DejaVu" not in markup
    assert "var(--text, #1d2126)" in markup and "<style" not in markup
    ids = [set(re.findall(r' id="([^"]+)"', picture.svg())) for picture in (first, other)]
    assert ids[0] and ids[1] and not ids[0] & ids[1]
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', markup))
    assert {first or second for first, second in used} <= ids[0]


def test_alt_texts_are_escaped_and_captions_are_short():
    picture = drawing.Picture(drawing.canvas(1, 1, (1, 1))[0], 'a "b" < c', "Few words.")
    assert 'aria-label="a &#34;b&#34; &lt; c"' in picture.svg()
    assert picture._repr_html_().endswith("<figcaption>Few words.</figcaption></figure>")
    with pytest.raises(ValueError, match="at most 60 words, not 61"):
        drawing.Picture(picture.figure, "a", "word " * 61)


def test_palette_and_axis_labels():
    assert len(set(drawing.palette(["a", "b", "c"]).values())) == 3
    assert drawing.unit("udpos") == "F1 (points)" and drawing.unit("tatoeba") == "accuracy (points)"
    assert drawing.limits(pd.Series([np.nan])) == (0.0, 1.0)
    assert drawing.limits(pd.Series([10.0, 20.0]), 0.1) == (9.0, 21.0)


def test_a_legend_has_as_many_columns_as_its_names_leave_room_for():
    assert drawing.legend_columns(["bert", "roberta", "xlnet"], 4.4) == (3, 1)
    assert drawing.legend_columns(["a"] * 9, 4.4) == (4, 3)
    assert drawing.legend_columns(["roberta-segments", "b", "c"], 4.4) == (2, 2)  # 0.55 + 16 × 0.075 = 1.75 inches
    assert drawing.legend_columns(["a name that is far too long for it"], 2) == (1, 1)
    assert drawing.legend_columns([], 4.4) == (1, 0)
