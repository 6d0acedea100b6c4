"""Span question answering: windows, labels, the best answer over windows, cut from the original text."""

import json

import numpy as np
import pytest
from datasets import Dataset

from tests.tokenizer_kinds import KINDS, tokenizer_of
from xtl.base.errors import UserError
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of, span
from xtl.tasks.formats.format import Limits
from xtl.tasks.formats.span import _best_span
from xtl.tasks.sources import HubSource

XQUAD = TASKS["xquad"]
LONG = "the cat sat on the mat . the fox sat in the mat . it is the cat ."


def examples(*rows):
    """(question, context, answer) each; the answer is looked up in the context."""
    return Dataset.from_list([
        {"id": f"q{i}", "title": "", "context": c, "question": q, "answers": [a], "starts": [c.index(a)]}
        for i, (q, c, a) in enumerate(rows)
    ])  # fmt: skip


def logits_for(features, spans):
    """Logits whose best span in each feature is (first, last, score)."""
    out = []
    for length, (first, last, value) in zip(features["length"], spans, strict=True):
        values = np.full((length, 2), -9.0, dtype=np.float32)
        values[first, 0] = values[last, 1] = value / 2
        out.append(values)
    return out


def test_one_window(family, tokenizer):
    data = examples(("who sat ?", "the cats sat.", "cats"))
    (feature,) = format_of(XQUAD).features(data, tokenizer, Limits(32), training=True).to_list()
    tokens = tokenizer.convert_ids_to_tokens(feature["input_ids"])
    pair = ["who", "sat", "?", "[SEP]", "the", "cat", "##s", "sat", ".", "[SEP]"]
    assert tokens == {"bert": ["[CLS]", *pair], "xlnet": [*pair, "[CLS]"]}[family]
    assert tokens[feature["start_positions"] : feature["end_positions"] + 1] == ["cat", "##s"]
    assert feature["length"] == 11


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("across words", "ByT5")])
@pytest.mark.parametrize("max_length", [300, 60])
def test_every_tokenizer_marks_the_answer_and_cuts_it_out_again(kind, max_length, monkeypatch):
    monkeypatch.setattr(span, "MAX_ANSWER", 60)
    context = (
        "The cats are  in Garten Nr. 10,\u00a0und der Hund\u00a0schläft.  кошки бегут  猫在花园里。 end\n the 🙂 x"
    )
    answers = [
        "The",
        "cats",
        "are",
        "Nr. 10",
        "10",
        "10,",
        "Hund\u00a0schläft",
        "schläft.",
        "кошки",
        "猫",
        "花园",
        "🙂",
        "x",
    ]
    data = examples(*((" who runs ?", context, answer) for answer in answers))
    limits = Limits(max_length, stride=20)
    rows = format_of(XQUAD).features(data, tokenizer_of(kind), limits, training=True).to_list()
    features = format_of(XQUAD).features(data, tokenizer_of(kind), limits, training=False)
    assert max(features["length"]) <= max_length
    places = []
    for row, cls in zip(rows, features["cls"], strict=True):
        marked = (row["start_positions"], row["end_positions"])
        places.append((*marked, -9.0 if marked == (cls, cls) else 9.0))
    assert format_of(XQUAD).predict(logits_for(features, places), features, data) == answers


def test_a_tokenizer_without_places_is_one_sentence():
    data = examples(("who ?", "the cat", "cat"))
    with pytest.raises(UserError, match="ByT5Tokenizer: it does not tell where its pieces stand in a text"):
        format_of(XQUAD).features(data, tokenizer_of("ByT5"), Limits(32), training=False)


def test_windows_slide_over_the_context_only(family, tokenizer):
    # question 3, specials 3, limit 14: room for 8 of the 19 tokens of the context; overlap 2, so steps of 6
    data = examples(("who sat ?", LONG, "fox"))
    features = format_of(XQUAD).features(data, tokenizer, Limits(14, stride=2), training=False)
    assert list(features["example"]) == [0, 0, 0] and list(features["length"]) == [14, 14, 13]
    texts = [[LONG[a:b] for a, b in row if a >= 0] for row in features["offsets"]]
    words = LONG.split()
    assert texts == [words[0:8], words[6:14], words[12:19]]
    assert list(features["cls"]) == {"bert": [0, 0, 0], "xlnet": [13, 13, 12]}[family]


