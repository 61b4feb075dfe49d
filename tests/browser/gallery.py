"""Every component and key page with invented data, to look at and to check.

``python tests/browser/gallery.py`` serves it; ``--shots DIR`` photographs every page at
1440 and 390 pixels, light, dark and in the elders' view, runs axe on each and reports
sideways scrolling and breaches of the content security policy.
"""

from __future__ import annotations

import argparse
import hashlib
import secrets
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import segno  # noqa: E402
from babel.messages.pofile import read_po  # noqa: E402
from flask import Flask, g, render_template, request  # noqa: E402
from flask_babel import Babel  # noqa: E402
from flask_wtf import FlaskForm  # noqa: E402
from govuk_frontend_wtf.main import WTFormsHelpers  # noqa: E402
from govuk_frontend_wtf.wtforms_widgets import GovRadioInput, GovTextInput  # noqa: E402
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader  # noqa: E402
from wtforms import RadioField, StringField  # noqa: E402
from wtforms.validators import InputRequired  # noqa: E402

from trading.base import assets  # noqa: E402
from trading.base.clock import BEIJING  # noqa: E402
from trading.base.money import capitals, yuan  # noqa: E402

T0 = datetime(2026, 9, 4, 1, 55, 8, tzinfo=UTC)
PAGES = ["gallery", "form", "home", "project", "project-open", "hall-closed", "hall", "draw", "timeline", "wizard"]
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{0}'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def beijing(at: datetime) -> str:
    local = at.astimezone(BEIJING)
    if g.get("locale") == "en":
        return f"{local.day} {local:%b %Y, %H:%M} (UTC+8)"
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def ago(**parts: float) -> datetime:
    return T0 - timedelta(**parts)


def ahead(**parts: float) -> datetime:
    return T0 + timedelta(**parts)


class SampleForm(FlaskForm):
    """A form with one good and one bad field."""

    amount = StringField("投标保证金（元）", widget=GovTextInput(), description="可写 48 万 或 480,000.00", validators=[InputRequired("请填写保证金金额")])
    method = RadioField("缴纳方式", widget=GovRadioInput(), choices=[("transfer", "银行转账"), ("guarantee", "电子保函")], validators=[InputRequired("请选择缴纳方式")])


def frame(name: str) -> dict:
    nav = [("首页", "home"), ("交易信息", "project"), ("开标大厅", "hall"), ("结果公示", "project-open"), ("核验", "wizard"), ("帮助", "form")]
    return {
        "site": {
            "name": "青川县公共资源交易中心", "name_en": "Qingchuan Public Resource Trading Centre",
            "organiser": "青川县公共资源交易中心", "contact": "0000-0000000 · 青川县政务服务大厅三楼",
            "icp": "示例ICP备00000000号", "police": "示例公网安备00000000000000号", "site_code": "0000000000",
            "version": "0.1.0", "build": "a1b2c3d4e5f6",
        },
        "demo": True,
        "nav": [{"text": t, "href": "/" + h, "current": h == name} for t, h in nav],
        "side_nav": None, "account": {"name": "青石建设集团", "role": "投标人", "href": "/me"}, "unread": 3,
        "server_now": T0 if request.args.get("still") else datetime.now(UTC),
        "import_map": assets.import_map(ROOT), "asset_version": assets.asset_version(ROOT),
        "csp_nonce": lambda: g.nonce, "locale": g.locale,
        "theme": request.args.get("theme", "auto"), "elder": request.args.get("elder") == "1", "reading": False,
        "now": T0,
    }  # fmt: skip


STAGES = ["登记", "公告", "投标", "开标", "评标", "公示", "合同"]


