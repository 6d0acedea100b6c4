"""Downloading everything that a grid needs from the Hub into a local mirror, and locking it."""

from __future__ import annotations

import fnmatch
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from xtl.base import mirror_lock
from xtl.base.errors import UserError
from xtl.base.files import file_digest
from xtl.base.mirror_lock import LockedFile, LockedRepository, MirrorLock
from xtl.grid.schema import Experiment
from xtl.models import checkpoints
from xtl.tasks.catalog import TASKS, HubTable, Task
from xtl.tasks.formats import format_of
from xtl.tasks.sources import HubSource, origins
from xtl.tasks.sources import repository as mirrors
from xtl.tasks.sources.translation import APERTIUM

WEIGHTS = ("*.safetensors", "pytorch_model*.bin")  # the first kind that a repository has
SETTINGS = ("*.json", "*.model", "*.spm", "*.txt")  # configuration and tokenizer
README = "README.md"


@dataclass(frozen=True)
class File:
    """One file of a repository, with its size in bytes and, where the Hub tells it, its SHA-256."""

    name: str
    size: int
    sha256: str | None = None


@dataclass
class Repository:
    """What is to be fetched of one repository of the Hub, at one commit."""

    name: str
    kind: str  # dataset or model
    revision: str
    files: list[File] = field(default_factory=list)

    def folder(self, mirror: Path) -> Path:
        """Where the mirror keeps it."""
        return mirror / "models" / self.name if self.kind == "model" else mirror / self.name

    def lacking(self, mirror: Path) -> list[File]:
        """The files that are not there yet in this commit: absent, of another size, or of a commit that was locked."""
        folder = self.folder(mirror)
        lock = mirror_lock.read(mirror) or MirrorLock()
        stale = lock.revision(self.name) not in (None, self.revision)
        return [
            f
            for f in self.files
            if stale or not (folder / f.name).is_file() or (folder / f.name).stat().st_size != f.size
        ]


def needed(experiment: Experiment, mirror: Path) -> list[Repository]:
    """Every repository that a grid reads, with the files of it; asks the Hub for their lists and READMEs.

    Revisions are the grid's, else those of the mirror's lock, else the catalog's, else the newest.
    Raises UserError where nothing is to be fetched, and where the Hub has no such repository, config or file.
    """
    if experiment.data != "hub" and not any(spec.checkpoint for spec in experiment.encoders.values()):
        raise UserError(f"{experiment.name}: nothing to fetch; the laboratory makes its own data and encoders.")
    lock = mirror_lock.read(mirror) or MirrorLock()
    found = [
        _model(spec.checkpoint, spec.revision or lock.revision(spec.checkpoint))
        for spec in experiment.encoders.values()
        if spec.checkpoint and not checkpoints.is_folder(spec.checkpoint)
    ]
    blocks = [*experiment.sources, *(part for spec in experiment.intermediates.values() for part in spec.tasks)]
    named = dict.fromkeys(block.translator for block in blocks if block.translator)
    translators = [name for name in named if name != APERTIUM and not checkpoints.is_folder(name)]
    found += [_model(name, lock.revision(name)) for name in translators]
    for repository in found:
        _guard(repository, mirror)
    if experiment.data == "hub":
        found += _datasets(experiment, mirror, lock)
    if not found:
        raise UserError(f"{experiment.name}: nothing to fetch; what it reads is in folders of yours.")
    return found


def download(
    repositories: Iterable[Repository], mirror: Path, on_file: Callable[[Repository, File], None] = lambda r, f: None
) -> None:
    """Fetch what lacks, file by file, and write the lock; an interrupted file goes on where it stopped.

    on_file: told of every file when it is there.
    Raises UserError where a file cannot be had, or arrives in another size.
    """
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()  # one bar for all is drawn by who asks
    repositories = list(repositories)
    _clear(repositories, mirror)
    for repository in repositories:
        for file in repository.lacking(mirror):
            _one(repository, file, mirror)
            on_file(repository, file)
    _lock(repositories, mirror)


