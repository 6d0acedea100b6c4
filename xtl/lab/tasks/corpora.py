"""What encoders are pretrained on: corpora, translations, and one sub-word vocabulary for all languages."""

from functools import lru_cache

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from xtl.lab.tasks.builders import BUILDERS, records
from xtl.lab.world import events as ev
from xtl.lab.world.cache import cached
from xtl.lab.world.config import LabConfig
from xtl.lab.world.events import Style, Table
from xtl.lab.world.grammar import renderer
from xtl.lab.world.made_languages import language, languages
from xtl.lab.world.sampling import complete, documents
from xtl.lab.world.world import BOTH

STYLE = Style(general=0.15, attribute=0.08, taxonomy=0.06)
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")  # ids 0..4
PIECES = 4000


def corpus_events(config: LabConfig, purpose: str, n: int) -> Table:
    """Documents of three to six events about anything in the world, n sentences or a few more."""
    rng = config.rng("corpus", purpose)
    lengths = rng.integers(3, 7, n // 3 + 2)
    lengths = lengths[: int(np.searchsorted(np.cumsum(lengths), n)) + 1]
    table = documents(rng, lengths, BOTH, STYLE)
    return ev.take(table, complete(table))


@lru_cache(maxsize=4)
def held_out_sentences(config: LabConfig, code: str) -> frozenset[str]:
    """Every sentence of every validation and test set in a language; the corpora have none of them."""
    render, found = renderer(config), set()
    sources = {builder.records: task for task, builder in BUILDERS.items()}  # tasks that share their events once
    for task in sources.values():
        for table in BUILDERS[task].tables(records(config, task, "evaluation")):
            found.update(render(table, code).sentences())
    return frozenset(found)


def corpus(config: LabConfig, code: str) -> list[list[str]]:
    """Documents of consecutive sentences for pretraining: `sentences` of them, or a quarter where the corpus is small.

    Twins read about the same events, so that they differ in nothing but their feature; other languages about others.
    """
    item = language(config, code)

    def build() -> list[list[str]]:
        n = int(config.sentences * item.features["corpus"])
        table = corpus_events(config, item.lexicon, int(config.sentences * 1.1) + 50)
        sentences = renderer(config)(table, code).sentences()
        unseen = held_out_sentences(config, code)
        documents: dict[int, list[str]] = {}
        for number, sentence in zip(table["doc"].tolist(), sentences, strict=True):
            documents.setdefault(number, []).append(sentence)
        kept, size = [], 0
        for document in documents.values():
            if size < n and not unseen.intersection(document):
                kept.append(document)
                size += len(document)
        return kept

    return cached(config, f"corpus-{code}.json", build)


def parallel(config: LabConfig, code: str) -> list[tuple[str, str]]:
    """(English, language) translations, the same events everywhere: half as many as the corpus has sentences."""
    item = language(config, code)

    def build() -> list[list[str]]:
        n = int(config.sentences * item.features["corpus"]) // 2
        table = corpus_events(config, "parallel", config.sentences // 2 + 50)
        render = renderer(config)
        english, foreign = (render(table, each).sentences() for each in ("en", code))
        unseen, foreign_unseen = (held_out_sentences(config, each) for each in ("en", code))
        pairs = zip(english, foreign, strict=True)
        return [pair for pair in pairs if pair[0] not in unseen and pair[1] not in foreign_unseen][:n]

    return [tuple(pair) for pair in cached(config, f"parallel-{code}.json", build)]


def tokenizer(config: LabConfig) -> Tokenizer:
    """Byte-pair encoding with PIECES pieces, trained on equally many sentences of every language; no post-processor.

    Words are parted at spaces and open with `▁`; nothing is lower-cased or normalised, so that offsets are those of
    the text.
    """
    text = cached(config, "tokenizer.json", lambda: _train(config))
    return Tokenizer.from_str(text)


def _train(config: LabConfig) -> str:
    each = config.sentences // 4  # what the smallest corpus holds
    sample = []
    for code in languages(config):
        sentences = [sentence for document in corpus(config, code) for sentence in document]
        sample += sentences[:each]
    result = Tokenizer(models.BPE(unk_token="[UNK]"))
    result.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always", split=False)]
    )
    result.decoder = decoders.Metaspace(prepend_scheme="always", split=False)
    trainer = trainers.BpeTrainer(vocab_size=PIECES, special_tokens=list(SPECIAL), show_progress=False, min_frequency=2)
    result.train_from_iterator(sample, trainer)
    return result.to_str()
