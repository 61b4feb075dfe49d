"""The scheduled opening (开标), step by step; every step may run late, twice, or in many
processes, and gives one result: each is claimed under the lot's lock or by a unique row.

close -> bidders give their halves -> window ends -> trustees release -> unseal each -> finish.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select

from bidding.envelope import documents, keys, sealing
from bidding.opening import envelopes, rules, unsealing
from bidding.opening.models import FIRST, Attendance, Half, HallEvent, OpenedBid, Opening
from bidding.sealed import service as sealed
from bidding.sealed.models import SealedBid
from bidding.trustees import disputes
from bidding.trustees import service as trustees
from bidding.trustees.models import SealingSession
from trading.accounts import service as accounts
from trading.accounts.permissions import Permission
from trading.announcements import queries
from trading.announcements import service as announcements
from trading.announcements.rules import Kind
from trading.archive import service as archive
from trading.base import installation
from trading.base.clock import BEIJING, Clock
from trading.base.database import db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.base.money import yuan
from trading.deposits import service as deposits
from trading.evidence import service as evidence
from trading.law import bidders
from trading.law import procedures as law_procedures
from trading.messages import service as messages
from trading.parties import service as parties
from trading.parties.models import Organisation
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage, Step
from trading.supervision import outages
from trading.supervision import service as pauses

log = structlog.get_logger()


def opening_of(lot_id: int, envelope: str = FIRST) -> Opening | None:
    """The opening of a lot's bids, of their price envelopes, or of a later round of offers."""
    return db.session.scalar(select(Opening).where(Opening.lot_id == lot_id, Opening.envelope.in_(_names(envelope)))
                             .execution_options(populate_existing=True))


def _names(envelope: str) -> tuple[str, ...]:
    """A lot's bids begin with one envelope: whole, or the technical one."""
    return documents.FIRST if envelope in documents.FIRST else (envelope,)


def _locked_opening(lot_id: int, envelope: str = FIRST) -> tuple[Lot, Opening]:
    lot = projects.locked_lot(lot_id)
    opening = opening_of(lot_id, envelope)
    if opening is None:
        raise NotFound
    return lot, opening


def _is_live(lot: Lot) -> bool:
    return lot.method.get("kind") == "live"


def _stages(lot: Lot, envelope: str) -> tuple[Stage, ...]:
    return rules.stages_during(envelope, is_live=_is_live(lot))


def say(lot_id: int, kind: str, *, at: datetime, **facts: Any) -> None:
    """Add one line to the hall's public log."""
    db.session.add(HallEvent(lot_id=lot_id, kind=kind, facts=facts, at=at))


def events(lot_id: int, after: int = 0) -> list[HallEvent]:
    return list(db.session.scalars(select(HallEvent).where(HallEvent.lot_id == lot_id, HallEvent.id > after)
                                   .order_by(HallEvent.id)))


# --- sign-in -----------------------------------------------------------------------------------


def attend(lot_id: int, *, bidder: Organisation, at: datetime) -> None:
    """Sign in to the hall; secret until the close, once per bidder."""
    tag = _attendance_tag(lot_id, bidder)
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        if lot.stage not in (Stage.BIDDING, Stage.CLOSED):
            raise Refused("opening.hall_not_open")
        if session.get(Attendance, tag) is None:
            session.add(Attendance(tag=tag, lot_id=lot_id, box=installation.boxes().close(
                {"code": bidder.code, "at": at.isoformat()}, f"attend/{tag}", pad=120)))


def attended(lot_id: int, bidder: Organisation) -> bool:
    return db.session.get(Attendance, _attendance_tag(lot_id, bidder)) is not None


def _attendance_tag(lot_id: int, bidder: Organisation) -> str:
    return installation.boxes().tag("attend", str(lot_id), bidder.code)


# --- close -------------------------------------------------------------------------------------


