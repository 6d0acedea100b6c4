"""cluster.py: workers on this machine and on a cluster that a file describes, signals, and nothing left behind."""

import json
import os
import signal
import socket
import subprocess
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
    with pytest.raises(UserError, match="Fraction cannot be started here: .*'size'"), cluster_from(path, None):
        pass
    path.write_text("class: collections.OrderedDict\n")
    with (
        pytest.raises(UserError, match="OrderedDict cannot be started here: Scheduler address"),
        cluster_from(path, None),
    ):
        pass


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"interface": "ib0"}, "'ib0' is not a valid network interface"),
        ({"host": "127.0.0.1", "scheduler_port": ...}, "Address already in use"),
        ({"host": "127.0.0.1", "protocol": "carrier://"}, "unknown address scheme 'carrier'"),
        ({"host": "127.0.0.1", "local_directory": "/proc/nowhere", "n_workers": 1}, "No such file or directory"),
    ],
)
def test_a_cluster_that_does_not_start_is_one_sentence(tmp_path, capfd, options, message):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        whole = {name: port if value is ... else value for name, value in options.items()}
        content = {"class": "distributed.LocalCluster", "options": {"n_workers": 0, "dashboard_address": None} | whole}
        (tmp_path / "here.yaml").write_text(json.dumps(content))
        with pytest.raises(UserError, match=f"LocalCluster cannot be started here: .*{message}"):
            with cluster_from(tmp_path / "here.yaml", None):
                pass
    assert "Traceback" not in capfd.readouterr().err


def test_a_batch_system_that_is_not_there_is_one_sentence(tmp_path):
    (tmp_path / "queue.yaml").write_text("class: tests.runs.steps.Queue\nscale: 2")
    with pytest.raises(UserError, match="Queue cannot be started here: .* 'sbatch-of-nowhere'"):
        with cluster_from(tmp_path / "queue.yaml", None):
            pass


@pytest.mark.parametrize(
    "site",
    [
        {"distributed": {"comm": {"require-encryption": True, "default-scheme": "tls"}}},
        {"distributed": {"worker": {"preload": ["no_such_module"]}, "scheduler": {"worker-ttl": "nonsense"}}},
    ],
)
def test_a_sites_configuration_of_dask_does_not_reach_workers_here(tmp_path, site):
    """In a process of its own, because Dask reads the configuration when it is imported."""
    (tmp_path / "site.yaml").write_text(json.dumps(site))
    done = _own_process(tmp_path)
    assert (done.stdout, done.returncode) == ("42\n", 0), done.stderr


def test_a_sites_configuration_that_is_no_yaml_is_one_sentence(tmp_path):
    (tmp_path / "site.yaml").write_text("distributed: [")
    done = _own_process(tmp_path)
    assert "This machine's workers cannot be started here: A dask config file at" in done.stdout, done.stderr
    assert "site.yaml" in done.stdout and not done.stderr


LOCAL = """
from xtl.base.errors import UserError
from xtl.runs.cluster import local_cluster
if __name__ == "__main__":
    try:
        with local_cluster(1, 1) as client:
            print(client.submit(int, "42").result(timeout=300))
    except UserError as error:
        print(error)
"""


def _own_process(folder: Path) -> subprocess.CompletedProcess:
    (folder / "local.py").write_text(LOCAL)
    environment = os.environ | {"DASK_CONFIG": str(folder), "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        [sys.executable, str(folder / "local.py")], env=environment, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize("name", ["slurm", "kubernetes"])
def test_the_examples_have_the_right_shape(name, monkeypatch):
    """Their packages are not installed here, so only the shape is held."""
    path = Path(__file__).parents[2] / "params" / "clusters" / f"{name}.yaml"
    with pytest.raises(UserError, match="which is not installed here"):
        monkeypatch.setitem(sys.modules, f"dask_{'jobqueue' if name == 'slurm' else name}", None)
        read_cluster_file(path)
