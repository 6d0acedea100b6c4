"""What encoders are pretrained on: corpora, translations, and one sub-word vocabulary for all languages."""

from functools import lru_cache
from itertools import chain

import numpy as np
from tokenizers import Tokenizer

from xtl.lab.tasks.builders import BUILDERS, records
from xtl.lab.tasks.records import tables
from xtl.lab.world.cache import cached
from xtl.lab.world.config import LabConfig
from xtl.lab.world.draws import Draw
from xtl.lab.world.events import Style, Table
from xtl.lab.world.made_languages import language, languages
from xtl.lab.world.rendering import renderer
from xtl.lab.world.sampling import complete, documents
from xtl.lab.world.world import BOTH
from xtl.models.vocabularies import train_vocabulary

STYLE = Style(general=0.15, attribute=0.08, taxonomy=0.06)
PIECES = 4000


def corpus(config: LabConfig, code: str) -> list[list[str]]:
    """Documents of consecutive sentences for pretraining: `sentences` of them, or a quarter where the corpus is small.

    Twins read about the same events, so that they differ in nothing but their feature; other languages about others.
    No sentence of any validation or test set is in them.
    """
    planted = language(config, code)

    def build() -> list[list[str]]:
        size = int(config.sentences * planted.features["corpus"])
        table = corpus_events(config, planted.lexicon, int(config.sentences * 1.1) + 50)
        sentences = renderer(config)(table, code).sentences()
        by_document: dict[int, list[str]] = {}
        for number, sentence in zip(table["doc"].tolist(), sentences, strict=True):
            by_document.setdefault(number, []).append(sentence)
        held_out = held_out_sentences(config, code)
        kept: list[list[str]] = []
        count = 0
        for document in by_document.values():
            if count < size and not held_out.intersection(document):
                kept.append(document)
                count += len(document)
        return kept

    return cached(config, f"corpus-{code}.json", build)


def parallel(config: LabConfig, code: str) -> list[tuple[str, str]]:
    """(English, language) translations, the same events everywhere: half as many as the corpus has sentences."""
    planted = language(config, code)

    def build() -> list[tuple[str, str]]:
        size = int(config.sentences * planted.features["corpus"]) // 2
        table = corpus_events(config, "parallel", config.sentences // 2 + 50)
        render = renderer(config)
        english = render(table, "en").sentences()
        foreign = render(table, code).sentences()
        english_held_out = held_out_sentences(config, "en")
        foreign_held_out = held_out_sentences(config, code)
        pairs = []
        for pair in zip(english, foreign, strict=True):
            if pair[0] not in english_held_out and pair[1] not in foreign_held_out:
                pairs.append(pair)
        return pairs[:size]

    return [(english, foreign) for english, foreign in cached(config, f"parallel-{code}.json", build)]


def tokenizer(config: LabConfig) -> Tokenizer:
    """The vocabulary of PIECES pieces that was trained on equally many sentences of every language."""

    def build() -> str:
        size = config.sentences // 4  # what the smallest corpus holds
        sample: list[str] = []
        for code in languages(config):
            sample += list(chain.from_iterable(corpus(config, code)))[:size]
        return train_vocabulary(sample, PIECES).to_str()

    return Tokenizer.from_str(cached(config, "tokenizer.json", build))


def corpus_events(config: LabConfig, purpose: str, n: int) -> Table:
    """Documents of three to six events about anything in the world, n sentences or a few more."""
    draw = Draw(config.rng("corpus", purpose), BOTH)
    lengths = draw.rng.integers(3, 7, n // 3 + 2)
    count = int(np.searchsorted(np.cumsum(lengths), n)) + 1
    table = documents(draw, lengths[:count], STYLE)
    return table.take(complete(table))


@lru_cache(maxsize=4)
def held_out_sentences(config: LabConfig, code: str) -> frozenset[str]:
    """Every sentence of every validation and test set in a language."""
    render = renderer(config)
    # Tasks that share their events once.
    tasks = {builder.records: task for task, builder in BUILDERS.items() if not builder.in_corpora}
    sentences: set[str] = set()
    for task in tasks.values():
        for table in tables(records(config, task, "evaluation")):
            sentences.update(render(table, code).sentences())
    return frozenset(sentences)
