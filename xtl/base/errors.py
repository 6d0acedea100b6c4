"""The one exception that a user is meant to read."""


class UserError(Exception):
    """A mistake in what the user gave: one sentence with what is wrong, where, and what would be right.

    The command line prints it without a traceback and exits with status 2.
    """
