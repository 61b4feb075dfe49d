"""The forger of packs of live sales: every key of the platform, and that of one bidder who helps; never those of the others."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.browser.forger import CENTRE, Forged
from trading.demonstration.sale import Buyer
from trading.evidence import authority, verify
from trading.evidence.verify import BIDS, CONFIRMATION, PADDLES, REGISTRATION, ROOM, canonical, tagged

RECORD, NOTICE = "15-opening/record-reserve.json", "40-award/award-notice.json"
ROLES = ("centre", "buyer", "seller")
#: An entry that the forger adds has no number of its own yet.
NEW = 10**9


class ForgedSale(Forged):
    """The pieces of a live sale's pack; numbers, hashes and the centre's signatures are made right again."""

    def __init__(self, files: dict[str, bytes], authorities: list[authority.Authority]) -> None:
        super().__init__(files, authorities)
        self.sale = self.documents[BIDS]
        self.lines = [json.loads(line) for line in self.others[ROOM].decode().splitlines()]

    def entry(self, kind: str, number: int = 0) -> dict[str, Any]:
        return [entry for entry in self.entries if entry["event"]["type"] == kind][number]

    def said(self, number: int) -> list[dict[str, Any]]:
        """A bid wherever it stands: in the log, in the list, in the room."""
        return [*(event for event in self.events("auction.bid") if event["number"] == number),
                *(item for item in [*self.sale["bids"], *self.lines] if item.get("number") == number)]

    def change_bid(self, number: int, **facts: Any) -> None:
        for place in self.said(number):
            place.update({name: value for name, value in facts.items() if name in place or name == "by_host"})

    def follow(self) -> None:
        """The room shows what follows from its lines, as far as anything does."""
        room = verify.LiveRoom(self.sale["terms"])
        for line, entry in zip(self.lines, [e for e in self.entries if "seq" in e["event"]], strict=True):
            try:
                line["now"] = room.step(entry["event"])
            except verify.Invalid:
                return

    def deal(self, winner: str, fen: int) -> None:
        """The deal is somebody's, wherever it is said."""
        paddle = next(item for item in self.documents[PADDLES]["paddles"] if item["number"] == winner)
        self.sale["outcome"].update(winner=winner, price_fen=fen)
        for place in (self.events("auction.settled")[0], self.lines[-1], self.sale["acts"][-1]):
            place.update(winner=winner, price_fen=fen)
        for place in (self.documents[NOTICE], self.events("lot.awarded")[-1]):
            place.update(winner=paddle["bidder"], price_fen=fen)
        self.confirm(price_fen=fen, paddle=winner, buyer=paddle["bidder"])

    def confirm(self, **facts: Any) -> None:
        for name in [name for name in self.documents if name.startswith(CONFIRMATION)]:
            self.documents[name]["document"].update(facts)

    def files(self) -> dict[str, bytes]:
        places = {entry["index"]: place for place, entry in enumerate(self.entries)}
        for item in [*self.sale["bids"], *self.sale["acts"], *self.lines]:
            item["evidence"] = places.get(item["evidence"], item["evidence"])
        self.others[ROOM] = ("\n".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in self.lines) + "\n").encode()
        return super().files()

    def _sign_papers(self) -> None:
        # The offers that decide a tie were opened before the reserve price, and stand so by name.
        papers = [self.documents[name] for name in sorted(self.documents) if name.startswith("15-opening/record-")]
        for paper, event in zip(papers, self.events("opening.recorded"), strict=False):
            event["record"] = tagged("record", canonical(paper["record"])).hex()
            paper.update(centre_key=verify.raw_public_key(CENTRE).hex(),
                         sig=b64encode(CENTRE.sign(b"mingtang/v1/record\0" + canonical(paper["record"]))).decode())
        ended = self.entry("auction.ended")
        for event in self.events("window.closed"):
            if event.get("ended", "kept") != "kept":
                event["ended"] = tagged("leaf", bytes.fromhex(ended["nonce"]) + canonical(ended["event"])).hex()
        for event in self.events("deal.signed"):
            paper = self.documents.get(f"{CONFIRMATION}{event['role']}.json")
            if paper is None:
                continue
            event["confirmation"] = tagged("confirmation", canonical(paper["document"])).hex()
            if event["role"] == "centre":
                signed = CENTRE.sign(b"mingtang/v1/confirmation\0" + canonical(paper["document"]))
                paper.update(key=verify.raw_public_key(CENTRE).hex(), signature=b64encode(signed).decode())


