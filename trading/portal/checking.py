"""Check a receipt or a fingerprint that somebody brings, without trusting what it says."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from trading.announcements import queries, words
from trading.announcements.models import NoticeVersion
from trading.base.database import db
from trading.evidence import service as evidence
from trading.evidence import verify
from trading.evidence.models import Entry
from trading.projects.models import Project, ProjectFile
from trading.projects.words import PUBLIC_FILES, file_kind

LARGEST = 256 * 1024
_WRONG = (verify.Invalid, KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, OverflowError)


@dataclass
class Report:
    """What was checked, step by step, and what it means."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)
    event: str = ""
    leaf: str = ""

    @property
    def ok(self) -> bool:
        return bool(self.steps) and all(step["ok"] for step in self.steps)

    def add(self, ok: bool, title: str, detail: str = "") -> bool:
        self.steps.append({"ok": ok, "title": title, "detail": detail})
        return ok


def check(text: str) -> Report:
    """Check a receipt, or look up the 64 figures of a fingerprint."""
    plain = text.strip()
    squeezed = "".join(plain.split()).lower()
    if len(squeezed) == 64 and set(squeezed) <= set("0123456789abcdef"):
        return fingerprint(squeezed)
    return receipt(plain)


def fingerprint(digest: str) -> Report:
    """Which published notice or public file has this SHA-256."""
    report = Report()
    for version in db.session.scalars(select(NoticeVersion).where(
            NoticeVersion.sha256 == digest, NoticeVersion.published_at.is_not(None)).limit(10)):
        report.links.append({"text": f"{words.kind(version.notice.kind, version.notice.procedure)} · {version.notice.title}",
                             "href": f"/notices/{version.notice_id}#v{version.number}", "note": version.published_at})
    for item, project in db.session.execute(select(ProjectFile, Project).join(Project, Project.id == ProjectFile.project_id).where(
            ProjectFile.sha256 == digest, ProjectFile.kind.in_(PUBLIC_FILES)).limit(10)).unique():
        if queries.tender_notice(project.id):
            report.links.append({"text": f"{file_kind(item.kind)} · {item.name}", "href": f"/p/{project.code}#notices", "note": item.added_at})
    report.add(bool(report.links), _("平台公布过这个指纹") if report.links else _("平台没有公布过这个指纹"))
    return report


def receipt(text: str) -> Report:
    """The leaf, its place in the tree, the signature of the log, and whether the log knows it."""
    report = Report()
    try:
        document = verify.loose_json(text.encode())
        if not isinstance(document, dict):
            raise TypeError
        head, note, index = _proof(document)
        data = verify.tagged("leaf", bytes.fromhex(document["nonce"]) + verify.canonical(document["event"]))
    except _WRONG:
        report.add(False, _("读取回执"), _("这不是平台回执的格式，请上传下载的原文件。"))
        return report
    report.add(True, _("读取回执"))
    report.leaf = data.hex()
    report.event = json.dumps(document["event"], ensure_ascii=False, indent=2)
    try:
        signed = verify.check_log_note(note, evidence.log_verifier_key())
        origin, size, root = verify.parse_checkpoint(signed)
        report.add(True, _("日志签名"), _("由本平台的日志密钥签发，当时共 %(size)s 条", size=f"{size:,}"))
    except _WRONG:
        report.add(False, _("日志签名"), _("不是本平台的日志密钥签发的，或者签名被改动。"))
        return report
    try:
        path = [verify.unbase64(line) for line in head[2:]]
        included = verify.verify_inclusion(index, size, verify.leaf_hash(data), path, root)
    except _WRONG:
        included = False
    report.add(included, _("记录在签名的日志中"), _("第 %(index)s 号", index=f"{index:,}") if included else _("内容与签名的日志对不上，可能被改动。"))
    # Below the name under which it was given: a log that was restored goes on under another.
    entry = db.session.get(Entry, verify.split_origin(origin)[1] * verify.SPAN + index) if 0 <= index < verify.SPAN else None
    known = entry is not None and entry.data == data
    report.add(known, _("平台日志里有这条记录"), "" if known else _("平台日志的这个位置不是这条记录。请保存回执并报告监督部门。"))
    return report


def _proof(document: dict[str, Any]) -> tuple[list[str], str, int]:
    """Lines of the proof, the signed note, the index. Raises for anything else."""
    head, separator, note = document["proof"].partition("\n\n")
    lines, index = head.split("\n"), document["index"]
    if not separator or type(index) is not int or lines[:2] != ["c2sp.org/tlog-proof@v1", f"index {index}"]:
        raise verify.Invalid("not a proof of this entry")
    return lines, note, index
