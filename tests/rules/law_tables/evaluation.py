"""Worked examples of evaluation and prices: just before, exactly at and just after each line of the law.

Days and figures are those of the text of law and the yearly notice, written out here;
see law_examples.py for how a line is read.
"""

from __future__ import annotations

# Key, where, start, first lawful end.
NOT_BEFORE = [
    ("ev.low_explain", "procurement-open", "2026-11-20T20:15", "2026-11-20T20:45"),
]  # fmt: skip

# Key, where, the figures just below, at and just above the line, and which of them are lawful.
FIGURES = [
    ("ev.benchmark_trim", "works-open", (4, 5, 6), (False, True, True)),
    ("ev.domestic", "procurement-open", ("0.199", "0.2", "0.201"), (False, True, False)),
    ("ev.domestic_whole", "procurement-open", ("0.799", "0.8", "0.801"), (False, True, True)),
    ("ev.low_ceiling", "procurement-open", ("0.449", "0.45", "0.451"), (True, False, False)),
    ("ev.low_mean", "procurement-open", ("0.499", "0.5", "0.501"), (True, False, False)),
    ("ev.low_rate_max", "procurement-open", ("0.649", "0.65", "0.651"), (True, True, False)),
    ("ev.low_second", "procurement-open", ("0.499", "0.5", "0.501"), (True, False, False)),
    ("ev.places", "works-open", (1, 2, 3), (False, True, False)),
    ("ev.price_weight_max_goods", "consultation", ("0.599", "0.6", "0.601"), (True, True, False)),
    ("ev.price_weight_max_services", "consultation", ("0.299", "0.3", "0.301"), (True, True, False)),
    ("ev.price_weight_min_goods", "consultation", ("0.299", "0.3", "0.301"), (False, True, True)),
    ("ev.price_weight_min_goods", "procurement-open", ("0.299", "0.3", "0.301"), (False, True, True)),
    ("ev.price_weight_min_services", "consultation", ("0.099", "0.1", "0.101"), (False, True, True)),
    ("ev.price_weight_min_services", "procurement-open", ("0.099", "0.1", "0.101"), (False, True, True)),
    ("ev.reserved_small", "procurement-open", ("0.599", "0.6", "0.601"), (False, True, True)),
    ("ev.reserved_sme", "procurement-open", ("0.299", "0.3", "0.301"), (False, True, True)),
    ("ev.sme_joint_max", "procurement-open", ("0.059", "0.06", "0.061"), (True, True, False)),
    ("ev.sme_joint_min", "procurement-open", ("0.039", "0.04", "0.041"), (False, True, True)),
    ("ev.sme_joint_share", "procurement-open", ("0.299", "0.3", "0.301"), (False, True, True)),
    ("ev.sme_joint_works_max", "procurement-open", ("0.019", "0.02", "0.021"), (True, True, False)),
    ("ev.sme_joint_works_min", "procurement-open", ("0.009", "0.01", "0.011"), (False, True, True)),
    ("ev.sme_max", "procurement-open on 2022-06-30", ("0.099", "0.1", "0.101"), (True, True, False)),
    ("ev.sme_max", "procurement-open", ("0.199", "0.2", "0.201"), (True, True, False)),
    ("ev.sme_min", "procurement-open on 2022-06-30", ("0.059", "0.06", "0.061"), (False, True, True)),
    ("ev.sme_min", "procurement-open", ("0.099", "0.1", "0.101"), (False, True, True)),
    ("ev.sme_score_joint_max", "works-open", ("0.019", "0.02", "0.021"), (True, True, False)),
    ("ev.sme_score_joint_min", "works-open", ("0.009", "0.01", "0.011"), (False, True, True)),
    ("ev.sme_score_max", "works-open", ("0.049", "0.05", "0.051"), (True, True, False)),
    ("ev.sme_score_min", "works-open", ("0.029", "0.03", "0.031"), (False, True, True)),
    ("ev.sme_works_max", "procurement-open", ("0.049", "0.05", "0.051"), (True, True, False)),
    ("ev.sme_works_min", "procurement-open", ("0.029", "0.03", "0.031"), (False, True, True)),
]  # fmt: skip

# Key, where, whether the duty is on.
DUTIES = [
    ("ev.benchmark_fixed", "works-open", True),
    ("ev.correction_confirm", "procurement-open", True),
    ("ev.fixed_price", "procurement-open", True),
    ("ev.low_not_void", "procurement-open", True),
    ("ev.lowest_for_standard", "procurement-open", True),
    ("ev.no_trimming", "procurement-open", True),
    ("ev.reserved_no_deduction", "procurement-open", True),
]  # fmt: skip

