"""Carries files between the platform and a key holder whose machine has no network.

Runs on a connected machine, without the root: what it brings is checked by the holder, what it takes away is signed.
"""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

from trading.base.errors import Refused


def waiting(url: str, public: str) -> list[tuple[str, str]]:
    """What waits for this holder: the session, and the envelope to be opened or the number of a rehearsal."""
    state = _get(url, f"/api/v1/trustees/{public}")
    return [(item["session"], item["envelope"]) for item in state["sessions"]] + \
        [(item["session"], f"rehearsal {item['number']}") for item in state["canaries"]]


def rehearsal(url: str, session: str, number: int) -> Any:
    """The dummy bid of a rehearsal, which everybody may see."""
    return _get(url, f"/api/v1/sessions/{session}/canaries/{number}")


def fetch(url: str, ask: Path) -> Any:
    """The bundle that a signed request asks for; it is good for five minutes."""
    asked = _read(ask, "session", "seen", "ask")
    session, seen = asked["session"], int(asked["seen"])
    envelope = str(_get(url, f"/api/v1/sessions/{session}/document")["envelope"])
    where = "draws" if envelope.startswith("draw") else "openings"
    return _get(url, f"/api/v1/{where}/{session}/bundle?seen={seen}", Authorization=asked["ask"])


def send(url: str, file: Path) -> str:
    """Hand in a release, the answer to a rehearsal or a batch of pre-keys; says which."""
    document = _read(file)
    if set(document) == {"body", "sig"} and "number" in document["body"]:
        good = _post(url, f"/api/v1/sessions/{document['body']['session']}/canaries", document)["good"]
        return "rehearsal answered" if good else "rehearsal answered: the share does not open"
    if set(document) == {"body", "sig"}:
        kept = _post(url, f"/api/v1/sessions/{document['body']['session']}/releases", document)["kept"]
        return f"{kept} shares taken"
    if set(document) == {"public", "suite", "batch"}:
        last = _post(url, f"/api/v1/trustees/{document['public']}/pre-keys", {name: document[name] for name in ("suite", "batch")})["last"]
        return f"pre-keys up to number {last} taken"
    raise Refused("form.document", place="file")


def _read(file: Path, *fields: str) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text("utf-8"))
    except ValueError:
        raise Refused("form.document", place="file") from None
    if not isinstance(document, dict) or not all(isinstance(document.get(name), str | int) for name in fields):
        raise Refused("form.document", place="file")
    return document


def _get(url: str, path: str, **headers: str) -> Any:
    with urllib.request.urlopen(urllib.request.Request(url.rstrip("/") + path, headers=headers), timeout=60) as answer:
        return json.load(answer)


def _post(url: str, path: str, document: Any) -> Any:
    request = urllib.request.Request(url.rstrip("/") + path, json.dumps(document).encode(), {"Content-Type": "application/json"}, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)
