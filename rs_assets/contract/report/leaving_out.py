"""What of a line need not be seen.

Belongs here: putting a `…` in the place of its other events and items, so that what is left keeps its own place.
Does not belong here: layout (`payload`).
"""

from __future__ import annotations

from rs_assets.contract.report.payload import Array, Node, member


def leave_out_others(root: Node, event_index: int | None) -> int:
    """Put a dash in the place of every event but one (None: of no event); returns how many there were."""
    events = member(member(root, "body"), "events")
    if event_index is None or not isinstance(events, Array):
        return 0
    others = [at for at in range(len(events.elements)) if at != event_index]
    for at in others:
        events.elements[at] = f"… event {at}"
    return len(others)


def shorten(array: Node | None, keep: int) -> None:
    """Leave of an array only the element `keep`, so that its place in the array is still seen."""
    if isinstance(array, Array) and keep < len(array.elements):
        before = [f"… {at}" for at in range(keep)]
        after = len(array.elements) - keep - 1
        array.elements = [*before, array.elements[keep], *([f"… {after} more"] if after else [])]
