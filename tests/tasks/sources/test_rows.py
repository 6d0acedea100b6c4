"""What is said of damaged rows of every format, and what is left where they are skipped."""

import shutil
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xtl.base.errors import UserError

CONTEXT = "Max saw the fox in Kyoto."
PLACE = CONTEXT.index("Kyoto")
TEXTS = pa.list_(pa.string())
SPANS = pa.struct([("text", TEXTS), ("answer_start", pa.list_(pa.int32()))])


@pytest.fixture
def copy(hub, mirror, tmp_path, monkeypatch):
    """A copy of the miniature as the mirror; gives a function that writes a file of it."""
    root = shutil.copytree(mirror, tmp_path / "copy")
    monkeypatch.setenv("XTL_MIRROR", str(root))

    def write(name, columns):
        pq.write_table(pa.table(columns), root / f"{name}-00000-of-00001.parquet")

    return write


def questions(answers, **changes):
    """Columns of SQuAD with these answers, (text, start) or a list of such, and other columns changed."""
    listed = [answer if isinstance(answer, list) or answer is None else [answer] for answer in answers]
    structs = []
    for row in listed:
        if row is None:
            structs.append(None)
            continue
        structs.append({"text": [text for text, _ in row], "answer_start": [start for _, start in row]})
    n = len(answers)
    columns = {
        "id": [f"q{row}" for row in range(n)],
        "title": [""] * n,
        "context": [CONTEXT] * n,
        "question": ["Where?"] * n,
        "answers": pa.array(structs, SPANS),
    }
    return {**columns, **changes}


GOOD = ("Kyoto", PLACE)


@pytest.mark.parametrize(
    "answers, changes, reason",
    [
        ([GOOD, ("Kyoto", PLACE - 5)], {}, r"row 1 \(answer_start 14 is at 'x in', not 'Kyoto'\)"),
        ([("Kyoto", -1), GOOD], {}, r"row 0 \(answer_start -1 is outside the context\)"),
        ([("Kyoto", 25), GOOD], {}, r"row 0 \(answer_start 25 is outside the context\)"),
        ([("Kyoto.x", PLACE), GOOD], {}, r"row 0 \(answer_start 19 is at 'Kyoto.', not 'Kyoto.x'\)"),
        ([GOOD, []], {}, r"row 1 \(it has no answer\)"),
        ([GOOD, None], {}, r"row 1 \(answers.text lacks or is null\)"),
        ([GOOD, [(None, 3)]], {}, r"row 1 \(answers.text lacks or is null\)"),
        ([GOOD, [("Kyoto", None)]], {}, r"row 1 \(answers.answer_start lacks or is null\)"),
        ([GOOD, [("", 3)]], {}, r"row 1 \(an answer is empty\)"),
        ([GOOD, [GOOD, ("Max", 1)]], {}, r"row 1 \(answer_start 1 is at 'ax', not 'Max'\)"),
        ([GOOD, GOOD], {"context": [CONTEXT, None]}, r"row 1 \(context lacks or is null\)"),
        ([GOOD, GOOD], {"question": [" ", "Where?"]}, r"row 0 \(question is empty\)"),
        ([GOOD, GOOD], {"id": ["q1", "q1"]}, r"row 1 \(id 'q1' stands twice\)"),
        ([GOOD, GOOD], {"id": ["q1", None]}, r"row 1 \(id lacks or is null\)"),
    ],
)  # fmt: skip
def test_spans(hub, copy, answers, changes, reason):
    copy("rajpurkar/squad/plain_text/train", questions(answers, **changes))
    start = "^rajpurkar/squad, config plain_text, split train: 1 of 2 rows are damaged: "
    with pytest.raises(UserError, match=f"{start}{reason}; mend them, or leave them out with `rows: skip`.$") as error:
        hub.examples("squad1", "train", "en")
    assert len(str(error.value)) < 300
    skipping = replace(hub, rows="skip")
    assert len(skipping.examples("squad1", "train", "en")) == 1
    assert skipping.left_out == {"rajpurkar/squad, config plain_text, split train": 1}


def test_answers_as_a_list_of_structs_are_the_same_answers(hub, copy):
    kind = pa.list_(pa.struct([("text", pa.string()), ("answer_start", pa.int64())]))
    answers = pa.array([[{"text": "Kyoto", "answer_start": PLACE}], [{"text": "Max", "answer_start": 0}]], kind)
    copy("rajpurkar/squad/plain_text/train", {**questions([GOOD, GOOD]), "answers": answers})
    examples = hub.examples("squad1", "train", "en")
    assert (examples["answers"], examples["starts"]) == ([["Kyoto"], ["Max"]], [[PLACE], [0]])


def test_questions_without_an_answer_where_the_task_has_them(hub, copy):
    copy("rajpurkar/squad_v2/squad_v2/train", questions([GOOD, []]))
    assert hub.examples("squad2", "train", "en")["answers"] == [["Kyoto"], []]


