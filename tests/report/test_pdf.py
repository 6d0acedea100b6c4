"""Printing the report: which browser, and one readable sentence for whatever can go wrong with it."""

import os
import stat
import zipfile
from pathlib import Path

import pytest

from tests.command import xtl
from xtl.base.errors import UserError
from xtl.report import pdf, write

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins for Chromium are shell scripts")
PRINTS = 'for a in "$@"; do case $a in --print-to-pdf=*) printf "%%PDF-1.4" > "${a#--print-to-pdf=}";; esac; done'


@pytest.fixture
def stand_in(tmp_path):
    """Makes an executable that stands in for Chromium, from the lines of a shell script."""

    def make(script: str, name: str = "chromium") -> Path:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return make


@pytest.fixture
def folder(tmp_path) -> Path:
    """A report with a link of every kind."""
    made = tmp_path / "a b" / "report"
    made.mkdir(parents=True)
    links = '<link rel="icon" href="data:,"><a href="#runs">1</a> <a class="x" href="runs/y.html">2</a>'
    (made / "index.html").write_text(f"<p>{links} <a href='#z'>3</a>")
    return made


def test_the_browser_is_looked_for(stand_in, monkeypatch):
    monkeypatch.delenv("CHROMIUM", raising=False)
    program = stand_in(PRINTS, "google-chrome")
    monkeypatch.setenv("PATH", str(program.parent))
    assert pdf.chromium() == str(program)
    other = stand_in(PRINTS, "mine")
    monkeypatch.setenv("CHROMIUM", str(other))
    assert pdf.chromium() == str(other)
    monkeypatch.setenv("CHROMIUM", str(other.parent / "gone"))
    with pytest.raises(UserError, match="CHROMIUM is .*gone, which is no program"):
        pdf.chromium()
    monkeypatch.delenv("CHROMIUM")
    program.unlink()
    with pytest.raises(UserError, match="none of chromium, chromium-browser, google-chrome is on the PATH: install it"):
        pdf.chromium()


def test_without_a_browser_the_command_says_what_to_install(tmp_path):
    done = xtl("report", "params/smoke.yaml", "--pdf", PATH="", XTL_OUTPUTS=str(tmp_path), without=("CHROMIUM",))
    assert done.returncode == 2 and "apt install chromium" in done.stderr and done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []  # it says so before it draws anything


def test_the_page_is_printed_beside_itself_and_the_profile_goes(stand_in, folder, tmp_path):
    keep = 'for last; do :; done; path=${last#file://}; path=$(printf "%b" "$(echo "$path" | sed s/%20/\\ /g)")'
    program = stand_in(f'echo "$@" > "{tmp_path}/arguments"; {keep}; cp "$path" "{tmp_path}/printed.html"; {PRINTS}')
    made = pdf.print_report(folder, str(program))
    assert made == folder / "report.pdf" and made.read_bytes().startswith(b"%PDF")
    assert sorted(path.name for path in folder.iterdir()) == ["index.html", "report.pdf"]
    printed = (tmp_path / "printed.html").read_text()  # no link to a file of this machine, all others
    assert printed == '<p><link rel="icon" href="data:,"><a href="#runs">1</a> <a class="x">2</a> <a href=\'#z\'>3</a>'
    arguments = (tmp_path / "arguments").read_text().split()
    assert ("--no-sandbox" in arguments) == (os.geteuid() == 0)
    assert "--headless" in arguments and any(each.startswith("--user-data-dir=") for each in arguments)


@pytest.mark.parametrize(
    ("script", "seconds", "said"),
    [
        ("echo starting; echo no display >&2; exit 3", 300, r"did not print the report \(exit status 3\): no display$"),
        ("exit 0", 300, r"did not print the report \(exit status 0\): it said nothing$"),
        ("kill -SEGV $$", 300, r"did not print the report \(exit status -11\)"),
        ("sleep 600 & sleep 600", 1, r"had not printed the report after 1 s and was stopped"),
    ],
)
def test_a_crash_or_a_stop_is_one_sentence(stand_in, folder, script, seconds, said):
    program = stand_in(script)
    (folder / "report.pdf").write_text("old")
    with pytest.raises(UserError, match=said):
        pdf.print_report(folder, str(program), seconds=seconds)
    assert sorted(path.name for path in folder.iterdir()) == ["index.html", "report.pdf"]


def test_a_program_that_does_not_start_is_one_sentence(folder, tmp_path):
    with pytest.raises(UserError, match="it does not start"):
        pdf.print_report(folder, str(tmp_path / "none"))
    with pytest.raises(UserError, match="holds no report.*xtl report GRID"):
        pdf.print_report(tmp_path, "chromium")


def test_hidden_remains_are_not_packed(folder):
    (folder / ".pdf-x").mkdir()
    (folder / ".pdf-x" / "page.html").write_text("x")
    with zipfile.ZipFile(write.zip_report(folder)) as archive:
        assert [Path(name).name for name in archive.namelist()] == ["index.html"]
