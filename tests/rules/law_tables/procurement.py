"""Worked examples of government procurement: just before, exactly at and just after each line of the law.

Days and figures are those of the text of law and the yearly notice, written out here;
see law_examples.py for how a line is read.
"""

from __future__ import annotations

# Key, where, start, first lawful end.
NOT_BEFORE = [
    ("gp.bid_period", "consultation", "2026-09-24", "2026-10-08"),
    ("gp.bid_period", "inquiry", "2026-09-24", "2026-09-30"),
    ("gp.bid_period", "negotiation", "2026-09-24", "2026-09-30"),
    ("gp.bid_period", "procurement-open", "2026-09-24", "2026-10-14"),
    ("gp.clarify", "consultation", "2026-09-24", "2026-09-29"),
    ("gp.clarify", "inquiry", "2026-09-24", "2026-09-30"),
    ("gp.clarify", "procurement-open", "2026-09-24", "2026-10-09"),
    ("gp.clarify_prequal", "procurement-open", "2026-09-24", "2026-09-28"),
    ("gp.doc_supply", "consultation", "2026-09-24", "2026-10-09"),
    ("gp.doc_supply", "procurement-open", "2026-09-24", "2026-10-09"),
    ("gp.intent", "procurement-open", "2026-09-24", "2026-10-26"),
    ("gp.notice", "procurement-open", "2026-09-24", "2026-10-09"),
    ("gp.prequal_submit", "procurement-open", "2026-09-24", "2026-10-09"),
    ("gp.result_period", "procurement-open", "2026-09-24", "2026-09-28"),
    ("gp.single_source_publicity", "single-source", "2026-09-24", "2026-10-09"),
]  # fmt: skip

# Key, where, start, last lawful end.
NOT_AFTER = [
    ("gp.contract", "procurement-open", "2026-09-24", "2026-10-26"),
    ("gp.contract_file", "procurement-open", "2026-09-24", "2026-10-12"),
    ("gp.contract_pub", "procurement-open", "2026-09-24", "2026-09-29"),
    ("gp.decide", "procurement-open", "2026-09-24", "2026-10-09"),
    ("gp.fw_term_goods", "framework", "2026-09-24", "2027-09-24"),
    ("gp.fw_term_services", "framework", "2026-09-24", "2028-09-24"),
    ("gp.medium", "procurement-open", "2026-09-24", "2026-09-28"),
    ("gp.report_out", "procurement-open", "2026-09-24", "2026-09-29"),
    ("gp.result", "procurement-open", "2026-09-24", "2026-09-29"),
    ("gp.terminate", "procurement-open", "2026-09-24", "2026-10-09"),
]  # fmt: skip

# Key, where, the figures just below, at and just above the line, and which of them are lawful.
FIGURES = [
    ("gp.addition", "procurement-open", ("0.099", "0.1", "0.101"), (True, True, False)),
    ("gp.addition_emergency", "procurement-open", ("0.299", "0.3", "0.301"), (True, True, False)),
    ("gp.candidates", "procurement-open", (2, 3, 4), (False, True, False)),
    ("gp.decentral_goods", "works-open", (99_999_999, 100_000_000, 100_000_001), (False, True, True)),
    ("gp.decentral_works", "works-open", (119_999_999, 120_000_000, 120_000_001), (False, True, True)),
    ("gp.doc_supply_ext", "procurement-open", (2, 3, 4), (False, True, True)),
    ("gp.fw_out_least", "framework", (0, 1, 2), (False, True, True)),
    ("gp.fw_out_price", "framework", ("0.199", "0.2", "0.201"), (False, True, True)),
    ("gp.fw_out_quality", "framework", ("0.399", "0.4", "0.401"), (False, True, True)),
    ("gp.invite_pool", "procurement-invited", ("1.999", "2", "2.001"), (False, True, True)),
    ("gp.invite_watch", "procurement-invited", (1, 2, 3), (False, True, True)),
    ("gp.invited", "procurement-invited", (2, 3, 4), (False, True, True)),
    ("gp.min_bidders", "consultation", (2, 3, 4), (False, True, True)),
    ("gp.min_bidders", "inquiry", (2, 3, 4), (False, True, True)),
    ("gp.min_bidders", "procurement-open", (2, 3, 4), (False, True, True)),
    ("gp.min_bidders", "single-source", (0, 1, 2), (False, True, True)),
    ("gp.min_bidders_after_failure", "negotiation", (1, 2, 3), (False, True, True)),
    ("gp.min_bidders_emergency", "procurement-open", (0, 1, 2), (False, True, True)),
    ("gp.min_bidders_thin_market", "consultation", (1, 2, 3), (False, True, True)),
    ("gp.min_qualified", "procurement-open", (2, 3, 4), (False, True, True)),
    ("gp.min_valid", "procurement-open", (2, 3, 4), (False, True, True)),
    ("gp.open_threshold", "works-open", (199_999_999, 200_000_000, 200_000_001), (False, True, True)),
]  # fmt: skip

# Key, where, whether the duty is on.
DUTIES = [
    ("gp.budget_public", "procurement-open", True),
    ("gp.committee_not_open", "procurement-open", True),
    ("gp.consortium_default", "procurement-open", True),
    ("gp.no_bias", "procurement-open", True),
    ("gp.emergency_no_approval", "procurement-open", True),
    ("gp.losers_told", "procurement-open", True),
    ("gp.no_signup", "procurement-open", True),
    ("gp.open_at_deadline", "procurement-open", True),
    ("gp.qualify_by", "procurement-open", True),
    ("gp.recorded", "procurement-open", True),
    ("gp.related", "procurement-open", True),
    ("gp.size_ban", "procurement-open", True),
]  # fmt: skip

