"""The supervisor's pages: cases, a case's timeline with evidence, its pieces, the verification run again."""

from __future__ import annotations

from flask import Blueprint, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from trading.accounts.permissions import Permission, allow
from trading.archive import loans
from trading.archive import service as archive
from trading.base import forms, installation
from trading.base.clock import BEIJING, now
from trading.base.database import db
from trading.base.errors import NotFound
from trading.evidence import service as evidence
from trading.evidence import stamping
from trading.evidence.verify import Pack, Verifier
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage
from trading.supervision import clocks, timeline, words

bp = Blueprint("supervision", __name__)


@bp.get("/supervise")
@allow(Permission.SUPERVISE)
def board() -> ResponseReturnValue:
    lots = db.session.scalars(select(Lot).where(Lot.code.is_not(None)).order_by(Lot.stage_at.desc()).limit(200))
    shown, at = list(lots), now()
    found = clocks.of_lots(shown, at=at)
    return render_template("supervision/board.html", lots=shown, may_change_law=current_user.may(Permission.LAW_WRITE),
                           lights={lot_id: clocks.lights(of, at) for lot_id, of in found.items()})


@bp.get("/supervise/<code>")
@allow(Permission.SUPERVISE)
def case(code: str) -> ResponseReturnValue:
    lot, at = projects.lot_by_code(code), now()
    found = timeline.entries(lot)
    wanted, light = request.args.get("kind", ""), request.args.get("light", "")
    chosen = forms.number(request.args["entry"]) if request.args.get("entry") else (found[-1].seq if found else None)
    entry = next((item for item in found if item.seq == chosen), None)
    if request.args.get("entry") and entry is None:
        raise NotFound
    shown = [item for item in found if (not wanted or item.kind == wanted) and (not light or timeline.light(item) == light)]
    base = f"/supervise/{lot.code}"
    counts = {key: sum(timeline.light(item) == key for item in found) for key in ("ok", "warn", "alarm")}
    counts["ok"] += sum(timeline.light(item) == "system" for item in found)
    kinds, dense = sorted({item.kind for item in found}), request.args.get("dense") == "1"
    return render_template(
        "supervision/timeline.html", crumbs=[{"text": _("监督"), "href": "/supervise"}, {"text": lot.code}],
        project={"code": lot.code, "title": lot.label}, chain={"ok": True, "text": _("证据链至 #%(n)s", n=f"{evidence.size():,}")},
        lights=[{"kind": kind, "text": text, "count": counts[kind], "href": f"{base}?light={kind}", "current": light == kind}
                for kind, text in (("ok", _("正常")), ("warn", _("黄灯")), ("alarm", _("红灯")))],
        filters={"action": base, "chips": [{"text": timeline.title(wanted), "remove_href": base}] if wanted else [], "clear_href": base,
                 "fields": [{"name": "kind", "label": _("类型"), "type": "select", "value": wanted, "options": [
                     {"value": "", "text": _("全部类型")}, *({"value": kind, "text": timeline.title(kind)} for kind in kinds)]}]},
        items=timeline.items(lot, shown, chosen), dense=dense, dense_href=base if dense else f"{base}?dense=1", earlier_href=None, all_href=base,
        entry=timeline.evidence_card(entry, found) if entry else None, pieces=archive.pieces(lot.id) if _is_open(lot) else [],
        lot=lot, pack=archive.pack_of(lot.id), acts=None,
        clocks=[words.clock(clock, at.astimezone(BEIJING).date()) for clock in clocks.of_lots([lot], at=at).get(lot.id, [])],
        may_pause=current_user.may(Permission.PAUSE))


def _is_open(lot: Lot) -> bool:
    # A paused lot is as secret as where it was paused.
    stage = lot.paused_from if lot.stage == Stage.PAUSED else lot.stage
    return stage not in (Stage.REGISTERED, Stage.ANNOUNCED, Stage.BIDDING, Stage.CLOSED)


@bp.post("/supervise/<code>/pieces/<number:piece_id>")
@allow(Permission.SUPERVISE)
def piece(code: str, piece_id: int) -> ResponseReturnValue:
    """Hand out one piece; that it was taken is on record, hence no mere link fetches it."""
    lot = projects.lot_by_code(code)
    if not _is_open(lot):
        raise NotFound
    found = loans.take_by_office(lot.id, piece_id, actor=current_user.actor, at=now())
    return send_file(installation.files().path(found.stored), as_attachment=True, mimetype="application/octet-stream", download_name=found.name)


@bp.get("/supervise/<code>/verify")
@allow(Permission.SUPERVISE)
def verify(code: str) -> ResponseReturnValue:
    """Run the offline verifier over the sealed pack, here and now."""
    lot = projects.lot_by_code(code)
    pack = archive.pack_of(lot.id)
    if pack is None:
        raise NotFound
    loans.copy_of(lot, None)  # says so where the case was disposed of
    witnesses = [key for key in installation.settings().witness_keys.split(",") if key]
    report = Verifier(Pack(installation.files().path(pack.stored)), f"{evidence.log_verifier_key()},{evidence.log_verifier_key_pq()}", witnesses,
                      installation.settings().witness_quorum if witnesses else 1, tsa_roots=stamping.roots()).run()
    return render_template("supervision/verification.html", lot=lot, pack=pack, report=report,
                           crumbs=[{"text": _("监督"), "href": "/supervise"}, {"text": lot.code, "href": f"/supervise/{lot.code}"}, {"text": _("核验")}])
