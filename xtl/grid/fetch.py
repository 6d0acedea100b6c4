"""Downloading everything that a grid needs from the Hub into a local mirror, and locking it."""

import fnmatch
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from huggingface_hub import HfApi, snapshot_download

from xtl.base import hub, mirror_lock
from xtl.base.errors import UserError
from xtl.base.files import file_digest
from xtl.base.mirror_lock import LockedFile, LockedRepository, MirrorLock
from xtl.grid.schema import Experiment
from xtl.models import checkpoints
from xtl.tasks.catalog import TASKS, HubTable, Task
from xtl.tasks.sources import HubSource, Origin, origins
from xtl.tasks.sources import repository as mirrors
from xtl.tasks.sources.readme import Configs, converted, read_configs
from xtl.tasks.sources.shards import whole_split
from xtl.tasks.sources.translation import APERTIUM

WEIGHTS = ("*.safetensors", "pytorch_model*.bin")  # the first kind that a repository has
SETTINGS = ("*.json", "*.model", "*.spm", "*.txt")  # configuration and tokenizer
README = "README.md"
TaskData = tuple[Task, str, str]  # of a task, one split in one language


@dataclass(frozen=True)
class File:
    """One file of a repository, with its size in bytes and, where the Hub tells it, its SHA-256."""

    name: str
    size: int
    sha256: str | None = None


@dataclass
class Repository:
    """What a mirror is to hold of one repository of the Hub, at one commit.

    Attributes:
        kind: dataset or model.
        folder: where the mirror keeps it.
        listed: all files that the Hub has of it. files: those that the grid reads.
        locked: the commit that the mirror is locked at.
    """

    name: str
    kind: str
    revision: str
    folder: Path
    listed: list[File]
    files: list[File]
    locked: str | None

    @property
    def moved(self) -> bool:
        """Whether the mirror holds another commit of it."""
        return self.locked not in (None, self.revision)

    def lacking(self) -> list[File]:
        """The files that are not there yet in this commit: absent, of another size, or of another commit."""
        return [file for file in self.files if self.moved or not self._holds(file)]

    def _holds(self, file: File) -> bool:
        path = self.folder / file.name
        return path.is_file() and path.stat().st_size == file.size

    def read(self, patterns: Iterable[str]) -> int:
        """Add the listed files that match a pattern to those that are read; how many match."""
        matching = [file for file in self.listed if any(fnmatch.fnmatch(file.name, pattern) for pattern in patterns)]
        self.files += [file for file in matching if file not in self.files]
        return len(matching)

    def read_split(self, patterns: Sequence[str], most: int | None) -> None:
        """Add the files of a split, at most the first few. Raises UserError where the Hub has a part of its shards."""
        names = mirrors.listed_matching([file.name for file in self.listed], patterns)
        try:
            wanted = set(whole_split(names, most))
        except UserError as error:
            raise UserError(f"{self.name} at {self.revision[:8]}: {error}") from None
        self.files += [file for file in self.listed if file.name in wanted and file not in self.files]

    def download(self) -> None:
        """Fetch what lacks; an interrupted file goes on where it stopped. Raises UserError where one still lacks."""
        names = [file.name for file in self.lacking()]
        if names:
            hub.ask(
                self.name,
                lambda: snapshot_download(
                    self.name,
                    repo_type=self.kind,
                    revision=self.revision,
                    local_dir=self.folder,
                    allow_patterns=names,
                ),
            )
        for file in self.files:
            if not self._holds(file):
                raise UserError(f"{self.name}: {file.name} did not arrive with its {file.size:,} bytes; fetch again.")


def needed(experiment: Experiment, mirror: Path) -> list[Repository]:
    """Every repository that a grid reads, with the files of it; asks the Hub for their lists and READMEs.

    Revisions are the grid's, else those of the mirror's lock, else the catalog's, else the newest.
    Raises UserError where nothing is to be fetched, and where the Hub has no such repository, config or file.
    """
    if experiment.data != "hub" and not any(spec.checkpoint for spec in experiment.encoders.values()):
        raise UserError(f"{experiment.name}: nothing to fetch; the laboratory makes its own data and encoders.")
    models = {spec.checkpoint: spec.revision for spec in experiment.encoders.values() if spec.checkpoint}
    for block in [*experiment.sources, *experiment.parts()]:
        if block.translator and block.translator != APERTIUM:
            models.setdefault(block.translator, None)
    repositories = []
    for name, revision in models.items():
        if not checkpoints.is_folder(name):
            repositories.append(_model(name, revision, mirror))
    if experiment.data == "hub":
        repositories += _datasets(experiment, mirror)
    if not repositories:
        raise UserError(f"{experiment.name}: nothing to fetch; what it reads is in folders of yours.")
    return repositories


def download(repositories: Iterable[Repository], mirror: Path) -> None:
    """Fetch what lacks and write the lock. Raises UserError where a file cannot be had or arrives damaged."""
    lock = mirror_lock.read(mirror) or MirrorLock()
    names = dict(lock.repositories)
    files = dict(lock.files)
    for repository in repositories:
        if repository.moved:  # what that commit has more would stay among the new files
            for name in lock.below(repository.folder.relative_to(mirror).as_posix()):
                (mirror / name).unlink(missing_ok=True)
                del files[name]
            shutil.rmtree(repository.folder / ".cache", ignore_errors=True)
        repository.download()
        names[repository.name] = LockedRepository(repository.kind, repository.revision)
        for file in repository.files:
            path = repository.folder / file.name
            digest = file_digest(path)
            if file.sha256 not in (None, digest):
                path.unlink()
                raise UserError(f"{repository.name}: {file.name} was damaged on its way and is removed; fetch again.")
            files[path.relative_to(mirror).as_posix()] = LockedFile(file.size, digest)
    mirror_lock.write(mirror, MirrorLock(names, files))


