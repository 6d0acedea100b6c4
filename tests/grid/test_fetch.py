"""Fetching a mirror from a server that speaks the Hub's API, its lock, and grids that need no network afterwards."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from tests import command
from tests.hub_server import COMMIT, serving

ROOT = Path(__file__).resolve().parents[2]
GRID = """
name: fetched
question: Does it run without a network?
data: hub
revisions:
  google/xtreme: 0123456789abcdef0123456789abcdef01234567
  nyu-mll/glue: 0123456789abcdef0123456789abcdef01234567
encoders: {tiny: {checkpoint: someone/tiny}}
intermediates: {mnli: [mnli]}
targets: [xnli, tatoeba]
languages: [en, de]
training: {max_steps: 2, batch_size: 4}
"""


@pytest.fixture(scope="module")
def hub(mirror, tiny_encoders, tmp_path_factory):
    """The miniature with a model in it, served; a grid that needs a part of both."""
    root = tmp_path_factory.mktemp("hub")
    shutil.copytree(mirror, root, dirs_exist_ok=True)
    shutil.copytree(tiny_encoders["bert"], root / "models/someone/tiny")
    (root / "models/someone/tiny/pytorch_model.bin").write_bytes(b"not to be fetched beside safetensors")
    (root / "models/someone/tiny/model.h5").write_bytes(b"never")
    # larger than what the Hub's client keeps in memory before it writes
    (root / "models/someone/tiny/large.txt").write_bytes(bytes(range(256)) * 100_000)
    (root / "grid.yaml").write_text(GRID)
    with serving(root) as server:
        yield server


def xtl(*arguments, **environment):
    return command.xtl(*arguments, without=("XTL_MIRROR", "HF_HUB_OFFLINE"), timeout=900, **environment)


@pytest.fixture(scope="module")
def fetched(hub, tmp_path_factory):
    """The grid's mirror, fetched while one download broke off in the middle."""
    folder = tmp_path_factory.mktemp("fetched") / "mirror"
    hub.cut.add("large.txt")
    home = str(tmp_path_factory.mktemp("home"))
    run = xtl("fetch", hub.root / "grid.yaml", "--mirror", folder, HF_ENDPOINT=hub.address, HF_HOME=home)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "google/xtreme" in run.stdout and "to fetch into" in run.stdout and "Locked:" in run.stdout
    return folder


def test_what_the_grid_needs_is_there_and_no_more(fetched, hub):
    files = {p.relative_to(fetched).as_posix() for p in fetched.rglob("*") if p.is_file() and ".cache" not in p.parts}
    assert "models/someone/tiny/model.safetensors" in files and "nyu-mll/glue/README.md" in files
    assert not any(name.endswith((".bin", ".h5")) for name in files)
    assert "google/xtreme/tatoeba.deu/validation-00000-of-00001.parquet" in files
    assert not any("tatoeba.spa" in name or "XQuAD" in name or "qqp" in name for name in files)
    for name in files - {"lock.yaml"}:
        assert (fetched / name).read_bytes() == (hub.root / name).read_bytes()
    lock = yaml.safe_load((fetched / "lock.yaml").read_text())
    assert set(lock["files"]) == files - {"lock.yaml"}
    assert lock["repositories"]["someone/tiny"] == {"kind": "model", "revision": COMMIT}


def test_a_broken_download_went_on_where_it_stopped(fetched, hub):
    ranges = [r for method, path, r in hub.asked if method == "GET" and path.endswith("large.txt")]
    assert any(r and not r.startswith("bytes=0-") for r in ranges)


def test_the_second_time_nothing_is_fetched(fetched, hub):
    before = len([1 for method, path, _ in hub.asked if method == "GET" and "/resolve/" in path])
    run = xtl("fetch", hub.root / "grid.yaml", "--mirror", fetched, HF_ENDPOINT=hub.address)
    assert run.returncode == 0 and "0.0 MB to fetch" in run.stdout
    assert len([1 for method, path, _ in hub.asked if method == "GET" and "/resolve/" in path]) == before


