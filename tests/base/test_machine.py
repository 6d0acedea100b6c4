"""The machine: GPUs as CUDA shows them, no host name, the commit of this repository alone."""

import os

import pytest

from xtl.base import machine

LISTING = """GPU 0: NVIDIA H200 (UUID: GPU-1111)
  MIG 1g.18gb     Device  0: (UUID: MIG-2222)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-3333)
"""


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (None, {"0": "NVIDIA H200", "1": "NVIDIA A100-SXM4-40GB"}),
        ("1", {"1": "NVIDIA A100-SXM4-40GB"}),
        ("", {}),
        ("-1", {}),
        ("1,7,0", {"1": "NVIDIA A100-SXM4-40GB"}),  # as CUDA does, an unknown index ends the list
        ("MIG-2222", {"MIG-2222": "MIG-2222"}),
    ],
)
def test_visible_gpus(monkeypatch, chosen, expected):
    monkeypatch.setattr(machine, "_output", lambda *command: LISTING)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if chosen is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert machine.visible_gpus() == expected


def test_the_machine_is_described_without_its_name(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setattr(machine, "visible_gpus", lambda: {"0": "NVIDIA H200"})
    device = machine.describe_device()
    assert set(device) == {"cpu", "threads", "gpus"} and device["threads"] == 3 and device["gpus"] == ["NVIDIA H200"]
    assert 1 <= machine.cores() <= os.cpu_count()


def test_git_state_is_that_of_this_repository_or_none(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "REPOSITORY", tmp_path)
    assert machine.git_state() is None
    (tmp_path / ".git").mkdir()
    answers = {"rev-parse": "abc\n", "status": " M xtl/cli/__init__.py\n"}
    monkeypatch.setattr(machine, "_output", lambda *command: answers[command[3]])
    assert machine.git_state() == {"commit": "abc", "dirty": True}
