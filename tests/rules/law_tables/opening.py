"""Worked examples of opening and electronic bidding: just before, exactly at and just after each line of the law.

Days and figures are those of the text of law and the yearly notice, written out here;
see law_examples.py for how a line is read.
"""

from __future__ import annotations

# Key, where, start, first lawful end.
NOT_BEFORE = [
    ("op.decrypt_window", "works-open", "2026-11-20T20:15", "2026-11-20T20:45"),
]  # fmt: skip

# Key, where, whether the duty is on.
DUTIES = [
    ("op.data_prevails", "works-open", True),
    ("op.free_tools", "works-open", True),
    ("op.latest_counts", "works-open", True),
    ("op.operator_bar", "works-open", True),
    ("op.others_go_on", "works-open", True),
    ("op.record", "works-open", True),
    ("op.remedy", "works-open", True),
    ("op.takers_secret", "works-open", True),
]  # fmt: skip

# Key, where, what is lawful.
CHOICES = [
    ("op.evaluation_place", "works-open", ["monitored_and_secret"]),
    ("op.incomplete", "works-open", ["withdrawn"]),
    ("op.late", "works-open", ["rejected"]),
    ("op.log_fields", "works-open", ["time", "address", "person", "source"]),
    ("op.not_decrypted_bidder", "works-open", ["revoked"]),
    ("op.not_decrypted_other", "works-open", ["withdrawn"]),
    ("op.objection", "works-open", ["on_the_spot"]),
    ("op.receipt", "works-open", ["instant"]),
    ("op.received_at", "works-open", ["enters_system"]),
    ("op.sealed_until", "works-open", ["deadline"]),
    ("op.signed_papers", "works-open", ["notice", "document", "clarification", "bid", "explanation", "report", "result", "contract"]),
    ("op.too_few_left", "works-open", ["stop_and_hand_over"]),
    ("op.unencrypted", "works-open", ["rejected"]),
]  # fmt: skip

# Key, where, first day of force.
SINCE = [
    ("op.data_prevails", "works-open", "2013-05-01"),
    ("op.evaluation_place", "works-open", "2013-05-01"),
    ("op.free_tools", "works-open", "2013-05-01"),
    ("op.incomplete", "works-open", "2013-05-01"),
    ("op.late", "works-open", "2013-05-01"),
    ("op.latest_counts", "works-open", "2013-05-01"),
    ("op.log_fields", "works-open", "2013-05-01"),
    ("op.not_decrypted_bidder", "works-open", "2013-05-01"),
    ("op.not_decrypted_other", "works-open", "2013-05-01"),
    ("op.objection", "works-open", "2012-02-01"),
    ("op.operator_bar", "works-open", "2013-05-01"),
    ("op.others_go_on", "works-open", "2013-05-01"),
    ("op.receipt", "works-open", "2013-05-01"),
    ("op.record", "works-open", "2013-05-01"),
    ("op.remedy", "works-open", "2013-05-01"),
    ("op.sealed_until", "works-open", "2013-05-01"),
    ("op.signed_papers", "works-open", "2013-05-01"),
    ("op.takers_secret", "works-open", "2013-05-01"),
    ("op.unencrypted", "works-open", "2013-05-01"),
]  # fmt: skip
