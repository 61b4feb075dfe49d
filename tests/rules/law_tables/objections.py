"""Worked examples of objections, questions and complaints: just before, exactly at and just after each line of the law.

Days and figures are those of the text of law and the yearly notice, written out here;
see law_examples.py for how a line is read.
"""

from __future__ import annotations

# Key, where, start, first lawful end.
NOT_BEFORE = [
    ("ob.ban_min", "procurement-open", "2026-09-24", "2027-09-24"),
    ("ob.document", "works-open", "2026-09-24", "2026-10-08"),
    ("ob.prequal", "works-open", "2026-09-24", "2026-09-28"),
]  # fmt: skip

# Key, where, start, last lawful end.
NOT_AFTER = [
    ("ob.accept", "procurement-open", "2026-09-24", "2026-10-09"),
    ("ob.accept", "works-open", "2026-09-24", "2026-09-30"),
    ("ob.accept_copies", "procurement-open", "2026-09-24", "2026-10-13"),
    ("ob.accept_refusal", "procurement-open", "2026-09-24", "2026-09-30"),
    ("ob.ban_max", "procurement-open", "2026-09-24", "2029-09-24"),
    ("ob.complaint", "procurement-open", "2026-09-24", "2026-10-22"),
    ("ob.complaint", "works-open", "2026-09-24", "2026-10-08"),
    ("ob.decide", "procurement-open", "2026-09-24", "2026-11-12"),
    ("ob.decide", "works-open", "2026-09-24", "2026-11-12"),
    ("ob.inquiry_reply", "procurement-open", "2026-09-24", "2026-09-30"),
    ("ob.question", "procurement-open", "2026-09-24", "2026-10-12"),
    ("ob.reply", "procurement-open", "2026-09-24", "2026-10-12"),
    ("ob.reply", "works-open", "2026-09-24", "2026-09-28"),
    ("ob.suspend", "procurement-open", "2026-09-24", "2026-10-26"),
]  # fmt: skip

# Key, where, the figures just below, at and just above the line, and which of them are lawful.
FIGURES = [
    ("ob.correct_once", "procurement-open", (0, 1, 2), (True, True, False)),
]  # fmt: skip

# Key, where, whether the duty is on.
DUTIES = [
    ("ob.one_time", "procurement-open", True),
    ("ob.reply_suspends", "works-open", True),
    ("ob.scope", "procurement-open", True),
    ("ob.suspends_signing", "procurement-open", True),
]  # fmt: skip

# Key, where, what is lawful.
CHOICES = [
    ("ob.channel", "procurement-open", ["finance_department"]),
    ("ob.channel", "works-open", ["platform"]),
    ("ob.decide_from", "procurement-open", ["receipt"]),
    ("ob.decide_from", "works-open", ["acceptance"]),
    ("ob.fabricated", "procurement-open", ["dismissed"]),
    ("ob.fabricated", "works-open", ["dismissed"]),
    ("ob.not_counted", "procurement-open", ["inspection", "test", "expert_review", "correction"]),
    ("ob.not_counted", "works-open", ["inspection", "test", "expert_review"]),
    ("ob.objection_first", "works-open", ["prequalification", "document", "opening", "result"]),
    ("ob.result", "works-open", ["during_publicity"]),
    ("ob.unlawful_document", "procurement-open", ["amend_and_retender"]),
    ("ob.unlawful_document", "works-open", ["amend_and_retender"]),
]  # fmt: skip

# Key, where, first day of force.
SINCE = [
    ("ob.accept", "procurement-open", "2018-03-01"),
    ("ob.accept", "works-open", "2012-02-01"),
    ("ob.accept_copies", "procurement-open", "2018-03-01"),
    ("ob.accept_refusal", "procurement-open", "2018-03-01"),
    ("ob.ban_max", "procurement-open", "2015-03-01"),
    ("ob.ban_min", "procurement-open", "2015-03-01"),
    ("ob.channel", "procurement-open", "2015-03-01"),
    ("ob.channel", "works-open", "2013-05-01"),
    ("ob.complaint", "works-open", "2012-02-01"),
    ("ob.correct_once", "procurement-open", "2018-03-01"),
    ("ob.decide", "works-open", "2012-02-01"),
    ("ob.decide_from", "works-open", "2012-02-01"),
    ("ob.document", "works-open", "2012-02-01"),
    ("ob.fabricated", "procurement-open", "2015-03-01"),
    ("ob.fabricated", "works-open", "2012-02-01"),
    ("ob.inquiry_reply", "procurement-open", "2015-03-01"),
    ("ob.not_counted", "procurement-open", "2015-03-01"),
    ("ob.not_counted", "works-open", "2012-02-01"),
    ("ob.objection_first", "works-open", "2012-02-01"),
    ("ob.one_time", "procurement-open", "2018-03-01"),
    ("ob.prequal", "works-open", "2012-02-01"),
    ("ob.reply", "works-open", "2012-02-01"),
    ("ob.reply_suspends", "works-open", "2012-02-01"),
    ("ob.result", "works-open", "2012-02-01"),
    ("ob.scope", "procurement-open", "2015-03-01"),
    ("ob.suspends_signing", "procurement-open", "2015-03-01"),
    ("ob.unlawful_document", "procurement-open", "2017-10-01"),
    ("ob.unlawful_document", "works-open", "2012-02-01"),
]  # fmt: skip