def home() -> dict:
    rows = [
        ("青川县白水河流域综合治理工程（二期）施工", "工程建设 · 公开招标 · 青川县水利局 · 最高限价 4,826.32 万元", 3, {"kind": "live", "text": "正在开标"}, "解密剩 27 分钟"),
        ("县人民医院医用直线加速器采购项目", "政府采购 · 公开招标 · 青川县人民医院 · 预算 2,180.00 万元", 2, {"kind": "doing", "text": "投标中"}, "今日 14:30 截止"),
        ("QC2026-07 号地块国有建设用地使用权挂牌出让", "土地使用权 · 挂牌 · 青川县自然资源局 · 起始价 8,600.00 万元", 2, {"kind": "doing", "text": "挂牌中"}, "9月11日 10:00 截止"),
        ("乔庄镇中心小学教学楼抗震加固工程监理", "工程建设 · 公开招标 · 青川县教育局 · 最高限价 96.40 万元", 5, {"kind": "ok", "text": "候选人公示"}, "公示至 9月7日"),
        ("青川茶业有限公司 35% 国有股权转让", "国有产权 · 挂牌 · 青川县国有资产运营公司 · 底价 1,250.00 万元", 1, {"kind": "todo", "text": "预披露"}, None),
        ("2026 年农村公路安全生命防护工程", "工程建设 · 公开招标 · 青川县交通运输局 · 最高限价 1,368.00 万元", 4, {"kind": "warn", "text": "暂停"}, "监督部门核查中"),
    ]
    return {
        "query": "",
        "chips": [{"text": t, "count": c, "href": "#", "current": i == 0} for i, (t, c) in enumerate([("全部", 186), ("工程建设", 92), ("政府采购", 61), ("土地使用权", 14), ("矿业权", 3), ("国有产权", 16), ("今日截止", 5)])],
        "deals": [{"at": ago(days=i), "day": f"{4 - i // 2:02d}", "month": "9月", "title": t, "href": "#", "meta": m, "done": d, "total": 6, "stage": f"{STAGES[d]}阶段，共 6 段已完成 {d} 段", "state": s, "state_note": n} for i, (t, m, d, s, n) in enumerate(rows)],
        "more_href": "#", "today_title": "今日 9月4日",
        "today": [{"text": "开标", "href": "#", "count": 4}, {"text": "投标截止", "href": "#", "count": 5}, {"text": "公示到期", "href": "#", "count": 2}, {"text": "竞价", "href": "#", "count": 1}],
        "errands": [{"text": "单位入驻", "href": "#", "note": "一次登记，长期有效"}, {"text": "提出异议", "href": "#", "note": "在法定期限内在线提出"}, {"text": "查询保证金", "href": "#", "note": "到账、退还进度"}, {"text": "核验回执与记录", "href": "#", "note": "无需登录"}],
        "logins": [{"text": "投标人", "href": "#"}, {"text": "招标人与代理机构", "href": "#"}, {"text": "评标专家", "href": "#"}, {"text": "监督部门", "href": "#"}],
    }  # fmt: skip


