"""Worked examples of state land, mining rights and auctions: just before, exactly at and just after each line of the law.

Days and figures are those of the text of law and the yearly notice, written out here;
see law_examples.py for how a line is read.
"""

from __future__ import annotations

# Key, where, start, first lawful end.
NOT_BEFORE = [
    ("au.exhibition", "property-listing", "2026-09-24", "2026-09-28"),
    ("au.files", "property-listing", "2026-09-24", "2031-09-24"),
    ("au.notice", "property-listing", "2026-09-24", "2026-10-08"),
    ("ld.free_auction", "land-auction", "2026-11-20T20:15", "2026-11-20T21:15"),
    ("ld.listing", "land-listing", "2026-09-24", "2026-10-08"),
    ("ld.notice", "land-listing", "2026-09-24", "2026-10-14"),
    ("ld.xsjj_confirm", "land-listing", "2026-11-20T20:15", "2026-11-20T20:20"),
    ("ld.xsjj_window", "land-listing", "2026-11-20T20:15", "2026-11-20T20:20"),
    ("mi.listing", "land-listing", "2026-09-24", "2026-10-15"),
    ("mi.notice", "land-listing", "2026-09-24", "2026-10-29"),
    ("mi.publicity", "land-listing", "2026-09-24", "2026-10-15"),
]  # fmt: skip

# Key, where, start, last lawful end.
NOT_AFTER = [
    ("ld.confirm", "land-listing", "2026-09-24", "2026-09-24"),
    ("ld.contract", "land-listing", "2026-09-24", "2026-10-15"),
    ("ld.idle_after", "land-listing", "2025-09-24", "2026-09-24"),
    ("ld.idle_take_back", "land-listing", "2024-09-24", "2026-09-24"),
    ("ld.pay_all", "land-listing", "2025-09-24", "2026-09-24"),
    ("ld.pay_half", "land-listing", "2026-09-24", "2026-10-26"),
    ("ld.publish", "land-listing", "2026-09-24", "2026-10-15"),
    ("ld.refund", "land-listing", "2026-09-24", "2026-10-09"),
    ("ld.term_commercial", "land-listing", "2026-09-24", "2066-09-24"),
    ("ld.term_industrial", "land-listing", "2026-09-24", "2076-09-24"),
    ("ld.term_mixed", "land-listing", "2026-09-24", "2076-09-24"),
    ("ld.term_public", "land-listing", "2026-09-24", "2076-09-24"),
    ("ld.term_residential", "land-listing", "2026-09-24", "2096-09-24"),
]  # fmt: skip

# Key, where, the figures just below, at and just above the line, and which of them are lawful.
FIGURES = [
    ("ld.close", "land-listing", (2, 3, 4), (False, True, True)),
    ("ld.deposit", "land-listing", ("0.199", "0.2", "0.201"), (False, True, True)),
    ("ld.idle", "land-listing", ("0.199", "0.2", "0.201"), (True, True, False)),
    ("ld.jury", "land-tender", (4, 5, 6), (False, True, True)),
    ("ld.min_bidders", "land-auction", (0, 1, 2), (False, True, True)),
    ("ld.min_bidders", "land-listing", (0, 1, 2), (False, True, True)),
    ("ld.min_bidders", "land-tender", (2, 3, 4), (False, True, True)),
    ("ld.min_price", "land-listing", ("0.699", "0.7", "0.701"), (False, True, True)),
    ("ld.must_parties", "land-listing", (1, 2, 3), (False, True, True)),
    ("ld.pay_half_share", "land-listing", ("0.499", "0.5", "0.501"), (False, True, True)),
    ("ld.premium_places", "land-listing", (1, 2, 3), (False, True, False)),
    ("ld.step", "land-listing", (0, 1, 2), (False, True, True)),
    ("ld.xsjj_entry", "land-listing", (0, 1, 2), (False, True, True)),
]  # fmt: skip

# Key, where, whether the duty is on.
DUTIES = [
    ("ld.full_pay_regist", "land-listing", True),
    ("ld.jury_odd", "land-tender", True),
    ("ld.must", "land-listing", True),
    ("ld.platform", "land-listing", True),
    ("ld.refund_interest", "land-listing", False),
    ("mi.competitive", "land-listing", True),
    ("mi.prior_notice", "land-listing", True),
]  # fmt: skip

# Key, where, what is lawful.
CHOICES = [
    ("au.below_reserve", "property-listing", ["no_effect"]),
    ("ld.bidders", "land-listing", ["anyone_unless_barred"]),
    ("ld.cap", "land-listing on 2023-09-29", ["optional"]),
    ("ld.cap", "land-listing", ["advised_against"]),
    ("ld.deposit_becomes", "land-listing", ["earnest_money"]),
    ("ld.first_bid", "land-listing", ["start_price"]),
    ("ld.jury_none", "land-tender", ["highest_price"]),
    ("ld.listing_result", "land-listing", ["highest", "earliest", "below_floor_fails"]),
    ("ld.reserve", "land-listing", ["secret_until_close"]),
]  # fmt: skip

# Key, where, first day of force.
SINCE = [
    ("ld.cap", "land-listing", "2023-09-30"),
    ("ld.platform", "land-listing", "2021-09-01"),
    ("mi.competitive", "land-listing", "2025-07-01"),
    ("mi.listing", "land-listing", "2023-01-01"),
    ("mi.notice", "land-listing", "2023-01-01"),
    ("mi.prior_notice", "land-listing", "2025-07-01"),
    ("mi.publicity", "land-listing", "2023-01-01"),
]  # fmt: skip

# Key, where, last day of force.
UNTIL = [
    ("ld.cap", "land-listing", "2023-09-29"),
    ("mi.listing", "land-listing", "2027-12-31"),
    ("mi.notice", "land-listing", "2027-12-31"),
    ("mi.publicity", "land-listing", "2027-12-31"),
]  # fmt: skip
