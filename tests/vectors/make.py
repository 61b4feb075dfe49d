"""Writes the vectors of the sealing protocol, to which both halves are held.

``python tests/vectors/make.py`` makes again whatever follows from fixed input and leaves the
frozen samples alone, which hold chance (HPKE and Cobblestone draw their own); ``--fresh``
replaces these too. ``git diff`` must stay empty unless a format was changed on purpose.
"""

from __future__ import annotations

import copy
import io
import json
import sys
import tempfile
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from cryptography.hazmat import asn1  # noqa: E402

from bidding.envelope import documents, gm, gm_payload, keys, recovery, sealing, suites  # noqa: E402
from bidding.trustees.trustee import Trustee  # noqa: E402
from tests.browser import desk as counter  # noqa: E402
from tests.vectors.sessions import OFFERS, a_session  # noqa: E402
from trading.evidence import verify  # noqa: E402


def text64(data: bytes) -> str:
    return b64encode(data).decode()


def fixed(name: str, length: int = 32) -> bytes:
    """Bytes that look like chance and are always the same."""
    return b"".join(sha256(f"{name} {n}".encode()).digest() for n in range(-(-length // 32)))[:length]


class InMemory:
    """A file to be sealed."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.size, self.data = name, len(data), data

    def open(self) -> io.BytesIO:
        return io.BytesIO(self.data)


def jcs() -> dict[str, Any]:
    valid = [
        {}, [], "", 0, -1, 2**53 - 1, -(2**53 - 1), True, False, None,
        {"b": 1, "a": [2, {"d": None, "c": True}]},
        {"\u20ac": 1, "\r": 2, "1": 3, "\ud7a3": 4, "\u0080": 6, "\u00f6": 7, "": 8, "1 ": 9}, ["\ufb33", "\U0001f600"],
        "\u0000\u0001\b\t\n\u000b\f\r\u001f\"\\/\u007f\u0080\u2028\u2029\ufeff\U0001f600",
        {"投标人": "重庆建工", "": [[]]}, {"__proto__": 1, "constructor": 2}, {"10": 1, "9": 2, "a": 3},
    ]
    refused = {
        "space": b'{"a": 1}', "order": b'{"b":1,"a":2}', "duplicate key": b'{"a":1,"a":1}', "float": b'{"a":1.0}', "exponent": b"[1e3]",
        "fraction": b"[0.5]", "minus zero": b"[-0]", "too large": b"[9007199254740992]", "too small": b"[-9007199254740992]",
        "not a number": b"[NaN]", "infinity": b"[Infinity]", "escaped letter": b'["\\u0041"]', "escaped slash": b'["\\/"]',
        "upper-case escape": b'["\\u001F"]', "long escape": b'["\\u000a"]', "lone surrogate": b'["\\ud800"]', "lone low surrogate": b'["a\\udc00"]',
        "raw surrogate": b'["\xed\xa0\x80"]', "raw control": b'["\x01"]', "not UTF-8": b'["\xff"]', "byte order mark": b"\xef\xbb\xbf{}",
        "UTF-16": "{}".encode("utf-16-le"), "trailing line": b"{}\n", "trailing comma": b"[1,]", "two documents": b"{}{}", "empty": b"",
        "key above U+D7FF": b'{"\xef\xac\xb3":1}', "key above the basic plane": b'{"\xf0\x9f\x98\x80":2}',
    }
    return {"valid": [{"document": one, "canonical": text64(documents.encode(one))} for one in valid],
            "refused": [{"why": why, "bytes": text64(data)} for why, data in refused.items()]}


def hashes() -> dict[str, Any]:
    tags = ["session", "amendment", "ctx", "bid", "sc", "kt", "kb", "leaf", "live", "record", "release", "seed", "ticket"]
    return {
        "tagged": [{"tag": tag, "data": data.hex(), "hash": keys.tagged_hash(tag, data).hex()}
                   for tag in tags for data in (b"", fixed(tag, 40))],
        "derive": [{"material": material.hex(), "info": info.hex(), "length": length, "made": keys.derive(material, info, length).hex()}
                   for material, info, length in ((fixed("m"), b"", 32), (fixed("m", 66), b"root\0" + fixed("ch"), 64),
                                                  (b"", b"blind\x01", 32), (fixed("m"), b"trustee\0\0\0\0\1", 100))],
        "root": [{"ch": fixed("ch").hex(), "kt": kt and kt.hex(), "kb": kb and kb.hex(),
                  "payload_key": made[0].hex(), "blinding_key": made[1].hex(), "blind_1": sealing.blind(made[1], 1).hex(),
                  "blind_15": sealing.blind(made[1], 15).hex()}
                 for kt, kb in ((fixed("kt"), fixed("kb")), (fixed("kt"), None), (None, fixed("kb")))
                 for made in [sealing.root_keys(fixed("ch"), kt, kb)]],
        "halves": [{"tag": tag, "ch": fixed("ch").hex(), "half": fixed(tag).hex(),
                    "commit": sealing.half_commit(tag, fixed("ch"), fixed(tag))} for tag in ("kt", "kb")],
    }


def trustee_keys() -> dict[str, Any]:
    root = fixed("root")
    trustee = Trustee(root, "监督部门")
    rows = []
    for number in (1, 2, 255, 65536, 2**32 - 1):
        seed, batch = keys.pre_key_seed(root, number), trustee.pre_keys(number, 1)[0]
        public = keys.public_key(seed)
        rows.append({"number": number, "seed": seed.hex(), "public_sha256": sha256(public).hexdigest(), "sig": batch["sig"]})
    return {"root": root.hex(), "identity_public": trustee.public.hex(), "pre_keys": rows,
            "public_of_1": text64(keys.public_key(keys.pre_key_seed(root, 1)))}


def shamir() -> dict[str, Any]:
    sets = []
    for k, n in ((1, 1), (2, 2), (2, 3), (3, 5), (8, 15)):
        points = {0: fixed("secret")} | {x: fixed(f"point {x}") for x in range(1, k)}
        sets.append({"k": k, "n": n, "secret": fixed("secret").hex(),
                     "shares": {str(x): keys.interpolate(points, x).hex() for x in range(1, n + 1)}})
    ch = fixed("ch")
    releases = []
    for i in (1, 5, 15):
        release = sealing.Release(i, i, fixed("share"), fixed("blind")).bytes()
        releases.append({"i": i, "x": i, "share": fixed("share").hex(), "blind": fixed("blind").hex(), "ch": ch.hex(),
                         "release": release.hex(), "commit": sealing.share_commit(ch, release),
                         "info": sealing.share_info(ch, i).hex()})
    return {"sets": sets, "releases": releases}


def padding() -> dict[str, Any]:
    lengths = sorted({0, 1, 65535, 65536, 65537, 2**31, 2**32 - 2**27, *(2**e + d for e in range(17, 32) for d in (-1, 0, 1, 2**(e - 2)))})
    return {"padded": [[length, sealing.padded(length)] for length in lengths]}


FILES = {"投标函.pdf": b"%PDF-1.7 letter", "empty.txt": b"", "清单 1.xml": bytes(range(256)) * 5}
OFFER = {"price_fen": 123456789, "days": 300, "quality": "合格", "statement": "无 \"偏离\"\n"}


def archive() -> dict[str, Any]:
    session = {"lot": "CQ-2026-001-01", "envelope": "bid"}
    rows = []
    for files in ({}, FILES, {"big.bin": fixed("big", 70000)}):
        data = b"".join(sealing._plaintext(session, counter.BIDDER, OFFER, [InMemory(*item) for item in files.items()]))
        rows.append({"files": [{"name": name, "bytes": text64(content)} for name, content in files.items()] if len(files) != 1 else [],
                     "fixed": {"name": "big.bin", "seed": "big", "length": 70000} if len(files) == 1 else None,
                     "lot": session["lot"], "bidder": counter.BIDDER, "offer": OFFER, "length": len(data),
                     "sha256": sha256(data).hexdigest(), "beginning": text64(data[:400]), "end": text64(data[-400:])})
    return {"archives": rows}


def recovery_files() -> dict[str, Any]:
    passphrase, session, digest, kb = "重庆 correct horse é battery", "ab" * 32, "cd" * 32, fixed("kb")
    made = recovery.make(passphrase, session, digest, kb, salt=fixed("salt", 16), nonce=fixed("nonce", 12))
    return {"passphrase": passphrase, "decomposed": "重庆 correct horse e\u0301 battery", "session": session, "digest": digest,
            "kb": kb.hex(), "salt": fixed("salt", 16).hex(), "nonce": fixed("nonce", 12).hex(), "file": made.decode(),
            "refused": [
                {"passphrase": "wrong passphrase", "file": made.decode(), "reason": "recovery.not_opened"},
                {"passphrase": passphrase, "file": made.decode().replace("cdcd", "cdce", 1), "reason": "recovery.not_opened"},
                {"passphrase": passphrase, "file": made.decode().replace(":600000", ":599999"), "reason": "seal.document"},
                {"passphrase": passphrase, "file": made.decode().replace("mingtang-recovery", "mingtang-other"), "reason": "seal.document"},
                {"passphrase": passphrase, "file": made.decode().replace('{"bid', '{ "bid'), "reason": "seal.document"}]}


def receipts() -> dict[str, Any]:
    log = counter.Log(others=21)
    event = {"type": "bid.commit", "actor": counter.BIDDER, "at_ms": 1788486908123, "session": "ab" * 32, "bid_digest": "cd" * 32,
             "bidder": counter.BIDDER, "version": 1, "replaces": "", "bytes": 68000, "server_ms": 1788486908123, "lot": "CQ-2026-001-01"}
    receipt = log.receipt(event, fixed("nonce"))
    first, note = receipt["proof"].split("\n\n", 1)
    lines = first.split("\n")
    spoiled = {
        "other digest": {"event": event | {"bid_digest": "ce" * 32}}, "other bidder": {"event": event | {"bidder": "91500000MA5U000002"}},
        "time moved": {"event": event | {"at_ms": event["at_ms"] + 1}}, "both times moved": {"event": event | {"at_ms": 1, "server_ms": 1}},
        "nonce": {"nonce": fixed("other").hex()}, "index": {"index": 20}, "version": {"v": 2}, "type": {"type": "receipt"},
        "unknown field": {"more": 1}, "no path": {"proof": "\n".join(lines[:2]) + "\n\n" + note},
        "short path": {"proof": "\n".join(lines[:-1]) + "\n\n" + note},
        "swapped path": {"proof": "\n".join([*lines[:2], lines[3], lines[2], *lines[4:]]) + "\n\n" + note},
        "index in proof": {"proof": receipt["proof"].replace("index 21", "index 20")},
        "size in note": {"proof": receipt["proof"].replace("\n23\n", "\n24\n")},
        "leading zero": {"proof": receipt["proof"].replace("index 21", "index 021")},
        "no signature": {"proof": receipt["proof"].split("\n— ")[0] + "\n"},
        "other log": {"log_key": counter.notes.verifier_key(counter.ORIGIN, 1, fixed("key"))},
        "not a proof": {"proof": ""},
    }
    return {"receipt": receipt, "expected": {"digest": "cd" * 32, "session": "ab" * 32, "bidder": counter.BIDDER, "bytes": 68000,
                                             "logKey": log.verifier_key, "origin": counter.ORIGIN},
            "refused": [{"why": why, "receipt": receipt | change} for why, change in spoiled.items()]}


# --- frozen samples ----------------------------------------------------------------------------


def sealed() -> dict[str, Any]:
    """Small sealed bids with everything that is needed to open them."""
    return {"samples": [sample(counter.a_session(n, k, policy)[0], OFFER) for n, k, policy in ((3, 2, "TB"), (5, 3, "T"))]}


def sample(session: dict[str, Any], offer: dict[str, Any]) -> dict[str, Any]:
    out = io.BytesIO()
    made = sealing.seal(session, counter.BIDDER, offer, [InMemory(*item) for item in FILES.items()], out)
    seeds = counter.seeds(session)
    releases = [sealing.open_wrap(seed, made.header, i) for i, seed in enumerate(seeds, 1)]
    key, _ = sealing.recover(made.header, releases, made.kb)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.zip"
        with plain.open("wb") as target:
            sealing.unseal(made.header, key, [out.getvalue()], target)
        contents = sealing.read_contents(plain, made.header)
        digest = sha256(plain.read_bytes()).hexdigest()
    ctx_hash = documents.context_hash(made.header["ctx"])
    kt = keys.combine({release[1]: release[2:34] for release in releases[:session["k"]]}) if releases else b""
    return {"session": session, "session_id": documents.session_id(session), "seeds": [seed.hex() for seed in seeds],
            "ch": ctx_hash.hex(), "header": made.header, "digest": made.digest, "kt": kt.hex(), "kb": made.kb.hex(),
            "payload_key": key.hex(), "releases": [release.hex() for release in releases],
            "payload": text64(out.getvalue()), "plain_sha256": digest, "manifest": contents.manifest.decode()}


def suite_samples() -> dict[str, Any]:
    """A sealed bid of every suite, policy and envelope, and wraps that only their maker can make."""
    kinds = (("intl-1", "B", "bid"), ("intl-1", "TB", "technical"), ("intl-1", "T", "price"), ("gm-1", "TB", "bid"),
             ("gm-1", "B", "price"), ("gm-hybrid", "TB", "technical"))
    samples = [sample(a_session(*kind), OFFERS[kind[2]]) for kind in kinds]
    good, hybrid = samples[3], samples[5]
    ch, release = bytes.fromhex(good["ch"]), bytes.fromhex(good["releases"][0])
    public = documents.binary(good["session"]["trustees"][0]["kem_pk"], "kem_pk")
    crafted = {"other context inside": fixed("other ch") + release, "no context inside": release, "context behind": release + ch,
               "release cut": ch + release[:-1], "release lengthened": ch + release + b"\0", "nothing inside": b"\0"}
    suite, both = suites.of("gm-hybrid"), bytes.fromhex(hybrid["ch"])
    again = suite.wrap(documents.binary(hybrid["session"]["trustees"][0]["kem_pk"], "kem_pk"), both, 1, bytes.fromhex(hybrid["releases"][0]))
    return {"samples": samples, "second_hybrid_wrap": text64(again),
            "crafted": [{"why": why, "wrap": text64(gm.OPENSSL.wrap(public, plain))} for why, plain in crafted.items()]}


def headers() -> dict[str, Any]:
    """Changes to the first sample's header, each with the reason of its refusal."""
    sample = json.loads((HERE / "sealed.json").read_text("utf-8"))["samples"][0]
    header, limit = sample["header"], sample["session"]["max_bytes"]
    wrap, part = header["shares"][0]["wrap"], header["payload"]["parts"][0]

    def put(reason: str, value: Any, *path: Any) -> dict[str, Any]:
        return {"path": list(path), "value": value, "reason": reason}

    document = "seal.document"
    changes = [
        put(document, 1, "more"), put(document, 1, "ctx", "more"), put(document, 1, "shares", 0, "more"), put(document, 1, "payload", "more"),
        put("seal.suite", 2, "v"), put(document, "1", "v"), put(document, True, "v"), put("seal.suite", "gm-1", "ctx", "suite"),
        put("seal.policy", "T", "policy"), put("seal.policy", "B", "policy"), put("seal.policy", 3, "k"), put("seal.policy", 1, "k"),
        put("seal.shares", header["shares"][:2], "shares"), put("seal.shares", [*header["shares"], header["shares"][0]], "shares"),
        put("seal.shares", header["shares"][::-1], "shares"), put("seal.shares", 9, "shares", 0, "i"), put(document, {}, "shares"),
        put("seal.other_session", "CQ-2026-001-02", "ctx", "lot"), put("seal.other_session", "X", "ctx", "tender"),
        put("seal.other_session", "draw", "ctx", "envelope"), put("seal.other_session", 4102444801, "ctx", "deadline"),
        put("seal.other_session", "00" * 32, "ctx", "session"), put(document, "00" * 31, "ctx", "session"),
        put(document, header["kt_commit"].upper(), "kt_commit"), put(document, header["kt_commit"][:-1], "kt_commit"),
        put(document, "", "kb_commit"), put(document, header["kb_commit"] + "00", "kb_commit"), put(document, header["kb_commit"].upper(), "kb_commit"),
        put(document, wrap + "=", "shares", 0, "wrap"), put(document, wrap + "\n", "shares", 0, "wrap"), put(document, "QUI", "shares", 0, "wrap"),
        put(document, "QUJ=", "shares", 0, "wrap"), put(document, "QU-_", "shares", 0, "wrap"), put(document, "投", "shares", 0, "wrap"),
        put(document, "00" * 33, "shares", 1, "commit"), put("seal.too_large", 0, "payload", "len"), put("seal.too_large", limit + 1, "payload", "len"),
        put(document, -1, "payload", "len"), put("seal.parts", [], "payload", "parts"), put("seal.parts", [part, part], "payload", "parts"),
        put(document, [part[:-2]], "payload", "parts"), put(document, [7], "payload", "parts"), put(document, {"0": part}, "payload", "parts"),
        put(document, "x" * 2001, "ctx", "bidder"), put(document, None, "ctx", "bidder"), put(document, [], "ctx"),
    ]
    text = documents.encode(header).decode()
    raw = [("duplicate key", text.replace('{"ctx":', '{"k":2,"ctx":', 1)), ("space", text.replace(",", ", ", 1)),
           ("float", text.replace('"v":1}', '"v":1.0}'))]
    return {"changes": changes, "raw": [{"why": why, "text": data} for why, data in raw]}


def changed(header: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """A header with one field set."""
    result = copy.deepcopy(header)
    place: Any = result
    for step in change["path"][:-1]:
        place = place[step]
    place[change["path"][-1]] = change["value"]
    return result


def documents_() -> dict[str, Any]:
    sample = json.loads((HERE / "sealed.json").read_text("utf-8"))["samples"][0]
    session, header = sample["session"], sample["header"]
    name = documents.session_id(session)
    amendment = {"v": 1, "session": name, "previous": name, "deadline": 4102444860, "open_not_before": 4102444860}
    bad_sessions = [("v", 2), ("suite", "gm-2"), ("policy", "B"), ("envelope", "prices"), ("k", 1), ("k", 4), ("open_not_before", 1),
                    ("trustees", session["trustees"][::-1]), ("trustees", []), ("nonce", "11" * 31), ("more", 1), ("max_bytes", "1"),
                    ("trustees", [session["trustees"][0] | {"i": i} for i in (1, 2, 3)])]
    return {"session_sha256": sha256(documents.encode(session)).hexdigest(), "session_id": name,
            "ctx": header["ctx"], "ctx_canonical": documents.encode(header["ctx"]).decode(), "ch": documents.context_hash(header["ctx"]).hex(),
            "amendment": amendment, "amendment_id": documents.amendment_id(amendment),
            "live": {"digests": ["ff" * 32, "00" * 32, "0a" * 32], "root": documents.live_root(["ff" * 32, "00" * 32, "0a" * 32]),
                     "empty": documents.live_root([])},
            "refused_sessions": [{"field": field, "value": value} for field, value in bad_sessions],
            "session_message": (b"mingtang/v1/session\0" + bytes.fromhex(name)).hex(),
            "leaf": {"nonce": fixed("nonce").hex(), "event": {"type": "x", "at_ms": 1},
                     "data": verify.tagged("leaf", fixed("nonce") + verify.canonical({"type": "x", "at_ms": 1})).hex()}}


# --- suites, policies, envelopes ------------------------------------------------------------------


def envelopes() -> dict[str, Any]:
    """What the halves of an offer hold, and how far a price envelope is padded."""
    edges = {2**e + d for e in range(15, 32) for d in (-1, 0, 1)} | {0, 1, 100_000, 3 * 2**20}
    good = [{"envelope": envelope, "offer": offer} for envelope, offer in OFFERS.items()]
    technical, price = OFFERS["technical"], OFFERS["price"]
    bad = [("technical", OFFERS["bid"]), ("technical", technical | price), ("technical", price), ("technical", technical | {"days": -1}),
           ("price", OFFERS["bid"]), ("price", technical), ("price", {}), ("price", {"price_fen": "1"}), ("price", price | {"days": 1}),
           ("bid", technical), ("bid", price), ("prices", price), ("Price", price), ("price-1", price), ("technical-1", technical)]
    rows = []
    for envelope in ("technical", "price"):
        for big in (0, 70_000, 140_000):
            session, files = {"lot": "CQ-2026-001-01", "envelope": envelope}, [InMemory("big.bin", fixed("big", big))]
            data = b"".join(sealing._plaintext(session, counter.BIDDER, OFFERS[envelope], files))
            rows.append({"envelope": envelope, "fixed": {"name": "big.bin", "seed": "big", "length": big}, "lot": session["lot"],
                         "bidder": counter.BIDDER, "offer": OFFERS[envelope], "length": len(data), "sha256": sha256(data).hexdigest()})
    return {"padded": [[length, sealing.padded(length, "price")] for length in sorted(edges) if length <= 2**31],
            "offers": good, "refused": [{"envelope": envelope, "offer": offer} for envelope, offer in bad], "archives": rows}


def spelled(x: bytes, y: bytes, c3: bytes, c2: bytes) -> bytes:
    """An SM2 ciphertext from parts of any length, in DER but for what the parts themselves break."""
    def piece(kind: int, data: bytes) -> bytes:
        return bytes([kind, len(data)]) + data if len(data) < 128 else bytes([kind, 0x81, len(data)]) + data

    return piece(0x30, piece(2, x) + piece(2, y) + piece(4, c3) + piece(4, c2))


def spellings(wrapped: bytes) -> list[tuple[str, bytes]]:
    """One good SM2 ciphertext altered in every way that we thought of."""
    parts = asn1.decode_der(gm.Sm2Cipher, wrapped)
    x, y = (number.to_bytes(33, "big")[0 if number >> 255 else 1:] for number in (parts.x, parts.y))
    c3, c2 = parts.c3, parts.c2
    body = wrapped[3:]
    found = [
        ("empty", b""), ("one byte", b"\x30"), ("cut", wrapped[:-1]), ("lengthened", wrapped + b"\0"), ("text cut", spelled(x, y, c3, c2[:-1])),
        ("text lengthened", spelled(x, y, c3, c2 + b"\0")), ("no text", spelled(x, y, c3, b"")), ("hash cut", spelled(x, y, c3[:-1], c2)),
        ("order C1 C2 C3", spelled(x, y, c2, c3)), ("hash altered", spelled(x, y, bytes([c3[0] ^ 1]) + c3[1:], c2)),
        ("hash of zeros", spelled(x, y, bytes(32), c2)), ("text altered", spelled(x, y, c3, bytes([c2[0] ^ 1]) + c2[1:])),
        ("last byte altered", spelled(x, y, c3, c2[:-1] + bytes([c2[-1] ^ 1]))), ("point off the curve", spelled(x, y[:-1] + bytes([y[-1] ^ 1]), c3, c2)),
        ("coordinates swapped", spelled(y, x, c3, c2)), ("point at zero", spelled(b"\0", b"\0", c3, c2)),
        ("negated point", spelled(x, _der_number(gm._P - parts.y), c3, c2)), ("coordinate not reduced", spelled(_der_number(parts.x + gm._P), y, c3, c2)),
        ("negative coordinate", spelled(x, (parts.y - (1 << 264)).to_bytes(34, "big", signed=True)[1:], c3, c2)),
        ("leading zero", spelled(b"\0" + x, y, c3, c2)), ("long form of the length", b"\x30\x82\x00" + wrapped[2:]),
        ("indefinite length", b"\x30\x80" + body + b"\0\0"), ("set instead of sequence", b"\x31" + wrapped[1:]),
        ("bare, as old software writes it", b"\x04" + parts.x.to_bytes(32, "big") + parts.y.to_bytes(32, "big") + c3 + c2),
        ("bare, without the 04", parts.x.to_bytes(32, "big") + parts.y.to_bytes(32, "big") + c3 + c2),
        ("a fifth field", b"\x30\x81" + bytes([len(body) + 2]) + body + b"\x05\0"), ("constructed text", wrapped.replace(b"\x04\x62", b"\x24\x62", 1))]
    return [(why, data) for why, data in found if data != wrapped]


def _der_number(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def suite_attacks() -> dict[str, Any]:
    """What must be refused of the samples of ``suites.json``, each with its reason."""
    frozen = json.loads((HERE / "suites.json").read_text("utf-8"))
    samples = frozen["samples"]
    named = {f"{one['session']['suite']} {one['session']['policy']} {one['session']['envelope']}": at for at, one in enumerate(samples)}
    alone, gm_1, hybrid = named["intl-1 B bid"], named["gm-1 TB bid"], named["gm-hybrid TB technical"]
    trustees = {at: samples[at]["session"]["trustees"] for at in (gm_1, hybrid)}
    first = samples[gm_1]["header"]["shares"][0]
    document = "seal.document"

    def keyed(at: int, change: Any) -> list[dict[str, Any]]:
        """The key holders of a sample, the first with another key."""
        public = change(documents.binary(trustees[at][0]["kem_pk"], "kem_pk"))
        return [trustees[at][0] | {"kem_pk": text64(public)}, *trustees[at][1:]]

    def flipped(data: bytes, at: int) -> bytes:
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]

    sm2 = documents.binary(trustees[gm_1][0]["kem_pk"], "kem_pk")
    sessions = [
        (alone, {"k": 1}, document), (alone, {"trustees": trustees[gm_1]}, document), (alone, {"trustees": trustees[gm_1], "k": 2}, document),
        (alone, {"policy": "TB"}, document), (alone, {"policy": "T"}, document), (alone, {"policy": "b"}, document), (alone, {"policy": ""}, document),
        (gm_1, {"policy": "B"}, document), (gm_1, {"trustees": [], "k": 0}, document), (gm_1, {"suite": "intl-1"}, "seal.key_length"),
        (gm_1, {"suite": "gm-hybrid"}, "seal.key_length"), (hybrid, {"suite": "gm-1"}, "seal.key_length"), (hybrid, {"suite": "intl-1"}, "seal.key_length"),
        (gm_1, {"suite": "gm-2"}, document), (gm_1, {"suite": ""}, document), (gm_1, {"suite": "GM-1"}, document),
        (gm_1, {"trustees": keyed(gm_1, lambda key: key[1:])}, "seal.key_length"), (gm_1, {"trustees": keyed(gm_1, lambda key: b"")}, "seal.key_length"),
        (gm_1, {"trustees": keyed(gm_1, lambda key: bytes([2 + key[-1] % 2]) + key[1:33])}, "seal.key_length"),
        (gm_1, {"trustees": keyed(gm_1, lambda key: flipped(key, 64))}, "seal.key_point"), (gm_1, {"trustees": keyed(gm_1, lambda key: flipped(key, 1))}, "seal.key_point"),
        (gm_1, {"trustees": keyed(gm_1, lambda key: flipped(key, 0))}, "seal.key_point"), (gm_1, {"trustees": keyed(gm_1, lambda key: bytes(65))}, "seal.key_point"),
        (gm_1, {"trustees": keyed(gm_1, lambda key: b"\4" + bytes(64))}, "seal.key_point"),
        (gm_1, {"trustees": keyed(gm_1, lambda key: b"\4" + key[33:] + key[1:33])}, "seal.key_point"),
        (hybrid, {"trustees": keyed(hybrid, lambda key: key[:1216])}, "seal.key_length"), (hybrid, {"trustees": keyed(hybrid, lambda key: key[1216:])}, "seal.key_length"),
        (hybrid, {"trustees": keyed(hybrid, lambda key: flipped(key, -1 % len(key)))}, "seal.key_point"),
        (hybrid, {"trustees": keyed(hybrid, lambda key: key[1216:] + key[:1216])}, "seal.key_point")]
    kb, kt = samples[alone]["header"]["kb_commit"], samples[gm_1]["header"]["kt_commit"]
    both = named["intl-1 TB technical"]
    headers = [
        (alone, "TB", "seal.policy", "policy"), (alone, "T", "seal.policy", "policy"), (alone, 1, "seal.policy", "k"),
        (alone, [first], "seal.shares", "shares"), (alone, kt, document, "kt_commit"), (alone, "", document, "kb_commit"),
        (alone, kb.upper(), document, "kb_commit"), (alone, kb[:-1], document, "kb_commit"), (alone, None, document, "kt_commit"),
        (both, "B", "seal.policy", "policy"), (both, "", document, "kt_commit"), (both, kt.upper(), document, "kt_commit"),
        (both, [], "seal.shares", "shares"), (both, 0, "seal.policy", "k"),
        (gm_1, "intl-1", "seal.suite", "ctx", "suite"), (gm_1, "gm-hybrid", "seal.suite", "ctx", "suite"), (alone, "gm-1", "seal.suite", "ctx", "suite"),
        (hybrid, "gm-1", "seal.suite", "ctx", "suite"), (gm_1, "price", "seal.other_session", "ctx", "envelope"),
        (both, "price", "seal.other_session", "ctx", "envelope"), (both, "bid", "seal.other_session", "ctx", "envelope")]
    wraps = []

    def spoil(at: int, why: str, wrap: bytes, reason: str = "seal.wrap_damaged", i: int = 1) -> None:
        wraps.append({"sample": at, "why": why, "i": i, "wrap": text64(wrap), "reason": reason})

    good = documents.binary(first["wrap"], "wrap")
    for why, data in spellings(good):
        spoil(gm_1, why, data)
    for item in frozen["crafted"]:
        spoil(gm_1, item["why"], documents.binary(item["wrap"], "wrap"))
    spoil(gm_1, "another key holder's", documents.binary(samples[gm_1]["header"]["shares"][1]["wrap"], "wrap"))
    pair = documents.binary(samples[hybrid]["header"]["shares"][0]["wrap"], "wrap")
    again, other = documents.binary(frozen["second_hybrid_wrap"], "wrap"), documents.binary(samples[hybrid]["header"]["shares"][1]["wrap"], "wrap")
    # Both halves open, but they are pads of two different wraps: what comes out is chance.
    spoil(hybrid, "SM2 half of another wrap of ours", pair[:1202] + again[1202:], "seal.share_not_committed")
    spoil(hybrid, "X-Wing half of another wrap of ours", again[:1202] + pair[1202:], "seal.share_not_committed")
    spoil(hybrid, "SM2 half of another key holder", pair[:1202] + other[1202:])
    spoil(hybrid, "X-Wing half of another key holder", other[:1202] + pair[1202:])
    spoil(hybrid, "SM2 half of another bid", pair[:1202] + good)
    spoil(hybrid, "X-Wing half alone", pair[:1202])
    spoil(hybrid, "SM2 half alone", pair[1202:])
    spoil(hybrid, "halves swapped", pair[1202:] + pair[:1202])
    spoil(hybrid, "X-Wing half altered", flipped(pair, 1201))
    spoil(hybrid, "SM2 half altered", flipped(pair, len(pair) - 1))
    spoil(hybrid, "empty", b"")
    return {"sessions": [{"sample": at, "changes": changes, "reason": reason} for at, changes, reason in sessions],
            "headers": [{"sample": at, "path": path, "value": value, "reason": reason} for at, value, reason, *path in headers],
            "wraps": wraps, "points": [{"point": point.hex(), "is_point": gm.is_public_key(point)} for point in (
                sm2, flipped(sm2, 64), flipped(sm2, 5), sm2[:33] + (gm._P - int.from_bytes(sm2[33:], "big")).to_bytes(32, "big"),
                b"\4" + gm._P.to_bytes(32, "big") + sm2[33:], b"\4" + bytes(64), b"\6" + sm2[1:], sm2[:-1], sm2 + b"\0")]}


def national() -> dict[str, Any]:
    """SM3, derivation, keys and payloads of the gm suites from fixed input."""
    ch, context = fixed("ch"), fixed("context")
    payloads = []
    for length in (0, 1, 15, 16, 17, 16383, 16384, 16385, 32767, 32768, 32769, 81920, 81927):
        encryptor = gm_payload.Sm4Encryptor(fixed("key"), context, fixed("salt", 24))
        made = encryptor.update(fixed("plain", length)) + encryptor.finalize()
        payloads.append({"length": length, "bytes": len(made), "sha256": sha256(made).hexdigest(), "beginning": text64(made[:100])})
    rows = []
    for name in ("seed 1", "seed 2", "seed 3"):
        private = gm.private_key(fixed(name))
        rows.append({"seed": fixed(name).hex(), "private": private.hex(), "public": gm.OPENSSL.public_key(private).hex()})
    n = gm._N
    return {
        "tagged": [{"tag": tag, "data": data.hex(), "hash": gm.tagged_hash(tag, data).hex()}
                   for tag in ("ctx", "sc", "kt", "kb") for data in (b"", fixed(tag, 40))],
        "derive": [{"material": material.hex(), "info": info.hex(), "length": length, "made": gm.derive(material, info, length).hex()}
                   for material, info, length in ((fixed("m"), b"", 32), (fixed("m", 66), b"root\0" + ch, 64), (b"", b"blind\x01", 32),
                                                  (fixed("m"), b"sm2\0\0", 100))],
        "root": [{"ch": ch.hex(), "kt": kt and kt.hex(), "kb": kb and kb.hex(), "payload_key": made[0].hex(), "blinding_key": made[1].hex(),
                  "blind_1": sealing.blind(made[1], 1, suites.of("gm-1")).hex()}
                 for kt, kb in ((fixed("kt"), fixed("kb")), (fixed("kt"), None), (None, fixed("kb")))
                 for made in [sealing.root_keys(ch, kt, kb, suites.of("gm-1"))]],
        "keys": rows, "known": {"private": gm._KNOWN_KEY.hex(), "cipher": gm._KNOWN_CIPHER.hex(), "plain": gm._KNOWN_PLAIN.hex()},
        # Candidates in their order, and which of them is taken: nought and what lies above n-2 is not.
        "scalars": [{"candidates": [one.to_bytes(32, "big").hex() for one in candidates], "taken": taken} for candidates, taken in (
            ((1,), 0), ((0, 1), 1), ((n - 2,), 0), ((n - 1, 5), 1), ((n, 5), 1), ((2**256 - 1, 0, n - 1, n, n + 1, n - 2), 5))],
        "payload": {"key": fixed("key").hex(), "context": context.hex(), "salt": fixed("salt", 24).hex(), "seed": "plain", "sealed": payloads}}


FROZEN = {"sealed": sealed, "suites": suite_samples}
MADE = {"jcs": jcs, "hashes": hashes, "keys": trustee_keys, "shamir": shamir, "padding": padding, "archive": archive,
        "recovery": recovery_files, "receipt": receipts, "headers": headers, "documents": documents_, "envelopes": envelopes,
        "suite_attacks": suite_attacks, "gm": national}


def main() -> None:
    for name, make in (FROZEN | MADE).items():
        path = HERE / f"{name}.json"
        if name in FROZEN and path.exists() and "--fresh" not in sys.argv:
            continue
        path.write_text(json.dumps(make(), ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
