"""What stages, procedures, methods, places and regions are called in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

from trading.base.language import language
from trading.law.awards import Loss
from trading.projects.models import Lot, Project
from trading.projects.rules import PROCEDURES, Stage

#: Kinds of file that anybody may download once the notice is published; others stay in the case.
PUBLIC_FILES = ("tender_document", "drawings", "quantities", "other_public")

REGIONS = {
    "CN": ("全国", "China"), "CN-11": ("北京", "Beijing"), "CN-12": ("天津", "Tianjin"), "CN-13": ("河北", "Hebei"),
    "CN-14": ("山西", "Shanxi"), "CN-15": ("内蒙古", "Inner Mongolia"), "CN-21": ("辽宁", "Liaoning"),
    "CN-22": ("吉林", "Jilin"), "CN-23": ("黑龙江", "Heilongjiang"), "CN-31": ("上海", "Shanghai"),
    "CN-32": ("江苏", "Jiangsu"), "CN-33": ("浙江", "Zhejiang"), "CN-34": ("安徽", "Anhui"), "CN-35": ("福建", "Fujian"),
    "CN-36": ("江西", "Jiangxi"), "CN-37": ("山东", "Shandong"), "CN-41": ("河南", "Henan"), "CN-42": ("湖北", "Hubei"),
    "CN-43": ("湖南", "Hunan"), "CN-44": ("广东", "Guangdong"), "CN-45": ("广西", "Guangxi"), "CN-46": ("海南", "Hainan"),
    "CN-50": ("重庆", "Chongqing"), "CN-51": ("四川", "Sichuan"), "CN-52": ("贵州", "Guizhou"), "CN-53": ("云南", "Yunnan"),
    "CN-54": ("西藏", "Tibet"), "CN-61": ("陕西", "Shaanxi"), "CN-62": ("甘肃", "Gansu"), "CN-63": ("青海", "Qinghai"),
    "CN-64": ("宁夏", "Ningxia"), "CN-65": ("新疆", "Xinjiang"),
}


def region(code: str) -> str:
    names = REGIONS.get(code) or REGIONS.get(code[:5])
    if names is None:
        return code
    name = names[language() == "en"]
    return name if code in REGIONS else f"{name} {code[3:]}"


def procedure(procedure_id: str) -> str:
    row = PROCEDURES.get(procedure_id)
    if row is None:
        return procedure_id
    return row.en if language() == "en" else row.zh


def family(procedure_id: str) -> str:
    row = PROCEDURES.get(procedure_id)
    names = {"works": _("工程建设"), "procurement": _("政府采购"), "land": _("土地使用权"), "property": _("国有产权")}
    return names[row.family] if row else procedure_id


def category(name: str) -> str:
    return {"construction": _("施工"), "goods": _("货物"), "design": _("勘察、设计、监理"), "service": _("服务"), "land": _("土地使用权"), "property": _("产权")}.get(name, name)


def method(kind: str) -> str:
    return {"works_lowest": _("经评审的最低投标价法（工程）"), "works_comprehensive": _("综合评估法（工程）"),
            "procurement_lowest": _("最低评标价法（采购）"), "procurement_comprehensive": _("综合评分法（采购）"),
            "land_highest": _("价高者得（土地）"), "property_highest": _("价高者得（产权）"), "lottery": _("固定价、合格单位随机抽取"),
            "negotiated": _("与唯一供应商协商"), "qualified": _("合格制资格预审"),
            "live": _("竞价（价高者得）")}.get(kind, kind)


def stage(name: str) -> str:
    return {
        Stage.REGISTERED: _("已登记"), Stage.ANNOUNCED: _("已公告"), Stage.BIDDING: _("投标中"), Stage.CLOSED: _("已截标"),
        Stage.OPENED: _("已开标"), Stage.EVALUATED: _("评标完成"), Stage.PUBLICISED: _("候选人公示"), Stage.AWARDED: _("已定标"),
        Stage.CONTRACTED: _("已签合同"), Stage.ARCHIVED: _("已归档"), Stage.PAUSED: _("暂停"), Stage.FAILED: _("流标"),
        Stage.TERMINATED: _("终止"), Stage.RESTARTED: _("已重新招标")}[Stage(name)]


def stage_state(name: str) -> dict[str, str]:
    """A stage as status() takes it: shape and word."""
    kinds = {Stage.REGISTERED: "todo", Stage.CLOSED: "live", Stage.PAUSED: "warn", Stage.FAILED: "failed",
             Stage.TERMINATED: "failed", Stage.CONTRACTED: "done", Stage.ARCHIVED: "done", Stage.RESTARTED: "retry",
             Stage.PUBLICISED: "ok", Stage.AWARDED: "ok"}
    return {"kind": kinds.get(Stage(name), "doing"), "text": stage(name)}


def file_kind(kind: str) -> str:
    return {"approval": _("项目批准或核准文件"), "tender_document": _("招标（采购）文件"), "drawings": _("图纸"),
            "quantities": _("工程量清单"), "other_public": _("其他公开文件"), "other": _("其他内部文件")}.get(kind, kind)


#: Tables that a lot's page shows besides; put here by app.py for the folders that come after this one.
PARTS: list[Callable[[Lot], list[dict[str, Any]]]] = []


def parts(lot: Lot) -> list[dict[str, Any]]:
    """Further tables of a lot: {title, rows: [{key, value}]}, and perhaps the way to a page: href, text."""
    return [part for more in PARTS for part in more(lot)]


def place(dotted: str) -> str:
    """A place of a registration, such as ``lots.2.qualifications``, in words."""
    parts = dotted.split(".")
    fields = {"name": _("名称"), "category": _("类别"), "procedure": _("交易方式"), "funding": _("资金来源"), "region": _("行政区域"),
              "estimate_fen": _("估算金额"), "approval": _("批准文号"), "summary": _("项目概况"), "ceiling_fen": _("最高限价"),
              "deposit_fen": _("投标保证金"), "qualifications": _("资格要求"), "method": _("评标办法"), "sale": _("竞价条件"), "parcel": _("宗地"), "drawings": _("宗地附图（须先上传）")}
    if parts[0] == "files":
        return _("文件：%(name)s", name=file_kind(parts[-1]))
    if parts[0] == "lots" and len(parts) == 3:
        return _("第 %(number)s 标段：%(name)s", number=parts[1], name=fields.get(parts[2], parts[2]))
    if parts[0] == "lots":
        return _("至少一个标段")
    if parts[0] == "project":
        return _("项目：%(name)s", name=fields.get(parts[-1], parts[-1]))
    return _("见说明") if dotted == "note" else dotted


def registration_state(project: Project) -> dict[str, str]:
    """Where a registration stands, as status() takes it."""
    if project.accepted_at:
        return {"kind": "done", "text": _("已受理")}
    if project.returned is not None:
        return {"kind": "warn", "text": _("已退回，待更正")}
    if project.submitted_at:
        return {"kind": "doing", "text": _("待受理")}
    return {"kind": "todo", "text": _("未提交")}


def loss(ground: str) -> str:
    """Why a candidate fell away (条例 55)."""
    return {Loss.GAVE_UP: _("放弃中标"), Loss.FORCE_MAJEURE: _("因不可抗力不能履行合同"),
            Loss.NO_PERFORMANCE_BOND: _("未按要求提交履约保证金"), Loss.VIOLATION: _("被查实存在影响中标结果的违法行为")}[Loss(ground)]


def policy(name: str) -> str:
    """Who opens the bids, in words."""
    return {"TB": _("密钥持有人与投标人共同开启（通常）"), "T": _("只由密钥持有人开启（投标人不必到场解密）"),
            "B": _("只由投标人自行解密（没有密钥持有人；解密时段结束前什么都不公布）")}[name]


def envelopes(name: str) -> str:
    """Whether prices come in envelopes of their own, in words."""
    return {"one": _("与投标文件一起封存，开标时公布"), "two": _("单独封存（双信封）：技术标评审写入日志之后才开启，未通过的不开启")}[name]


def suite(name: str) -> str:
    """A sealing suite in words; what is not certified says so."""
    return {"intl-1": _("国际算法（AES-256、抗量子混合密钥封装）"), "gm-1": _("国密算法 SM2/SM3/SM4（非商密认证）"),
            "gm-hybrid": _("国密与抗量子混合（非商密认证）")}.get(name, name)