def close(lot_id: int, *, clock: Clock) -> bool:
    """Close a lot whose deadline has come. Fixes the set of bids, or fails the lot when there
    are too few (法 28). Returns whether this call did it."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        at = clock()
        # In a live sale the deadline ends the applications; its room ends the bidding.
        if lot.stage != Stage.BIDDING or lot.deadline is None or at < lot.deadline or _is_live(lot):
            return False
        sessions = trustees.sessions_of_bids(lot_id)
        for sealing_session in sessions:
            # The sessions before the log, as key holders' answers lock them: nobody waits for each other.
            lock_row(SealingSession, sealing_session.id)
            if sealing_session.deadline < lot.deadline:
                trustees.amend(sealing_session, lot.deadline, at=at)
        frozen = [sealed.freeze(sealing_session) for sealing_session in sessions]
        # Who filed one envelope of two has not bid.
        count = len(set.intersection(*({row.organisation_id for row in sealed.bids(item.id)} for item in sessions)))
        projects.advance(lot, Step.CLOSE, actor="timetable", at=at, count=count)
        for sealing_session, found in zip(sessions, frozen, strict=True):
            fix(lot, sealing_session, found, at=at)
        if "bidders" in law_procedures.procedure(lot.project.procedure).gates:
            gate = bidders.check_number(lot.project.procedure, "bidders", count, on=_notice_day(lot),
                                        region=lot.project.region, circumstance=projects.circumstance(lot))
            if not gate.ok:
                _fail(lot, "too_few_bidders", gate.facts, at)
        return True


def fix(lot: Lot, sealing_session: SealingSession, frozen: sealed.Frozen, *, at: datetime) -> Opening:
    """Log the frozen set and begin its opening; runs in the transaction that closes the session."""
    trustees.close_session(sealing_session, frozen.live, at=at)
    opening = Opening(session=sealing_session.id, lot_id=lot.id, envelope=sealing_session.envelope, closed_at=at,
                      count=len(frozen.live), window_ends=max(at, sealing_session.deadline) + _window(sealing_session))
    db.session.add(opening)
    if opening.envelope not in (envelopes.PRICE, documents.RESERVE):
        say(lot.id, "closed" if opening.envelope in documents.FIRST else "offers_closed", at=at, count=len(frozen.live))
    for row in sealed.bids(sealing_session.id, None):
        _file_bid_documents(lot, row, at)
    db.session.flush()
    return opening


def window_ends(opening: Opening, at: datetime) -> datetime:
    """When the bidders' window ends; time that the lot stood still or the platform was away is not counted.

    While the platform is away, or its clock is wrong, the end moves on with ``at``.
    """
    promised = opening.window_ends + pauses.time_paused(opening.lot_id, opening.closed_at)
    return outages.prolonged(opening.closed_at, promised, at)


def _window(session: SealingSession) -> timedelta:
    return timedelta(seconds=session.document["bidder_window_s"])


def _notice_day(lot: Lot) -> date:
    notice = queries.tender_notice(lot.project_id)
    assert notice is not None and notice.published_at is not None
    return notice.published_at.astimezone(BEIJING).date()


def _file_bid_documents(lot: Lot, row: SealedBid, at: datetime) -> None:
    base = f"10-bids/{row.digest}"
    assert row.header is not None and row.commit_seq is not None
    archive.file_document(lot.id, f"{base}/header.json", "投标文件封存头", row.header, at=at)
    archive.file_document(lot.id, f"{base}/filing.json", "投标回执", {
        "signature": row.signature, "state": row.state, "version": row.version, "seq": row.commit_seq,
        "keys": [key.hex() for key in sealed.keys_of(row)]}, at=at)


#: Why a lot fails at its opening, as the notice says it.
FAILED = {
    "too_few_bidders": "至投标截止时间，投标人不足{value}个（{article}），依法不开标，本标段流标。",
    "key_holders_absent": "开标密钥持有人未到齐，解密时段结束后{hours}小时内无法开标。投标文件均未解密，因招标组织方原因视为撤回，"
                          "投标保证金依法退还，本标段流标，将重新招标。"}


TOLD = {"too_few_bidders": "lot.failed", "key_holders_absent": "lot.failed.key_holders_absent"}


def _fail(lot: Lot, reason: str, facts: dict[str, Any], at: datetime) -> None:
    """The lot fails (流标): nothing is opened, everybody who filed is told."""
    lot.failed_reason = reason
    sessions = trustees.sessions_of_bids(lot.id)
    for sealing_session in sessions:
        sealing_session.settled_at = at
    projects.advance(lot, Step.FAIL, actor="timetable", at=at, reason=reason, article=facts.get("article", ""))
    say(lot.id, "failed", at=at, reason=reason)
    text = FAILED[reason].format(label=lot.label, value=facts.get("value"), article=facts.get("article"), hours=facts.get("hours"))
    announcements.publish_plain(Kind.FAILURE, lot, f"{lot.label}流标公告", text, {}, actor="timetable", at=at)
    for organisation_id in sorted({row.organisation_id or 0 for item in sessions for row in sealed.bids(item.id)}):
        messages.notify(TOLD[reason], at=at, organisation_id=organisation_id, lot=lot.label, link=f"/p/{lot.project.code}")


# --- the bidders' halves -------------------------------------------------------------------------


def give_half(lot_id: int, digest: str, kb: bytes, *, bidder_id: int, clock: Clock) -> None:
    """Take a bidder's half in the window; checked at once, useful to nobody before its end."""
    with transaction() as session:
        lot, opening = _locked_opening(lot_id)
        at = clock()
        if lot.stage != Stage.CLOSED:
            raise Refused("opening.window_over", ended=opening.window_closed_at)
        rules.may_give_half(opening.closed_at, window_ends(opening, at), opening.window_closed_at, at)
        row = session.scalar(select(SealedBid).where(
            SealedBid.digest == digest, SealedBid.session.in_([item.id for item in trustees.sessions_of_bids(lot_id)])))
        if row is None or row.organisation_id != bidder_id:
            raise NotFound
        if row.state != "live":
            raise Refused("opening.bid_not_live")
        assert row.header is not None
        if not sealing.is_half(row.header, kb):
            raise Refused("seal.half_wrong")
        if session.get(Half, digest):
            return
        session.add(Half(digest=digest, lot_id=lot_id, at=at, box=installation.boxes().close(kb.hex(), f"half/{digest}")))
        evidence.record("bid.half_given", actor=parties.get(bidder_id).code, at=at, lot=lot.code, bid_digest=digest)
        session.flush()
        say(lot_id, "half_given", at=at, bidder=named(lot, bidder_id), given=_halves(lot_id), count=halves_due(lot_id))


