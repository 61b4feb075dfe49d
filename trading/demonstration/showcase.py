"""The demonstration centre: 清溪县公共资源交易中心, invented, with people and projects in every stage.

Keys of its three key holders and its witness lie under ``<instance>/demo`` on the same
machine; every page says so. A production configuration never gets here.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bidding.envelope import documents, recovery
from bidding.opening import service as opening
from bidding.opening.models import Opening
from bidding.trustees import agent
from bidding.trustees import service as trustee_service
from bidding.trustees.trustee import Trustee
from experts.pool import service as pool
from trading.accounts import service as accounts
from trading.accounts.models import Account
from trading.accounts.permissions import Role
from trading.announcements import service as announcements
from trading.archive import holds, keeping, loans
from trading.base.clock import BEIJING
from trading.base.database import db
from trading.demonstration import auction_house
from trading.demonstration.case import PARTICULARS, CaseRun, Offer, Plan
from trading.demonstration.cast import Cast, KeyHolder, credit_code
from trading.demonstration.watchers import QUORUM, Watchers
from trading.evidence import service as evidence
from trading.parties import service as parties
from trading.projects import service as projects

HOLDERS = ("清溪县公共资源交易中心", "清溪县公共资源交易监督管理局", "清溪县公证处")
BIDDERS = ("青石建设集团有限公司", "云岭市政工程有限公司", "川北路桥有限公司", "锦屏建筑安装有限公司", "白河水利工程有限公司")
STAFF = (("registrar", "受理员 周敏", Role.REGISTRAR), ("host", "主持人 何川", Role.HOST),
         ("drawer", "抽取员 罗清", Role.DRAW_OPERATOR), ("finance", "财务 田禾", Role.FINANCE),
         ("archivist", "档案员 苏简", Role.ARCHIVIST), ("supervisor", "监督员 严正", Role.SUPERVISOR),
         ("supervisor2", "监督员 明察", Role.SUPERVISOR),
         ("keyholder", "密钥保管 程锁", Role.KEY_HOLDER), ("admin", "管理员 管信", Role.ADMINISTRATOR))
SCORED = {"kind": "works_comprehensive", "price_points": "60", "k_above": "1", "k_below": "0.5", "factors": [
    {"id": "design", "name": "施工组织设计", "most": "25"}, {"id": "team", "name": "项目团队", "most": "15"}]}
BUYING = {"kind": "procurement_comprehensive", "price_points": "40", "factors": [
    {"id": "technical", "name": "技术响应", "most": "40"}, {"id": "service", "name": "售后服务", "most": "20"}]}


@dataclass(frozen=True)
class Login:
    """One demonstration account, to be printed once."""

    username: str
    name: str
    totp: str


class Showcase(Cast):
    """The demonstration's people, with sign-ins and with keys in files."""

    def __init__(self, at: datetime, folder: Path, watchers: Watchers, password: str, url: str) -> None:
        self.folder, self.password, self.url = folder, password, url
        self.logins: list[Login] = []
        super().__init__(at, watchers, region="CN-51", experts=0)
        self._people(at)
        self.experts = [self._admit(number, at) for number in range(1, 25)]
        self.companies = [self.company(name, at) for name in BIDDERS]
        for number, company in enumerate(self.companies, 1):
            self._account(f"bidder{number}", company.name, Role.BIDDER, at, company.id)

    def _holder(self, name: str, at: datetime) -> KeyHolder:
        number = HOLDERS.index(name) + 1
        trustee: Trustee = agent.init(self.folder / f"trustee-{number}", name, self.url, evidence.log_verifier_key(),
                                      trustee_service.centre_key(), self.watchers.keys, QUORUM)
        record = trustee_service.enrol(name, trustee.public, actor="admin", at=at)
        return KeyHolder(trustee, record.id)

    def _account(self, username: str, name: str, role: Role, at: datetime, organisation_id: int | None = None) -> Account:
        account = accounts.create(username, name, self.password, {role}, actor="demo", at=at, organisation_id=organisation_id)
        secret = accounts.new_totp(account.id) if accounts.needs_second_factor(account) else ""
        self.logins.append(Login(username, name, secret))
        return account

    def _people(self, at: datetime) -> None:
        for username, name, role in STAFF:
            self._account(username, name, role, at)
        self._account("tenderer", self.tenderer.name, Role.TENDERER, at, self.tenderer.id)
        self.school = self.firm("清溪县教育局", at, kind="11")
        self._account("school", self.school.name, Role.TENDERER, at, self.school.id)
        agency = self.firm("清溪阳光招标代理有限公司", at)
        self._account("agency", agency.name, Role.AGENCY, at, agency.id)

    def _admit(self, number: int, at: datetime) -> int:
        account = accounts.create(f"expert{number:02d}", f"专家{number:02d}", self.password, {Role.EXPERT}, actor="demo", at=at)
        pool.admit(account.id, f"专家{number:02d}", f"1390000{number:04d}", credit_code(900_000 + number), self.region,
                   ["A01", "A06"] if number % 2 else ["A01", "B01"], actor="drawer", at=at)
        return account.id

    def run(self, name: str, lot: str, yuan: int, at: datetime, *, bidders: int = 4, procedure: str = "works-open",
            category: str = "construction", method: dict[str, object] | None = None, policy: str = "TB",
            prices_after_h: int | None = None) -> CaseRun:
        """A case that its caller takes as far as the showcase needs."""
        offers = [Offer(company, yuan * 100 - 1_350_000 * (number * 7 % 5) - 234_500 * number)
                  for number, company in enumerate(self.companies[:bidders])]
        plan = Plan(name, lot, yuan * 100 + 50_000_000, yuan * 100, offers, self.region, method=dict(method or SCORED),
                    deposit_fen=min(yuan, 80_000_000), policy=policy, procedure=procedure, category=category,
                    prices_after_h=prices_after_h)
        return CaseRun(self, plan, at)


