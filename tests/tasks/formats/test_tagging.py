"""Tagging: labels on first sub-tokens, split sentences, a prediction for every word."""

import numpy as np
import pytest
from datasets import Dataset

from tests.tokenizer_kinds import KINDS, tokenizer_of
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of
from xtl.tasks.formats.format import Limits

UDPOS, PANX = TASKS["udpos"], TASKS["panx"]
DET, NOUN, VERB, PUNCT = (UDPOS.labels.index(t) for t in ("DET", "NOUN", "VERB", "PUNCT"))


def examples(*sentences):
    """(words, tag ids) each, as a dataset."""
    return Dataset.from_list([{"id": str(i), "tokens": w, "tags": t} for i, (w, t) in enumerate(sentences)])


def oracle(features, tags, n_labels):
    """Logits that are right at the first sub-token of every word and misleading elsewhere."""
    logits = []
    for length, row, words in zip(features["length"], features["example"], features["words"], strict=True):
        values = np.zeros((length, n_labels), dtype=np.float32)
        values[:, -1] = 1.0
        for place, word in enumerate(words):
            if word >= 0:
                values[place, tags[row][word]] = 2.0
        logits.append(values)
    return logits


def test_label_on_the_first_sub_token(family, tokenizer):
    # the cats sat . -> the | cat ##s | sat | .
    data = examples((["the", "cats", "sat", "."], [DET, NOUN, VERB, PUNCT]))
    (feature,) = format_of(UDPOS).features(data, tokenizer, Limits(16), training=True).to_list()
    words = [DET, NOUN, -100, VERB, PUNCT]
    assert feature["labels"] == {"bert": [-100, *words, -100], "xlnet": [*words, -100, -100]}[family]
    assert feature["length"] == 7 == len(feature["input_ids"]) == len(feature["attention_mask"])


def test_long_sentences_are_split_between_words(family, tokenizer):
    # sub-tokens: the 1, cats 2, sat 1, in 1, the 1, mat 1, . 1; two special tokens leave room for 3
    words, tags = ["the", "cats", "sat", "in", "the", "mat", "."], [DET, NOUN, VERB, DET, DET, NOUN, PUNCT]
    data = examples((["sat"], [VERB]), (words, tags))
    features = format_of(UDPOS).features(data, tokenizer, Limits(5), training=False)
    assert list(features["example"]) == [0, 1, 1, 1]
    assert max(features["length"]) == 5
    first = 1 if family == "bert" else 0
    begins = [[w for w in row if w >= 0] for row in features["words"]]
    assert begins == [[0], [0, 1], [2, 3, 4], [5, 6]]
    assert features["words"][1][first : first + 3] == [0, 1, -1]
    predictions = format_of(UDPOS).predict(oracle(features, data["tags"], len(UDPOS.labels)), features, data)
    values, per_sentence = format_of(UDPOS).score(predictions, data, "en")
    assert values == {"f1": 100.0, "precision": 100.0, "recall": 100.0, "accuracy": 100.0}
    assert per_sentence.tolist() == [100.0, 100.0]


def test_training_keeps_every_label_of_a_split_sentence(tokenizer):
    data = examples((["the", "cats", "sat", "in"], [DET, NOUN, VERB, DET]))
    rows = format_of(UDPOS).features(data, tokenizer, Limits(5), training=True).to_list()
    assert [[x for x in row["labels"] if x != -100] for row in rows] == [[DET, NOUN], [VERB, DET]]


