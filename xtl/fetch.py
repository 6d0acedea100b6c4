"""Downloading everything that a grid needs from the Hub into a local mirror, and locking it."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from xtl import encoders, lock
from xtl.errors import UserError
from xtl.schema import Experiment
from xtl.tasks import mirror as mirrors
from xtl.tasks.catalog import TASKS, HubSource, Task

WEIGHTS = ("*.safetensors", "pytorch_model*.bin")  # the first kind that a repository has
SETTINGS = ("*.json", "*.model", "*.txt")  # configuration and tokenizer
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
        """The files that are not there in their size yet."""
        folder = self.folder(mirror)
        return [f for f in self.files if not (folder / f.name).is_file() or (folder / f.name).stat().st_size != f.size]


def needed(experiment: Experiment, mirror: Path) -> list[Repository]:
    """Every repository that a grid reads, with the files of it; asks the Hub for their lists and READMEs.

    Revisions are the grid's, else those of the mirror's lock, else the catalog's, else the newest.
    Raises UserError where nothing is to be fetched, and where the Hub has no such repository, config or file.
    """
    if experiment.data != "hub" and not any(spec.checkpoint for spec in experiment.encoders.values()):
        raise UserError(f"{experiment.name}: nothing to fetch; the laboratory makes its own data and encoders.")
    locked = (lock.read(mirror) or {"repositories": {}})["repositories"]
    found = [
        _model(spec.checkpoint, spec.revision or _revision(locked, spec.checkpoint))
        for spec in experiment.encoders.values()
        if spec.checkpoint and not encoders.is_folder(spec.checkpoint)
    ]
    if experiment.data == "hub":
        found += _datasets(experiment, mirror, locked)
    return found


def download(
    repositories: Iterable[Repository], mirror: Path, on_file: Callable[[Repository, File], None] = lambda r, f: None
) -> None:
    """Fetch what lacks, file by file, and write the lock; an interrupted file goes on where it stopped.

    on_file: told of every file when it is there.
    Raises UserError where a file cannot be had, or arrives in another size.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()  # one bar for all is drawn by who asks
    repositories = list(repositories)
    for repository in repositories:
        folder = repository.folder(mirror)
        for file in repository.lacking(mirror):
            _hub(
                repository.name,
                lambda repository=repository, file=file, folder=folder: hf_hub_download(
                    repository.name,
                    file.name,
                    repo_type=repository.kind,
                    revision=repository.revision,
                    local_dir=folder,
                ),
            )
            came = (folder / file.name).stat().st_size
            if came != file.size:
                raise UserError(f"{repository.name}: {file.name} came with {came:,} bytes instead of {file.size:,}.")
            on_file(repository, file)
    _lock(repositories, mirror)


def _lock(repositories: list[Repository], mirror: Path) -> None:
    """Add the repositories to the mirror's lock."""
    before = lock.read(mirror) or {"repositories": {}, "files": {}}
    names, files = dict(before["repositories"]), dict(before["files"])
    for repository in repositories:
        folder, known = repository.folder(mirror), names.get(repository.name)
        if known and known["revision"] != repository.revision:  # another commit: what was there is not of it
            prefix = folder.relative_to(mirror).as_posix() + "/"
            files = {name: entry for name, entry in files.items() if not name.startswith(prefix)}
        names[repository.name] = {"kind": repository.kind, "revision": repository.revision}
        for file in repository.files:
            path = folder / file.name
            digest = encoders.file_digest(path)
            if file.sha256 not in (None, digest):
                path.unlink()
                raise UserError(f"{repository.name}: {file.name} was damaged on its way and is removed; fetch again.")
            files[path.relative_to(mirror).as_posix()] = {"size": file.size, "sha256": digest}
    lock.write(mirror, names, files)


def _model(checkpoint: str, revision: str | None) -> Repository:
    """A model's configuration, tokenizer and weights: safetensors, or PyTorch's format where there is nothing else."""
    repository, listed = _listed(checkpoint, "model", revision)
    weights = next((found for kind in WEIGHTS if (found := _matching(listed, [kind]))), None)
    if not weights:
        raise UserError(f"encoder '{checkpoint}': the Hub has no weights of it ({' or '.join(WEIGHTS)}).")
    settings = [file for file in _matching(listed, SETTINGS) if "/" not in file.name]
    repository.files = settings + [file for file in weights if "/" not in file.name]
    return repository


