"""Worked examples of deposits and bonds: just before, exactly at and just after each line of the law.

Days and figures are those of the text of law and the yearly notice, written out here;
see law_examples.py for how a line is read.
"""

from __future__ import annotations

# Key, where, start, first lawful end.
NOT_BEFORE = [
    ("dp.refuse_ban_min", "procurement-open", "2026-09-24", "2027-09-24"),
]  # fmt: skip

# Key, where, start, last lawful end.
NOT_AFTER = [
    ("dp.refund_losers", "procurement-open", "2026-09-24", "2026-10-09"),
    ("dp.refund_losers", "works-open", "2026-09-24", "2026-09-29"),
    ("dp.refund_winner", "procurement-open", "2026-09-24", "2026-10-09"),
    ("dp.refund_winner", "works-open", "2026-09-24", "2026-09-29"),
    ("dp.refund_withdrawn", "procurement-open", "2026-09-24", "2026-10-09"),
    ("dp.refund_withdrawn", "works-open", "2026-09-24", "2026-09-29"),
    ("dp.refuse_ban_max", "procurement-open", "2026-09-24", "2029-09-24"),
]  # fmt: skip

# Key, where, the figures just below, at and just above the line, and which of them are lawful.
FIGURES = [
    ("dp.bond_cap", "consultation", ("0.019", "0.02", "0.021"), (True, True, False)),
    ("dp.bond_cap", "procurement-open", ("0.019", "0.02", "0.021"), (True, True, False)),
    ("dp.bond_cap", "works-open", ("0.019", "0.02", "0.021"), (True, True, False)),
    ("dp.bond_limit_construction", "works-open", (79_999_999, 80_000_000, 80_000_001), (True, True, False)),
    ("dp.bond_limit_design", "works-open", (9_999_999, 10_000_000, 10_000_001), (True, True, False)),
    ("dp.bond_limit_goods", "works-open", (79_999_999, 80_000_000, 80_000_001), (True, True, False)),
    ("dp.late_factor", "procurement-open", ("1.199", "1.2", "1.201"), (False, True, False)),
    ("dp.late_fine_max", "works-open", (4_999_999, 5_000_000, 5_000_001), (True, True, False)),
    ("dp.performance_cap", "procurement-open", ("0.099", "0.1", "0.101"), (True, True, False)),
    ("dp.performance_cap", "works-open", ("0.099", "0.1", "0.101"), (True, True, False)),
    ("dp.refuse_fine_max", "procurement-open", ("0.009", "0.01", "0.011"), (True, True, False)),
    ("dp.refuse_fine_min", "procurement-open", ("0.004", "0.005", "0.006"), (False, True, True)),
    ("dp.two_stage", "works-open", (1, 2, 3), (False, True, False)),
]  # fmt: skip

# Key, where, whether the duty is on.
DUTIES = [
    ("dp.custody", "works-open", True),
    ("dp.guarantee_accepted", "works-open", True),
    ("dp.interest", "works-open", True),
    ("dp.revoked_kept", "procurement-open", True),
    ("dp.revoked_kept", "works-open", True),
    ("dp.same_payer", "procurement-open", True),
    ("dp.same_payer", "works-open", True),
]  # fmt: skip

# Key, where, what is lawful.
CHOICES = [
    ("dp.form", "procurement-open", ["non_cash"]),
    ("dp.form", "works-open", ["basic_account"]),
    ("dp.kinds", "works-open", ["bid", "performance", "quality", "wage"]),
    ("dp.missing", "procurement-open", ["void"]),
    ("dp.missing", "works-open", ["reject"]),
    ("dp.performance_form", "procurement-open", ["non_cash"]),
    ("dp.refund_losers_from", "procurement-open", ["award_notice"]),
    ("dp.refund_losers_from", "works-open", ["contract"]),
    ("dp.refuse_contract", "works-open", ["bond_kept"]),
]  # fmt: skip

# Key, where, first day of force.
SINCE = [
    ("dp.bond_cap", "consultation", "2014-12-31"),
    ("dp.bond_cap", "procurement-open", "2015-03-01"),
    ("dp.bond_cap", "works-open", "2012-02-01"),
    ("dp.bond_limit_construction", "works-open", "2013-05-01"),
    ("dp.bond_limit_design", "works-open", "2013-05-01"),
    ("dp.bond_limit_goods", "works-open", "2013-05-01"),
    ("dp.custody", "works-open", "2012-02-01"),
    ("dp.form", "procurement-open", "2015-03-01"),
    ("dp.guarantee_accepted", "works-open", "2025-06-01"),
    ("dp.interest", "works-open", "2012-02-01"),
    ("dp.kinds", "works-open", "2025-06-01"),
    ("dp.late_factor", "procurement-open", "2017-10-01"),
    ("dp.late_fine_max", "works-open", "2012-02-01"),
    ("dp.missing", "procurement-open", "2015-03-01"),
    ("dp.performance_cap", "procurement-open", "2015-03-01"),
    ("dp.performance_cap", "works-open", "2012-02-01"),
    ("dp.performance_form", "procurement-open", "2015-03-01"),
    ("dp.refund_losers", "procurement-open", "2015-03-01"),
    ("dp.refund_losers", "works-open", "2012-02-01"),
    ("dp.refund_losers_from", "procurement-open", "2015-03-01"),
    ("dp.refund_losers_from", "works-open", "2012-02-01"),
    ("dp.refund_winner", "procurement-open", "2015-03-01"),
    ("dp.refund_winner", "works-open", "2012-02-01"),
    ("dp.refund_withdrawn", "procurement-open", "2017-10-01"),
    ("dp.refund_withdrawn", "works-open", "2012-02-01"),
    ("dp.refuse_ban_max", "procurement-open", "2015-03-01"),
    ("dp.refuse_ban_min", "procurement-open", "2015-03-01"),
    ("dp.refuse_contract", "works-open", "2012-02-01"),
    ("dp.refuse_fine_max", "procurement-open", "2015-03-01"),
    ("dp.refuse_fine_min", "procurement-open", "2015-03-01"),
    ("dp.revoked_kept", "procurement-open", "2017-10-01"),
    ("dp.revoked_kept", "works-open", "2012-02-01"),
    ("dp.same_payer", "procurement-open", "2017-10-01"),
    ("dp.same_payer", "works-open", "2012-02-01"),
    ("dp.two_stage", "works-open", "2012-02-01"),
]  # fmt: skip