def project(opened: bool) -> dict:
    law = lambda rule, actual, light="ok": {"article": "依据见规则库", "rule": rule, "actual": actual, "light": light}  # noqa: E731
    return {
        "project": {"code": "QC-GC-2026-0117-01", "title": "青川县白水河流域综合治理工程（二期）施工", "tags": [{"text": "工程建设", "colour": "teal"}, {"text": "公开招标", "colour": ""}, {"text": "青川县", "colour": ""}], "ics_href": "#", "atom_href": "#", "verify_url": "/verify"},
        "print": {"at": T0, "qr_src": segno.make("https://example.org/verify").svg_data_uri(scale=3)},
        "crumbs": [{"text": "首页", "href": "/home"}, {"text": "工程建设", "href": "#"}, {"text": "QC-GC-2026-0117-01"}],
        "facts": [
            {"label": "最高投标限价", "value": "4,826.32", "unit": "万元", "note": "肆仟捌佰贰拾陆万叁仟贰佰元整"},
            {"label": "投标截止", "value": "9月4日 10:00", "note": "2026年 星期五"},
            {"label": "开标", "value": "9月4日 10:00", "note": "第一开标室，同步直播"},
            {"label": "状态", "value": "候选人公示" if opened else "投标中", "note": "公示至 9月10日" if opened else "距截止 4 分 52 秒"},
        ],
        "steps": [
            {"text": "公告", "state": "done", "note": "8月13日发布", "law": law("法定≥20日", "公告期22日")},
            {"text": "投标", "state": "done" if opened else "current", "note": "9月4日 10:00 截止", "law": law("法定≥15日", "最后澄清距截止16日")},
            {"text": "开标", "state": "done" if opened else "todo", "note": "与截止同时", "law": None},
            {"text": "评标", "state": "done" if opened else "todo", "note": "专家随机抽取", "law": None},
            {"text": "公示", "state": "current" if opened else "todo", "note": "中标候选人", "law": law("法定≥3日", "计划6日")},
            {"text": "合同", "state": "todo", "note": "中标通知后签订", "law": law("法定≤30日", "未开始", "warn")},
        ],
        "tabs": [{"text": t, "href": h, "count": c, "current": i == 0} for i, (t, h, c) in enumerate([("公告与文件", "#notices", 3), ("问答", "#questions", 2), ("开标记录", "#opening", None), ("结果", "#result", None), ("异议公开", "#objections", 1 if opened else 0), ("证据", "#proof", None)])],
        "versions": [
            {"title": "招标文件（第二版，含 1 号澄清）", "at": ago(days=16), "hash": sha("b"), "href": "#", "diff_href": "#", "size": "18.4 MB", "current": True},
            {"title": "招标文件（第一版）", "at": ago(days=22), "hash": sha("a"), "href": "#", "diff_href": None, "size": "18.1 MB", "current": False},
            {"title": "招标公告", "at": ago(days=22), "hash": sha("n"), "href": "#", "diff_href": None, "size": "0.3 MB", "current": False},
        ],
        "questions": [
            {"question": "工程量清单第 4.2 项格宾石笼的网孔规格与图纸 S-07 不一致，以哪个为准？", "asked_at": ago(days=18), "answer": "以图纸 S-07 为准，清单已在第二版中更正。", "answered_at": ago(days=16)},
            {"question": "电子保函的受益人名称如何填写？", "asked_at": ago(days=3), "answer": None, "answered_at": None},
        ],
        "opening": roll() if opened else None,
        "result": {"caption": "中标候选人（按评标委员会推荐次序）", "text": "公示期内可对评标结果提出异议。", "head": [{"text": "次序"}, {"text": "中标候选人"}, {"text": "投标报价（元）", "num": True}, {"text": "综合得分", "num": True}, {"text": "工期"}], "rows": [["1", "青石建设集团有限公司", "46,180,500.00", "93.42", "365 天"], ["2", "云岭水利工程有限公司", "45,902,000.00", "91.07", "360 天"], ["3", "川北路桥建设有限公司", "47,015,800.00", "88.60", "350 天"]]} if opened else None,
        "objections": [{"at": ago(hours=20), "title": "对第二候选人类似业绩认定的异议", "state": {"kind": "doing", "text": "答复中"}, "href": "#"}] if opened else [],
        "proof": {"root": sha("root") if opened else None, "count": 7 if opened else None, "range": "#48,102 – #48,213" if opened else None, "verify_href": "#", "note": "任何人都可以下载证据包，在自己的电脑上重新计算，不需要账号。"},
        "dates": [{"key": "公告发布", "value": "8月13日 09:00"}, {"key": "提问截止", "value": "8月25日 17:00"}, {"key": "投标截止", "value": "9月4日 10:00"}, {"key": "公示截止", "value": "9月10日 24:00"}],
        "contact": [{"key": "招标人", "value": "青川县水利局"}, {"key": "代理机构", "value": "嘉禾工程咨询有限公司"}, {"key": "电话", "value": "0000-0000000"}],
        "supervisors": [{"key": "行政监督", "value": "青川县水利局建设管理股"}, {"key": "综合监督", "value": "青川县发展和改革局"}],
        "objecting": {"text": "对评标结果有异议的，请在公示期内向招标人提出。", "deadline": ahead(days=2, hours=5), "href": "#"} if opened else {"text": "对招标文件有异议的，请在期限内提出。", "deadline": ahead(minutes=4, seconds=52), "href": "#"},
    }  # fmt: skip


