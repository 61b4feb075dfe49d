"""Enrol key holders, open and amend sealing sessions, take in released shares."""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import load_only

from bidding.envelope import documents, keys, suites
from bidding.trustees import canaries, tools
from bidding.trustees import trustee as protocol
from bidding.trustees.models import PreKey, SealingSession, ShareRelease, TrusteeRecord
from trading.archive import service as archive
from trading.base import installation
from trading.base.clock import unix
from trading.base.database import db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import notes, stamping
from trading.evidence import service as evidence
from trading.evidence.models import Checkpoint, Entry
from trading.evidence.verify import SPAN
from trading.projects.models import Lot
from trading.projects.rules import Stage


def enrol(organisation: str, public: bytes, *, actor: str, at: datetime) -> TrusteeRecord:
    """Enter a key holder; its key is pinned from then on."""
    if len(public) != 32:
        raise Refused("trustee.key_length")
    with transaction() as session:
        if session.scalar(select(TrusteeRecord.id).where(
                (TrusteeRecord.organisation == organisation) | (TrusteeRecord.public == public.hex()))):
            raise Refused("trustee.known", organisation=organisation)
        record = TrusteeRecord(organisation=organisation, public=public.hex(), registered_at=at)
        session.add(record)
        session.flush()
        evidence.record("trustee.enrolled", actor=actor, at=at, organisation=organisation, public=public.hex())
        return record


def add_pre_keys(trustee_id: int, batch: list[dict[str, Any]], *, at: datetime, suite: str = suites.INTL_1) -> int:
    """Take in a signed batch of pre-keys for one suite; a wrong one refuses the whole batch.

    Raises Refused ``trustee.pre_key``, ``seal.suite``, ``seal.key_length``, ``seal.key_point``.
    """
    kind = suites.of(suite)
    with transaction() as session:
        record = get(trustee_id)
        last = session.scalar(select(func.max(PreKey.number)).where(PreKey.trustee_id == trustee_id)) or 0
        for item in batch:
            public = documents.binary(item["kem_pk"], "kem_pk")
            signature = documents.binary(item["sig"], "sig")
            kind.check_public_key(public)
            try:
                # The right length is not yet a key: found now, not when somebody seals to it.
                kind.wrap(public, bytes(32), 1, bytes(suites.RELEASE_BYTES))
            except ValueError:
                raise Refused("seal.key_point") from None
            if not last < item["number"] < 2**32 or not keys.is_signed(
                    bytes.fromhex(record.public), signature, protocol.pre_key_message(item["number"], public)):
                raise Refused("trustee.pre_key", number=item["number"])
            last = item["number"]
            session.add(PreKey(trustee_id=trustee_id, number=last, kem_pk=item["kem_pk"], signature=item["sig"], suite=suite))
        session.flush()
        evidence.record("trustee.pre_keys_added", actor=record.organisation, at=at, count=len(batch), last=last)
        return last


def get(trustee_id: int) -> TrusteeRecord:
    record = db.session.get(TrusteeRecord, trustee_id)
    if record is None:
        raise NotFound
    return record


def by_key(public: str) -> TrusteeRecord:
    record = db.session.scalar(select(TrusteeRecord).where(TrusteeRecord.public == public))
    if record is None:
        raise NotFound
    return record


def active() -> list[TrusteeRecord]:
    return list(db.session.scalars(select(TrusteeRecord).where(TrusteeRecord.retired_at.is_(None))
                                   .order_by(TrusteeRecord.id)))


def spare_pre_keys(trustee_id: int, suite: str = suites.INTL_1) -> int:
    return db.session.scalar(select(func.count()).select_from(PreKey).where(
        PreKey.trustee_id == trustee_id, PreKey.suite == suite, PreKey.session.is_(None))) or 0


def suites_used() -> list[str]:
    """The suites that this centre may choose, the usual one first."""
    return [name for name in installation.settings().suites.split(",") if name]


def last_pre_key(trustee_id: int) -> int:
    return db.session.scalar(select(func.max(PreKey.number)).where(PreKey.trustee_id == trustee_id)) or 0


