"""The learning-rate search that matches the laboratory's encoders: held-out loss after a fifth of the grid's steps.

    python tests/benchmarks/learning_rates.py params/lab.yaml --rates 5e-4 1e-3 2e-3 --encoders bert xlnet

Every encoder of the grid that is pretrained here gets the same rates, data, batches and seed. The rate with the
lowest held-out loss per predicted token is what the grid should name; losses of different objectives do not compare.
"""

import argparse
import tempfile
import time
from pathlib import Path

import torch

from xtl.grid import experiment
from xtl.models.recipes import Pretraining
from xtl.training import pretrain as pretraining


def heldout(settings: Pretraining, data: dict) -> tuple[float, float]:
    """Held-out loss (nats per predicted token) and processor seconds of one short pretraining."""
    prepared = pretraining.prepare(settings, data, seed=0)
    model = pretraining.build(settings, prepared.tokenizer, seed=0)
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        pretraining.train(settings, model, prepared, Path(folder), seed=0)
    return pretraining.heldout_loss(settings, model, prepared), time.process_time() - started


def main() -> None:
    """Print one row per encoder and rate."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("grid")
    parser.add_argument("--rates", type=float, nargs="+", default=[5e-4, 1e-3, 2e-3])
    parser.add_argument("--encoders", nargs="+", help="names in the grid; default all that are pretrained here")
    parser.add_argument("--share", type=float, default=0.2, help="of the grid's steps")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    grid = experiment.load(arguments.grid)
    data = {k: v for k, v in grid.data_source().items() if k in ("kind", "languages", "sentences", "seed")}
    print("encoder\trate\tsteps\theld-out loss\tCPU s")
    for name in arguments.encoders or grid.encoders:
        block = grid.encoders[name].pretrain
        for rate in arguments.rates if block else ():
            steps = round(arguments.share * block.steps)
            loss, seconds = heldout(block.model_copy(update={"steps": steps, "learning_rate": rate}), data)
            print(f"{name}\t{rate:g}\t{steps}\t{loss:.3f}\t{seconds:.0f}", flush=True)


if __name__ == "__main__":
    main()
