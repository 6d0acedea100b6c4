"""The report as a PDF, printed by a Chromium that is already on the machine."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from xtl.base.errors import UserError

PDF = "report.pdf"
NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 180
FLAGS = (
    "--headless", "--disable-gpu", "--no-first-run",
    "--disable-dev-shm-usage",  # containers give /dev/shm 64 MB, too little for a page of figures
    # the page asks for nothing, and the browser shall not either
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
PRINT = ("--no-pdf-header-footer", "--generate-pdf-document-outline")  # a header would show the path of the file


def chromium() -> str:
    """The Chromium to print with: $CHROMIUM, else the first of NAMES on the PATH. Raises UserError without one."""
    given = os.environ.get("CHROMIUM")
    if given:
        found = shutil.which(str(Path(given).expanduser()))
        if not found:
            raise UserError(f"CHROMIUM is {given}, which is no program; name Chromium's or Chrome's executable.")
        return found
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise UserError(
        f"--pdf needs Chromium, and none of {', '.join(NAMES)} is on the PATH: install it (Debian: apt install "
        "chromium), or set CHROMIUM to its executable."
    )


def print_report(folder: Path | str, program: str, seconds: float = SECONDS) -> Path:
    """Print `folder`/index.html to `folder`/report.pdf and return that path.

    program: as `chromium` returns it. The browser is headless, without a network, with a profile that is thrown away.
    Links to other files are printed as plain text: a PDF would turn them into addresses of this machine.
    Raises UserError without a report, and when the browser crashes, or is not done after so many seconds.
    """
    folder = Path(folder).absolute()
    index, target = folder / "index.html", folder / PDF
    if not index.is_file():
        raise UserError(f"{folder} holds no report (no index.html); write it first with `xtl report GRID`.")
    # beside the report, not in /tmp: a Chromium from a snap sees no other program's temporary files
    with tempfile.TemporaryDirectory(prefix=".pdf-", dir=folder, ignore_cleanup_errors=True) as temporary:
        page, printed = Path(temporary, "index.html"), Path(temporary, PDF)
        page.write_text(re.sub(r' href="(?!#|data:)[^"]*"', "", index.read_text("utf-8")), "utf-8")
        command = [program, *FLAGS, *PRINT, f"--user-data-dir={temporary}/profile", f"--print-to-pdf={printed}"]
        # As root, as in most containers, Chromium refuses to start with its sandbox. What it opens is our own page,
        # which runs our few lines of script alone and forbids every request.
        if os.geteuid() == 0:
            command.append("--no-sandbox")
        status, said = _finished([*command, page.as_uri()], seconds)
        if status is None:
            raise UserError(f"{program} had not printed the report after {seconds:g} s and was stopped; try it again.")
        if not printed.is_file() or not printed.read_bytes().startswith(b"%PDF"):
            raise UserError(f"{program} did not print the report (exit status {status}): {said or 'it said nothing'}")
        os.replace(printed, target)
    return target


def _finished(command: list[str], seconds: float) -> tuple[int | None, str]:
    """Exit status, None for one that had to be stopped, and the last line that it said; nothing of it lives on."""
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return -1, f"it does not start ({error.strerror})"
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        return None, ""
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # with all its helper processes
            process.communicate()
    lines = [line for line in output.splitlines() if line.strip()]
    return process.returncode, lines[-1][:300] if lines else ""
