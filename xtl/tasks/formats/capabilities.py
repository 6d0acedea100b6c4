"""What an encoder can do: in which formats and under whose head, and what it costs; each kind is tried once."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from xtl.base.files import read_or_make, write_json

VERSION = 1  # of what is noted; a note of another version is made again
WORDS = {
    "classification": "pairs", "choice": "choices", "tagging": "tags", "span": "spans", "mlm": "language modelling",
    "retrieval": "retrieval", "mining": "mining",
}  # fmt: skip
OWNERS = {"transformers": "heads of transformers", "xtl": "heads of ours", "": "no head"}


@dataclass(frozen=True)
class Capability:
    """What an encoder can do.

    Attributes:
        kind: its model_type.
        heads: format -> whose head it has there, see OWNERS.
        refusals: format -> why it cannot be done.
        longest: tokens of its longest input; None where nothing limits it.
        segments: whether it is told which of two texts a token belongs to.
        layers: how many it has, the embeddings not counted.
        pooler: whose it is: the checkpoint's, drawn from the seed, or none.
        pooling: which hidden state stands for a text, where a head of ours needs one.
        padding: by how much padding changes hidden states, as a share of the largest; None where it was not tried.
        weights: how many the encoder has, and a decoder that is carried along; None where that is not known.
        language: whose modules it reads all languages by, where it has some for each.
        remark: what was not looked at.
    """

    kind: str
    heads: dict[str, str]
    refusals: dict[str, str]
    longest: int | None
    segments: bool
    layers: int
    pooler: str = ""
    pooling: str = ""
    padding: float | None = None
    weights: tuple[int, int] | None = None
    language: str = ""
    remark: str = ""

    @property
    def feels_padding(self) -> bool:
        """Whether padding changes hidden states by more than rounding does."""
        return self.padding is not None and self.padding > 1e-4

    def describe(self) -> str:
        """The capability in one line.

        >>> Capability("bert", {"tagging": "transformers", "retrieval": ""}, {}, 128, True, 4).describe()
        'tags (heads of transformers); retrieval (no head); up to 128 tokens; two segments'
        """
        parts = []
        for owner, words in OWNERS.items():
            names = [WORDS[name] for name, whose in self.heads.items() if whose == owner]
            if names:
                parts.append(f"{', '.join(names)} ({words})")
        for reason in dict.fromkeys(self.refusals.values()):
            names = [WORDS[name] for name, why in self.refusals.items() if why == reason]
            parts.append(f"no {', no '.join(names)}: {reason}")
        parts.append("inputs of any length" if self.longest is None else f"up to {self.longest:,} tokens")
        parts.append("two segments" if self.segments else "one segment")
        if self.pooler:
            parts.append(self.pooler)
        if "xtl" in (self.heads.get("classification"), self.heads.get("choice")) and self.pooler == "no pooler":
            parts.append(f"heads of ours read the {self.pooling}")
        if self.language:
            parts.append(f"every language by its modules for {self.language}")
        if self.feels_padding:
            parts.append(f"padding changes hidden states (by {self.padding:.1%} in a trial)")
        if self.weights:
            encoder, idle = self.weights
            beside = f" and {idle / 1e6:,.1f} M of a decoder that is kept" if idle else ""
            whole = _size(4 * (encoder + idle))
            trained = _size(16 * encoder + 4 * idle)  # weights, gradients and AdamW's two moments in float32
            parts.append(f"{encoder / 1e6:,.1f} M weights{beside}: {whole}, in training {trained} and the batch")
        if self.remark:
            parts.append(self.remark)
        return "; ".join(parts)


def capability(checkpoint: str, revision: str | None, identity: Mapping[str, str], cache: Path) -> Capability:
    """What the encoder of a checkpoint can do; loads torch only where `cache` has no note of it.

    identity: of the checkpoint (xtl.models.checkpoints). Raises UserError for what is no encoder of texts, and for a
    folder whose weights are not the encoder's.
    """
    frame = [VERSION, importlib.metadata.version("transformers"), dict(identity)]
    key = hashlib.sha256(json.dumps(frame, sort_keys=True).encode()).hexdigest()[:32]

    def make(path: Path) -> None:
        from xtl.tasks.formats.trial import tried  # torch and transformers take seconds to import

        write_json(path, asdict(tried(checkpoint, revision)))

    return read_or_make(cache / f"{key}.json", _read, make)


def _read(path: Path) -> Capability:
    values = json.loads(path.read_text("utf-8"))
    weights = values["weights"]
    return Capability(**{**values, "weights": tuple(weights) if weights else None})


def _size(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
