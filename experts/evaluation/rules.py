"""How a lot's method (as announced) turns reviews, marks and prices into a ranking. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from experts.evaluation import methods, ranking
from experts.evaluation.methods import Factor, Mark
from trading.base.errors import Refused
from trading.law.procedures import UNJUDGED

METHODS = ("works_lowest", "procurement_lowest", "works_comprehensive", "procurement_comprehensive", "qualified",
           *sorted(UNJUDGED))
CRITERIA = ("form", "qualification", "response")


@dataclass(frozen=True)
class Method:
    """An evaluation method as the tender document states it."""

    kind: str
    criteria: tuple[str, ...]
    factors: tuple[Factor, ...]
    price_points: Fraction
    k_above: Fraction
    k_below: Fraction

    @property
    def is_scored(self) -> bool:
        return self.kind.endswith("comprehensive")

    @property
    def is_judged(self) -> bool:
        """Whether a committee decides."""
        return self.kind not in UNJUDGED


def read_method(document: Mapping[str, Any]) -> Method:
    """Read a lot's method. Raises Refused ``evaluation.method_unknown``, ``evaluation.weights_not_full``."""
    kind = document.get("kind")
    if kind not in METHODS:
        raise Refused("evaluation.method_unknown", kind=str(kind)[:40])
    factors = tuple(Factor(item["id"], methods.exact(item["most"]), bool(item.get("objective")))
                    for item in document.get("factors", ()))
    method = Method(str(kind), tuple(document.get("criteria", CRITERIA)), factors,
                    methods.exact(document.get("price_points", 0)), methods.exact(document.get("k_above", "1")),
                    methods.exact(document.get("k_below", "0.5")))
    if method.is_scored and sum((f.most for f in factors), method.price_points) != 100:
        raise Refused("evaluation.weights_not_full")
    return method


def points(text: str) -> str:
    """Points as a member types them: digits and at most two decimals, full width allowed."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not re.fullmatch(r"\d{1,3}(\.\d{1,2})?", plain, re.ASCII):
        raise Refused("evaluation.not_exact", value=text[:20])
    return plain


def all_qualified(bids: Mapping[str, int]) -> list[ranking.Placing]:
    """Applicants that passed, in no order of merit: by the fingerprints of their applications."""
    return [ranking.Placing(number, digest, None, bids[digest], (), "") for number, digest in enumerate(sorted(bids), 1)]


def without_final_offer(prices: Mapping[str, int | None], ceiling_fen: int | None, *, what: str = "最后报价") -> list[dict[str, Any]]:
    """Bids that are out after the final offers, or the price envelopes: by bid its price, or None where there is none.

    Who gives no final offer has left the talks; who asks more than the ceiling cannot be taken.
    """
    found = []
    for digest, price in sorted(prices.items()):
        if price is None or ceiling_fen and price > ceiling_fen:
            missing = "未提交最后报价" if what == "最后报价" else "报价信封未能开启"
            found.append(_out(digest, "final_offer", missing if price is None else f"{what}超过最高限价"))
    return found


def without_price_envelope(digests: Iterable[str]) -> list[dict[str, Any]]:
    """Bids that are out because their price envelope was never filed."""
    return [_out(digest, "price_envelope", "未递交报价信封") for digest in sorted(digests)]


def _out(digest: str, criterion: str, reason: str) -> dict[str, Any]:
    return {"digest": digest, "failures": [{"criterion": criterion, "votes": 0, "reasons": [reason]}]}


def off_terms(method: Method, price_fen: int, *, floor_fen: int, fixed_fen: int | None) -> str:
    """Why an offer does not fit the announced terms: below the start price of a sale, or another
    price than the fixed one. Empty when it fits."""
    if method.kind.endswith("highest") and price_fen < floor_fen:
        return "报价低于起始价"
    if method.kind == "lottery" and price_fen != fixed_fen:
        return "报价与固定价不一致"
    return ""


def by_highest(offers: Mapping[str, tuple[int, int]]) -> list[str]:
    """Bids by price, the highest first; of equal ones the earlier filed (39号令 19).

    ``offers`` gives each bid's price in fen and its number in the log.
    """
    return sorted(offers, key=lambda digest: (-offers[digest][0], offers[digest][1]))


def place(method: Method, prices: Mapping[str, int], marks: Sequence[Mark], members: Sequence[str], *,
          ceiling_fen: int | None, seed: bytes) -> list[ranking.Placing]:
    """Rank the bids that passed the review. Ties that the law leaves open fall to the
    committee's own draw seed, which nobody chose (87号令 68)."""
    if method.kind == "qualified":
        return all_qualified(prices)
    if method.kind == "works_lowest":
        order = ranking.Order("evaluated", (), ("draw",))
    elif method.kind == "procurement_lowest":
        order = ranking.PROCUREMENT_PRICE
    else:
        order = ranking.PROCUREMENT_SCORE if method.kind.startswith("procurement") else \
            ranking.Order("score", ("price",), ("draw",))
    if not method.is_scored:
        entries = [ranking.Entry(bid, price, evaluated=methods.exact(price)) for bid, price in prices.items()]
        return ranking.rank(entries, order, seed=seed)
    if method.kind == "procurement_comprehensive":
        scores = methods.procurement_scores(prices, marks, method.factors, members,
                                            price_weight=method.price_points / 100)
    else:
        scores = methods.works_scores(prices, marks, method.factors, members, price_most=method.price_points,
                                      k_above=method.k_above, k_below=method.k_below, ceiling_fen=ceiling_fen)
    entries = [ranking.Entry(score.bid, prices[score.bid], score=score.total, parts=score.parts) for score in scores]
    return ranking.rank(entries, order, seed=seed)
