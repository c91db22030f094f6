"""Delivery of notices to the URLs of RS_ALERT_URLS, by Apprise or what a project names for a scheme.

Belongs here: sending, and what became of it. Does not belong here: what is sent (`notices`), what waits
(`ledger`). Apprise is imported when something is to be sent: it takes a third of a second.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rs_assets.alerts.alert import Rule
from rs_assets.alerts.ledger import Ledger
from rs_assets.alerts.notices import Notice, State
from rs_assets.alerts.notifier import Kind, Message, notifier_of
from rs_assets.alerts.redact import masked, without_secrets

IN_A_ROW = 3
"""Failures of a destination after which the others of a pass wait for the next: each may take seconds."""


@dataclass(frozen=True)
class Delivered:
    """What became of the outbox.

    Attributes:
        sent: notices that have reached everyone.
        waiting: notices that have not.
        problems: why, a line a destination, without its secrets.
        log_dates: those that had notices in it, each with whether all of them have now reached everyone.
    """

    sent: int = 0
    waiting: int = 0
    problems: tuple[str, ...] = ()
    log_dates: Mapping[str, bool] = field(default_factory=dict)


def deliver(ledger: Ledger, urls: Sequence[str], environment: str) -> Delivered:
    """Send what waits in the outbox; what cannot be delivered stays in it.

    A notice reaches each destination once, even if others fail. Should this process be killed between a delivery
    and noting it, the notice is sent again.
    """
    targets = {name_of(url): url for url in urls}
    failures, problems, sent, tried = Counter[str](), dict[str, str](), 0, dict[str, bool]()
    with ledger.lock("delivery"):
        for waiting in ledger.waiting():
            wanted = targets if waiting.to is None else [name for name in waiting.to if name in targets]
            left: list[str] = []
            for name in wanted:
                if failures[name] < IN_A_ROW:
                    problem = send(targets[name], waiting.notice, environment)
                    failures[name] = failures[name] + 1 if problem else 0
                    problems.update({name: problem} if problem else {})
                    if not problem:
                        continue
                left.append(name)
            if left:
                ledger.failed(waiting, left, "; ".join(problems[name] for name in left))
            else:
                ledger.delivered(waiting)
                sent += 1
            date = waiting.notice.alert.log_date
            tried[date] = tried.get(date, True) and not left
        return Delivered(sent, len(ledger.waiting()), tuple(problems.values()), tried)


def name_of(url: str) -> str:
    """A name for a destination that does not tell it."""
    return hashlib.sha256(url.encode()).hexdigest()[:12]


def send(url: str, notice: Notice, environment: str) -> str:
    """Send one notice to one URL; returns why it could not be, or "" if it was. Never raises."""
    import apprise

    # What a plugin logs is taken from its result; its own log would tell the URL to whoever reads this process's.
    logging.getLogger("apprise").propagate = False
    shown = masked(url)
    message = Message(f"[{environment}] {notice.title}", notice.alert.body, _kind(notice))
    to = apprise.Apprise()
    try:
        if own := notifier_of(url):
            own(url, message)
            return ""
        if not to.add(url):
            return f"{shown} is no URL that Apprise knows; mend it in RS_ALERT_URLS"
        result = to.notify(
            title=message.title, body=message.body, notify_type=apprise.NotifyType(message.kind)
        )
    except Exception as problem:  # a plugin's own; whatever it is, an alert must not stop data
        return (
            f"{shown} did not take it: {without_secrets(f'{type(problem).__name__}: {problem}', url)[:300]}"
        )
    if result:
        return ""
    said = " ".join(" ".join(entry.message.split()) for entry in result.logs())
    return f"{shown} did not take it: {without_secrets(said, url)[:300] or 'no reason given'}"


def _kind(notice: Notice) -> Kind:
    """Apprise's kinds, which give a message its colour."""
    if notice.state == State.OVER:
        return "success"
    worst = notice.alert.rule in (Rule.CONSERVATION, Rule.RUN_FAILED, Rule.ALL_BAD)
    return "failure" if worst else "warning"
