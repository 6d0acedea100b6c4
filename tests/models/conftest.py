"""A vocabulary of twenty words, dressed for any architecture."""

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from xtl.models.recipes import Pretraining, Recipe
from xtl.models.scratch import scratch_tokenizer

WORDS = [f"w{i}" for i in range(20)]


@pytest.fixture(scope="session")
def vocabulary():
    """A word-level vocabulary whose special tokens are ids 0 to 4, as the laboratory's are."""
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    tokenizer = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(names[:5])
    return tokenizer


@pytest.fixture
def dressed(vocabulary):
    """Function: architecture, segments -> tokenizer."""

    def tokenizer(architecture, segments=True):
        recipe = Recipe(segments=segments, nsp=False)
        return scratch_tokenizer(Pretraining(architecture=architecture, length=32, recipe=recipe), vocabulary)

    return tokenizer
