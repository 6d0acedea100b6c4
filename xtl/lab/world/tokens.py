"""One sub-word vocabulary for all languages of the laboratory."""

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from xtl.lab.tasks.datasets import corpus
from xtl.lab.world.cache import cached
from xtl.lab.world.config import LabConfig
from xtl.lab.world.made_languages import languages

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")  # ids 0..4
PIECES = 4000


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
