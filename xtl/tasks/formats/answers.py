"""How the benchmark's question answering tasks turn an answer into the tokens that are compared."""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from collections.abc import Callable
from functools import cache

from xtl.base.errors import UserError
from xtl.tasks.catalog.task import Task

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


def tokens_of(task: Task, language: str) -> Tokens:
    """The rules of a question answering task, SQuAD's or MLQA's.

    >>> tokens_of(TASKS["mlqa"], "de")("Der rote Fuchs!")
    ['rote', 'fuchs']
    """
    return mlqa_tokens(language) if task.answers == "mlqa" else squad_tokens


def squad_tokens(text: str) -> list[str]:
    """SQuAD 1.1's normalisation: lower-case, no ASCII punctuation, no a/an/the, split at white space.

    >>> squad_tokens("The red fox!")
    ['red', 'fox']
    """
    return _SQUAD_ARTICLES.sub(" ", text.lower().translate(_ASCII)).split()


def mlqa_tokens(language: str) -> Tokens:
    """MLQA's normalisation for a language: lower-case, no punctuation of any script, no articles of the language.

    Tokens are parted at white space; in Chinese each character from U+4E00 to U+9FA5 is a token of its own.
    Raises UserError for a natural language that MLQA does not have.

    >>> mlqa_tokens("zh")("红狐。")
    ['红', '狐']
    """
    if language not in _ARTICLES and not _MADE.fullmatch(language):
        raise UserError(
            f"MLQA's metric has no rules for the language '{language}'; it has them for {', '.join(sorted(_ARTICLES))}."
        )
    pattern = _ARTICLES.get(language)

    def tokens(text: str) -> list[str]:
        text = text.lower().translate(_unicode_punctuation())
        if pattern:
            text = re.sub(pattern, " ", text)
        if language in _BY_CHARACTER:
            text = re.sub(r"([\u4e00-\u9fa5])", r" \1 ", text)
        return text.split()

    return tokens


@cache
def _unicode_punctuation() -> dict[int, None]:
    """All of Unicode's punctuation (categories P*) and ASCII's, to be deleted by `str.translate`."""
    codes = (code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)).startswith("P"))
    return dict.fromkeys([*codes, *map(ord, string.punctuation)])
