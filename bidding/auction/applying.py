"""Take part in a live sale (竞买申请): apply, bring partners, be admitted under a number that names nobody.

Who applied, with whom, and under which number stays in a box until the deal, from everybody on this
side of the screen: admission is decided by the platform itself, by the deposit and the registers, and
the documents of whoever wins are examined afterwards. The number is drawn at random; nothing in the
order of rows, numbers or log entries leads from a name to it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, select

from bidding import eligibility
from bidding.auction.models import JointConsent, Paddle
from bidding.envelope import documents, keys
from bidding.sealed import guests
from bidding.sealed.guests import Alias
from trading.base import installation
from trading.base.clock import Clock
from trading.base.database import Plain, connection, db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.deposits import service as deposits
from trading.evidence import service as evidence
from trading.parties import service as parties
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage

MOST_PARTNERS = 5
BOX = 2048


@dataclass(frozen=True)
class Partner:
    """One partner of a joint bid (联合竞买): its code and its share in hundredths of a per cent."""

    code: str
    share: int


def is_live(lot: Lot) -> bool:
    """Whether a lot is competed for live rather than by sealed offers."""
    return lot.method.get("kind") == "live"


def application(lot: Lot, public: bytes, bidder_code: str, partners: Sequence[Partner]) -> dict[str, Any]:
    """What an applicant signs with its organisation's key (docs/protocol.md, 6): it binds the key of its bids to its name."""
    return {"v": documents.VERSION, "lot": lot.code, "bidder": bidder_code, "public": public.hex(),
            "partners": [{"code": partner.code, "share": partner.share} for partner in partners]}


def application_message(document: Mapping[str, Any]) -> bytes:
    return keys.message("auction-application", documents.encode(dict(document)))


def consent_message(document: Mapping[str, Any], partner_code: str) -> bytes:
    """What a partner signs: the whole application and its own code."""
    return keys.message("auction-consent", documents.encode({**document, "partner": partner_code}))


def owner_tag(lot_id: int, organisation_id: int) -> str:
    return installation.boxes().tag("paddle", str(lot_id), str(organisation_id))


def _partner_tag(lot_id: int, code: str) -> str:
    return installation.boxes().tag("paddle-partner", str(lot_id), code)


def paddle_of(lot_id: int, organisation_id: int) -> Paddle | None:
    """A bidder's own paddle in a lot, if it has applied."""
    return db.session.scalar(select(Paddle).where(Paddle.owner_tag == owner_tag(lot_id, organisation_id)))


def admitted(lot_id: int, organisation_id: int) -> tuple[str, bytes]:
    """A bidder's number and the key of its bids, in one plain statement for the busiest path. Raises Refused ``auction.no_paddle``."""
    rows = _ADMITTED.read(connection(), {"tag": owner_tag(lot_id, organisation_id)})
    if not rows or not rows[0].number:
        raise Refused("auction.no_paddle")
    return rows[0].number, bytes.fromhex(rows[0].public)


def by_number(lot_id: int, number: str) -> Paddle:
    """An admitted paddle. Raises Refused ``auction.no_paddle``."""
    found = db.session.scalar(select(Paddle).where(Paddle.lot_id == lot_id, Paddle.number == number)) if number else None
    if found is None:
        raise Refused("auction.no_paddle")
    return found


def content(paddle: Paddle) -> dict[str, Any]:
    """What only the applicant, and after the deal its record, may know."""
    found: dict[str, Any] = installation.boxes().open(paddle.box, f"paddle/{paddle.owner_tag}")
    return found


def _close(tag: str, value: dict[str, Any]) -> bytes:
    return installation.boxes().close(value, f"paddle/{tag}", step=BOX)


def apply(lot_id: int, public: bytes, partners: Sequence[Partner], signature: bytes, *, bidder_id: int, clock: Clock) -> Paddle:
    """Apply for a lot before its applications end. Sent again with the same content it is the same.

    Raises Refused ``auction.application_*``, ``eligibility.*``.
    """
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        at = clock()
        _require_open(lot, at)
        bidder = parties.get(bidder_id)
        document = application(lot, public, bidder.code, partners)
        _require_signed(bidder_id, signature, application_message(document))
        known = paddle_of(lot_id, bidder_id)
        if known is not None:
            if content(known)["application"] != document:
                raise Refused("auction.application_known")
            return known
        _require_able(lot, bidder_id, at)
        if session.get(JointConsent, _partner_tag(lot_id, bidder.code)) is not None:
            raise Refused("auction.application_partner")
        _require_partners(lot, bidder.code, partners)
        tag = owner_tag(lot_id, bidder_id)
        made = Paddle(lot_id=lot_id, public=public.hex(), owner_tag=tag, box=_close(tag, {
            "organisation": bidder_id, "application": document, "signature": signature.hex(), "applied_at": at.isoformat(), "keys": [], "seqs": []}))
        session.add(made)
        for partner in partners:
            partner_tag = _partner_tag(lot_id, partner.code)
            session.add(JointConsent(tag=partner_tag, lot_id=lot_id, box=installation.boxes().close(
                {"owner": tag, "code": partner.code, "share": partner.share, "signature": ""}, f"consent/{partner_tag}", pad=400)))
        session.flush()
        _note(made, "auction.applied", bidder.code, lot, at, application=keys.tagged_hash("auction-application", documents.encode(document)).hex())
        return made


