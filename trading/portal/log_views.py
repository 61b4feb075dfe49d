"""The evidence log for outsiders: a page about it, its newest checkpoint, its tiles.

It is given up to the moment at which the oldest session that still takes bids or offers was opened:
whoever watched it grow beyond that could count them before the deadline.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from bidding.trustees import fingerprints
from bidding.trustees import service as trustees
from bidding.trustees.models import SealingSession
from trading.accounts.permissions import public
from trading.base import addresses, installation
from trading.base.clock import BEIJING
from trading.base.database import db
from trading.base.errors import NotFound, Said
from trading.base.language import language
from trading.evidence import alarms, service, stamping, tile_names, tiles, verify
from trading.evidence.models import Checkpoint, LogAlarm
from trading.portal import trust
from trading.projects.models import Lot
from trading.projects.rules import Stage
from trading.supervision import audits, continuing

bp = Blueprint("log", __name__)
bp.record(addresses.register)

#: A full tile never changes.
FOREVER = "public, max-age=31536000, immutable"


def readable() -> int:
    """How many leaves may be read now."""
    first = db.session.scalar(select(func.min(SealingSession.opened_seq)).join(Lot, Lot.id == SealingSession.lot_id).where(
        SealingSession.close_seq.is_(None), SealingSession.envelope.not_like("draw%"), Lot.stage.in_(TAKES_BIDS)))
    return service.size() if first is None else first


#: Stages in which an open session takes bids, or the offers of a later round.
TAKES_BIDS = (Stage.BIDDING, Stage.PAUSED, Stage.OPENED, Stage.CONTRACTED)


@bp.get("/log")
@public
def page() -> ResponseReturnValue:
    settings = installation.settings()
    witnesses = [key for key in settings.witness_keys.split(",") if key]
    return render_template("portal/log.html", origin=service.origin(), log_key=service.log_verifier_key(), witnesses=witnesses,
                           quorum=settings.witness_quorum, rows=_rows(tiles.recent(readable()), witnesses, settings.witness_quorum),
                           log_key_pq=service.log_verifier_key_pq(), changes=_changes(), authorities=stamping.names(), holders=_holders(), alarms=[_alarm(item) for item in alarms.recent()], crumbs=[
                               {"text": _("首页"), "href": "/"}, {"text": _("存证日志")}])


def _rows(found: Sequence[Checkpoint], witnesses: list[str], quorum: int) -> list[dict[str, Any]]:
    """Newest first; one that no witness signed is held by a later one that they did."""
    rows, is_held = [], False
    for item in found:
        row = _row(item, witnesses)
        is_held |= len(row["witnesses"]) >= max(1, quorum)
        rows.append(row | {"is_held": is_held})
    return rows


def _row(item: Checkpoint, witnesses: list[str]) -> dict[str, Any]:
    _origin, _size, root = verify.parse_checkpoint(verify.split_note(item.note)[0])
    seen = sorted(name.rpartition("/")[2] for name in verify.witnessed(item.note + item.cosignatures, witnesses))
    return {"size": service.place(item.size), "root": root.hex(), "at": item.at.astimezone(BEIJING), "witnesses": seen}


def _changes() -> list[dict[str, Any]]:
    """How often the log had to go on under another name, newest first: why, by whom, and how much was lost."""
    return [{"origin": found.event["origin"], "at": entry.at.astimezone(BEIJING) if entry.at else None, "reason": found.event["reason"],
             "asked": found.event["asked_by"], "approved": found.event["actor"], "lost": found.lost, "kept": found.event["kept"],
             "seen": max(size for size, _root in found.seen), "before": found.number - 1} for _made, found, entry in reversed(continuing.continued())]


def _holders() -> list[dict[str, str]]:
    """The key holders and the centre with the eight words of their keys, to be compared with a notice."""
    keys = [(record.organisation, record.public) for record in trustees.active()]
    return [{"name": name, "words": fingerprints.words(bytes.fromhex(public))} for name, public in [(_("交易中心（签署会话）"), trustees.centre_key()), *keys]]


def _alarm(item: LogAlarm) -> dict[str, Any]:
    texts = {alarms.FORKED: _("见证方拒绝签署：日志与它见过的不一致"), alarms.RESTORED: _("见证方见过更长的日志：可能恢复了旧的备份"),
             alarms.CLOCK: _("平台时钟与见证方的时钟不一致"), audits.CHANGED: _("数据库与封签不符：有人绕过平台改动了数据")}
    return {"text": texts[item.kind], "place": item.place, "stops": item.stops, "raised_at": item.raised_at.astimezone(BEIJING),
            "ended_at": item.ended_at.astimezone(BEIJING) if item.ended_at else None}


@bp.get("/trust")
@public
def trust_table() -> ResponseReturnValue:
    """What each part of the platform could betray, and the test that shows it."""
    def say(words: Said) -> str:
        return words.en if language() == "en" else words.zh

    parts = [{"name": say(part.name), "reveals": say(part.reveals), "changes": say(part.changes), "stops": say(part.stops), "tests": part.tests}
             for part in trust.PARTS]
    return render_template("portal/trust.html", parts=parts, crumbs=[
        {"text": _("首页"), "href": "/"}, {"text": _("存证日志"), "href": "/log"}, {"text": _("信任对照表")}])


@bp.get("/log/checkpoint")
@public
def checkpoint() -> ResponseReturnValue:
    """The newest checkpoint with the witnesses' lines (c2sp.org/tlog-checkpoint)."""
    found = tiles.newest(readable())
    answer = Response(found.note + found.cosignatures, mimetype="text/plain")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@bp.get("/log/<number:number>/checkpoint")
@public
def former_checkpoint(number: int) -> ResponseReturnValue:
    """The last checkpoint under one of the log's names: 0 is the first, 1 the one after a continuation."""
    found = tiles.newest(_until(number))
    return Response(found.note + found.cosignatures, mimetype="text/plain")


@bp.get("/log/tile/<number:level>/<path:place>")
@bp.get("/log/<number:number>/tile/<number:level>/<path:place>")
@public
def tile(level: int, place: str, number: int | None = None) -> ResponseReturnValue:
    index, width = tile_names.number(place)
    return _tile(tiles.hashes(level, index, width, _until(number)), width)


@bp.get("/log/tile/entries/<path:place>")
@bp.get("/log/<number:number>/tile/entries/<path:place>")
@public
def entries(place: str, number: int | None = None) -> ResponseReturnValue:
    index, width = tile_names.number(place)
    return _tile(tiles.entries(index, width, _until(number)), width)


def _until(number: int | None) -> int:
    """Up to which entry the log may be read, under one of its names. Raises NotFound where it had no such name."""
    most = readable()
    if number is None:
        return most
    if number > most // verify.SPAN:
        raise NotFound
    return min(most, (number + 1) * verify.SPAN - 1)


def _tile(data: bytes, width: int) -> Response:
    answer = Response(data, mimetype="application/octet-stream")
    answer.headers["Cache-Control"] = FOREVER if width == tile_names.WIDTH else "public, max-age=60"
    return answer
