"""Write the tables of docs/grid-file.md from the schema of the grid file, between their markers."""

import re
import types
import typing
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from xtl.grid import blocks, reference, schema, seeds
from xtl.models import recipes

PAGE = Path(__file__).parent.parent / "docs" / "grid-file.md"
BLOCKS: tuple[type[BaseModel], ...] = (
    schema.Experiment,
    schema.Lab,
    seeds.Seeds,
    blocks.Encoder,
    blocks.Pretrain,
    recipes.Recipe,
    blocks.Intermediate,
    blocks.Part,
    blocks.Source,
    blocks.Training,
    blocks.Tune,
    schema.Hypothesis,
    schema.Claim,
    reference.Reference,
)
WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", type(None): "nothing"}
BOUNDS = {"ge": "≥ {}", "gt": "> {}", "le": "≤ {}", "lt": "< {}"}


def kind(annotation: object) -> str:
    """A type in words: what one writes for it in YAML."""
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is Annotated:
        return kind(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(kind(part) for part in arguments if part is not type(None))
    if origin in (list, tuple):
        return f"list of {several(arguments[0])}"
    if origin is dict:
        return f"map of {several(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__.lower()}](#{annotation.__name__.lower()})"
    return WORDS.get(annotation, "anything")


def several(annotation: object) -> str:
    """The same in the plural, where it is a single word or two."""
    word = kind(annotation)
    return f"{word}s" if annotation in (str, int, float) else word


def bounds(field: FieldInfo) -> str:
    """Limits of a number, `≥ 0, ≤ 1`; empty where there are none."""
    limits = []
    for constraint in field.metadata:
        for name, text in BOUNDS.items():
            value = getattr(constraint, name, None)
            if value is not None:
                limits.append(text.format(value))
    return ", ".join(limits)


def default(field: FieldInfo) -> str:
    """What a key is worth where the grid file leaves it out."""
    value = field.default
    if field.is_required():
        return "*needed*"
    if value is None or value == () or value == {} or isinstance(value, BaseModel):
        return "–"
    if value == (schema.Source(),):
        return "`[en]`"
    if isinstance(value, tuple):
        return f"`{list(value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value != "" else "empty"


def table(model: type[BaseModel]) -> str:
    """The keys of one block as a Markdown table."""
    lines = ["| key | what it is | type | default |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        limits = bounds(field)
        written = kind(field.annotation) + (f", {limits}" if limits else "")
        meaning = (field.description or "").replace("|", "\\|")
        lines.append(f"| `{name}` | {meaning} | {written} | {default(field)} |")
    return "\n".join(lines)


def filled(text: str) -> str:
    """The page with every table as the schema is now."""
    for model in BLOCKS:
        name = model.__name__.lower()
        begin = f"<!-- {name}: tools/grid_reference.py -->"
        pattern = re.compile(f"{re.escape(begin)}\n.*?<!-- end -->", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(
                f"{PAGE.name} has no place for the block {name}: it needs the lines {begin} and <!-- end -->."
            )
        block = f"{begin}\n\n{table(model)}\n\n<!-- end -->"
        text = pattern.sub(lambda _, block=block: block, text)
    return text


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