def _listed(name: str, kind: str, revision: str | None, mirror: Path) -> Repository:
    """A repository at the commit that a revision stands for, with the sizes of its files.

    Raises UserError where its folder holds files that no fetch put there: they are not written over.
    """
    locked = (mirror_lock.read(mirror) or MirrorLock()).revision(name)
    asked = revision or locked
    api = HfApi()
    request = api.model_info if kind == "model" else api.dataset_info
    info = hub.ask(name, lambda: request(name, revision=asked, files_metadata=True))
    files = [File(each.rfilename, each.size or 0, getattr(each.lfs, "sha256", None)) for each in info.siblings or ()]
    folder = mirror / "models" / name if kind == "model" else mirror / name
    begun = (folder / ".cache" / "huggingface").is_dir()  # an earlier fetch that was interrupted
    if not locked and not begun and folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"--mirror {mirror}: {folder} holds files that no fetch put there; name another folder.")
    files.sort(key=lambda file: file.name)
    return Repository(name, kind, info.sha or "", folder, files, [], locked)


def _model(name: str, revision: str | None, mirror: Path) -> Repository:
    """A model's configuration, tokenizer and weights: safetensors, or PyTorch's format where there is nothing else."""
    repository = _listed(name, "model", revision, mirror)
    repository.listed = [file for file in repository.listed if "/" not in file.name]  # other exports lie in folders
    repository.read(SETTINGS)
    if not any(repository.read([pattern]) for pattern in WEIGHTS):
        raise UserError(f"encoder '{name}': the Hub has no weights of it ({' or '.join(WEIGHTS)}).")
    return repository


def _datasets(experiment: Experiment, mirror: Path) -> list[Repository]:
    """Every data set that the grid's tasks read, with the files of the splits and languages that it asks for."""
    parts: dict[str, list[tuple[HubTable, str, str]]] = {}
    for task, split, language in reads(experiment):
        for source in task.sources:
            parts.setdefault(source.dataset, []).append((source, source.splits[split], language))
    repositories = []
    for name, wanted in parts.items():
        first, _, _ = wanted[0]
        locked = (mirror_lock.read(mirror) or MirrorLock()).revision(name)
        repository = _listed(name, "dataset", experiment.revisions.get(name) or locked or first.revision, mirror)
        configs = _configs(repository, first)
        for source, split, language in wanted:
            config = source.named(source.config, language)
            if split in configs.get(config, {}):
                repository.read_split(configs[config][split], source.shards)
            elif experiment.languages != "available":
                raise UserError(f"{name} at {repository.revision[:8]}: it has no split {split} in a config {config}.")
        repositories.append(repository)
    return repositories


def _configs(repository: Repository, source: HubTable) -> Configs:
    """The configs of a data set: from the names of a converted one, else from its README, which is fetched first."""
    if source.converted:
        return converted([file.name for file in repository.listed])
    if not repository.read([README]):
        raise UserError(
            f"{repository.name}: the Hub's repository has no {README}, whose `configs:` header lists the files."
        )
    repository.download()
    return read_configs(repository.folder / README, f"hf://datasets/{repository.name}@{repository.revision}")


def reads(experiment: Experiment) -> list[TaskData]:
    """Everything that the grid may read from the Hub, each part once and of the task that holds it."""
    parts = {}
    for task, split, language in _asked(experiment):
        if task.hub and split not in task.hub.splits and task.trains_on:
            task = TASKS[task.trains_on]
        if task.hub and split in task.hub.splits and language in task.languages:
            parts[task.name, task.hub.dataset, split, language] = (task, split, language)
    return list(parts.values())


def _asked(experiment: Experiment) -> Iterator[TaskData]:
    """What targets, intermediates and pretraining ask for, whoever holds it."""
    learning = ("train", "validation")
    for target in experiment.targets:
        task = TASKS[target]
        languages = experiment.languages_of(target, task.languages)
        yield from product([task], task.evaluation_splits, languages)
        if task.trains_on:
            yield from product([TASKS[task.trains_on]], learning, ["en"])
            for source in experiment.sources:
                yield from _in_other_languages(task.trains_on, source.origin(), whole=False)
            if any(experiment.training_of(target, encoder).shots for encoder in experiment.encoders):
                yield from product([task], ["validation"], languages)
    for part in experiment.parts():
        task = TASKS[part.task]
        every = task.format == "mlm" and not part.origin()
        yield from product([task], learning, task.languages if every else ["en"])
        yield from _in_other_languages(part.task, part.origin(), whole=True)
    for spec in experiment.encoders.values():
        if spec.pretrain and spec.pretrain.corpus != "lab":
            task = TASKS[spec.pretrain.corpus]
            yield from product([task], ["train"], task.languages)


def _in_other_languages(name: str, origin: Origin | None, whole: bool) -> list[TaskData]:
    """What a training set of an origin is read from; of a grid's sources, a task may lack some (`whole`: none)."""
    if not origin or origin.translator:
        return []
    try:
        return [(origins.training_task(name, origin, HubSource()), "train", origin.language)]
    except UserError:
        if whole:
            raise
        return []
