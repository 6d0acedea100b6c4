"""One pretraining from corpus to checkpoint: what notebooks/0_pretrain.ipynb calls."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from xtl.models.architectures import Pretrainer
from xtl.models.encoders import parameters, scratch_config, scratch_tokenizer
from xtl.models.objectives import Collator, how_many
from xtl.models.sequences import Frame, Schedule, Sequence, full_sentences, schedule, translation_pairs, two_segments
from xtl.training.pretraining_text import corpus_of

HELD_OUT = 0.02  # of the documents of every language
HELD_OUT_SEQUENCES = 256
HELD_OUT_MASKS = {"masking": "static", "predicted": 0.15}  # whatever the recipe: losses stay comparable


@dataclass
class Corpus:
    """Input sequences for training (short ones, then those of full length, then translation pairs) and held out."""

    train: list[Sequence]
    n_short: int
    n_long: int
    heldout: list[Sequence]
    table: pd.DataFrame  # a row a language: documents, sentences, tokens


def tokenizer_for(architecture: str, data: dict, length: int, recipe: dict):
    """The corpus's shared vocabulary as the tokenizer of one architecture."""
    return scratch_tokenizer(corpus_of(data).vocabulary(), architecture, length, recipe["segments"])


def full_recipe(architecture: str, recipe: dict) -> dict:
    """The recipe with the architecture's habits filled in. Raises ValidationError where the two do not go together."""
    from xtl.grid.blocks import Pretrain

    return Pretrain(architecture=architecture, recipe=recipe).full_recipe.model_dump()


def encode(tokenizer, sentences: list[str]) -> list[np.ndarray]:
    """Token ids of sentences without special tokens."""
    coded = tokenizer(sentences, add_special_tokens=False, return_attention_mask=False, return_token_type_ids=False)
    return [np.array(ids, dtype=np.int32) for ids in coded["input_ids"]]


def prepare(tokenizer, data: dict, recipe: dict, length: int, short: int, seed: int) -> Corpus:
    """Tokenise every language's documents and pairs and cut them into input sequences as the recipe says.

    Monolingual text is cut twice: into inputs of at most `short` sentences, and into inputs of at most `length` tokens,
    as held-out text is.
    """
    source = corpus_of(data)
    frame, rng = Frame(tokenizer), np.random.default_rng([seed, 3])
    shorts, longs, heldout, pairs, rows = [], [], [], [], []

    def cut(documents, sentences=None):
        if recipe["segments"]:
            return two_segments(documents, frame, length, recipe["nsp"], rng, sentences)
        return full_sentences(documents, frame, length, sentences)

    for language in source.languages():
        texts = source.documents(language)
        ids = encode(tokenizer, [s for document in texts for s in document])
        ends = np.cumsum([len(document) for document in texts])
        documents = [ids[end - len(document) : end] for document, end in zip(texts, ends, strict=True)]
        held = max(1, round(HELD_OUT * len(documents)))
        heldout += cut(documents[:held])
        shorts += cut(documents[held:], short)
        longs += cut(documents[held:])
        parallel = source.pairs(language) if recipe["pairs"] else []
        if parallel:
            coded = encode(tokenizer, [side for pair in parallel for side in pair])
            pairs += translation_pairs(list(zip(coded[::2], coded[1::2], strict=True)), frame, length, rng)
        rows.append(
            dict(
                language=language,
                documents=len(documents),
                sentences=len(ids),
                tokens=sum(map(len, ids)),
                pairs=len(parallel),
            )
        )
    heldout = [heldout[i] for i in rng.permutation(len(heldout))[:HELD_OUT_SEQUENCES]]
    return Corpus(shorts + longs + pairs, len(shorts), len(longs), heldout, pd.DataFrame(rows))


def plan_batches(corpus: Corpus, recipe: dict, steps: int, long_share: float, batch_tokens: int, seed: int) -> Schedule:
    """The batches of the whole pretraining: short inputs first, inputs of full length for the last `long_share`.

    As in BERT's own pretraining (Devlin et al. 2019, appendix A.2), which saw its longest inputs in the last tenth:
    attention over few positions is learned sooner, and cheaper.
    """
    lengths = np.array([len(s) for s in corpus.train])
    late = round(long_share * steps)
    stages = [(steps - late, 0, corpus.n_short), (late, corpus.n_short, corpus.n_long)]
    n_mono = corpus.n_short + corpus.n_long
    return schedule(lengths, stages, (n_mono, len(lengths) - n_mono), recipe["pairs"], batch_tokens, seed)


def build(
    architecture: str, tokenizer, layers: int, hidden: int, heads: int, inner: int, length: int, recipe: dict, seed: int
) -> Pretrainer:
    """A new encoder of the architecture under the prediction head, weights drawn from the seed."""
    from transformers import AutoModel, set_seed

    set_seed(seed)
    encoder = AutoModel.from_config(scratch_config(architecture, tokenizer, layers, hidden, heads, inner, length))
    sinusoidal_start(encoder)
    return Pretrainer(encoder, hidden, recipe["nsp"])