def halves_due(lot_id: int) -> int:
    """How many halves the bidders' window waits for: one of each envelope."""
    return int(db.session.scalar(select(func.sum(Opening.count)).where(
        Opening.lot_id == lot_id, Opening.envelope.in_(documents.AT_DEADLINE))) or 0)


def _halves(lot_id: int) -> int:
    return db.session.scalar(select(func.count()).select_from(Half).where(Half.lot_id == lot_id)) or 0


def halves_given(lot_id: int) -> set[str]:
    return set(db.session.scalars(select(Half.digest).where(Half.lot_id == lot_id)))


def close_window(lot_id: int, envelope: str = FIRST, *, clock: Clock) -> bool:
    """End the bidders' window: by the clock, or when all halves are in. Returns whether this call did."""
    with transaction() as session:
        lot, opening = _locked_opening(lot_id, envelope)
        at = clock()
        if lot.stage not in _stages(lot, envelope) or opening.window_closed_at:
            return False
        sealing_session = lock_row(SealingSession, opening.session)
        if envelope == envelopes.PRICE:
            return _close_price_window(lot, opening, sealing_session, at)
        if envelope == documents.RESERVE:
            return _ask_for_reserve(lot, opening, sealing_session, at)
        # Later rounds are sealed to the key holders alone, so that no half is waited for.
        with_halves = sealing_session.document["policy"] != "T"
        needed, given = (halves_due(lot_id), _halves(lot_id)) if with_halves else (0, 0)
        ends = window_ends(opening, at)
        if not rules.window_is_over(ends, given, needed, at):
            if with_halves:
                _tell_of_longer_window(opening, ends, at)
            return False
        trustees.close_window(sealing_session, given, needed, at=at)
        opening.window_closed_at = at
        if with_halves:
            say(lot_id, "window_closed", at=at, given=given, count=needed)
        session.flush()
        return True


def _close_price_window(lot: Lot, opening: Opening, sealing_session: SealingSession, at: datetime) -> bool:
    """Let the key holders open the prices of those who passed, once the log says what the committee found."""
    judged = envelopes.judged(lot)
    if judged is None:
        return False
    keep = set(judged["keep"])
    given, needed = (len(keep & halves_given(lot.id)), len(keep)) if sealing_session.document["policy"] != "T" else (0, 0)
    # Whoever gave no half had the whole window; the key holders' own clocks ask for as much.
    if at < sealing_session.opens_at + (timedelta(0) if given >= needed else _window(sealing_session)):
        return False
    trustees.close_window(sealing_session, given, needed, at=at, technical=judged["report"], shut=judged["shut"])
    opening.window_closed_at, opening.count = at, len(keep)
    say(lot.id, "prices_asked", at=at, count=len(keep))
    db.session.flush()
    return True


