"""What a bid, an answer, a call or the passing of time does to a lot. Pure; every mode of trading.sales.modes.

One end everywhere: a phase lasts up to its end and not at it. Whoever decides reads the clock inside
the lot's lock and hands it in. A refused act changes nothing, so that it never moves a clock: it raises,
and the standing before stays. Sources: 39号令 (2007) 18 and 19; statutes, section 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bidding.auction.standing import Bid, Standing
from trading.base.errors import Refused
from trading.sales.modes import MINUTE, After, Phase, Restart
from trading.sales.terms import MOST_FEN

CALLS = 3
SECOND = 1000


def accept(standing: Standing, paddle: str, fen: int, at: int) -> Standing:
    """One bid, decided at ``at``: the standing after it.

    In the phase of a ceiling it is the agreement to that price, in that of supplied housing square
    metres. Raises Refused ``auction.*``.
    """
    now = advance(standing, at)
    _require_running(now, at)
    if isinstance(fen, bool) or not isinstance(fen, int) or not 0 < fen <= MOST_FEN:
        raise Refused("auction.amount")
    if now.phase is Phase.FALLING:
        return _take(now, paddle, fen, at)
    if now.phase is Phase.AGREEING:
        return _agree(now, paddle, fen, at)
    if now.phase is Phase.HOUSING:
        return _supply(now, paddle, fen, at)
    if now.phase is Phase.TIMED and Phase.QUESTION in now.terms.mode.phases and paddle not in now.joined:
        raise Refused("auction.not_joined")
    if now.phase in (Phase.QUESTION, Phase.TIED, Phase.ROUND, Phase.OPENING):
        raise Refused("auction.no_bids_now", phase=now.phase)
    _require_amount(now, fen)
    made = _with_bid(now, paddle, fen, at)
    made = replace(made, price_fen=fen, leader=paddle, calls=0, offered=_once(now.offered, paddle))
    if fen == now.terms.ceiling_fen:
        # Whoever may still come to the listing may also agree to its ceiling.
        ends = running(at, now.terms.mode.confirm_ms, now.terms.breaks)
        return replace(made, phase=Phase.AGREEING, agreed=(paddle,), ends_at=max(ends, now.terms.listing_ends_at if now.phase is Phase.OFFERS else 0))
    return replace(made, ends_at=_moved_end(now, at))


def _require_running(now: Standing, at: int) -> None:
    if now.is_paused:
        raise Refused("auction.paused")
    if now.phase is Phase.WAITING:
        raise Refused("auction.not_open", opens=now.terms.opens_at)
    if now.phase is Phase.ENDED:
        raise Refused("auction.over")
    if resting(at, now.terms.breaks):
        raise Refused("auction.resting")


def least(now: Standing) -> int:
    """The smallest amount that counts next: the start price, then one increment above the highest."""
    terms = now.terms
    if now.price_fen is None:
        return terms.start_fen
    first_of_countdown = now.phase is Phase.TIMED and (now.last is None or now.last.phase is not Phase.TIMED)
    if first_of_countdown and not terms.mode.full_step_first:
        # Not the highest itself: of equal offers the earlier counts (39号令 19), and the price would not rise.
        return now.price_fen + (terms.step_fen if terms.mode.multiples else 1)
    return now.price_fen + terms.step_fen


def _require_amount(now: Standing, fen: int) -> None:
    terms, lowest = now.terms, least(now)
    if terms.ceiling_fen is not None and fen > terms.ceiling_fen:
        raise Refused("auction.above_ceiling", ceiling_fen=terms.ceiling_fen)
    # Where less than an increment is left below the ceiling, the ceiling itself counts.
    if fen < lowest and fen != terms.ceiling_fen or now.price_fen is not None and fen <= now.price_fen:
        raise Refused("auction.too_low", least_fen=min(lowest, terms.ceiling_fen or lowest))
    if terms.mode.multiples and (fen - terms.start_fen) % terms.step_fen != 0:
        raise Refused("auction.off_step", step_fen=terms.step_fen)


def _moved_end(now: Standing, at: int) -> int | None:
    """The end after a valid bid; it never moves back, and only a countdown moves."""
    if now.phase is not Phase.TIMED or now.ends_at is None:
        return now.ends_at
    mode, breaks = now.terms.mode, now.terms.breaks
    begins = at if mode.restart is Restart.RESET else now.ends_at
    return max(now.ends_at, running(begins, mode.window_ms, breaks))


def _with_bid(now: Standing, paddle: str, fen: int, at: int) -> Standing:
    number = now.number + 1
    return replace(now, number=number, last=Bid(number, paddle, fen, at, now.phase))


def _once(known: tuple[str, ...], paddle: str) -> tuple[str, ...]:
    return known if paddle in known else (*known, paddle)


def _agree(now: Standing, paddle: str, fen: int, at: int) -> Standing:
    if fen != now.terms.ceiling_fen:
        raise Refused("auction.only_ceiling", ceiling_fen=now.terms.ceiling_fen)
    if paddle in now.agreed:
        raise Refused("auction.agreed_already")
    return replace(_with_bid(now, paddle, fen, at), agreed=(*now.agreed, paddle))


def _supply(now: Standing, paddle: str, area: int, at: int) -> Standing:
    """More supplied housing at the ceiling price; the countdown starts again."""
    if paddle not in now.agreed:
        raise Refused("auction.not_agreed")
    if area < now.housing + now.terms.housing_step or area % now.terms.housing_step:
        raise Refused("auction.too_little_housing", least=now.housing + now.terms.housing_step)
    ends = running(at, now.terms.mode.window_ms, now.terms.breaks)
    return replace(_with_bid(now, paddle, area, at), housing=area, leader=paddle, ends_at=max(now.ends_at or 0, ends))


def asking_price(now: Standing, at: int) -> int:
    """What a falling price stands at; it falls by one increment in each interval, down to the floor."""
    steps = max(0, at - now.fell_from) // now.terms.mode.fall_ms
    return max(now.terms.floor_fen, now.terms.start_fen - steps * now.terms.step_fen)


def _take(now: Standing, paddle: str, fen: int, at: int) -> Standing:
    asked = asking_price(now, at)
    if fen != asked:
        # Who saw an older price is told the present one and takes nothing by accident.
        raise Refused("auction.price_fell", asked_fen=asked)
    made = _with_bid(now, paddle, fen, at)
    return replace(made, price_fen=fen, leader=paddle, phase=Phase.ENDED, ends_at=at)


# --- what others do -----------------------------------------------------------------------------------


def join(standing: Standing, paddle: str, at: int) -> Standing:
    """A bidder goes on into timed bidding (是否参加限时竞价); the window is not moved. Raises Refused ``auction.*``."""
    now = advance(standing, at)
    _require_running(now, at)
    if now.phase is not Phase.QUESTION:
        raise Refused("auction.no_question", phase=now.phase)
    if now.terms.mode.needs_offer and paddle not in now.offered:
        raise Refused("auction.no_offer")
    return replace(now, joined=_once(now.joined, paddle))


def call(standing: Standing, at: int) -> Standing:
    """The host calls; the third call after the last bid ends the lot (39号令 19). Raises Refused ``auction.*``."""
    now = advance(standing, at)
    _require_running(now, at)
    if now.phase is not Phase.CALLS:
        raise Refused("auction.no_calls", phase=now.phase)
    if now.calls + 1 < CALLS:
        return replace(now, calls=now.calls + 1)
    return replace(now, calls=CALLS, phase=Phase.ENDED, ends_at=at)


def end(standing: Standing, at: int) -> Standing:
    """The lot ends before its bidding has begun: what the notice promised is missing."""
    return replace(advance(standing, at), phase=Phase.ENDED, ends_at=at)


def pause(standing: Standing, at: int) -> Standing:
    """Everything stands still; what is left of the clock is kept. Raises Refused ``auction.paused`` or ``auction.over``."""
    now = advance(standing, at)
    if now.is_paused:
        raise Refused("auction.paused")
    if now.phase is Phase.ENDED:
        raise Refused("auction.over")
    left = None if now.ends_at is None else left_running(at, now.ends_at, now.terms.breaks)
    return replace(now, paused_at=at, left_ms=left)


def resume(standing: Standing, at: int) -> Standing:
    """The clock goes on with what was left; a falling price stands where it stood. Raises Refused ``auction.not_paused``."""
    if standing.paused_at is None or at < standing.paused_at:
        raise Refused("auction.not_paused")
    ends = None if standing.left_ms is None else running(at, standing.left_ms, standing.terms.breaks)
    if ends is not None and standing.phase is Phase.ROUND:
        ends = _whole(ends, SECOND)
    return replace(standing, paused_at=None, left_ms=None, ends_at=ends, fell_from=standing.fell_from + at - standing.paused_at)


# --- what time does -----------------------------------------------------------------------------------


def advance(standing: Standing, at: int) -> Standing:
    """The standing at ``at``, when nobody did anything since: phases follow each other, each beginning where the last ended.

    The same however often and in whatever steps it is asked, so that a job that wakes late changes nothing.
    """
    now = standing
    for _moment, now in steps(standing, at):
        pass
    return now


def steps(standing: Standing, at: int) -> Iterator[tuple[int, Standing]]:
    """What time alone does up to ``at``: each change with the moment at which it happened, however late it is looked for."""
    now = standing
    while not now.is_paused:
        following = _following(now, at)
        if following is now:
            return
        yield (now.terms.opens_at if now.phase is Phase.WAITING else now.ends_at or at), following
        now = following


def due_at(now: Standing) -> int | None:
    """When time alone changes something next; None while nothing is due."""
    if now.is_paused or now.phase is Phase.ENDED:
        return None
    return now.terms.opens_at if now.phase is Phase.WAITING else now.ends_at


def _following(now: Standing, at: int) -> Standing:
    terms, mode = now.terms, now.terms.mode
    if now.phase is Phase.WAITING:
        return _begin(now, mode.phases[0], terms.opens_at) if at >= terms.opens_at else now
    if now.phase is Phase.ENDED or now.ends_at is None or at < now.ends_at:
        return now
    if now.phase is Phase.ROUND:
        return replace(now, phase=Phase.OPENING, ends_at=None)
    ended = replace(now, phase=Phase.ENDED)
    if now.phase is Phase.AGREEING:
        return _after_ceiling(now)
    if now.phase is Phase.QUESTION and not _goes_on(now):
        return ended
    later = mode.phases[mode.phases.index(now.phase) + 1:] if now.phase in mode.phases else ()
    # Nobody to ask after a listing without an offer, and nothing to count down.
    if not later or now.phase is Phase.OFFERS and now.price_fen is None:
        return ended
    return _begin(now, later[0], now.ends_at)


def _goes_on(now: Standing) -> bool:
    """Whether timed bidding has somebody who may still raise: another than who leads, or more than one."""
    return bool(set(now.joined) - {now.leader})


def _begin(now: Standing, phase: Phase, at: int) -> Standing:
    terms, mode = now.terms, now.terms.mode
    length = {Phase.QUESTION: mode.confirm_ms, Phase.FREE: mode.free_ms, Phase.TIMED: mode.window_ms, Phase.HOUSING: mode.window_ms}
    if phase is Phase.OFFERS:
        ends: int | None = terms.listing_ends_at
    elif phase is Phase.FALLING:
        # It may be taken at its floor for one interval more.
        steps = -(-(terms.start_fen - terms.floor_fen) // terms.step_fen)
        ends = at + (steps + 1) * mode.fall_ms
    elif phase is Phase.ROUND:
        return replace(now, phase=phase, round=now.round + 1, ends_at=_whole(running(at, mode.window_ms, terms.breaks), MINUTE), fell_from=at)
    else:
        ends = running(at, length[phase], terms.breaks) if phase in length else None
    return replace(now, phase=phase, ends_at=ends, fell_from=at)


def _whole(at: int, unit: int) -> int:
    """The next whole minute or second: sessions of sealed offers end on whole seconds."""
    return -(-at // unit) * unit


def close_round(standing: Standing, offers: Sequence[tuple[str, int]], at: int) -> Standing:
    """A round of sealed offers is open (多轮密封报价): the highest that beats the price by an increment leads, and another round begins.

    ``offers`` in the order in which they were filed; of equal ones the earlier leads. Where none counts the
    bidding is over, and who led before has it. Raises Refused ``auction.no_round``.
    """
    counting = [(paddle, fen) for paddle, fen in offers if fen >= least(standing)]
    _require_opening(standing, at)
    if not counting:
        return replace(standing, phase=Phase.ENDED, ends_at=at)
    paddle, fen = max(counting, key=lambda offer: offer[1])  # of equal ones the first
    return _begin(replace(standing, price_fen=fen, leader=paddle, number=standing.number + len(counting)), Phase.ROUND, at)


def repeat_round(standing: Standing, at: int) -> Standing:
    """An offer could not be opened by nobody's fault among the bidders: the round is held once more. Raises Refused ``auction.no_round``."""
    _require_opening(standing, at)
    return _begin(standing, Phase.ROUND, at)


