"""Worked examples of state-owned property rights: just before, exactly at and just after each line of the law.

Days and figures are those of the text of law and the yearly notice, written out here;
see law_examples.py for how a line is read.
"""

from __future__ import annotations

# Key, where, start, first lawful end.
NOT_BEFORE = [
    ("pr.asset", "property-listing", "2026-09-24", "2026-10-15"),
    ("pr.asset_large", "property-listing", "2026-09-24", "2026-10-29"),
    ("pr.capital", "property-listing", "2026-09-24", "2026-11-26"),
    ("pr.disclose", "property-listing", "2026-09-24", "2026-10-29"),
    ("pr.extend", "property-listing", "2026-09-24", "2026-10-09"),
    ("pr.extend_resume", "property-listing", "2026-09-24", "2026-10-15"),
    ("pr.extend_total", "property-listing", "2026-09-24", "2026-10-29"),
    ("pr.pre_disclose", "property-listing", "2026-09-24", "2026-10-29"),
    ("pr.result", "property-listing", "2026-09-24", "2026-10-09"),
]  # fmt: skip

# Key, where, start, last lawful end.
NOT_AFTER = [
    ("pr.pay", "property-listing", "2026-09-24", "2026-10-09"),
    ("pr.pay_rest", "property-listing", "2025-09-24", "2026-09-24"),
    ("pr.pre_disclose_start", "property-listing", "2026-09-24", "2026-10-15"),
    ("pr.refund", "property-listing", "2026-09-24", "2026-09-30"),
    ("pr.stale", "property-listing", "2025-09-24", "2026-09-24"),
    ("pr.suspend_max", "property-listing", "2026-09-24", "2026-10-26"),
]  # fmt: skip

# Key, where, the figures just below, at and just above the line, and which of them are lawful.
FIGURES = [
    ("pr.asset_from", "property-listing", (99_999_999, 100_000_000, 100_000_001), (False, False, True)),
    ("pr.asset_large_from", "property-listing", (999_999_999, 1_000_000_000, 1_000_000_001), (False, True, True)),
    ("pr.base", "property-listing", ("0.899", "0.9", "0.901"), (False, True, True)),
    ("pr.base_first", "property-listing", ("0.999", "1", "1.001"), (False, True, True)),
    ("pr.deposit", "property-listing", ("0.299", "0.3", "0.301"), (True, True, False)),
    ("pr.pay_first", "property-listing", ("0.299", "0.3", "0.301"), (False, True, True)),
    ("pr.place", "property-listing", (1, 2, 3), (False, True, True)),
]  # fmt: skip

# Key, where, whether the duty is on.
DUTIES = [
    ("pr.base_fixed", "property-listing", True),
    ("pr.pay_secured", "property-listing", True),
]  # fmt: skip
