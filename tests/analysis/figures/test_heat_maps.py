"""Heat maps show the table's values where there is room, group languages, and stay readable at 205 of them."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from tests.analysis.figures.texts import legend, misplaced
from tests.synthetic import LANGUAGES, grid
from xtl.analysis.figures import heat_maps
from xtl.analysis.figures.heat_maps import ALONE, Line
from xtl.analysis.scores import gains, tables

ENCODERS = ["bert", "roberta", "xlnet"]
TARGETS = ["xnli", "pawsx", "udpos", "panx", "xquad", "mlqa", "tydiqa", "bucc", "tatoeba"]


def texts(picture) -> list[str]:
    """What stands in and around the cells."""
    return [text.get_text() for text in picture.figure.axes[0].texts]


def layers(picture):
    """The cells, the striped, the hatched and the boxed ones, as they are drawn."""
    return picture.figure.axes[0].collections


@pytest.fixture(scope="module")
def xlnet():
    """Gains by language of XLNet, whose XNLI after MNLI failed; Tatoeba has no English."""
    cells, scores, _, languages = grid(
        encoders=["xlnet"], seeds=(0,), targets=("xnli", "tatoeba"), languages=LANGUAGES[:4],
        drop=[("xlnet", "mnli", "xnli", 0)],
    )  # fmt: skip
    gained = gains.gains(tables.main_scores(cells, scores, languages))
    return gains.described(gained).rename(columns={"mean": "gain"})


@pytest.fixture(scope="module")
def world() -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Gains of three encoders on nine targets in 205 languages, what is known of these, and their order."""
    rng = np.random.default_rng(0)
    sizes = [48, 70, 43, *[4] * 8, *[1] * 12]
    families = [f"Family {i}" for i, size in enumerate(sizes) for _ in range(size)]
    scripts = rng.choice(["Latin", "Cyrillic", "Devanagari"], len(families), p=[0.8, 0.1, 0.1])
    codes = [f"l{i:03d}" for i in range(len(families))]
    names = [f"Language {i}" for i in range(len(families))]
    facts = pd.DataFrame({"code": codes, "name": names, "family": families, "script": scripts}).set_index("code")
    places = [(code, target, encoder) for code in codes for target in TARGETS for encoder in ENCODERS]
    gain = pd.DataFrame(places, columns=["language", "target", "encoder"])
    gain["gain"] = rng.normal(1, 2, len(gain))
    gain.loc[::50, "gain"] = np.nan
    return gain.assign(same_data=gain["target"] == "xnli", mixed=gain["gain"].abs() < 0.5), facts, codes[::-1]


def test_a_map_shows_its_values_and_their_colours(xlnet):
    picture = heat_maps.gain_map(xlnet, "language", "target", "xlnet", 3, LANGUAGES[:4])
    values = xlnet["gain"].dropna()
    assert sorted(float(text.replace("−", "-")) for text in texts(picture) if text[-1].isdigit()) == pytest.approx(
        sorted(values.round(1)), abs=0.051
    )
    colours = layers(picture)[0].get_facecolors()
    shades = {heat_maps.RISE: 1, heat_maps.FALL: -1}
    signed = [shades[to_hex(colour[:3])] * colour[3] for colour in colours if to_hex(colour[:3]) in shades]
    assert sorted(signed) == pytest.approx(sorted(heat_maps.STRONGEST * (values / 3).clip(-1, 1)), abs=0.001)
    assert legend(picture)[:2] == ["−3.0 points", "+3.0 points"]


def test_a_map_hatches_same_data_and_tells_missing_from_not_asked(xlnet):
    picture = heat_maps.gain_map(xlnet, "language", "target", "xlnet", 3, LANGUAGES[:4])
    cells, _, hatched, _ = layers(picture)
    assert len(hatched.get_paths()) == 4 and hatched.get_hatch()  # every language of xnli after mnli
    assert texts(picture).count("–") == 4 and len(cells.get_paths()) == 7  # tatoeba has no English: blank, not a dash
    assert "4 cells missing" in picture.alt and "4 trained on the same data twice" in picture.alt
    assert legend(picture)[2:] == ["trained on the same data twice", "missing"]
    assert misplaced(picture) == []


