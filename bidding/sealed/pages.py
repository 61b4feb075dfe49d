"""Values of the bidder's pages: open lots, one lot's task list, the sealing wizard."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import select

from bidding.envelope.documents import AT_DEADLINE, PART_BYTES, RESERVE, offer_shape
from bidding.sealed import boxes, guests
from bidding.trustees import countersigning, fingerprints
from bidding.trustees import service as trustees
from bidding.trustees.models import SealingSession
from trading.base import installation
from trading.base.database import db
from trading.base.errors import NotFound
from trading.base.money import yuan
from trading.deposits import service as deposits
from trading.parties.models import Organisation
from trading.projects import invitations
from trading.projects.models import Lot
from trading.projects.rules import Stage, procedure


def open_lots(bidder: Organisation, at: datetime) -> list[dict[str, Any]]:
    """Lots that take bids now or that this bidder filed for, nearest deadline first."""
    rows = []
    for lot in db.session.scalars(select(Lot).where(Lot.deadline.is_not(None)).order_by(Lot.deadline.desc()).limit(200)):
        if lot.method.get("kind") == "live":
            continue  # competed for live: /me/sales
        mine = own_state(lot, bidder)
        if not invitations.is_invited(lot.project, bidder.code):
            continue
        if lot.stage in (Stage.ANNOUNCED, Stage.BIDDING) or mine:
            rows.append({"lot": lot, "href": f"/me/lots/{lot.code}", "mine": mine, "open": lot.stage == Stage.BIDDING})
    rows.sort(key=lambda row: (not row["open"], row["lot"].deadline))
    return rows


def rounds_for(lot: Lot, bidder: Organisation) -> bool:
    """Whether this bidder was asked for an offer in a later round of this lot."""
    return bool(guests.sessions_of(lot.id, bidder.id))


def own_state(lot: Lot, bidder: Organisation) -> str:
    """'' before filing, else the state of the bidder's newest submission; of two envelopes the less far one's."""
    found = [boxes.versions(sealing.id, bidder.code) for sealing in trustees.sessions_of_bids(lot.id)]
    states = [str(versions[-1][1]["state"]) if versions else "" for versions in found]
    if any(states) and "" in states:
        return "half"
    return next((state for state in states if state != "live"), states[0]) if states else ""


def history(bidder: Organisation, sealing: SealingSession, place: str) -> list[dict[str, Any]]:
    """All own submissions in a session, newest first; receipts are fetched below ``place``."""
    kinds = {"live": ("ok", _("有效")), "superseded": ("todo", _("已被替换")), "withdrawn": ("todo", _("已撤回"))}
    rows = []
    for _row, content in reversed(boxes.versions(sealing.id, bidder.code)):
        kind, text = kinds[content["state"]]
        rows.append({"at": datetime.fromisoformat(content["at"]), "number": content["digest"], "version": content["version"],
                     "state": {"kind": kind, "text": text}, "live": content["state"] == "live",
                     "href": f"{place}/receipts/{content['version']}.json"})
    return rows


def lot_page(lot: Lot, bidder: Organisation, at: datetime) -> dict[str, Any]:
    """One lot as its bidder works on it: a task list from documents to result."""
    if lot.deadline is None or lot.method.get("kind") == "live" or not invitations.is_invited(lot.project, bidder.code):
        raise NotFound
    envelopes = [_envelope(lot, bidder, sealing) for sealing in trustees.sessions_of_bids(lot.id)]
    rows = [row for envelope in envelopes for row in envelope["history"]]
    is_open = lot.stage == Stage.BIDDING and at < lot.deadline
    account, paid = None, 0
    if lot.deposit_fen and (lot.stage in (Stage.ANNOUNCED, Stage.BIDDING) or rows):
        account = deposits.known_sub_account(lot.id, bidder.id)
        paid = deposits.paid_fen(lot.id, bidder.id)
    return {
        "lot": lot, "envelopes": envelopes or [_no_envelope(lot)], "is_open": is_open,
        "has_live": bool(envelopes) and all(envelope["live_digest"] for envelope in envelopes),
        "is_half": len({bool(envelope["live_digest"]) for envelope in envelopes}) == 2,
        "has_rounds": rounds_for(lot, bidder), "sub_account": account, "paid_fen": paid, "deposit_done": paid >= lot.deposit_fen,
        "crumbs": [{"text": _("我的标段"), "href": "/me/lots"}, {"text": lot.code}]}


#: What each envelope is called where a lot's bid is filed, and where its page is.
ENVELOPES = {
    "bid": ("", lazy_gettext("递交记录"), lazy_gettext("封存并递交投标文件"), lazy_gettext("替换投标文件"), lazy_gettext("撤回投标")),
    "technical": ("", lazy_gettext("技术标信封"), lazy_gettext("封存并递交技术标信封"), lazy_gettext("替换技术标信封"), lazy_gettext("撤回技术标信封")),
    "price": ("/price", lazy_gettext("报价信封"), lazy_gettext("封存并递交报价信封"), lazy_gettext("替换报价信封"), lazy_gettext("撤回报价信封"))}


def _no_envelope(lot: Lot) -> dict[str, Any]:
    _place, title, seal, replace, withdraw = ENVELOPES["bid"]
    return {"title": title, "seal": seal, "replace": replace, "withdraw": withdraw, "href": f"/me/lots/{lot.code}/seal", "session_href": "",
            "history": [], "live_digest": ""}


def _envelope(lot: Lot, bidder: Organisation, sealing: SealingSession) -> dict[str, Any]:
    """One envelope of a lot as its bidder sees it: where to seal it, and what was filed so far."""
    place, title, seal, replace, withdraw = ENVELOPES[sealing.envelope]
    rows = history(bidder, sealing, f"/me/lots/{lot.code}{place}")
    return {"title": title, "seal": seal, "replace": replace, "withdraw": withdraw, "href": f"/me/lots/{lot.code}{place}/seal", "session_href": f"/api/v1/sessions/{sealing.id}", "history": rows,
            "live_digest": next((row["number"] for row in rows if row["live"]), "")}


def _slots(envelope: str, is_application: bool) -> list[dict[str, Any]]:
    """The files that an envelope asks for."""
    most = installation.settings().max_bid_bytes
    letter = {"id": "letter", "name": _("资格预审申请文件") if is_application else _("投标函及附录"), "required": True, "blind": False,
              "types": ".pdf,.docx,.txt,.zip", "max_text": "200 MB", "max_bytes": min(200 * 2**20, most)}
    technical = {"id": "technical", "name": _("技术标"), "required": envelope == "technical", "blind": False, "types": ".pdf,.zip", "max_text": "2 GB", "max_bytes": most}
    price = {"id": "price", "name": _("已标价工程量清单"), "required": envelope == "price", "blind": False, "types": ".pdf,.xml,.xlsx,.zip",
             "max_text": "500 MB", "max_bytes": min(500 * 2**20, most)}
    return {"technical": [letter | {"name": _("投标函（不写报价）")}, technical], "price": [price], "reserve": [
        letter | {"name": _("底价确定书（集体决策纪要）")}], "nameless": []}.get(envelope, [letter, technical, price])


def wizard_page(lot: Lot, bidder: Organisation, at: datetime, sealing: SealingSession, place: str, *, heading: str = "", least: str = "") -> dict[str, Any]:
    """Everything the wizard shows before its script takes over, for one session; its page is at ``place``.

    ``least`` says what the smallest price is that counts, where there is one.
    """
    if lot.deadline is None:
        raise NotFound
    envelope = sealing.envelope
    is_later = envelope not in AT_DEADLINE
    # An offer in a live sale is a price under a number: a letter would name its bidder, and what else an offer says is the same for all.
    is_single = lot.method.get("kind") == "live" and envelope.startswith("offer-")
    alias = guests.alias(sealing.id, bidder.id)
    base = f"/api/v1/sessions/{sealing.id}"
    names = [_("填写报价") if is_single else _("选择文件"), _("自查"), _("本机加密"), _("上传"), _("签名封存")]
    is_application = procedure(lot.project.procedure).is_prequalification
    paid = deposits.is_confirmed(lot, bidder.id, at=at)
    return {
        "lot": {"code": lot.code, "title": lot.label, "deadline": sealing.deadline if is_later else lot.deadline, "session_href": base,
                "upload_href": f"{base}/uploads", "commit_href": f"{base}/bids", "keys_href": "/api/v1/me/keys",
                "back_href": place.removesuffix("/price"), "is_later": is_later, "is_single": is_single, "fields": ["statement"] if is_application else [
                    {"price_fen": "price"}.get(name, name) for name in offer_shape(envelope) or {}], "heading": heading or _heading(envelope), "how_href": "/help#sealing", "cli_href": "/help#cli", "part_bytes": PART_BYTES},
        "steps": [{"text": name, "state": "current" if number == 0 else "todo", "note": ""} for number, name in enumerate(names)],
        "slots": _slots("nameless" if is_single else envelope, is_application),
        "checks": [
            *([] if is_single else [{"id": "slots", "kind": "todo", "text": _("必交文件齐全"), "note": None},
                                    {"id": "sizes", "kind": "todo", "text": _("文件大小和名称符合要求"), "note": None}]),
            *([] if is_application else [{"id": "price", "kind": "todo", "text": _("工期已填写"), "note": None}] if envelope == "technical" else [
                {"id": "price", "kind": "todo", "text": _("报价已填写"), "note": least or _("最高限价 %(limit)s 元", limit=yuan(lot.ceiling_fen)) if lot.ceiling_fen else None}]),
            *([] if envelope == RESERVE else [{"id": "deposit", "kind": "ok" if paid else "warn", "note": None,
                                               "text": _("保证金已到账") if paid else _("保证金尚未到账，请在截止前缴纳")}])],
        "receipt_rows": [{"key": _("标段"), "value": lot.code, "id": "receipt-lot"}, {"key": _("时间"), "value": "—", "id": "receipt-time"},
                         {"key": _("指纹"), "value": "—", "id": "receipt-digest"}, {"key": _("证据号"), "value": "—", "id": "receipt-index"}],
        "bidder": alias.name if alias else bidder.name, "limit_note": None, "ceiling_fen": 0 if is_single else lot.ceiling_fen or 0,
        "custody_text": _("本轮报价只封给密钥持有人，没有投标人份额，无须保存恢复文件。") if is_later else _("解密份额保存在本机浏览器和您下载的恢复文件中；平台没有它，无法替您解密。"),
        "key_words": fingerprints.of_session(sealing.document, trustees.centre_key()), "purchaser_signed": sealing.id not in countersigning.unsigned(sealing),
        "key": secrets.token_hex(16), "history": history(bidder, sealing, place)}


def _heading(envelope: str) -> str:
    return {"technical": _("封存技术标信封"), "price": _("封存报价信封"), "reserve": _("封存底价")}.get(envelope, _("封存投标文件"))
