"""What a grid of encoders from elsewhere asks of a GPU and of a disk, estimated from sizes, with the assumptions."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from xtl.grid.plan import Plan
from xtl.runs.run import Run, trained_on
from xtl.tasks.catalog import TASKS

# Tokens of a typical example of each format; a longer one is cut by the grid's max_length.
LENGTHS = {
    "classification": 45, "choice": 350, "tagging": 35, "span": 220, "retrieval": 25, "mining": 30, "mlm": 512,
}  # fmt: skip
CHOICES = 4  # of an example, each read with the whole context
POOL = 50
FLOPS = 125e12  # useful operations a second: an A100 in bf16 at two fifths of its peak (312e12)
ASSUMPTION = (
    "one A100 at 125e12 operations a second; 6 operations per weight and token in training, 2 in evaluation; examples "
    "of typical length (pairs 45 tokens, questions 220, choices 350, sentences 25 to 35); pools to be mined 50 times "
    "their gold pairs; 10,000 texts of plain text where no size is known"
)


@dataclass(frozen=True)
class Size:
    """Weights of an encoder: those that every token meets, and all of them."""

    matrices: int
    total: int


@dataclass(frozen=True)
class Budget:
    """Operations of the runs that have an estimate, bytes of the checkpoints they leave, and how many have none."""

    operations: float
    checkpoint_bytes: int
    unknown: int

    @property
    def gpu_hours(self) -> float:
        """Hours of one GPU of FLOPS."""
        return self.operations / FLOPS / 3600


def budget(plan: Plan, todo: list[Run]) -> Budget:
    """The budget of some runs of a plan."""
    operations, kept, unknown = 0.0, 0, 0
    read = {i for run in plan.runs.values() for i in run.upstream.values()}
    for run in todo:
        encoder = plan.experiment.encoders.get(run.labels.encoder or "")
        size = None
        if encoder and encoder.checkpoint:
            size = size_of(encoder.checkpoint, encoder.revision)
        elif encoder:
            made = encoder.pretrain
            pieces = made.tokenizer if isinstance(made.tokenizer, int) else 0
            size = _size_of(made.hidden, made.layers, made.inner, pieces)
        if size is None:
            unknown += 1
            continue
        trained, evaluated = tokens(run)
        operations += size.matrices * (6 * trained + 2 * evaluated)
        kept += 4 * size.total * (run.id in read)
    return Budget(operations, kept, unknown)


def tokens(run: Run) -> tuple[float, float]:
    """Tokens that a run trains on and evaluates."""
    params, trained = run.params, 0.0
    if run.phase == "pretrain":
        return params["steps"] * params["batch_tokens"], 0.0
    tasks = [TASKS[name] for name in trained_on(params)]
    if tasks:
        most = min(params.get("max_train_examples") or float("inf"), params.get("cap") or float("inf"))
        sizes = [min(_size(task, "train"), most) for task in tasks]
        seen = sum(sizes) * params["epochs"]
        if params.get("max_steps"):
            seen = min(seen, params["max_steps"] * params["batch_size"])
        # of several tasks, each example is of one in proportion to its size
        length = sum(s * _length(task.format, params) for s, task in zip(sizes, tasks, strict=True)) / sum(sizes)
        trained = seen * length
    evaluated = 0.0
    for target, languages in params.get("evaluate", {}).items():
        task = TASKS[target]
        # a pool to be mined is fifty times its gold pairs (BUCC 2018: 414,000 German sentences for 8,000 pairs or so)
        pool = POOL if task.format == "mining" else 1
        each = min(pool * _size(task, "test"), params.get("max_eval_examples") or float("inf"))
        sides = 2 if task.format in ("retrieval", "mining") else 1
        evaluated += each * len(languages) * sides * _length(task.format, params)
    return trained, evaluated


@functools.lru_cache(maxsize=32)
def size_of(checkpoint: str, revision: str | None = None) -> Size | None:
    """The size of an encoder from its configuration; None where that cannot be read."""
    from transformers import AutoConfig

    from xtl.models.checkpoints import mirrored

    try:
        config = AutoConfig.from_pretrained(mirrored(checkpoint), revision=revision, trust_remote_code=False)
    except (OSError, ValueError):
        return None
    width, layers = config.hidden_size, config.num_hidden_layers
    inner = getattr(config, "intermediate_size", None) or getattr(config, "d_inner", None) or 4 * width
    return _size_of(width, layers, inner, config.vocab_size)


def _size_of(width: int, layers: int, inner: int, pieces: int) -> Size:
    matrices = layers * (4 * width**2 + 2 * width * inner)
    return Size(matrices, matrices + pieces * width)


def _size(task, split: str) -> float:
    """Examples of a split; the mean of the smallest and the largest language."""
    bounds = task.size.get(split) or (TASKS[task.trains_on].size.get(split) if task.trains_on else None) or (10_000,)
    return sum(bounds) / len(bounds)


def _length(format_name: str, params: dict) -> int:
    longest = (params.get("max_length") or LENGTHS[format_name]) * (CHOICES if format_name == "choice" else 1)
    return min(LENGTHS[format_name], longest)
