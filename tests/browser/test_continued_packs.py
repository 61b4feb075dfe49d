"""Packs of a log that goes on under another name, for both verifiers: good ones, and forged links by one who holds all keys."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser import forger
from tests.browser.test_html_verifier import Made, agreed, both, built, page, same  # noqa: F401 (fixtures are found by their names)
from tests.services.test_continuing import WHY, Lost, centre, gone, packed  # noqa: F401
from tests.services.test_keeping import people  # noqa: F401
from tests.services.test_watchers import places  # noqa: F401
from trading.demonstration.case import CaseRun
from trading.evidence import notes, service, verify

pytestmark = pytest.mark.browser
_made: dict[str, Made] = {}


def made(request: pytest.FixtureRequest, kind: str) -> Made:
    """The pack of a case that began before the change and was sealed again, or of one that began after it."""
    if not _made:
        lost: Lost = request.getfixturevalue("gone")
        lost.go_on()
        lost.follow()
        cast = lost.centre.cast
        across = lost.sealed_anew()
        case = CaseRun(cast, lost.centre.plan(), lost.case.at)
        for step in ("register", "announce", "file_bids"):
            getattr(case, step)()
        keys = f"{service.log_verifier_key()},{service.log_verifier_key_pq()}"
        for name, data in (("across", across), ("after", packed(case, "close", "open"))):
            _made[name] = Made(data, keys, cast.watchers.keys, cast.watchers.authorities)
    return _made[kind]


@pytest.mark.parametrize("kind", ["across", "after"])
def test_both_accept_a_pack_and_say_that_the_log_went_on(request: pytest.FixtureRequest, page: Page, tmp_path: Path, kind: str) -> None:  # noqa: F811
    pack, path = made(request, kind), tmp_path / "pack.zip"
    path.write_bytes(pack.data)
    one, two = both(page, path, pack.log_key, pack.witness_keys)
    assert one["ok"] and two["ok"], (one, two)
    assert all(WHY in str(found["report"]["notes"]) for found in (one, two))
    forger.forge(path, pack.authorities, lambda forged: None)
    assert agreed(page, path, forger.LOG_KEY, forger.WITNESS_KEYS) == set(), "control: new signatures alone change nothing"


def old_note(size: int, *, witnesses: bool = True, number: int = 0, key: Any = forger.LOG) -> str:
    text = notes.checkpoint_text(verify.origin_at(forger.ORIGIN, number), size, bytes(32))
    note = notes.sign(text, text.partition("\n")[0], key)
    return note + "".join(notes.cosign(text, name, own, 1_900_000_000) for name, own in forger.WITNESSES if witnesses)


def joint(**changes: Any) -> Callable[[forger.Forged], None]:
    def change(forged: forger.Forged) -> None:
        forged.joint = lambda event: event.update(changes)
    return change


def _without(kind: str, number: int) -> Callable[[forger.Forged], None]:
    def change(forged: forger.Forged) -> None:
        at = [at for at, entry in enumerate(forged.entries) if entry["event"]["type"] == kind]
        del forged.entries[at[number]]
    return change


def _all_under_the_new_name(forged: forger.Forged) -> None:
    """The ended session is closed there all the same."""
    ended = forged.place("session.ended")
    forged.entries[ended]["event"]["type"] = "session.close"


def _ended_and_opened(forged: forger.Forged) -> None:
    """The session that was opened is said to have ended."""
    session = forged.documents[forger.RECORD]["record"]["session"]
    forged.forget("session.ended", session=session, envelope="bid", log_origin=forger.ORIGIN)
    # It stands in a name after its own: as if it had been opened before.
    opened = next(at for at, entry in enumerate(forged.entries) if entry["event"]["type"] == "session.opened" and entry["event"]["session"] == session)
    entry = forged.entries.pop(opened)
    forged.entries.insert(0, entry)


#: What each changes, and the check that must find it.
FORGERIES: dict[str, tuple[Callable[[forger.Forged], Any], str]] = {
    "one person": (joint(asked_by="same", actor="same"), "consistency"),
    "no reason": (joint(reason="  "), "consistency"),
    "another log before": (joint(previous="else.example/log"), "consistency"),
    "another name": (joint(origin=f"{forger.ORIGIN}-e2"), "consistency"),
    "a checkpoint that no witness saw": (joint(seen=[old_note(900, witnesses=False)]), "consistency"),
    "an empty list": (joint(seen=[]), "consistency"),
    "a checkpoint signed by another": (joint(seen=[old_note(900, key=forger.CENTRE)]), "consistency"),
    "a checkpoint of the new name": (joint(seen=[old_note(900, number=1)]), "consistency"),
    "a later one in second place": (joint(seen=[old_note(900), old_note(901)]), "consistency"),
    "more kept than there was": (joint(kept=10_000), "consistency"),
    "another restored log": (joint(restored={"size": 5, "root": b64encode(bytes(32)).decode()}), "consistency"),
    "one field more": (joint(more=1), "consistency"),
    "no link": (_without(verify.CONTINUED, 0), "consistency"),
    "a session of the former name that nobody ended": (_without("session.ended", 0), "consistency"),
    "a session closed under another name than its own": (_all_under_the_new_name, "consistency"),
    "a session opened that had ended": (_ended_and_opened, "opening")}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_both_find_a_forged_link(request: pytest.FixtureRequest, page: Page, tmp_path: Path, forgery: str) -> None:  # noqa: F811
    (change, caught), pack, path = FORGERIES[forgery], made(request, "across"), tmp_path / "pack.zip"
    path.write_bytes(pack.data)
    forger.forge(path, pack.authorities, change)
    assert caught in agreed(page, path, forger.LOG_KEY, forger.WITNESS_KEYS)


def test_two_logs_side_by_side_are_not_one(request: pytest.FixtureRequest, page: Page, tmp_path: Path) -> None:  # noqa: F811
    """The packs of two cases, each good, do not lend each other a past: entries of the former name without their tree."""
    across, path = made(request, "across"), tmp_path / "pack.zip"
    path.write_bytes(across.data)

    def change(files: dict[str, bytes]) -> None:
        points = verify.strict_json(files["data/90-log/checkpoints.json"])
        files["data/90-log/checkpoints.json"] = verify.canonical([item for item in points if item["size"] >= verify.SPAN])

    forger.rewritten(path, change)
    one, two = both(page, path, across.log_key, across.witness_keys)
    assert same(one, two) and {"consistency", "evidence"} <= set(one["failed"]), (one, two)