def build(cast: Showcase, at: datetime) -> None:
    """Projects in every stage as of ``at``, the oldest first."""
    def ago(days: float) -> datetime:
        return (at - timedelta(days=days)).replace(second=0, microsecond=0)

    archived = cast.run("清溪县青石路道路改造工程", "一标段施工", 11_860_000, ago(62))
    archived.run()
    archived.seal_archive()
    _kept(cast, archived)
    failed = cast.run("清溪县老旧小区充电桩安装工程", "一标段", 2_400_000, ago(55), bidders=2)
    failed.run()
    contracted = cast.run("清溪县第二中学实验楼改造工程", "施工", 8_350_000, ago(50))
    contracted.run()
    bought = cast.run("清溪县人民医院信息系统采购项目", "一包", 5_600_000, ago(44), procedure="procurement-open",
                      category="goods", method=BUYING)
    bought.run()
    _other_types(cast, ago)
    _until_opened(cast.run("清溪县乡村道路安全防护工程", "一标段施工", 9_180_000, ago(27), prices_after_h=2))
    _until_publicity(cast.run("白河镇污水管网工程", "施工", 16_420_000, ago(24)))
    _soon(cast, at)
    _bidding(cast, at)
    auction_house.finished(cast, cast.companies, ago(70))
    auction_house.in_rounds(cast, cast.companies, ago(64))
    auction_house.begun(cast, cast.companies, at, cast.folder)
    _registrations(cast, at)


def _kept(cast: Showcase, case: CaseRun) -> None:
    """The sealed case among the centre's files: held for a lawsuit, and lent to the other supervisor."""
    keeping.take_in(case.lot_id, at=case.at)
    account = {login: db.session.scalar(select(Account.id).where(Account.username == login)) or 0 for login in ("archivist", "supervisor", "supervisor2")}
    holds.place(case.lot_id, "lawsuit", "（2026）川0822行初1号", "行政诉讼，须保全案卷至判决生效。", account_id=account["supervisor"], actor="supervisor", at=case.at)
    asked = loans.ask(case.lot_id, None, "核查评审过程", 60, account_id=account["supervisor2"], actor="supervisor2", at=case.at)
    loans.grant(asked.id, 60, account_id=account["archivist"], actor="archivist", at=case.at)


def _other_types(cast: Showcase, ago: Callable[[float], datetime]) -> None:
    """A negotiation with its final offers, a framework in force, and a sale that waits for its qualification."""
    def plan(name: str, yuan: int, procedure: str, category: str, kind: str, **more: Any) -> Plan:
        offers = [Offer(company, yuan * 100 - 1_250_000 * number) for number, company in enumerate(cast.companies[:4])]
        method = {"kind": kind, **more.pop("method", {})}
        return Plan(name, "一包", yuan * 100, more.pop("ceiling", yuan * 100), offers, cast.region, method=method, procedure=procedure,
                    category=category, **more)

    CaseRun(cast, plan("清溪县应急通信设备采购", 1_860_000, "negotiation", "goods", "procurement_lowest", bidding_days=9), ago(40)).run()
    CaseRun(cast, plan("清溪县机关印刷服务框架协议", 480_000, "framework", "service", "procurement_lowest",
                       method={"second_stage": "direct"}), ago(60)).run()
    sale = plan("清溪县原粮站仓库转让", 5_200_000, "property-listing", "property", "property_highest", ceiling=None, bidding_days=35,
                deposit_fen=100_000_000)
    sale.offers = [replace(offer, price_fen=520_000_000 + 7_350_000 * number) for number, offer in enumerate(sale.offers)]
    case = CaseRun(cast, sale, ago(39))
    for step in (case.register, case.announce, case.pay_deposits, case.file_bids, case.close, case.open):
        step()