def public_keys(url: str) -> dict[str, Any]:
    """The keys of log, centre, witnesses and key holders."""
    settings = installation.settings()
    return {"url": url, "log": evidence.log_verifier_key(), "log_pq": evidence.log_verifier_key_pq(), "centre": centre_key(),
            "witnesses": [key for key in settings.witness_keys.split(",") if key],
            "trustees": [{"organisation": record.organisation, "key": record.public} for record in active()]}


def sign_by_centre(message: bytes) -> str:
    """The centre's signature over a session or record, with the installation's log key."""
    return b64encode(notes.signer(installation.key("log"), "centre").sign(message)).decode()


def centre_key() -> str:
    return notes.raw_public_key(notes.signer(installation.key("log"), "centre")).hex()


def open_session(lot: Lot, envelope: str, *, deadline: datetime, policy: str, window: timedelta,
                 at: datetime, opens_after: timedelta = timedelta(0)) -> SealingSession:
    """Put a sealing session in force: k of n trustees, more than half, one pre-key each; none with policy B.

    ``opens_after`` is how long after the deadline it opens at the earliest: nothing, but for prices in an envelope of their own.
    """
    with transaction() as session:
        found = session_of(lot.id, envelope)
        if found:
            return found
        suite = lot.sealing.get("suite", suites.INTL_1)
        records = [] if policy == "B" else active()
        if not records and policy != "B":
            raise Refused("trustee.none")
        n = len(records)
        chosen: list[PreKey] = []
        trustees = []
        for i, record in enumerate(records, 1):
            pre_key = session.scalar(select(PreKey).where(PreKey.trustee_id == record.id, PreKey.suite == suite,
                                                           PreKey.session.is_(None))
                                     .order_by(PreKey.number).limit(1).with_for_update())
            if pre_key is None:
                raise Refused("trustee.pre_keys_used_up", organisation=record.organisation)
            chosen.append(pre_key)
            trustees.append({"i": i, "org": record.organisation, "kem_pk": pre_key.kem_pk,
                             "sig_key": b64encode(bytes.fromhex(record.public)).decode(), "cert_sha256": "",
                             "pre_key": pre_key.number, "pre_key_sig": pre_key.signature})
        settings = installation.settings()
        document = {
            "v": documents.VERSION, "suite": suite, "tender": lot.project.code, "lot": lot.code,
            "envelope": envelope, "nonce": secrets.token_hex(32), "deadline": unix(deadline),
            "open_not_before": unix(deadline + opens_after), "bidder_window_s": int(window.total_seconds()), "policy": policy,
            "k": n // 2 + 1 if n else 0, "trustees": trustees, "log_origin": evidence.origin(),
            "witnesses": [key for key in settings.witness_keys.split(",") if key], "tsa": stamping.names(),
            "max_bytes": settings.max_bid_bytes, "seal_tool_sha256": tools.publish(at=at)}
        name = documents.session_id(documents.check_session(document))
        signature = sign_by_centre(protocol.session_message(name))
        written = evidence.record("session.opened", actor="centre", at=at, lot=lot.code, project=lot.project.code,
                                  session=name, envelope=envelope, sig=signature, tsa=document["tsa"])
        for pre_key in chosen:
            pre_key.session = name
        made = SealingSession(id=name, lot_id=lot.id, envelope=envelope, document=document, amendments=[],
                              opened_seq=written.seq, deadline=deadline, opens_at=deadline + opens_after)
        session.add(made)
        session.flush()
        archive.file_document(lot.id, f"00-policy/session-{envelope}.json", "封存会话文件",
                              {"document": document, "sig": signature, "centre_key": centre_key()}, at=at)
        if envelope in documents.AT_DEADLINE and records:
            # Later rounds and draws last minutes or hours: no time is left in which a loss could be mended.
            canaries.begin(made, at=at)
        return made


