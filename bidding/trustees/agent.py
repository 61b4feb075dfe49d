"""The key holder's own process: ``mingtang trustee run``.

It runs on the key holder's machine, holds its root there, speaks HTTP with the platform
and imports nothing of the platform's database layer. Everything is checked before
anything is released; a journal of what was released stays beside the root.
"""

from __future__ import annotations

import json
import os
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics

from bidding.trustees.trustee import Memory, Pins, Trustee
from bidding.trustees.trustee import follow_log as follow
from trading.base.errors import Refused

Say = Callable[[str], None]
PRE_KEYS_WANTED = 12
PRE_KEY_BATCH = 24
#: Rounds without an answer before it is worth a line: a platform takes some seconds to start.
PATIENCE = 15


class Agent:
    """One key holder at work for one platform."""

    def __init__(self, folder: Path, say: Say) -> None:
        self.folder, self.say = folder, say
        settings = json.loads((folder / "trustee.json").read_text("utf-8"))
        self.url: str = settings["url"].rstrip("/")
        self.trustee = Trustee((folder / "root.key").read_bytes(), settings["organisation"])
        self.pins = Pins(settings["log_key"], settings["centre_key"], tuple(settings["witness_keys"]), settings["quorum"],
                         tuple(settings.get("earlier_log_keys", ())))
        self.memory = self._remembered()
        self._refused: dict[str, str] = {}

    def work(self) -> int:
        """One round: pre-keys, contributions to draws, releases. Returns how much was done."""
        public = self.trustee.public.hex()
        state = self._get(f"/api/v1/trustees/{public}")
        if any([self._learn(item["session"], item["amendments"]) for item in state["amended"]]):
            self._remember()
        # Releases first, and each thing by itself: what fails in one must not hold up an opening.
        done = sum(self._try(item["session"], lambda item=item: self._release(item["session"], item["envelope"])) for item in state["sessions"])
        done += sum(self._try(item["session"], lambda item=item: self._rehearse(item["session"], item["number"])) for item in state["canaries"])
        done += self._try("pre-keys", lambda: self._bring_pre_keys(public, state))
        return done + self._try("draws", lambda: self._contribute(public))

    def _try(self, what: str, act: Callable[[], int]) -> int:
        try:
            return act()
        except Refused as refusal:
            self._say_refused(what, refusal)
        except (OSError, ValueError) as error:
            if self._refused.get(what) != str(error):
                self._refused[what] = str(error)
                self.say(f"{what[:16]}: {error}")
        return 0

    def _bring_pre_keys(self, public: str, state: dict[str, Any]) -> int:
        done, last = 0, state["last_pre_key"]
        for suite, spare in state["spare_pre_keys"].items():
            if spare < PRE_KEYS_WANTED:
                last = self._post(f"/api/v1/trustees/{public}/pre-keys",
                                  {"suite": suite, "batch": self.trustee.pre_keys(last + 1, PRE_KEY_BATCH, suite)})["last"]
                done += 1
        return done

    def _contribute(self, public: str) -> int:
        done = 0
        for draw in self._get(f"/api/v1/trustees/{public}/draws")["draws"]:
            self._post(f"/api/v1/draws/{draw['draw']}/contributions", self.trustee.contribute(draw["session"]))
            self.say(f"contributed to draw {draw['draw']}")
            done += 1
        return done

    def _learn(self, session: str, amendments: list[dict[str, Any]]) -> bool:
        """Note an extension; one that does not hold is said and left, for it must not stop other openings."""
        try:
            return self.trustee.learn(session, amendments, self.memory, self.pins)
        except Refused as refusal:
            self._say_refused(session, refusal)
            return False

    def _say_refused(self, session: str, refusal: Refused) -> None:
        if self._refused.get(session) != refusal.reason:
            self._refused[session] = refusal.reason
            self.say(f"session {session[:16]}: not released: {refusal.reason}")

    def _rehearse(self, session: str, number: int) -> int:
        try:
            given = self.trustee.rehearse(self._get(f"/api/v1/sessions/{session}/canaries/{number}"), self.memory, self.pins,
                                          at=int(time.time()))
        except Refused as refusal:
            self._say_refused(session, refusal)
            return 0
        self._remember()
        self._post(f"/api/v1/sessions/{session}/canaries", given)
        self.say(f"session {session[:16]}: rehearsal {number}: {given['body']['fault'] or 'my share opens'}")
        return 1

    def release(self, session: str) -> int:
        """Check one opening now and release for it; gives how many shares. Raises Refused."""
        waiting = {item["session"]: item["envelope"] for item in self._get(f"/api/v1/trustees/{self.trustee.public.hex()}")["sessions"]}
        if session not in waiting:
            raise Refused("trustee.nothing_waits")
        return self._release(session, waiting[session])

    def dispute(self, session: str) -> dict[str, str]:
        """Give this session's seed away, so that anybody sees whose fault a share is; gives the findings by bid."""
        document = self._get(f"/api/v1/sessions/{session}/document")
        given = self.trustee.disclose(document, self.memory, at=int(time.time()))
        found: dict[str, str] = self._post(f"/api/v1/sessions/{session}/disputes", given)["found"]
        with (self.folder / "journal.jsonl").open("a", encoding="utf-8") as journal:
            journal.write(json.dumps({"session": session, "at": int(time.time()), "disclosed": len(found)}) + "\n")
        return found

    def _release(self, session: str, envelope: str) -> int:
        where = "draws" if envelope.startswith("draw") else "openings"
        try:
            bundle = self._get(f"/api/v1/{where}/{session}/bundle?seen={self.memory.size}",
                               Authorization=self.trustee.ask(session, int(time.time())))
            given = self.trustee.release(bundle, self.memory, self.pins, at=int(time.time()))
        except Refused as refusal:
            self._say_refused(session, refusal)
            return 0
        # Remembered before it leaves: a crash in between must not let the pre-key serve twice.
        self._remember()
        self._post(f"/api/v1/sessions/{session}/releases", given)
        with (self.folder / "journal.jsonl").open("a", encoding="utf-8") as journal:
            journal.write(json.dumps({"session": session, "at": int(time.time()), "bids": len(given["body"]["releases"])}) + "\n")
        self.say(f"session {session[:16]}: released {len(given['body']['releases'])} shares")
        if bundle["session"]["policy"] == "TB" and any(item["fault"] for item in given["body"]["releases"]):
            # A bidder that wraps garbage would else hold up everybody for a day. Withdrawn bids stay
            # sealed by their bidders' halves, which is why this is not done by itself where there are none.
            self.say(f"session {session[:16]}: a wrap does not open; its seed is disclosed to show whose fault it is")
            self.dispute(session)
        return 1

    def _remembered(self) -> Memory:
        path = self.folder / "memory.json"
        return Memory(**json.loads(path.read_text("utf-8"))) if path.exists() else Memory()

    def _remember(self) -> None:
        path = self.folder / "memory.json"
        temporary = path.with_suffix(".new")
        with temporary.open("w", encoding="utf-8") as out:
            json.dump(asdict(self.memory), out)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)

    def _get(self, path: str, **headers: str) -> Any:
        with urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers), timeout=30) as answer:
            return json.load(answer)

    def _post(self, path: str, document: Any) -> Any:
        request = urllib.request.Request(self.url + path, json.dumps(document).encode(),
                                         {"Content-Type": "application/json"}, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def init(folder: Path, organisation: str, url: str, log_key: str, centre_key: str, witness_keys: list[str],
         quorum: int) -> Trustee:
    """Make a key holder's root and settings in an empty folder; returns the holder."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "root.key"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(secrets.token_bytes(32))
    made = Trustee(path.read_bytes(), organisation)
    (folder / "trustee.json").write_text(json.dumps({
        "organisation": organisation, "public": made.public.hex(), "url": url, "log_key": log_key, "centre_key": centre_key,
        "witness_keys": witness_keys, "quorum": quorum},
        ensure_ascii=False, indent=1), "utf-8")
    return made


def follow_log(folder: Path, announcement: Path) -> str:
    """Have a holder follow its log under the name that it announces; needs no root. Gives the new key. Raises Refused."""
    path, memory_path = folder / "trustee.json", folder / "memory.json"
    about = json.loads(path.read_text("utf-8"))
    pins = Pins(about["log_key"], about["centre_key"], tuple(about["witness_keys"]), about["quorum"], tuple(about.get("earlier_log_keys", ())))
    memory = Memory(**json.loads(memory_path.read_text("utf-8"))) if memory_path.exists() else Memory()
    pins = follow(json.loads(announcement.read_bytes()), memory, pins)
    about |= {"log_key": pins.log_key, "earlier_log_keys": list(pins.earlier)}
    # The settings last: with them alone, a memory of the former log would refuse every opening, and never the other way round.
    for place, document in ((memory_path, asdict(memory)), (path, about)):
        temporary = place.with_suffix(".new")
        temporary.write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf-8")
        temporary.replace(place)
    return pins.log_key


def cards(folder: Path, passphrase: str) -> list[str]:
    """The root as three cards of 33 words, any two of which give it back (SLIP-39); they are kept in
    envelopes at different places. With a passphrase, the cards alone give nothing."""
    root = (folder / "root.key").read_bytes()
    words: list[str] = generate_mnemonics(1, [(2, 3)], root, passphrase.encode())[0]
    return words


def restore(folder: Path, words: list[str], passphrase: str, settings: Path) -> Trustee:
    """Make a key holder's folder again from two cards and its settings file (which is not secret).

    What was released before is not remembered: the log and the platform's records show it. Raises
    Refused ``trustee.cards``.
    """
    try:
        root = combine_mnemonics(words, passphrase.encode())
    except MnemonicError:
        raise Refused("trustee.cards") from None
    about = json.loads(settings.read_text("utf-8"))
    made = Trustee(root, about["organisation"])
    if made.public.hex() != about["public"]:
        # A wrong passphrase gives another root without a word: only the public key tells.
        raise Refused("trustee.cards")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / "root.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(root)
    (folder / "trustee.json").write_text(json.dumps(about, ensure_ascii=False, indent=1), "utf-8")
    return made


def run(folder: Path, say: Say, *, every: float = 1.0) -> None:
    """Work until stopped; a platform that does not answer is asked again."""
    agent = Agent(folder, say)
    failures = 0
    while True:
        try:
            agent.work()
            failures = 0
        except (OSError, urllib.error.URLError, ValueError) as error:
            failures += 1
            if failures == PATIENCE:
                say(f"the platform does not answer: {type(error).__name__}")
        time.sleep(every)
