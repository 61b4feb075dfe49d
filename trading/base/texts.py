"""What people type, held to being there, readable and of a bounded length. Pure."""

from __future__ import annotations

from trading.base.errors import Refused

#: Control characters, and characters that turn the direction of a line and so deceive readers.
UNSEEN = frozenset(chr(code) for code in (*range(9), 11, 12, *range(14, 32), 127, 0x200E, 0x200F,
                                          *range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def filled(text: str, reason: str, most: int, **facts: object) -> str:
    """A text that somebody must have written, without the blanks around it, of at most ``most``
    characters and none of them unseen. Raises Refused with the given reason."""
    found = text.strip()
    if not found or len(found) > most or not UNSEEN.isdisjoint(found):
        raise Refused(reason, most=most, **facts)
    return found


def perhaps(text: str, reason: str, most: int) -> str:
    """The same where nothing need be written."""
    return filled(text, reason, most) if text.strip() else ""