def amend(sealing: SealingSession, deadline: datetime, *, at: datetime) -> None:
    """Move a session's times later; seals made before stay valid."""
    with transaction():
        sealing = lock_row(SealingSession, sealing.id)
        if deadline == sealing.deadline:
            return
        if deadline < sealing.deadline:
            raise Refused("trustee.amendment")
        previous = in_force(sealing)
        opens_at = sealing.opens_at + (deadline - sealing.deadline)
        document = {"v": documents.VERSION, "session": sealing.id, "previous": previous,
                    "deadline": unix(deadline), "open_not_before": unix(opens_at)}
        name = documents.amendment_id(document)
        signature = sign_by_centre(protocol.session_message(name))
        sealing.amendments = [*sealing.amendments, {"document": document, "sig": signature}]
        sealing.deadline, sealing.opens_at = deadline, opens_at
        canaries.follow(sealing, at=at)
        lot = db.session.get(Lot, sealing.lot_id)
        assert lot is not None
        evidence.record("session.amended", actor="centre", at=at, lot=lot.code, session=sealing.id, amendment=name,
                        deadline=unix(deadline))
        archive.file_document(lot.id, f"00-policy/amendment-{sealing.envelope}-{len(sealing.amendments):02d}.json",
                              "会话变更文件", {"document": document, "sig": signature}, at=at)


def in_force(sealing: SealingSession) -> str:
    """Name of the last amendment, or of the session when its times never moved."""
    return documents.amendment_id(sealing.amendments[-1]["document"]) if sealing.amendments else sealing.id


def signature_of(sealing: SealingSession) -> str:
    """The centre's signature over a session, from the entry that put it in force."""
    entry = db.session.get(Entry, sealing.opened_seq)
    assert entry is not None and entry.event is not None
    return str(entry.event["sig"])


def session_of(lot_id: int, envelope: str) -> SealingSession | None:
    return db.session.scalar(select(SealingSession).where(
        SealingSession.lot_id == lot_id, SealingSession.envelope == envelope))


def session_of_bids(lot_id: int) -> SealingSession | None:
    """The session that a lot's opening begins with: of its bids, or of their technical envelopes."""
    return db.session.scalar(select(SealingSession).where(SealingSession.lot_id == lot_id, SealingSession.envelope.in_(documents.FIRST)))


def sessions_of_bids(lot_id: int) -> list[SealingSession]:
    """All sessions that close at a lot's deadline: one, or the technical and the price envelopes in this order."""
    found = db.session.scalars(select(SealingSession).where(SealingSession.lot_id == lot_id, SealingSession.envelope.in_(documents.AT_DEADLINE)))
    return sorted(found, key=lambda sealing: documents.AT_DEADLINE.index(sealing.envelope))


@dataclass(frozen=True)
class Policy:
    """What never changes of a session: its lot and its document."""

    lot_id: int
    document: dict[str, Any]


@lru_cache(maxsize=256)
def policy(name: str) -> Policy:
    """The session of that name. Kept in memory, for the name is the document's hash. Raises NotFound."""
    found = get_session(name)
    return Policy(found.lot_id, found.document)


def get_session(name: str) -> SealingSession:
    found = db.session.get(SealingSession, name)
    if found is None:
        raise NotFound
    return found


#: Stages in which no share is asked for or taken: what must stay sealed stays so.
RESTING = (Stage.PAUSED, Stage.FAILED, Stage.TERMINATED, Stage.RESTARTED)


# --- releases ---------------------------------------------------------------------------------


def waiting_for(trustee_public: str) -> list[SealingSession]:
    """Sessions whose bidders' window is over and for which this trustee has not released."""
    record = by_key(trustee_public)
    found = db.session.scalars(select(SealingSession).join(
        PreKey, (PreKey.session == SealingSession.id) & (PreKey.trustee_id == record.id)).where(
        SealingSession.release_checkpoint.is_not(None), SealingSession.settled_at.is_(None)).join(
        Lot, Lot.id == SealingSession.lot_id).where(Lot.stage.not_in(RESTING)))
    return [sealing for sealing in found if number_of(sealing, trustee_public) not in released_by(sealing)]


def numbers_of(trustee_id: int) -> dict[str, int]:
    """A trustee's number in each session that is not closed yet, by session."""
    record = get(trustee_id)
    found = db.session.scalars(select(SealingSession).join(
        PreKey, (PreKey.session == SealingSession.id) & (PreKey.trustee_id == trustee_id)).where(SealingSession.close_seq.is_(None)))
    return {sealing.id: number_of(sealing, record.public) for sealing in found}


