"""The grid file: reading it, overriding it, and one readable sentence for whatever is wrong in it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from xtl.base.errors import UserError
from xtl.grid.blocks import Encoder, Intermediate, Part, Pretrain, Source, Training
from xtl.grid.schema import Claim, Experiment, Hypothesis, Lab
from xtl.models.recipes import Recipe

# What PyYAML raises besides its own errors, for a date that is none, an odd tag, and endless nesting.
UNREADABLE = (ValueError, AttributeError, TypeError, RecursionError)


class Loader(yaml.SafeLoader):
    """YAML in which a key that stands twice in one map is an error; PyYAML would keep the last in silence."""

    def construct_mapping(self, node, deep=False):
        """As SafeLoader, with the second of two equal keys refused."""
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key '{key.value}' stands twice", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def load(path: str | Path, overrides: list[str] | tuple[str, ...] = (), base: str | Path | None = None) -> Experiment:
    """Read a grid file, apply `KEY=VALUE` overrides, expand `${NAME}` and validate.

    base: the folder from which relative places of encoders, translators and task folders count; default: here.

    Raises UserError with one sentence that names the file, the key and what would be right.
    """
    path = Path(path)
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader)
    except OSError as error:
        raise UserError(f"{path}: cannot read the grid file ({error.strerror or error}).") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: a grid file is text in UTF-8, this is not.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{path}{where}: not valid YAML ({getattr(error, 'problem', None) or 'unreadable'}).") from None
    except UNREADABLE as error:
        raise UserError(
            f"{path}: a value in it cannot be read ({error}); quote what looks like a date or a tag."
        ) from None
    if not isinstance(raw, dict) or not raw:
        raise UserError(
            f"{path}: a grid file is a map of keys such as name, encoders and targets; this one is "
            + ("empty." if not raw else f"a {type(raw).__name__}.")
        )
    for text in overrides:
        set_key(raw, text)
    try:
        raw = expand(raw, str(path))
    except RecursionError:
        raise UserError(f"{path}: it refers to itself, or is nested too deeply.") from None
    raw = _placed(raw, Path(base or "."))
    try:
        experiment = Experiment.model_validate(raw)
    except ValidationError as error:
        raise UserError(f"{path}: {sentence(error)}") from None
    for task in experiment.overrides:
        try:
            experiment.training_of(task)
        except ValidationError as error:
            raise UserError(f"{path}: overrides.{task}: {sentence(error)}") from None
    for name, spec in experiment.intermediates.items():
        try:
            experiment.mixture_training(spec)
        except ValidationError as error:
            raise UserError(f"{path}: intermediates.{name}.training: {sentence(error)}") from None
    return experiment


def _placed(value: Any, base: Path, key: str = "") -> Any:
    """A grid's values in which a relative place that is there below `base` is absolute; a Hub id is as it was.

    Notebooks are executed in another folder. A translator's bare name is an engine or a Hub id, never a place.
    """
    if isinstance(value, dict):
        return {name: _placed(inner, base, "folder" if key == "folders" else name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_placed(inner, base, key) for inner in value]
    if isinstance(value, str) and (key in ("checkpoint", "folder") and value or key == "translator" and "/" in value):
        place = (base / Path(value).expanduser()).absolute()
        return str(place) if place.exists() else value
    return value


def set_key(raw: dict, text: str) -> None:
    """Apply one `a.b.c=VALUE` (VALUE is YAML) to the raw grid, in place."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UserError(f"--set {text!r}: write KEY=VALUE, for example --set encoders.local.checkpoint=PATH.")
    *parents, last = key.strip().split(".")
    at = raw
    for i, part in enumerate(parents):
        at = at.setdefault(part, {})
        if not isinstance(at, dict):
            raise UserError(f"--set {text!r}: '{'.'.join(parents[: i + 1])}' is not a map, so it has no key '{last}'.")
    try:
        at[last] = yaml.load(value, Loader)
    except (yaml.YAMLError, *UNREADABLE):
        raise UserError(f"--set {text!r}: the value is not valid YAML; quote it.") from None


def expand(value, where: str):
    """Replace `${NAME}` in every string by the environment's value; an unset name is an error."""
    if isinstance(value, dict):
        return {k: expand(v, f"{where}: {k}" if ":" not in where else f"{where}.{k}") for k, v in value.items()}
    if isinstance(value, list):
        return [expand(v, where) for v in value]
    if not isinstance(value, str):
        return value

    def lookup(match):
        name = match.group(1)
        if not os.environ.get(name):
            raise UserError(
                f"{where} reads ${{{name}}} from the environment, where it is not set: export {name}=… first."
            )
        return os.environ[name]

    return re.sub(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", lookup, value)


def sentence(error: ValidationError) -> str:
    """The first problem of a validation as one sentence; the number of further ones behind it."""
    problems = error.errors(include_url=False)
    first = problems[0]
    where = ".".join(str(part) for part in first["loc"] if not isinstance(part, str) or part.isidentifier() or part)
    kind, message = first["type"], first["msg"]
    if kind == "extra_forbidden":
        *parents, key = first["loc"]
        known = model_at(parents)
        text = f"unknown key '{'.'.join(map(str, first['loc']))}'"
        text += f"; known there: {', '.join(known)}." if known else "."
    elif kind == "missing":
        text = f"the key '{where}' is missing."
    elif kind == "value_error":
        text = (f"{where}: " if where else "") + message.removeprefix("Value error, ") + "."
    elif kind in ("too_short",):
        text = f"'{where}' is empty; name at least one."
    else:
        given = first.get("input")
        message = message.replace("valid tuple", "list")  # what YAML calls it
        text = f"{where}: {message[0].lower() + message[1:]} (given: {str(given)[:60]!r})."
    more = len(problems) - 1
    return text + (f" (and {more} more)" if more else "")


def model_at(path: list) -> list[str]:
    """The keys that the schema knows at a path of the grid file."""
    model: Any = Experiment
    inner = {
        "encoders": Encoder,
        "intermediates": Intermediate,
        "sources": Source,
        "tasks": Part,
        "hypotheses": Hypothesis,
        "claims": Claim,
        "pretrain": Pretrain,
        "recipe": Recipe,
        "training": Training,
        "lab": Lab,
    }
    for part in path:
        model = inner.get(part, model)
    return list(model.model_fields)