def test_windows_by_their_step(tokenizer):
    # room for 8 of the 19 tokens of the context, steps of 5
    data = examples(("who sat ?", LONG, "fox"))
    features = format_of(XQUAD).features(data, tokenizer, Limits(14, step=5), training=False)
    words = LONG.split()
    texts = [[LONG[a:b] for a, b in row if a >= 0] for row in features["offsets"]]
    assert texts == [words[0:8], words[5:13], words[10:18], words[15:19]]
    assert Limits(14, step=5).overlap(8) == 3 and Limits(14, step=9).overlap(8) == 0 and Limits(14, 9).overlap(8) == 7


def test_windows_are_as_many_as_in_the_benchmark_s_script(shared_data, monkeypatch, tokenizer):
    # With XLM-R's vocabulary at 384 tokens: 1,270 by a step of 128, as its script makes, 1,249 by an overlap of 128.
    monkeypatch.setenv("XTL_MIRROR", str(shared_data / "hub"))
    data = HubSource().examples("xquad", "test", "en").select(range(60))
    features = format_of(XQUAD).features(data, tokenizer, Limits(256, step=64), training=False)
    expected = []
    for question, context in zip(data["question"], data["context"], strict=True):
        size = len(tokenizer.tokenize(context))
        room = 256 - 3 - min(64, len(tokenizer.tokenize(question)))
        windows = 1
        while (windows - 1) * 64 + room < size:
            windows += 1
        expected.append(windows)
    assert max(expected) > 5
    assert np.bincount(features["example"]).tolist() == expected


def test_the_answer_is_labelled_only_where_all_of_it_is(family, tokenizer):
    # "mat . the" is tokens 5 to 7: whole in the first window (0-7), cut in the second (6-13), absent in the third
    data = examples(("who sat ?", LONG, "mat . the"))
    rows = format_of(XQUAD).features(data, tokenizer, Limits(14, stride=2), training=True).to_list()
    first = 5 if family == "bert" else 4  # where the context begins
    nothing = [0, 0] if family == "bert" else [13, 12]
    assert [(r["start_positions"], r["end_positions"]) for r in rows] == [
        (first + 5, first + 7),
        (nothing[0], nothing[0]),
        (nothing[1], nothing[1]),
    ]


def test_the_stride_never_stops_the_windows(tokenizer):
    data = examples(("who sat ?", LONG, "fox"))
    features = format_of(XQUAD).features(
        data, tokenizer, Limits(14, stride=128), training=False
    )  # more than there is room for
    covered = {tuple(o) for row in features["offsets"] for o in row if o[0] >= 0}
    assert len(covered) == 19 and max(features["length"]) == 14


def test_a_long_question_is_cut_and_a_longer_one_is_an_error(tokenizer, monkeypatch):
    data = examples(("  who sat on the mat ?", "the cat", "cat"))
    monkeypatch.setattr(span, "MAX_QUERY", 2)
    features = format_of(XQUAD).features(data, tokenizer, Limits(32), training=False)
    assert tokenizer.decode(features["input_ids"][0], skip_special_tokens=True) == "who sat the cat"
    monkeypatch.undo()
    data = examples(("who sat on the mat ?", LONG, "fox"))
    with pytest.raises(UserError, match="max_length 9 leaves no room for a context beside a question of 6 tokens"):
        format_of(XQUAD).features(data, tokenizer, Limits(9), training=False)


def test_best_answer_over_windows_is_cut_from_the_original_text(family, tokenizer):
    context = "the CAT   sat, on the mat. it is the fox"  # capitals and spaces that the tokens do not show
    data = examples(("who ?", "the cat", "cat"), ("what ?", context, "mat"))
    features = format_of(XQUAD).features(data, tokenizer, Limits(13, stride=2), training=False)
    assert list(features["example"]) == [0, 1, 1]
    shift = 4 if family == "bert" else 3
    # first question: token 1; second: "CAT   sat," in the first window with 6.0, something with 2.0 in the second
    logits = logits_for(features, [(shift + 1, shift + 1, 4.0), (shift + 1, shift + 5, 6.0), (shift, shift, 2.0)])
    predictions = format_of(XQUAD).predict(logits, features, data)
    assert predictions == ["cat", "CAT   sat,"]


