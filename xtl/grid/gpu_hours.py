"""What a grid of encoders from elsewhere asks of a GPU and of a disk, estimated from sizes, with the assumptions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xtl.grid.blocks import Encoder
from xtl.grid.plan import Plan
from xtl.models.checkpoints import mirrored
from xtl.models.published import published
from xtl.runs.run import Run, trained_on
from xtl.tasks.catalog import TASKS, Task

# Tokens of a typical example of each format; a longer one is cut by the grid's max_length.
LENGTHS = {
    "classification": 45, "choice": 350, "tagging": 35, "span": 220, "retrieval": 25, "mining": 30, "mlm": 512,
}  # fmt: skip
CHOICES = 4  # of an example, each read with the whole context
POOL = 50  # sentences to a gold pair (BUCC 2018: 414,000 German sentences for 8,000 pairs or so)
TEXTS = (10_000,)  # examples where no size is known
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
    operations = 0.0
    checkpoint_bytes = 0
    unknown = 0
    upstream: set[str] = set()
    for run in plan.runs.values():
        upstream.update(run.upstream.values())
    names = {run.labels.encoder for run in todo}
    sizes = {name: size_of(plan.experiment.encoders[name]) for name in names}
    for run in todo:
        size = sizes[run.labels.encoder]
        if size is None:
            unknown += 1
            continue
        trained, evaluated = tokens(run)
        operations += size.matrices * (6 * trained + 2 * evaluated)
        if run.id in upstream:
            checkpoint_bytes += 4 * size.total
    return Budget(operations, checkpoint_bytes, unknown)


def tokens(run: Run) -> tuple[float, float]:
    """Tokens that a run trains on and evaluates."""
    # of what trials are to choose, the largest value
    largest = {name: max(values) for name, values in run.params.get("tune", {}).items() if name != "on"}
    params = run.params | largest
    if run.phase == "pretrain":
        return params["steps"] * params["batch_tokens"], 0.0
    evaluated = 0.0
    for target, languages in params.get("evaluate", {}).items():
        task = TASKS[target]
        pool = POOL if task.format == "mining" else 1
        sides = 2 if task.format in ("retrieval", "mining") else 1
        examples = min(pool * _examples(task, "test"), params.get("max_eval_examples") or float("inf"))
        evaluated += examples * len(languages) * sides * _length(task, params)
    tasks = [TASKS[name] for name in trained_on(params)]
    if not tasks:
        return 0.0, evaluated
    most = min(params.get("max_train_examples") or float("inf"), params.get("cap") or float("inf"))
    sizes = [min(_examples(task, "train"), most) for task in tasks]
    labelled = sum(size for size, task in zip(sizes, tasks, strict=True) if task.format != "mlm")
    if labelled:  # plain text counts for the other tasks together, see xtl.training.mixing
        sizes = [min(labelled, most) if task.format == "mlm" else size for size, task in zip(sizes, tasks, strict=True)]
    seen = sum(sizes) * params["epochs"]
    if params.get("max_steps"):
        seen = min(seen, params["max_steps"] * params["batch_size"])
    # of several tasks, each example is of one in proportion to its size
    lengths = [size * _length(task, params) for size, task in zip(sizes, tasks, strict=True)]
    return seen * sum(lengths) / sum(sizes), evaluated


def size_of(encoder: Encoder) -> Size | None:
    """The size of an encoder, of a checkpoint from its configuration; None where that cannot be read."""
    if block := encoder.pretrain:
        pieces = block.tokenizer if isinstance(block.tokenizer, int) else 0
        return _size(block.hidden, block.layers, block.inner, pieces)
    # here, because it loads torch, which a plan of the laboratory does without
    from transformers import AutoConfig

    try:
        place = mirrored(encoder.checkpoint or "")
        # the plan has downloaded the configuration, if it could
        revision = encoder.revision
        config = AutoConfig.from_pretrained(place, revision=revision, trust_remote_code=False, local_files_only=True)
    except (OSError, ValueError):
        known = published().get(encoder.checkpoint or "")
        return _size(known.hidden, known.layers, known.inner, known.pieces) if known else None
    width = config.hidden_size
    inner = getattr(config, "intermediate_size", None) or getattr(config, "d_inner", None) or 4 * width
    return _size(width, config.num_hidden_layers, inner, config.vocab_size)


def _size(width: int, layers: int, inner: int, pieces: int) -> Size:
    matrices = layers * (4 * width**2 + 2 * width * inner)
    return Size(matrices, matrices + pieces * width)


def _examples(task: Task, split: str) -> float:
    """Examples of a split; the mean of the smallest and the largest language."""
    holder = TASKS[task.trains_on] if task.trains_on else task
    bounds = task.size.get(split) or holder.size.get(split) or TEXTS
    return sum(bounds) / len(bounds)


def _length(task: Task, params: Mapping[str, Any]) -> int:
    """Tokens of a typical example."""
    typical = LENGTHS[task.format]
    longest = params.get("max_length") or typical
    return min(typical, longest * CHOICES if task.format == "choice" else longest)
