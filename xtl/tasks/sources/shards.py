"""Which of the files that a pattern finds are a split: the parquet files, and of `-of-N` exactly that set, once."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath

from xtl.base.errors import UserError

# As `datasets` names them (train-00000-of-00003.parquet, perhaps with a digest behind), and as the Hub's conversion.
SHARD = re.compile(r"(?P<stem>.*)-(?P<number>\d{5,})-of-(?P<of>\d{5,})(-[0-9a-f]{8,})?\.parquet")
NUMBERED = re.compile(r"(?P<number>\d{4,})\.parquet")


def whole_split(names: Iterable[str], most: int | None = None) -> list[str]:
    """The files of a split, in order, of the names that its patterns match; of several, at most the first so many.

    `datasets` reads whatever a pattern matches. Here what is no parquet file (`….parquet.1` of a repeated download) is
    left out, and a set of shards must be whole and alone: of `-of-00003` all three, no file of another sharding beside
    them; of 0000.parquet, 0001.parquet, … none between. Raises UserError with what is wrong.

    >>> whole_split(["x/test-00000-of-00001.parquet", "x/test-00000-of-00001.parquet.1"])
    ['x/test-00000-of-00001.parquet']
    """
    plain = []
    shards: dict[str, dict[int, dict[int, str]]] = defaultdict(dict)  # stem -> how many there are -> number -> name
    for name in sorted(name for name in set(names) if name.endswith(".parquet")):
        match = SHARD.fullmatch(name)
        if not match:
            plain.append(name)
            continue
        numbers = shards[match["stem"]].setdefault(int(match["of"]), {})
        number = int(match["number"])
        if number in numbers:
            raise UserError(f"{numbers[number]} and {name} are the same part; remove the old one.")
        numbers[number] = name
    chosen = _in_a_row(plain, most)
    for stem, shardings in shards.items():
        if len(shardings) > 1 or f"{stem}.parquet" in plain:
            files = [f"{stem}.parquet"] if f"{stem}.parquet" in plain else []
            files += [next(iter(numbers.values())) for _, numbers in sorted(shardings.items())]
            raise UserError(f"{' and '.join(files[:2])} are of two ways to part the same rows; remove the old one.")
        ((total, numbers),) = shardings.items()
        wanted = range(min(total, most or total))
        lacking = [number for number in wanted if number not in numbers]
        if lacking or max(numbers) >= total:
            held = f"{len(numbers)} of the {total} files {stem}-…-of-{total:05d}.parquet"
            raise UserError(f"{held} are there" + (f", number {lacking[0]:05d} is not." if lacking else "."))
        chosen += [numbers[number] for number in wanted]
    return sorted(chosen)[:most]


def _in_a_row(names: list[str], most: int | None) -> list[str]:
    """Files that are no shards of a known number; those that are numbered must begin at 0 and leave none out."""
    folders: dict[PurePosixPath, list[int]] = defaultdict(list)
    for name in names:
        match = NUMBERED.fullmatch(PurePosixPath(name).name)
        if match:
            folders[PurePosixPath(name).parent].append(int(match["number"]))
    for folder, numbers in folders.items():
        wanted = range(min(max(numbers) + 1, most or max(numbers) + 1))
        lacking = [number for number in wanted if number not in numbers]
        if lacking:
            raise UserError(f"{folder} holds {max(numbers):04d}.parquet, but {lacking[0]:04d}.parquet lacks.")
    return names