# Key, where, what is lawful.
CHOICES = [
    ("ev.below_cost", "works-open", ["reject"]),
    ("ev.change_grounds", "procurement-open", ["sum", "range", "objective_differs", "abnormal"]),
    ("ev.contract_price", "procurement-open", ["bid_price"]),
    ("ev.contract_price", "works-open", ["bid_price"]),
    ("ev.correction_order", "procurement-open", ["opening_table", "words", "decimal_point", "unit_price_sum"]),
    ("ev.correction_order", "works-open", ["words", "unit_price"]),
    ("ev.formula", "consultation", ["lowest_over_own"]),
    ("ev.formula", "procurement-open", ["lowest_over_own"]),
    ("ev.low_unproven", "procurement-open", ["void"]),
    ("ev.rank_order", "procurement-open", ["score_down", "price_up"]),
    ("ev.reject_grounds", "procurement-open", ["bond", "unsigned", "unqualified", "price", "conditions", "collusion", "low_price"]),
    ("ev.reject_grounds", "works-open", ["unsigned", "consortium", "unqualified", "two_prices", "price", "unresponsive", "collusion"]),
    ("ev.same_brand_lowest", "procurement-open", ["lowest_of_brand"]),
    ("ev.same_brand_score", "procurement-open", ["one_bidder_best_score"]),
    ("ev.stacking", "procurement-open", ["original_bid"]),
    ("ev.tie", "procurement-open", ["document_else_random"]),
]  # fmt: skip

# Key, where, first day of force.
SINCE = [
    ("ev.below_cost", "works-open", "2012-02-01"),
    ("ev.change_grounds", "procurement-open", "2017-10-01"),
    ("ev.correction_confirm", "procurement-open", "2017-10-01"),
    ("ev.correction_order", "procurement-open", "2017-10-01"),
    ("ev.domestic", "procurement-open", "2026-01-01"),
    ("ev.domestic_whole", "procurement-open", "2026-01-01"),
    ("ev.fixed_price", "procurement-open", "2017-10-01"),
    ("ev.formula", "consultation", "2014-12-31"),
    ("ev.formula", "procurement-open", "2017-10-01"),
    ("ev.low_ceiling", "procurement-open", "2026-02-01"),
    ("ev.low_explain", "procurement-open", "2026-02-01"),
    ("ev.low_mean", "procurement-open", "2026-02-01"),
    ("ev.low_not_void", "procurement-open", "2026-02-01"),
    ("ev.low_rate_max", "procurement-open", "2026-02-01"),
    ("ev.low_second", "procurement-open", "2026-02-01"),
    ("ev.low_unproven", "procurement-open", "2017-10-01"),
    ("ev.lowest_for_standard", "procurement-open", "2015-03-01"),
    ("ev.no_trimming", "procurement-open", "2017-10-01"),
    ("ev.price_weight_max_goods", "consultation", "2014-12-31"),
    ("ev.price_weight_max_services", "consultation", "2014-12-31"),
    ("ev.price_weight_min_goods", "consultation", "2014-12-31"),
    ("ev.price_weight_min_goods", "procurement-open", "2017-10-01"),
    ("ev.price_weight_min_services", "consultation", "2014-12-31"),
    ("ev.price_weight_min_services", "procurement-open", "2017-10-01"),
    ("ev.rank_order", "procurement-open", "2017-10-01"),
    ("ev.reject_grounds", "procurement-open", "2017-10-01"),
    ("ev.reject_grounds", "works-open", "2012-02-01"),
    ("ev.reserved_no_deduction", "procurement-open", "2021-01-01"),
    ("ev.same_brand_lowest", "procurement-open", "2017-10-01"),
    ("ev.same_brand_score", "procurement-open", "2017-10-01"),
    ("ev.sme_joint_max", "procurement-open", "2022-07-01"),
    ("ev.sme_joint_min", "procurement-open", "2022-07-01"),
    ("ev.sme_joint_share", "procurement-open", "2021-01-01"),
    ("ev.sme_joint_works_max", "procurement-open", "2021-01-01"),
    ("ev.sme_joint_works_min", "procurement-open", "2021-01-01"),
    ("ev.sme_max", "procurement-open", "2021-01-01"),
    ("ev.sme_max", "procurement-open", "2022-07-01"),
    ("ev.sme_min", "procurement-open", "2021-01-01"),
    ("ev.sme_min", "procurement-open", "2022-07-01"),
    ("ev.sme_score_joint_max", "works-open", "2021-01-01"),
    ("ev.sme_score_joint_min", "works-open", "2021-01-01"),
    ("ev.sme_score_max", "works-open", "2021-01-01"),
    ("ev.sme_score_min", "works-open", "2021-01-01"),
    ("ev.sme_works_max", "procurement-open", "2021-01-01"),
    ("ev.sme_works_min", "procurement-open", "2021-01-01"),
    ("ev.tie", "procurement-open", "2017-10-01"),
]  # fmt: skip

# Key, where, last day of force.
UNTIL = [
    ("ev.sme_max", "procurement-open", "2022-06-30"),
    ("ev.sme_min", "procurement-open", "2022-06-30"),
]  # fmt: skip
