"""Folders that a user names: CCGbank-style lines, BUCC's files, and what is said of wrong ones."""

from dataclasses import replace
from pathlib import Path

import pytest

from xtl.base.errors import UserError
from xtl.tasks.sources.columns import UNSEEN


def test_supertags_are_those_of_the_training_data(hub):
    task = hub.resolved("ccg")
    assert task.labels == ("(S\\NP)/NP", ".", "N", "NP", "NP/N", "PP/NP", UNSEEN)
    row = hub.examples("ccg", "train", "en")[0]
    assert [task.labels[i] for i in row["tags"]] == ["NP", "(S\\NP)/NP", "NP/N", "N", "PP/NP", "NP", "."]
    assert hub.examples("ccg", "test", "en")[0]["tags"] == [len(task.labels) - 1]  # S/S is new


def test_pools_and_their_gold_pairs(hub):
    assert hub.languages("bucc") == ["de"]
    examples = hub.examples("bucc", "test", "de")
    assert examples["side"] == ["foreign"] * 6 + ["english"] * 6
    assert examples["pair"][:6] == [f"en-{i:09d}" for i in range(4)] + ["", ""]
    assert examples["pair"][6] == "de-000000000"
    with pytest.raises(UserError, match="bucc has no train set; it has validation, test"):
        hub.check("bucc", "train", "de")


def test_what_is_said_of_wrong_folders(hub, tmp_path):
    with pytest.raises(UserError, match=r"task ccg is not on the Hub: name the folder .* folders: {ccg: PATH}"):
        replace(hub, folders={}).check("ccg", "train", "en")
    with pytest.raises(UserError, match="folders.ccg: nowhere is not a folder"):
        replace(hub, folders={"ccg": "nowhere"}).check("ccg", "train", "en")
    with pytest.raises(UserError, match="lacks train.txt; it must hold lines of word"):
        replace(hub, folders={"ccg": str(tmp_path)}).check("ccg", "train", "en")
    (tmp_path / "train.txt").write_text("the|DT|NP/N fox\n")
    with pytest.raises(UserError, match="train.txt: 1 of 1 rows are damaged: line 1 .a token is not of the form word"):
        replace(hub, folders={"ccg": str(tmp_path)}).examples("ccg", "train", "en")
    folder = Path(tmp_path / "de-en")
    folder.mkdir()
    for name, text in (("de", "de-1\tein Fuchs\n"), ("en", "en-1 a fox\n"), ("gold", "de-1\ten-1\n")):
        (folder / f"de-en.training.{name}").write_text(text)
    mine = replace(hub, folders={"bucc": str(tmp_path)})
    with pytest.raises(UserError, match="de-en.training.en, line 1: expected an id and a sentence, parted by a tab"):
        mine.examples("bucc", "test", "de")
    (folder / "de-en.training.en").write_text("en-2\ta fox\n")
    with pytest.raises(UserError, match="no sentence has the id en-1; the three files must belong together"):
        mine.examples("bucc", "test", "de")


def test_pools_that_do_not_hold_together(hub, tmp_path):
    folder = Path(tmp_path / "de-en")
    folder.mkdir()
    mine = replace(hub, folders={"bucc": str(tmp_path)})
    for name, text in (("de", "de-1\tein Fuchs\n"), ("en", ""), ("gold", "de-1\ten-1\n")):
        (folder / f"de-en.training.{name}").write_text(text)
    with pytest.raises(UserError, match="de-en.training.en has no sentence"):
        mine.examples("bucc", "test", "de")
    (folder / "de-en.training.gold").write_text("de-1\ten-1\nde-1\ten-2\n")
    with pytest.raises(UserError, match="the id de-1 is in more than one pair"):
        mine.examples("bucc", "test", "de")
    (folder / "de-en.training.de").write_bytes("de-1\tFüchse\n".encode("latin-1"))
    (folder / "de-en.training.gold").write_text("de-1\ten-1\n")
    with pytest.raises(UserError, match="de-en.training.de is not UTF-8"):
        mine.examples("bucc", "test", "de")


