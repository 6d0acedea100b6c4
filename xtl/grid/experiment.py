"""Reading a grid file: overriding it, expanding it, and one readable sentence for whatever is wrong in it."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from xtl.base.errors import UserError
from xtl.grid.schema import Experiment

# What PyYAML raises besides its own errors, for a date that is none, an odd tag, and endless nesting.
UNREADABLE = (ValueError, AttributeError, TypeError, RecursionError)


class Loader(yaml.SafeLoader):
    """YAML in which a key that stands twice in one map is an error; PyYAML would keep the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """As SafeLoader, with the second of two equal keys refused."""
        keys = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            if key.value in keys:
                problem = f"the key '{key.value}' stands twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            keys.add(key.value)
        return super().construct_mapping(node, deep)


def load(path: str | Path, overrides: Sequence[str] = (), base: str | Path | None = None) -> Experiment:
    """Read a grid file, apply `KEY=VALUE` overrides, expand `${NAME}` and validate.

    base: the folder from which relative places of encoders, translators and task folders count; default: here.

    Raises UserError with one sentence that names the file, the key and what would be right.
    """
    path = Path(path)
    raw = _read(path)
    for text in overrides:
        set_key(raw, text)
    try:
        raw = expand(raw, f"{path}:")
    except RecursionError:
        raise UserError(f"{path}: it refers to itself, or is nested too deeply.") from None
    raw = _placed(raw, Path(base or "."))
    with one_sentence(f"{path}"):
        experiment = Experiment.model_validate(raw)
    for task in experiment.overrides:
        with one_sentence(f"{path}: overrides.{task}"):
            experiment.training_of(task)
    for name, spec in experiment.intermediates.items():
        with one_sentence(f"{path}: intermediates.{name}.training"):
            experiment.mixture_training(spec)
    return experiment


def _read(path: Path) -> dict[str, Any]:
    """The map that a YAML file holds. Raises UserError where it cannot be read or holds another thing."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader)
    except OSError as error:
        raise UserError(f"{path}: cannot read the grid file ({error.strerror or error}).") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: a grid file is text in UTF-8, this is not.") from None
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UserError(f"{path}{line}: not valid YAML ({error.problem}).") from None
    except yaml.YAMLError:
        raise UserError(f"{path}: not valid YAML (unreadable).") from None
    except UNREADABLE as error:
        raise UserError(
            f"{path}: a value in it cannot be read ({error}); quote what looks like a date or a tag."
        ) from None
    if isinstance(raw, dict) and raw:
        return raw
    content = f"a {type(raw).__name__}" if raw else "empty"
    raise UserError(f"{path}: a grid file is a map of keys such as name, encoders and targets; this one is {content}.")


def _placed(value: Any, base: Path, key: str = "") -> Any:
    """A grid's values in which a relative place that is there below `base` is absolute; a Hub id is as it was.

    key: the key that the value stands at. Notebooks are executed in another folder. A translator's bare name is an
    engine or a Hub id, never a place.
    """
    if isinstance(value, dict):
        return {name: _placed(inner, base, "folder" if key == "folders" else name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_placed(inner, base, key) for inner in value]
    names_a_place = key in ("checkpoint", "folder") or (key == "translator" and "/" in str(value))
    if names_a_place and value and isinstance(value, str):
        place = (base / Path(value).expanduser()).absolute()
        return str(place) if place.exists() else value
    return value


def set_key(raw: dict[str, Any], text: str) -> None:
    """Apply one `a.b.c=VALUE` (VALUE is YAML) to the raw grid, in place."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UserError(f"--set {text!r}: write KEY=VALUE, for example --set encoders.local.checkpoint=PATH.")
    *parents, last = key.strip().split(".")
    block = raw
    for number, part in enumerate(parents, 1):
        block = block.setdefault(part, {})
        if not isinstance(block, dict):
            raise UserError(f"--set {text!r}: '{'.'.join(parents[:number])}' is not a map, so it has no key '{last}'.")
    try:
        block[last] = yaml.load(value, Loader)
    except (yaml.YAMLError, *UNREADABLE):
        raise UserError(f"--set {text!r}: the value is not valid YAML; quote it.") from None


def expand(value: Any, where: str) -> Any:
    """Replace `${NAME}` in every string by the environment's value; an unset name is an error.

    where: the file and the key that the value stands at, as in `grid.yaml: encoders.local`.
    """
    if isinstance(value, dict):
        join = " " if where.endswith(":") else "."
        return {key: expand(inner, f"{where}{join}{key}") for key, inner in value.items()}
    if isinstance(value, list):
        return [expand(inner, where) for inner in value]
    if not isinstance(value, str):
        return value

    def lookup(match: re.Match[str]) -> str:
        name = match.group(1)
        if not os.environ.get(name):
            raise UserError(
                f"{where} reads ${{{name}}} from the environment, where it is not set: export {name}=… first."
            )
        return os.environ[name]

    return re.sub(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", lookup, value)


@contextmanager
def one_sentence(where: str) -> Iterator[None]:
    """Turn what pydantic finds in this block into a UserError: the first problem, and the number of further ones."""
    try:
        yield
    except ValidationError as error:
        first, *more = error.errors(include_url=False)
        count = f" (and {len(more)} more)" if more else ""
        raise UserError(f"{where}: {_sentence(dict(first))}{count}") from None


def _sentence(problem: dict[str, Any]) -> str:
    """One of pydantic's problems as a sentence."""
    keys = problem["loc"]
    where = ".".join(map(str, keys))
    message = problem["msg"]
    match problem["type"]:
        case "extra_forbidden":
            return f"unknown key '{where}'; known there: {', '.join(_known_keys(keys[:-1]))}."
        case "missing":
            return f"the key '{where}' is missing."
        case "value_error":
            return (f"{where}: " if where else "") + f"{problem['ctx']['error']}."
        case "too_short":
            return f"'{where}' is empty; name at least one."
    message = message.replace("valid tuple", "list")  # what YAML calls it
    given = str(problem["input"])[:60]
    return f"{where}: {message[0].lower() + message[1:]} (given: {given!r})."


def _known_keys(keys: Sequence[str | int]) -> list[str]:
    """The keys that the schema knows at a path of the grid file; a name of an encoder, or a number, leads nowhere."""
    block: type[BaseModel] = Experiment
    for key in keys:
        field = block.model_fields.get(str(key))
        block = (field and _block_in(field.annotation)) or block
    return list(block.model_fields)


def _block_in(annotation: Any) -> type[BaseModel] | None:
    """The block that a field's type is made of, as Encoder of dict[str, Encoder]; None where there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    blocks = [block for block in map(_block_in, get_args(annotation)) if block]
    return blocks[0] if blocks else None
