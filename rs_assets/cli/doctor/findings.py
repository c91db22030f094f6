"""What the doctor says of one thing.

Belongs here: `Finding`, and how an error becomes one. Does not belong here: any examination.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rs_assets.errors import UserError

State: TypeAlias = Literal["fine", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """The state of one thing.

    Attributes:
        thing: what was looked at, in a word or two.
        state: `fine`; `note`, worth knowing and no hindrance; `problem`, something will fail.
        found: what there is.
        mend: what to do; empty where it is fine.
    """

    thing: str
    state: State
    found: str
    mend: str = ""


Examination: TypeAlias = Callable[[], "Finding | list[Finding]"]


def examined(thing: str, look: Examination) -> list[Finding]:
    """What `look` found; an error that a person can mend, or that the machine gave, is a problem of the thing."""
    try:
        found = look()
    except UserError as error:
        return [Finding(thing, "problem", error.what, error.hint)]
    except OSError as error:
        return [Finding(thing, "problem", f"{error}.", "Mend its permissions or its storage.")]
    return found if isinstance(found, list) else [found]