def _ask_for_reserve(lot: Lot, opening: Opening, sealing_session: SealingSession, at: datetime) -> bool:
    """Let the key holders open the reserve price (底价), once the log says how the bidding ended."""
    ended = envelopes.bidding_ended(lot)
    if ended is None or at < sealing_session.opens_at:
        return False
    trustees.close_window(sealing_session, 0, 0, at=at, ended=ended)
    opening.window_closed_at = at
    db.session.flush()
    return True


def _tell_of_longer_window(opening: Opening, ends: datetime, at: datetime) -> None:
    """Say once in the hall that an outage made the window longer, when the outage is over."""
    paused = opening.window_ends + pauses.time_paused(opening.lot_id, opening.closed_at)
    lasting = outages.prolonged(opening.closed_at, paused, at + timedelta(seconds=1)) != ends
    until = ends.isoformat()
    if ends > paused and not lasting and not any(event.kind == "window_longer" and event.facts["until"] == until for event in events(opening.lot_id)):
        say(opening.lot_id, "window_longer", at=at, until=until)


def is_public(session_name: str) -> bool:
    """Whether the names in a session's bundle are read out to everybody anyway."""
    sealing_session = trustees.get_session(session_name)
    lot = projects.get_lot(sealing_session.lot_id)
    return sealing_session.envelope in documents.AT_DEADLINE and law_procedures.procedure(lot.project.procedure).read_out


def bundle_for(session_name: str, *, seen: int, for_holder: bool = True) -> dict[str, Any]:
    """What a trustee checks before it releases; for others as it stood at the window's end."""
    sealing_session = trustees.get_session(session_name)
    if sealing_session.release_checkpoint is None:
        raise NotFound
    live = [row.header for row in sealed.bids(session_name)]
    return trustees.bundle(sealing_session, trustees.entry_numbers(sealing_session), [h for h in live if h], seen=seen,
                           for_holder=for_holder)


# --- unsealing -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Opened:
    outcome: str
    contents: sealing.Contents | None = None
    plain: tuple[str, int, str] | None = None
    wrong: tuple[int, ...] = ()


def unseal_due(lot_id: int, envelope: str = FIRST, *, clock: Clock) -> int:
    """Open every live bid that is not settled yet, as soon as enough shares are in; a bid
    that cannot be opened is recorded with its cause and the others go on. Returns how many
    this call settled."""
    opening = opening_of(lot_id, envelope)
    if opening is None or opening.window_closed_at is None or opening.opened_at:
        return 0
    sealing_session = trustees.get_session(opening.session)
    if len(trustees.released_by(sealing_session)) < sealing_session.document["k"]:
        return 0
    shares = trustees.releases(sealing_session)
    settled = {bid.digest for bid in opened_bids(lot_id, envelope)}
    done = 0
    for row in envelopes.due(sealing_session):
        if row.digest not in settled:
            opened = _unseal(row, shares.get(row.digest or "", []))
            fits = sum(sealing.is_committed(row.header or {}, share) for share in shares.get(row.digest or "", []))
            opened = replace(opened, outcome=_settled_as(opening, sealing_session, row.digest or "", opened.outcome, fits, clock()))
            if opened.outcome:
                done += _settle(lot_id, envelope, row, opened, clock)
    return done


def _settled_as(opening: Opening, sealing_session: SealingSession, digest: str, outcome: str, fits: int, at: datetime) -> str:
    garbage = sum(item.digest == digest and item.fault == "bidder" for item in disputes.of_session(sealing_session.id))
    document = sealing_session.document
    return rules.settle(outcome, fits=fits, garbage=garbage, n=len(document["trustees"]), k=document["k"], over=at >= _held_until(opening))


def _held_until(opening: Opening) -> datetime:
    """Until when key holders that did not come are waited for; the time that the lot stood still is not counted."""
    assert opening.window_closed_at is not None
    return opening.window_closed_at + rules.HOLD + pauses.time_paused(opening.lot_id, opening.window_closed_at)