def amended_for(trustee_public: str) -> list[SealingSession]:
    """Sessions not yet opened, whose times moved, that this trustee holds a key of."""
    record = by_key(trustee_public)
    found = db.session.scalars(select(SealingSession).join(
        PreKey, (PreKey.session == SealingSession.id) & (PreKey.trustee_id == record.id)).where(
        SealingSession.settled_at.is_(None)).options(load_only(SealingSession.id, SealingSession.amendments)))
    return [sealing for sealing in found if sealing.amendments]


def number_of(sealing: SealingSession, trustee_public: str) -> int:
    """A trustee's number in one session."""
    key = b64encode(bytes.fromhex(trustee_public)).decode()
    return next(t["i"] for t in sealing.document["trustees"] if t["sig_key"] == key)


#: Seconds by which a key holder's clock may differ when it asks for a bundle.
ASK_WITHIN = 300


def is_holder(sealing: SealingSession, header: str, *, at: datetime) -> bool:
    """Whether a key holder of this session asks."""
    try:
        require_holder(sealing, header, at=at)
    except Refused:
        return False
    return True


def require_holder(sealing: SealingSession, header: str, *, at: datetime) -> None:
    """Let only a key holder of this session see what follows. Raises Refused ``trustee.holders_only``."""
    words = header.split(" ")
    if len(words) == 4 and words[0] == "Trustee" and re.fullmatch("[0-9a-f]{64}", words[1]) and re.fullmatch("[0-9]{1,12}", words[2]):
        public, second = bytes.fromhex(words[1]), int(words[2])
        listed = any(documents.binary(t["sig_key"], "sig_key") == public for t in sealing.document["trustees"])
        try:
            signature = documents.binary(words[3], "sig")
        except Refused:
            signature = b""
        if listed and abs(unix(at) - second) <= ASK_WITHIN and keys.is_signed(public, signature, protocol.ask_message(sealing.id, second)):
            return
    raise Refused("trustee.holders_only")


def take_release(document: dict[str, Any], *, at: datetime) -> int:
    """Take in one trustee's signed release; sent twice it counts once. Returns shares kept.

    One that comes before its time is refused and goes on record: it opens nothing alone, and its
    signature proves who gave it. Raises Refused ``trustee.*``.
    """
    body = documents.shaped(document.get("body"), {"session": "hex32", "trustee": "int", "released_at": "int",
                                                   "releases": "list"}, "release")
    with transaction():
        sealing = signed_session(body, document.get("sig"), protocol.release_message(body))
        lot = db.session.get(Lot, sealing.lot_id)
        assert lot is not None
        ours = next(t for t in sealing.document["trustees"] if t["i"] == body["trustee"])
        is_early = sealing.release_checkpoint is None or at < sealing.opens_at
        if not is_early:
            return _keep_release(sealing, lot, ours, document, at)
        _record_early(sealing, lot, ours, document, at)
    raise Refused("trustee.too_early")


def take_canary(document: dict[str, Any], *, at: datetime) -> bool:
    """Take in one trustee's answer in a rehearsal. Returns whether it opened its share. Raises Refused ``trustee.*``, ``canary.*``."""
    body = documents.shaped(document.get("body"), {"session": "hex32", "trustee": "int", "number": "int", "digest": "hex32",
                                                   "p": "b64", "fault": "text", "at": "int"}, "canary")
    with transaction():
        return canaries.take(signed_session(body, document.get("sig"), protocol.canary_message(body)), body, at=at)


def signed_session(body: dict[str, Any], sig: Any, message: bytes) -> SealingSession:
    """The session that one of its trustees signed something about, locked. Raises NotFound, Refused ``trustee.release_signature``."""
    sealing: SealingSession | None = lock_row(SealingSession, body["session"])
    if sealing is None:
        raise NotFound
    ours = next((t for t in sealing.document["trustees"] if t["i"] == body["trustee"]), None)
    if ours is None or not keys.is_signed(documents.binary(ours["sig_key"], "sig_key"), documents.binary(str(sig), "sig"), message):
        raise Refused("trustee.release_signature")
    return sealing


