"""Tokenizers that read the words of a list as those of a text."""

from xtl.models import encoders


def test_byte_level_tokenizers_read_words_as_in_a_text():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.train_from_iterator(["the fox saw the fox"] * 9, trainers.BpeTrainer(vocab_size=300, show_progress=False))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner)
    glued = tokenizer([["the", "fox"]], is_split_into_words=True)["input_ids"][0]
    with encoders.spaced_words(tokenizer):
        apart = tokenizer([["the", "fox"]], is_split_into_words=True)["input_ids"][0]
    assert apart == tokenizer(" the fox")["input_ids"] != glued
    assert tokenizer([["the", "fox"]], is_split_into_words=True)["input_ids"][0] == glued  # as it was
