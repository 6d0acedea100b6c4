"""Files: digests that are remembered until a file changes."""

from xtl.base.files import file_digest


def test_digests_are_remembered_until_a_file_changes(tmp_path):
    path, cache = tmp_path / "a.json", tmp_path / "cache"
    path.write_text("one")
    first = file_digest(path, cache)
    assert [p.read_text() for p in cache.iterdir()] == [first]
    assert file_digest(path, cache) == first
    path.write_text("three")
    assert file_digest(path, cache) != first