def test_the_grid_plans_without_a_network_and_a_changed_file_is_an_error(fetched, hub, tmp_path):
    offline = dict(HF_ENDPOINT="http://127.0.0.1:9", HF_HUB_OFFLINE="1", XTL_OUTPUTS=str(tmp_path))
    run = xtl("plan", hub.root / "grid.yaml", XTL_MIRROR=str(fetched), **offline)
    assert run.returncode == 0 and "0 cached, 5 new" in run.stdout, run.stdout + run.stderr
    copy = shutil.copytree(fetched, tmp_path / "copy")
    path = copy / "google/xtreme/tatoeba.deu/validation-00000-of-00001.parquet"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(bytes(content))
    run = xtl("plan", hub.root / "grid.yaml", XTL_MIRROR=str(copy), **offline)
    assert run.returncode == 2 and "is not the file that lock.yaml describes" in " ".join(run.stderr.split())
    path.write_bytes(bytes(content[:-1]))
    run = xtl("plan", hub.root / "grid.yaml", XTL_MIRROR=str(copy), **offline)
    assert run.returncode == 2 and "bytes, but lock.yaml says" in " ".join(run.stderr.split())
    (copy / "models/someone/tiny/config.json").unlink()
    run = xtl("plan", hub.root / "grid.yaml", XTL_MIRROR=str(copy), **offline)
    assert run.returncode == 2 and "config.json" in run.stderr


def test_somebodys_own_files_are_not_written_over(hub, tmp_path):
    own = tmp_path / "nyu-mll" / "glue" / "README.md"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    run = xtl("fetch", hub.root / "grid.yaml", "--mirror", tmp_path, HF_ENDPOINT=hub.address)
    assert run.returncode == 2 and "holds files that no fetch put there" in " ".join(run.stderr.split())
    assert own.read_text() == "mine"


def test_a_pin_that_the_mirror_does_not_hold_is_an_error(fetched, hub, tmp_path):
    change = "revisions.google/xtreme=" + "f" * 40
    run = xtl("plan", hub.root / "grid.yaml", "--set", change, XTL_MIRROR=str(fetched), XTL_OUTPUTS=str(tmp_path))
    assert run.returncode == 2 and "pins google/xtreme at ffffffffffff" in " ".join(run.stderr.split())


def test_a_mirror_is_named_from_where_the_user_is(fetched, hub, tmp_path):
    """XTL_MIRROR=mirror works although notebooks are executed elsewhere."""
    places = {"XTL_MIRROR": fetched.name, "XTL_OUTPUTS": "outputs", "HF_HUB_OFFLINE": "1"}
    fewer = ["--set", "intermediates={}", "--set", "targets=[xnli]"]
    run = command.xtl("run", hub.root / "grid.yaml", *fewer, cwd=fetched.parent, timeout=900, **places)
    assert run.returncode == 0, run.stdout + run.stderr
    records = [json.loads(p.read_text()) for p in (fetched.parent / "outputs").glob("runs/target/*/run.json")]
    assert {r["status"] for r in records} == {"done"} and {r["mirror"] for r in records} == {"locked"}


@pytest.mark.parametrize(
    "change, message",
    [
        ("encoders.tiny.checkpoint=someone/nobody", "someone/nobody cannot be had from the Hub"),
        ("languages=[tr]", "has no split validation in a config tatoeba.tur"),
        ("data=lab", None),
    ],
)
def test_what_cannot_be_fetched(hub, tmp_path, change, message):
    arguments = ["fetch", hub.root / "grid.yaml", "--mirror", tmp_path / "m", "--set", change]
    if change == "data=lab":
        arguments += ["--set", "encoders={a: {pretrain: {architecture: bert}}}", "--set", "languages=available"]
        message = "nothing to fetch"
    run = xtl(*arguments, HF_ENDPOINT=hub.address, HF_HOME=str(tmp_path / "home"))
    assert run.returncode == 2 and message in " ".join(run.stderr.split()), run.stderr
    assert not (tmp_path / "m" / "lock.yaml").exists()


def test_a_data_set_that_is_a_script_comes_from_the_hubs_conversion(hub, tmp_path):
    """Cosmos QA's repository holds a loading script: no README is asked for, and no script is fetched."""
    grid, mirror = tmp_path / "grid.yaml", tmp_path / "mirror"
    pins = {"google/xtreme": COMMIT, "allenai/cosmos_qa": COMMIT}
    changes = {
        "intermediates": {"cosmosqa": ["cosmosqa"]},
        "targets": ["udpos"],
        "languages": ["en"],
        "revisions": pins,
    }
    grid.write_text(yaml.safe_dump({**yaml.safe_load(GRID), **changes}))
    run = xtl("fetch", grid, "--mirror", mirror, HF_ENDPOINT=hub.address, HF_HOME=str(tmp_path / "home"))
    assert run.returncode == 0, run.stderr
    held = {
        path.relative_to(mirror / "allenai/cosmos_qa").as_posix() for path in mirror.rglob("cosmos_qa/**/*.parquet")
    }
    assert held == {"default/train/0000.parquet", "default/validation/0000.parquet"}
    run = xtl("plan", grid, XTL_MIRROR=str(mirror), XTL_OUTPUTS=str(tmp_path / "outputs"), HF_HUB_OFFLINE="1")
    assert run.returncode == 0 and "intermediate" in run.stdout, run.stderr