def test_a_word_longer_than_the_limit_keeps_its_first_sub_token(tokenizer):
    data = examples((["the", "abcdefgh", "."], [DET, NOUN, PUNCT]))  # eight letters, room for 3
    features = format_of(UDPOS).features(data, tokenizer, Limits(5), training=False)
    assert list(features["length"]) == [3, 5, 3]
    predictions = format_of(UDPOS).predict(oracle(features, data["tags"], len(UDPOS.labels)), features, data)
    assert predictions == [["DET", "NOUN", "PUNCT"]]


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_has_a_prediction_whatever_the_tokenizer(kind):
    words = ["the", "cats", "are", "running", "庭", "im", "Garten", "x\u00a0y", "\u200b", ",", "unbekannteswort", "."]
    tags = list(range(len(words)))
    data = examples((words, tags), ([""], [3]), ([], []), (["cats"], [4]))
    features = format_of(UDPOS).features(data, tokenizer_of(kind), Limits(9), training=False)
    assert max(features["length"]) <= 9
    begins = [word for row in features["words"] for word in row if word >= 0]
    assert begins == [*tags, 0]
    predictions = format_of(UDPOS).predict(oracle(features, data["tags"], len(UDPOS.labels)), features, data)
    assert predictions[0] == [UDPOS.labels[tag] for tag in tags]
    assert [len(tags) for tags in predictions] == [12, 1, 0, 1]
    rows = format_of(UDPOS).features(data, tokenizer_of(kind), Limits(9), training=True).to_list()
    assert [label for row in rows for label in row["labels"] if label != -100] == [*tags, 4]


def test_a_cut_sentence_keeps_the_pieces_of_the_whole():
    tokenizer = tokenizer_of("Gemma")  # <s> A </s>
    data = examples((["the", "cats", "are", "running"], [DET, NOUN, VERB, VERB]))
    features = format_of(UDPOS).features(data, tokenizer, Limits(4), training=False)
    assert [tokenizer.convert_ids_to_tokens(row) for row in features["input_ids"]] == [
        ["<s>", "the", "▁cats", "</s>"], ["<s>", "▁are", "▁running", "</s>"],
    ]  # fmt: skip
    assert features["words"] == [[-1, 0, 1, -1], [-1, 2, 3, -1]]


def test_words_that_tokenize_to_nothing(tokenizer):
    # a control character becomes the unknown token, as in XTREME; an empty string has no token at all
    data = examples((["the", "\u0081", "", "cat"], [0, 1, 0, 5]), (["\u0081"], [3]))
    features = format_of(PANX).features(data, tokenizer, Limits(16), training=False)
    assert [[w for w in row if w >= 0] for row in features["words"]] == [[0, 1, 3], [0]]
    assert tokenizer.unk_token_id in features["input_ids"][0]
    predictions = format_of(PANX).predict(oracle(features, data["tags"], 7), features, data)
    assert predictions == [["O", "B-PER", "O", "B-LOC"], ["B-ORG"]]


def test_without_an_o_tag_the_default_is_the_most_frequent_prediction(tokenizer):
    data = examples((["cat", "", "fox", "the"], [NOUN, VERB, NOUN, DET]))
    features = format_of(UDPOS).features(data, tokenizer, Limits(16), training=False)
    predictions = format_of(UDPOS).predict(oracle(features, data["tags"], len(UDPOS.labels)), features, data)
    assert predictions == [["NOUN", "NOUN", "NOUN", "DET"]]


def test_score_submission_and_show():
    data = examples((["Ada", "Bonn"], [1, 5]), (["the"], [0]))
    predictions = [["B-PER", "O"], ["O"]]
    values, per_sentence = format_of(PANX).score(predictions, data, "en")
    assert values == pytest.approx({"f1": 200 / 3, "precision": 100.0, "recall": 50.0})
    assert per_sentence.tolist() == [50.0, 100.0]
    assert format_of(PANX).submission(predictions, data) == "B-PER\nO\n\nO\n\n"
    shown = format_of(PANX).show(predictions, data, 1)
    assert shown.iloc[0].tolist() == ["Ada/B-PER Bonn/B-LOC→O", 2, 1]


def test_the_head_is_new_and_the_seeds(family, encoders, tmp_path):
    model = format_of(UDPOS).build_model(encoders[family], seed=1)
    assert model.config.num_labels == 17 and model.config.id2label[7] == "NOUN"
    model.save_pretrained(tmp_path)
    head = model.classifier.weight
    # a checkpoint of the same shape gives its encoder, not its head
    again = format_of(UDPOS).build_model(tmp_path, seed=2)
    assert not np.array_equal(again.classifier.weight.detach(), head.detach())
    same = format_of(UDPOS).build_model(tmp_path, seed=1)
    assert np.array_equal(same.classifier.weight.detach(), head.detach())
    for name, value in model.base_model.state_dict().items():
        assert np.array_equal(value, again.base_model.state_dict()[name]), name