def roll() -> dict:
    names = ["青石建设集团有限公司", "云岭水利工程有限公司", "川北路桥建设有限公司", "白龙江水电工程局有限公司", "嘉陵市政建设有限公司", "剑门建筑安装工程有限公司", "龙门山生态环境有限公司"]
    prices = ["46,180,500.00", "45,902,000.00", "47,015,800.00", "46,777,120.00", "", "", ""]
    states = ["✓ 10:02:11", "✓ 10:02:40", "✓ 10:03:05", "✓ 10:03:52", "◔ 64 %", "✕ 密钥份额校验失败 · 可重试", "○ 待解密"]
    rows = [{"cells": [str(i + 1), n, states[i], prices[i] or "—", "365 天" if prices[i] else "—", "合格" if prices[i] else "—", "✓ 保函" if i % 2 else "✓ 转账", " ".join([sha(n)[:4], sha(n)[4:8], sha(n)[8:12]])], "own": i == 0, "current": i == 3} for i, n in enumerate(names)]
    return {"caption": "最高投标限价 48,263,200.00 元；报价单位：元", "head": [{"text": "序"}, {"text": "投标人"}, {"text": "解密"}, {"text": "报价（元）", "num": True}, {"text": "工期"}, {"text": "质量"}, {"text": "保证金"}, {"text": "封存指纹", "secondary": True}], "rows": rows}  # fmt: skip


def log() -> list[dict]:
    return [
        {"seq": 41, "at": ahead(minutes=9), "kind": "host", "who": "主持人", "text": "现在唱读第 4 家：白龙江水电工程局有限公司，投标报价 46,777,120.00 元。"},
        {"seq": 40, "at": ahead(minutes=8, seconds=20), "kind": "question", "who": "投标人 B06", "text": "我方份额上传提示校验失败，请求重试。"},
        {"seq": 39, "at": ahead(minutes=8), "kind": "system", "who": None, "text": "第 6 家解密失败：密钥份额校验不通过，补救窗口开放至 10:33。"},
        {"seq": 38, "at": ahead(minutes=6), "kind": "system", "who": None, "text": "第 3 家解密完成，内容指纹与封存指纹一致。"},
        {"seq": 37, "at": ahead(minutes=5), "kind": "host", "who": "主持人", "text": "投标截止，公布投标人名单，共 7 家。"},
    ]  # fmt: skip


def hall(closed: bool) -> dict:
    base = roll()
    return {
        "crumbs": [{"text": "首页", "href": "/home"}, {"text": "今日开标", "href": "#"}, {"text": "QC-GC-2026-0117-01"}],
        "hall": {"title": "白水河流域综合治理工程（二期）施工 开标", "line": "招标人 青川县水利局 · 主持 交易中心一室 · 监督 县发展和改革局 · 第一开标室", "clock_label": "距投标截止" if closed else "解密剩余时间", "deadline": ahead(minutes=4, seconds=52) if closed else ahead(minutes=27, seconds=6), "live_href": None, "after": 41, "log_href": "#", "revealed": not closed, "caption": base["caption"], "stage_text": "签到中" if closed else "解密 4 / 7"},
        "steps": [{"text": t, "state": s, "note": n} for t, s, n in ([("签到", "current", "截止前完成"), ("截标与公布", "todo", "10:00"), ("解密", "todo", "限时 30 分钟"), ("唱标", "todo", "逐家"), ("异议", "todo", "当场提出"), ("签署与归档", "todo", "")] if closed else [("签到", "done", "7 家"), ("截标与公布", "done", "10:00:00"), ("解密", "current", "4 / 7"), ("唱标", "current", "第 4 家"), ("异议", "todo", "当场提出"), ("签署与归档", "todo", "")])],
        "head": base["head"], "rows": base["rows"], "own_sign": {"kind": "done", "text": "您已签到 09:41:20"} if closed else None,
        "announced": "" if closed else "正在唱读第 4 家",
        "act": {"title": "签到已完成，等待截标", "text": "10:00 截止后自动公布投标人名单，请保持本页打开。", "button": "查看我的回执", "href": "#", "method": "get", "seal": False, "deadline": None, "key": None, "confirm_id": None} if closed else {"title": "确认唱标内容", "text": "请核对您的报价、工期与质量承诺是否与投标文件一致。", "button": "确认唱标内容", "href": "#", "method": "post", "seal": True, "deadline": ahead(minutes=3), "key": "k", "confirm_id": None},
        "scene": {"src": None, "alt": "第一开标室画面每 10 秒更新", "stream_href": "#", "name": "第一开标室"},
        "entries": log()[-1:] if closed else log(), "ask": {"action": "#", "note": "截标前只有主持人能看到您的问题。"},
    }  # fmt: skip


