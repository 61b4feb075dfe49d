"""One public tender from registration to the signed contract, through the services, on a given clock."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bidding.envelope import documents, sealing
from bidding.opening import envelopes
from bidding.opening import service as opening
from bidding.rounds import service as rounds
from bidding.sealed import filing
from bidding.sealed import service as sealed
from bidding.sealed.receipts import Receipt
from bidding.trustees import countersigning
from bidding.trustees import service as trustees
from bidding.trustees.models import SealingSession
from experts.draw import lottery, suppliers
from experts.draw import service as draws
from experts.draw.models import Draw
from experts.draw.strata import Stratum
from experts.evaluation import rules as evaluation_rules
from experts.evaluation import prequalification, selection
from experts.evaluation import service as evaluation
from trading.announcements import service as announcements
from trading.announcements.contents import Particulars
from trading.archive import packing
from trading.archive.models import Pack
from trading.base.clock import BEIJING, stopped, unix
from trading.demonstration.cast import Cast, Company
from trading.contracts import payments
from trading.deposits import service as deposits
from trading.evidence import verify
from trading.frameworks import service as frameworks
from trading.law.procedures import Call
from trading.projects import invitations
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage, procedure

Say = Callable[[str, str], None]
#: What the tenderer says of each candidate in its publicity, for as many as a region may name.
PARTICULARS = {rank: Particulars(f"项目负责人{rank}（建造师证书 川1512026{rank:04d}）", "资质、业绩、人员均满足招标文件要求") for rank in range(1, 101)}


@dataclass(frozen=True)
class Offer:
    """What one bidder offers; ``rejected`` gives the reason why the committee rejects it."""

    company: Company
    price_fen: int
    rejected: str = ""


@dataclass
class Plan:
    """One tender to be run."""

    name: str
    lot_name: str
    estimate_fen: int
    ceiling_fen: int | None
    offers: list[Offer]
    region: str
    method: dict[str, Any] = field(default_factory=lambda: {"kind": "works_lowest"})
    policy: str = "TB"
    suite: str = ""
    prices_after_h: int | None = None
    procedure: str = "works-open"
    category: str = "construction"
    bidding_days: int = 22
    deposit_fen: int = 0
    award: bool = True
    files: dict[str, bytes] = field(default_factory=dict)
    # From whom suppliers are drawn, where they are drawn before they are invited.
    pool: list[Company] = field(default_factory=list)


@dataclass(frozen=True)
class Memo:
    """A file in memory, to be sealed."""

    name: str
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)


@dataclass
class Ended:
    """How a case ended."""

    lot_id: int
    winner: str | None
    price_fen: int | None
    tied: list[str]
    finished_at: datetime


def quiet(who: str, what: str) -> None:
    """Says nothing: for replays."""


class CaseRun:
    """Takes one plan through the platform; every step says who does what."""

    def __init__(self, cast: Cast, plan: Plan, at: datetime, say: Say = quiet) -> None:
        self.cast, self.plan, self.say = cast, plan, say
        self.at = at
        self.lot_id = 0

    def run(self) -> Ended:
        self.register()
        self.announce()
        self.pay_deposits()
        self.file_bids()
        self.close()
        if self.lot.stage == Stage.FAILED:
            return self.ended()
        self.open()
        if evaluation_rules.read_method(self.plan.method).is_judged:
            self.draw()
            self.evaluate()
        else:
            self.select()
        if self.lot.stage == Stage.EVALUATED:
            self.conclude()
        return self.ended()

    def seal_archive(self) -> Pack:
        """Seal the finished case into its pack."""
        pack = packing.seal(self.lot_id, actor="archivist", at=self.wait(days=1))
        self.say("档案员", f"封存归档，{pack.bytes:,} 字节，{pack.sha256[:16]}…")
        return pack

    @property
    def lot(self) -> Lot:
        return projects.get_lot(self.lot_id)

    def wait(self, **span: float) -> datetime:
        self.at += timedelta(**span)
        return self.at

    def register(self) -> None:
        plan, cast = self.plan, self.cast
        project = projects.draft(
            {"name": plan.name, "procedure": plan.procedure, "category": plan.category, "region": plan.region,
             "funding": "财政资金", "approval": "清发改〔2026〕1号", "estimate_fen": plan.estimate_fen, "summary": plan.name},
            [{"name": plan.lot_name, "estimate_fen": plan.estimate_fen, "ceiling_fen": plan.ceiling_fen,
              "deposit_fen": plan.deposit_fen, "qualifications": "具备相应资质", "method": plan.method}],
            tenderer_id=cast.tenderer.id, actor=cast.tenderer.code, at=self.at)
        for kind, data in {"approval": b"approval", "tender_document": b"tender document", **plan.files}.items():
            projects.add_file(project.id, kind, f"{kind}.txt", [data], actor=cast.tenderer.code, at=self.at)
        projects.submit(project.id, actor=cast.tenderer.code, at=self.wait(minutes=5))
        if procedure(plan.procedure).call in (Call.INVITED, Call.DIRECT):
            invitations.choose(project.id, [offer.company.code for offer in plan.offers], actor=cast.tenderer.code, at=self.at)
        self.say("招标人", "提交进场登记")
        code = projects.accept(project.id, actor="registrar", at=self.wait(hours=1), policy=plan.policy, suite=plan.suite,
                               prices_after_h=plan.prices_after_h)
        self.say("交易中心", f"受理登记，项目编号 {code}")
        self.project_id, self.lot_id = project.id, project.lots[0].id
        if procedure(plan.procedure).call is Call.DRAWN:
            self._draw_suppliers()

    def _draw_suppliers(self) -> None:
        """Draw whom to invite; the plan's offers then come from those drawn."""
        pool = {company.code: company for company in self.plan.pool}
        made = suppliers.freeze(self.project_id, sorted(pool), len(self.plan.offers), ["采购人代表甲", "采购人代表乙"],
                                actor=self.cast.tenderer.code, at=self.wait(hours=1), contribute_for=timedelta(minutes=2))
        self.carry_out_draw(made.id)
        suppliers.follow(self.lot_id, at=self.wait(seconds=1))
        drawn = [pool[company.code] for company in invitations.invited(self.project_id)]
        self.plan.offers = [replace(offer, company=company) for offer, company in zip(self.plan.offers, drawn, strict=True)]
        self.say("交易中心", f"从 {len(pool)} 家备选供应商中随机抽取 {len(drawn)} 家受邀")

    def carry_out_draw(self, draw_id: int) -> Draw:
        """Contributions of the key holders, the close, their releases, the tickets."""
        made = draws.get(draw_id)
        for holder in self.cast.holders:
            holder.top_up(self.at)
        document = trustees.get_session(made.session).document
        for holder in self.cast.holders:
            draws.contribute(made.id, holder.trustee.contribute(document), contributor=holder.trustee.organisation,
                             public=holder.trustee.public, clock=stopped(self.wait(seconds=1)))
        self.at = made.closes_at
        draws.close(made.id, clock=stopped(self.at))
        made = draws.get(made.id)
        self.cast.cosign(trustees.get_session(made.session).close_checkpoint or 0, self.at)
        self.release_keys(lambda seen: draws.bundle(made, seen=seen), trustees.get_session(made.session).release_checkpoint)
        draws.settle(made.id, clock=stopped(self.wait(seconds=1)))
        return draws.get(draw_id)

    def restart(self) -> CaseRun:
        """Begin the failed or terminated case anew; gives the second round, accepted."""
        again = CaseRun(self.cast, self.plan, self.wait(days=1), self.say)
        project = projects.restart(self.lot_id, actor=self.cast.tenderer.code, at=again.at)
        projects.submit(project.id, actor=self.cast.tenderer.code, at=again.wait(hours=1))
        projects.accept(project.id, actor="registrar", at=again.wait(hours=1))
        again.project_id, again.lot_id = project.id, project.lots[0].id
        return again

    def announce(self, deadline: datetime | None = None) -> None:
        plan = self.plan
        start = self.wait(hours=2)
        local = start.astimezone(BEIJING)
        deadline = deadline or (local + timedelta(days=plan.bidding_days)).replace(hour=10, minute=0, second=0, microsecond=0)
        schedule = {"doc_from": local.replace(microsecond=0).isoformat(), "deadline": deadline.isoformat(),
                    "doc_to": (local.replace(microsecond=0) + timedelta(days=12)).isoformat()}
        notice = announcements.draft_tender(self.project_id, f"{plan.name}招标公告", f"{plan.name}\n{plan.lot_name}", schedule,
                                            actor=self.cast.tenderer.code, at=start)
        announcements.publish_tender(notice.id, actor=self.cast.tenderer.code, at=start)
        self.say("招标人", f"发布招标公告，投标截止 {deadline:%Y-%m-%d %H:%M}")
        for holder in self.cast.holders:
            holder.top_up(self.at)
        self.session = sealed.start(self.lot_id, at=self.wait(minutes=1))
        for session in self.sessions:
            self.countersign(session)
        self.say("交易中心", f"启用封存会话 {self.session.id[:16]}…，{len(self.session.document['trustees'])} 位密钥持有人，门限 {self.session.document['k']}")

    @property
    def sessions(self) -> list[SealingSession]:
        """The session of the bids, or those of the technical and of the price envelopes."""
        return trustees.sessions_of_bids(self.lot_id)

    def countersign(self, session: SealingSession) -> None:
        """The purchaser compares and signs the session beside the centre."""
        key = self.cast.tenderer_key
        for document in countersigning.unsigned(session):
            countersigning.sign(session.id, document, verify.raw_public_key(key), key.sign(countersigning.message(document)),
                                organisation_id=self.cast.tenderer.id, actor=self.cast.tenderer.code, at=self.at)

    def pay_deposits(self) -> None:
        if not self.plan.deposit_fen:
            return
        self.wait(hours=20)
        lines, total = [], 0
        for number, offer in enumerate(self.plan.offers):
            account = deposits.sub_account(self.lot_id, offer.company.id, at=self.at)
            when = (self.at.astimezone(BEIJING)).strftime("%Y-%m-%d %H:%M:%S")
            amount = f"{self.plan.deposit_fen // 100}.{self.plan.deposit_fen % 100:02d}"
            lines.append(f"L{self.lot_id}-{number:03d},{when},{amount},{account.number},{offer.company.name},6217")
            total += self.plan.deposit_fen
        text = "\n".join([",".join(("流水号", "入账时间", "金额", "收款子账号", "付款户名", "付款账号")), *lines,
                          f"合计,{len(lines)},{total // 100}.{total % 100:02d},,,"])
        result = deposits.import_statement(f"lot{self.lot_id}.csv", text.encode(), actor="finance", at=self.wait(hours=1))
        self.say("财务", f"导入银行流水 {result.new} 笔，合计 {result.total_fen // 100:,} 元（付款人在截标前不显示）")

    def file_bids(self) -> None:
        self.wait(hours=3)
        self.halves: dict[str, bytes] = {}
        self.receipts = []
        for offer in self.plan.offers:
            for session in self.sessions:
                bid, receipt = self.file_envelope(session.id, session.document, offer, offer.price_fen)
                self.halves[bid.digest] = bid.kb
                self.receipts.append(receipt)
            self.say("投标人", f"在本机加密并递交，回执 {bid.digest[:16]}…（证据第 {receipt.index} 号）")

    def file_envelope(self, session: str, document: dict[str, Any], offer: Offer, price_fen: int, *, paddle: str = "",
                      key: Ed25519PrivateKey | None = None) -> tuple[sealing.Sealed, Receipt]:
        """Seal one offer on the bidder's side and file it; in a live sale under its ``paddle``, without a letter."""
        payload, company = io.BytesIO(), offer.company
        known = {"price_fen": price_fen, "days": 90, "quality": "合格", "statement": offer.rejected[:200]}
        held = {name: known[name] for name in documents.offer_shape(document["envelope"]) or {}}
        letter = f"{company.name} {price_fen}" if "price_fen" in held else company.name
        bid = sealing.seal(document, paddle or company.code, held, [] if paddle else [Memo("投标函.txt", letter.encode())], payload)
        upload = sealed.begin_upload(session, bidder=company.organisation, at=self.at)
        data = payload.getvalue()
        for number, digest in enumerate(bid.header["payload"]["parts"]):
            part = data[number * documents.PART_BYTES:(number + 1) * documents.PART_BYTES]
            sealed.put_part(upload.id, number, [part], digest, session_name=session, bidder=company.organisation)
        receipt = filing.file_bid(
            session, documents.encode(bid.header), (key or company.key).sign(bytes.fromhex(bid.digest)), upload.id,
            bidder_id=company.id, clock=stopped(self.wait(minutes=1)))
        return bid, receipt

    def close(self) -> None:
        lot = self.lot
        assert lot.deadline is not None
        self.at = lot.deadline
        opening.close(self.lot_id, clock=stopped(self.at))
        for session in self.sessions:
            assert session.close_checkpoint is not None
            self.cast.cosign(session.close_checkpoint, self.at)
        found = opening.opening_of(self.lot_id)
        assert found is not None
        self.say("系统", f"投标截止，冻结 {found.count} 份投标" + ("，不足法定家数，流标" if self.lot.stage == Stage.FAILED else ""))

    def open(self) -> None:
        if self.plan.policy != "T":
            for row in (row for session in self.sessions for row in sealed.bids(session.id)):
                assert row.digest is not None and row.organisation_id is not None
                opening.give_half(self.lot_id, row.digest, self.halves[row.digest], bidder_id=row.organisation_id,
                                  clock=stopped(self.wait(seconds=5)))
            self.say("投标人", "在解密时段内交出各自的解密份额")
        opening.close_window(self.lot_id, clock=stopped(self.wait(seconds=5)))
        sealing_session = trustees.get_session(self.session.id)
        if self.plan.policy != "B":
            self.release_keys(lambda seen: opening.bundle_for(self.session.id, seen=seen), sealing_session.release_checkpoint)
        opening.unseal_due(self.lot_id, clock=stopped(self.wait(seconds=5)))
        opening.finish(self.lot_id, clock=stopped(self.wait(seconds=1)))
        for bid in opening.opened_bids(self.lot_id):
            self.say("系统", f"唱标：{bid.organisation.name} " + (("技术标信封已开启" if bid.price_fen is None else f"{bid.price_fen / 100:,.2f} 元") if bid.offer else bid.outcome))

    def release_keys(self, bundle: Callable[[int], dict[str, Any]], checkpoint: int | None) -> None:
        """The witness signs the close, then every key holder releases what it sees there."""
        assert checkpoint is not None
        self.cast.cosign(checkpoint, self.at)
        self.wait(seconds=1)
        for holder in self.cast.holders:
            given = holder.trustee.release(bundle(holder.memory.size), holder.memory, self.cast.pins, at=unix(self.at))
            trustees.take_release(given, at=self.at)
            self.say(holder.trustee.organisation, "核对会话、时间、见证与集合后释放密钥份额")

    def draw(self) -> None:
        for holder in self.cast.holders:
            holder.top_up(self.at)
        made = draws.freeze(self.lot_id, [Stratum("A01", 5, (), ("A01",))], representatives=[], actor="draw operator",
                            at=self.wait(minutes=10), contribute_for=timedelta(minutes=2), employer_cap=1)
        self.say("抽取员", f"锁定抽取条件，专家库 {len(made.pool)} 人，回避 {made.excluded} 人")
        self.carry_out_draw(made.id)
        self.draw_id = made.id
        for account in self.cast.experts:
            if draws.seat_of(made.id, account):
                draws.answer(made.id, account, accepts=True, at=self.wait(minutes=1))
        self.say("系统", "五个席位抽取完成，名单封存")

    def sit(self) -> list[int]:
        """The committee sits, declares and reviews; gives its members' accounts."""
        evaluation.start(self.lot_id, actor="host", at=self.wait(hours=1))
        sitting = [evaluation.account_of(member) for member in evaluation.members(self.lot_id)]
        for account in sitting:
            evaluation.declare(self.lot_id, account, conflict="", at=self.wait(minutes=1))
        reasons = {offer.company.id: offer.rejected for offer in self.plan.offers}
        method = evaluation_rules.read_method(self.plan.method)
        bids = evaluation.bids_to_judge(self.lot_id)
        for account in sitting:
            verdicts = {(bid.digest, criterion): (criterion != "response" or not reasons[bid.organisation_id],
                                                  reasons[bid.organisation_id] if criterion == "response" else "")
                        for bid in bids for criterion in method.criteria}
            evaluation.submit_review(self.lot_id, account, verdicts, at=self.wait(minutes=5))
        return sitting

    def evaluate(self) -> None:
        sitting = self.sit()
        method = evaluation_rules.read_method(self.plan.method)
        if procedure(self.plan.procedure).rounds == "several":
            self.negotiate(sitting)
        if method.is_scored:
            for position, account in enumerate(sitting):
                marks = {(bid.digest, factor.id): (str(int(factor.most) - (position + index) % 3), "")
                         for index, bid in enumerate(evaluation.accepted_bids(self.lot_id)) for factor in method.factors}
                evaluation.submit_scores(self.lot_id, account, marks, at=self.wait(minutes=20))
        if self.plan.prices_after_h is not None:
            self.open_prices()
        for account in sitting:
            evaluation.sign(self.lot_id, account, at=self.wait(minutes=1))
        for candidate in projects.candidates(self.lot_id):
            self.say("评标委员会", f"第{candidate.rank}名 {candidate.organisation.name} {candidate.price_fen / 100:,.2f} 元 {candidate.score}")

    def open_prices(self) -> None:
        """The technical evaluation is in the log: the key holders open the prices of those who passed."""
        found = trustees.session_of(self.lot_id, envelopes.PRICE)
        assert found is not None
        self.at = max(self.wait(seconds=5), found.opens_at)
        opening.close_window(self.lot_id, envelopes.PRICE, clock=stopped(self.at))
        self.release_keys(lambda seen: opening.bundle_for(found.id, seen=seen), trustees.get_session(found.id).release_checkpoint)
        opening.unseal_due(self.lot_id, envelopes.PRICE, clock=stopped(self.wait(seconds=5)))
        opening.finish(self.lot_id, envelopes.PRICE, clock=stopped(self.wait(seconds=1)))
        evaluation.follow_offers(self.lot_id, at=self.wait(seconds=1))
        for bid in opening.opened_bids(self.lot_id, envelopes.PRICE):
            self.say("系统", f"报价信封开启：{bid.organisation.name} " + (f"{(bid.price_fen or 0) / 100:,.2f} 元" if bid.offer else bid.outcome))

    def negotiate(self, sitting: list[int]) -> None:
        """The group talks with each supplier, then all give a sealed final offer, one percent lower."""
        chair = sitting[0]
        for bid in evaluation.accepted_bids(self.lot_id):
            evaluation.record_talk(self.lot_id, chair, bid.organisation_id, "就技术要求和服务条款逐项商谈，双方确认。", at=self.wait(minutes=10))
        closes = self.wait(minutes=1) + timedelta(minutes=30)
        for holder in self.cast.holders:
            holder.top_up(self.at)
        evaluation.ask_for_offers(self.lot_id, chair, closes, is_final=True, changes="质保期延长至三年。", at=self.at)
        asked = {bid.organisation_id for bid in evaluation.accepted_bids(self.lot_id)}
        self.offer_again([offer for offer in self.plan.offers if offer.company.id in asked])
        evaluation.follow_offers(self.lot_id, at=self.wait(seconds=1))
        self.say("评审小组", "与供应商分别商谈后，开启最后报价")

    def offer_again(self, offers: list[Offer]) -> None:
        """Seal and file the offers of the newest round, close it, and open it by the key holders."""
        found = rounds.rounds_of(self.lot_id)[-1]
        document = trustees.get_session(found.session).document
        for offer in offers:
            self.file_envelope(found.session, document, offer, offer.price_fen * 99 // 100)
        self.at = rounds.deadline(found)
        rounds.close(self.lot_id, found.number, clock=stopped(self.at))
        sealing_session = trustees.get_session(found.session)
        self.cast.cosign(sealing_session.close_checkpoint or 0, self.at)
        self.release_keys(lambda seen: opening.bundle_for(found.session, seen=seen), sealing_session.release_checkpoint)
        opening.unseal_due(self.lot_id, found.envelope, clock=stopped(self.wait(seconds=5)))
        opening.finish(self.lot_id, found.envelope, clock=stopped(self.wait(seconds=1)))

    def select(self) -> None:
        """Without a committee: qualify, then the price, the lot or an agreement decides."""
        who = self.cast.tenderer.code
        method = evaluation_rules.read_method(self.plan.method)
        bids = evaluation.bids_to_judge(self.lot_id)
        if method.kind == "negotiated":
            rounds.talk(self.lot_id, bids[0].organisation_id, "就价格构成和质量保证协商。", actor=who, at=self.wait(minutes=30))
            closes = self.wait(minutes=1) + timedelta(minutes=30)
            for holder in self.cast.holders:
                holder.top_up(self.at)
            rounds.ask(self.lot_id, [bids[0].organisation_id], closes, is_final=True, actor=who, at=self.at)
            self.offer_again(self.plan.offers)
            selection.agree(self.lot_id, "成交价格合理，质量有保证。", "采购人代表、两名专业人员", actor=who, at=self.wait(minutes=30))
            return
        reasons = {offer.company.id: offer.rejected for offer in self.plan.offers}
        selection.qualify(self.lot_id, {bid.digest: (not reasons[bid.organisation_id], reasons[bid.organisation_id]) for bid in bids},
                          actor=who, at=self.wait(hours=1))
        if method.kind == "lottery":
            made = draws.of_lot(self.lot_id, lottery.WINNER)
            assert made is not None
            self.carry_out_draw(made.id)
            selection.follow_draw(self.lot_id, at=self.wait(seconds=1))
            self.say("系统", "在合格单位中随机抽取")

    def conclude(self) -> None:
        if not self.plan.award:
            evaluation.fail(self.lot_id, "记录显示未定标", actor=self.cast.tenderer.code, at=self.wait(hours=1))
            return
        if procedure(self.plan.procedure).is_prequalification:
            prequalification.conclude(self.lot_id, actor=self.cast.tenderer.code, at=self.wait(hours=1))
            self.say("招标人", "同时通知全部申请人资格预审结果")
            return
        if procedure(self.plan.procedure).is_framework:
            self.agree_framework()
            return
        if procedure(self.plan.procedure).publicity:
            notice = announcements.publicise(self.lot_id, PARTICULARS, actor=self.cast.tenderer.code, at=self.wait(hours=2))
            until = notice.versions[-1].schedule["until"]
            self.at = max(self.at, datetime.fromisoformat(until).astimezone(self.at.tzinfo))
            self.say("招标人", "公示中标候选人，公示期满无异议")
        first = projects.candidates(self.lot_id)[0]
        award = evaluation.award(self.lot_id, first.organisation_id, actor=self.cast.tenderer.code, at=self.wait(hours=1),
                                 items="见采购文件需求清单，单价按投标报价表")
        self.say("招标人", f"发出中标通知书：{award.organisation.name}，同时通知未中标人")
        self.wait(days=3)
        payments.record(self.lot_id, f"HT-{self.lot_id}", award.price_fen, self.at.astimezone(BEIJING).date(),
                        actor=self.cast.tenderer.code, at=self.at)
        due = deposits.refunds_due(self.lot)
        self.say("财务", f"合同备案，应退保证金 {len(due)} 笔" + (f"，最迟 {due[0].due}（{due[0].article}）" if due else ""))

    def agree_framework(self) -> None:
        """Admit, sign with each supplier, and buy once under the framework."""
        who = self.cast.tenderer.code
        admitted = frameworks.admit(self.lot_id, actor=who, at=self.wait(hours=1))
        self.say("采购人", f"公布入围结果，{len(admitted)} 家入围")
        today = self.wait(days=3).astimezone(BEIJING).date()
        for place in admitted:
            frameworks.sign(self.lot_id, place.organisation_id, f"KJ-{place.rank}", today, today + timedelta(days=300), actor=who, at=self.at)
        for holder in self.cast.holders:
            holder.top_up(self.at)
        first, closes = admitted[0], self.wait(days=10) + timedelta(hours=2)
        made = frameworks.call_off(self.lot_id, "首批服务", organisation_id=first.organisation_id, reason="入围价最低", closes=closes,
                                   actor=who, at=self.at)
        if made.round_number is not None:
            inside = {place.organisation_id for place in admitted}
            self.offer_again([offer for offer in self.plan.offers if offer.company.id in inside])
            frameworks.follow(made.id, at=self.wait(seconds=1))
        self.say("采购人", f"框架协议第 {made.number} 次采购成交")

    def ended(self) -> Ended:
        award = projects.award_of(self.lot_id)
        report = evaluation.evaluation_of(self.lot_id)
        ranking = (report.report or {}).get("ranking", []) if report else []
        tied = [entry["bidder"] for entry in ranking if entry["rank"] == 1]
        return Ended(self.lot_id, award.organisation.code if award else None, award.price_fen if award else None, tied, self.at)
