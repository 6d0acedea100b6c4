"""Sub-word vocabularies for encoders that are trained from scratch."""

from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")  # ids 0 to 4


def train_vocabulary(sentences: Iterable[str], pieces: int) -> Tokenizer:
    """Byte-pair encoding with so many pieces, the special tokens among them, without a post-processor.

    Words are parted at white space and open with `▁`; nothing is lower-cased or normalised, so that offsets are those
    of the text.
    """
    vocabulary = Tokenizer(models.BPE(unk_token="[UNK]"))
    open_words = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    vocabulary.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), open_words])
    vocabulary.decoder = decoders.Metaspace(prepend_scheme="always", split=False)
    trainer = trainers.BpeTrainer(vocab_size=pieces, special_tokens=list(SPECIAL), show_progress=False, min_frequency=2)
    vocabulary.train_from_iterator(sentences, trainer)
    return vocabulary