def sinusoidal_start(encoder) -> None:
    """Let learned absolute positions start as sinusoids (Vaswani et al. 2017) with the standard deviation they had.

    XLNet's relative positions are sinusoids by construction. Starting the others from noise would make them spend a
    short pretraining on learning which positions are neighbours, and the comparison would be one of that handicap.
    """
    table = getattr(encoder.embeddings, "position_embeddings", None) if hasattr(encoder, "embeddings") else None
    if table is None:
        return
    places, width = table.weight.shape
    angles = torch.arange(places)[:, None] * 10000.0 ** (-torch.arange(0, width, 2) / width)
    waves = torch.cat([torch.sin(angles), torch.cos(angles)], dim=1)[:, :width]
    with torch.no_grad():
        table.weight.copy_(waves * (table.weight.std() / waves.std()))


def train(
    model: Pretrainer,
    corpus: Corpus,
    tokenizer,
    batches: Schedule,
    recipe: dict,
    folder: Path,
    *,
    learning_rate: float,
    warmup: float,
    weight_decay: float,
    precision: str,
    seed: int,
) -> pd.DataFrame:
    """Run the schedule; returns the loss curve (step, loss in nats, learning_rate, seconds)."""
    from xtl.training.trainer import fit

    collate = Collator(corpus.train, tokenizer, recipe, seed)
    return fit(
        model,
        batches.batches,
        collate,
        folder,
        items=len(corpus.train),
        learning_rate=learning_rate,
        warmup=warmup,
        weight_decay=weight_decay,
        precision=precision,
        seed=seed,
        title="pretraining",
        adam_beta2=0.98,
    )


def heldout_loss(model: Pretrainer, corpus: Corpus, tokenizer, recipe: dict) -> float:
    """Mean cross-entropy in nats per predicted token on held-out documents, masks fixed for every encoder and seed.

    Under permutation LM a prediction may also read earlier targets, so the two objectives' losses are not comparable.
    """
    collate = Collator(corpus.heldout, tokenizer, {**recipe, **HELD_OUT_MASKS}, seed=0)
    model.eval()
    total, count = 0.0, 0
    with torch.inference_mode():
        for start in range(0, len(corpus.heldout), 32):
            batch = collate([(i, 0) for i in range(start, min(start + 32, len(corpus.heldout)))])
            batch = {k: v.to(model.bias.device) for k, v in batch.items()}
            total += float(model(**batch)["token_loss"]) * len(batch["labels"])
            count += len(batch["labels"])
    return total / count


def facts(
    model: Pretrainer, corpus: Corpus, tokenizer, batches: Schedule, recipe: dict, architecture: str, log: pd.DataFrame
) -> dict:
    """What stands beside every comparison of encoders: size, work, tokens, time and held-out loss.

    `flops` is counted by torch on one batch, forward and backward (matrix products only), and scaled by its tokens.
    """
    from torch.utils.flop_counter import FlopCounterMode

    collate = Collator(corpus.train, tokenizer, recipe, seed=0)
    middle = batches.batches[len(batches.batches) // 2]
    batch = {k: v.to(model.bias.device) for k, v in collate(middle).items()}
    model.train()
    with FlopCounterMode(display=False) as counter:
        model(**batch)["loss"].backward()
    model.zero_grad()
    seen = sum(len(corpus.train[number]) for number, _ in middle)
    ordinary = [int((~s.special).sum()) for s in corpus.train]
    return {
        "architecture": architecture,
        **parameters(model.encoder),
        "tokens_seen": int(batches.tokens),
        "steps": len(batches.batches),
        "predicted_tokens": sum(how_many(ordinary[n], recipe["predicted"]) for b in batches.batches for n, _ in b),
        "flops": float(counter.get_total_flops() / seen * batches.tokens),
        "padding_share": 1 - batches.tokens / batches.padded_tokens,
        "train_seconds": float(log["seconds"].max()),
        "heldout_loss": heldout_loss(model, corpus, tokenizer, recipe),
        "recipe": recipe,
    }


def save(model: Pretrainer, tokenizer, folder: Path) -> None:
    """Write the encoder (safetensors) and its tokenizer to `checkpoint/` of the run folder."""
    model.encoder.save_pretrained(Path(folder) / "checkpoint")
    tokenizer.save_pretrained(Path(folder) / "checkpoint")


def guesses(model: Pretrainer, corpus: Corpus, tokenizer, recipe: dict, n: int = 5) -> pd.DataFrame:
    """A few held-out predictions for a person to read: the text, the hidden tokens, the encoder's guesses."""
    collate = Collator(corpus.heldout, tokenizer, {**recipe, **HELD_OUT_MASKS}, seed=1)
    rows = []
    for number in range(min(n, len(corpus.heldout))):
        batch = {k: v.to(model.bias.device) for k, v in collate([(number, 0)]).items()}
        with torch.inference_mode():
            inputs = {k: v for k, v in batch.items() if k not in ("labels", "predicted", "follows")}
            best = model.logits(batch["predicted"], **inputs)[0].argmax(-1)
        text = tokenizer.decode(corpus.heldout[number].ids, skip_special_tokens=True)
        pieces = [
            (tokenizer.decode([int(g)]), tokenizer.decode([int(p)])) for g, p in zip(batch["labels"], best, strict=True)
        ]
        rows.append(
            dict(
                text=text[:120],
                hidden=" · ".join(g for g, _ in pieces[:8]),
                guessed=" · ".join(p for _, p in pieces[:8]),
            )
        )
    return pd.DataFrame(rows)