def look_for_holders(lot_id: int, envelope: str = FIRST, *, clock: Clock) -> bool:
    """Call for key holders that do not come, and end what they leave sealed: bids fail the lot (re-tender),
    offers of a later round count as withdrawn. Returns whether this call did something."""
    with transaction():
        lot, opening = _locked_opening(lot_id, envelope)
        at = clock()
        if lot.stage not in _stages(lot, envelope) or opening.opened_at or opening.window_closed_at is None:
            return False
        sealing_session = trustees.get_session(opening.session)
        document, released = sealing_session.document, trustees.released_by(sealing_session)
        if len(released) >= document["k"] or opening.count == 0:
            return False
        missing = [t["org"] for t in document["trustees"] if t["i"] not in released]
        if at >= _held_until(opening):
            return _end_unopened(lot, opening, sealing_session, missing, at)
        if at < opening.window_closed_at + rules.CALL_AFTER or any(
                event.kind == "holding" and event.facts.get("session") == opening.session for event in events(lot_id)):
            return False
        evidence.record("opening.holding", actor="timetable", at=at, lot=lot.code, session=opening.session, missing=missing)
        say(lot_id, "holding", at=at, session=opening.session, missing="、".join(missing), until=_held_until(opening).isoformat())
        for account_id in sorted({*accounts.holders_of(Permission.PAUSE), *accounts.holders_of(Permission.HALL_HOST)}):
            messages.notify("opening.holding", at=at, account_id=account_id, lot=lot.label, missing="、".join(missing), link=f"/hall/{lot.code}")
        return True


