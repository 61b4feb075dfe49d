"""A live centre for the browser tests: pages over HTTP, the timetable, key holders and a witness
at work, and a clock that can be moved ahead, so that weeks of a case pass in a moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pyotp
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from app import TIMETABLE
from bidding.opening import service as opening
from bidding.trustees import service as trustees
from experts.draw import service as draws
from experts.draw.models import Contribution, Draw
from trading.accounts import service as accounts
from trading.accounts.models import Account
from trading.accounts.permissions import Role
from trading.base import clock
from trading.base.database import db
from trading.base.errors import Refused
from trading.base.scheduler import run_once
from trading.demonstration.cast import Cast, KeyHolder
from trading.evidence.models import Checkpoint

PASSWORD = "correct horse battery staple"
ROUND_S = 0.25
#: Not here: the witness is asked inside this program, covers come at random, cleaning takes an hour, and a clock
#: that is moved ahead looks like a platform that was away.
LEFT_OUT = ("evidence.cosign_due", "sealed.blur", "sealed.tidy", "auction.watch")


class MovedClock:
    """The platform's clock, ahead of or behind the machine's; put back by ``restore``."""

    def __init__(self, at: datetime) -> None:
        self._plain = clock.datetime
        self.offset = at - clock.now()
        moved = self

        class Moved(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return datetime.now(tz) + moved.offset

        clock.datetime = Moved  # type: ignore[misc]

    def move_to(self, at: datetime) -> None:
        """Time only goes forwards."""
        if at < clock.now():
            raise ValueError("the clock would go back")
        self.offset += at - clock.now()

    def restore(self) -> None:
        clock.datetime = self._plain  # type: ignore[misc]


class Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """The tests say what went wrong."""


@dataclass
class Live:
    """One running centre. ``with live.desk():`` acts through the services while nothing else moves."""

    app: Flask
    cast: Cast
    moving: MovedClock
    jobs: list[Any] = field(default_factory=lambda: [job for job in TIMETABLE if job.name not in LEFT_OUT])
    secrets: dict[str, str] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    #: While it rests, nothing happens by itself.
    resting: bool = False
    _lock: Any = field(default_factory=threading.RLock)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _server: BaseWSGIServer | None = None
    _worker: threading.Thread | None = None

    def start(self) -> None:
        self._server = make_server("127.0.0.1", 0, self.app, threaded=True, request_handler=Quiet)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._worker = threading.Thread(target=self._work, daemon=True)
        self._worker.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._worker:
            self._worker.join(timeout=20)
        if self._server:
            self._server.shutdown()
            self._server.server_close()
        self.moving.restore()

    @property
    def address(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def desk(self) -> Iterator[None]:
        with self._lock, self.app.app_context():
            try:
                yield
            finally:
                db.session.remove()

    def travel(self, at: datetime | None = None, **span: float) -> None:
        """Move the clock ahead, to a moment or by a span."""
        with self._lock:
            self.moving.move_to(at or clock.now() + timedelta(**span))

    def wait_for(self, what: Any, seconds: float = 20) -> Any:
        """Ask at the desk until the answer is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with self.desk():
                if found := what():
                    return found
            time.sleep(0.1)
        raise AssertionError(f"nothing came of it in {seconds} s; {self.troubles}")

    # --- people ---------------------------------------------------------------------------------

    def account(self, username: str, role: Role, organisation_id: int | None = None) -> str:
        """Open an account with the known password, and a second factor where the role needs one."""
        with self.desk():
            made = accounts.create(username, username, PASSWORD, {role}, actor="test", at=clock.now(), organisation_id=organisation_id)
            if accounts.needs_second_factor(made):
                self.secrets[username] = accounts.new_totp(made.id)
        return username

    def code(self, username: str) -> str:
        """The six digits that this person's authenticator shows now; each is accepted once."""
        with self.desk():
            account = db.session.scalar(select(Account).where(Account.username == username))
            assert account is not None
            if account.totp_last_step >= int(clock.now().timestamp()) // 30:
                self.travel(seconds=31)
        return pyotp.TOTP(self.secrets[username]).at(clock.now())

    def let_in(self, account_id: int) -> str:
        """Give an existing account the known password; returns its name."""
        with self.desk():
            account = accounts.get(account_id)
            account.password_hash = accounts.hash_password(PASSWORD)
            db.session.commit()
            return account.username

    # --- what happens by itself -----------------------------------------------------------------

    def _work(self) -> None:
        while not self._stopped.wait(ROUND_S):
            if self.resting:
                continue
            with self._lock:
                for job in self.jobs:
                    run_once(self.app, job)
                try:
                    with self.desk():
                        self._witness()
                        for holder in self.cast.holders:
                            self._hold(holder)
                except Exception as trouble:  # told by wait_for; the next round tries again
                    self.troubles.append(repr(trouble))

    def _witness(self) -> None:
        for size in db.session.scalars(select(Checkpoint.size).where(Checkpoint.cosigners == 0).order_by(Checkpoint.size)).all():
            self.cast.cosign(size, clock.now())

    def _hold(self, holder: KeyHolder) -> None:
        """One round of a key holder's agent: pre-keys, contributions, releases."""
        at = clock.now()
        holder.top_up(at)
        who, public = holder.trustee.organisation, holder.trustee.public
        for draw in db.session.scalars(select(Draw).where(Draw.closed_at.is_(None), Draw.closes_at > at)).all():
            if db.session.get(Contribution, (draw.id, who)) is None:
                given = holder.trustee.contribute(trustees.get_session(draw.session).document)
                draws.contribute(draw.id, given, contributor=who, public=public, clock=clock.now)
        for waiting in trustees.waiting_for(public.hex()):
            self._release(holder, waiting.id, waiting.envelope)

    def _release(self, holder: KeyHolder, session: str, envelope: str) -> None:
        try:
            if not envelope.startswith("draw"):
                bundle = opening.bundle_for(session, seen=holder.memory.size)
            else:
                draw = db.session.scalar(select(Draw).where(Draw.session == session))
                assert draw is not None
                bundle = draws.bundle(draw, seen=holder.memory.size)
            given = holder.trustee.release(bundle, holder.memory, self.cast.pins, at=clock.unix(clock.now()))
        except Refused as refusal:
            if refusal.reason not in self.troubles:
                self.troubles.append(refusal.reason)
            return
        trustees.take_release(given, at=clock.now())