def draw() -> dict:
    seats = [("席位一", "水利水电工程施工", "done", "已封存", "语音按键 1 确认 · 09:12"), ("席位二", "水利水电工程施工", "done", "已封存", "语音按键 1 确认 · 09:14"), ("席位三", "工程造价", "doing", "呼叫中 00:42", "第 2 次语音呼叫"), ("席位四", "生态环境", "retry", "补抽", "原中签人不能到场"), ("席位五", "招标人代表", "todo", "待抽", "由招标人指定")]
    return {
        "crumbs": [{"text": "首页", "href": "/home"}, {"text": "专家抽取"}],
        "draw": {"code": "CQ-2026-0231", "title": "白水河流域综合治理工程（二期）评标专家抽取", "line": "应抽 4 人 · 县内与市级专家库 · 回避单位 9 家 · 评标 9月4日 14:00", "source_text": "随机数来源：招标人、交易中心、监督部门三方投入", "pool_note": {"kind": "warn", "text": "生态环境专业候选 8 人，少于席位的 3 倍以上要求"}, "pack_href": "#", "seed": sha("seed"), "live_href": None, "after": 12, "names_href": None},
        "steps": [{"text": "条件锁定", "state": "done", "note": "08:50"}, {"text": "三方投入随机数", "state": "done", "note": "09:05"}, {"text": "抽取与通知", "state": "current", "note": "2 / 4 已确认"}, {"text": "名单封存", "state": "todo", "note": ""}, {"text": "签到后启封", "state": "todo", "note": "14:00"}],
        "seats": [dict(zip(("seat", "speciality", "kind", "state", "line"), s, strict=True)) for s in seats],
        "head": [{"text": "次序", "num": True}, {"text": "席位"}, {"text": "池（回避）", "num": True}, {"text": "结果"}, {"text": "时间"}, {"text": "校验值"}],
        "rows": [["1", "席位一", "46（3）", "✓ 接受", "09:10:02", sha("1")[:12]], ["2", "席位二", "45（3）", "✓ 接受", "09:12:40", sha("2")[:12]], ["3", "席位四", "8（1）", "✕ 不能到场", "09:15:11", sha("3")[:12]], ["4", "席位三", "22（2）", "◔ 呼叫中", "09:17:30", sha("4")[:12]]],
        "parties": [{"name": n, "commitment": sha(n), "revealed_at": ago(minutes=50 - i), "state": {"kind": "done", "text": "已公开"}} for i, n in enumerate(["招标人", "交易中心", "监督部门"])],
        "act": None,
    }  # fmt: skip


