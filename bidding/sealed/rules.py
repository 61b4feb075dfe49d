"""When a bid may be filed, replaced or withdrawn: before the one deadline, and never at it."""

from __future__ import annotations

from datetime import datetime

from trading.base.errors import Refused
from trading.projects.rules import Stage


def may_file(stage: Stage, deadline: datetime | None, at: datetime) -> None:
    """Raises Refused ``bid.not_open`` or ``bid.too_late``. At the deadline itself is too late."""
    if deadline is None or stage not in (Stage.BIDDING, Stage.CLOSED, Stage.OPENED):
        raise Refused("bid.not_open", stage=stage)
    if at >= deadline or stage != Stage.BIDDING:
        raise Refused("bid.too_late", deadline=deadline, at=at)


def may_enter(session_log: str, log: str) -> None:
    """What is filed in a session enters the log that the session names. Raises Refused ``bid.other_log``."""
    if session_log != log:
        raise Refused("bid.other_log", log=log)


def may_offer(stage: Stage, deadline: datetime, closed: bool, asked: bool, at: datetime, *, is_live: bool = False) -> None:
    """An offer in a later round: from those asked, before the round's deadline, while the committee sits or the framework is in
    force; in a live sale while its bidding is not over, because there the offers decide a tie.

    Raises Refused ``offers.not_asked``, ``bid.not_open`` or ``bid.too_late``.
    """
    if not asked:
        raise Refused("offers.not_asked")
    if stage not in ((Stage.BIDDING,) if is_live else (Stage.OPENED, Stage.CONTRACTED)):
        raise Refused("bid.not_open", stage=stage)
    if closed or at >= deadline:
        raise Refused("bid.too_late", deadline=deadline, at=at)


def may_reserve(stage: Stage, deadline: datetime, closed: bool, asked: bool, at: datetime) -> None:
    """A reserve price: from the seller alone, before the bidding begins.

    Raises Refused ``offers.not_asked``, ``bid.not_open`` or ``bid.too_late``.
    """
    if not asked:
        raise Refused("offers.not_asked")
    if stage != Stage.BIDDING:
        raise Refused("bid.not_open", stage=stage)
    if closed or at >= deadline:
        raise Refused("bid.too_late", deadline=deadline, at=at)


def file_name(name: str) -> str:
    """A file's name inside the envelope. Raises Refused ``seal.file_name``.

    No path, no control or direction-changing character, at most 180 bytes: such names
    deceive people or escape folders when the archive is unpacked.
    """
    forbidden = set("/\\\0") | {chr(code) for code in (*range(32), 127, 0x200E, 0x200F, *range(0x202A, 0x202F),
                                                       *range(0x2066, 0x206A))}
    if not name or name.startswith(".") or len(name.encode("utf-8", "replace")) > 180 or set(name) & forbidden \
            or name == "manifest.json":
        raise Refused("seal.file_name", name="".join(c for c in name if c.isprintable())[:60])
    return name
