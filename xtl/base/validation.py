"""Blocks that pydantic validates, and one readable sentence for what it finds wrong in them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, get_args

from pydantic import ConfigDict, ValidationError

from xtl.base.errors import UserError

# An unknown key is an error, and nothing changes after validation.
STRICT = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")


@contextmanager
def one_sentence(where: str, block: type | None = None) -> Iterator[None]:
    """Turn what pydantic finds here into a UserError: the first problem, and the number of further ones.

    where: the file. block: the class that is validated, for the keys that it knows.
    """
    try:
        yield
    except ValidationError as error:
        first, *more = error.errors(include_url=False)
        count = f" (and {len(more)} more)" if more else ""
        raise UserError(f"{where}: {_sentence(dict(first), block)}{count}") from None


def _sentence(problem: dict[str, Any], block: type | None) -> str:
    """One of pydantic's problems as a sentence."""
    keys = problem["loc"]
    where = ".".join(map(str, keys))
    message = problem["msg"]
    if problem["type"] in UNKNOWN:
        known = f"; known there: {', '.join(_known_keys(block, keys[:-1]))}" if block else ""
        return f"unknown key '{where}'{known}."
    if problem["type"] in ("missing", "missing_argument"):
        return f"the key '{where}' is missing."
    if problem["type"] == "value_error":
        return (f"{where}: " if where else "") + f"{problem['ctx']['error']}."
    if problem["type"] == "too_short":
        return f"'{where}' is empty; name at least one."
    message = message.replace("valid tuple", "list")  # what YAML calls it
    given = str(problem["input"])[:60]
    return f"{where}: {message[0].lower() + message[1:]} (given: {given!r})."


def _known_keys(block: type, keys: Sequence[str | int]) -> list[str]:
    """The keys that a block knows at a path within it; a name that the user chose, or a number, leads nowhere."""
    for key in keys:
        field = _fields(block).get(str(key))
        block = (field and _block_in(field.annotation)) or block
    return [field.alias or name for name, field in _fields(block).items()]


def _fields(block: type) -> dict[str, Any]:
    return getattr(block, "__pydantic_fields__", {})


def _block_in(annotation: Any) -> type | None:
    """The block that a field's type is made of, as Encoder of dict[str, Encoder]; None where there is none."""
    if isinstance(annotation, type) and _fields(annotation):
        return annotation
    blocks = [block for block in map(_block_in, get_args(annotation)) if block]
    return blocks[0] if blocks else None
