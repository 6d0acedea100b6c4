"""Pages of many notebooks: the same from several processes, whole whenever they are stopped."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool

import nbformat
import pytest

from tests.command import ROOT
from xtl.report import notebooks


def jobs(folder, n):
    """n notebooks and the pages that they are to become."""
    (folder / "runs").mkdir()
    cell = nbformat.v4.new_code_cell("print(1)", outputs=[nbformat.v4.new_output("stream", text="1\n")])
    cells = [nbformat.v4.new_markdown_cell("# A run"), cell]
    for i in range(n):
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{i}.ipynb")
    return [notebooks.Job(folder / "runs" / f"{i}.html", folder / f"{i}.ipynb", f"run {i}", {}) for i in range(n)]


def test_many_pages_are_the_same_from_several_processes(tmp_path, monkeypatch):
    made, started = jobs(tmp_path, 5), []
    together = notebooks._write_together
    monkeypatch.setattr(notebooks, "_write_together", lambda *args: started.append(args[1]) or together(*args))
    notebooks.write_all(made, workers=2)  # few pages: in this process
    one = [job.path.read_text() for job in made]
    assert not started and all(f"run {i}</h1>" in text for i, text in enumerate(one))
    for job in made:
        job.path.unlink()
    monkeypatch.setattr(notebooks, "FEW", 2)
    notebooks.write_all(made, workers=2)
    assert started == [2] and [job.path.read_text() for job in made] == one


def test_pages_are_made_here_when_the_machine_ends_a_process(tmp_path, monkeypatch):
    made = jobs(tmp_path, 3)

    def broken(*_):
        raise BrokenProcessPool

    monkeypatch.setattr(notebooks, "FEW", 1)
    monkeypatch.setattr(notebooks, "_write_together", broken)
    notebooks.write_all(made, workers=2)
    assert all(job.path.is_file() for job in made)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_a_stop_leaves_whole_pages_and_no_process(tmp_path, sign):
    """As Ctrl-C does it: the signal goes to the whole group; SIGKILL to the parent alone."""
    jobs(tmp_path, 60)
    script = tmp_path / "script.py"
    script.write_text(f"""
from pathlib import Path
from xtl.report import notebooks
folder = Path({str(tmp_path)!r})
if __name__ == "__main__":
    notebooks.FEW = 1
    pages = [notebooks.Job(folder / "runs" / f"{{i}}.html", folder / f"{{i}}.ipynb", "x", {{}}) for i in range(60)]
    notebooks.write_all(pages * 100, 2)
""")
    process = subprocess.Popen(
        [sys.executable, script], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, start_new_session=True,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    end = time.monotonic() + 60
    while not any((tmp_path / "runs").glob("[0-9]*.html")) and time.monotonic() < end:
        time.sleep(0.05)
    if sign == signal.SIGINT:
        os.killpg(process.pid, sign)
    else:
        process.kill()
    said = process.communicate(timeout=60)[1]  # ends when every process that holds the pipe has gone
    assert process.returncode != 0 and said.count("Traceback") == (sign == signal.SIGINT)  # one: the caller's own
    pages = list((tmp_path / "runs").glob("[0-9]*.html"))
    assert pages and all(path.read_text().endswith("</html>") for path in pages)
    assert sign == signal.SIGKILL or len(pages) == len(list((tmp_path / "runs").iterdir()))
