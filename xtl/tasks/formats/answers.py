"""How the benchmark's question answering tasks turn an answer into the tokens that are compared."""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from collections.abc import Callable
from functools import cache

from xtl.base.errors import UserError

Tokens = Callable[[str], list[str]]

_ASCII = str.maketrans("", "", string.punctuation)
_SQUAD_ARTICLES = re.compile(r"\b(a|an|the)\b")
# MLQA's articles by language (Lewis et al. 2020, arXiv 1910.07475, and its evaluation script); the Arabic pattern
# removes every ال, wherever it stands. A language without articles has no pattern.
_ARTICLES = {
    "en": r"\b(a|an|the)\b",
    "es": r"\b(un|una|unos|unas|el|la|los|las)\b",
    "de": r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "vi": r"\b(của|là|cái|chiếc|những)\b",
    "ar": r"\sال^|ال",
    "hi": None,
    "zh": None,
}
_BY_CHARACTER = ("zh",)  # every Chinese character is a token
_MADE = re.compile("q[a-t][a-z]")  # ISO 639's codes for private use: the laboratory's languages, no article listed


def squad_tokens(text: str) -> list[str]:
    """SQuAD 1.1's normalisation: lower-case, no ASCII punctuation, no a/an/the, split at white space."""
    return _SQUAD_ARTICLES.sub(" ", text.lower().translate(_ASCII)).split()


def mlqa_tokens(language: str) -> Tokens:
    """MLQA's normalisation for a language: lower-case, no punctuation of any script, no articles of the language.

    Tokens are parted at white space; in Chinese each character from U+4E00 to U+9FA5 is a token of its own.
    Raises UserError for a natural language that MLQA does not have.
    """
    if language not in _ARTICLES and not _MADE.fullmatch(language):
        raise UserError(
            f"MLQA's metric has no rules for the language '{language}'; it has them for {', '.join(sorted(_ARTICLES))}."
        )
    pattern = _ARTICLES.get(language)
    articles = re.compile(pattern) if pattern else None

    def tokens(text: str) -> list[str]:
        text = text.lower().translate(_unicode_punctuation())
        if articles:
            text = articles.sub(" ", text)
        if language in _BY_CHARACTER:
            text = re.sub(r"([\u4e00-\u9fa5])", r" \1 ", text)
        return text.split()

    return tokens


@cache
def _unicode_punctuation() -> dict[int, None]:
    """All of Unicode's punctuation (categories P*) and ASCII's, to be deleted by `str.translate`."""
    found = (i for i in range(sys.maxunicode + 1) if unicodedata.category(chr(i)).startswith("P"))
    return dict.fromkeys([*found, *map(ord, string.punctuation)])