def timeline() -> dict:
    e = lambda *n: [{"text": f"#{i:,}", "href": "#"} for i in n]  # noqa: E731
    items = [
        {"at": ahead(minutes=9), "light": "ok", "title": "唱标第 4 家", "state": "正常", "kind": "开标", "detail": "报价与解密内容一致。", "evidence": e(48213), "href": "#", "current": False},
        {"at": ahead(minutes=8), "light": "alarm", "title": "两家投标文件由同一台设备编制", "state": "红灯线索", "kind": "线索", "detail": "规则 R-12：设备标识、编制软件序列号相同。待两家说明，未作结论。", "evidence": e(48209, 48210), "href": "#", "current": True},
        {"at": ahead(minutes=8), "light": "warn", "title": "第 6 家解密失败", "state": "黄灯", "kind": "开标", "detail": "密钥份额校验不通过，补救窗口 30 分钟。", "evidence": e(48208), "href": "#", "current": False},
        {"at": ahead(minutes=5), "light": "system", "title": "截标封存根已生成并由两个见证方签名", "state": "系统", "kind": "存证", "detail": "封存根覆盖 7 份投标，序号 #48,102 至 #48,190。", "evidence": e(48191), "href": "#", "current": False},
        {"at": ago(days=16), "light": "ok", "title": "发布 1 号澄清", "state": "正常", "kind": "公告", "detail": "法定应在截止 15 日前；实际距截止 16 日。", "evidence": e(44017), "href": "#", "current": False},
        {"at": ago(days=22), "light": "done", "title": "招标公告与招标文件发布", "state": "完成", "kind": "公告", "detail": "公告期 22 日，法定不少于 20 日。", "evidence": e(41880), "href": "#", "current": False},
    ]
    return {
        "crumbs": [{"text": "监督", "href": "#"}, {"text": "QC-GC-2026-0117-01"}],
        "side_nav": [{"text": t, "href": "#", "current": i == 1, "count": c} for i, (t, c) in enumerate([("监督看板", None), ("项目时间线", None), ("线索", 3), ("异议与投诉", 1), ("暂停令", None), ("档案抽查", None)])], "side_title": "监督",
        "project": {"code": "QC-GC-2026-0117-01", "title": "青川县白水河流域综合治理工程（二期）施工"},
        "lights": [{"kind": "ok", "text": "正常", "count": 31, "href": "#", "current": False}, {"kind": "warn", "text": "黄灯", "count": 2, "href": "#", "current": False}, {"kind": "alarm", "text": "红灯", "count": 1, "href": "#", "current": False}],
        "chain": {"ok": True, "text": "链完整至 #48,213 · 10:02"},
        "filters": {"action": "#", "fields": [{"name": "kind", "label": "类型", "type": "select", "value": "", "options": [{"value": "", "text": "全部类型"}, {"value": "law", "text": "法定期限"}, {"value": "flag", "text": "线索"}]}, {"name": "from", "label": "自", "type": "date", "value": ""}, {"name": "q", "label": "关键词", "type": "search", "value": ""}], "chips": [{"text": "今日", "remove_href": "#"}], "clear_href": "#"},
        "items": items, "dense": False, "dense_href": "#", "earlier_href": "#", "all_href": "#",
        "entry": {"kind": "flag.raised", "title": "两家投标文件由同一台设备编制", "happened_at": ahead(minutes=8), "received_at": ahead(minutes=8), "seq": 48209, "actor": "规则引擎", "previous": sha("p"), "this": sha("t"), "verified": True, "verdict": "已验证，包含于检查点 48,213", "raw": '{\n  "kind": "flag.raised",\n  "rule": "R-12",\n  "seq": 48209,\n  "equal": ["device_id", "licence_serial"]\n}'},
        "acts": {"explain_href": "#", "pack_href": "#", "pause_href": "#"},
    }  # fmt: skip


