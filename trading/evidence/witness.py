"""A witness of the evidence log: remembers the last checkpoint, cosigns only what adds to it.

Stands apart from the platform (no database layer) and speaks c2sp.org/tlog-witness over
HTTP: ``POST /add-checkpoint``. It keeps the whole last checkpoint, so that a log that was
rolled back to an old backup is refused.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from trading.evidence import notes, verify

LARGEST_REQUEST = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What the witness replies: an HTTP status and a body."""

    status: int
    body: str


class Witness:
    """One witness with its own key, for logs whose keys it was given."""

    def __init__(self, name: str, seed: bytes, logs: dict[str, str], state: Path | None = None,
                 first: dict[str, str] | None = None) -> None:
        self.name = name
        self._key = notes.signer(seed, "witness")
        self._key_pq = notes.signer_pq(seed, "witness")
        self._logs = logs
        self._state_path = state
        self._lock = threading.Lock()
        # Of a log that was continued, its first checkpoint stands in the settings until there is a later one.
        self._last: dict[str, str] = (first or {}) | (json.loads(state.read_text("utf-8")) if state and state.exists() else {})

    @property
    def verifier_key(self) -> str:
        return notes.verifier_key(self.name, verify.COSIGNATURE, verify.raw_public_key(self._key))

    @property
    def verifier_key_pq(self) -> str:
        return notes.verifier_key(self.name, verify.ML_DSA_44, self._key_pq.public_key().public_bytes_raw())

    def add_checkpoint(self, body: str, at: int) -> Answer:
        """Check one request (old size, consistency proof, checkpoint) and cosign it.

        403 unknown log or signature, 409 with the known size when ``old`` is not ours,
        422 when the proof does not hold, 400 when the request cannot be read.
        """
        try:
            head, _, note = body.partition("\n\n")
            lines = head.split("\n")
            if not lines[0].startswith("old "):
                return Answer(400, "old\n")
            old = int(lines[0][4:])
            path = [verify.unbase64(line) for line in lines[1:]]
            origin = note.partition("\n")[0]
            if origin not in self._logs:
                return Answer(404, "unknown log\n")
            text = verify.check_note(note, self._logs[origin])
            _, size, root = verify.parse_checkpoint(text)
        except (verify.Invalid, ValueError) as error:
            return Answer(403 if "signature" in str(error) else 400, f"{error}\n")
        with self._lock:
            known_size, known_root = self._known(origin)
            if old != known_size:
                return Answer(409, f"{known_size}\n")
            if size < old or not verify.verify_consistency(old, size, path, known_root, root):
                return Answer(422, "the log does not add to what was seen\n")
            self._last[origin] = note
            self._save()
        return Answer(200, notes.cosign(text, self.name, self._key, at) + notes.cosign_pq(text, self.name, self._key_pq, at))

    def last(self, origin: str, at: int) -> Answer:
        """The last checkpoint that this witness saw of a log, cosigned again: what a restored log must own up to."""
        note = self._last.get(origin)
        if note is None:
            return Answer(404, "unknown log\n")
        text, _ = verify.split_note(note)
        return Answer(200, note + notes.cosign(text, self.name, self._key, at) + notes.cosign_pq(text, self.name, self._key_pq, at))

    def accept(self, document: object) -> tuple[str, str, verify.Continuation]:
        """Check the announced continuation of a log that this witness watches: it must own up to what was seen here last.

        Gives the new name's verifier key and its first checkpoint. Raises verify.Invalid.
        """
        event = document.get("event") if isinstance(document, dict) else None
        previous = event.get("previous") if isinstance(event, dict) else None
        if not isinstance(previous, str) or previous not in self._logs:
            raise verify.Invalid("not the continuation of a log that is watched here")
        found = verify.check_continuation(document, self._logs[previous])
        if previous in self._last and self._known(previous) not in found.seen:
            raise verify.Invalid("the continuation does not name the last checkpoint that was seen here")
        assert isinstance(document, dict)
        return verify.key_at(self._logs[previous], found.number), document["note"], found

    def _known(self, origin: str) -> tuple[int, bytes]:
        note = self._last.get(origin)
        if note is None:
            return 0, b"\0" * 32
        _, size, root = verify.parse_checkpoint(verify.split_note(note)[0])
        return size, root

    def _save(self) -> None:
        if self._state_path is None:
            return
        temporary = self._state_path.with_suffix(".new")
        with temporary.open("w", encoding="utf-8") as out:
            json.dump(self._last, out)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(self._state_path)


def serve(witness: Witness, host: str, port: int, clock: Callable[[], int]) -> ThreadingHTTPServer:
    """An HTTP server for one witness; the caller runs ``serve_forever``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if self.path != "/add-checkpoint" or not 0 < length <= LARGEST_REQUEST:
                self._reply(Answer(404, "add-checkpoint\n"))
                return
            body = self.rfile.read(length)
            try:
                answer = witness.add_checkpoint(body.decode("utf-8"), clock())
            except UnicodeDecodeError:
                answer = Answer(400, "not text\n")
            self._reply(answer)

        def do_GET(self) -> None:
            place = urlsplit(self.path)
            if place.path == "/last":
                self._reply(witness.last(dict(parse_qsl(place.query)).get("origin", ""), clock()))
                return
            ok = self.path == "/key"
            self._reply(Answer(200 if ok else 404, f"{witness.verifier_key}\n{witness.verifier_key_pq}\n" if ok else "\n"))

        def _reply(self, answer: Answer) -> None:
            data = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Requests are not worth a line each."""

    return ThreadingHTTPServer((host, port), Handler)
