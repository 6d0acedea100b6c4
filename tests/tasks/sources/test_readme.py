"""Headers of READMEs as `datasets` reads them, and those that lead out of the mirror."""

import shutil

import pytest

from xtl.base.errors import UserError
from xtl.tasks.sources.readme import read_configs
from xtl.tasks.sources.repository import listed_matching, matching


def configs(folder, header, ending="---\ntext\n"):
    path = folder / "README.md"
    path.write_text(f"---\n{header}\n{ending}", encoding="utf-8")
    return read_configs(path)


def test_data_files_in_every_form(tmp_path):
    header = """configs:
- config_name: one
  data_files: one/*
- config_name: list
  data_files: [a/*, b/*]
- config_name: pairs
  data_files:
  - {split: train, path: train-*}
  - {split: test, path: [test-0*, test-1*]}
- config_name: below
  data_dir: de
  data_files: [{split: test, path: test-*}]"""
    assert configs(tmp_path, header) == {
        "one": {"train": ["one/*"]},
        "list": {"train": ["a/*", "b/*"]},
        "pairs": {"train": ["train-*"], "test": ["test-0*", "test-1*"]},
        "below": {"test": ["de/test-*"]},
    }


def test_files_that_are_named_by_a_folder_alone(tmp_path):
    (tmp_path / "de").mkdir()
    for split in ("train", "test"):
        (tmp_path / "de" / f"{split}-00000-of-00001.parquet").touch()
    found = configs(tmp_path, "configs:\n- {config_name: de, data_dir: de}\n- {config_name: fr, data_dir: fr}")
    assert set(found["de"]) == {"train", "test"} and found["fr"] == {}
    names = ["de/test-00000-of-00001.parquet"]
    assert matching(tmp_path, found["de"]["test"]) == names
    assert listed_matching([*names, "fr/test-00000-of-00001.parquet"], found["de"]["test"]) == names


def test_dashes_inside_values_and_a_mark_at_the_beginning(tmp_path):
    header = "pretty_name: a --- b\ncard: |\n  ---\n  c\nconfigs:\n- {config_name: a, data_files: a/*}"
    assert configs(tmp_path, header) == {"a": {"train": ["a/*"]}}
    (tmp_path / "other").mkdir()
    path = tmp_path / "other" / "README.md"
    path.write_bytes(b"\xef\xbb\xbf" + f"---\n{header}\n---\n".replace("\n", "\r\n").encode())
    assert read_configs(path) == {"a": {"train": ["a/*"]}}


@pytest.mark.parametrize("header", ["configs:", "configs: []", "license: mit", ""])
def test_headers_without_configs(tmp_path, header):
    assert configs(tmp_path, header) == {}


@pytest.mark.parametrize(
    "header, message",
    [
        ("configs: {a: b}", "must be a list of blocks with config_name and data_files"),
        ("configs: [a]", "must be a list of blocks"),
        ("configs:\n- data_files: a/*", "entry 1 of `configs:` has no config_name"),
        ("configs:\n- {config_name: a, data_files: [{split: test}]}", "config a: data_files must be a pattern"),
        ("configs:\n- {config_name: a, data_files: [1]}", "config a: data_files must be a pattern"),
        ("configs:\n- {config_name: a, data_files: 3}", "config a: data_files must be a pattern"),
        ("configs:\n- {config_name: a, data_files: /etc/*}", "names /etc/., which is outside its data set"),
        ("configs:\n- {config_name: a, data_files: ../other/*}", "outside its data set"),
        ("configs:\n- {config_name: a, data_files: a/../../other/*}", "outside its data set"),
        ("configs:\n- {config_name: a, data_dir: ..}", "outside its data set"),
        ("configs:\n- {config_name: a, data_files: 'https://host/a.parquet'}", "outside its data set"),
        ("configs: [a: b: c]", "is not valid YAML"),
        ("- a", "is not valid YAML"),
    ],
)
def test_headers_that_cannot_be(tmp_path, header, message):
    with pytest.raises(UserError, match=message):
        configs(tmp_path, header)


def test_a_place_inside_the_data_set_may_be_absolute(tmp_path):
    assert configs(tmp_path, f"configs:\n- {{config_name: a, data_files: {tmp_path}/a/*}}") == {"a": {"train": ["a/*"]}}


def test_links_that_lead_out_of_the_mirror_are_refused(hub, mirror, tmp_path, monkeypatch):
    copy = shutil.copytree(mirror, tmp_path / "copy")
    monkeypatch.setenv("XTL_MIRROR", str(copy))
    path = copy / "google/xtreme/PAN-X.de/test-00000-of-00001.parquet"
    path.rename(tmp_path / "elsewhere.parquet")
    path.symlink_to(tmp_path / "elsewhere.parquet")
    with pytest.raises(UserError, match="PAN-X.de/test-00000-of-00001.parquet is a link that leads out of it"):
        hub.check("panx", "test", "de")
    path.unlink()
    inside = copy / "blob"
    (tmp_path / "elsewhere.parquet").rename(inside)
    path.symlink_to(inside)
    hub.check("panx", "test", "de")
    readme = copy / "google/xtreme/README.md"
    readme.rename(tmp_path / "README.md")
    readme.symlink_to(tmp_path / "README.md")
    with pytest.raises(UserError, match="google/xtreme/README.md is a link that leads out of it"):
        hub.check("panx", "test", "es")
