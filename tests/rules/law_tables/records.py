"""Worked examples of archives, codes and time itself: just before, exactly at and just after each line of the law.

Days and figures are those of the text of law and the yearly notice, written out here;
see law_examples.py for how a line is read.
"""

from __future__ import annotations

# Key, where, start, first lawful end.
NOT_BEFORE = [
    ("ar.log", "works-open", "2026-09-24", "2027-03-24"),
    ("ar.retention", "works-open", "2026-09-24", "2041-09-24"),
    ("ar.retention", "procurement-open", "2026-09-24", "2041-09-24"),
    ("ar.retention", "land-tender", "2026-09-24", "2041-09-24"),
    ("t.last_day_ends", "works-open", "2026-11-20T20:15", "2026-11-21T20:15"),
]  # fmt: skip

# Key, where, start, last lawful end.
NOT_AFTER = [
    ("ar.crypto_assessment", "works-open", "2025-09-24", "2026-09-24"),
    ("ar.transfer_city", "works-open", "2026-09-24", "2046-09-24"),
    ("ar.transfer_county", "works-open", "2026-09-24", "2036-09-24"),
]  # fmt: skip

# Key, where, the figures just below, at and just above the line, and which of them are lawful.
FIGURES = [
    ("id.lot", "works-open", (2, 3, 4), (False, True, False)),
    ("id.project", "works-open", (5, 6, 7), (False, True, False)),
    ("id.region", "works-open", (9, 10, 11), (False, True, False)),
    ("id.section", "works-open", (22, 23, 24), (False, True, False)),
    ("id.tender", "works-open", (2, 3, 4), (False, True, False)),
    ("id.tender_project", "works-open", (19, 20, 21), (False, True, False)),
]  # fmt: skip

# Key, where, whether the duty is on.
DUTIES = [
    ("ar.crypto_required", "works-open", True),
    ("t.full_days", "works-open", False),
    ("t.hours_from_moment", "works-open", True),
    ("t.makeup_is_work", "works-open", True),
    ("t.published_years_only", "works-open", True),
    ("t.start_excluded", "works-open", True),
]  # fmt: skip

# Key, where, what is lawful.
CHOICES = [
    ("ar.electronic_equal", "works-open", ["reliable_source", "traceable_process", "complete_elements"]),
    ("ar.signature", "works-open", ["licensed_third_party"]),
    ("t.backward_roll", "works-open", ["none"]),
    ("t.month_end", "works-open", ["same_number_else_month_end"]),
    ("t.roll", "works-open", ["rest_day"]),
]  # fmt: skip

# Key, where, first day of force.
SINCE = [
    ("ar.transfer_city", "works-open", "2024-03-01"),
    ("ar.transfer_county", "works-open", "2024-03-01"),
]  # fmt: skip
