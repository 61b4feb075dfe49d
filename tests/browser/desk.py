"""A small counter for sealed bids, in memory: the files and the API that the sealing scripts use.

Stands in for the platform in tests and measurements of the browser half; it keeps what
arrives, so that a test can open it again with the Python half.
"""

from __future__ import annotations

import json
import re
import secrets
import sys
import threading
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402

from bidding.envelope import documents, keys  # noqa: E402
from bidding.trustees import trustee as protocol  # noqa: E402
from bidding.trustees.trustee import Trustee  # noqa: E402
from trading.evidence import notes, tree, verify  # noqa: E402

STATIC = ROOT / "bidding" / "sealed" / "static"
DIST = ROOT / "frontend" / "dist"
CSP = ("default-src 'none'; script-src 'self' 'nonce-{0}'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
       "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
CHROMIUM = {"executable_path": "/usr/bin/chromium",
            "args": ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                     "--disable-component-update", "--disable-sync"]}
ORIGIN = "ggzy.example/log2026"
BIDDER = "91500000MA5U000001"
PLAIN_PAGE = "<!DOCTYPE html><html lang='zh-CN'><title>t</title><input type='file' id='files' multiple></html>"


def a_session(n: int = 5, k: int = 3, policy: str = "TB", **changes: Any) -> tuple[dict[str, Any], list[Trustee]]:
    """A session of n trustees, and the trustees."""
    trustees = [Trustee(sha256(f"root {i}".encode()).digest(), f"机构{i}") for i in range(1, n + 1)]
    listed = []
    for i, trustee in enumerate(trustees, 1):
        batch = trustee.pre_keys(7, 1)[0]
        listed.append({"i": i, "org": trustee.organisation, "kem_pk": batch["kem_pk"], "sig_key": b64encode(trustee.public).decode(),
                       "cert_sha256": "", "pre_key": 7, "pre_key_sig": batch["sig"]})
    session = {"v": 1, "suite": "intl-1", "tender": "CQ-2026-001", "lot": "CQ-2026-001-01", "envelope": "bid",
               "nonce": "11" * 32, "deadline": 4102444800, "open_not_before": 4102444800, "bidder_window_s": 1800,
               "policy": policy, "k": k, "trustees": listed, "log_origin": ORIGIN, "witnesses": [], "tsa": [],
               "max_bytes": 2 * 1024**3, "seal_tool_sha256": ""} | changes
    return documents.check_session(session), trustees


def seeds(session: dict[str, Any]) -> list[bytes]:
    """The pre-key seeds behind ``a_session``."""
    return [keys.pre_key_seed(sha256(f"root {t['i']}".encode()).digest(), t["pre_key"]) for t in session["trustees"]]


class Log:
    """An evidence log in memory, enough to give real receipts."""

    def __init__(self, others: int = 5) -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(sha256(b"log").digest())
        self.verifier_key = notes.verifier_key(ORIGIN, notes.ED25519, verify.raw_public_key(self.key))
        self.size, self.peaks, self.nodes = 0, list[bytes](), dict[tuple[int, int], bytes]()
        for number in range(others):
            self.add(sha256(bytes([number])).digest())

    def add(self, data: bytes) -> int:
        self.peaks, made = tree.append(self.size, self.peaks, data)
        self.nodes.update({(level, index): digest for level, index, digest in made})
        self.size += 1
        return self.size - 1

    def receipt(self, event: dict[str, Any], nonce: bytes) -> dict[str, Any]:
        index = self.add(verify.tagged("leaf", nonce + verify.canonical(event)))
        self.add(sha256(b"later").digest())
        note = notes.sign(notes.checkpoint_text(ORIGIN, self.size, tree.root_of(self.peaks)), ORIGIN, self.key)
        path = "".join(b64encode(item).decode() + "\n" for item in tree.inclusion_path(index, self.size, lambda *at: self.nodes[at]))
        return {"v": 1, "type": "mingtang-receipt", "event": event, "nonce": nonce.hex(), "index": index,
                "proof": f"c2sp.org/tlog-proof@v1\nindex {index}\n{path}\n{note}", "log_key": self.verifier_key}