def _dearer(forged: ForgedSale) -> None:
    forged.change_bid(2, fen=forged.sale["bids"][1]["fen"] + 1_000)
    forged.follow()


def _drop(forged: ForgedSale, number: int) -> None:
    entry = next(e for e in forged.entries if e["event"]["type"] == "auction.bid" and e["event"]["number"] == number)
    forged.entries.remove(entry)
    forged.lines.remove(next(line for line in forged.lines if line.get("number") == number))
    forged.sale["bids"].remove(next(bid for bid in forged.sale["bids"] if bid["number"] == number))


def _number_again(forged: ForgedSale) -> None:
    """What is left is counted from one again, in the room and in the log."""
    for seq, (line, entry) in enumerate(zip(forged.lines, [e for e in forged.entries if "seq" in e["event"]], strict=True), 1):
        line["seq"] = entry["event"]["seq"] = seq
    for act, entry in zip(forged.sale["acts"], [e for e in forged.entries if "seq" in e["event"] and e["event"]["type"] != "auction.bid"], strict=True):
        act["seq"] = entry["event"]["seq"]
    bids = [line for line in forged.lines if line["kind"] == "bid"]
    for number, places in enumerate(zip(bids, forged.sale["bids"], forged.events("auction.bid"), strict=True), 1):
        for place in places:
            place["number"] = number


def _without_the_last(forged: ForgedSale) -> None:
    """The last bid never was, and the one before it makes the deal."""
    _drop(forged, len(forged.sale["bids"]))
    _number_again(forged)
    last = forged.sale["bids"][-1]
    forged.deal(last["paddle"], last["fen"])
    forged.follow()


def _swap(forged: ForgedSale) -> None:
    one, two = forged.events("auction.bid")[:2]
    for name in ("paddle", "fen", "signature", "key", "actor"):
        one[name], two[name] = two[name], one[name]
    for event in (one, two):
        forged.change_bid(event["number"], paddle=event["paddle"], fen=event["fen"], signature=event["signature"])
    forged.follow()


def _another_bidder(forged: ForgedSale) -> None:
    """Two bidders change their numbers after the sale."""
    one, two = [item for item in forged.documents[PADDLES]["paddles"] if item["number"]][:2]
    one["number"], two["number"] = two["number"], one["number"]
    for item in (one, two):
        event = next(event for event in forged.events("auction.admitted") if event["paddle"] == item["number"])
        event.update(application=item["commitment"], public=item["public"])


def _another_name(forged: ForgedSale) -> None:
    item = forged.documents[PADDLES]["paddles"][0]
    item["bidder"] = item["application"]["bidder"] = "91510822000000099X"


def _by_nobody(forged: ForgedSale) -> None:
    event = forged.events("auction.bid")[0]
    act = {"v": 1, "room": forged.sale["lot"], "paddle": event["paddle"], "act": "bid", "fen": event["fen"], "key": event["key"]}
    forged.change_bid(1, signature=CENTRE.sign(b"mingtang/v1/auction-act\0" + canonical(act)).hex())


def _by_a_host(forged: ForgedSale) -> None:
    """As if it had been called out, where nobody calls."""
    forged.change_bid(1, by_host=True, signature="")
    forged.events("auction.bid")[0]["host"] = "host"


def _join_by_nobody(forged: ForgedSale) -> None:
    """Somebody is said to go on who never said so."""
    for act in (forged.events("auction.joined")[0], next(act for act in forged.sale["acts"] if act["type"] == "auction.joined")):
        act["signature"] = CENTRE.sign(b"joined").hex()


def _to_the_second(forged: ForgedSale) -> None:
    *_, second, _last = forged.sale["bids"]
    forged.deal(second["paddle"], second["fen"])


def to_another_of_the_tie(forged: ForgedSale) -> None:
    """A tie is decided for another of those who agreed, at the same price."""
    outcome = forged.sale["outcome"]
    other = next(bid["paddle"] for bid in forged.sale["bids"] if bid["phase"] == "agreeing" and bid["paddle"] != outcome["winner"])
    for place in (forged.events("auction.tie_decided")[0], *(item for item in [*forged.lines, *forged.sale["acts"]] if "tie_decided" in (
            item.get("kind"), str(item.get("type")).removeprefix("auction.")))):
        place["winner"] = other
    forged.deal(other, outcome["price_fen"])
    forged.follow()