def _clear(repositories: list[Repository], mirror: Path) -> None:
    """Remove what the lock lists of another commit: what that one has more would stay among the new files."""
    lock = mirror_lock.read(mirror) or MirrorLock()
    for repository in repositories:
        folder = repository.folder(mirror)
        if lock.revision(repository.name) not in (None, repository.revision):
            for name in lock.below(folder.relative_to(mirror).as_posix()):
                (mirror / name).unlink(missing_ok=True)
            shutil.rmtree(folder / ".cache", ignore_errors=True)


def _lock(repositories: list[Repository], mirror: Path) -> None:
    """Add the repositories to the mirror's lock."""
    before = mirror_lock.read(mirror) or MirrorLock()
    names = dict(before.repositories)
    files = dict(before.files)
    for repository in repositories:
        folder = repository.folder(mirror)
        if before.revision(repository.name) not in (None, repository.revision):  # what was there is of another commit
            for name in before.below(folder.relative_to(mirror).as_posix()):
                files.pop(name, None)
        names[repository.name] = LockedRepository(repository.kind, repository.revision)
        for file in repository.files:
            path = folder / file.name
            digest = file_digest(path)
            if file.sha256 not in (None, digest):
                path.unlink()
                raise UserError(f"{repository.name}: {file.name} was damaged on its way and is removed; fetch again.")
            files[path.relative_to(mirror).as_posix()] = LockedFile(file.size, digest)
    mirror_lock.write(mirror, MirrorLock(names, files))


def _model(checkpoint: str, revision: str | None) -> Repository:
    """A model's configuration, tokenizer and weights: safetensors, or PyTorch's format where there is nothing else."""
    repository, listed = _listed(checkpoint, "model", revision)
    listed = [file for file in listed if "/" not in file.name]  # other exports lie in folders
    weights = next((found for kind in WEIGHTS if (found := _matching(listed, [kind]))), None)
    if not weights:
        raise UserError(f"encoder '{checkpoint}': the Hub has no weights of it ({' or '.join(WEIGHTS)}).")
    repository.files = _matching(listed, SETTINGS) + weights
    return repository


def _datasets(experiment: Experiment, mirror: Path, lock: MirrorLock) -> list[Repository]:
    """Every data set that the grid's tasks read, with the files of the splits and languages that it asks for."""
    wanted: dict[str, list[tuple[HubTable, str, str]]] = {}
    for task, split, language in reads(experiment):
        for source in task.sources:
            wanted.setdefault(source.dataset, []).append((source, source.splits[split], language))
    found = []
    for name, parts in wanted.items():
        revision = experiment.revisions.get(name) or lock.revision(name) or parts[0][0].revision
        repository, listed = _listed(name, "dataset", revision)
        _guard(repository, mirror)
        if parts[0][0].converted:
            declared = mirrors.converted([file.name for file in listed])
        else:
            declared = _declared(repository, listed, mirror)
        for source, split, language in parts:
            config = source.named(source.config, language)
            if split not in declared.get(config, {}):
                if experiment.languages == "available":
                    continue
                raise UserError(f"{name} at {repository.revision[:8]}: it has no split {split} in a config {config}.")
            files = _matching(listed, declared[config][split])
            repository.files += [f for f in files[: source.shards] if f not in repository.files]
        found.append(repository)
    return found


def _declared(repository: Repository, listed: list[File], mirror: Path) -> mirrors.Configs:
    """The configs that a repository's README declares; the README is fetched first, and belongs to its files."""
    readme = next((file for file in listed if file.name == README), None)
    if readme is None:
        raise UserError(
            f"{repository.name}: the Hub's repository has no {README}, whose `configs:` header lists the files."
        )
    repository.files = [readme]
    if readme in repository.lacking(mirror):
        _one(repository, readme, mirror)
    return mirrors.read_configs(repository.folder(mirror) / README)