def test_several_damaged_rows_are_counted_and_the_first_three_named(hub, copy):
    copy("rajpurkar/squad/plain_text/train", questions([("fox", 0)] * 5 + [GOOD]))
    message = "5 of 6 rows are damaged: row 0 .*, row 1 .*, row 2 .*; mend them"
    with pytest.raises(UserError, match=message) as error:
        hub.check("squad1", "train", "en")
        hub.examples("squad1", "train", "en")
    assert "row 3" not in str(error.value) and len(str(error.value)) < 300


def test_where_all_rows_are_damaged_nothing_can_be_skipped(hub, copy):
    copy("rajpurkar/squad/plain_text/train", questions([("fox", 0)] * 2))
    with pytest.raises(UserError, match="2 of 2 rows are damaged: .*; mend them.$"):
        replace(hub, rows="skip").examples("squad1", "train", "en")


@pytest.mark.parametrize(
    "tokens, tags, reason",
    [
        (["a", "b"], [0], "2 tokens and 1 ner_tags"),
        (["a"], [0, 0], "1 tokens and 2 ner_tags"),
        (["a"], None, "ner_tags lacks or is null"),
        (["a", None], [0, 0], "tokens lacks or is null"),
        (["a"], [None], "ner_tags lacks or is null"),
        (["a", "b"], [0, 9], "ner_tags is 9, not one of 0 to 6"),
    ],
)
def test_tags(hub, copy, tokens, tags, reason):
    columns = {"tokens": [["x"], tokens], "ner_tags": pa.array([[1], tags], pa.list_(pa.int64()))}
    copy("google/xtreme/PAN-X.de/test", columns)
    with pytest.raises(UserError, match=rf"PAN-X.de, split test: 1 of 2 rows are damaged: row 1 \({reason}\)"):
        hub.examples("panx", "test", "de")
    assert replace(hub, rows="skip").examples("panx", "test", "de")["tokens"] == [["x"]]


@pytest.mark.parametrize(
    "label, reason",
    [
        (pa.array([0, 3]), "label is 3, not one of 0 to 2"),
        (pa.array([0, None], pa.int64()), "label lacks or is null"),
        (pa.array([0, float("nan")]), "label is nan, not one of 0 to 2"),
        (pa.array([0.0, 0.5]), "label is 0.5, not one of 0 to 2"),
        (pa.array(["entailment", "entails"]), "label is 'entails', not one of entailment, neutral, contradiction"),
    ],
)
def test_labels_and_texts_of_pairs(hub, copy, label, reason):
    columns = {"premise": ["a", "b"], "hypothesis": ["c", "d"], "label": label}
    copy("nyu-mll/glue/mnli/train", columns)
    with pytest.raises(UserError, match=rf"config mnli, split train: 1 of 2 rows are damaged: row 1 \({reason}"):
        hub.examples("mnli", "train", "en")
    skipped = replace(hub, rows="skip").examples("mnli", "train", "en")
    assert skipped.to_list() == [{"id": "0", "text_a": "a", "text_b": "c", "label": 0}]
    for texts, said in (([" ", "d"], "row 0 .hypothesis is empty"), ([None, "d"], "row 0 .hypothesis lacks or is n")):
        copy("nyu-mll/glue/mnli/train", {**columns, "label": [0, 1], "hypothesis": texts})
        with pytest.raises(UserError, match=said):
            hub.examples("mnli", "train", "en")


def test_labels_of_other_types_that_say_the_same(hub, copy):
    for label in (pa.array([0.0, 2.0]), pa.array([0, 2], pa.uint8()), pa.array(["entailment", "contradiction"])):
        copy("nyu-mll/glue/mnli/train", {"premise": ["a", "b"], "hypothesis": ["c", "d"], "label": label})
        assert hub.examples("mnli", "train", "en")["label"] == [0, 2]


def test_what_published_data_has_is_no_damage(hub, copy):
    copy("nyu-mll/glue/qqp/train", {"question1": ["a", "b"], "question2": ["", "c"], "label": [0, 1]})
    assert hub.examples("qqp", "train", "en")["text_b"] == ["", "c"]


def test_a_row_that_does_not_say_its_language_is_damaged(hub, copy):
    columns = {"language": ["de", None, "fr"], "sentence1": list("abc"), "sentence2": list("abc")}
    copy("google/xtreme/XNLI/test", {**columns, "gold_label": ["neutral"] * 3})
    with pytest.raises(UserError, match=r"1 of 2 rows are damaged: row 1 \(language lacks or is null\)"):
        hub.examples("xnli", "test", "de")
    assert len(replace(hub, rows="skip").examples("xnli", "test", "de")) == 1


def test_rows_are_numbered_as_in_their_file(hub, copy):
    columns = {"language": ["en", "en", "de"], "sentence1": list("abc"), "sentence2": list("abc")}
    copy("google/xtreme/XNLI/test", {**columns, "gold_label": ["neutral", "neutral", "no"]})
    with pytest.raises(UserError, match="1 of 1 rows are damaged: row 2 .gold_label is 'no'"):
        hub.examples("xnli", "test", "de")