def _end_unopened(lot: Lot, opening: Opening, sealing_session: SealingSession, missing: list[str], at: datetime) -> bool:
    if opening.envelope in documents.FIRST:
        evidence.record("opening.given_up", actor="timetable", at=at, lot=lot.code, session=opening.session, missing=missing,
                        fault="organiser", label="withdrawn")
        _fail(lot, "key_holders_absent", {"hours": int(rules.HOLD.total_seconds()) // 3600}, at)
        return True
    settled = {bid.digest for bid in opened_bids(lot.id, opening.envelope)}
    waiting = [row for row in envelopes.due(sealing_session) if row.digest not in settled]
    for row in waiting:
        _settle(lot.id, opening.envelope, row, _Opened("shares_short"), lambda: at)
    return bool(waiting)


def _unseal(row: SealedBid, shares: list[bytes]) -> _Opened:
    header, digest = row.header, row.digest
    assert header is not None and digest is not None
    half = db.session.get(Half, digest)
    kb = bytes.fromhex(installation.boxes().open(half.box, f"half/{digest}")) if half else None
    with installation.workplace() as folder:
        plain = Path(folder) / "plain.zip"
        found = unsealing.unseal(header, shares, kb, sealed.payload(row), plain)
        if found.outcome == "payload_damaged" and (mended := sealed.mend_payload(row)):
            log.warning("parts of a bid were put back from the second file store", parts=mended)
            found = unsealing.unseal(header, shares, kb, sealed.payload(row), plain)
        if found.contents is None:
            return _Opened(found.outcome, wrong=found.wrong)
        with plain.open("rb") as source:
            return _Opened("opened", found.contents, installation.files().put(iter(lambda: source.read(1 << 20), b"")), found.wrong)


def _settle(lot_id: int, envelope: str, row: SealedBid, opened: _Opened, clock: Clock) -> int:
    with transaction() as session:
        lot, opening = _locked_opening(lot_id, envelope)
        at = clock()
        assert row.digest is not None
        if lot.stage not in _stages(lot, envelope) or session.get(OpenedBid, row.digest):
            if opened.plain:
                installation.files().discard(opened.plain[0])
            return 0
        contents = opened.contents
        session.add(OpenedBid(
            digest=row.digest, lot_id=lot_id, envelope=opening.envelope, organisation_id=row.organisation_id, outcome=opened.outcome,
            price_fen=contents.offer.get("price_fen") if contents else None, offer=contents.offer if contents else None,
            files=contents.files if contents else None, plain=opened.plain[0] if opened.plain else "",
            deposit_confirmed=deposits.is_confirmed(lot, sealed.filer_of(row), at=at),
            wrong_shares=list(opened.wrong), settled_at=at))
        result = rules.OUTCOMES[opened.outcome]
        evidence.record("bid.opened" if result.counts else "bid.not_opened", actor="timetable", at=at, lot=lot.code,
                        bid_digest=row.digest, outcome=opened.outcome, fault=result.fault, label=result.label,
                        price_fen=contents.offer.get("price_fen", 0) if contents else 0)
        say(lot_id, "unsealed", at=at, bidder=named(lot, row.organisation_id or 0), outcome=opened.outcome)
        return 1


def named(lot: Lot, organisation_id: int) -> str:
    """A bidder's name for the hall's public log; where bids are not read out, and in a live sale, no name either."""
    is_read = law_procedures.procedure(lot.project.procedure).read_out and not _is_live(lot)
    return parties.get(organisation_id).name if is_read else ""


def finish(lot_id: int, envelope: str = FIRST, *, clock: Clock) -> bool:
    """Publish the read-out table and sign the record once every live bid is settled.

    Later rounds, and the bids of a procedure that reads nothing out, are recorded the same
    way but shown to the committee alone until the result.
    """
    with transaction():
        lot, opening = _locked_opening(lot_id, envelope)
        at = clock()
        if lot.stage not in _stages(lot, envelope) or opening.opened_at or opening.window_closed_at is None:
            return False
        found = opened_bids(lot_id, envelope)
        if len(found) < opening.count:
            return False
        lock_row(SealingSession, opening.session)
        _record(lot, opening, found, at)
        is_read = law_procedures.procedure(lot.project.procedure).read_out
        if envelope in documents.FIRST:
            projects.advance(lot, Step.OPEN, actor="timetable", at=at, count=len(found))
            say(lot_id, "opened" if is_read else "opened_quietly", at=at, count=sum(rules.OUTCOMES[bid.outcome].counts for bid in found))
            if is_read:
                _announce(lot, found, "开标记录", at)
        elif envelope == envelopes.PRICE:
            say(lot_id, "prices_opened", at=at, count=sum(rules.OUTCOMES[bid.outcome].counts for bid in found))
            if is_read and found:
                _announce(lot, found, "报价信封开标记录", at)
        elif envelope != documents.RESERVE:
            say(lot_id, "offers_opened", at=at, count=len(found))
        return True


def _record(lot: Lot, opening: Opening, found: list[OpenedBid], at: datetime) -> None:
    """Sign what was opened and file all that is needed to repeat it."""
    assert opening.window_closed_at is not None
    filed = sealed.names(bid.digest for bid in found)
    record = {
        "v": 1, "lot": lot.code, "session": opening.session, "closed_at": opening.closed_at.isoformat(),
        "window_closed_at": opening.window_closed_at.isoformat(), "opened_at": at.isoformat(),
        "ceiling_fen": lot.ceiling_fen or 0, "bids": [{
            "digest": bid.digest, "bidder": filed[bid.digest], "name": bid.organisation.name if bid.organisation_id else "",
            "outcome": bid.outcome, "label": rules.OUTCOMES[bid.outcome].label, "offer": bid.offer,
            "deposit": bid.deposit_confirmed} for bid in found]}
    opening.opened_at, opening.record = at, record
    opening.record_signature = trustees.sign_by_centre(b"mingtang/v1/record\0" + documents.encode(record))
    trustees.get_session(opening.session).settled_at = at
    evidence.record("opening.recorded", actor="timetable", at=at, lot=lot.code,
                    record=keys.tagged_hash("record", documents.encode(record)).hex())
    for row in envelopes.due(trustees.get_session(opening.session)):
        _file_opened(lot, row, at)
    name = "record" if opening.envelope in documents.FIRST else f"record-{opening.envelope}"
    archive.file_document(lot.id, f"15-opening/{name}.json", "开标记录" if opening.envelope in documents.FIRST else "报价开启记录",
                          {"record": record, "sig": opening.record_signature, "centre_key": trustees.centre_key()}, at=at)


def _file_opened(lot: Lot, row: SealedBid, at: datetime) -> None:
    """File ciphertext, half and plain files: all that is needed to repeat the opening."""
    assert row.digest is not None
    base, store = f"10-bids/{row.digest}", installation.files()
    for number, name in enumerate(row.parts or []):
        if not store.path(name).exists():
            continue  # a lost file is the outcome of this bid, on record; the others are archived
        with store.open(name) as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
        archive.file_stored(lot.id, f"{base}/payload.{number:04d}.cob", "投标文件密文", name, store.size(name), digest, at=at)
    half = db.session.get(Half, row.digest)
    if half:
        archive.file_document(lot.id, f"{base}/half.json", "投标人解密份额",
                              {"kb": installation.boxes().open(half.box, f"half/{row.digest}"), "at": half.at.isoformat()}, at=at)
    opened = db.session.get(OpenedBid, row.digest)
    if opened and opened.plain:
        with store.open(opened.plain) as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
        archive.file_stored(lot.id, f"{base}/plain.zip", "投标文件", opened.plain, store.size(opened.plain), digest, at=at)


def _announce(lot: Lot, found: list[OpenedBid], title: str, at: datetime) -> None:
    lines = []
    for number, bid in enumerate(found, 1):
        lines.append(f"{number}. {bid.organisation.name}：" + (_read_out(bid.offer) if bid.offer else f"未解密（{bid.outcome}）"))
    announcements.publish_plain(Kind.OPENING_RECORD, lot, f"{lot.label}{title}", "\n".join(lines), {},
                                actor="timetable", at=at)


def _read_out(offer: dict[str, Any]) -> str:
    """What is read out of one envelope: the price, or what stands beside it, or both."""
    price = [f"{yuan(offer['price_fen'])} 元"] if "price_fen" in offer else []
    return "，".join(price + ([f"工期 {offer['days']} 日", offer["quality"]] if "days" in offer else []))


def opened_bids(lot_id: int, envelope: str = FIRST) -> list[OpenedBid]:
    return list(db.session.scalars(select(OpenedBid).where(OpenedBid.lot_id == lot_id, OpenedBid.envelope.in_(_names(envelope)))
                                   .order_by(OpenedBid.digest)).unique())


def name_bidders(lot_id: int) -> None:
    """A live sale is over: whose its offers were may be known. Runs in the transaction that settles it."""
    for digest, organisation_id in sealed.name_filers(lot_id).items():
        if (bid := db.session.get(OpenedBid, digest)) is not None:
            bid.organisation_id = organisation_id


def prices_read_out(lot_id: int) -> dict[int, dict[str, Any]]:
    """What the price envelopes held, by organisation, once all of them are read out."""
    prices = opening_of(lot_id, envelopes.PRICE)
    if prices is None or prices.opened_at is None:
        return {}
    return {bid.organisation_id: bid.offer for bid in opened_bids(lot_id, envelopes.PRICE) if bid.offer}


def own_read_out(lot_id: int, bidder_id: int) -> OpenedBid | None:
    """What was opened last of a bidder's bid: its price envelope, or else the bid."""
    prices = opening_of(lot_id, envelopes.PRICE)
    found = [*(opened_bids(lot_id, envelopes.PRICE) if prices and prices.opened_at else ()), *opened_bids(lot_id)]
    return next((bid for bid in found if bid.organisation_id == bidder_id), None)


def confirm(lot_id: int, *, bidder_id: int, at: datetime) -> None:
    """A bidder confirms what was read out of its own bid; of two envelopes, of the one that was opened last."""
    with transaction():
        lot, opening = _locked_opening(lot_id)
        bid = own_read_out(lot_id, bidder_id)
        if bid is None or opening.opened_at is None:
            raise NotFound
        if not law_procedures.procedure(lot.project.procedure).read_out:
            raise Refused("opening.nothing_read_out")
        if bid.confirmed_at is None:
            bid.confirmed_at = at
            evidence.record("opening.confirmed", actor=parties.get(bidder_id).code, at=at, lot=lot.code, bid_digest=bid.digest)
            say(lot_id, "confirmed", at=at, bidder=bid.organisation.name)


def speak(lot_id: int, text: str, *, who: str, kind: str, at: datetime) -> None:
    """A question, objection or host's word in the hall; on record at once (条例 44)."""
    text = text.strip()
    if not text or len(text) > 1000:
        raise Refused("opening.text_length", most=1000)
    with transaction():
        lot, _ = _locked_opening(lot_id)
        evidence.record(f"hall.{kind}", actor=who, at=at, lot=lot.code, text=text)
        say(lot_id, kind, at=at, who=who, text=text)


def took_part(lot_id: int, organisation_id: int) -> bool:
    """Whether an organisation filed a bid that counted at the close."""
    opening = opening_of(lot_id)
    return opening is not None and any(row.organisation_id == organisation_id for row in sealed.bids(opening.session))
