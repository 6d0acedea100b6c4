"""The section by language: maps of one intermediate are seen, everything else is folded below them."""

import pytest

from tests.synthetic import MADE, results
from xtl.analysis.questions import answer, gains, languages

OPTIONS = {"encoders": ("bert", "xlnet"), "targets": ("udpos", "tatoeba"), "seeds": (0, 1)}


@pytest.fixture(scope="module")
def several():
    return results(intermediates=("none", "mnli", "qqp"), **OPTIONS)


def test_the_maps_of_the_first_intermediate_are_seen_and_the_others_are_folded(several):
    maps, scores = languages.languages(several).blocks
    assert all("Gain of mnli by language" in picture.alt for picture in maps.pictures)
    assert all("Gain of qqp by language" in picture.alt for picture in maps.more)
    assert len(maps.pictures) == len(maps.more) > 0
    assert maps.text[1] == "The maps of mnli; those of the other intermediate tasks are folded."
    assert scores.pictures == [] and len(scores.more) == 2 * 2  # a panel a target and encoder


def test_languages_stand_below_their_families_and_every_one_is_there(several):
    [picture] = languages.languages(results(languages=MADE[:7], **OPTIONS)).blocks[0].pictures
    labels = [text.get_text() for text in picture.figure.axes[0].texts]
    assert all(any(label.split(" ")[0] == code for label in labels) for code in MADE[:7])
    assert "Talic" in labels and "7 languages (" in picture.alt


def test_one_intermediate_is_a_map_of_targets_and_encoders_several_are_one_an_encoder(several):
    [single] = gains.gains(results(**OPTIONS)).blocks[0].pictures
    assert "2 rows (target) and 2 columns (encoder)" in single.alt
    both = gains.gains(several).blocks[0].pictures
    assert [picture.alt.split(":")[0] for picture in both] == ["Heat map, Gain at bert", "Heat map, Gain at xlnet"]


def test_the_first_screen_has_a_panel_an_intermediate(several):
    pictures = answer.answer(several).figures
    assert [picture.alt[:29] for picture in pictures] == [
        "Dot plot of the gain of mnli ",
        "Dot plot of the gain of qqp o",
    ]
