"""Files: whole or not at all, caches that are made again, digests remembered until a file changes, their notes."""

import hashlib
import json
import os
import shutil
import subprocess
import sys

import pytest

from xtl.base import files
from xtl.base.files import file_digest, read_json, read_or_make, replacing_folder, write_json
from xtl.base.places import REPOSITORY


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A folder of notes, also of files that have just been written."""
    monkeypatch.setattr(files, "RECENT", -1)
    return tmp_path / "cache"


def test_digests_are_remembered_until_a_file_changes(tmp_path, cache, monkeypatch):
    path = tmp_path / "a.json"
    path.write_text("one")
    first = file_digest(path, cache)
    assert first == hashlib.sha256(b"one").hexdigest()
    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "file_digest", lambda *_: pytest.fail("hashed again"))
        assert file_digest(path, cache) == first
    path.write_text("three")
    assert file_digest(path, cache) == hashlib.sha256(b"three").hexdigest()


def test_other_content_of_the_same_size_and_time_is_another_file(tmp_path, cache):
    path = tmp_path / "a.json"
    path.write_text("one")
    file_digest(path, cache)
    stat = path.stat()
    path.write_text("two")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert file_digest(path, cache) == hashlib.sha256(b"two").hexdigest()
    other = tmp_path / "b.json"
    other.write_text("six")
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    os.replace(other, path)
    assert file_digest(path, cache) == hashlib.sha256(b"six").hexdigest()


def test_a_file_that_has_just_changed_is_not_remembered(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("one")
    future = files.time.time() + 5
    file_digest(path, tmp_path / "cache")
    assert path.stat().st_ctime < future and not (tmp_path / "cache").exists()


@pytest.mark.parametrize("text", ["", "nonsense", "0" * 64, "a b", "a b c", "\udcff"])
def test_a_note_that_is_no_digest_is_made_again(tmp_path, cache, text):
    path = tmp_path / "a.json"
    path.write_text("one")
    first = file_digest(path, cache)
    (note,) = cache.iterdir()
    note.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert file_digest(path, cache) == first
    assert note.read_text().split()[0] == first


def test_a_note_of_another_file_or_with_a_changed_digit_is_made_again(tmp_path, cache):
    one = tmp_path / "one.json"
    one.write_text("one")
    first = file_digest(one, cache)
    (note,) = cache.iterdir()
    two = tmp_path / "two.json"
    two.write_text("two")
    file_digest(two, cache)
    (other,) = [path for path in cache.iterdir() if path != note]
    shutil.copy(other, note)
    assert file_digest(one, cache) == first
    whole = note.read_text()
    note.write_text(("1" if whole[0] == "0" else "0") + whole[1:])
    assert file_digest(one, cache) == first


def test_notes_that_cannot_be_written_cost_time_alone(tmp_path, cache):
    cache.write_text("no folder")
    path = tmp_path / "a.json"
    path.write_text("one")
    assert file_digest(path, cache) == hashlib.sha256(b"one").hexdigest()


@pytest.mark.parametrize("content", [b"", b"[1, 2", b"\xff\xfe", b"[" * 100_000])
def test_a_cache_that_cannot_be_read_is_made_again(tmp_path, content):
    path = tmp_path / "cache" / "a.json"
    made = []

    def make(file):
        made.append(file)
        file.write_text("[1, 2, 3]")

    def read(file):
        return json.loads(file.read_text("utf-8"))

    assert read_or_make(path, read, make) == read_or_make(path, read, make) == [1, 2, 3]
    assert len(made) == 1
    path.write_bytes(content)
    assert read_json(path) is None
    assert read_or_make(path, read, make) == [1, 2, 3] and path.read_text() == "[1, 2, 3]"
    assert len(made) == 2 and not list(path.parent.glob("*.tmp"))


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "checkpoint"
    for text in ("one", "two"):
        with replacing_folder(folder) as temporary:
            (temporary / text).write_text(text)
    with pytest.raises(RuntimeError), replacing_folder(folder) as temporary:
        (temporary / "three").write_text("half")
        raise RuntimeError
    assert os.listdir(tmp_path) == ["checkpoint"] and os.listdir(folder) == ["two"]


def test_a_full_disk_leaves_the_old_file_and_names_it(tmp_path):
    """A limit on the size of files stands for the full disk; in a process of its own, which it would outlive."""
    path = tmp_path / "a.json"
    write_json(path, {"old": 1})
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom xtl.base.files import write_json\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    write_json(Path(sys.argv[1]), ['x'] * 10_000)\nexcept OSError as error:\n    print(error.filename)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.stdout == f"{path}\n", done.stderr
    assert read_json(path) == {"old": 1} and os.listdir(tmp_path) == ["a.json"]
