"""Normalisation of answers: SQuAD's and MLQA's rules on hand-made texts."""

import pytest

from xtl.base.errors import UserError
from xtl.tasks.formats import metrics
from xtl.tasks.formats.answers import mlqa_tokens, squad_tokens


def test_squad_knows_ascii_punctuation_and_english_articles_only():
    assert squad_tokens("The  Cat's, a 'hat'!") == ["cats", "hat"]
    assert squad_tokens("¿Dónde?") == ["¿dónde"]


@pytest.mark.parametrize(
    "language, text, expected",
    [
        ("en", "The “red” fox’s den.", "red foxs den"),
        ("es", "¿Dónde están los perros?", "dónde están perros"),
        ("de", "Das Haus eines Mannes", "haus mannes"),
        ("vi", "những chiếc xe của tôi", "xe tôi"),
        ("ar", "البيت الكبير والكتاب", "بيت كبير و كتاب"),  # every ال goes, also inside a word
        ("hi", "यह। घर", "यह घर"),
        ("zh", "约1990年，在北京Beijing市", "约 1990 年 在 北 京 beijing 市"),
    ],
)
def test_mlqa_by_language(language, text, expected):
    assert mlqa_tokens(language)(text) == expected.split()


def test_the_laboratory_s_languages_have_no_articles():
    assert mlqa_tokens("qaa")("the Mi-ko, ne") == ["the", "miko", "ne"]


def test_mlqa_refuses_other_languages():
    with pytest.raises(UserError, match="no rules for the language 'fr'"):
        mlqa_tokens("fr")


def test_rules_change_the_score():
    # as one English token 北京市 and 北京 share nothing; by characters they share two of three and two
    values, _ = metrics.squad([["北京市"]], ["北京"], mlqa_tokens("zh"))
    assert values == pytest.approx({"exact_match": 0.0, "f1": 80.0})
    assert metrics.squad([["北京市"]], ["北京"])[0]["f1"] == 0.0
