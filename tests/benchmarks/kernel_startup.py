"""What it costs to start a run: the time of an empty notebook with a warm and with a fresh kernel.

    python tests/benchmarks/kernel_startup.py [repetitions]

Both kinds execute the same notebook (no imports, then torch, transformers' Trainer and datasets) in turn, so that a
busy machine slows both alike; the table shows the median and the range.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from xtl.runs import kernels
from xtl.runs.run import Run
from xtl.runs.store import Store
from xtl.runs.worker import Job, execute_one

NOTEBOOKS = {"nothing": "pass", "torch, Trainer, datasets": "import torch, datasets\nfrom transformers import Trainer"}


def seconds_of_a_run(store: Store, notebooks: Path, name: str, warm: bool) -> float:
    """Wall seconds of one run from finding its folder absent to its `done` record."""
    digest = f"{time.time_ns():064x}"[::-1]  # an id that is new each time
    run = Run("analysis", "empty", {}, {}, digest)
    started = time.perf_counter()
    outcome = execute_one(Job(run, store.root, notebooks / name, {}, warm))
    assert outcome.state == "done", outcome
    return time.perf_counter() - started


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        notebooks, store = Path(folder), Store(Path(folder) / "outputs")
        for name, code in NOTEBOOKS.items():
            cells = [nbformat.v4.new_code_cell(text) for text in ("run_dir: str = ''\nlabels: dict = {}", code)]
            cells[0].metadata["tags"] = ["parameters"]
            (notebooks / name).mkdir()
            nbformat.write(nbformat.v4.new_notebook(cells=cells), notebooks / name / "3_analysis.ipynb")

        started = time.perf_counter()
        zygote = kernels.zygote()
        zygote.request(do="wait")
        print(f"zygote, once per worker: {time.perf_counter() - started:.1f} s\n")

        times: dict[tuple[str, bool], list[float]] = {(name, warm): [] for name in NOTEBOOKS for warm in (True, False)}
        for round_number in range(repetitions + 1):
            for (name, warm), measured in times.items():
                seconds = seconds_of_a_run(store, notebooks, name, warm)
                if round_number:  # the first round reads the libraries from disk
                    measured.append(seconds)
        zygote.close()

    print(f"{'notebook imports':28}{'kernel':10}{'median s':>10}{'range s':>16}")
    for (name, warm), measured in times.items():
        spread = f"{min(measured):.2f}-{max(measured):.2f}"
        print(f"{name:28}{'warm' if warm else 'fresh':10}{statistics.median(measured):>10.2f}{spread:>16}")


if __name__ == "__main__":
    main()
