"""How a lot's method (as announced) turns reviews, marks and prices into a ranking. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from experts.evaluation import methods, ranking
from experts.evaluation.methods import Factor, Mark
from trading.base.errors import Refused

METHODS = ("works_lowest", "procurement_lowest", "works_comprehensive", "procurement_comprehensive")
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


def place(method: Method, prices: Mapping[str, int], marks: Sequence[Mark], members: Sequence[str], *,
          ceiling_fen: int | None, seed: bytes) -> list[ranking.Placing]:
    """Rank the bids that passed the review. Ties that the law leaves open fall to the
    committee's own draw seed, which nobody chose (87号令 68)."""
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
