"""The lock of a mirror: what differs from it is refused, whatever its size and time."""

import hashlib
import os

import pytest

from xtl.base import files, mirror_lock
from xtl.base.errors import UserError
from xtl.base.mirror_lock import LockedFile, LockedRepository, MirrorLock


@pytest.fixture
def mirror(tmp_path, outputs, monkeypatch):
    """A locked mirror of one file, whose digest is remembered."""
    monkeypatch.setattr(files, "RECENT", -1)
    root = tmp_path / "mirror"
    root.mkdir()
    (root / "a").write_text("one")
    locked = {"a": LockedFile(3, hashlib.sha256(b"one").hexdigest())}
    mirror_lock.write(root, MirrorLock({"x/y": LockedRepository("dataset", "f" * 40)}, locked))
    mirror_lock.verify(root, [root / "a"])
    return root


def test_other_content_of_the_same_size_and_time_is_refused(mirror):
    stat = (mirror / "a").stat()
    (mirror / "a").write_text("two")
    os.utime(mirror / "a", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(UserError, match="a is not the file that lock.yaml describes"):
        mirror_lock.verify(mirror, [mirror / "a"])


def test_other_sizes_and_files_are_refused(mirror):
    (mirror / "a").write_text("three")
    with pytest.raises(UserError, match="a has 5 bytes, but lock.yaml says 3"):
        mirror_lock.verify(mirror, [mirror / "a"])
    (mirror / "a").unlink()
    with pytest.raises(UserError, match="lacks a, which its lock.yaml lists"):
        mirror_lock.verify(mirror, [mirror / "a"])
    (mirror / "b").touch()
    with pytest.raises(UserError, match="holds b, which its lock.yaml does not know"):
        mirror_lock.verify(mirror, [mirror / "b"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "[]",
        "files: {a: 3}",
        "repositories: {}\nfiles: {a: {size: 3}}",
        "a: [b",
        "files: {a: {size: big, sha256: b}}",
        "files: {a: {size: 1, sha256: 1.5}}",
    ],
)
def test_what_is_no_lock_is_one_sentence(mirror, text):
    (mirror / "lock.yaml").write_text(text)
    with pytest.raises(UserError, match="lock.yaml is no lock of a mirror"):
        mirror_lock.verify(mirror, [mirror / "a"])
