"""One live sale from registration to the signed contract, through the services, on a given clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bidding.auction import applying, lapses, placing, reserve, rooms, running, sealed_rounds, settling, ties
from bidding.auction.applying import Partner
from bidding.auction.placing import BID, JOIN, Asked
from bidding.auction.rooms import Room
from bidding.envelope.documents import RESERVE
from bidding.opening import service as opening
from bidding.trustees import service as trustees
from bidding.trustees.models import SealingSession
from experts.draw import lottery
from experts.draw import service as draws
from experts.draw import ties as draw_ties
from trading.announcements import service as announcements
from trading.base.clock import BEIJING, stopped
from trading.base.database import db, transaction
from trading.demonstration.case import CaseRun, Offer, Plan, Say, quiet
from trading.demonstration.cast import Cast, Company
from trading.evidence import verify
from trading.parties import service as parties
from trading.supervision.models import Heartbeat


@dataclass
class Buyer:
    """A bidder of one sale with the key that it made for it."""

    company: Company
    partners: list[Partner] = field(default_factory=list)
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    number: str = ""

    @property
    def public(self) -> bytes:
        return verify.raw_public_key(self.key)


class SaleRun(CaseRun):
    """Takes one sale through the platform; ``plan.offers`` name who takes part."""

    def __init__(self, cast: Cast, plan: Plan, at: datetime, say: Say = quiet) -> None:
        super().__init__(cast, plan, at, say)
        self.buyers = [Buyer(offer.company) for offer in plan.offers]
        self._requests = 0
        #: Moments of the schedule that are others than usual.
        self.moments: dict[str, datetime] = {}

    def announce(self, deadline: datetime | None = None) -> None:
        """Publish the notice: applications for 25 days, a listing of twelve days around their end or an auction after it."""
        start = self.wait(hours=2)
        local = start.astimezone(BEIJING).replace(microsecond=0)
        day = local.replace(hour=9, minute=0, second=0)
        schedule = {"doc_from": local.isoformat(), "doc_to": (local + timedelta(days=12)).isoformat(),
                    "deadline": (deadline or day + timedelta(days=31)).isoformat(), "opens_at": (day + timedelta(days=22)).isoformat()}
        if self.terms_mode.startswith("listing"):
            schedule["listing_ends_at"] = (day + timedelta(days=33)).isoformat()
        else:
            schedule["opens_at"] = (day + timedelta(days=33)).isoformat()
        schedule |= {name: at.astimezone(BEIJING).isoformat() for name, at in self.moments.items()}
        notice = announcements.draft_tender(self.project_id, f"{self.plan.name}出让公告", f"{self.plan.name}\n{self.plan.lot_name}", schedule,
                                            actor=self.cast.tenderer.code, at=start)
        announcements.publish_tender(notice.id, actor=self.cast.tenderer.code, at=start)
        for holder in self.cast.holders:
            holder.top_up(self.at)
        running.start(self.lot_id, at=self.wait(minutes=1))
        self.say("出让人", "发布出让公告")

    @property
    def terms_mode(self) -> str:
        return str(self.plan.method["sale"]["mode"])

    @property
    def room(self) -> Room:
        db.session.rollback()
        return rooms.read(self.lot_id)

    def seal_reserve(self, fen: int) -> None:
        """The seller seals its reserve price on its own machine."""
        found = reserve.session(self.lot_id)
        assert found is not None
        seller = self.cast.tenderer
        if verify.raw_public_key(self.cast.tenderer_key) not in parties.signing_keys(seller.id):
            parties.register_key(seller.id, verify.raw_public_key(self.cast.tenderer_key), actor=seller.code, at=self.at)
        company = Company(seller.id, seller.code, seller.name, self.cast.tenderer_key)
        self.file_envelope(found.id, found.document, Offer(company, fen), fen)
        self.say("出让人", "在本机封存底价")

    def close_reserve(self) -> None:
        found = reserve.session(self.lot_id)
        assert found is not None
        self.at = max(self.at, found.deadline)
        running.close_reserve(self.lot_id, clock=stopped(self.at))
        if found.close_checkpoint is not None:
            self.cast.cosign(found.close_checkpoint, self.at)

    def apply(self) -> None:
        """Everybody applies with a key made for this lot alone; partners agree."""
        self.wait(hours=3)
        for buyer in self.buyers:
            self.apply_for(buyer)

    def apply_for(self, buyer: Buyer) -> None:
        document = applying.application(self.lot, buyer.public, buyer.company.code, buyer.partners)
        applying.apply(self.lot_id, buyer.public, buyer.partners, buyer.company.key.sign(applying.application_message(document)),
                       bidder_id=buyer.company.id, clock=stopped(self.wait(seconds=7)))

    def admit(self) -> None:
        """The deposits are here: everybody gets a number."""
        for buyer in self.buyers:
            paddle = applying.paddle_of(self.lot_id, buyer.company.id)
            assert paddle is not None
            applying.admit(paddle.id, clock=stopped(self.wait(seconds=2)))
            paddle = applying.paddle_of(self.lot_id, buyer.company.id)
            buyer.number = paddle.number or "" if paddle else ""
        self.say("系统", f"{len(self.buyers)} 家取得竞买资格，竞买号随机")

    def begin(self) -> None:
        """Wait until the bidding opens."""
        self.at = max(self.at, rooms.moment(self.room.terms.opens_at))
        running.advance(self.lot_id, clock=stopped(self.at))

    def asked(self, buyer: Buyer, fen: int, act: str = BID, key: str = "") -> Asked:
        """What a buyer's device signs and sends."""
        self._requests += 1
        key = key or f"request-{self.lot_id}-{self._requests:06d}"
        room = self.lot.code or ""
        signature = buyer.key.sign(placing.message(placing.document(room, buyer.number, act, fen, key)))
        return Asked(self.lot_id, room, buyer.number, act, fen, key, signature)

    def bid(self, buyer: Buyer, fen: int, *, at: datetime | None = None) -> dict[str, Any]:
        """Place one bid, a second after the last act unless ``at`` says when."""
        self.at = at or self.wait(seconds=1)
        return placing.place(self.asked(buyer, fen), buyer.public, clock=stopped(self.at))

    def join(self, buyer: Buyer) -> dict[str, Any]:
        """Say that one goes on into timed bidding."""
        return placing.place(self.asked(buyer, 0, JOIN), buyer.public, clock=stopped(self.wait(seconds=1)))

    def until_end(self) -> None:
        """Let time pass until nothing is due any more."""
        while (room := self.room).ended_at is None:
            ends = room.standing.ends_at
            assert ends is not None
            while self.at < rooms.moment(ends):
                # The timetable is there all the while.
                if not self._is_watched():
                    self.at = rooms.moment(ends)
                    break
                self.at = min(self.at + lapses.SILENCE, rooms.moment(ends))
                lapses.watch(stopped(self.at))
            running.advance(self.lot_id, clock=stopped(self.at))

    @staticmethod
    def _is_watched() -> bool:
        """Whether somebody has watched before: then a silence would be noticed."""
        return db.session.get(Heartbeat, lapses.BEAT) is not None

    def open_reserve(self) -> None:
        """The key holders release the reserve price, now that the log says how the bidding ended."""
        found = reserve.session(self.lot_id)
        if found is None or opening.opening_of(self.lot_id, RESERVE) is None:
            return
        self.at = max(self.wait(seconds=2), found.opens_at)
        opening.close_window(self.lot_id, RESERVE, clock=stopped(self.at))
        self.release_keys(lambda seen: opening.bundle_for(found.id, seen=seen), trustees.get_session(found.id).release_checkpoint)
        opening.unseal_due(self.lot_id, RESERVE, clock=stopped(self.wait(seconds=2)))
        opening.finish(self.lot_id, RESERVE, clock=stopped(self.wait(seconds=1)))

    def tie(self, buyers: list[Buyer]) -> None:
        """These agree to the ceiling, the first of them by reaching it; then the time to agree is over."""
        ceiling = self.room.terms.ceiling_fen
        assert ceiling is not None
        for buyer in buyers:
            self.bid(buyer, ceiling)
        self.at = rooms.moment(self.room.standing.ends_at or 0)
        running.advance(self.lot_id, clock=stopped(self.at))
        self.say("系统", f"{len(buyers)} 家接受最高限价")

    def draw_winner(self) -> None:
        """The tie is decided by lot: frozen, contributed to, drawn, handed to the room."""
        draw_ties.follow_due(stopped(self.wait(seconds=1)))
        made = draws.of_lot(self.lot_id, lottery.WINNER)
        assert made is not None
        self.carry_out_draw(made.id)
        draw_ties.follow_due(stopped(self.wait(seconds=1)))
        running.advance(self.lot_id, clock=stopped(self.wait(seconds=1)))
        self.say("系统", "摇号确定竞得人")

    def ask_offers(self) -> SealingSession:
        """Everybody who agreed is asked for one sealed offer."""
        for holder in self.cast.holders:
            holder.top_up(self.at)
        ties.ask_offers(self.lot_id, clock=stopped(self.wait(seconds=1)))
        found = ties.session(self.lot_id)
        assert found is not None
        return found

    def offer(self, buyer: Buyer, fen: int) -> None:
        """One bidder seals its single offer on its own device."""
        found = ties.session(self.lot_id)
        assert found is not None
        self.file_envelope(found.id, found.document, Offer(buyer.company, fen), fen, paddle=buyer.number, key=buyer.key)

    def open_offers(self) -> None:
        """The single offers close, the key holders open them, and they decide."""
        found = ties.session(self.lot_id)
        assert found is not None
        self.at = max(self.at, found.deadline)
        ties.close_offers(self.lot_id, clock=stopped(self.at))
        found = trustees.get_session(found.id)
        self.cast.cosign(found.close_checkpoint or 0, self.at)
        self.release_keys(lambda seen: opening.bundle_for(found.id, seen=seen), found.release_checkpoint)
        opening.unseal_due(self.lot_id, found.envelope, clock=stopped(self.wait(seconds=5)))
        opening.finish(self.lot_id, found.envelope, clock=stopped(self.wait(seconds=1)))
        ties.settle_offers(self.lot_id, clock=stopped(self.wait(seconds=1)))
        running.advance(self.lot_id, clock=stopped(self.wait(seconds=1)))
        self.say("系统", "一次书面报价开启并确定竞得人")

    def seal_in_round(self, buyer: Buyer, fen: int) -> None:
        """One bidder seals its offer of the present round on its own device, in the timetable's next minute."""
        found = sealed_rounds.session(self.lot_id, self.room.standing.round)
        assert found is not None
        self.file_envelope(found.id, found.document, Offer(buyer.company, fen), fen, paddle=buyer.number, key=buyer.key)

    def begin_round(self) -> SealingSession:
        """The room opens the session of its present round."""
        for holder in self.cast.holders:
            holder.top_up(self.at)
        sealed_rounds.follow(self.lot_id, clock=stopped(self.wait(seconds=1)))
        found = sealed_rounds.session(self.lot_id, self.room.standing.round)
        assert found is not None
        return found

    def close_round(self) -> SealingSession:
        """The round's time is over; its offers are fixed."""
        number = self.room.standing.round
        self.at = max(self.at, rooms.moment(self.room.standing.ends_at or 0))
        running.advance(self.lot_id, clock=stopped(self.at))
        sealed_rounds.follow(self.lot_id, clock=stopped(self.at))
        found = sealed_rounds.session(self.lot_id, number)
        assert found is not None
        return trustees.get_session(found.id)

    def open_round(self) -> None:
        """The key holders open the round, which begins another or ends the bidding."""
        found = self.close_round()
        self.cast.cosign(found.close_checkpoint or 0, self.at)
        self.release_keys(lambda seen: opening.bundle_for(found.id, seen=seen), found.release_checkpoint)
        opening.unseal_due(self.lot_id, found.envelope, clock=stopped(self.wait(seconds=5)))
        opening.finish(self.lot_id, found.envelope, clock=stopped(self.wait(seconds=1)))
        sealed_rounds.follow(self.lot_id, clock=stopped(self.wait(seconds=1)))
        running.advance(self.lot_id, clock=stopped(self.wait(seconds=1)))
        self.say("系统", f"{found.envelope} 密封报价开启")

    def rounds(self, *offers: list[int]) -> None:
        """Rounds of sealed offers, each with the amounts of the first buyers (0: none); the last one without any."""
        for amounts in (*offers, []):
            self.begin_round()
            for buyer, fen in zip(self.buyers, amounts, strict=False):
                if fen:
                    self.seal_in_round(buyer, fen)
            self.open_round()

    def settle(self) -> None:
        settling.settle(self.lot_id, clock=stopped(self.wait(seconds=1)))
        with transaction():
            found = self.room.outcome
        self.say("系统", f"竞价结果：{found}")

    def take_part(self) -> None:
        """From the registration to admitted bidders."""
        for step in ("register", "announce", "apply", "pay_deposits", "admit"):
            getattr(self, step)()