def reads(experiment: Experiment) -> list[tuple[Task, str, str]]:
    """(task, split, language) of everything that the grid may read from the Hub."""
    asked = []
    for target in experiment.targets:
        task = TASKS[target]
        chosen = experiment.languages
        chosen = chosen.get(target) if isinstance(chosen, dict) else chosen
        languages = task.languages if chosen in (None, "available") else [c for c in task.languages if c in chosen]
        asked += [(task, split, code) for code in languages for split in format_of(task).SPLITS]
        if not task.trains_on:
            continue
        asked += [(TASKS[task.trains_on], split, "en") for split in ("train", "validation")]
        for source in experiment.sources:
            asked += _in_other_languages(task.trains_on, source.origin(), whole=False)
        if experiment.training_of(target).shots:
            asked += [(task, "validation", code) for code in languages]
    for spec in experiment.intermediates.values():
        for part in spec.tasks:
            task, origin = TASKS[part.task], part.origin()
            codes = ["en"] if origin or task.format != "mlm" else task.languages
            asked += [(task, split, code) for code in codes for split in ("train", "validation")]
            asked += _in_other_languages(part.task, origin, whole=True)
    for spec in experiment.encoders.values():
        if spec.pretrain and spec.pretrain.corpus != "lab":
            task = TASKS[spec.pretrain.corpus]
            asked += [(task, "train", code) for code in task.languages]
    found = []
    for task, split, language in asked:
        holder = task if not task.hub or split in task.hub.splits else TASKS.get(task.trains_on or "")
        if holder and holder.hub and split in holder.hub.splits and language in holder.languages:
            found.append((holder, split, language))
    unique = {(task.name, task.hub.dataset, split, code): (task, split, code) for task, split, code in found}
    return list(unique.values())


def _in_other_languages(name: str, origin: dict | None, whole: bool) -> list[tuple[Task, str, str]]:
    """What a training set of an origin is read from; of a grid's sources, a task may lack some (`whole`: none)."""
    read = origins.Origin.from_parameters(origin)
    if not read or read.translator:
        return []
    try:
        return [(origins.training_task(name, read, HubSource()), "train", read.language)]
    except UserError:
        if whole:
            raise
        return []


def _guard(repository: Repository, mirror: Path) -> None:
    """Raise UserError where the repository's folder holds files that no fetch put there: they are not written over."""
    folder = repository.folder(mirror)
    lock = mirror_lock.read(mirror) or MirrorLock()
    known = lock.revision(repository.name)
    begun = (folder / ".cache" / "huggingface").is_dir()  # an earlier fetch that was interrupted
    if not known and not begun and folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"--mirror {mirror}: {folder} holds files that no fetch put there; name another folder.")


def _one(repository: Repository, file: File, mirror: Path) -> None:
    """Fetch one file; one that was interrupted goes on. Raises UserError where it arrives in another size."""
    from huggingface_hub import hf_hub_download

    where = dict(repo_type=repository.kind, revision=repository.revision, local_dir=repository.folder(mirror))
    _hub(repository.name, lambda: hf_hub_download(repository.name, file.name, **where))
    came = (repository.folder(mirror) / file.name).stat().st_size
    if came != file.size:
        raise UserError(f"{repository.name}: {file.name} came with {came:,} bytes instead of {file.size:,}.")


def _listed(name: str, kind: str, revision: str | None) -> tuple[Repository, list[File]]:
    """A repository at the commit that a revision stands for, and all files in it with their sizes."""
    from huggingface_hub import HfApi

    info = _hub(name, lambda: HfApi().repo_info(name, repo_type=kind, revision=revision, files_metadata=True))
    files = [File(s.rfilename, int(s.size or 0), getattr(s.lfs, "sha256", None)) for s in info.siblings]
    return Repository(name, kind, info.sha), sorted(files, key=lambda file: file.name)


def _matching(files: list[File], patterns: Iterable[str]) -> list[File]:
    return [file for file in files if any(fnmatch.fnmatch(file.name, pattern) for pattern in patterns)]


def _hub(name: str, ask: Callable):
    """What the Hub answers. Raises UserError with its reason."""
    try:
        return ask()
    except Exception as error:  # the client raises a dozen kinds, for absent ids and absent networks alike
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        raise UserError(f"{name} cannot be had from the Hub ({reason}); check the name and the network.") from None
