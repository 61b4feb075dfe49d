"""A forger who holds every key of the platform: log, witnesses, time stamps and centre sign what the forger likes.

What remains is meaning: a pack whose hashes, proofs and signatures all hold, and that still says something untrue.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from tests.services.test_archive import rewritten
from trading.evidence import authority, notes, tree, verify
from trading.evidence.verify import canonical, tagged

#: The log's own name: a session says to which log it belongs.
ORIGIN = "test.example/log2026"
LOG, LOG_PQ = notes.signer(b"L" * 32, "log"), notes.signer_pq(b"L" * 32, "log")
WITNESSES = [(name, notes.signer(name.encode().ljust(32, b"w"), "witness")) for name in ("forged.example/one", "forged.example/two")]
CENTRE = Ed25519PrivateKey.from_private_bytes(b"C" * 32)
LOG_KEY = ",".join((notes.verifier_key(ORIGIN, verify.ED25519, verify.raw_public_key(LOG)),
                    notes.verifier_key(ORIGIN, verify.ML_DSA_44, LOG_PQ.public_key().public_bytes_raw())))
WITNESS_KEYS = [notes.verifier_key(name, verify.COSIGNATURE, verify.raw_public_key(key)) for name, key in WITNESSES]
REPORT, RECORD, DRAW, NOTICE = "30-evaluation/report.json", "15-opening/record.json", "20-draw/transcript.json", "40-award/award-notice.json"
PRICES, TECHNICAL = "15-opening/record-price.json", "30-evaluation/technical.json"
BESIDE = ("catalogue.json", "90-log/", "95-evidence/", "verify/")


class Forged:
    """The pieces of a pack, to be changed; ``files`` signs and proves everything anew."""

    def __init__(self, files: dict[str, bytes], authorities: list[authority.Authority]) -> None:
        inside = {name[5:]: data for name, data in files.items() if name.startswith("data/")}
        self.documents: dict[str, Any] = {name: json.loads(data) for name, data in inside.items() if name.endswith(".json")}
        self.others = {name: data for name, data in inside.items() if not name.endswith(".json")}
        self.authorities, self.entries = authorities, self.documents["90-log/entries.json"]
        #: Changes the entry that joins two names of the log, before it is signed.
        self.joint: Callable[[dict[str, Any]], Any] = lambda event: None

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        return [entry["event"] for entry in self.entries if entry["event"]["type"] in kinds]

    def place(self, kind: str) -> int:
        return next(index for index, entry in enumerate(self.entries) if entry["event"]["type"] == kind)

    def record(self) -> list[dict[str, Any]]:
        return self.documents[RECORD]["record"]["bids"]

    def ranking(self) -> list[dict[str, Any]]:
        return self.documents[REPORT]["report"]["ranking"]

    def award(self, row: dict[str, Any]) -> None:
        for said in (self.documents[NOTICE], self.events("lot.awarded")[-1]):
            said.update(winner=row["bidder"], price_fen=row["price_fen"])

    def without_winner(self) -> dict[str, Any]:
        """The winner's bid leaves record, report and award; the second is first."""
        gone = self.ranking().pop(0)
        for rank, row in enumerate(self.ranking(), 1):
            row["rank"] = rank
        self.record()[:] = [row for row in self.record() if row["digest"] != gone["digest"]]
        self.award(self.ranking()[0])
        for name in [name for name in self.others if gone["digest"] in name]:
            del self.others[name]
        return gone

    def forget(self, kind: str, **facts: Any) -> None:
        """An act that never was, directly before the close of the bids."""
        event = {"type": kind, "actor": "", "at_ms": self.entries[0]["event"]["at_ms"], **facts}
        self.entries.insert(self.place("session.closing"), {"index": 0, "nonce": "01" * 32, "event": event, "path": []})

    def count_again(self) -> None:
        gone = {event["bid_digest"] for event in self.events("bid.withdraw")} | {event["replaces"] for event in self.events("bid.commit")}
        for close in self.events("session.close"):
            live = sorted(event["bid_digest"] for event in self.events("bid.commit", "draw.commit")
                          if event["session"] == close["session"] and event["bid_digest"] not in gone)
            close.update(count=len(live), root=tagged("live", canonical(live)).hex())

    def freeze_and_draw(self) -> None:
        """Pool, conditions and seed are what the transcript says now, and so are its seats."""
        drawn = self.documents[DRAW]
        rows = sorted(drawn["pool"], key=lambda row: b64decode(row["eid"]))
        root, params = verify.merkle_root([canonical(row) for row in rows]), tagged("draw-params", canonical(drawn["params"]))
        self.events("draw.frozen")[0].update(pool_root=root.hex(), params=params.hex())
        values = b"".join(len(part).to_bytes(8, "big") + part for item in sorted(drawn["contributions"], key=lambda item: item["id"].encode())
                          for part in (item["id"].encode(), b64decode(item["value"])))
        seed = tagged("seed", params + root + values)
        drawn.update(seed=b64encode(seed).decode(), pool_root=b64encode(root).decode())
        seats = verify.draw_again(drawn, rows, seed)
        for stratum in drawn["result"]["strata"]:
            stratum["members"] = seats[stratum["id"]]

    def files(self) -> dict[str, bytes]:
        self._sign_papers()
        pieces = [{"path": name, "title": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                  for name, data in sorted(self._all().items()) if not name.startswith(BESIDE)]
        self.documents["catalogue.json"]["pieces"] = pieces
        self.events("archive.catalogued")[-1]["root"] = tagged("catalogue", canonical([[item["path"], item["sha256"]] for item in pieces])).hex()
        self._sign_log()
        return {f"data/{name}": data for name, data in self._all().items()}

    def _all(self) -> dict[str, bytes]:
        return {name: canonical(document) for name, document in self.documents.items()} | self.others

    def _sign_papers(self) -> None:
        if TECHNICAL in self.documents:
            self._log_technical(self.documents[TECHNICAL])
        for number, name in enumerate(name for name in (RECORD, PRICES) if name in self.documents):
            paper = self.documents[name]
            self.events("opening.recorded")[number]["record"] = tagged("record", canonical(paper["record"])).hex()
            paper.update(centre_key=verify.raw_public_key(CENTRE).hex(),
                         sig=b64encode(CENTRE.sign(b"mingtang/v1/record\0" + canonical(paper["record"]))).decode())
        if REPORT in self.documents:
            self.events("evaluation.ranked")[-1]["report"] = tagged("report", canonical(self.documents[REPORT]["report"])).hex()

    def _log_technical(self, report: dict[str, Any]) -> None:
        digest = tagged("technical", canonical(report)).hex()
        for event in self.events("evaluation.technical"):
            event.update(report=digest, keep=report["keep"], shut=report["shut"])
        for event in self.events("window.closed"):
            if "technical" in event:
                event.update(technical=digest, shut=report["shut"])

    def _sign_log(self) -> None:
        """One tree for each name that the log had; each after the first begins with the entry that joins it to the one before."""
        trees: list[list[dict[str, Any]]] = [[]]
        first = self.entries[0]["index"] // verify.SPAN
        for entry in self.entries:
            if entry["event"]["type"] == verify.CONTINUED and trees[-1]:
                trees.append([])
            trees[-1].append(entry)
        self.documents["90-log/checkpoints.json"] = []
        self.others = {name: data for name, data in self.others.items() if not name.endswith(".tsr")}
        if first and trees[0][0]["event"]["type"] == verify.CONTINUED:
            # The name before is not in the pack: what was seen of it is signed anew.
            texts = [verify.split_note(note)[0] for note in trees[0][0]["event"]["seen"]]
            trees[0][0]["event"]["seen"] = [notes.sign(text, text.partition("\n")[0], LOG) + "".join(
                notes.cosign(text, name, key, 1_800_000_000) for name, key in WITNESSES) for text in texts]
        for number, entries in enumerate(trees, first):
            self._sign_tree(number, entries)
            if number - first < len(trees) - 1:
                head = self.documents["90-log/checkpoints.json"][-1]
                _, size, root = verify.parse_checkpoint(verify.split_note(head["note"])[0])
                event = trees[number - first + 1][0]["event"]
                event.update(seen=[head["note"]], kept=size, restored={"size": size, "root": b64encode(root).decode()})
                self.joint(event)

    def _sign_tree(self, number: int, entries: list[dict[str, Any]]) -> None:
        origin, start = verify.origin_at(ORIGIN, number), number * verify.SPAN
        peaks: list[bytes] = []
        nodes, roots = {}, {}
        for index, entry in enumerate(entries):
            entry["index"] = start + index
            leaf = tagged("leaf", bytes.fromhex(entry["nonce"]) + canonical(entry["event"]))
            peaks, new = tree.append(index, peaks, leaf)
            nodes.update({(level, at): digest for level, at, digest in new})
            roots[index + 1] = tree.root_of(peaks)

        def node(level: int, at: int) -> bytes:
            return nodes[level, at]

        total, before = len(entries), 0
        for index, entry in enumerate(entries):
            entry["path"] = [b64encode(digest).decode() for digest in tree.inclusion_path(index, total, node)]
        closes = {index + 1 for index, entry in enumerate(entries) if entry["event"]["type"] == "session.close"}
        checkpoints = self.documents["90-log/checkpoints.json"]
        for size in sorted({*closes, total}):
            text, at = notes.checkpoint_text(origin, size, roots[size]), entries[size - 1]["event"]["at_ms"] // 1000
            note = notes.sign(text, origin, LOG) + notes.cosign_pq(text, origin, LOG_PQ, at)
            note += "".join(notes.cosign(text, name, key, at) for name, key in WITNESSES)
            path = tree.consistency_path(before, size, node) if before else []
            checkpoints.append({"size": start + size, "note": note, "consistency": [b64encode(digest).decode() for digest in path]})
            before = size
            for one in self.authorities if size in closes else []:
                name = f"95-evidence/{start + size:010d}-{one.root.fingerprint(SHA256()).hex()[:16]}.tsr"
                self.others[name] = one.answer(authority.query(text.encode(), 7), datetime.fromtimestamp(at, UTC))


def forge(path: Path, authorities: list[authority.Authority], change: Callable[[Any], Any], kind: type[Forged] = Forged) -> None:
    """Change a pack as a forger would who holds all keys."""
    def apply(files: dict[str, bytes]) -> None:
        forged = kind(files, authorities)
        change(forged)
        for name in [name for name in files if name.startswith("data/")]:
            del files[name]
        files |= forged.files()

    rewritten(path, apply)


def _record_twice(forged: Forged) -> None:
    forged.record().append(deepcopy(forged.record()[0]))


def _withdrawn_by_another(forged: Forged) -> None:
    gone = forged.without_winner()
    forged.forget("bid.withdraw", bid_digest=gone["digest"], bidder="91510822000000099X", session=forged.events("session.close")[0]["session"])
    forged.count_again()


def _withdrawn_unsigned(forged: Forged) -> None:
    """By the platform in the bidder's name, with a signature of the platform's own."""
    gone = forged.without_winner()
    session = forged.events("session.close")[0]["session"]
    forged.forget("bid.withdraw", bid_digest=gone["digest"], bidder=gone["bidder"], session=session, sig=b64encode(CENTRE.sign(
        b"mingtang/v1/withdraw\0" + bytes.fromhex(session) + bytes.fromhex(gone["digest"]))).decode())
    forged.count_again()


def waive(forged: Forged, approved_by: str) -> None:
    """One of the authorities stamps nothing; who approved that is named."""
    kept = forged.authorities[0]
    gone = next(name for name in forged.documents["00-policy/session-bid.json"]["document"]["tsa"] if name.rpartition("+")[2] != kept.root.fingerprint(SHA256()).hex())
    forged.authorities = [kept]
    forged.forget("stamps.override_approved", authority=gone, asked_by="archivist", reason="gone for good")
    forged.events("stamps.override_approved")[0]["actor"] = approved_by


def _another_purchaser(forged: Forged) -> None:
    """The platform signs the session in the purchaser's name, with a session of its own making behind it."""
    name = "00-policy/countersigned-bid-00.json"
    paper = forged.documents[name]
    signed = b64encode(CENTRE.sign(b"mingtang/v1/purchaser\0" + b"\x11" * 32)).decode()
    for said in (paper, forged.events("session.countersigned")[0]):
        said.update(key=verify.raw_public_key(CENTRE).hex(), sig=signed)


def _no_purchaser(forged: Forged) -> None:
    del forged.documents["00-policy/countersigned-bid-00.json"]


def _closed_twice(forged: Forged) -> None:
    at = forged.place("session.closing")
    forged.entries[at + 2:at + 2] = deepcopy(forged.entries[at:at + 2])


def _no_report(forged: Forged) -> None:
    del forged.documents[REPORT]
    forged.award({"bidder": "91510822000000099X", "price_fen": 1})


def _invented_contribution(forged: Forged) -> None:
    forged.documents[DRAW]["contributions"].append({"id": "zz", "value": b64encode(b"c" * 32).decode()})
    forged.freeze_and_draw()


def _contribution_by_anybody(forged: Forged) -> None:
    name = next(name for name in forged.documents if name.startswith("20-draw/contributions/") and name.endswith("/filing.json"))
    signature = CENTRE.sign(bytes.fromhex(name.split("/")[2]))
    forged.documents[name].update(signature=b64encode(signature).decode(), keys=[verify.raw_public_key(CENTRE).hex()])


def _second_report(forged: Forged) -> None:
    entry = deepcopy(forged.entries[forged.place("evaluation.ranked")])
    entry["event"]["report"] = "00" * 32
    forged.entries.insert(forged.place("evaluation.ranked"), entry)


#: What each changes, and the check that must find it.
FORGERIES: dict[str, tuple[Callable[[Forged], Any], str]] = {
    "a bid under another's name": (lambda forged: forged.record()[0].update(bidder="91510822000000099X"), "opening"),
    "a price that was not opened": (lambda forged: forged.record()[0]["offer"].update(price_fen=1), "opening"),
    "a bid named twice": (_record_twice, "opening"),
    "a winner left out": (Forged.without_winner, "opening"),
    "a record of no session": (lambda forged: forged.documents[RECORD]["record"].update(session="11" * 32), "opening"),
    "a winner withdrawn by somebody else": (_withdrawn_by_another, "evidence"),
    "a winner withdrawn by the platform": (_withdrawn_unsigned, "bids"),
    "a waiver by one person": (lambda forged: waive(forged, "archivist"), "timestamps"),
    "a purchaser's signature over something else": (_another_purchaser, "sessions"),
    "a purchaser's signature left out": (_no_purchaser, "sessions"),
    "a session closed twice": (_closed_twice, "evidence"),
    "a mark left out": (lambda forged: forged.entries.pop(forged.place("session.closing")), "evidence"),
    "an award without a report": (_no_report, "award"),
    "ranks that skip one": (lambda forged: forged.ranking()[-1].update(rank=9), "award"),
    "the second wins": (lambda forged: forged.award(forged.ranking()[1]), "award"),
    "two reports": (_second_report, "award"),
    "an invented contribution": (_invented_contribution, "draw"),
    "a contribution signed by anybody": (_contribution_by_anybody, "bids"),
    "a commit in another session": (lambda forged: forged.events("bid.commit")[0].update(session="66" * 32), "bids")}


# --- prices in envelopes of their own ---------------------------------------------------------------


def _price_window(forged: Forged) -> int:
    return next(index for index, entry in enumerate(forged.entries) if "technical" in entry["event"])


def _prices_first(forged: Forged) -> None:
    judged, asked = forged.place("evaluation.technical"), _price_window(forged)
    forged.entries[judged], forged.entries[asked] = forged.entries[asked], forged.entries[judged]


def _prices_twice(forged: Forged) -> None:
    at = _price_window(forged)
    forged.entries.insert(at, deepcopy(forged.entries[at]))


def _let_in(forged: Forged) -> None:
    """The envelope of a bidder that failed is to be opened after all."""
    report = forged.documents[TECHNICAL]
    report["keep"], report["shut"] = sorted(report["keep"] + report["shut"]), []


def _keep_out(forged: Forged) -> None:
    """The cheapest that passed is left out, and nobody is to read its price."""
    report, rows = forged.documents[TECHNICAL], forged.documents[PRICES]["record"]["bids"]
    best = min(rows, key=lambda row: row["offer"]["price_fen"])
    rows.remove(best)
    report["keep"].remove(best["digest"])
    report["shut"].append(best["digest"])


def _mark(forged: Forged, name: str) -> None:
    document = forged.documents[name]
    marks = document.get("report", document)["marks"]
    marks[0][3] = "1"


def _contents(forged: Forged) -> None:
    forged.others[f"10-bids/{forged.documents[TECHNICAL]['shut'][0]}/payload.0000.cob"] = b"contents"


def _back(forged: Forged) -> None:
    """Whoever was rejected before the prices were known is rejected no more."""
    forged.documents[TECHNICAL]["rejected"][0]["failures"] = []


PRICE_FORGERIES: dict[str, tuple[Callable[[Forged], Any], str]] = {
    "prices before the technical evaluation": (_prices_first, "opening"),
    "prices opened twice": (_prices_twice, "opening"),
    "a failed bidder's price let in": (_let_in, "opening"),
    "a passed bidder's price kept out": (_keep_out, "opening"),
    "contents of an envelope that stays shut": (_contents, "opening"),
    "no price session": (lambda forged: forged.documents.pop("00-policy/session-price.json"), "opening"),
    "a mark changed after the prices": (lambda forged: _mark(forged, REPORT), "award"),
    "a mark changed in the technical report": (lambda forged: _mark(forged, TECHNICAL), "award"),
    "another ground of rejection": (_back, "award"),
    "a price that was not opened": (lambda forged: forged.documents[PRICES]["record"]["bids"][0]["offer"].update(price_fen=1), "opening"),
    "ranked by something else than the price envelope": (lambda forged: forged.ranking()[0].update(offer=forged.ranking()[0]["digest"]), "award")}