def test_a_map_is_striped_where_seeds_disagree_in_sign():
    gain = pd.DataFrame({
        "target": ["udpos", "xnli", "udpos"], "intermediate": ["mnli", "mnli", "squad2"], "gain": [5.0, 5.0, -5.0],
        "same_data": [False, True, False], "mixed": [False, False, True],
    })  # fmt: skip
    picture = heat_maps.gain_map(gain, "target", "intermediate", "bert", 5, ["udpos", "xnli"])
    _, striped, _, boxed = layers(picture)
    [place] = [path.get_extents() for path in striped.get_paths()]
    assert place.y0 == 0.5 and place.x0 > 40  # udpos after squad2
    assert striped.get_hatch() and not boxed.get_paths()
    assert "0 cells missing; 1 in which seeds disagree in sign; 1 trained on the same data twice" in picture.alt
    assert legend(picture)[2:] == ["striped: seeds disagree in sign", "trained on the same data twice"]
    assert misplaced(picture) == []


def test_few_columns_hold_all_encoders_and_their_numbers(world):
    gain, facts, order = world
    few = gain[gain["target"].isin(["udpos", "panx"]) & gain["language"].isin(order[:13])]
    [picture] = heat_maps.language_maps(few, heat_maps.by_family(order, facts), ENCODERS, "Gain of mnli", 6)
    shown = texts(picture)
    assert shown.count("bert") == 2 and "udpos" in shown
    assert sum(text[-1].isdigit() and "." in text for text in shown) == few["gain"].notna().sum()
    assert picture.alt.startswith("Heat map, Gain of mnli: gain over none in points for 13 languages (")
    assert misplaced(picture) == []


def test_two_hundred_languages_come_in_readable_blocks(world):
    gain, facts, order = world
    lines = heat_maps.by_family(order, facts)
    pictures = heat_maps.language_maps(gain, lines, ENCODERS, "Gain of mnli", 6)
    assert len(pictures) == 3 * 4  # nine targets leave no room for all encoders in one map
    assert "Gain of mnli · roberta (2 of 4): gain over none in points for 51 languages (" in pictures[5].alt
    labels = [text for picture in pictures[:4] for text in texts(picture)]
    assert all(any(label.startswith(f"l{i:03d} Lang") for label in labels) for i in range(205))
    for picture in pictures[:4]:
        width, height = picture.figure.get_size_inches() * 72
        assert width == 360 and height < 1000
        assert misplaced(picture) == []
        assert min(text.get_fontsize() for text in picture.figure.axes[0].texts) >= 10
        assert len(picture.svg()) < 150_000


def test_languages_stand_by_family_and_script_from_near_to_far():
    facts = pd.DataFrame({
        "code": ["a", "b", "c", "d", "e", "f"], "name": ["A", "B", "C", "D", "E", "F"],
        "family": ["X", "Y", "X", "Z", "X", "Y"], "script": ["Latin", "Latin", "Greek", "Thai", "Latin", "Latin"],
    }).set_index("code")  # fmt: skip
    lines = heat_maps.by_family(["b", "d", "c", "e", "a", "f", "new"], facts)
    assert lines == [
        Line("b", "b B", "Y"), Line("f", "f F", "Y"), Line("e", "e E", "X"), Line("a", "a A", "X"),
        Line("c", "c C, Greek", "X"), Line("d", "d D", ALONE), Line("new", "new", ALONE),
    ]  # fmt: skip


def test_a_matrix_of_sources_boxes_the_own_language():
    table = pd.DataFrame(
        [(code, source, source, 50.0 + i) for i, code in enumerate(["en", "de", "sw"]) for source in ("en", "de")],
        columns=["language", "label", "source", "mean"],
    )
    table.loc[5, "mean"] = np.nan
    picture = heat_maps.source_matrix(table, ["sw", "de", "en"], "xquad · bert", (50, 52))
    assert len(layers(picture)[3].get_paths()) == 2
    assert [text for text in texts(picture) if text in ("50.0", "51.0", "52.0", "–")] == [
        "52.0",
        "–",
        "51.0",
        "51.0",
        "50.0",
        "50.0",
    ]
    assert "score in points for 3 target languages and 2 sources" in picture.alt
    assert picture.alt.endswith("mean over languages by source: en 51.0, de 50.5.")
    assert legend(picture) == ["50.0 points", "52.0 points", "the source's own language", "missing"]
    assert misplaced(picture) == []
