"""The learning-rate search that matches the laboratory's encoders: held-out loss after a fifth of the grid's steps.

    python tests/benchmarks/learning_rates.py params/lab.yaml --rates 5e-4 1e-3 2e-3 --encoders bert xlnet

Every encoder of the grid that is pretrained here gets the same rates, data, batches and seed. The rate with the
lowest held-out loss per predicted token is what the grid should name; losses of different objectives do not compare.
"""

import argparse
import tempfile
import time

import torch

from xtl.grid import experiment
from xtl.training import pretrain as pretraining


def heldout(block, data: dict, rate: float, steps: int) -> tuple[float, float]:
    """Held-out loss (nats per predicted token) and processor seconds of one short pretraining."""
    recipe = block.full_recipe.model_dump()
    tokenizer = pretraining.tokenizer_for(block.architecture, data, block.length, recipe)
    corpus = pretraining.prepare(tokenizer, data, recipe, block.length, block.short, seed=0)
    batches = pretraining.plan_batches(corpus, recipe, steps, block.long_share, block.batch_tokens, seed=0)
    size = (block.layers, block.hidden, block.heads, block.inner, block.length)
    model = pretraining.build(block.architecture, tokenizer, *size, recipe, 0)
    options = dict(warmup=block.warmup, weight_decay=block.weight_decay, precision=block.precision, seed=0)
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        pretraining.train(model, corpus, tokenizer, batches, recipe, folder, learning_rate=rate, **options)
    return pretraining.heldout_loss(model, corpus, tokenizer, recipe), time.process_time() - started


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
            loss, seconds = heldout(block, data, rate, steps)
            print(f"{name}\t{rate:g}\t{steps}\t{loss:.3f}\t{seconds:.0f}", flush=True)


if __name__ == "__main__":
    main()
