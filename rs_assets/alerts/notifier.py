"""Ways to send that companies' projects bring, beside Apprise's.

Belongs here: what one is, and finding it. Does not belong here: what is sent when, and again (`deliver`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, cast

from rs_assets.extending.projects import named

Kind: TypeAlias = Literal["success", "warning", "failure"]


@dataclass(frozen=True)
class Message:
    """What is sent.

    Attributes:
        title: a line, with the environment.
        body: text; it holds no raw data.
        kind: `success` where an alert is over, `failure` where data is at stake.
    """

    title: str
    body: str
    kind: Kind


class Notifier(Protocol):
    """Sends a message to a URL of RS_ALERT_URLS. Whatever it raises is told, and the message is sent again later."""

    def __call__(self, url: str, message: Message) -> None:
        """Return when it was taken."""


def notifier_of(url: str) -> Notifier | None:
    """Who sends to this URL, by its scheme; None for those of Apprise.

    Raises:
        UserError: a project names one that is not there.
    """
    return cast("Notifier | None", named("notifiers", url.partition("://")[0].lower()))