def wizard() -> dict:
    return {
        "crumbs": [{"text": "我的标段", "href": "#"}, {"text": "白水河流域综合治理工程（二期）", "href": "#"}, {"text": "封存投标文件"}],
        "lot": {"heading": "封存投标文件", "fields": ["price", "days", "quality", "statement"], "code": "QC-GC-2026-0117-01", "title": "青川县白水河流域综合治理工程（二期）施工", "deadline": ahead(hours=30), "session_href": "#", "upload_href": "#", "commit_href": "#", "back_href": "#", "how_href": "#", "cli_href": "#", "part_bytes": 4194304},
        "steps": [{"text": t, "state": s, "note": None} for t, s in [("选择文件", "done"), ("自查", "current"), ("本机加密", "todo"), ("上传", "todo"), ("签名封存", "todo")]],
        "slots": [{"id": "price", "name": "报价文件", "required": True, "blind": False, "types": ".pdf,.xml", "max_text": "不超过 100 MB", "max_bytes": 104857600}, {"id": "tech", "name": "施工组织设计", "required": True, "blind": True, "types": ".pdf", "max_text": "不超过 500 MB", "max_bytes": 524288000}, {"id": "other", "name": "其他材料", "required": False, "blind": False, "types": ".pdf,.zip", "max_text": "不超过 500 MB", "max_bytes": 524288000}],
        "checks": [{"id": "slots", "kind": "ok", "text": "必交文件齐全", "note": None}, {"id": "limit", "kind": "ok", "text": "报价未超过最高投标限价", "note": None}, {"id": "blind", "kind": "failed", "text": "暗标文件的属性中含有单位名称", "note": "文件“施工组织设计.pdf”的作者属性不为空，请清除后重新选择。"}, {"id": "cert", "kind": "warn", "text": "安全生产许可证将于 12 天后到期", "note": "不影响递交。"}, {"id": "deposit", "kind": "todo", "text": "保证金到账状态", "note": None}],
        "receipt_rows": [{"key": "标段", "value": "白水河治理（二期）施工", "id": "r-lot"}, {"key": "投标人", "value": "青石建设集团有限公司", "id": "r-bidder"}, {"key": "文件", "value": "2 个，共 86.2 MB", "id": "r-files"}, {"key": "指纹", "value": "加密完成后显示", "id": "r-hash"}, {"key": "时间", "value": "以服务器落盘时间为准", "id": "r-time"}],
        "bidder": "青石建设集团有限公司", "limit_note": None, "custody_text": "开标钥匙由五方分持，至少三方到场才能打开；您的一半保存在恢复文件中。", "key": "k",
        "history": [{"at": ago(days=1), "number": "HZ-2026-004417", "state": {"kind": "retry", "text": "已撤回"}, "href": "#"}],
    }  # fmt: skip


def gallery() -> dict:
    return {
        "side_nav": [{"text": "我的待办", "href": "#", "current": True, "count": 2}, {"text": "我的标段", "href": "#", "current": False}, {"text": "保证金", "href": "#", "current": False}], "side_title": "投标人",
        "crumbs": [{"text": "首页", "href": "/home"}, {"text": "组件"}], "hash": sha("x"), "steps": project(True)["steps"], "facts": project(True)["facts"], "roll": roll(),
        "items": timeline()["items"], "entry": timeline()["entry"], "filters": timeline()["filters"], "log": log(), "deadline": ahead(hours=30), "T0": T0,
        "qr_src": segno.make("https://example.org/verify/HZ-2026-004417").svg_data_uri(scale=3),
    }  # fmt: skip


CONTENT = {
    "gallery": ("gallery.html", gallery), "form": ("form.html", lambda: {"form": SampleForm(), "reading": True, "account": None}),
    "home": ("public/home.html", home), "project": ("public/project.html", lambda: project(False)),
    "project-land": ("public/project.html", lambda: project(False) | {"sale": [
        {"title": "宗地", "rows": [{"key": "宗地编号", "value": "青地2026-07号"}, {"key": "出让面积", "value": "20,000 平方米"}, {"key": "容积率", "value": "1 至 2.5"}]},
        {"title": "竞价条件", "rows": [{"key": "起始价", "value": "¥70,000,000.00"}, {"key": "增价幅度", "value": "¥1,000,000.00"}]}],
        "contract": {"price_fen": 8_500_000_000, "total_fen": 0, "steps": [], "plan": [{"key": "第 1 期", "value": "¥42,500,000.00 · 2026年10月9日"}]}}),
    "project-open": ("public/project.html", lambda: project(True)), "hall-closed": ("opening/hall.html", lambda: hall(True)),
    "hall": ("opening/hall.html", lambda: hall(False)), "draw": ("draw/ceremony.html", draw),
    "timeline": ("supervision/timeline.html", timeline), "wizard": ("sealed/wizard.html", wizard),
    "modules": ("modules.html", dict),
}  # fmt: skip


