"""The one exception that a user is meant to read."""

LONGEST = 299  # characters of an error
LONGEST_WORD = 60  # of a name in an error that would be longer


class UserError(Exception):
    """A mistake in what the user gave: one sentence with what is wrong, where, and what would be right.

    The command line prints it without a traceback and exits with status 2. It is one line of fewer than 300 characters,
    whatever is named in it.

    >>> str(UserError("unknown key 'lr'; known there: learning_rate."))
    "unknown key 'lr'; known there: learning_rate."
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(_short(sentence))


class Absent(UserError):
    """What a grid reads from elsewhere is not on this machine, and nobody can be asked for it now; a plan does without.

    Attributes:
        what: its name, such as a Hub id.
    """

    def __init__(self, sentence: str, what: str = "") -> None:
        super().__init__(sentence)
        self.what = what


def _short(sentence: str) -> str:
    """The sentence on one line; of a long one, long words and then the middle are left out."""
    line = "".join(character if character.isprintable() else " " for character in sentence)
    if len(line) > LONGEST:
        line = " ".join(_cut(word, LONGEST_WORD) for word in line.split(" "))
    return _cut(line, LONGEST)


def _cut(text: str, most: int) -> str:
    """At most so many characters, two thirds of them from the beginning."""
    if len(text) <= most:
        return text
    head = most * 2 // 3
    return f"{text[:head]}…{text[head + 1 - most :]}"
