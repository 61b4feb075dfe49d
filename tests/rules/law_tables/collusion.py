"""Worked examples of collusion: just before, exactly at and just after each line of the law.

Days and figures are those of the text of law and the yearly notice, written out here;
see law_examples.py for how a line is read.
"""

from __future__ import annotations

# Key, where, start, first lawful end.
NOT_BEFORE = [
    ("cl.ban_min", "works-open", "2026-09-24", "2027-09-24"),
]  # fmt: skip

# Key, where, start, last lawful end.
NOT_AFTER = [
    ("cl.ban_max", "works-open", "2026-09-24", "2028-09-24"),
    ("cl.repeat_window", "works-open", "2026-09-24", "2029-09-24"),
]  # fmt: skip

# Key, where, the figures just below, at and just above the line, and which of them are lawful.
FIGURES = [
    ("cl.fine_max", "works-open", ("0.009", "0.01", "0.011"), (True, True, False)),
    ("cl.fine_min", "works-open", ("0.004", "0.005", "0.006"), (False, True, True)),
    ("cl.same_errors", "works-open", (2, 3, 4), (False, True, True)),
    ("cl.similarity", "works-open", ("0.799", "0.8", "0.801"), (False, True, True)),
    ("cl.weight_middle", "works-open", (9, 10, 11), (False, True, False)),
    ("cl.weight_strong", "works-open", (29, 30, 31), (False, True, False)),
    ("cl.weight_weak", "works-open", (4, 5, 6), (False, True, False)),
]  # fmt: skip

# Key, where, whether the duty is on.
DUTIES = [
    ("cl.human_decides", "works-open", True),
]  # fmt: skip

# Key, where, what is lawful.
CHOICES = [
    ("cl.grounds", "procurement-open", ["same_unit", "same_agent", "same_manager", "same_contact", "alike", "mixed_pages", "same_account"]),
    ("cl.grounds", "works-open", ["same_unit", "same_agent", "same_manager", "alike", "mixed_pages", "same_account"]),
    ("cl.r1", "works-open", ["clue_or_deemed"]),
    ("cl.r10", "works-open", ["clue_or_deemed"]),
    ("cl.r11", "works-open", ["deemed"]),
    ("cl.r12", "works-open", ["deemed"]),
    ("cl.r13", "works-open", ["bar"]),
    ("cl.r14", "works-open", ["bar"]),
    ("cl.r15", "works-open", ["clue"]),
    ("cl.r16", "works-open", ["clue"]),
    ("cl.r17", "works-open", ["stop"]),
    ("cl.r18", "works-open", ["clue"]),
    ("cl.r2", "works-open", ["clue_or_deemed"]),
    ("cl.r3", "works-open", ["clue_or_deemed"]),
    ("cl.r4", "works-open", ["clue_or_deemed"]),
    ("cl.r5", "works-open", ["deemed"]),
    ("cl.r6", "works-open", ["deemed"]),
    ("cl.r7", "works-open", ["deemed"]),
    ("cl.r8", "works-open", ["clue_or_deemed"]),
    ("cl.r9", "works-open", ["clue_or_deemed"]),
]  # fmt: skip

# Key, where, first day of force.
SINCE = [
    ("cl.grounds", "procurement-open", "2017-10-01"),
    ("cl.grounds", "works-open", "2012-02-01"),
    ("cl.human_decides", "works-open", "2026-02-10"),
    ("cl.repeat_window", "works-open", "2012-02-01"),
]  # fmt: skip
