"""Repositories: files of the mirror and of the Hub, their identity, and what is said where they lack."""

import shutil

import pytest
from datasets import Dataset

from xtl.base.errors import UserError
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import HubSource
from xtl.tasks.sources.repository import _snapshot


def test_a_config_that_the_mirror_lacks(hub, mirror):
    message = (
        f"The mirror {mirror} has no config udpos.Turkish of google/xtreme; "
        "of that task it has udpos.English, udpos.German, udpos.Spanish."
    )
    for call in (hub.check, hub.examples):
        with pytest.raises(UserError) as error:
            call("udpos", "test", "tr")
        assert str(error.value) == message
    with pytest.raises(UserError, match="no split train in config udpos.German of google/xtreme; it has vali"):
        hub.check("udpos", "train", "de")


def test_a_mirror_with_other_faults(hub, mirror, tmp_path, monkeypatch):
    copy = shutil.copytree(mirror, tmp_path / "mirror")
    monkeypatch.setenv("XTL_MIRROR", str(copy))
    shutil.rmtree(copy / "rajpurkar")
    with pytest.raises(
        UserError, match="lacks the data set rajpurkar/squad; it holds Rowan/hellaswag, .*, nyu-mll/glue"
    ):
        hub.check("squad1", "train", "en")
    (copy / "nyu-mll/glue/README.md").write_text("# GLUE\n")
    with pytest.raises(UserError, match="has no `configs:` header"):
        hub.check("mnli", "train", "en")
    (copy / "google/xtreme/PAN-X.de/test-00000-of-00001.parquet").unlink()
    with pytest.raises(UserError, match=r"declares PAN-X.de/test-\* in google/xtreme/README.md, but no such file"):
        hub.check("panx", "test", "de")
    (copy / "google/xtreme/PAN-X.es/test-00000-of-00001.parquet").write_text("version https://git-lfs\n")
    with pytest.raises(UserError, match="it is a Git LFS pointer"):
        hub.check("panx", "test", "es")
    (copy / "google/xtreme/README.md").unlink()
    with pytest.raises(UserError, match="lacks google/xtreme/README.md"):
        hub.languages("panx")
    monkeypatch.setenv("XTL_MIRROR", str(tmp_path / "no"))
    with pytest.raises(UserError, match="which is not a folder"):
        hub.languages("panx")


def test_fingerprints_follow_the_content(hub, mirror, tmp_path, monkeypatch):
    first = hub.digest("panx", "test", "de")
    assert first.startswith("sha256:") and len(first) == 7 + 16
    assert hub.digest("panx", "test", "es") != first
    copy = shutil.copytree(mirror, tmp_path / "mirror")
    monkeypatch.setenv("XTL_MIRROR", str(copy))
    assert hub.digest("panx", "test", "de") == first  # a copy elsewhere is the same data
    path = copy / "google/xtreme/PAN-X.de/test-00000-of-00001.parquet"
    Dataset.from_dict({"tokens": [["a"]], "ner_tags": [["O"]]}).to_parquet(path)
    assert hub.digest("panx", "test", "de") != first
    # XNLI trains on MNLI: one identity
    assert hub.digest("xnli", "train", "en") == hub.digest("mnli", "train", "en")


def test_files_are_hashed_once(hub, monkeypatch):
    hub.digest("panx", "test", "de")
    monkeypatch.setattr("hashlib.file_digest", lambda *_: pytest.fail("hashed again"))
    hub.digest("panx", "test", "de")


def test_the_hub_is_asked_where_there_is_no_mirror(hub, mirror, monkeypatch):
    """The Hub's client is replaced: it serves the miniature, and what it is asked for is checked."""
    import huggingface_hub

    asked = []

    def hf_hub_download(dataset, name, repo_type, revision):
        return str(mirror / dataset / name)

    def snapshot_download(dataset, repo_type, revision, allow_patterns):
        asked.append((dataset, repo_type, revision, allow_patterns))
        return str(mirror / dataset)

    monkeypatch.delenv("XTL_MIRROR")
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hf_hub_download)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    _snapshot.cache_clear()
    pinned = HubSource({"google/xtreme": "f" * 40})
    pinned.check("panx", "test", "de")
    assert asked == []  # a check downloads no data
    assert len(pinned.examples("panx", "test", "de")) == 8
    assert asked == [("google/xtreme", "dataset", "f" * 40, ["PAN-X.de/test-*"])]
    assert pinned.digest("panx", "test", "de") == "hub:" + "f" * 40
    assert hub.digest("panx", "test", "de") == "hub:" + TASKS["panx"].revision
    _snapshot.cache_clear()