def _note(row: Paddle, kind: str, actor: str, lot: Lot, at: datetime, **facts: Any) -> None:
    """An entry whose very existence is secret until the deal; the paddle keeps its number."""
    written = evidence.record_sealed(kind, actor=actor, at=at, lot=lot.code, project=lot.project.code, **facts)
    kept = content(row)
    row.box = _close(row.owner_tag, kept | {"seqs": [*kept["seqs"], written.seq]})


def _require_open(lot: Lot, at: datetime) -> None:
    if not is_live(lot) or lot.stage not in (Stage.ANNOUNCED, Stage.BIDDING) or lot.deadline is None or at >= lot.deadline:
        raise Refused("auction.application_closed")


def _require_signed(organisation_id: int, signature: bytes, message: bytes) -> None:
    if not any(keys.is_signed(public, signature, message) for public in parties.signing_keys(organisation_id)):
        raise Refused("auction.signature")


def _require_able(lot: Lot, organisation_id: int, at: datetime) -> None:
    standing = parties.standings([organisation_id])[organisation_id]
    eligibility.require(organisation_id, standing.barred_in(lot.project.procedure), lot.project.tenderer_id, lot.project.agency_id, at=at)


def _require_partners(lot: Lot, own: str, partners: Sequence[Partner]) -> None:
    codes = [partner.code for partner in partners]
    whole = not partners or sum(partner.share for partner in partners) < 10_000 and all(partner.share > 0 for partner in partners)
    if len(partners) > MOST_PARTNERS or len({own, *codes}) != len(codes) + 1 or not whole:
        raise Refused("auction.application_partners", most=MOST_PARTNERS)
    for code in codes:
        try:
            partner = parties.by_code(code)
        except NotFound:
            raise Refused("auction.application_partner_unknown", code=code[:20]) from None
        if paddle_of(lot.id, partner.id) is not None or db.session.get(JointConsent, _partner_tag(lot.id, code)) is not None:
            # Whether it applied is nobody's to know: the refusal says only that it cannot be named here.
            raise Refused("auction.application_partner_unknown", code=code[:20])
        if partner.id in (lot.project.tenderer_id, lot.project.agency_id):
            raise Refused("eligibility.related")


def consent_asked(lot_id: int, organisation_id: int) -> tuple[Paddle, dict[str, Any]] | None:
    """The application in which an organisation was named as a partner, with what it says of it."""
    tag = _partner_tag(lot_id, parties.get(organisation_id).code)
    row = db.session.get(JointConsent, tag)
    if row is None:
        return None
    box = installation.boxes().open(row.box, f"consent/{tag}")
    paddle = db.session.scalar(select(Paddle).where(Paddle.owner_tag == box["owner"]))
    assert paddle is not None
    return paddle, box


