"""Checkpoints that are written: what was trained, and unchanged beside it what the encoder came with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel
from transformers.conversion_mapping import get_model_conversion_mapping
from transformers.core_model_loading import WeightConverter, WeightRenaming, rename_source_key

from xtl.models.checkpoints import is_folder, mirrored

TRAINED = "model.safetensors"


@dataclass(frozen=True)
class Origin:
    """Where a model's weights come from.

    Attributes:
        checkpoint: of the encoder, with its `revision`.
        head: the class that computes predictions from hidden states.
        drawn: weights that the checkpoint does not have, drawn from the seed: the head's, and maybe a pooler's.
    """

    checkpoint: str
    revision: str | None
    head: str
    drawn: tuple[str, ...]

    def facts(self) -> dict[str, Any]:
        """For run.json: the head, and the modules whose weights are drawn."""
        return {"head": self.head, "drawn": sorted({name.rpartition(".")[0] or name for name in self.drawn})}


def save(model: PreTrainedModel, origin: Origin, folder: Path) -> None:
    """Write a model, and beside its weights those of its checkpoint that it has no place for, under their old names.

    So a pooler outlives a training that does not use it, and so do a language model's head and a decoder. What was
    drawn and not trained is left out: the next training draws its own.
    """
    idle = {name for name, weight in model.named_parameters() if not weight.requires_grad}
    weights = {name: value for name, value in model.state_dict().items() if name not in idle & {*origin.drawn}}
    model.save_pretrained(folder, state_dict=weights)
    carried = untouched(model, origin)
    if carried:
        written = load_file(folder / TRAINED)
        save_file({**carried, **written}, folder / TRAINED, metadata={"format": "pt"})


def untouched(model: PreTrainedModel, origin: Origin) -> dict[str, torch.Tensor]:
    """The weights of a model's checkpoint that the model has no place for, by the names that they have there.

    A copy of another weight (an output layer that is the table of the embeddings) is none of its own.
    """
    places = model.state_dict()
    changes = get_model_conversion_mapping(model)
    renamings = [change for change in changes if isinstance(change, WeightRenaming)]
    converters = [change for change in changes if isinstance(change, WeightConverter)]
    with _source(origin) as source:
        placed: list[str] = []
        rest: list[str] = []
        for name in source:
            new, _ = rename_source_key(name, renamings, converters, model.base_model_prefix, places)
            (placed if new in places or name in places else rest).append(name)
        pieces = getattr(model.config, "vocab_size", None)
        tables = [name for name in placed if source.shape(name)[:1] == (pieces,)]
        carried = {}
        for name in rest:
            weight = source.weight(name)
            if not any(torch.equal(weight, source.weight(other)) for other in tables):
                carried[name] = weight
    return carried


class _Source:
    """The weights of a checkpoint by name, read one at a time."""

    def __init__(self, files: list[Any], loaded: dict[str, torch.Tensor]):
        self.files = {name: file for file in files for name in file.keys()}
        self.loaded = loaded

    def __iter__(self) -> Iterator[str]:
        return iter([*self.files, *self.loaded])

    def weight(self, name: str) -> torch.Tensor:
        return self.files[name].get_tensor(name) if name in self.files else self.loaded[name]

    def shape(self, name: str) -> tuple[int, ...]:
        if name in self.files:
            return tuple(self.files[name].get_slice(name).get_shape())
        return tuple(self.loaded[name].shape)


@contextmanager
def _source(origin: Origin) -> Iterator[_Source]:
    """The weights of a model's checkpoint: those in safetensors, or a PyTorch file's where there are none."""
    place = mirrored(origin.checkpoint)
    if not is_folder(place):
        place = snapshot_download(place, revision=origin.revision, local_files_only=True)
    folder = Path(place).expanduser()
    index = folder / f"{TRAINED}.index.json"
    names = [TRAINED]
    if not (folder / TRAINED).is_file() and index.is_file():
        names = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
    with ExitStack() as stack:
        if (folder / names[0]).is_file():
            files = [stack.enter_context(safe_open(folder / name, "pt")) for name in names]
            yield _Source(files, {})
        else:
            yield _Source([], torch.load(folder / "pytorch_model.bin", weights_only=True, map_location="cpu"))
