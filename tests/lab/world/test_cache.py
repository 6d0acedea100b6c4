"""cache.py: what the laboratory made is kept, and made again where its file cannot be read."""

import pyarrow as pa
import pytest

from xtl.lab.world.cache import cached, cached_table, folder
from xtl.lab.world.config import LabConfig

CONFIG = LabConfig(languages=12, seed=0)


@pytest.mark.parametrize("content", [b"", b"[1, ", b"\xff", b"{}", b"null", b"7"])
def test_a_value_whose_file_is_damaged_is_made_again(outputs, content):
    made = []
    for _ in range(2):
        assert cached(CONFIG, "a.json", lambda: made.append(1) or [1, "zwei"]) == [1, "zwei"]
    (folder(CONFIG) / "a.json").write_bytes(content)
    assert cached(CONFIG, "a.json", lambda: made.append(1) or [1, "zwei"]) == [1, "zwei"]
    assert len(made) == 2


def test_a_table_whose_file_is_cut_short_is_made_again(outputs):
    table = pa.table({"text": ["a", "b"]})
    assert cached_table(CONFIG, "a.parquet", lambda: table) == table
    path = folder(CONFIG) / "a.parquet"
    content = path.read_bytes()
    for size in (0, 10, len(content) - 1):
        path.write_bytes(content[:size])
        assert cached_table(CONFIG, "a.parquet", lambda: table) == table
        assert path.read_bytes() == content
