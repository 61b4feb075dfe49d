"""Place a bid, say that one goes on, agree to a ceiling: decided under the lot's lock, by the clock read there.

Many may act in the same instant. Those that wait are decided one after the other in one
transaction, each answered after its commit (docs/decisions/006-filings-together.md says why). A
request is known by its Idempotency-Key: asked again, also after a lost answer or a restart, it is
answered the same and counts once. What is refused changes nothing and is on record as well.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, cast

from flask import current_app
from sqlalchemy import Table, bindparam, insert, select

from bidding.auction import lapses, rooms, rules
from bidding.auction.models import Answer
from bidding.auction.rooms import Happened, Room
from bidding.auction.standing import Standing
from bidding.envelope import documents, keys
from bidding.trustees import service as trustees
from trading.base import installation, row_seals
from trading.base.clock import Clock, unix_ms
from trading.base.database import Plain, connection, db, in_transaction, transaction
from trading.base.errors import Refused
from trading.projects.rules import Stage
from trading.sales.modes import Phase

#: As many as one commit takes; the rest is next. Keeps the wait of the first one short.
TOGETHER = 64
_KEY = re.compile(r"[A-Za-z0-9_.:-]{8,100}")
BID, JOIN = "bid", "join"


@dataclass(frozen=True)
class Asked:
    """What one bidder asks for in a room, as its key signed it.

    ``act`` is bid or join; ``fen`` is the amount (square metres where supplied housing decides, 0 to
    join); ``key`` the Idempotency-Key; ``signature`` the paddle's Ed25519 over ``message``.
    """

    lot_id: int
    room: str
    paddle: str
    act: str
    fen: int
    key: str
    signature: bytes

    def document(self) -> dict[str, Any]:
        return document(self.room, self.paddle, self.act, self.fen, self.key)


def document(room: str, paddle: str, act: str, fen: int, key: str) -> dict[str, Any]:
    """What a bidder signs (docs/protocol.md, 6)."""
    return {"v": documents.VERSION, "room": room, "paddle": paddle, "act": act, "fen": fen, "key": key}


def message(asked: Mapping[str, Any]) -> bytes:
    """The bytes under a bidder's signature."""
    return _under(documents.encode(dict(asked)))


def _under(document: bytes) -> bytes:
    return keys.message("auction-act", document)


def answer_message(answer: Mapping[str, Any]) -> bytes:
    """The bytes under the centre's signature of an answer, which stands beside them as ``signature``."""
    return keys.message("auction-answer", documents.encode({name: value for name, value in answer.items() if name != "signature"}))


@dataclass(eq=False)
class _Attempt:
    """One request that waits for its decision, and what came of it."""

    asked: Asked
    tag: str
    digest: str
    clock: Clock
    host: str = ""
    done: bool = False
    answer: dict[str, Any] | None = None
    failure: BaseException | None = None
    sign: threading.Event = field(default_factory=threading.Event)


def place(asked: Asked, public: bytes, *, clock: Clock) -> dict[str, Any]:
    """Decide on one request and answer it: {room, seq, number, paddle, act, fen, at, phase, price_fen, rank, ends_at, evidence, signature}.

    ``public`` is the paddle's own key. Raises Refused ``auction.*``, ``http.idempotency_*``.
    """
    encoded = documents.encode(asked.document())
    if not keys.is_signed(public, asked.signature, _under(encoded)):
        raise Refused("auction.signature")
    return _decide(asked, clock=clock, encoded=encoded)


def place_for_room(asked: Asked, *, host: str, clock: Clock) -> dict[str, Any]:
    """A bid that was called out in the room, entered by the host for a paddle that is present (现场报价).

    Only while the host calls; everywhere else bidders sign for themselves. Raises Refused ``auction.*``.
    """
    return _decide(asked, clock=clock, host=host)