def create_gallery() -> Flask:
    """The small application that shows everything."""
    app = Flask("gallery", static_folder=str(ROOT / "frontend" / "dist"), static_url_path="/static")
    app.config.update(SECRET_KEY=secrets.token_hex(16), BABEL_DEFAULT_LOCALE="zh_Hans_CN", WTF_CSRF_ENABLED=False)
    app.jinja_loader = ChoiceLoader([
        FileSystemLoader([str(ROOT / "templates"), str(Path(__file__).parent / "templates")]),
        PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja"), "govuk_frontend_wtf": PackageLoader("govuk_frontend_wtf")}),
    ])  # fmt: skip
    Babel(app)
    with (ROOT / "templates/locale/en/ui.po").open("rb") as file:
        english = {m.id: m.string for m in read_po(file)}

    def say(text: str) -> str:
        return english.get(text, text) if g.locale == "en" else text

    app.jinja_env.install_gettext_callables(say, lambda one, many, n: one if n == 1 else many, newstyle=True)
    WTFormsHelpers(app)
    app.jinja_env.globals["csrf_token"] = lambda: "token"
    app.jinja_env.filters.update(beijing=beijing, yuan=yuan, capitals=capitals, clock_time=lambda at: f"{at.astimezone(BEIJING):%H:%M:%S}")

    @app.before_request
    def start() -> None:
        g.nonce, g.locale = secrets.token_urlsafe(16), request.args.get("lang", "zh")

    @app.after_request
    def protect(answer):
        answer.headers["Content-Security-Policy"] = POLICY.format(g.nonce)
        return answer

    @app.route("/")
    @app.route("/<name>", methods=["GET", "POST"])
    def page(name: str = "gallery"):
        if name not in CONTENT:
            return "", 404
        template, values = CONTENT[name]
        data = values()
        if name == "form":
            data["form"].validate()
        return render_template(template, **{**frame(name), **data})

    return app


def photograph(folder: Path, names: list[str]) -> int:
    """Photograph and check every page; the number of findings."""
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_request(self, *_: object) -> None:
            pass

    folder.mkdir(parents=True, exist_ok=True)
    server = make_server("127.0.0.1", 0, create_gallery(), threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address, findings = f"http://127.0.0.1:{server.server_port}", 0
    flags = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=flags.split())
        for theme, elder, lang in [("light", 0, "zh"), ("dark", 0, "zh"), ("light", 1, "zh"), ("contrast", 0, "zh"), ("light", 0, "en")]:
            for width in (1440, 390):
                context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce", bypass_csp=False)
                tab = context.new_page()
                said: list[str] = []
                tab.on("console", lambda m, said=said: said.append(m.text) if m.type in ("error", "warning") else None)
                tab.on("pageerror", lambda e, said=said: said.append(str(e)))
                for name in names:
                    said.clear()
                    tab.goto(f"{address}/{name}?still=1&theme={theme}&elder={elder}&lang={lang}", wait_until="load")
                    tab.wait_for_timeout(60)
                    label = f"{name}-{width}-{'elder' if elder else theme if lang == 'zh' else lang}"
                    tab.screenshot(path=str(folder / f"{label}.png"), full_page=True)
                    over = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
                    if over > 0:
                        culprits = tab.evaluate("[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll,.nav,.tabs')).slice(0, 4).map(e => e.tagName + '.' + e.className)")
                        print(f"{label}: scrolls sideways by {over} px {culprits}")
                    if said:
                        print(f"{label}: {said}")
                    faults = Axe().run(tab).response["violations"]
                    for fault in faults:
                        print(f"{label}: {fault['id']}: {[(n['target'], n['any'][0]['message'][:150] if n['any'] else '') for n in fault['nodes'][:3]]}")
                    findings += (over > 0) + len(said) + len(faults)
                context.close()
        browser.close()
    server.shutdown()
    print(f"{findings} findings")
    return findings


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("--shots", type=Path)
    words.add_argument("--port", type=int, default=5055)
    words.add_argument("--only", nargs="*", default=PAGES)
    chosen = words.parse_args()
    assets.install(ROOT)
    if chosen.shots:
        sys.exit(1 if photograph(chosen.shots, chosen.only) else 0)
    create_gallery().run(port=chosen.port)
