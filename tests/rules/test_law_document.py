"""The loaded rows against the rule document that lies beside the project, where there is one."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import pytest

from trading.law.rules import Unit, all_rules

DOCUMENT = Path(__file__).resolve().parents[3] / "shared" / "rules" / "statutes.md"
pytestmark = pytest.mark.skipif(
    not DOCUMENT.exists(), reason="shared/rules/statutes.md does not lie beside the project"
)

KEYED = re.compile(r"^\| ((?:ct|gp|ld|pr)\.\w+) \|(.*)\|$", re.MULTILINE)
INLINE = re.compile(r"`([a-z]{1,2}\.[a-z_]+)")
#: One figure of a cell: perhaps a side, a number, perhaps a unit.
FIGURE = re.compile(r"([≥≤])? ?(\d[\d,]*(?:/\d+)?) ?(%|×|(?:d|wd|h|min|y|months?|decimals|calls)\b)?")
SIDES = {"≥": "at_least", "≤": "at_most"}
#: Keys that the document bundles and the table holds as several rows, or under the name that
#: all procedures share for one gate.
ELSEWHERE = {
    "ct.notice_latency": "ct.notice_latency ct.notice_check ct.notice_publish",
    "ct.publicity": "ct.publicity ct.publicity_start",
    "gp.clarify": "gp.clarify gp.clarify_prequal",
    "gp.invite_pool": "gp.invite_pool gp.invited gp.invite_watch",
    "gp.min_bidders": "gp.min_bidders gp.min_qualified",
    "gp.result": "gp.result gp.result_period",
    "ld.free_auction": "ld.free_auction ld.xsjj_window",
    "ld.idle": "ld.idle ld.idle_after ld.idle_take_back",
    "ld.min_parties": "ld.min_bidders",
    "ld.pay": "ld.pay_half ld.pay_half_share ld.pay_all",
    "ld.premium": "ld.premium_places",
    "ld.term": "ld.term_residential ld.term_industrial ld.term_public ld.term_commercial ld.term_mixed",
    "pr.asset": "pr.asset pr.asset_large pr.asset_from pr.asset_large_from",
    "pr.extend": "pr.extend pr.extend_resume pr.extend_total pr.suspend_max",
    "pr.pay": "pr.pay pr.pay_first pr.pay_rest",
    "pr.pre_disclose": "pr.pre_disclose pr.pre_disclose_start",
}


#: Figures that a city or a notice may choose instead, so that no national row holds them.
CHOSEN = {("ld.xsjj_window", "4"), ("ld.contract", "5")}


def names(key: str) -> list[str]:
    return ELSEWHERE.get(key, key).split()


@lru_cache(maxsize=1)
def text() -> str:
    return DOCUMENT.read_text("utf-8")


def keyed() -> dict[str, str]:
    """Each key of the document with its cell of values."""
    return {key: rest.split(" | ")[1].strip() for key, rest in KEYED.findall(text())}


def loaded() -> set[str]:
    return {rule.key for rule in all_rules()}


def test_the_document_is_read() -> None:
    assert len(keyed()) >= 88
    assert {"ct.bid_period", "gp.addition", "ld.premium", "pr.result"} <= keyed().keys()


def test_every_key_of_the_document_is_loaded() -> None:
    have = loaded()
    missing = [key for key in keyed() if not set(names(key)) <= have]
    missing += [key for key in INLINE.findall(text()) if key not in have]
    assert missing == []


def figures() -> list[tuple[str, str, str, str]]:
    if not DOCUMENT.exists():
        return []
    return [
        (key, *found) for key, cell in keyed().items() for found in FIGURE.findall(cell)
        if (key, found[1]) not in CHOSEN
    ]  # fmt: skip


def meanings(number: str, unit: str) -> set[tuple[object, Unit]]:
    """What a figure of the document may be in the table: amounts there are in yuan, terms in years."""
    if "/" in number:
        return {(Fraction(number), Unit.RATIO)}
    n = int(number.replace(",", ""))
    by_unit = {
        "%": {(Fraction(n, 100), Unit.RATIO)}, "×": {(Fraction(n), Unit.RATIO)},
        "d": {(n, Unit.DAY)}, "wd": {(n, Unit.WORKING_DAY)}, "h": {(n, Unit.HOUR)},
        "min": {(n, Unit.MINUTE)}, "y": {(12 * n, Unit.MONTH)},
        "month": {(n, Unit.MONTH)}, "months": {(n, Unit.MONTH)},
    }  # fmt: skip
    # "10 / 20 wd" names its unit once, so a bare number may be any.
    anything = {(n, unit) for unit in Unit} | {(100 * n, Unit.FEN)}
    return by_unit.get(unit, anything)


@pytest.mark.parametrize(("key", "side", "number", "unit"), figures())
def test_every_figure_of_a_key_is_in_its_rows(key: str, side: str, number: str, unit: str) -> None:
    rows = [rule for rule in all_rules() if rule.key in names(key)]
    meant = [rule for rule in rows if (rule.value, rule.unit) in meanings(number, unit)]
    assert meant, [(rule.key, rule.amount) for rule in rows]
    if side:
        assert SIDES[side] in [rule.sense for rule in meant]


def test_many_figures_are_compared() -> None:
    assert len(figures()) >= 70


#: Rows of the tables without a key column, by their first cell, and the keys that hold them.
UNKEYED = {
    "must-tender: construction (施工)": "ct.must_construction",
    "must-tender: important equipment/materials": "ct.must_goods",
    "must-tender: survey/design/supervision": "ct.must_service",
    "state-fund project": "ct.state_fund_amount ct.state_fund_share",
    "same-project splits that can be combined are added together": "ct.must_sum",
    "central: open tender for goods/services; 分散采购 limits": "gp.open_threshold gp.decentral_goods gp.decentral_works",
    "T1": "t.start_excluded", "T2": "t.roll", "T3": "t.last_day_ends", "T4": "t.hours_from_moment",
    "T5": "t.month_end", "T6": "t.backward_roll", "T7": "t.makeup_is_work", "T8": "t.full_days",
    "T9": "t.published_years_only",
    "second round still < 3 bids": "ct.min_bidders_again ct.min_valid_again",
    "valid bids < 3 after rejections": "ct.valid_short",
    "draw / reps / expert age": "cm.draw_lead cm.reps_share cm.reps_max cm.age_out",
    "outlier scorer": "ev.outlier_share",
    "notice, refund, filing": "ct.award_notice ct.contract_file dp.refund_losers dp.refund_candidates dp.interest_kind",
    "low price": "ct.low_security dp.payments_secret_until ev.benchmark_fixed",
    "Min. suppliers": "gp.min_bidders gp.min_bidders_after_failure gp.min_bidders_thin_market",
    "Document issue → first response": "gp.bid_period",
    "Clarification": "gp.clarify",
    "Document supply": "gp.doc_supply gp.single_source_publicity",
    "Group": "cm.size_min cm.size_min_threshold cm.expert_share cm.odd",
    "Price rounds": "gp.price_rounds", "Winner": "gp.winner",
    "Price weight": "ev.price_weight_min_goods ev.price_weight_max_goods ev.price_weight_min_services "
                    "ev.price_weight_max_services ev.no_trimming",
    "Result": "gp.report_out gp.decide gp.result", "Tie": "gp.tie",
    "micro/small firm (小微), goods and services, not reserved": "ev.sme_min ev.sme_max",
    "micro/small firm, works": "ev.sme_works_min ev.sme_works_max",
    "large/medium consortium or subcontract with small share ≥ 30%":
        "ev.sme_joint_share ev.sme_joint_min ev.sme_joint_max ev.sme_joint_works_min ev.sme_joint_works_max",
    "works tendered under 招标投标法 with 综合评估法 and no low-price formula":
        "ev.sme_score_min ev.sme_score_max ev.sme_score_joint_min ev.sme_score_joint_max",
    "domestic product, when domestic and non-domestic compete": "ev.domestic ev.domestic_whole",
    "stacking": "ev.stacking", "reserved share": "ev.reserved_sme ev.reserved_small",
    "not applied": "ev.reserved_no_deduction",
    "bid bond cap": "dp.bond_cap dp.bond_limit_construction dp.bond_limit_goods dp.bond_limit_design",
    "form": "dp.form dp.guarantee_accepted", "missing/short": "dp.missing",
    "withdrawal before deadline (撤回)": "dp.refund_withdrawn",
    "revocation after deadline (撤销)": "dp.revoked_kept",
    "losers": "dp.refund_losers dp.refund_losers_from", "winner": "dp.refund_winner dp.interest",
    "late refund": "dp.late_fine_max dp.late_factor",
    "winner refuses contract / no performance bond / adds conditions":
        "dp.refuse_contract dp.refuse_fine_min dp.refuse_fine_max dp.refuse_ban_min dp.refuse_ban_max",
    "performance bond (履约保证金)": "dp.performance_cap dp.performance_form",
    "other bonds": "dp.kinds", "custody": "dp.custody dp.same_payer",
    "size": "cm.size_min cm.size_min_large cm.large_budget cm.odd",
    "experts": "cm.expert_share cm.chair_not_purchaser", "pool": "cm.pool",
    "draw": "cm.random cm.direct_choice", "draw time": "cm.draw_lead cm.fixed_before",
    "secrecy": "cm.names_until", "qualification": "cm.expert_years", "replacement": "cm.replacement",
    "supervisors": "cm.recusal_supervisor cm.recusal_buyer", "conduct": "cm.no_private_contact cm.conduct",
    "E1": "op.unencrypted", "E2": "op.incomplete op.late", "E3": "op.receipt op.sealed_until",
    "E4": "op.latest_counts", "E5": "ct.open_at_deadline gp.open_at_deadline",
    "E6": "op.not_decrypted_bidder op.not_decrypted_other op.others_go_on", "E7": "op.remedy",
    "E8": "op.decrypt_window", "E9": "op.record", "E10": "op.objection", "E11": "op.evaluation_place",
    "E12": "op.signed_papers", "E13": "op.log_fields", "E14": "op.operator_bar op.takers_secret",
    "E15": "op.free_tools", "E16": "op.data_prevails", "E17": "op.received_at", "E18": "op.too_few_left",
    "综合评分法 (procurement)": "ev.formula ev.price_weight_min_goods ev.price_weight_min_services ev.fixed_price",
    "— ranking": "ev.rank_order ev.tie", "最低评标价法 (procurement)": "ev.lowest_for_standard",
    "same brand": "ev.same_brand_score ev.same_brand_lowest",
    "经评审的最低投标价法 (works)": "ev.contract_price ev.below_cost",
    "benchmark (评标基准价) variants": "ev.benchmark_trim", "benchmark fixed once": "ev.benchmark_fixed",
    "on prequal document": "ob.prequal ob.question", "on tender document": "ob.document",
    "on opening": "op.objection", "on result": "ob.result", "reply": "ob.reply ob.inquiry_reply ob.reply_suspends ob.suspends_signing",
    "complaint": "ob.complaint ob.objection_first ob.scope",
    "acceptance": "ob.accept ob.correct_once ob.accept_refusal ob.accept_copies",
    "decision": "ob.decide ob.decide_from ob.not_counted", "suspension": "ob.suspend",
    "rules": "ob.fabricated ob.ban_min ob.ban_max ob.one_time", "channel": "ob.channel",
    "procurement files": "ar.retention", "works tendering files": "ar.retention ar.kept_of_bidders",
    "e-archive validity": "ar.electronic_equal", "transfer to archive": "ar.transfer_city ar.transfer_county",
    "e-signature": "ar.signature", "commercial crypto": "ar.crypto_required", "algorithms": "ar.crypto_assessment",
    "等保 level 3 (GB/T 22239-2019)": "ar.log", "emergency": "op.suspend_grounds",
    "TENDER_PROJECT_CODE (招标项目编号)": "id.tender_project id.region id.project id.tender",
    "BID_SECTION_CODE (标段(包)编号)": "id.section id.lot",
    **{f"R{n}": f"cl.r{n}" for n in range(1, 19)},
}  # fmt: skip


@pytest.mark.parametrize(("cell", "keys"), UNKEYED.items())
def test_every_row_without_a_key_has_its_rows(cell: str, keys: str) -> None:
    assert f"\n| {cell} |" in text(), "the document no longer has this row"
    assert set(keys.split()) <= loaded()


#: First cells that hold no number and no duty for a machine: heads, choices of method, practice.
NO_RULE = {
    "Law", "Threshold", "Instrument", "Policy", "Override", "Rule", "Key", "Step", "Topic", "Field", "Stage",
    "Method", "#", "Source key", "local thresholds", "platform design", "e-system",
    "Works — committee must reject (条例 51 `V`)", "standards", "technical spec part 1",
    "综合评估法 (works)", "偏差率", "linear score", "— base", "UNIFIED_DEAL_CODE (统一交易标识码)",
    "standard fields seen", "data sets", "side states",
    "公共资源交易平台管理暂行办法 (39号令, 2016): electronic files, paper and audio/video of each trade are archived for "
    "the prescribed term; platform may not do approval, filing, supervision or punish; no forced intermediary",
    # The grounds of 条例 51 and 87号令 63 are one list each: ev.reject_grounds.
    "no bidder seal **and** no head's signature", "consortium without agreement", "not qualified",
    "two different bids/prices (unless alternatives asked)", "price below cost or above ceiling",
    "no response to substantive requirement", "collusion, fraud, bribery",
}  # fmt: skip


def test_no_row_of_the_document_is_passed_over_in_silence() -> None:
    body = re.split(r"^## (\d+)", text(), flags=re.MULTILINE)
    sections = dict(zip(body[1::2], body[2::2], strict=True))
    rows = []
    for number, section in sections.items():
        if number in {"0", "15", "16", "17"}:  # reading, stages and documents, traps, doubts
            continue
        if number == "1":
            section = section[section.index("| Threshold |"):]
        rows += re.findall(r"^\| (.+?) \|", section, re.MULTILINE)
    known = UNKEYED.keys() | NO_RULE | keyed().keys()
    unknown = [row for row in rows if row not in known and not set(row) <= {"-", "|", " "}]
    assert unknown == []
