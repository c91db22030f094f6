"""What the contract holds against a payload, in the words of GA4's validation server.

Belongs here: `Debug`. Does not belong here: any rule; it is the pipeline's own judge that answers.
"""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rs_assets.scorer.judging import Judge

BODY_BYTES = 130_000


class Debug:
    """The judge, one request at a time; it is loaded when it is asked first.

    Args:
        sites: those that may send; all may if there are none.
    """

    def __init__(self, sites: frozenset[str] = frozenset()) -> None:
        self._sites = sites
        self._one = threading.Lock()

    @cached_property
    def _judge(self) -> Judge:
        from rs_assets.scorer.judging import Judge

        return Judge(self._sites)

    def messages(self, site: str, body: bytes, received: int) -> list[dict[str, str]]:
        """GA4's `validationMessages`; none where every event of the body is valid.

        Args:
            received: microseconds since 1970.
        """
        from rs_assets.scorer.intake import Request

        with self._one:
            (taken,) = self._judge.judge([Request(site, body, received)])
        found = []
        for one in taken.violations:
            of_event = [] if one.event is None else [f"events[{one.event}]"]
            path = ".".join([*of_event, *([one.path] if one.path else [])])
            wanted = f" Expected: {one.expected}." if one.expected else ""
            found.append(
                {"fieldPath": path, "description": f"{one.message}.{wanted}", "validationCode": one.code}
            )
        return found