def test_never_an_empty_answer_unless_the_task_has_unanswerable_questions(family, tokenizer):
    from dataclasses import replace

    data = examples(("who ?", "the cat", "cat"))
    features = format_of(XQUAD).features(data, tokenizer, Limits(16), training=False)
    values = np.full((features["length"][0], 2), -5.0, dtype=np.float32)
    values[features["cls"][0]] = 9.0  # the model says: no answer
    assert format_of(XQUAD).predict([values], features, data) == ["the"]  # all spans are equal, the first wins
    assert format_of(replace(XQUAD, unanswerable=True)).predict([values], features, data) == [""]


def test_questions_without_answer_are_labelled_at_the_classification_token(family, tokenizer):
    data = Dataset.from_list([
        {"id": "a", "title": "", "context": "the cat", "question": "who ?", "answers": ["cat"], "starts": [4]},
        {"id": "b", "title": "", "context": "the cat", "question": "who ?", "answers": [], "starts": []},
    ])  # fmt: skip
    row = format_of(XQUAD).features(data, tokenizer, Limits(16), training=True).to_list()[1]
    place = row["input_ids"].index(tokenizer.cls_token_id)
    assert (row["start_positions"], row["end_positions"]) == (place, place)


def test_limits_of_a_span():
    offsets = np.array([[-1, -1]] + [[i, i + 1] for i in range(40)])
    values = np.zeros((41, 2), dtype=np.float32)
    values[1, 0], values[35, 1], values[30, 1], values[0] = 5.0, 9.0, 3.0, 99.0
    # the end at 35 is the 35th token from the start at 1, too far; 30 is the 30th; the special token does not count
    assert _best_span(values, offsets) == (9.0, 6, 35)  # 0 + 9 beats 5 + 3
    values[35, 1] = 7.0
    assert _best_span(values, offsets) == (8.0, 1, 30)
    assert _best_span(values[:1], offsets[:1]) is None


def test_starts_and_ends_are_among_the_twenty_best():
    offsets = np.array([[i, i + 1] for i in range(60)])
    values = np.zeros((60, 2), dtype=np.float32)
    values[40:, 0], values[:20, 1] = 1.0, 1.0  # the twenty best starts are all behind the twenty best ends
    assert _best_span(values, offsets)[0] == 1.0  # so the short list has no span, and all are considered
    values[5, 0], values[8, 1] = 0.9, 1.5
    assert _best_span(values, offsets) == (pytest.approx(2.4), 5, 8)


def test_score_submission_and_show():
    data = examples(("who ?", "the cat sat", "cat"), ("où ?", "il est à Kyoto", "à Kyoto"))
    values, per_question = format_of(XQUAD).score(["the cat", "Kyoto"], data, "fr")
    assert values == pytest.approx({"exact_match": 50.0, "f1": (100 + 200 / 3) / 2})
    assert per_question.tolist() == pytest.approx([100.0, 200 / 3])
    assert json.loads(format_of(XQUAD).submission(["the cat", "à Kyoto"], data)) == {"q0": "the cat", "q1": "à Kyoto"}
    shown = format_of(XQUAD).show(["the cat", "Kyoto"], data, 1)
    assert shown.iloc[0].tolist() == ["who ?", "cat", "the cat", "the cat sat"]


def test_every_family_gets_a_head_of_two_scores(family, encoders, tmp_path):
    # from a checkpoint whose configuration speaks of seventeen labels
    format_of(TASKS["udpos"]).build_model(encoders[family], seed=0).save_pretrained(tmp_path)
    model = format_of(XQUAD).build_model(tmp_path, seed=0)
    names = {"bert": "BertForQuestionAnswering", "xlnet": "XLNetForQuestionAnsweringSimple"}
    assert type(model).__name__ == names[family]
    assert model.qa_outputs.out_features == 2