@dataclass
class Desk:
    """What the counter knows and what has arrived at it."""

    session: dict[str, Any]
    html: str = PLAIN_PAGE
    keep: bool = True
    log: Log = field(default_factory=Log)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    bids: list[dict[str, Any]] = field(default_factory=list)
    halves: list[dict[str, Any]] = field(default_factory=list)
    signing_keys: list[str] = field(default_factory=list)
    puts: list[int] = field(default_factory=list)
    # Faults to come: part number -> what happens to the next PUTs of it ("drop", "lose", "busy").
    faults: dict[int, list[str]] = field(default_factory=dict)
    spoil: Any = None

    def __post_init__(self) -> None:
        self.centre = Ed25519PrivateKey.from_private_bytes(sha256(b"centre").digest())
        self.name = documents.session_id(self.session)
        self.address = ""

    def answer(self) -> dict[str, Any]:
        return {"document": self.session, "amendments": [],
                "sig": b64encode(self.centre.sign(protocol.session_message(self.name))).decode(),
                "centre_key": verify.raw_public_key(self.centre).hex(), "log_key": self.log.verifier_key,
                "bidder": BIDDER, "signing_keys": self.signing_keys}

    def file(self, body: dict[str, Any]) -> dict[str, Any]:
        header = documents.check_header(body["header"], self.session)
        digest = documents.bid_digest(header)
        parts = self.uploads[body["upload"]]
        if self.keep:
            assert [sha256(parts[n]).hexdigest() for n in sorted(parts)] == header["payload"]["parts"]
        self.bids.append(body | {"digest": digest})
        event = {"type": "bid.commit", "actor": BIDDER, "at_ms": 1788486908123, "session": self.name, "bid_digest": digest,
                 "bidder": BIDDER, "version": len(self.bids), "replaces": "", "bytes": header["payload"]["len"],
                 "server_ms": 1788486908123, "lot": self.session["lot"]}
        receipt = self.log.receipt(event, secrets.token_bytes(32))
        return self.spoil(receipt) if self.spoil else receipt

    def payload(self, upload: str) -> bytes:
        return b"".join(self.uploads[upload][n] for n in sorted(self.uploads[upload]))


def serve(desk: Desk) -> ThreadingHTTPServer:
    """Start serving in a thread; the caller calls ``shutdown``."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            if path == "/":
                nonce = secrets.token_urlsafe(12)
                table = (DIST / "importmap.json").read_text("utf-8")
                head = (f'<meta charset="utf-8"><meta name="csrf-token" content="token-1">'
                        f'<script type="importmap" nonce="{nonce}">{table}</script>')
                html = desk.html.replace("NONCE", nonce)
                html = html.replace("<title>", head + "<title>", 1)
                self._send(200, html.encode(), "text/html; charset=utf-8", CSP.format(nonce))
            elif path.startswith("/static/"):
                base, name = (STATIC, path[15:]) if path.startswith("/static/sealed/") else (DIST, path[8:])
                file = (base / name).resolve()
                if base not in file.parents or not file.is_file():
                    self._send(404, b"")
                else:
                    kind = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}.get(file.suffix, "text/javascript")
                    self._send(200, file.read_bytes(), kind, CSP.format("none"))
            elif path == f"/api/v1/sessions/{desk.name}":
                self._json(200, desk.answer())
            elif found := re.fullmatch(rf"/api/v1/sessions/{desk.name}/uploads/(\w+)", path):
                if found[1] in desk.uploads:
                    self._json(200, {"parts": sorted(desk.uploads[found[1]])})
                else:
                    self._problem(404, "没有这次上传")
            else:
                self._send(404, b"")

        def do_PUT(self) -> None:
            found = re.fullmatch(rf"/api/v1/sessions/{desk.name}/uploads/(\w+)/parts/(\d+)", self.path)
            body = self._body()
            if not found or self.headers["X-CSRFToken"] != "token-1" or found[1] not in desk.uploads:
                return self._problem(403, "不能上传")
            number = int(found[2])
            desk.puts.append(number)
            fault = desk.faults.get(number, []).pop(0) if desk.faults.get(number) else ""
            if fault == "drop":
                self.close_connection = True
                return None
            if fault == "busy":
                return self._problem(503, "稍后再试")
            if fault == "refuse":
                return self._problem(409, "投标已截止")
            if desk.keep:
                digest = b64encode(sha256(body).digest()).decode()
                if self.headers["Content-Digest"] != f"sha-256=:{digest}:":
                    return self._problem(400, "分块损坏")
            desk.uploads[found[1]][number] = body if desk.keep else b""
            if fault == "lose":
                self.close_connection = True
                return None
            return self._send(204, b"")

        def do_POST(self) -> None:
            body = json.loads(self._body())
            if self.headers["X-CSRFToken"] != "token-1":
                return self._problem(403, "令牌不对")
            if self.path == f"/api/v1/sessions/{desk.name}/uploads":
                name = secrets.token_hex(8)
                desk.uploads[name] = {}
                return self._json(201, {"upload": name})
            if self.path == f"/api/v1/sessions/{desk.name}/bids":
                assert self.headers["Idempotency-Key"]
                return self._json(201, desk.file(body))
            if self.path == "/api/v1/me/keys":
                desk.signing_keys.append(b64decode(body["public"]).hex())
                return self._json(201, {})
            if self.path.endswith("/halves"):
                desk.halves.append(body)
                return self._json(201, {})
            return self._problem(404, "没有")

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def _json(self, status: int, document: Any) -> None:
            self._send(status, json.dumps(document).encode(), "application/json")

        def _problem(self, status: int, detail: str) -> None:
            self._send(status, json.dumps({"title": "no", "detail": detail}).encode(), "application/problem+json")

        def _send(self, status: int, data: bytes, kind: str = "text/plain", policy: str = "") -> None:
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Tests read what arrived, not a log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    desk.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def sealing_encryptor(key: bytes, context: bytes) -> Cobblestone256Encryptor:
    """The other half's cipher, for comparing."""
    return Cobblestone256Encryptor(key, context)


def unsealed(key: bytes, context: bytes, sealed: bytes) -> bytes:
    decryptor = Cobblestone256Decryptor(key, context)
    return decryptor.update(sealed) + decryptor.finalize()
