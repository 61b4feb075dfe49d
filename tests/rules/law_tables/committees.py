"""Worked examples of committees and recusal: just before, exactly at and just after each line of the law.

Days and figures are those of the text of law and the yearly notice, written out here;
see law_examples.py for how a line is read.
"""

from __future__ import annotations

# Key, where, start, first lawful end.
NOT_BEFORE = [
    ("cm.expert_years", "works-open", "2026-09-24", "2034-09-24"),
    ("cm.recusal_window", "procurement-open", "2026-09-24", "2029-09-24"),
]  # fmt: skip

# Key, where, start, last lawful end.
NOT_AFTER = [
    ("cm.draw_lead", "procurement-open", "2026-09-24", "2026-09-29"),
]  # fmt: skip

# Key, where, the figures just below, at and just above the line, and which of them are lawful.
FIGURES = [
    ("cm.expert_share", "procurement-open", ("1997/3000", "2/3", "2003/3000"), (False, True, True)),
    ("cm.expert_share", "works-open", ("1997/3000", "2/3", "2003/3000"), (False, True, True)),
    ("cm.large_budget", "procurement-open", (999_999_999, 1_000_000_000, 1_000_000_001), (False, True, True)),
    ("cm.size_min", "consultation", (2, 3, 4), (False, True, True)),
    ("cm.size_min", "framework", (4, 5, 6), (False, True, True)),
    ("cm.size_min", "procurement-open", (4, 5, 6), (False, True, True)),
    ("cm.size_min", "works-open", (4, 5, 6), (False, True, True)),
    ("cm.size_min_large", "procurement-open", (6, 7, 8), (False, True, True)),
    ("cm.size_min_threshold", "inquiry", (4, 5, 6), (False, True, True)),
]  # fmt: skip

# Key, where, whether the duty is on.
DUTIES = [
    ("cm.chair_not_purchaser", "procurement-open", True),
    ("cm.conduct", "procurement-open", True),
    ("cm.no_private_contact", "works-open", True),
    ("cm.odd", "procurement-open", True),
    ("cm.odd", "works-open", True),
    ("cm.random", "procurement-open", True),
    ("cm.random", "works-open", True),
    ("cm.recusal_board", "procurement-open", True),
    ("cm.recusal_buyer", "procurement-open", True),
    ("cm.recusal_buyer", "works-open", True),
    ("cm.recusal_employment", "procurement-open", True),
    ("cm.recusal_interest", "procurement-open", True),
    ("cm.recusal_interest", "works-open", True),
    ("cm.recusal_kin", "procurement-open", True),
    ("cm.recusal_kin", "works-open", True),
    ("cm.recusal_owner", "procurement-open", True),
    ("cm.recusal_punished", "works-open", True),
    ("cm.recusal_supervisor", "procurement-open", True),
    ("cm.recusal_supervisor", "works-open", True),
]  # fmt: skip

# Key, where, what is lawful.
CHOICES = [
    ("cm.direct_choice", "procurement-open", ["complex_with_consent"]),
    ("cm.direct_choice", "works-open", ["complex_only"]),
    ("cm.fixed_before", "works-open", ["opening"]),
    ("cm.names_until", "procurement-open", ["result_announced"]),
    ("cm.names_until", "works-open", ["result_fixed"]),
    ("cm.pool", "procurement-open", ["provincial_or_above"]),
    ("cm.pool", "works-open", ["provincial_or_ministry"]),
    ("cm.replacement", "procurement-open", ["refill_or_stop"]),
    ("cm.replacement", "works-open", ["redraw_and_redo"]),
]  # fmt: skip

# Key, where, first day of force.
SINCE = [
    ("cm.chair_not_purchaser", "procurement-open", "2017-10-01"),
    ("cm.conduct", "procurement-open", "2017-10-01"),
    ("cm.direct_choice", "procurement-open", "2017-10-01"),
    ("cm.large_budget", "procurement-open", "2017-10-01"),
    ("cm.names_until", "procurement-open", "2017-10-01"),
    ("cm.no_private_contact", "works-open", "2012-02-01"),
    ("cm.pool", "procurement-open", "2017-10-01"),
    ("cm.pool", "works-open", "2012-02-01"),
    ("cm.random", "procurement-open", "2017-10-01"),
    ("cm.random", "works-open", "2012-02-01"),
    ("cm.recusal_board", "procurement-open", "2015-03-01"),
    ("cm.recusal_buyer", "procurement-open", "2017-10-01"),
    ("cm.recusal_employment", "procurement-open", "2015-03-01"),
    ("cm.recusal_kin", "procurement-open", "2015-03-01"),
    ("cm.recusal_owner", "procurement-open", "2015-03-01"),
    ("cm.recusal_window", "procurement-open", "2015-03-01"),
    ("cm.replacement", "procurement-open", "2017-10-01"),
    ("cm.replacement", "works-open", "2012-02-01"),
    ("cm.size_min", "framework", "2022-03-01"),
    ("cm.size_min", "procurement-open", "2017-10-01"),
    ("cm.size_min_large", "procurement-open", "2017-10-01"),
    ("cm.size_min_threshold", "inquiry", "2014-02-01"),
]  # fmt: skip