@pytest.mark.parametrize(
    "german, english, gold, message",
    [
        ("de-1\ta\nde-1\tb", "en-1\ta", "de-1\ten-1", "training.de: the id de-1 stands in de-en.training.de before"),
        ("de-1\ta\nx\tb", "en-1\ta\nx\tb", "de-1\ten-1", "training.en: the id x stands in de-en.training.de before"),
        ("de-1\ta\nde-2\tb", "en-1\ta", "de-1\tde-2", "de-1 and de-2 are both in de-en.training.de"),
    ],
)
def test_ids_are_of_one_sentence_and_pairs_of_two_pools(hub, tmp_path, german, english, gold, message):
    (tmp_path / "de-en").mkdir()
    for name, text in (("de", german), ("en", english), ("gold", gold)):
        (tmp_path / "de-en" / f"de-en.training.{name}").write_text(text)
    with pytest.raises(UserError, match=message):
        replace(hub, folders={"bucc": str(tmp_path)}).examples("bucc", "test", "de")


def test_contents_are_the_identity(hub, folders, tmp_path):
    before = hub.digest("ccg", "train", "en")
    copy = tmp_path / "elsewhere"
    copy.mkdir()
    (copy / "train.txt").write_text((Path(folders["ccg"]) / "train.txt").read_text())
    moved = replace(hub, folders={"ccg": str(copy)})
    assert moved.digest("ccg", "train", "en") == before
    (copy / "train.txt").write_text("the|DT|NP/N\n")
    assert moved.digest("ccg", "train", "en") != before


def test_marks_and_separators_inside_text_files(hub, tmp_path):
    text = "\ufeffNew\u00a0York|X|NP sleeps|X|S\r\n\r\n\x0ca\u2028b|X|NP\x85|X|N\n"
    for split in ("train", "test"):
        (tmp_path / f"{split}.txt").write_bytes(text.encode())
    examples = replace(hub, folders={"ccg": str(tmp_path)}).examples("ccg", "test", "en")
    assert examples["tokens"] == [["New\u00a0York", "sleeps"], ["\x0ca\u2028b"]]
    folder = tmp_path / "de-en"
    folder.mkdir()
    for name, text in (("de", "de-1\tein\u2028Fuchs\x0c!\n"), ("en", "en-1\ta fox\n"), ("gold", "de-1\ten-1\n")):
        (folder / f"de-en.training.{name}").write_bytes(b"\xef\xbb\xbf" + text.encode())
    pools = replace(hub, folders={"bucc": str(tmp_path)}).examples("bucc", "test", "de")
    assert pools["id"] == ["de-1", "en-1"]
    assert pools["sentence"] == ["ein\u2028Fuchs\x0c!", "a fox"]
    assert pools["pair"] == ["en-1", "de-1"]


def test_damaged_lines_are_named_by_their_number_in_the_file_and_may_be_left_out(hub, tmp_path):
    for split in ("train", "test"):
        (tmp_path / f"{split}.txt").write_text("a|X|N\n\n\nb|X|N c\nd|X|N\n")
    mine = replace(hub, folders={"ccg": str(tmp_path)})
    with pytest.raises(UserError, match="test.txt: 1 of 3 rows are damaged: line 4 "):
        mine.examples("ccg", "test", "en")
    skipping = replace(mine, rows="skip")
    assert skipping.examples("ccg", "test", "en")["tokens"] == [["a"], ["d"]]
    assert list(skipping.left_out.values()) == [1]


def test_an_empty_sentence_of_a_pool_is_left_out_with_its_translation(hub, tmp_path):
    folder = tmp_path / "de-en"
    folder.mkdir()
    texts = {"de": "de-1\tein Fuchs\n\nde-2\t \n", "en": "en-1\ta fox\nen-2\ta cat\n", "gold": "de-2\ten-2\n"}
    for name, text in texts.items():
        (folder / f"de-en.training.{name}").write_text(text)
    mine = replace(hub, folders={"bucc": str(tmp_path)})
    said = r"2 of 4 rows are damaged: line 3 \(in de-en.training.de, de-2 or its"
    with pytest.raises(UserError, match=said):
        mine.examples("bucc", "test", "de")
    assert replace(mine, rows="skip").examples("bucc", "test", "de")["id"] == ["de-1", "en-1"]
