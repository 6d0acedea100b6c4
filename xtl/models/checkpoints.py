"""Checkpoints: where they lie, what identifies them, and whether a folder is one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from xtl.base import hub, mirror_lock
from xtl.base.errors import Absent, UserError
from xtl.base.files import file_digest
from xtl.base.places import mirror_root

WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")
TOKENIZERS = ("tokenizer*.json", "*.model", "vocab.txt")  # patterns of files, of which one is enough


def mirrored(checkpoint: str) -> str:
    """The mirror's folder of a Hub id if `XTL_MIRROR` holds one, else the checkpoint as it was given."""
    mirror = mirror_root()
    if mirror and not Path(checkpoint).exists():
        folder = mirror / "models" / checkpoint
        if folder.is_dir():
            return str(folder)
    return checkpoint


def is_folder(checkpoint: str) -> bool:
    """Whether a checkpoint is meant as a folder rather than a Hub id (`name` or `owner/name`).

    >>> is_folder("./encoders/mine"), is_folder("google-bert/bert-base-multilingual-cased")
    (True, False)
    """
    return Path(checkpoint).is_dir() or checkpoint.startswith((".", "/", "~")) or checkpoint.count("/") > 1


def identity(checkpoint: str, revision: str | None = None, cache: Path | None = None) -> dict[str, str]:
    """What identifies an encoder in a run: `sha256` of a folder's content, or `hub` and `revision` of a Hub id.

    A folder's digest is the SHA-256 over configuration, tokenizer and weights, never over its path; digests are
    remembered in `cache` by file size and modification time. A Hub id has its resolved revision. Raises UserError where
    the folder is no encoder.
    """
    mirror = mirror_root()
    if is_folder(mirrored(checkpoint)):
        folder = Path(mirrored(checkpoint)).expanduser()
        check_folder(folder, checkpoint)
        if mirror and mirrored(checkpoint) != checkpoint:
            mirror_lock.pinned(mirror, checkpoint, revision)
            mirror_lock.verify_folder(mirror, folder)
        return {"sha256": folder_digest(folder, cache)}
    if mirror:
        raise Absent(
            f"encoder '{checkpoint}': neither a folder nor in the mirror (models/{checkpoint} below XTL_MIRROR).",
            checkpoint,
        )
    return {"hub": checkpoint, "revision": resolved_revision(checkpoint, revision)}


def architecture_of(checkpoint: str, revision: str | None = None) -> str:
    """The `model_type` of a folder's configuration, or of the Hub's where it must be asked."""
    folder = Path(mirrored(checkpoint)).expanduser()
    if folder.is_dir():
        return json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"]
    # Seconds to import, and a plan of folders does without.
    from huggingface_hub import hf_hub_download
    from transformers import AutoConfig

    from xtl.models.encoders import loading

    hub.ask(checkpoint, lambda: hf_hub_download(checkpoint, "config.json", revision=revision))
    with loading(checkpoint):
        return AutoConfig.from_pretrained(checkpoint, revision=revision, trust_remote_code=False).model_type


def resolved_revision(checkpoint: str, revision: str | None = None) -> str:
    """The commit that a revision (default: the main branch) of a model on the Hub stands for now.

    A full commit stands for itself, and nobody is asked.
    """
    from huggingface_hub import HfApi  # takes a second to import, and most grids need no Hub

    if revision and len(revision) == 40:
        return revision
    commit = hub.ask(checkpoint, lambda: HfApi().model_info(checkpoint, revision=revision, timeout=20).sha)
    assert commit is not None, "the Hub names the commit of every model"
    return commit


def check_folder(folder: Path, name: str) -> None:
    """Raise UserError unless the folder holds a configuration, a tokenizer and weights."""
    if not folder.is_dir():
        raise UserError(f"encoder '{name}': no such folder; give a folder as save_pretrained writes it, or a Hub id.")
    if not (folder / "config.json").is_file():
        raise UserError(f"encoder '{name}': the folder has no config.json; give one as save_pretrained writes it.")
    if not any((folder / weights).is_file() for weights in WEIGHTS):
        raise UserError(f"encoder '{name}': the folder has no weights; expected one of {', '.join(WEIGHTS)}.")
    if not any(list(folder.glob(pattern)) for pattern in TOKENIZERS):
        raise UserError(f"encoder '{name}': the folder has no tokenizer; expected tokenizer.json or its vocabulary.")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except ValueError:
        raise UserError(f"encoder '{name}': its config.json is not valid JSON.") from None
    if "model_type" not in config:
        raise UserError(f"encoder '{name}': its config.json names no model_type, so transformers cannot load it.")


def folder_digest(folder: Path, cache: Path | None = None) -> str:
    """SHA-256 over names and contents of the files that decide what a checkpoint computes.

    Weights of PyTorch count only where there are none in safetensors, which transformers prefers.
    """
    paths = sorted(folder.iterdir())
    has_safetensors = any(path.suffix == ".safetensors" for path in paths)
    total = hashlib.sha256()
    for path in paths:
        is_pytorch = path.suffix == ".bin" and path.name.startswith("pytorch_model") and not has_safetensors
        if is_pytorch or path.suffix in {".json", ".safetensors", ".model", ".spm", ".txt"}:
            total.update(path.name.encode() + b"\0" + file_digest(path, cache).encode())
    return total.hexdigest()