def _datasets(experiment: Experiment, mirror: Path, locked: dict) -> list[Repository]:
    """Every data set that the grid's tasks read, with the files of the splits and languages that it asks for."""
    wanted: dict[str, list[tuple[HubSource, str, str]]] = {}
    for task, split, language in reads(experiment):
        for source in task.sources:
            wanted.setdefault(source.dataset, []).append((source, source.splits[split], language))
    found = []
    for name, parts in wanted.items():
        revision = experiment.revisions.get(name) or _revision(locked, name) or parts[0][0].revision
        repository, listed = _listed(name, "dataset", revision)
        readme = next((file for file in listed if file.name == README), None)
        if readme is None:
            raise UserError(f"{name}: the Hub's repository has no {README}, whose `configs:` header lists the files.")
        repository.files = [readme]
        _one(repository, readme, mirror)
        declared = mirrors.read_configs(repository.folder(mirror) / README)
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


def reads(experiment: Experiment) -> list[tuple[Task, str, str]]:
    """(task, split, language) of everything that the grid may read from the Hub."""
    asked = []
    for target in experiment.targets:
        task = TASKS[target]
        chosen = experiment.languages
        chosen = chosen.get(target) if isinstance(chosen, dict) else chosen
        languages = task.languages if chosen in (None, "available") else [c for c in task.languages if c in chosen]
        asked += [(task, split, code) for code in languages for split in ("validation", "test")]
        asked += [(task, split, "en") for split in ("train", "validation") if task.trains_on]
    for spec in experiment.intermediates.values():
        for part in spec.tasks:
            task = TASKS[part.task]
            codes = task.languages if task.format == "mlm" else [part.language]
            asked += [(task, split, code) for code in codes for split in ("train", "validation")]
    for spec in experiment.encoders.values():
        if spec.pretrain and spec.pretrain.corpus != "lab":
            task = TASKS[spec.pretrain.corpus]
            asked += [(task, "train", code) for code in task.languages]
    found = []
    for task, split, language in asked:
        holder = task if not task.hub or split in task.hub.splits else TASKS.get(task.trains_on or "")
        if holder and holder.hub and split in holder.hub.splits and language in holder.languages:
            # a target's validation set is read in English alone, where it selects a checkpoint or is shown
            if split != "validation" or language == "en" or holder.format == "mining":
                found.append((holder, split, language))
    return list(dict.fromkeys(found))


def _one(repository: Repository, file: File, mirror: Path) -> None:
    """Fetch one file before the rest."""
    from huggingface_hub import hf_hub_download

    folder = repository.folder(mirror)
    if file in repository.lacking(mirror):
        _hub(
            repository.name,
            lambda: hf_hub_download(
                repository.name, file.name, repo_type=repository.kind, revision=repository.revision, local_dir=folder
            ),
        )


def _listed(name: str, kind: str, revision: str | None) -> tuple[Repository, list[File]]:
    """A repository at the commit that a revision stands for, and all files in it with their sizes."""
    from huggingface_hub import HfApi

    info = _hub(name, lambda: HfApi().repo_info(name, repo_type=kind, revision=revision, files_metadata=True))
    files = [File(s.rfilename, int(s.size or 0), getattr(s.lfs, "sha256", None)) for s in info.siblings]
    return Repository(name, kind, info.sha), sorted(files, key=lambda file: file.name)


def _matching(files: list[File], patterns: Iterable[str]) -> list[File]:
    return [file for file in files if any(fnmatch.fnmatch(file.name, pattern) for pattern in patterns)]


def _revision(locked: dict, name: str) -> str | None:
    return locked.get(name, {}).get("revision")


def _hub(name: str, ask: Callable):
    """What the Hub answers. Raises UserError with its reason."""
    try:
        return ask()
    except Exception as error:  # the client raises a dozen kinds, for absent ids and absent networks alike
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        raise UserError(f"{name} cannot be had from the Hub ({reason}); check the name and the network.") from None
