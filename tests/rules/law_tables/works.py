"""Worked examples of works tendering: just before, exactly at and just after each line of the law.

Days and figures are those of the text of law and the yearly notice, written out here;
see law_examples.py for how a line is read.
"""

from __future__ import annotations

# Key, where, start, first lawful end.
NOT_BEFORE = [
    ("ct.bid_period", "works-open", "2026-09-24", "2026-10-14"),
    ("ct.clarify", "works-open", "2026-09-24", "2026-10-09"),
    ("ct.clarify_prequal", "works-open", "2026-09-24", "2026-09-28"),
    ("ct.prequal_submit", "works-open", "2026-09-24", "2026-09-29"),
    ("ct.publicity", "works-open", "2026-09-24", "2026-09-28"),
    ("ct.sale_min", "works-open", "2026-09-24", "2026-09-29"),
]  # fmt: skip

# Key, where, start, last lawful end.
NOT_AFTER = [
    ("ct.contract", "works-open", "2026-09-24", "2026-10-26"),
    ("ct.notice_check", "works-open", "2026-09-24", "2026-09-30"),
    ("ct.notice_latency", "works-open", "2026-11-20T20:15", "2026-11-21T08:15"),
    ("ct.notice_publish", "works-open", "2026-09-24", "2026-09-28"),
    ("ct.publicity_start", "works-open", "2026-09-24", "2026-09-28"),
    ("ct.report", "works-open", "2026-09-24", "2026-10-09"),
]  # fmt: skip

# Key, where, the figures just below, at and just above the line, and which of them are lawful.
FIGURES = [
    ("ct.base_price", "works-open", (0, 1, 2), (True, True, False)),
    ("ct.eval_report", "works-open", (2, 3, 4), (True, True, False)),
    ("ct.extend_eval_time", "works-open", ("997/3000", "1/3", "1003/3000"), (False, False, True)),
    ("ct.invited", "works-invited", (2, 3, 4), (False, True, True)),
    ("ct.min_bidders", "works-open", (2, 3, 4), (False, True, True)),
    ("ct.min_qualified", "works-open", (2, 3, 4), (False, True, True)),
    ("ct.min_valid", "works-open", (2, 3, 4), (False, True, True)),
    ("ct.must_construction", "works-open", (399_999_999, 400_000_000, 400_000_001), (False, True, True)),
    ("ct.must_goods", "works-open", (199_999_999, 200_000_000, 200_000_001), (False, True, True)),
    ("ct.must_service", "works-open", (99_999_999, 100_000_000, 100_000_001), (False, True, True)),
    ("ct.state_fund_amount", "works-open", (199_999_999, 200_000_000, 200_000_001), (False, True, True)),
    ("ct.state_fund_share", "works-open", ("0.099", "0.1", "0.101"), (False, True, True)),
]  # fmt: skip

# Key, where, whether the duty is on.
DUTIES = [
    ("ct.award_first", "works-open", True),
    ("ct.ceiling", "works-open", True),
    ("ct.consortium", "works-open", True),
    ("ct.contract_matches_bid", "works-open", True),
    ("ct.must_sum", "works-open", True),
    ("ct.no_bias", "works-open", True),
    ("ct.no_signup", "works-open", True),
    ("ct.notice_award", "works-open", True),
    ("ct.open_at_deadline", "works-open", True),
    ("ct.recheck", "works-open", True),
    ("ct.related", "works-open", True),
    ("ct.site_visit", "works-open", True),
    ("ct.stop", "works-open", True),
    ("ct.two_stage", "works-open", True),
    ("ct.validity", "works-open", True),
]  # fmt: skip

# Key, where, what is lawful.
CHOICES = [
    ("ct.all_rejected", "works-open", ["tender_again"]),
    ("ct.award_next", "works-open", ["gave_up", "force_majeure", "no_performance_bond", "violation"]),
    ("ct.candidates_show", "works-open", ["rank", "name", "price", "quality", "period", "evaluation", "manager", "qualification", "objection"]),
    ("ct.fee", "works-open", ["cost"]),
    ("ct.notice_media", "works-open", ["national_or_provincial_platform"]),
    ("ct.refuse_reception", "works-open", ["prequalification_failed", "late", "unsealed"]),
    ("ct.second_fail", "works-open", ["approval_or_tenderer_decides"]),
    ("ct.valid_short", "works-open", ["may_reject_all"]),
]  # fmt: skip

# Key, where, first day of force.
SINCE = [
    ("ct.award_first", "works-open", "2012-02-01"),
    ("ct.award_next", "works-open", "2012-02-01"),
    ("ct.base_price", "works-open", "2012-02-01"),
    ("ct.candidates_show", "works-open", "2018-01-01"),
    ("ct.ceiling", "works-open", "2012-02-01"),
    ("ct.no_bias", "works-open", "2012-02-01"),
    ("ct.clarify_prequal", "works-open", "2012-02-01"),
    ("ct.contract_matches_bid", "works-open", "2012-02-01"),
    ("ct.eval_report", "works-open", "2012-02-01"),
    ("ct.extend_eval_time", "works-open", "2012-02-01"),
    ("ct.min_qualified", "works-open", "2012-02-01"),
    ("ct.must_construction", "works-open", "2018-06-01"),
    ("ct.must_goods", "works-open", "2018-06-01"),
    ("ct.must_service", "works-open", "2018-06-01"),
    ("ct.must_sum", "works-open", "2018-06-01"),
    ("ct.no_signup", "works-open", "2013-05-01"),
    ("ct.notice_check", "works-open", "2018-01-01"),
    ("ct.notice_latency", "works-open", "2018-01-01"),
    ("ct.notice_media", "works-open", "2013-05-01"),
    ("ct.notice_publish", "works-open", "2018-01-01"),
    ("ct.prequal_submit", "works-open", "2012-02-01"),
    ("ct.publicity", "works-open", "2012-02-01"),
    ("ct.publicity_start", "works-open", "2012-02-01"),
    ("ct.recheck", "works-open", "2012-02-01"),
    ("ct.refuse_reception", "works-open", "2012-02-01"),
    ("ct.related", "works-open", "2012-02-01"),
    ("ct.sale_min", "works-open", "2012-02-01"),
    ("ct.second_fail", "works-open", "2013-05-01"),
    ("ct.site_visit", "works-open", "2012-02-01"),
    ("ct.state_fund_amount", "works-open", "2018-06-01"),
    ("ct.state_fund_share", "works-open", "2018-06-01"),
    ("ct.stop", "works-open", "2012-02-01"),
    ("ct.two_stage", "works-open", "2012-02-01"),
    ("ct.validity", "works-open", "2012-02-01"),
]  # fmt: skip
