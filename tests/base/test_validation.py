"""validation.py: what pydantic finds is one sentence with the key, what was given, and what would be right."""

import pytest
from pydantic import BaseModel, Field

from xtl.base.errors import UserError
from xtl.base.validation import STRICT, one_sentence


class Inner(BaseModel):
    model_config = STRICT
    size: int = Field(1, ge=1)
    kind: str = Field("a", alias="type")


class Outer(BaseModel):
    model_config = STRICT
    name: str
    parts: dict[str, Inner] = {}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "file: the key 'name' is missing."),
        ({"name": "x", "extra": 1}, "file: unknown key 'extra'; known there: name, parts."),
        ({"name": "x", "parts": {"p": {"sise": 1}}}, "file: unknown key 'parts.p.sise'; known there: size, type."),
        (
            {"name": "x", "parts": {"p": {"size": 0}}},
            "file: parts.p.size: input should be greater than or equal to 1 (given: '0').",
        ),
        (
            {"name": 1, "extra": 1},
            "file: name: YAML reads 1 without quotes as a number; a text stands in quotes. (and 1 more)",
        ),
    ],
)
def test_the_first_problem_is_a_sentence(values, message):
    with pytest.raises(UserError) as complaint, one_sentence("file", Outer):
        Outer(**values)
    assert str(complaint.value) == message
