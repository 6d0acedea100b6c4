"""cluster.py: workers on this machine and on a cluster that a file describes, signals, and nothing left behind."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from xtl.base.errors import UserError
from xtl.runs.cluster import cluster_from, local_cluster, read_cluster_file, sigterm_as_interrupt, worker_environments


def test_sigterm_interrupts_and_the_handler_is_restored():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), sigterm_as_interrupt():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    assert signal.getsignal(signal.SIGTERM) == before


def test_everything_local_listens_on_loopback_and_the_environment_is_kept():
    before = dict(os.environ)
    with local_cluster(1, 1) as client:
        environment = client.submit(lambda: dict(os.environ)).result()
        family = [psutil.Process(), *psutil.Process().children(recursive=True)]
        listening = {c.laddr.ip for p in family for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}
    assert dict(os.environ) == before
    expected = worker_environments(1)[0]
    assert {name: environment[name] for name in expected} == expected
    assert expected["TOKENIZERS_PARALLELISM"] == "false" and expected["OMP_WAIT_POLICY"] == "PASSIVE"


def test_workers_share_cores_and_gpus(monkeypatch):
    monkeypatch.setattr("xtl.runs.cluster.cores", lambda: 16)
    monkeypatch.setattr("xtl.runs.cluster.visible_gpus", lambda: {"2": "A", "3": "B"})
    environments = worker_environments(3)
    assert [e["OMP_NUM_THREADS"] for e in environments] == ["5", "5", "5"]
    assert [e["CUDA_VISIBLE_DEVICES"] for e in environments] == ["2", "3", "2"]
    monkeypatch.setattr("xtl.runs.cluster.visible_gpus", lambda: {})
    assert "CUDA_VISIBLE_DEVICES" not in worker_environments(32)[0]
    assert worker_environments(32)[0]["OMP_NUM_THREADS"] == "1"


def test_a_cluster_file(tmp_path):
    path = tmp_path / "here.yaml"
    options = {"n_workers": 0, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
    path.write_text(json.dumps({"class": "distributed.LocalCluster", "options": options, "scale": 1}))
    with cluster_from(path, None) as client:
        assert client.submit(lambda: 6 * 7).result(timeout=300) == 42


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("class: dask_nowhere.Cluster", "needs the package dask_nowhere, .* pip install dask-nowhere"),
        ("class: distributed.NoCluster", "there is no class distributed.NoCluster"),
        ("class: distributed.LocalCluster\nsize: 3", "unknown key 'size'; known there: class, options, scale"),
        ("class: distributed.LocalCluster\nscale: none", "scale: .*integer.* \\(given: 'none'\\)"),
        ("- 1", "must be a mapping with the key `class`"),
        ("class: [", "cannot be read"),
    ],
)
def test_a_cluster_file_with_a_mistake(tmp_path, text, message):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_cluster_file(path)


def test_a_cluster_that_refuses_its_options(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("class: collections.OrderedDict\noptions: {}\n")
    with pytest.raises(UserError, match="does not exist"):
        read_cluster_file(tmp_path / "none.yaml")
    path.write_text("class: fractions.Fraction\noptions: {size: 3}\n")
    with pytest.raises(UserError, match="Fraction does not start with these options"), cluster_from(path, None):
        pass


@pytest.mark.parametrize("name", ["slurm", "kubernetes"])
def test_the_examples_have_the_right_shape(name, monkeypatch):
    """Their packages are not installed here, so only the shape is held."""
    path = Path(__file__).parents[2] / "params" / "clusters" / f"{name}.yaml"
    with pytest.raises(UserError, match="which is not installed here"):
        monkeypatch.setitem(sys.modules, f"dask_{'jobqueue' if name == 'slurm' else name}", None)
        read_cluster_file(path)