# Key, where, what is lawful.
CHOICES = [
    ("gp.award_order", "procurement-open", ["rank"]),
    ("gp.decide_silence", "procurement-open", ["first_in_rank"]),
    ("gp.fw_second_stage", "framework", ["direct", "second_bidding", "rotation"]),
    ("gp.price_rounds", "consultation", ["several"]),
    ("gp.price_rounds", "inquiry", ["one"]),
    ("gp.price_rounds", "single-source", ["negotiated"]),
    ("gp.result_show", "procurement-open", ["parties", "amounts", "items", "experts"]),
    ("gp.tie", "consultation", ["price_then_technical"]),
    ("gp.tie", "inquiry", ["group_by_document"]),
    ("gp.void_grounds", "procurement-open", ["fewer_than_three", "unlawful", "over_budget", "cancelled"]),
    ("gp.winner", "consultation", ["highest_score"]),
    ("gp.winner", "inquiry", ["lowest_price"]),
    ("gp.winner", "single-source", ["agreed_price"]),
    ("gp.works_route", "works-open", ["tendering_law"]),
    ("gp.works_untendered", "works-open", ["negotiation", "consultation", "single-source"]),
]  # fmt: skip

# Key, where, first day of force.
SINCE = [
    ("gp.addition_emergency", "procurement-open", "2026-10-01"),
    ("gp.award_order", "procurement-open", "2015-03-01"),
    ("gp.bid_period", "consultation", "2014-12-31"),
    ("gp.bid_period", "inquiry", "2014-02-01"),
    ("gp.bid_period", "negotiation", "2014-02-01"),
    ("gp.budget_public", "procurement-open", "2015-03-01"),
    ("gp.clarify", "consultation", "2014-12-31"),
    ("gp.clarify", "inquiry", "2014-02-01"),
    ("gp.clarify", "procurement-open", "2015-03-01"),
    ("gp.clarify_prequal", "procurement-open", "2017-10-01"),
    ("gp.committee_not_open", "procurement-open", "2017-10-01"),
    ("gp.consortium_default", "procurement-open", "2017-10-01"),
    ("gp.contract_pub", "procurement-open", "2015-03-01"),
    ("gp.decide", "procurement-open", "2015-03-01"),
    ("gp.decide_silence", "procurement-open", "2015-03-01"),
    ("gp.doc_supply", "consultation", "2014-12-31"),
    ("gp.doc_supply", "procurement-open", "2015-03-01"),
    ("gp.doc_supply_ext", "procurement-open", "2017-10-01"),
    ("gp.emergency_no_approval", "procurement-open", "2026-10-01"),
    ("gp.fw_out_least", "framework", "2022-03-01"),
    ("gp.fw_out_price", "framework", "2022-03-01"),
    ("gp.fw_out_quality", "framework", "2022-03-01"),
    ("gp.fw_second_stage", "framework", "2022-03-01"),
    ("gp.fw_term_goods", "framework", "2022-03-01"),
    ("gp.fw_term_services", "framework", "2022-03-01"),
    ("gp.invite_pool", "procurement-invited", "2017-10-01"),
    ("gp.invite_watch", "procurement-invited", "2017-10-01"),
    ("gp.invited", "procurement-invited", "2017-10-01"),
    ("gp.no_bias", "procurement-open", "2015-03-01"),
    ("gp.losers_told", "procurement-open", "2017-10-01"),
    ("gp.medium", "procurement-open", "2020-03-01"),
    ("gp.min_bidders", "consultation", "2014-12-31"),
    ("gp.min_bidders_after_failure", "negotiation", "2014-02-01"),
    ("gp.min_bidders_emergency", "procurement-open", "2026-10-01"),
    ("gp.min_bidders_thin_market", "consultation", "2014-12-31"),
    ("gp.min_qualified", "procurement-open", "2017-10-01"),
    ("gp.no_signup", "procurement-open", "2013-05-01"),
    ("gp.notice", "procurement-open", "2017-10-01"),
    ("gp.prequal_submit", "procurement-open", "2015-03-01"),
    ("gp.qualify_by", "procurement-open", "2017-10-01"),
    ("gp.recorded", "procurement-open", "2017-10-01"),
    ("gp.related", "procurement-open", "2015-03-01"),
    ("gp.report_out", "procurement-open", "2015-03-01"),
    ("gp.result", "procurement-open", "2015-03-01"),
    ("gp.result_period", "procurement-open", "2017-10-01"),
    ("gp.result_show", "procurement-open", "2015-03-01"),
    ("gp.single_source_publicity", "single-source", "2015-03-01"),
    ("gp.size_ban", "procurement-open", "2017-10-01"),
    ("gp.terminate", "procurement-open", "2017-10-01"),
    ("gp.tie", "consultation", "2014-12-31"),
    ("gp.tie", "inquiry", "2014-02-01"),
    ("gp.winner", "consultation", "2014-12-31"),
    ("gp.works_untendered", "works-open", "2015-03-01"),
]  # fmt: skip
