"""The one exception that a person is meant to read.

Belongs here: `UserError`, raised for anything the caller can mend (a wrong path, a missing data set, an
unreadable file). The command line prints it without a traceback; Dagster shows it as the step's failure.
Does not belong here: malformed events. Those are never errors; they are quarantined.
"""

from __future__ import annotations


class UserError(Exception):
    """What is wrong, where, and what to do about it.

    Args:
        what: one sentence that names the thing and its place (file, line, partition, event).
        hint: one sentence that says what to do, shown on a line of its own.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(f"{what}\n{hint}" if hint else what)
        self.what = what
        self.hint = hint