def consent(lot_id: int, signature: bytes, *, partner_id: int, clock: Clock) -> None:
    """A partner agrees to a joint bid. Raises Refused ``auction.application_*``, ``auction.signature``."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        at = clock()
        _require_open(lot, at)
        found = consent_asked(lot_id, partner_id)
        if found is None:
            raise NotFound
        paddle, box = found
        document = content(paddle)["application"]
        _require_signed(partner_id, signature, consent_message(document, box["code"]))
        _require_able(lot, partner_id, at)
        tag = _partner_tag(lot_id, box["code"])
        row: JointConsent = lock_row(JointConsent, tag)
        row.box = installation.boxes().close(box | {"signature": signature.hex()}, f"consent/{tag}", pad=400)
        _note(paddle, "auction.consented", box["code"], lot, at, signature=signature.hex())


def consents(paddle: Paddle) -> list[dict[str, Any]]:
    """Each partner of an application with its share and its signature, empty while it has not agreed."""
    found = []
    for partner in content(paddle)["application"]["partners"]:
        tag = _partner_tag(paddle.lot_id, partner["code"])
        row = db.session.get(JointConsent, tag)
        assert row is not None
        found.append(installation.boxes().open(row.box, f"consent/{tag}"))
    return found


def renew_key(lot_id: int, public: bytes, signature: bytes, *, bidder_id: int, clock: Clock) -> None:
    """Another device bids from now on: its key replaces the one before, signed by the organisation as in the application.

    Raises Refused ``auction.no_paddle``, ``auction.signature``.
    """
    with transaction():
        lot = projects.locked_lot(lot_id)
        at = clock()
        paddle = paddle_of(lot_id, bidder_id)
        if paddle is None or lot.stage not in (Stage.ANNOUNCED, Stage.BIDDING, Stage.PAUSED):
            raise Refused("auction.no_paddle")
        kept = content(paddle)
        document = kept["application"] | {"public": public.hex()}
        _require_signed(bidder_id, signature, application_message(document))
        if paddle.public == public.hex():
            return
        paddle.box = _close(paddle.owner_tag, kept | {"keys": [*kept["keys"], {"application": document, "signature": signature.hex()}]})
        paddle.public = public.hex()
        guests.change_key(lot_id, bidder_id, public)
        _note(paddle, "auction.key_renewed", parties.get(bidder_id).code, lot, at, public=public.hex())


def aliases(lot_id: int, numbers: Iterable[str] = ()) -> dict[int, Alias]:
    """The paddle of each admitted bidder by its organisation, for sealed offers that name nobody; of ``numbers`` alone where given."""
    query = select(Paddle).where(Paddle.lot_id == lot_id, Paddle.number.is_not(None))
    wanted = list(numbers)
    found = db.session.scalars(query.where(Paddle.number.in_(wanted)) if wanted else query)
    return {content(paddle)["organisation"]: Alias(paddle.number or "", bytes.fromhex(paddle.public)) for paddle in found}


def waiting(lot_id: int) -> list[Paddle]:
    """Applications not admitted yet, in no order that says anything."""
    return list(db.session.scalars(select(Paddle).where(Paddle.lot_id == lot_id, Paddle.number.is_(None)).order_by(Paddle.owner_tag)))


def is_due(lot: Lot, paddle: Paddle, at: datetime) -> bool:
    """Whether the deposit is there in time and every partner has agreed."""
    kept = content(paddle)
    return all(item["signature"] for item in consents(paddle)) and deposits.is_confirmed(lot, kept["organisation"], at=at)


def admit(paddle_id: int, *, clock: Clock) -> bool:
    """Admit one application whose deposit is confirmed, under a number drawn at random. Returns whether this call did."""
    with transaction() as session:
        # The lot first, as everywhere: two never wait for each other.
        found = session.get(Paddle, paddle_id)
        if found is None:
            raise NotFound
        lot = projects.locked_lot(found.lot_id)
        paddle: Paddle = lock_row(Paddle, paddle_id)
        at = clock()
        if paddle.number is not None or lot.stage not in (Stage.ANNOUNCED, Stage.BIDDING) or not is_due(lot, paddle, at):
            return False
        kept = content(paddle)
        _require_able(lot, kept["organisation"], at)
        taken = set(session.scalars(select(Paddle.number).where(Paddle.lot_id == lot.id, Paddle.number.is_not(None))))
        paddle.number = _free_number(taken)
        paddle.box = _close(paddle.owner_tag, kept | {"admitted_at": at.isoformat()})
        _note(paddle, "auction.admitted", paddle.number, lot, at, paddle=paddle.number, public=paddle.public,
              application=keys.tagged_hash("auction-application", documents.encode(kept["application"])).hex())
        # No message: its row would name who bids. Bidders find their number on their own page.
        return True


def _free_number(taken: set[str | None]) -> str:
    """Three digits while plenty are free, else four: chance alone, so that it tells neither order nor name."""
    while True:
        number = str(100 + secrets.randbelow(900) if len(taken) < 450 else 1000 + secrets.randbelow(9000))
        if number not in taken:
            return number


def reveal(lot_id: int) -> list[Paddle]:
    """The sale is over: whose number each was moves from the boxes into the record. Runs in the transaction that settles it."""
    found = list(db.session.scalars(select(Paddle).where(Paddle.lot_id == lot_id).order_by(Paddle.owner_tag)))
    for paddle in found:
        kept = content(paddle)
        paddle.organisation_id = kept["organisation"]
        evidence.reveal(kept["seqs"])
    return found


_PADDLE = cast(Table, Paddle.__table__)
_ADMITTED = Plain(select(_PADDLE.c.number, _PADDLE.c.public).where(_PADDLE.c.owner_tag == bindparam("tag")))
