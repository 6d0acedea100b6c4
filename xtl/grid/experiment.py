"""Reading a grid file: overriding it, expanding it, and one readable sentence for whatever is wrong in it."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from xtl.base.errors import UserError
from xtl.base.validation import one_sentence
from xtl.grid import yaml_text
from xtl.grid.blocks import Training
from xtl.grid.schema import Experiment
from xtl.tasks.catalog import TASKS


def load(path: str | Path, overrides: Sequence[str] = (), base: str | Path | None = None) -> Experiment:
    """Read a grid file, apply `KEY=VALUE` overrides, expand `${NAME}` and validate.

    base: the folder from which relative places of encoders, translators and task folders count; default: here.

    Raises UserError with one sentence that names the file, the key and what would be right.
    """
    path = Path(path)
    raw = _read(path)
    for text in overrides:
        set_key(raw, text)
    raw = _changed(raw, lambda text, keys: _expanded(text, keys, path))
    raw = _changed(raw, lambda text, keys: _placed(text, keys, Path(base or ".")))
    with one_sentence(str(path), Experiment):
        experiment = Experiment.model_validate(raw)
    for task in experiment.overrides:
        with one_sentence(f"{path}: overrides.{task}"):
            experiment.training_of(task)
    for name in experiment.intermediates:
        with one_sentence(f"{path}: intermediates.{name}.training"):
            experiment.mixture_training(name)
    for encoder, block in experiment.encoders.items():
        with one_sentence(f"{path}: encoders.{encoder}.training"):
            for task in (*TASKS, *block.training.get("tasks", {})):
                experiment.training_of(task, encoder)
            for name in experiment.intermediates:
                experiment.mixture_training(name, encoder)
    for candidate in experiment.tune.candidates() if experiment.tune else ():
        with one_sentence(f"{path}: tune"):
            Training.model_validate(candidate)
    return experiment


def _read(path: Path) -> dict[str, Any]:
    """The map that a YAML file holds. Raises UserError where it cannot be read or holds another thing."""
    try:
        raw = yaml_text.read(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UserError(f"{path}: cannot read the grid file ({error.strerror or error}).") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: a grid file is text in UTF-8, this is not.") from None
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    if isinstance(raw, dict) and raw:
        return raw
    content = f"a {type(raw).__name__}" if raw else "empty"
    raise UserError(f"{path}: a grid file is a map of keys such as name, encoders and targets; this one is {content}.")


def _changed(value: Any, change: Callable[[str, tuple[str, ...]], str], keys: tuple[str, ...] = ()) -> Any:
    """A grid's values with every text changed: change(text, the keys that it stands at) -> text."""
    if isinstance(value, dict):
        return {key: _changed(inner, change, (*keys, str(key))) for key, inner in value.items()}
    if isinstance(value, list):
        return [_changed(inner, change, keys) for inner in value]
    return change(value, keys) if isinstance(value, str) else value


def _placed(text: str, keys: tuple[str, ...], base: Path) -> str:
    """A relative place that is there below `base` made absolute, for notebooks run elsewhere; any other text as it was.

    A translator's bare name is an engine or a Hub id, never a place.
    """
    is_place = keys[-1] == "checkpoint" or "folders" in keys or (keys[-1] == "translator" and "/" in text)
    place = (base / Path(text).expanduser()).absolute()
    return str(place) if is_place and text and place.exists() else text


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
        block[last] = yaml_text.read(value)
    except UserError as error:
        raise UserError(f"--set {text!r}: {str(error).removeprefix('line 1: ')}") from None


def _expanded(text: str, keys: tuple[str, ...], path: Path) -> str:
    """`expand`, but a folder of an unset name stays as it is written: a plan leaves out what reads it."""
    try:
        return expand(text, f"{path}: {'.'.join(keys)}")
    except UserError:
        if keys[0] == "folders":
            return text
        raise


def expand(text: str, where: str) -> str:
    """Replace every `${NAME}` by the environment's value; an unset name is an error. where: file and key.

    >>> os.environ["XTL_ENCODER"] = "my/encoder"
    >>> expand("${XTL_ENCODER}", "grid.yaml: encoders.local.checkpoint")
    'my/encoder'
    """

    def lookup(match: re.Match[str]) -> str:
        name = match.group(1)
        if not os.environ.get(name):
            raise UserError(
                f"{where} reads ${{{name}}} from the environment, where it is not set: export {name}=… first."
            )
        return os.environ[name]

    return re.sub(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", lookup, text)