def _record_early(sealing: SealingSession, lot: Lot, ours: dict[str, Any], document: dict[str, Any], at: datetime) -> None:
    # Once for each trustee: who repeats it adds nothing. The shares themselves are not kept.
    known = db.session.scalars(select(Entry).where(Entry.lot == lot.code, Entry.kind == "shares.early"))
    if not any(e.event and (e.event["session"], e.event["trustee"]) == (sealing.id, ours["i"]) for e in known):
        evidence.record("shares.early", actor=ours["org"], at=at, lot=lot.code, session=sealing.id, trustee=ours["i"],
                        sig=str(document.get("sig")), commitment=keys.tagged_hash("release", documents.encode(document["body"])).hex())


def _keep_release(sealing: SealingSession, lot: Lot, ours: dict[str, Any], document: dict[str, Any], at: datetime) -> int:
    if lot.stage in RESTING:
        raise Refused("trustee.resting")
    session, body = db.session, document["body"]
    if session.scalar(select(func.count()).select_from(ShareRelease).where(
            ShareRelease.session == sealing.id, ShareRelease.trustee == ours["i"])):
        return 0
    for item in body["releases"]:
        documents.shaped(item, {"digest": "hex32", "p": "b64", "fault": "text"}, "release.releases")
    if len({item["digest"] for item in body["releases"]}) < len(body["releases"]) or any(len(item["p"]) > 100 for item in body["releases"]):
        raise Refused("seal.document", place="release.releases")
    for item in body["releases"]:
        session.add(ShareRelease(session=sealing.id, digest=item["digest"], trustee=ours["i"], p=item["p"],
                                 fault=item["fault"][:60], at=at))
    session.flush()
    # Shares stay out of the log's text: the entry commits to them, the pack discloses them.
    evidence.record("shares.released", actor=ours["org"], at=at, lot=lot.code, session=sealing.id,
                    trustee=ours["i"], count=len(body["releases"]),
                    commitment=keys.tagged_hash("release", documents.encode(body)).hex())
    archive.file_document(sealing.lot_id, f"10-bids/releases/{sealing.envelope}-{ours['i']}.json",
                          f"密钥份额释放（{ours['org']}）", document, at=at)
    return len(body["releases"])


def releases(sealing: SealingSession) -> dict[str, list[bytes]]:
    """Released shares by bid."""
    result: dict[str, list[bytes]] = {}
    for row in db.session.scalars(select(ShareRelease).where(ShareRelease.session == sealing.id)
                                  .order_by(ShareRelease.trustee)):
        result.setdefault(row.digest, [])
        if row.p:
            result[row.digest].append(documents.binary(row.p, "p"))
    return result


def released_by(sealing: SealingSession) -> list[int]:
    return list(db.session.scalars(select(ShareRelease.trustee).where(ShareRelease.session == sealing.id).distinct()))


# --- what a trustee is given to check -----------------------------------------------------------


def bundle(sealing: SealingSession, seqs: list[int], headers: list[dict[str, Any]], *, seen: int,
           for_holder: bool = True) -> dict[str, Any]:
    """Everything a trustee needs to check an opening by itself; ``seen`` is the size it saw last.

    Others see it as it stood at the window's end: the newest checkpoint and the leaves would let them count
    what comes in elsewhere.
    """
    assert sealing.close_seq is not None and sealing.release_checkpoint is not None
    assert sealing.window_seq is not None and sealing.close_checkpoint is not None
    # A session belongs to the log that it names: where that went on under another name since, the witnessed close is
    # the last of it that is certain, and the window ends by the clock alone.
    is_present = evidence.size() // SPAN == sealing.opened_seq // SPAN
    checkpoint = _frozen(sealing.close_checkpoint) if not is_present else _to_show(sealing.release_checkpoint) if for_holder \
        else _frozen(sealing.release_checkpoint)
    since = sealing.opened_seq
    opened, close, *entries = proven(
        [sealing.opened_seq, sealing.close_seq, *_entries_of(sealing, "session.amended"), *seqs], checkpoint)
    window = proven([sealing.window_seq], checkpoint)[0] if is_present else None
    moved, events = entries[:len(sealing.amendments)], entries[len(sealing.amendments):]
    begins = checkpoint.size - evidence.place(checkpoint.size)
    return {
        "session": sealing.document,
        "amendments": [item | {"entry": entry} for item, entry in zip(sealing.amendments, moved, strict=True)],
        "opened": opened, "close": close, "window": window, "events": events, "headers": headers,
        "checkpoint": checkpoint.note + checkpoint.cosignatures,
        "peaks": [b64encode(item).decode() for item in evidence.peaks_at(since)],
        "leaves": b64encode(evidence.leaves(since, checkpoint.size)).decode() if for_holder else "",
        "consistency": [b64encode(item).decode() for item in evidence.prove_consistency(begins + seen, checkpoint.size)]
        if 0 < seen <= evidence.place(checkpoint.size) else []}


