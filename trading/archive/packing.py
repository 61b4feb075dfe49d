"""Seal a case into a pack that anyone can check offline: BagIt (RFC 8493) with proofs.

Everything comes from the pieces filed during the case and from evidence; the pack's own
hash goes into the log when it is made.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import bagit
import structlog
from cryptography.hazmat.primitives import serialization
from sqlalchemy import or_, select

from trading.archive import overrides, rules, service
from trading.archive.models import Pack
from trading.archive.verifier import PAGE, html_verifier
from trading.base import installation
from trading.base.clock import BEIJING
from trading.base.database import db, transaction
from trading.base.errors import Refused
from trading.evidence import service as evidence
from trading.evidence import stamping, verify, witnessing
from trading.evidence.models import Checkpoint, Entry, Stamp
from trading.law.periods import add_months
from trading.law.procedures import UNJUDGED, procedure
from trading.law.rules import find as find_rule
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage, Step

log = structlog.get_logger()

#: A zip entry's time: packs of the same content are the same bytes.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def entries_of(lot: Lot) -> list[Entry]:
    """All acts of a case that may be known, in the order of the log."""
    return list(db.session.scalars(select(Entry).where(or_(
        Entry.lot == lot.code, (Entry.project == lot.project.code) & Entry.lot.is_(None)),
        Entry.event.is_not(None)).order_by(Entry.seq)))


def file_registration(lot: Lot, *, at: datetime) -> None:
    """File what came with the registration, and the contract, into the case."""
    project = lot.project
    service.file_document(lot.id, "05-registration/registration.json", "进场登记", {
        "project": project.code, "name": project.name, "procedure": project.procedure, "category": project.category,
        "region": project.region, "funding": project.funding, "approval": project.approval,
        "estimate_fen": project.estimate_fen, "tenderer": project.tenderer.code, "lot": lot.code,
        "lot_name": lot.name, "lot_estimate_fen": lot.estimate_fen, "ceiling_fen": lot.ceiling_fen or 0, "method": lot.method}, at=at)
    for item in project.files:
        service.file_stored(lot.id, f"05-registration/{item.id:06d}-{item.kind}", item.name, item.stored, item.bytes,
                            item.sha256, at=at)
    contract = projects.contract_of(lot.id)
    if contract:
        service.file_document(lot.id, "40-award/contract.json", "合同备案", {
            "number": contract.number, "price_fen": contract.price_fen, "signed_on": contract.signed_on.isoformat()}, at=at)


def review(lot: Lot) -> list[rules.Place]:
    """Gaps of a case against its catalogue."""
    kinds = [entry.kind for entry in entries_of(lot)]
    return rules.gaps([piece.path for piece in service.pieces(lot.id)], rules.reached(kinds),
                      with_committee=lot.method.get("kind") not in UNJUDGED, way=rules.LIVE if lot.method.get("kind") == "live" else rules.SEALED,
                      with_winner=procedure(lot.project.procedure).has_winner)


def seal(lot_id: int, *, actor: str, at: datetime) -> Pack:
    """Seal a finished case into its pack. Raises Refused ``archive.gaps`` with all of them."""
    found = service.pack_of(lot_id)
    if found:
        return found
    lot = projects.get_lot(lot_id)
    done = Stage(procedure(lot.project.procedure).stages[-2])
    if lot.stage not in (done, Stage.FAILED, Stage.TERMINATED, Stage.RESTARTED):
        raise Refused("archive.case_not_finished", stage=lot.stage)
    with transaction():
        lot = projects.locked_lot(lot_id)
        file_registration(lot, at=at)
        if missing := review(lot):
            raise Refused("archive.gaps", gaps=[place.title for place in missing])
        if rules.is_running([entry.event for entry in entries_of(lot) if entry.event], at.astimezone(BEIJING).date().isoformat()):
            raise Refused("archive.framework_runs")
        _require_stamps(lot)
        # The catalogue goes into the log before the pack is made: whoever changes a piece later, and
        # signs what it likes anew, cannot change what the witnesses have seen.
        pieces = sorted([piece.path, piece.sha256] for piece in service.pieces(lot_id))
        evidence.record("archive.catalogued", actor=actor, at=at, lot=lot.code, project=lot.project.code, pieces=len(pieces),
                        root=verify.tagged("catalogue", verify.canonical(pieces)).hex())
        checkpoint = evidence.checkpoint(at, stamp=True)
    with installation.workplace() as folder:
        bag = Path(folder) / "bag"
        tag_manifest = _write_bag(bag, lot, checkpoint)
        path = Path(folder) / "pack.zip"
        _zip(bag, path)
        with path.open("rb") as source:
            stored, size, digest = installation.files().put(iter(lambda: source.read(1 << 20), b""))
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        if found := service.pack_of(lot_id):
            installation.files().discard(stored)
            return found
        made = Pack(lot_id=lot_id, stored=stored, bytes=size, sha256=digest, sealed_at=at,
                    checkpoint_size=checkpoint.size, keep_until=_keep_until(lot, at))
        session.add(made)
        session.flush()
        projects.advance(lot, Step.ARCHIVE, actor=actor, at=at, tagmanifest=tag_manifest, pack_sha256=digest)
        return made


def _keep_until(lot: Lot, at: datetime) -> datetime:
    day = at.astimezone(BEIJING).date()
    rule = find_rule("ar.retention", on=day, region=lot.project.region, procedure=lot.project.procedure)
    end = add_months(day, int(rule.value))
    return datetime(end.year, end.month, end.day, tzinfo=BEIJING).astimezone(UTC)


def _write_bag(bag: Path, lot: Lot, checkpoint: Checkpoint) -> str:
    store = installation.files()
    for piece in service.pieces(lot.id):
        target = bag / piece.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(store.path(piece.stored), target)
    _write(bag / "catalogue.json", {
        "lot": lot.code, "project": lot.project.code, "stage": lot.stage, "pieces": [
            {"path": piece.path, "title": piece.title, "bytes": piece.bytes, "sha256": piece.sha256}
            for piece in service.pieces(lot.id)]})
    _write_log(bag / "90-log", lot, checkpoint)
    _write_stamps(bag / "95-evidence", lot)
    _write_verifiers(bag / "verify")
    bagit.make_bag(str(bag), {"External-Identifier": lot.code, "Source-Organization": installation.settings().site_name},
                   checksums=["sha256", "sha512"])
    # The library still writes version 0.97; ours is RFC 8493, and the tag manifests must cover that.
    (bag / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "utf-8")
    bagit.Bag(str(bag)).save()
    return sha256((bag / "tagmanifest-sha256.txt").read_bytes()).hexdigest()


def _write_verifiers(folder: Path) -> None:
    """Both verifiers of the day: who has neither Python nor a network in thirty years still has a browser."""
    programs = {"verify.py": Path(verify.__file__).read_bytes()}
    page = html_verifier()
    if page is None:
        log.warning("the pack is sealed without its HTML verifier: run mingtang assets install")
    else:
        programs[PAGE] = page
    folder.mkdir()
    for name, data in programs.items():
        (folder / name).write_bytes(data)
    sums = "".join(f"{sha256(data).hexdigest()}  {name}\n" for name, data in sorted(programs.items()))
    (folder / "SHA256SUMS").write_text(sums, "utf-8")


def _write_log(folder: Path, lot: Lot, final: Checkpoint) -> None:
    entries = [entry for entry in entries_of(lot) if entry.seq < final.size]
    # Of a log that was continued, the entries that join its names, and how each name that the case knew ended.
    numbers = range(min([entry.seq // verify.SPAN for entry in entries], default=0), final.size // verify.SPAN + 1)
    joints = db.session.scalars(select(Entry).where(Entry.seq.in_([number * verify.SPAN for number in numbers if number])))
    entries = sorted([*entries, *joints], key=lambda entry: entry.seq)
    heads = [_head(number) for number in numbers[:-1]] + [final]
    # A close and a window's end are each followed by a checkpoint: the first that covers the entry.
    sizes = {head.size for head in heads}
    for entry in entries:
        if entry.kind in ("session.close", "window.closed"):
            sizes.add(evidence.first_checkpoint_after(entry.seq).size)
    wanted = select(Checkpoint).where(Checkpoint.size.in_(sizes)).order_by(Checkpoint.size)
    for item in db.session.scalars(wanted).all():
        witnessing.sign_by_log(item)
    checkpoints = list(db.session.scalars(wanted.execution_options(populate_existing=True)))
    _write(folder / "checkpoints.json", [
        {"size": item.size, "note": item.note + item.cosignatures,
         "consistency": [b64encode(h).decode() for h in evidence.prove_consistency(before.size, item.size)]
         if before and before.size // verify.SPAN == item.size // verify.SPAN else []}
        for before, item in zip([None, *checkpoints[:-1]], checkpoints, strict=True)])
    proofs = [proof for head in heads for proof in evidence.prove_all(
        [entry.seq for entry in entries if entry.seq // verify.SPAN == head.size // verify.SPAN], head)]
    _write(folder / "entries.json", [
        {"index": entry.seq, "nonce": entry.nonce.hex() if entry.nonce else "", "event": entry.event,
         "path": [b64encode(h).decode() for h in proof.path]} for entry, proof in zip(entries, proofs, strict=True)])
    _write(folder / "keys.json", {"log": evidence.log_verifier_key(), "log_pq": evidence.log_verifier_key_pq(),
                                  "witnesses": [k for k in installation.settings().witness_keys.split(",") if k]})


def _head(number: int) -> Checkpoint:
    """The last checkpoint of one of the log's names."""
    found = db.session.scalars(select(Checkpoint).where(Checkpoint.size < (number + 1) * verify.SPAN).order_by(Checkpoint.size.desc()).limit(1)).one()
    assert found.size // verify.SPAN == number
    return found


