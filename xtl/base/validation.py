"""Blocks that pydantic validates, and one readable sentence for what it finds wrong in them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from xtl.base.errors import UserError

# An unknown key is an error, and nothing changes after validation.
STRICT = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")


class Strict(BaseModel):
    """A block of a grid file: an unknown key is an error, and nothing changes after validation."""

    model_config = STRICT

    @model_validator(mode="before")
    @classmethod
    def no_truth_values(cls, block: Any) -> Any:
        """A truth value is no number and no text, for which pydantic would take it."""
        for name, value in block.items() if isinstance(block, dict) else ():
            if name in cls.model_fields and not _admits_bool(cls.model_fields[name].annotation):
                for part in value if isinstance(value, list) else [value]:
                    if isinstance(part, bool):
                        raise ValueError(f"{name}: {_truth_value(part)}")
        return block


def _admits_bool(annotation: Any) -> bool:
    return annotation in (bool, Any) or any(map(_admits_bool, get_args(annotation)))


def _truth_value(given: bool) -> str:
    words = "yes, on and true" if given else "no, off and false"
    return f"YAML reads {words} without quotes as a truth value, which does not belong here; a text stands in quotes"


@contextmanager
def one_sentence(where: str, block: type | None = None) -> Iterator[None]:
    """Turn what pydantic finds here into a UserError: the first problem, and the number of further ones.

    where: the file. block: the class that is validated, for the keys that it knows.
    """
    try:
        yield
    except ValidationError as error:
        problems = [dict(problem) for problem in error.errors(include_url=False)]
        # of the kinds that a value may be of, the one that holds a truth value says most
        first = next((problem for problem in problems if isinstance(problem["input"], bool)), problems[0])
        count = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise UserError(f"{where}: {_sentence(first, block)}{count}") from None


def _sentence(problem: dict[str, Any], block: type | None) -> str:
    """One of pydantic's problems as a sentence."""
    keys = problem["loc"]
    where = ".".join(str(key) for key in keys if "[" not in str(key))  # without the kind that was tried
    message = problem["msg"]
    given = problem["input"]
    if problem["type"] in UNKNOWN:
        known = f"; known there: {', '.join(_known_keys(block, keys[:-1]))}" if block else ""
        return f"unknown key '{where}'{known}."
    if problem["type"] in ("missing", "missing_argument"):
        return f"the key '{where}' is missing."
    if problem["type"] == "value_error":
        return (f"{where}: " if where else "") + f"{problem['ctx']['error']}."
    if problem["type"] == "too_short":
        return f"'{where}' is empty; name at least one."
    if isinstance(given, bool):
        return f"{where}: {_truth_value(given)}."
    if problem["type"] == "string_type" and isinstance(given, int | float):
        return f"{where}: YAML reads {given} without quotes as a number; a text stands in quotes."
    message = message.replace("valid tuple", "list")  # what YAML calls it
    return f"{where}: {message[0].lower() + message[1:]} (given: {str(given)[:60]!r})."


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