def _to_show(size: int) -> Checkpoint:
    """The newest checkpoint that enough witnesses signed and that covers ``size`` leaves; else that of the size.

    The newest, because a holder that has seen a later one of another opening takes no step back.
    """
    found = db.session.scalars(select(Checkpoint).where(
        Checkpoint.size >= size, Checkpoint.cosigners >= installation.settings().witness_quorum)
        .order_by(Checkpoint.size.desc()).limit(1).execution_options(populate_existing=True)).first()
    return found or _frozen(size)


def _frozen(size: int) -> Checkpoint:
    found = db.session.get(Checkpoint, size, populate_existing=True)
    assert found is not None
    return found


def entry_numbers(sealing: SealingSession) -> list[int]:
    """Log entries that made the set: every commit and withdrawal of the session."""
    return _entries_of(sealing, "bid.commit", "bid.withdraw", "draw.commit")


def _entries_of(sealing: SealingSession, *kinds: str) -> list[int]:
    lot = db.session.get(Lot, sealing.lot_id)
    assert lot is not None
    found = db.session.scalars(select(Entry).where(Entry.lot == lot.code, Entry.kind.in_(kinds)).order_by(Entry.seq))
    return [entry.seq for entry in found if entry.event and entry.event["session"] == sealing.id]


def close_session(sealing: SealingSession, live: list[str], *, at: datetime) -> None:
    """Log the set of sealed values that counts and sign the log as it stands."""
    lot = db.session.get(Lot, sealing.lot_id)
    assert lot is not None
    evidence.mark_close(sealing.id, at=at, lot=lot.code)
    written = evidence.record("session.close", actor="timetable", at=at, lot=lot.code, session=sealing.id,
                              count=len(live), root=documents.live_root(live), in_force=in_force(sealing))
    sealing.close_seq, sealing.close_checkpoint = written.seq, evidence.checkpoint(at, stamp=True).size


def close_window(sealing: SealingSession, given: int, needed: int, *, at: datetime, **facts: Any) -> None:
    """Log the end of the bidders' window; trustees may release from here on. ``facts`` are for prices in an envelope of their own."""
    lot = db.session.get(Lot, sealing.lot_id)
    assert lot is not None
    written = evidence.record("window.closed", actor="timetable", at=at, lot=lot.code, session=sealing.id,
                              all=given >= needed, given=given, **facts)
    sealing.window_seq, sealing.release_checkpoint = written.seq, evidence.checkpoint(at).size


def proven(seqs: list[int], checkpoint: Checkpoint) -> list[dict[str, Any]]:
    """Entries with their nonces and their paths to a checkpoint, in the order asked for."""
    rows = {entry.seq: entry for entry in db.session.scalars(
        select(Entry).where(Entry.seq.in_(seqs)).execution_options(populate_existing=True))}
    return [{"event": rows[seq].event, "nonce": (rows[seq].nonce or b"").hex(), "index": proof.index,
             "path": [b64encode(item).decode() for item in proof.path]}
            for seq, proof in zip(seqs, evidence.prove_all(seqs, checkpoint), strict=True)]
