"""Values of the talks with suppliers: who was heard, which rounds there were, what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bidding.opening import service as opening
from bidding.rounds import rules as round_rules
from bidding.rounds import service as rounds
from experts.evaluation import service
from trading.base import forms
from trading.projects.models import Lot

#: Minutes that a round is open unless another time is typed.
USUAL = 60


def closes(form: Mapping[str, str], at: datetime) -> datetime:
    """The deadline of a round from the minutes that somebody typed. Raises Refused ``form.number``."""
    most = int(round_rules.LONGEST / timedelta(minutes=1))
    return at + timedelta(minutes=forms.number(form.get("minutes", ""), least=1, most=most))


def page(lot: Lot) -> dict[str, Any]:
    """What the talks show to those who hold them; prices of a round only once it is opened."""
    known, minutes = rounds.rounds_of(lot.id), rounds.minutes_of(lot.id)
    under_way = bool(known) and rounds.is_under_way(known[-1])
    # A round under way shows nobody who has offered; the review's list is what all were asked from.
    suppliers = [{"organisation": bid.organisation, "first_fen": bid.price_fen,
                  "minutes": [item for item in minutes if item.organisation_id == bid.organisation_id]}
                 for bid in service.accepted_bids(lot.id)]
    return {"suppliers": suppliers, "under_way": under_way, "rounds": [{
        "round": found, "deadline": rounds.deadline(found), "is_open": rounds.is_under_way(found),
        "offers": [] if rounds.is_under_way(found) else opening.opened_bids(lot.id, found.envelope)} for found in known],
        "ended": bool(known) and known[-1].is_final, "usual": USUAL}