def _decide(asked: Asked, *, clock: Clock, host: str = "", encoded: bytes = b"") -> dict[str, Any]:
    if not _KEY.fullmatch(asked.key):
        raise Refused("http.idempotency_key")
    if asked.act not in (BID, JOIN) or isinstance(asked.fen, bool) or not isinstance(asked.fen, int) or not 0 <= asked.fen < 2**53:
        raise Refused("auction.amount")
    tag = installation.boxes().tag("auction-answer", str(asked.lot_id), asked.paddle, asked.key)
    attempt = _Attempt(asked, tag, sha256(encoded or documents.encode(asked.document())).hexdigest(), clock, host)
    _queue().wait_for(attempt)
    if attempt.failure is not None:
        raise attempt.failure
    assert attempt.answer is not None
    return attempt.answer


class _Queue:
    """Requests of one process that wait; one of them commits for all, then hands on (as in bidding/sealed/filing.py)."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._busy = False
        self._waiting: list[_Attempt] = []

    def wait_for(self, attempt: _Attempt) -> None:
        with self._gate:
            self._waiting.append(attempt)
            leads, self._busy = not self._busy, True
        if not leads:
            if not in_transaction():
                db.session.rollback()  # whoever waits keeps no connection meanwhile
            attempt.sign.wait()
            if attempt.done:
                return
        try:
            with self._gate:
                # In the order in which they came; whoever leads came first.
                group, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
            self._commit(group)
        finally:
            with self._gate:
                following = self._waiting[0] if self._waiting else None
                self._busy = following is not None
            if following is not None:
                following.sign.set()

    def _commit(self, group: list[_Attempt]) -> None:
        try:
            _commit(group)
        except Exception:
            # Something failed that is nobody's refusal, and whether it was kept is not known: each is asked
            # again by itself, and what was kept is found by its key.
            for attempt in group:
                attempt.answer = attempt.failure = None
                try:
                    _commit([attempt])
                except Exception as own:
                    attempt.failure = own
        finally:
            for attempt in group:
                if attempt.answer is None and attempt.failure is None:
                    attempt.failure = RuntimeError("the commit was interrupted")
                attempt.done = True
                attempt.sign.set()


def _queue() -> _Queue:
    queue: _Queue = current_app.extensions["mingtang"].setdefault("live_bids", _Queue())
    return queue


@dataclass(frozen=True)
class _Decided:
    attempt: _Attempt
    at: datetime
    standing: Standing | None = None
    thing: Happened | None = None
    refusal: Refused | None = None


def _commit(group: list[_Attempt]) -> None:
    """Decide on requests in one transaction, in the order in which they came."""
    decided: list[_Decided] = []
    with transaction():
        found = rooms.locked_all(attempt.asked.lot_id for attempt in group)
        known = _known([attempt.tag for attempt in group])
        fresh: dict[str, _Decided] = {}
        for attempt in group:
            if attempt.tag in known:
                _again(attempt, known[attempt.tag].asked, known[attempt.tag].content)
            elif attempt.tag not in fresh:
                fresh[attempt.tag] = _one(attempt, found[attempt.asked.lot_id])
                decided.append(fresh[attempt.tag])
        rooms.write(found.values())
        answers = {one.attempt.tag: _content(one) for one in decided}
        if decided:
            _ADD.run(connection(), *[_row(one, answers[one.attempt.tag]) for one in decided])
        for attempt in group:
            # The same request twice in one commit: one decision, one answer for both.
            if attempt.tag in fresh:
                _again(attempt, fresh[attempt.tag].attempt.digest, answers[attempt.tag])


def _known(tags: list[str]) -> dict[str, Any]:
    """What was answered to these requests before."""
    rows = _KNOWN_ONE.read(connection(), {"tag": tags[0]}) if len(tags) == 1 else connection().execute(_KNOWN, {"tags": tags})
    return {row.tag: row for row in rows}


def _again(attempt: _Attempt, digest: str, content: Mapping[str, Any]) -> None:
    """Answer as was answered before; the same key for something else is refused."""
    if digest != attempt.digest:
        attempt.failure = Refused("http.idempotency_other")
    elif "reason" in content:
        attempt.failure = Refused(content["reason"], **content["facts"])
    else:
        attempt.answer = dict(content)


def _one(attempt: _Attempt, room: Room) -> _Decided:
    """Decide on one request by the clock read now; what time has done before it is done first."""
    asked = attempt.asked
    acted_ms = room.as_of
    at, at_ms = room.clock(attempt.clock)
    if lapses.was_silent(room, acted_ms, at_ms):
        room.as_of = acted_ms
        return _Decided(attempt, at, refusal=Refused("auction.interrupted"))
    room.pass_time(at_ms)
    try:
        if room.stage not in (Stage.BIDDING, Stage.PAUSED) or asked.room != room.code:
            raise Refused("auction.over")
        if attempt.host and room.standing.phase is not Phase.CALLS:
            raise Refused("auction.no_calls", phase=str(room.standing.phase))
        after = rules.join(room.standing, asked.paddle, at_ms) if asked.act == JOIN else rules.accept(room.standing, asked.paddle, asked.fen, at_ms)
    except Refused as refusal:
        return _Decided(attempt, at, refusal=refusal)
    room.standing = after
    bid = after.last if asked.act == BID else None
    facts: dict[str, Any] = {"paddle": asked.paddle}
    if bid is not None:
        facts |= {"number": bid.number, "fen": bid.fen, "phase": str(bid.phase)}
    logged = {"key": asked.key, "signature": asked.signature.hex()}
    if attempt.host:
        facts["by_host"], logged["host"] = True, attempt.host
    thing = room.add("auction.bid" if bid else "auction.joined", asked.paddle, at, bid=bid, logged=logged, **facts)
    if after.phase is Phase.ENDED:
        room.add("auction.ended", asked.paddle, at, phase=str(after.phase), ends_at=after.ends_at)  # a falling price was taken
    return _Decided(attempt, at, after, thing)


def _content(one: _Decided) -> dict[str, Any]:
    """What is answered, and kept for who asks again: a refusal, or the answer with the centre's signature."""
    if one.refusal is not None:
        return {"reason": one.refusal.reason, "facts": {name: value if isinstance(value, int) else str(value) for name, value in one.refusal.facts.items()}}
    assert one.standing is not None and one.thing is not None
    asked, now = one.attempt.asked, one.standing
    answer = {"v": documents.VERSION, **asked.document(), "seq": one.thing.seq, "number": one.thing.bid.number if one.thing.bid else now.number,
              "at": unix_ms(one.at), "phase": str(now.phase), "price_fen": now.price_fen or 0, "ends_at": now.ends_at or 0,
              "rank": now.agreed.index(asked.paddle) + 1 if asked.paddle in now.agreed else int(now.leader == asked.paddle),
              "evidence": one.thing.evidence}
    return answer | {"signature": trustees.sign_by_centre(answer_message(answer))}


def _row(one: _Decided, content: dict[str, Any]) -> dict[str, Any]:
    row = {"tag": one.attempt.tag, "lot_id": one.attempt.asked.lot_id, "asked": one.attempt.digest, "number": content.get("number"),
           "content": content, "at": one.at}
    return row | {"marks": row_seals.own_marks("auction_answer", row)}


_ANSWER = cast(Table, Answer.__table__)
_FOUND = select(_ANSWER.c.tag, _ANSWER.c.asked, _ANSWER.c.content)
_KNOWN_ONE = Plain(_FOUND.where(_ANSWER.c.tag == bindparam("tag")))
_KNOWN = _FOUND.where(_ANSWER.c.tag.in_(bindparam("tags", expanding=True)))
_ADD = Plain(insert(_ANSWER), *_ANSWER.columns.keys())
