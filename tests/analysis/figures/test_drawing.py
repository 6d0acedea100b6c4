"""Panels, palette and text; pictures as inline SVG in the colours of the page."""

import re
from itertools import combinations

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from tests.analysis.figures.texts import misplaced
from xtl.analysis.figures import drawing
from xtl.analysis.figures.drawing import Look, Picture

DARK = "#15181c"  # of the page in dark mode
# What people without red or green cones see: Machado et al. 2009, on linear RGB.
DICHROMATS = (
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
)


def dot(x: float = 1.0) -> Picture:
    """A panel with a title, a legend and one mark."""
    figure, axes = drawing.panel(40, 20, title="Dot, p = 0.0012", label="x", keys=[Look("#0072b2", "o").key("a key")])
    axes.plot([x], [1], "o", color="#0072b2")
    return Picture(figure, f'A dot at {x} & "no more".', "Few words.")


def linear(colour: str) -> np.ndarray:
    values = np.array(to_rgb(colour))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(first: str, second: str) -> float:
    """Contrast of two colours as WCAG defines it."""
    dark, light = sorted(linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (first, second))
    return (light + 0.05) / (dark + 0.05)


def lab(values: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear RGB."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(np.clip(to_xyz @ values, 0.001, 1) / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_drawing_changes_no_global_setting():
    before = dict(matplotlib.rcParams)
    dot().svg()
    assert dict(matplotlib.rcParams) == before


def test_inline_pictures_are_the_same_every_time_and_described():
    assert dot().svg() == dot().svg()
    assert dot().svg().startswith("<svg ")
    assert 'role="img" aria-label="A dot at 1.0 &amp; &#34;no more&#34;."' in dot().svg()


def test_inline_pictures_have_real_text_in_the_font_of_the_page_and_follow_its_width():
    markup = dot().svg()
    assert ">a key</text>" in markup and ">Dot, p = 0.0012</text>" in markup and "DejaVu" not in markup
    assert 'viewBox="0 0 360 ' in markup and "width: 100%; max-width: 360px; height: auto" in markup


def test_inline_pictures_take_the_colours_of_the_page_and_style_nothing_else():
    markup = dot().svg()
    assert "fill: var(--text, #1d2126)" in markup and "stroke: var(--line, #dde1e6)" in markup
    assert "<style" not in markup
    for colour in drawing.VARIABLES:
        assert f": {colour}" not in markup


def test_ids_of_two_pictures_differ_and_lead_somewhere():
    ids = [set(re.findall(r' id="([^"]+)"', dot(x).svg())) for x in (1.0, 2.0)]
    assert ids[0] and not ids[0] & ids[1]
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', dot().svg()))
    assert used and used <= ids[0]


def test_a_picture_shows_itself_with_a_short_caption():
    assert dot()._repr_html_().endswith("<figcaption>Few words.</figcaption></figure>")
    with pytest.raises(ValueError, match="at most 60 words, not 61"):
        Picture(dot().figure, "alt", "word " * 61)


@pytest.mark.parametrize("colour", [*drawing.SERIES, drawing.SOFT])
def test_colours_stand_out_from_a_light_and_a_dark_page(colour):
    assert contrast(colour, drawing.PAGE) >= 3
    if colour != drawing.SOFT:  # which the dark page makes lighter
        assert contrast(colour, DARK) >= 3


def test_colours_of_series_differ_for_any_colour_vision():
    for view in (np.eye(3), *map(np.array, DICHROMATS)):
        for first, second in combinations(drawing.SERIES, 2):
            assert np.linalg.norm(lab(view @ linear(first)) - lab(view @ linear(second))) > 19, (first, second)


def test_names_have_a_colour_and_a_marker_each():
    looks = drawing.looks([f"e{i}" for i in range(9)])
    assert len({(look.colour, look.marker) for look in looks.values()}) == 9
    assert looks["e0"].colour == looks["e8"].colour  # there are eight, so the marker tells these apart
    assert drawing.palette(["a", "b"]) == {"a": drawing.SERIES[0], "b": drawing.SERIES[1]}


def test_units_and_ranges_of_axes():
    assert drawing.unit("udpos") == "F1 (points)" and drawing.unit("tatoeba") == "accuracy (points)"
    assert drawing.limits(pd.Series([np.nan])) == (0.0, 1.0)
    assert drawing.limits(pd.Series([10.0, 20.0]), 0.1) == (9.0, 21.0)


def test_long_words_stay_inside():
    keys = [Look("#0072b2", "o").key(f"an encoder with a long name {i}") for i in range(5)]
    long = "so long a sentence that no phone could show it in a single line at a size that anybody can read"
    figure, axes = drawing.panel(40, 20, title=long, note=long, keys=keys, value="y", label=long)
    axes.set_yticks([])
    assert misplaced(Picture(figure, "alt")) == []
    assert len(figure.legends) == 5  # a row each
    assert drawing.fitted("abc", 100) == "abc"
    assert drawing.text_width(drawing.fitted(long, 100)) <= 100 and drawing.fitted(long, 100).endswith("…")
