"""Exactly the files that `-of-N` promises, once."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xtl.base.errors import UserError
from xtl.tasks.sources.shards import whole_split

THREE = [f"x/train-{number:05d}-of-00003.parquet" for number in range(3)]


def test_a_whole_set_is_read_once_and_in_order():
    assert whole_split(reversed(THREE)) == THREE
    assert whole_split(THREE + THREE) == THREE
    assert whole_split(THREE, most=1) == THREE[:1]
    assert whole_split(THREE[:1], most=1) == THREE[:1]  # the others were never fetched


def test_what_is_no_parquet_file_is_left_out():
    assert whole_split([*THREE, f"{THREE[0]}.1", "x/train-00000-of-00003.csv", "x/train.lock"]) == THREE


def test_several_splits_files_and_numbers_of_a_conversion():
    digests = [f"train-{number:05d}-of-00002-0123456789abcdef.parquet" for number in range(2)]
    assert whole_split(digests) == digests
    assert whole_split(["a/0001.parquet", "a/0000.parquet"]) == ["a/0000.parquet", "a/0001.parquet"]
    assert whole_split(["b.parquet", "a.parquet"]) == ["a.parquet", "b.parquet"]
    other = "y/train-00000-of-00001.parquet"  # of another folder, another set
    assert whole_split([*THREE, other]) == [*THREE, other]


@pytest.mark.parametrize(
    "names, message",
    [
        (THREE[:2], "2 of the 3 files x/train-…-of-00003.parquet are there, number 00002 is not"),
        ([THREE[0], THREE[2]], "number 00001 is not"),
        ([*THREE, "x/train-00003-of-00003.parquet"], "4 of the 3 files"),
        ([*THREE, "x/train-00000-of-00001.parquet"], "-of-00001.parquet and .*-of-00003.parquet are of two ways"),
        ([*THREE, "x/train.parquet"], "x/train.parquet and x/train-00000-of-00003.parquet are of two ways"),
        ([*THREE, "x/train-00001-of-00003-0123abcd.parquet"], "are the same part; remove the old one"),
        (["a/0000.parquet", "a/0002.parquet"], "a holds 0002.parquet, but 0001.parquet lacks"),
    ],
)
def test_what_is_less_or_more_is_refused(names, message):
    with pytest.raises(UserError, match=message):
        whole_split(names)


@pytest.fixture
def copy(hub, mirror, tmp_path, monkeypatch):
    """A copy of the miniature as the mirror; gives the folder of PAN-X in German, whose test set has two shards."""
    root = shutil.copytree(mirror, tmp_path / "copy")
    monkeypatch.setenv("XTL_MIRROR", str(root))
    folder = root / "google/xtreme/PAN-X.de"
    first = folder / "test-00000-of-00001.parquet"
    for number in range(2):
        shutil.copy(first, folder / f"test-{number:05d}-of-00002.parquet")
    first.unlink()
    return folder


def test_of_a_mirror_only_whole_sets_are_read(hub, copy):
    assert len(hub.examples("panx", "test", "de")) == 16
    shutil.copy(copy / "test-00000-of-00002.parquet", copy / "test-00000-of-00002.parquet.1")
    assert len(hub.examples("panx", "test", "de")) == 16
    (copy / "test-00001-of-00002.parquet").rename(copy / "test-00002-of-00003.parquet")
    for call in (hub.check, hub.examples, hub.digest):
        with pytest.raises(UserError, match="The mirror .*, google/xtreme: PAN-X.de/test-0.* two ways"):
            call("panx", "test", "de")


def test_every_shard_is_looked_at_before_anything_runs(hub, copy):
    last = copy / "test-00001-of-00002.parquet"
    whole = last.read_bytes()
    last.write_bytes(whole[:-100])
    with pytest.raises(UserError, match="test-00001-of-00002.parquet in .* is not a readable parquet file"):
        hub.check("panx", "test", "de")
    last.write_bytes(whole[:20] + bytes(200) + whole[220:])  # a footer that is whole, and pages that are not
    with pytest.raises(UserError, match="test-00001-of-00002.parquet in .* is not a readable parquet file"):
        hub.examples("panx", "test", "de")


def test_shards_of_different_types_are_one_sentence(hub, copy):
    pq.write_table(pa.table({"tokens": [["a"]], "ner_tags": ["O"]}), copy / "test-00001-of-00002.parquet")
    with pytest.raises(UserError, match="and the other files of that split have columns of different types"):
        hub.examples("panx", "test", "de")
