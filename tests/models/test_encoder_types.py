"""Encoders of many kinds under every head: a step of training, saved and read again, with and without padding."""

import pytest
import torch

from tests.encoder_types import CONFIGS, write
from xtl.base.errors import UserError
from xtl.models.encoders import load_encoder, load_tokenizer
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of
from xtl.tasks.formats.heads import save_checkpoint
from xtl.training.collate import pad_batch

TRAINED = {"mnli": "labels", "squad1": "start_positions", "udpos": "labels", "hellaswag": "labels"}
NO_TEXT = ("perceiver", "vit", "wav2vec2")
UNFIT = (*NO_TEXT, "reformer", "tapas")
QUICK = "bert deberta-v2 eurobert funnel gte modernbert mt5 nomic_bert rembert xlm-roberta-xl xlnet xmod".split()
KINDS = [pytest.param(k, marks=() if k in QUICK else pytest.mark.slow) for k in CONFIGS if k not in UNFIT]
# Where a neighbour's embedding, a Fourier transform, hashing or pooled keys mix padding in.
FELT = {"canine", "convbert", "fnet", "funnel", "mobilebert", "nystromformer", "yoso"}


def rows_of(task, tokenizer):
    """Two examples of a task, the shorter one first."""
    coded = tokenizer(["the cat sat .", "a fox is in the mat"], ["it is", "who sat on the mat where the fox sat ?"])
    rows = [{name: coded[name][place] for name in coded.keys()} for place in range(2)]
    if task == "hellaswag":
        names = list(coded.keys())
        return [{**{name: [row[name] for row in rows] for name in names}, "labels": 1}]
    for place, row in enumerate(rows):
        if task == "squad1":
            row |= {"start_positions": 2, "end_positions": 3}
        else:
            row["labels"] = place if task == "mnli" else [place] * len(row["input_ids"])
    return rows


def logits_of(model, batch):
    with torch.inference_mode():
        output = model(**batch)
    return output.logits if "logits" in output else torch.stack([output.start_logits, output.end_logits], -1)


def padded(batch, tokenizer, width=24):
    """The inputs with more padding, on the tokenizer's side."""
    sides = (width, 0) if tokenizer.padding_side == "left" else (0, width)
    return {name: torch.nn.functional.pad(table, sides) for name, table in batch.items()}


def inputs_of_rows(rows, tokenizer):
    return pad_batch(
        [{name: row[name] for name in row if name in tokenizer.model_input_names} for row in rows], tokenizer
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_head_learns_and_is_read_again(kind, tmp_path):
    folder = write(kind, tmp_path / "source")
    tokenizer = load_tokenizer(folder)
    felt = 0.0
    for task in TRAINED:
        model = format_of(TASKS[task]).build_model(folder, seed=0)
        rows = rows_of(task, tokenizer)
        model.train()
        model(**pad_batch(rows, tokenizer))["loss"].backward()
        trained = [weight for weight in model.parameters() if weight.grad is not None]
        torch.optim.SGD(trained, lr=0.1).step()
        model.eval()

        batch = inputs_of_rows(rows, tokenizer)
        logits = logits_of(model, batch)
        assert torch.isfinite(logits).all()
        alone = inputs_of_rows(rows[:1], tokenizer)
        more = logits_of(model, padded(alone, tokenizer))[0]
        once = logits_of(model, alone)[0]
        if once.dim() == 2:
            more = more[-len(once) :] if tokenizer.padding_side == "left" else more[: len(once)]
        felt = max(felt, float((more - once).abs().max()))

        save_checkpoint(model, tmp_path / task)
        tokenizer.save_pretrained(tmp_path / task)
        again = format_of(TASKS[task]).build_model(tmp_path / task, seed=1).eval()
        with torch.no_grad():  # the head is drawn anew, all else is what was saved
            for name in again.origin.drawn:
                again.state_dict()[name].copy_(model.state_dict()[name])
        torch.testing.assert_close(logits_of(again, batch), logits, rtol=0, atol=1e-6)
    assert (felt > 1e-4) == (kind in FELT), felt


@pytest.mark.parametrize("kind", NO_TEXT)
def test_what_reads_no_text_says_so(kind, tmp_path):
    folder = write(kind, tmp_path)
    for load in (load_encoder, load_tokenizer, lambda place: format_of(TASKS["mnli"]).build_model(place, 0)):
        with pytest.raises(UserError, match=f"model type '{kind}' reads .*, no tokens of a text"):
            load(folder)
