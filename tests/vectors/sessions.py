"""Sessions of every suite, policy and envelope, for vectors and tests."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from bidding.envelope import documents, suites
from bidding.trustees import trustee as protocol
from tests.browser import desk as counter

OFFERS: dict[str, dict[str, Any]] = {
    "bid": {"price_fen": 123456789, "days": 300, "quality": "合格", "statement": "无 \"偏离\"\n"},
    "technical": {"days": 300, "quality": "合格", "statement": "无 \"偏离\"\n"},
    "price": {"price_fen": 123456789},
}


def a_session(suite: str = "intl-1", policy: str = "TB", envelope: str = "bid", n: int = 3, k: int = 2,
              **changes: Any) -> dict[str, Any]:
    """A session of this suite; its seeds are ``desk.seeds`` of it."""
    session, holders = counter.a_session(n, k, "TB")
    listed = []
    for holder, trustee, seed in zip(holders, session["trustees"], counter.seeds(session), strict=True):
        public = suites.of(suite).public_key(seed)
        listed.append(trustee | {"kem_pk": b64encode(public).decode(),
                                 "pre_key_sig": holder.sign(protocol.pre_key_message(trustee["pre_key"], public))})
    alone = {"k": 0, "trustees": []} if policy == "B" else {"trustees": listed}
    return documents.check_session(session | {"suite": suite, "policy": policy, "envelope": envelope} | alone | changes)
