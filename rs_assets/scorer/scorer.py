"""The scorer: takes a request's events, and answers about the session that they belong to.

Belongs here: the order of what is done with a request. Does not belong here: HTTP (`app`), and each step itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rs_assets.contract.codes import MEANINGS, Code
from rs_assets.contract.schemas.events.shadow import PREFIX
from rs_assets.errors import UserError
from rs_assets.features.running import Event, Running
from rs_assets.lake import Lake
from rs_assets.scorer import answers
from rs_assets.scorer.answers import Asked, Recommended
from rs_assets.scorer.batching import Batching, Threaded
from rs_assets.scorer.intake import Intake, Request, Taken, Violation
from rs_assets.scorer.judging import Judge
from rs_assets.scorer.memory import EVENTS, Memory
from rs_assets.scorer.serving import Serving, load, version_of
from rs_assets.scorer.shadow import Shadow


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a request's events.

    Attributes:
        client_id: whose they are.
        asked: the session that they belong to, after them; None where no event is valid.
        position: how many events it has.
        added, repeated: how many of the request's are new, and how many had come before.
        violations: why others are not valid.
    """

    client_id: str
    asked: Asked | None
    position: int
    added: int
    repeated: int
    violations: Sequence[Violation]


_REPEATED = Violation(
    None, Code.TRANSACTION_REPEATED, "params.transaction_id", MEANINGS[Code.TRANSACTION_REPEATED], None, None
)


def _without(taken: Taken, foreign: Sequence[int]) -> Taken:
    """What was taken, less events that only a scorer may note: they are none of a session, here as in batch."""
    what = "is noted by scorers, and no event of a session"
    told = [
        Violation(index, Code.EVENT_UNKNOWN, "name", f"name {what}", "an event of a session", None)
        for index in foreign
    ]
    own = [(event, known) for event, known in taken.events if event.index not in foreign]
    return Taken(taken.client_id, own, [*taken.violations, *told])


def clock() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1_000


class Scorer:
    """Answers about sessions under way, by the champions of an environment.

    Args:
        lake: the environment.
        sites: those that may send; all may if there are none.
        events: how many are kept in memory at most.
        shadow: where challengers' answers go; None where they are not asked.
        now: the time of receipt.

    Raises:
        UserError: nobody serves in the environment.
    """

    def __init__(
        self,
        lake: Lake,
        *,
        sites: frozenset[str] = frozenset(),
        events: int = EVENTS,
        shadow: Shadow | None = None,
        now: Callable[[], int] = clock,
    ) -> None:
        self.lake = lake
        self.memory = Memory(events)
        self.serving: Serving = load(lake, shadow=shadow is not None)
        self.since = now()
        self.trouble = ""
        self.shadow = shadow
        self._now = now
        self._intake, self._judge = Intake(sites), Judge(sites)
        self._judging: Threaded[Request, Taken] = Threaded(self._judge.judge)
        self._recommending: Batching[Asked, tuple[Serving, Recommended]] = Batching(self._recommended)
        self._predicting: Batching[Asked, tuple[Serving, float | None]] = Batching(self._predicted)
        self._warm_up()

    async def hear(self, site: str, body: bytes) -> Heard:
        """Add a request's events to their session."""
        request = Request(site, body, self._now())
        taken = self._intake.take(request)
        if taken is None:
            taken = await self._judging.ask(request)
        if foreign := [event.index for event, _ in taken.events if event.name.startswith(PREFIX)]:
            taken = _without(taken, foreign)
        if not taken.events:
            return Heard(taken.client_id, None, 0, 0, 0, taken.violations)
        session, repeated = self.memory.add(site, taken)
        if session is None:
            return Heard(taken.client_id, None, 0, 0, repeated, [*taken.violations, _REPEATED])
        return Heard(
            taken.client_id,
            Asked.about(site, session),
            session.position,
            len(taken.events) - repeated,
            repeated,
            taken.violations,
        )

    async def recommend(self, heard: Heard) -> tuple[Serving, Recommended]:
        """What the session may look at next, and who says so."""
        assert heard.asked is not None
        serving, found = await self._recommending.ask(heard.asked)
        if self.shadow is not None:
            self.shadow.recommended(serving, heard.client_id, heard.asked, found, self._now())
        return serving, found

    async def predict(self, heard: Heard) -> tuple[Serving, float | None]:
        """The probability that the session buys, and who says so."""
        assert heard.asked is not None
        serving, found = await self._predicting.ask(heard.asked)
        if self.shadow is not None:
            self.shadow.predicted(serving, heard.client_id, heard.asked, found, self._now())
        return serving, found

    def look(self) -> bool:
        """Serve what was published since; whether there was anything. Requests under way end with what they have.

        What cannot be loaded is told by `trouble`, and what serves goes on to.
        """
        try:
            if version_of(self.lake) == self.serving.version:
                return False
            self.serving = load(self.lake, self.serving, shadow=self.shadow is not None)
        except (UserError, OSError) as problem:
            self.trouble = str(problem)
            return False
        self.since, self.trouble = self._now(), ""
        return True

    def close(self) -> None:
        """Write what is to be written, and let go."""
        if self.shadow is not None:
            self.shadow.flush()
        self._judge.close()

    def _warm_up(self) -> None:
        """Answer once: what is loaded when it is first called would keep the first shopper waiting."""
        session = Running()
        session.add(Event(0, 0, 0, "page_view"))
        asked = [Asked.about(site, session) for site in self.serving.champions.next_item.sites or ("",)]
        self._recommended(asked)
        self._predicted(asked)

    def _recommended(self, asked: Sequence[Asked]) -> list[tuple[Serving, Recommended]]:
        serving = self.serving
        return [(serving, one) for one in answers.recommend(serving.champions.next_item, asked)]

    def _predicted(self, asked: Sequence[Asked]) -> list[tuple[Serving, float | None]]:
        serving = self.serving
        return [(serving, one) for one in answers.probabilities(serving.champions.intent, asked)]
