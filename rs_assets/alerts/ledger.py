"""The ledger of what was said, so that nothing is said twice, and the notices that are still to be delivered.

Belongs here: two small stores in `$RS_HOME/alerts/<environment>/`, shared by steps and sensors: `ledger.ndjson`,
only ever appended to, and `outbox/`, a file a notice. They are operational state: no table depends on them, and
without them the only loss is that something may be said again. Does not belong here: deciding (`notices`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import orjson

from rs_assets.alerts.notices import Notice, Said, Statement


@dataclass(frozen=True)
class Waiting:
    """A notice that has not reached everyone.

    Attributes:
        notice: the one.
        to: names of the destinations that it has not reached; None before the first attempt.
        attempts: how often it was tried.
        problem: what the last attempt came to.
    """

    notice: Notice
    to: tuple[str, ...] | None = None
    attempts: int = 0
    problem: str = ""


class Ledger:
    """The state of one environment's alerts.

    Args:
        home: `$RS_HOME/alerts`.
        environment: the lake's.
    """

    def __init__(self, home: str, environment: str) -> None:
        self._folder = Path(home) / environment
        self._lines = self._folder / "ledger.ndjson"
        self._outbox = self._folder / "outbox"

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold what `name` names against other processes: `ledger` to decide, `delivery` to send."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with open(self._folder / f".{name}.lock", "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def said(self) -> Said:
        """All that was said; a line that a crash cut short counts as not said."""
        if not self._lines.exists():
            return Said()
        statements = []
        for line in self._lines.read_bytes().splitlines():
            try:
                statements.append(Statement(**orjson.loads(line)))
            except (orjson.JSONDecodeError, TypeError):
                continue
        return Said(tuple(statements))

    def say(self, notices: Sequence[Notice], more: Sequence[Statement], *, send: bool) -> None:
        """Put notices into the outbox, then note them as said: a crash between the two says nothing twice.

        Args:
            more: statements to note that are no notices.
            send: whether there is anyone to send to; what is not sent is said by the log and the UI.
        """
        for notice in notices if send else ():
            self._put(Waiting(notice))
        lines = b"".join(orjson.dumps(asdict(s)) + b"\n" for s in (*(n.statement for n in notices), *more))
        if lines:
            self._folder.mkdir(parents=True, exist_ok=True)
            # What a crash cut short must not swallow the next line.
            whole = not self._lines.exists() or self._lines.read_bytes()[-1:] in (b"", b"\n")
            with open(self._lines, "ab") as file:
                file.write(lines if whole else b"\n" + lines)
                file.flush()
                os.fsync(file.fileno())

    def waiting(self) -> list[Waiting]:
        """The outbox: what was tried least often first, then by log date."""
        found = []
        for path in sorted(self._outbox.glob("*.json")) if self._outbox.is_dir() else []:
            try:
                entry = orjson.loads(path.read_bytes())
                to = None if entry["to"] is None else tuple(entry["to"])
                notice = Notice.from_dict(entry["notice"])
            except FileNotFoundError:  # delivered by another process just now
                continue
            found.append(Waiting(notice, to, entry["attempts"], entry["problem"]))
        return sorted(found, key=lambda w: (w.attempts, w.notice.alert.log_date, w.notice.alert.fingerprint))

    def delivered(self, waiting: Waiting) -> None:
        """Take a notice out of the outbox."""
        self._path(waiting.notice).unlink(missing_ok=True)

    def failed(self, waiting: Waiting, to: Sequence[str], problem: str) -> None:
        """Keep a notice for those that it has not reached."""
        self._put(replace(waiting, to=tuple(to), attempts=waiting.attempts + 1, problem=problem))

    def _put(self, waiting: Waiting) -> None:
        self._outbox.mkdir(parents=True, exist_ok=True)
        path = self._path(waiting.notice)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_bytes(orjson.dumps(asdict(waiting), option=orjson.OPT_INDENT_2))
        os.replace(draft, path)

    def _path(self, notice: Notice) -> Path:
        return self._outbox / f"{notice.statement.digest}.json"
