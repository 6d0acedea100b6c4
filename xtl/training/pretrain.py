"""One pretraining from text to checkpoint: what notebooks/0_pretrain.ipynb calls."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import PreTrainedTokenizerFast

from xtl.base.errors import UserError
from xtl.base.files import replacing_folder
from xtl.models.objectives import Collator, how_many
from xtl.models.pretraining_model import PretrainingModel
from xtl.models.recipes import FullRecipe, Pretraining
from xtl.models.schedules import Item, Schedule, Stage, schedule
from xtl.models.scratch import parameter_counts, scratch_encoder, scratch_tokenizer
from xtl.models.sequences import Document, Frame, InputSequence, full_sentences, translation_pairs, two_segments
from xtl.training.pretraining_text import corpus_of
from xtl.training.trainer import fit

HELD_OUT = 0.02  # of the documents of every language
HELD_OUT_SEQUENCES = 256
HELD_OUT_BATCH = 32


@dataclass(frozen=True)
class Prepared:
    """What one pretraining reads: its input sequences, in which batches, and what is held out of it.

    `sequences` are monolingual inputs of few sentences, then monolingual inputs of full length, then translation pairs.
    """

    tokenizer: PreTrainedTokenizerFast
    sequences: list[InputSequence]
    heldout: list[InputSequence]
    batches: Schedule
    table: pd.DataFrame  # a row a language: documents, sentences, tokens, pairs
    left_out: dict[str, int] = field(default_factory=dict)  # data set, config and split -> damaged rows


def prepare(settings: Pretraining, data: dict, seed: int) -> Prepared:
    """Tokenise every language's documents and pairs, cut them into input sequences, and plan the batches.

    Monolingual text is cut twice: into inputs of at most `short` sentences, and into inputs of at most `length` tokens,
    as held-out text is.
    """
    corpus = corpus_of(data)
    tokenizer = scratch_tokenizer(settings, corpus.vocabulary())
    recipe = settings.full_recipe
    frame = Frame(tokenizer)
    rng = np.random.default_rng([seed, 3])

    def cut(documents: Sequence[Document], sentences: int | None = None) -> list[InputSequence]:
        if recipe.segments:
            return two_segments(documents, frame, settings.length, recipe.nsp, rng, sentences)
        return full_sentences(documents, frame, settings.length, sentences)

    short: list[InputSequence] = []
    long: list[InputSequence] = []
    heldout: list[InputSequence] = []
    pairs: list[InputSequence] = []
    rows = []
    for language in corpus.languages():
        texts = corpus.documents(language)
        sentences = _token_ids(tokenizer, list(chain.from_iterable(texts)))
        remaining = iter(sentences)
        documents = [[next(remaining) for _ in text] for text in texts]
        held = max(1, round(HELD_OUT * len(documents)))
        heldout += cut(documents[:held])
        short += cut(documents[held:], settings.short)
        long += cut(documents[held:])
        parallel = corpus.pairs(language) if recipe.pairs else []
        if parallel:
            english = _token_ids(tokenizer, [pair[0] for pair in parallel])
            foreign = _token_ids(tokenizer, [pair[1] for pair in parallel])
            pairs += translation_pairs(list(zip(english, foreign, strict=True)), frame, settings.length, rng)
        rows.append(
            {
                "language": language,
                "documents": len(documents),
                "sentences": len(sentences),
                "tokens": sum(len(sentence) for sentence in sentences),
                "pairs": len(parallel),
            }
        )
    kept = rng.permutation(len(heldout))[:HELD_OUT_SEQUENCES]
    batches = _batches(settings, short, long, pairs, seed)
    heldout = [heldout[number] for number in kept]
    return Prepared(tokenizer, short + long + pairs, heldout, batches, pd.DataFrame(rows), corpus.left_out)


def _token_ids(tokenizer: PreTrainedTokenizerFast, sentences: list[str]) -> list[np.ndarray]:
    """Token ids of sentences without special tokens."""
    coded = tokenizer(sentences, add_special_tokens=False, return_attention_mask=False, return_token_type_ids=False)
    return [np.array(ids, dtype=np.int32) for ids in coded["input_ids"]]


def _batches(
    settings: Pretraining,
    short: list[InputSequence],
    long: list[InputSequence],
    pairs: list[InputSequence],
    seed: int,
) -> Schedule:
    """The batches of the whole pretraining: short inputs first, inputs of full length for the last `long_share`.

    As in BERT's own pretraining (Devlin et al. 2019, appendix A.2), which saw its longest inputs in the last tenth:
    attention over few positions is learned sooner, and cheaper.
    """
    lengths = np.array([len(sequence) for sequence in short + long + pairs])
    late = round(settings.long_share * settings.steps)
    stages = [Stage(settings.steps - late, 0, len(short)), Stage(late, len(short), len(long))]
    monolingual = len(short) + len(long)
    share = settings.full_recipe.pairs
    return schedule(lengths, stages, (monolingual, len(pairs)), share, settings.batch_tokens, seed)


def build(settings: Pretraining, tokenizer: PreTrainedTokenizerFast, seed: int) -> PretrainingModel:
    """A new encoder of the architecture under the prediction head, weights drawn from the seed."""
    return PretrainingModel(scratch_encoder(settings, tokenizer, seed), settings.full_recipe.nsp)


def train(settings: Pretraining, model: PretrainingModel, prepared: Prepared, folder: Path, seed: int) -> pd.DataFrame:
    """Train on all batches; returns the loss curve (step, loss in nats, learning_rate, seconds)."""
    return fit(
        model,
        prepared.batches.batches,
        Collator(prepared.sequences, prepared.tokenizer, settings.full_recipe, seed),
        folder,
        settings,
        seed=seed,
        title="pretraining",
        adam_beta2=0.98,
    )


def save(model: PretrainingModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write the encoder (safetensors) and its tokenizer to `checkpoint/` of the run folder."""
    with replacing_folder(folder / "checkpoint") as checkpoint:
        model.encoder.save_pretrained(checkpoint)
        tokenizer.save_pretrained(checkpoint)