def _closes(lot: Lot) -> list[tuple[Checkpoint, list[Stamp]]]:
    """The checkpoints of the case's closes with the time stamps that came for them."""
    found = [evidence.first_checkpoint_after(entry.seq) for entry in entries_of(lot) if entry.kind == "session.close"]
    return [(checkpoint, stamping.stamps_of(checkpoint.size)) for checkpoint in found]


def _require_stamps(lot: Lot) -> None:
    """Every authority that the case's sessions name, and that two persons did not waive, has stamped its closes.

    Raises Refused ``archive.stamps_missing``.
    """
    sessions = [entry.event for entry in entries_of(lot) if entry.kind == "session.opened" and entry.event]
    named = {name for event in sessions for name in event.get("tsa", [])} - overrides.excused(lot.id)
    for checkpoint, stamps in _closes(lot):
        missing = {name for name in named if name.rpartition("+")[2] not in {stamp.authority for stamp in stamps}}
        if missing:
            raise Refused("archive.stamps_missing", authorities=sorted(name.rpartition("+")[0] for name in missing),
                          checkpoint=checkpoint.size)


def _write_stamps(folder: Path, lot: Lot) -> None:
    closes = [(checkpoint, stamps) for checkpoint, stamps in _closes(lot) if stamps]
    if not closes:
        return
    folder.mkdir()
    for checkpoint, stamps in closes:
        for stamp in stamps:
            base = folder / f"{checkpoint.size:010d}-{stamp.authority[:16]}"
            base.with_suffix(".tsr").write_bytes(stamp.response)
            _write(base.with_suffix(".json"), {"size": checkpoint.size, "authority": stamp.authority,
                                               "stated_at": stamp.stated_at.isoformat()})
    (folder / "roots.pem").write_bytes(b"".join(
        root.public_bytes(serialization.Encoding.PEM) for root in stamping.roots()))


def _write(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(verify.canonical(json.loads(json.dumps(document))))


def _zip(bag: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for item in sorted(bag.rglob("*")):
            if item.is_file():
                info = zipfile.ZipInfo(str(item.relative_to(bag)), _ZIP_TIME)
                info.external_attr = 0o644 << 16
                with item.open("rb") as source, archive.open(info, "w", force_zip64=item.stat().st_size > 2**31) as out:
                    shutil.copyfileobj(source, out, 1 << 20)