def _told(forged: ForgedSale, number: int) -> list[dict[str, Any]]:
    """What was told of a round of sealed offers, wherever it stands."""
    return [item for item in [*forged.events("auction.round_closed"), *forged.lines, *forged.sale["acts"]]
            if "round_closed" in (item.get("kind"), str(item.get("type")).removeprefix("auction.")) and item["number"] == number]


def _round_to_another(forged: ForgedSale) -> None:
    """The last round with offers is told as if the two had offered the other way round: another has the deal."""
    for place in _told(forged, 2):
        (one, much), (two, little) = place["offers"]
        place["offers"] = [[one, little], [two, much]]
    forged.deal(two, much)
    forged.follow()


def _first_round_cheaper(forged: ForgedSale) -> None:
    for place in _told(forged, 1):
        place["offers"] = [[paddle, fen - 100] for paddle, fen in place["offers"]]
    forged.follow()


def _round_without_an_offer(forged: ForgedSale) -> None:
    for place in _told(forged, 2):
        place["offers"] = place["offers"][:1]
    forged.follow()


def _round_again(forged: ForgedSale) -> None:
    """A round is held again that was in order; what it brought is as if it had not been."""
    for place in _told(forged, 1):
        place["again"] = True
    forged.follow()


def _offer_by_nobody(forged: ForgedSale) -> None:
    """An offer carries the signature of somebody who is no bidder."""
    session = forged.events("auction.round_begun")[0]["session"]
    header = next(name for name, document in forged.documents.items() if name.endswith("/header.json") and document["ctx"]["session"] == session)
    digest = header.split("/")[1]
    forged.documents[header.replace("header", "filing")].update(
        keys=[verify.raw_public_key(CENTRE).hex()], signature=b64encode(CENTRE.sign(bytes.fromhex(digest))).decode())


ROUND_FORGERIES: dict[str, tuple[Callable[[ForgedSale], Any], str]] = {
    "the deal of a round is another's": (_round_to_another, "round 2 was told with other offers"),
    "a round is told cheaper": (_first_round_cheaper, "round 1 was told with other offers"),
    "an offer of a round is left out": (_round_without_an_offer, "round 2 was told with other offers"),
    "a round is held again without cause": (_round_again, "or is repeated without cause"),
    "an offer is nobody's": (_offer_by_nobody, "not filed by a paddle of this sale")}


def other_minutes(forged: ForgedSale) -> None:
    """The committee's minutes are exchanged."""
    name = max(name for name in forged.others if name.startswith("20-auction/tie-minutes-"))  # of the decision that was confirmed
    forged.others[name] = b"%PDF-1.7 other minutes"


def _cheaper(forged: ForgedSale) -> None:
    """The winner pays less than it bid."""
    last = forged.sale["bids"][-1]
    forged.deal(last["paddle"], last["fen"] - 100)


def _reserve(forged: ForgedSale) -> None:
    forged.documents[RECORD]["record"]["bids"][0]["offer"]["price_fen"] -= 100
    forged.sale["outcome"]["reserve_fen"] -= 100


def _no_reserve(forged: ForgedSale) -> None:
    """As if no reserve price had been opened."""
    del forged.documents[RECORD]
    forged.entries.remove(forged.entry("opening.recorded"))
    forged.sale["outcome"]["reserve_fen"] = None


def _reserve_too_soon(forged: ForgedSale) -> None:
    """It was asked for before the bidding ended."""
    entry = forged.entry("window.closed")
    forged.entries.remove(entry)
    forged.entries.insert(forged.place("auction.bid"), entry)


def _another_end(forged: ForgedSale) -> None:
    forged.events("window.closed")[0]["ended"] = "kept"