def _until_publicity(case: CaseRun) -> None:
    for step in (case.register, case.announce, case.pay_deposits, case.file_bids, case.close, case.open, case.draw, case.evaluate):
        step()
    announcements.publicise(case.lot_id, PARTICULARS, actor=case.cast.tenderer.code, at=case.wait(hours=2))


def _until_opened(case: CaseRun) -> None:
    for step in (case.register, case.announce, case.pay_deposits, case.file_bids, case.close, case.open, case.draw):
        step()


def _soon(cast: Showcase, at: datetime) -> None:
    """One opening about five minutes ahead; the bidders' recovery files are kept for the visitor."""
    # A short window, so that a visitor sees the whole opening; the rule's default is half an hour.
    case = cast.run("清溪县滨河公园提升工程", "一标段施工", 7_260_000, at - timedelta(days=24), method=SCORED | {"window_s": 180})
    case.register()
    local = (at + timedelta(minutes=6)).astimezone(BEIJING).replace(second=0, microsecond=0)
    case.announce(deadline=local)
    case.pay_deposits()
    case.file_bids()
    keep_recovery(cast, case)


def keep_recovery(cast: Showcase, case: CaseRun) -> None:
    """Keep each bidder's recovery file, as the wizard would have had it downloaded."""
    folder = cast.folder / "recovery"
    folder.mkdir(exist_ok=True, mode=0o700)
    for offer, receipt in zip(case.plan.offers, case.receipts, strict=True):
        digest = receipt.event["bid_digest"]
        document = recovery.make(cast.password, case.session.id, digest, case.halves[digest])
        (folder / f"{case.lot.code}-{offer.company.code}.json").write_bytes(document)


def _bidding(cast: Showcase, at: datetime) -> None:
    """Two tenders that take bids, one of them in two envelopes and with a question answered."""
    for name, yuan, days, hours in (("清溪县中心小学教学楼抗震加固工程", 3_940_000, 9, None), ("县道 X021 线路面整治工程", 21_500_000, 14, 4)):
        case = cast.run(name, "施工", yuan, at - timedelta(days=24 - days, hours=3), prices_after_h=hours)
        case.register()
        local = (at + timedelta(days=days)).astimezone(BEIJING).replace(hour=10, minute=0, second=0, microsecond=0)
        case.announce(deadline=local)
    question = announcements.ask(case.lot_id, "工程量清单第 3 章路缘石的规格与图纸不一致，以哪个为准？", asker=cast.companies[0].code, at=at - timedelta(days=2))
    announcements.answer(question.id, "以图纸 S-07 为准，清单已更正。", actor=cast.tenderer.code, at=at - timedelta(days=1))


def _registrations(cast: Showcase, at: datetime) -> None:
    """One registration in each state before a notice."""
    base = {"procedure": "works-open", "category": "construction", "region": cast.region, "funding": "财政资金",
            "approval": "清发改〔2026〕118号", "summary": ""}
    lot = {"name": "施工", "ceiling_fen": 180_000_000, "deposit_fen": 0, "qualifications": "建筑工程施工总承包三级及以上", "method": {"kind": "works_lowest"}}
    for name, submit, back in (("清溪县档案馆库房修缮工程", True, False), ("城东幼儿园围墙重建工程", True, True), ("县图书馆屋面防水工程", False, False)):
        project = projects.draft(base | {"name": name, "estimate_fen": 200_000_000}, [lot | {"estimate_fen": 200_000_000}],
                                 tenderer_id=cast.school.id, actor="school", at=at - timedelta(days=1))
        if submit:
            for kind in ("approval", "tender_document"):
                projects.add_file(project.id, kind, f"{kind}.txt", [f"{name} {kind}".encode()], actor="school", at=at - timedelta(days=1))
            projects.submit(project.id, actor="school", at=at - timedelta(hours=20))
        if back:
            projects.send_back(project.id, ["project.approval"], "批复文件缺少页码第 3 页，请补齐后重新提交。", actor="registrar", at=at - timedelta(hours=4))


def give_halves_of_robots(folder: Path, password: str, at: datetime) -> int:
    """Stand in for the invented bidders at the demonstration's opening: bidders 2 and on give
    their halves by themselves; bidder 1 is left to the visitor until the window is nearly over."""
    given = 0
    for row in db.session.scalars(select(Opening).where(Opening.window_closed_at.is_(None))).all():
        lot = projects.get_lot(row.lot_id)
        for path in sorted((folder / "recovery").glob(f"{lot.code}-*.json")):
            company = parties.by_code(path.stem.rpartition("-")[2])
            digest = documents.decode(path.read_bytes())["bid_digest"]
            if digest in opening.halves_given(lot.id) or not opening.took_part(lot.id, company.id):
                continue
            if company.name == BIDDERS[0] and at < row.window_ends - timedelta(minutes=1):
                continue
            opening.give_half(lot.id, digest, recovery.read(password, path.read_bytes()).kb, bidder_id=company.id, clock=lambda: at)
            given += 1
    return given


def new_password() -> str:
    """A random password that people can type."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))