def heldout_loss(settings: Pretraining, model: PretrainingModel, prepared: Prepared) -> float:
    """Mean cross-entropy in nats per predicted token on held-out documents, masks fixed for every encoder and seed.

    Under permutation LM a prediction may also read earlier targets, so the two objectives' losses are not comparable.
    """
    collate = Collator(prepared.heldout, prepared.tokenizer, _heldout_recipe(settings), seed=0)
    items = [(number, 0) for number in range(len(prepared.heldout))]
    total = 0.0
    count = 0
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(items), HELD_OUT_BATCH):
            batch = _on_device(collate(items[start : start + HELD_OUT_BATCH]), model)
            total += float(model(**batch)["token_loss"]) * len(batch["labels"])
            count += len(batch["labels"])
    if not math.isfinite(total):
        raise UserError("pretraining diverged: its held-out loss is no number; lower the learning rate.")
    return total / count


def _heldout_recipe(settings: Pretraining) -> FullRecipe:
    """The recipe with the same masks whatever it says of them, so that losses stay comparable."""
    return settings.full_recipe.model_copy(update={"masking": "static", "predicted": 0.15})


def _on_device(batch: dict[str, torch.Tensor], model: PretrainingModel) -> dict[str, torch.Tensor]:
    return {name: values.to(model.device) for name, values in batch.items()}


def facts(settings: Pretraining, model: PretrainingModel, prepared: Prepared, log: pd.DataFrame) -> dict[str, Any]:
    """What stands beside every comparison of encoders: size, work, tokens, time and held-out loss.

    `flops` is counted by torch on one batch, forward and backward (matrix products only), and scaled by its tokens.
    """
    recipe = settings.full_recipe
    batches = prepared.batches
    middle = batches.batches[len(batches.batches) // 2]
    flops = _flops(model, Collator(prepared.sequences, prepared.tokenizer, recipe, seed=0), middle)
    flops_per_token = flops / sum(len(prepared.sequences[number]) for number, _ in middle)
    ordinary = [int((~sequence.special).sum()) for sequence in prepared.sequences]
    items = chain.from_iterable(batches.batches)
    predicted = [how_many(ordinary[number], recipe.predicted) for number, _ in items]
    return {
        "architecture": settings.architecture,
        **parameter_counts(model.encoder),
        "tokens_seen": batches.tokens,
        "steps": len(batches.batches),
        "predicted_tokens": sum(predicted),
        "flops": float(flops_per_token * batches.tokens),
        "padding_share": 1 - batches.tokens / batches.padded_tokens,
        "train_seconds": float(log["seconds"].max()),
        "heldout_loss": heldout_loss(settings, model, prepared),
        **({"rows_left_out": prepared.left_out} if prepared.left_out else {}),
        "recipe": recipe.model_dump(),
    }


def _flops(model: PretrainingModel, collate: Collator, items: Sequence[Item]) -> int:
    """Floating-point operations of one batch, forward and backward."""
    batch = _on_device(collate(items), model)
    model.train()
    with FlopCounterMode(display=False) as counter:
        model(**batch)["loss"].backward()
    model.zero_grad()
    return counter.get_total_flops()


def guesses(settings: Pretraining, model: PretrainingModel, prepared: Prepared, n: int = 5) -> pd.DataFrame:
    """A few held-out predictions for a person to read: the text, the hidden tokens, the encoder's guesses."""
    tokenizer = prepared.tokenizer
    collate = Collator(prepared.heldout, tokenizer, _heldout_recipe(settings), seed=1)
    rows = []
    for number, sequence in enumerate(prepared.heldout[:n]):
        batch = _on_device(collate([(number, 0)]), model)
        hidden = batch.pop("labels")[:8]
        predicted = batch.pop("predicted")[:8]
        del batch["follows"]
        with torch.inference_mode():
            scores, _ = model.logits(predicted, **batch)
        rows.append(
            {
                "text": str(tokenizer.decode(sequence.ids, skip_special_tokens=True))[:120],
                "hidden": " · ".join(str(tokenizer.decode([int(token)])) for token in hidden),
                "guessed": " · ".join(str(tokenizer.decode([int(token)])) for token in scores.argmax(-1)),
            }
        )
    return pd.DataFrame(rows)