def late(forged: ForgedSale, helper: Buyer) -> None:
    """A bidder who knows the result bids once more, and the platform lets it be the last."""
    ended, top = forged.place("auction.ended"), forged.sale["bids"][-1]
    end = forged.entries[ended]["event"]
    fen, number, step = top["fen"] + forged.sale["terms"]["step_fen"], top["number"] + 1, end["seq"]
    act = {"v": 1, "room": forged.sale["lot"], "paddle": helper.number, "act": "bid", "fen": fen, "key": "a-late-request"}
    signature = helper.key.sign(b"mingtang/v1/auction-act\0" + canonical(act)).hex()
    facts = {"paddle": helper.number, "number": number, "fen": fen, "phase": top["phase"]}
    event = {**facts, "type": "auction.bid", "actor": helper.number, "at_ms": end["at_ms"], "lot": end["lot"], "project": end["project"], "seq": step,
             "key": "a-late-request", "signature": signature}
    forged.entries.insert(ended, {"index": NEW, "nonce": "02" * 32, "event": event, "path": []})
    forged.sale["bids"].append({**facts, "at": end["at_ms"], "signature": signature, "by_host": False, "evidence": NEW})
    line = {**facts, "seq": step, "at": end["at_ms"], "evidence": NEW, "kind": "bid", "now": deepcopy(forged.lines[step - 1]["now"])}
    forged.lines.insert(step - 1, line)
    _number_again(forged)
    forged.deal(helper.number, fen)
    forged.follow()


def _line(forged: ForgedSale) -> None:
    forged.lines[2]["now"]["leader"] = forged.lines[1]["paddle"]


def _end_shown(forged: ForgedSale) -> None:
    """The room was told another end of the phase than the log has."""
    forged.lines[0]["ends_at"] += 60_000


def _start(forged: ForgedSale) -> None:
    """The start price is lowered after the notice."""
    forged.sale["terms"]["start_fen"] -= 1_000
    forged.follow()


def _partner(forged: ForgedSale) -> None:
    """A partner of a joint bid did not agree."""
    item = next(item for item in forged.documents[PADDLES]["paddles"] if item["consents"])
    signature = CENTRE.sign(b"consent").hex()
    item["consents"][0]["signature"] = forged.events("auction.consented")[0]["signature"] = signature


def _fewer_paddles(forged: ForgedSale) -> None:
    forged.documents[PADDLES]["paddles"].pop()


def _not_confirmed(forged: ForgedSale) -> None:
    del forged.documents[f"{CONFIRMATION}seller.json"]


def _buyer_by_another(forged: ForgedSale) -> None:
    """The centre signs in the buyer's name, with the buyer's key beside it."""
    paper = forged.documents[f"{CONFIRMATION}buyer.json"]
    paper["signature"] = CENTRE.sign(b"mingtang/v1/confirmation\0" + canonical(paper["document"])).hex()


#: What each changes, the check that must find it, and a word of what verify.py says.
FORGERIES: dict[str, tuple[Callable[[ForgedSale], Any], str, str]] = {
    "a bid's amount": (_dearer, "award", "not signed by its paddle"),
    "a bid dropped": (lambda forged: _drop(forged, 2), "award", "room.jsonl"),
    "the last bid dropped and all counted again": (_without_the_last, "award", "room.jsonl"),
    "two bids swapped": (_swap, "award", "does not count"),
    "a paddle given to another bidder": (_another_bidder, "award", "not signed by its paddle"),
    "a paddle under another name": (_another_name, "award", "not bound to its bidder"),
    "a bid signed by nobody": (_by_nobody, "award", "bid 1 "),
    "a bid by a host who does not call": (_by_a_host, "award", "line 2"),
    "a word to go on signed by nobody": (_join_by_nobody, "award", "a word to go on"),
    "the deal given to the second": (_to_the_second, "award", "not the last bid's"),
    "a deal below the last bid": (_cheaper, "award", "not the last bid's"),
    "the reserve price": (_reserve, "opening", "another offer"),
    "the reserve price left out": (_no_reserve, "award", "not opened"),
    "the reserve price asked for too soon": (_reserve_too_soon, "opening", "after the end of the bidding"),
    "the reserve price asked for by another end": (_another_end, "opening", "after the end of the bidding"),
    "the reserve price of another seller": (lambda forged: forged.documents[REGISTRATION].update(tenderer="11510822000000099X"), "opening", "not the seller's"),
    "a line of the room": (_line, "award", "line 3"),
    "an end told to the room": (_end_shown, "award", "line 1"),
    "the start price": (_start, "award", "start_fen"),
    "a partner's consent": (_partner, "award", "did not agree"),
    "a paddle left out": (_fewer_paddles, "award", "paddles.json"),
    "a confirmation of another price": (lambda forged: forged.confirm(price_fen=1), "award", "another deal"),
    "a confirmation left out": (_not_confirmed, "award", "confirmations"),
    "a confirmation signed for the buyer": (_buyer_by_another, "award", "signature is wrong")}
