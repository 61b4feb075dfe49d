"""Worked examples of regions: just before, exactly at and just after each line of the law.

Days and figures are those of the text of law and the yearly notice, written out here;
see law_examples.py for how a line is read.
"""

from __future__ import annotations

# Key, where, start, first lawful end.
NOT_BEFORE = [
    ("ar.retention", "works-open@CN-50", "2026-09-24", "2041-09-24"),
    ("ct.bid_period", "works-open@JP-08203", "2026-09-24", "2026-09-24"),
    ("ct.clarify", "works-open@JP-08203", "2026-09-24", "2026-09-24"),
    ("ct.publicity", "works-open@JP-08203", "2026-09-24", "2026-09-24"),
    ("ct.sale_min", "works-open@JP-08203", "2026-09-24", "2026-09-24"),
    ("ld.free_auction", "land-auction@CN-4507", "2026-11-20T20:15", "2026-11-20T21:15"),
    ("ld.xsjj_confirm", "land-listing@CN-4405", "2026-11-20T20:15", "2026-11-20T20:20"),
    ("ld.xsjj_window", "land-listing@CN-4507", "2026-11-20T20:15", "2026-11-20T20:20"),
]  # fmt: skip

# Key, where, start, last lawful end.
NOT_AFTER = [
    ("cm.draw_lead", "works-open@CN-50", "2026-11-20T20:15", "2026-11-21T20:15"),
    ("ct.award_notice", "works-open@CN-50", "2026-09-24", "2026-10-09"),
    ("ct.contract_file", "works-open@CN-50", "2026-09-24", "2026-10-12"),
    ("ct.publicity_start", "works-open@JP-08203", "2026-09-24", "2026-09-27"),
    ("dp.refund_candidates", "works-open@CN-50", "2026-09-24", "2026-09-29"),
    ("dp.refund_losers", "works-open@CN-50", "2026-09-24", "2026-09-29"),
    ("mi.confirm", "land-listing@CN-51", "2026-09-24", "2026-09-30"),
    ("mi.publicity_start", "land-listing@CN-51", "2026-09-24", "2026-10-09"),
]  # fmt: skip

# Key, where, the figures just below, at and just above the line, and which of them are lawful.
FIGURES = [
    ("cm.age_out", "works-open@CN-50", (69, 70, 71), (True, False, False)),
    ("cm.reps_max", "works-open@CN-50", (1, 2, 3), (True, True, False)),
    ("cm.reps_share", "works-open@CN-50", ("997/3000", "1/3", "1003/3000"), (True, True, False)),
    ("ct.eval_report", "works-open@JP-08203", (2, 3, 4), (True, True, False)),
    ("ct.low_security", "works-open@CN-50", ("0.849", "0.85", "0.851"), (True, False, False)),
    ("ct.min_bidders", "works-open@JP-08203", (0, 1, 2), (False, True, True)),
    ("ct.min_bidders_again", "works-open@CN-50", (0, 1, 2), (False, True, True)),
    ("ct.min_qualified", "works-open@JP-08203", (0, 1, 2), (False, True, True)),
    ("ct.min_valid", "works-open@JP-08203", (0, 1, 2), (False, True, True)),
    ("ct.min_valid_again", "works-open@CN-50", (0, 1, 2), (False, True, True)),
    ("dp.bond_cap", "works-open@JP-08203", ("0.049", "0.05", "0.051"), (True, True, False)),
    ("ev.outlier_share", "works-open@CN-50", ("0.499", "0.5", "0.501"), (False, False, True)),
    ("mi.min_bidders_auction", "land-auction@CN-51", (2, 3, 4), (False, True, True)),
]  # fmt: skip

# Key, where, whether the duty is on.
DUTIES = [
    ("ct.open_at_deadline", "works-open@JP-08203", True),
    ("ev.benchmark_fixed", "works-open@CN-50", True),
]  # fmt: skip

# Key, where, what is lawful.
CHOICES = [
    ("ar.kept_of_bidders", "works-open@CN-50", ["candidates"]),
    ("cl.close_totals", "works-open@CN-50", ["collusion_unless_explained"]),
    ("ct.valid_short", "works-open@CN-50", ["reject_unless_competitive"]),
    ("dp.interest_kind", "works-open@CN-50", ["demand_deposit"]),
    ("dp.payments_secret_until", "works-open@CN-50", ["opening"]),
    ("dp.refund_losers_from", "works-open@CN-50", ["award_notice"]),
    ("op.suspend_grounds", "works-open@CN-3302", ["system_failure", "force_majeure", "ownership_dispute"]),
    ("op.suspend_grounds", "works-open@CN-4109", ["system_failure", "force_majeure", "ownership_dispute"]),
    ("t.roll", "works-open@JP-08203", ["none"]),
]  # fmt: skip

# Key, where, first day of force.
SINCE = [
    ("ar.kept_of_bidders", "works-open@CN-50", "2018-07-26"),
    ("ar.retention", "works-open@CN-50", "2018-07-26"),
    ("cl.close_totals", "works-open@CN-50", "2018-07-26"),
    ("cm.age_out", "works-open@CN-50", "2018-07-26"),
    ("cm.draw_lead", "works-open@CN-50", "2018-07-26"),
    ("cm.reps_max", "works-open@CN-50", "2018-07-26"),
    ("cm.reps_share", "works-open@CN-50", "2018-07-26"),
    ("ct.award_notice", "works-open@CN-50", "2018-07-26"),
    ("ct.contract_file", "works-open@CN-50", "2018-07-26"),
    ("ct.low_security", "works-open@CN-50", "2018-07-26"),
    ("ct.min_bidders_again", "works-open@CN-50", "2018-07-26"),
    ("ct.min_valid_again", "works-open@CN-50", "2018-07-26"),
    ("ct.valid_short", "works-open@CN-50", "2018-07-26"),
    ("dp.interest_kind", "works-open@CN-50", "2018-07-26"),
    ("dp.payments_secret_until", "works-open@CN-50", "2018-07-26"),
    ("dp.refund_candidates", "works-open@CN-50", "2018-07-26"),
    ("dp.refund_losers", "works-open@CN-50", "2018-07-26"),
    ("dp.refund_losers_from", "works-open@CN-50", "2018-07-26"),
    ("ev.benchmark_fixed", "works-open@CN-50", "2018-07-26"),
    ("ev.outlier_share", "works-open@CN-50", "2018-07-26"),
]  # fmt: skip