def commonsense(labels, texts, answers):
    kind = pa.struct([("label", TEXTS), ("text", TEXTS)])
    choices = [{"label": label, "text": text} for label, text in zip(labels, texts, strict=True)]
    n = len(answers)
    return {"id": [str(row) for row in range(n)], "question": ["?"] * n, "choices": pa.array(choices, kind),
            "answerKey": answers}  # fmt: skip


def test_the_right_choice_is_the_one_with_that_name(hub, copy):
    columns = commonsense([list("BAC"), list("ABC"), ["1", "2", "3"]], [["x", "y", "z"]] * 3, ["A", "A", "2"])
    copy("tau/commonsense_qa/default/train", columns)
    assert hub.examples("csqa", "train", "en")["answer"] == [1, 0, 1]


@pytest.mark.parametrize(
    "label, text, answer, reason",
    [
        (list("ABC"), ["x", "y", "z"], "E", "answerKey is 'E', not one of A, B, C"),
        (list("AAC"), ["x", "y", "z"], "A", "answerKey is 'A', not one of A, A, C"),
        (list("ABC"), ["x", "y", "z"], None, "answerKey lacks or is null"),
        (list("ABC"), ["x", "", "z"], "A", "one of choices.text is empty"),
        (list("ABC"), ["x", None, "z"], "A", "choices.text lacks or is null"),
        (list("AB"), ["x", "y"], "A", "2 choices.text instead of 3"),
        (list("ABC"), ["x", "y"], "C", "2 choices.text instead of 3"),
    ],
)
def test_choices(hub, copy, label, text, answer, reason):
    columns = commonsense([list("ABC"), list("ABC"), label], [["x", "y", "z"]] * 2 + [text], ["A", "B", answer])
    copy("tau/commonsense_qa/default/train", columns)
    with pytest.raises(UserError, match=rf"1 of 3 rows are damaged: row 2 \({reason}\)"):
        hub.examples("csqa", "train", "en")
    assert replace(hub, rows="skip").examples("csqa", "train", "en")["answer"] == [0, 1]


def test_a_place_beyond_the_choices(hub, copy):
    columns = {"ind": [1, 2], "ctx_a": ["a", "b"], "ctx_b": ["", "c"], "endings": [["x", "y"], ["x", "y"]]}
    copy("Rowan/hellaswag/default/train", {**columns, "label": ["1", "2"]})
    with pytest.raises(UserError, match=r"row 1 \(label 2 is none of 2 choices\)"):
        hub.examples("hellaswag", "train", "en")


def test_sentences_of_retrieval(hub, copy):
    copy("google/xtreme/tatoeba.deu/validation", {"source_sentence": ["a\n", " \n"], "target_sentence": ["a", "b"]})
    with pytest.raises(UserError, match=r"1 of 2 rows are damaged: row 1 \(source_sentence is empty\)"):
        hub.examples("tatoeba", "test", "de")


@pytest.mark.parametrize(
    "columns, said",
    [
        ({"tokens": ["a b"], "ner_tags": [[0]]}, "column tokens: expected lists, but string came"),
        ({"tokens": [[1]], "ner_tags": [[0]]}, "column tokens: expected text, but int64 came"),
        ({"tokens": [["a"]], "ner_tags": [0]}, "column ner_tags: expected lists of labels, but int64 came"),
    ],
)
def test_columns_of_another_type(hub, copy, columns, said):
    copy("google/xtreme/PAN-X.de/test", columns)
    with pytest.raises(UserError, match=f"google/xtreme, config PAN-X.de, split test, {said}"):
        hub.examples("panx", "test", "de")


def test_answers_without_their_fields(hub, copy):
    copy("rajpurkar/squad/plain_text/train", {**questions([GOOD]), "answers": ["Kyoto"]})
    with pytest.raises(UserError, match="column answers: expected a field text, but string came"):
        hub.examples("squad1", "train", "en")


def test_languages_and_marks_of_another_type(hub, copy):
    texts = {"sentence1": ["a"], "sentence2": ["b"], "gold_label": ["neutral"]}
    copy("google/xtreme/XNLI/test", {"language": [1], **texts})
    for call in (hub.check, hub.examples):
        with pytest.raises(UserError, match=r"rows are chosen by language \(int64\), which is of another type there"):
            call("xnli", "test", "de")


def test_lists_of_every_kind(hub, copy):
    tokens = [["a"], ["b", "c"]]
    tags = [[0], [1, 2]]
    for of in (pa.list_, pa.large_list):
        columns = {"tokens": pa.array(tokens, of(pa.large_string())), "ner_tags": pa.array(tags, of(pa.int8()))}
        copy("google/xtreme/PAN-X.de/test", columns)
        examples = hub.examples("panx", "test", "de")
        assert (examples["tokens"], examples["tags"]) == (tokens, tags)
    copy("google/xtreme/PAN-X.de/test", {"tokens": pa.array(tokens, pa.list_view(pa.string())), "ner_tags": tags})
    with pytest.raises(UserError, match="column tokens: expected lists, but list_view<element: string> came"):
        hub.examples("panx", "test", "de")
