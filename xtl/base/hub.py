"""Asking the Hugging Face Hub: one sentence where it does not answer, and no waiting where there is no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from xtl.base.errors import Absent, UserError

Answer = TypeVar("Answer")
PATIENCE = 10  # seconds for the Hub to answer at all


def ask(name: str, request: Callable[[], Answer]) -> Answer:
    """What the Hub answers about a repository.

    Raises UserError where it says that there is no such thing, and Absent where it does not answer.
    """
    try:
        return request()
    except Exception as error:  # the client raises a dozen kinds, for absent ids and absent networks alike
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
        sentence = f"{name} cannot be had from the Hub ({reason}); check the name and the network, or set XTL_MIRROR."
        if _is_answer(error):
            raise UserError(sentence) from None
        raise Absent(sentence, name) from None


def _is_answer(error: Exception) -> bool:
    """Whether the Hub itself said no: a name or a file that it does not have, or not for everybody."""
    from huggingface_hub.errors import HFValidationError  # takes a second to import, and most grids need no Hub

    status = getattr(getattr(error, "response", None), "status_code", None)
    refused = status is not None and 400 <= status < 500 and status not in (408, 429)
    return refused or isinstance(error, HFValidationError)


def offline() -> bool:
    """Whether the Hub's client uses its cache alone."""
    from huggingface_hub import constants  # takes a second to import

    return constants.HF_HUB_OFFLINE


@contextmanager
def at_once() -> Iterator[None]:
    """Where no network answers, let the Hub's client use its cache alone: it would try for minutes, in many lines."""
    from huggingface_hub import constants
    from huggingface_hub.utils._http import get_session

    before = constants.HF_HUB_OFFLINE
    try:
        if not before:
            get_session().head(constants.ENDPOINT, timeout=PATIENCE)
    except Exception:  # whatever the session's library raises: nobody answers
        constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