def _require_opening(now: Standing, at: int) -> None:
    if now.is_paused:
        raise Refused("auction.paused")
    if now.phase is not Phase.OPENING:
        raise Refused("auction.no_round", phase=now.phase)


def _after_ceiling(now: Standing) -> Standing:
    """One agreed: the deal. Several: what the notice says decides."""
    if len(now.agreed) == 1:
        return replace(now, phase=Phase.ENDED)
    if now.terms.after_ceiling is After.HOUSING:
        assert now.ends_at is not None
        return _begin(now, Phase.HOUSING, now.ends_at)
    return replace(now, phase=Phase.TIED, leader="", ends_at=None)


# --- clocks that stand still at night -------------------------------------------------------------------


def resting(at: int, breaks: Iterable[tuple[int, int]]) -> bool:
    """Whether a moment lies in one of the announced breaks."""
    return any(start <= at < until for start, until in breaks)


def running(begins: int, length_ms: int, breaks: Iterable[tuple[int, int]]) -> int:
    """When a clock of that length ends that stands still in the breaks (hard stop, continued next day)."""
    ends = begins + length_ms
    for start, until in sorted(breaks):
        if until <= begins:
            continue
        if max(start, begins) >= ends:
            break
        ends += until - max(start, begins)
    return ends


def left_running(at: int, ends: int, breaks: Iterable[tuple[int, int]]) -> int:
    """What of a clock is left at a moment, without the breaks before its end."""
    still = sum(max(0, min(until, ends) - max(start, at)) for start, until in breaks)
    return max(0, ends - at - still)
