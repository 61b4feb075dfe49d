"""Seal a bid on the bidder's side and open it again, as docs/protocol.md section 2 says.

Bytes and streams in, bytes out; constant memory. The payload is chunked encryption by the
session's suite (Cobblestone-256 of C2SP, or the same framing with SM4) over a ZIP whose
entries are stored, not compressed.
"""

from __future__ import annotations

import secrets
import struct
import threading
import zipfile
import zlib
from base64 import b64encode
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations, islice
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from cryptography.exceptions import InvalidTag

from bidding.envelope import documents, gm, keys, suites
from bidding.envelope.documents import PART_BYTES
from bidding.envelope.suites import Suite
from trading.base.errors import Refused

SLAB = 1 << 20
SMALLEST = 64 * 1024
#: Without ZIP64 every offset and size stays below 4 GiB.
LARGEST = (1 << 32) - 1
PADDING = ".padding"
MANIFEST = "manifest.json"
_INTL = suites.of(suites.INTL_1)


class Source(Protocol):
    """A file to be sealed: its name in the envelope, its size, a way to read it twice."""

    name: str
    size: int

    def open(self) -> BinaryIO: ...


@dataclass(frozen=True)
class Sealed:
    """A sealed bid: its header, the signature over its digest, the bidder's half to keep."""

    header: dict[str, Any]
    digest: str
    kb: bytes


@dataclass(frozen=True)
class Release:
    """What one trustee gives for one bid: number, x, share, blind (66 bytes on the wire)."""

    i: int
    x: int
    share: bytes
    blind: bytes

    @classmethod
    def read(cls, data: bytes) -> Release:
        if len(data) != 66:
            raise Refused("seal.release_length")
        return cls(data[0], data[1], data[2:34], data[34:])

    def bytes(self) -> bytes:
        return bytes([self.i, self.x]) + self.share + self.blind


def root_keys(ctx_hash: bytes, kt: bytes | None, kb: bytes | None, suite: Suite = _INTL) -> tuple[bytes, bytes]:
    """(payload key, blinding key) from the halves that the policy uses."""
    material = bytes([kt is not None, kb is not None]) + (kt or b"") + (kb or b"")
    root = suite.derive(material, b"root\0" + ctx_hash, 64)
    return root[:32], root[32:]


def blind(blinding_key: bytes, i: int, suite: Suite = _INTL) -> bytes:
    return suite.derive(blinding_key, b"blind" + bytes([i]), 32)


share_info = suites.share_info


def share_commit(ctx_hash: bytes, release: bytes, suite: Suite = _INTL) -> str:
    return suite.hash("sc", ctx_hash + release).hex()


def half_commit(tag: str, ctx_hash: bytes, half: bytes, suite: Suite = _INTL) -> str:
    """Commitment to KT (``kt``) or to the bidder's half KB (``kb``)."""
    return suite.hash(tag, ctx_hash + half).hex()


def is_half(header: dict[str, Any], kb: bytes) -> bool:
    """Whether this is the bidder's half that the header commits to, by the header's own suite."""
    suite = suites.of(header["ctx"]["suite"])
    return len(kb) == 32 and half_commit("kb", documents.context_hash(header["ctx"]), kb, suite) == header["kb_commit"]


def context(session: dict[str, Any], bidder: str) -> dict[str, Any]:
    """What a seal is bound to; a copy for another bidder or lot has another key."""
    return {"session": documents.session_id(session), "tender": session["tender"], "lot": session["lot"],
            "envelope": session["envelope"], "bidder": bidder, "deadline": session["deadline"],
            "suite": session["suite"], "nonce": secrets.token_hex(32)}


def seal(session: dict[str, Any], bidder: str, offer: dict[str, Any], sources: list[Source],
         out: BinaryIO, *, provider: gm.GmProvider = gm.OPENSSL) -> Sealed:
    """Seal files and the offer for one session; writes the payload to ``out``."""
    suite, policy = suites.of(session["suite"], provider), session["policy"]
    ctx = context(session, bidder)
    ctx_hash = documents.context_hash(ctx)
    kt = None if policy == "B" else secrets.token_bytes(32)
    kb = None if policy == "T" else secrets.token_bytes(32)
    payload_key, blinding_key = root_keys(ctx_hash, kt, kb, suite)
    shares = _dealt(session, ctx_hash, kt, blinding_key, suite) if kt else []
    length, parts = _encrypt(suite.encryptor(payload_key, ctx_hash), _plaintext(session, bidder, offer, sources), out)
    header = {"v": documents.VERSION, "ctx": ctx, "policy": policy, "k": session["k"], "shares": shares,
              "kt_commit": half_commit("kt", ctx_hash, kt, suite) if kt else "",
              "kb_commit": half_commit("kb", ctx_hash, kb, suite) if kb else "",
              "payload": {"len": length, "parts": parts}}
    return Sealed(header, documents.bid_digest(header), kb or b"")


def _dealt(session: dict[str, Any], ctx_hash: bytes, kt: bytes, blinding_key: bytes, suite: Suite) -> list[dict[str, Any]]:
    """KT in shares, each wrapped to its key holder and committed to."""
    shares = []
    n = len(session["trustees"])
    for trustee, (x, share) in zip(session["trustees"], keys.split(kt, session["k"], n).items(), strict=True):
        i = trustee["i"]
        release = Release(i, x, share, blind(blinding_key, i, suite)).bytes()
        recipient = documents.binary(trustee["kem_pk"], "session.trustees.kem_pk")
        shares.append({"i": i, "wrap": _base64(suite.wrap(recipient, ctx_hash, i, release)),
                       "commit": share_commit(ctx_hash, release, suite)})
    return shares


def open_wrap(seed: bytes, header: dict[str, Any], i: int, *, provider: gm.GmProvider = gm.OPENSSL) -> bytes:
    """A trustee opens its own wrap of one bid and checks it against the commitment."""
    ctx_hash = documents.context_hash(header["ctx"])
    suite = suites.of(header["ctx"]["suite"], provider)
    share = next((share for share in header["shares"] if share["i"] == i), None)
    if share is None:
        raise Refused("seal.shares")
    release = suite.unwrap(seed, ctx_hash, i, documents.binary(share["wrap"], "header.shares.wrap"))
    if share_commit(ctx_hash, release, suite) != share["commit"] or Release.read(release).i != i:
        raise Refused("seal.share_not_committed", trustee=i)
    return release


def is_committed(header: dict[str, Any], release: bytes) -> bool:
    """Whether a released share is the one that the bidder committed to."""
    ctx_hash = documents.context_hash(header["ctx"])
    commits = {share["i"]: share["commit"] for share in header["shares"]}
    suite = suites.of(header["ctx"]["suite"])
    return len(release) == 66 and commits.get(release[0]) == share_commit(ctx_hash, release, suite)


def recover(header: dict[str, Any], releases: Iterable[bytes], kb: bytes) -> tuple[bytes, list[int]]:
    """(payload key, trustees whose share was dealt wrongly) from k or more releases.

    Tries k-subsets until the commitment to KT matches, then recomputes every share and
    blind, so that a bidder who dealt inconsistently is named even if the damaged share's
    trustee is absent. With policy B there are no shares, and the half alone is the key.
    Raises Refused ``seal.shares_short``, ``seal.half_wrong`` or ``seal.shares_inconsistent``.
    """
    ctx_hash, suite = documents.context_hash(header["ctx"]), suites.of(header["ctx"]["suite"])
    good = [Release.read(release) for release in releases if is_committed(header, release)]
    if len(good) < header["k"]:
        raise Refused("seal.shares_short", have=len(good), need=header["k"])
    if header["policy"] != "T" and not is_half(header, kb):
        raise Refused("seal.half_wrong")
    half = None if header["policy"] == "T" else kb
    if header["policy"] == "B":
        return root_keys(ctx_hash, None, half, suite)[0], []
    for subset in islice(combinations(good, header["k"]), 10):
        points = {release.x: release.share for release in subset}
        if len(points) < header["k"]:
            continue
        kt = keys.combine(points)
        if half_commit("kt", ctx_hash, kt, suite) != header["kt_commit"]:
            continue
        payload_key, blinding_key = root_keys(ctx_hash, kt, half, suite)
        wrong = []
        for share in header["shares"]:
            i = share["i"]
            expected = Release(i, i, keys.interpolate(points, i), blind(blinding_key, i, suite)).bytes()
            if share_commit(ctx_hash, expected, suite) != share["commit"]:
                wrong.append(i)
        return payload_key, wrong
    raise Refused("seal.shares_inconsistent")


def unseal(header: dict[str, Any], payload_key: bytes, payload: Iterable[bytes], out: BinaryIO) -> None:
    """Decrypt to ``out``, which may be used only if this returns. Checks every part hash.

    Raises Refused ``seal.payload_damaged`` (bytes differ from the header: the platform's
    copy) or ``seal.payload_unreadable`` (authentic bytes that do not decrypt: the bidder).
    """
    decryptor = suites.of(header["ctx"]["suite"]).decryptor(payload_key, documents.context_hash(header["ctx"]))
    slabs = _checked(payload, header["payload"])
    try:
        for slab in slabs:
            out.write(decryptor.update(slab))
        out.write(decryptor.finalize())
    except (InvalidTag, ValueError):
        for _ in slabs:
            # Read to the end: a damaged copy must not be laid at the bidder's door, and only
            # the hashes of all parts tell the two apart.
            pass
        raise Refused("seal.payload_unreadable") from None


def _checked(payload: Iterable[bytes], expected: dict[str, Any]) -> Iterator[bytes]:
    """Pass the slabs on while hashing each part in a second thread."""
    hasher = PartHasher()
    total = 0
    for slab in payload:
        total += len(slab)
        if total > expected["len"]:
            raise Refused("seal.payload_damaged")
        hasher.add(slab)
        yield slab
    if total != expected["len"] or hasher.finish() != expected["parts"]:
        raise Refused("seal.payload_damaged")


class PartHasher:
    """SHA-256 of every 8 MiB part of a stream, computed beside the encryption.

    Neighbouring parts are hashed by two threads by turns, because one thread hashes more
    slowly than another encrypts; within a part the order is that of its thread's queue.
    """

    def __init__(self) -> None:
        self._pools = (ThreadPoolExecutor(1), ThreadPoolExecutor(1))
        self._digests: list[Any] = []
        self._filled = PART_BYTES
        self._slots = threading.Semaphore(24)  # bounds memory when hashing is the slower half

    def add(self, slab: bytes) -> None:
        view = memoryview(slab)
        while view:
            if self._filled == PART_BYTES:
                self._digests.append(sha256())
                self._filled = 0
            take = min(len(view), PART_BYTES - self._filled)
            self._slots.acquire()
            pool = self._pools[len(self._digests) % 2]
            pool.submit(self._digests[-1].update, view[:take]).add_done_callback(lambda _: self._slots.release())
            self._filled += take
            view = view[take:]

    def finish(self) -> list[str]:
        for pool in self._pools:
            pool.shutdown(wait=True)
        return [digest.hexdigest() for digest in self._digests]


def _encrypt(encryptor: suites.Cipher, plain: Iterable[bytes], out: BinaryIO) -> tuple[int, list[str]]:
    hasher, length = PartHasher(), 0

    def emit(data: bytes) -> None:
        nonlocal length
        if data:
            length += len(data)
            hasher.add(data)
            out.write(data)

    for slab in plain:
        emit(encryptor.update(slab))
    emit(encryptor.finalize())
    return length, hasher.finish()


# --- the ZIP inside ------------------------------------------------------------------------


def padded(length: int, envelope: str = "bid") -> int:
    """Size that hides the true length: 64 KiB at least, then Padmé (at most 12 % more).

    Padmé: Nikitin et al., "Reducing Metadata Leakage from Encrypted Files", PETS 2019. A
    price envelope goes up to a power of two, because its length follows from the price list
    and little else.
    """
    if length <= SMALLEST:
        return SMALLEST
    if envelope in ("price", documents.RESERVE):
        return 1 << (length - 1).bit_length()
    exponent = length.bit_length() - 1
    low_bits = exponent - (exponent.bit_length())
    mask = (1 << low_bits) - 1
    return (length + mask) & ~mask


def _plaintext(session: dict[str, Any], bidder: str, offer: dict[str, Any],
               sources: list[Source]) -> Iterator[bytes]:
    listed, checks = [], []
    for source in sources:
        if not is_plain_name(source.name) or sum(other.name == source.name for other in sources) > 1:
            raise Refused("seal.file_name", name="".join(c for c in source.name if c.isprintable())[:60])
    with ThreadPoolExecutor(2) as pool:
        hashed = list(pool.map(_hash_file, sources))
    for source, (digest, crc) in zip(sources, hashed, strict=True):
        listed.append({"name": source.name, "bytes": source.size, "sha256": digest})
        checks.append(crc)
    manifest = documents.encode({"v": documents.VERSION, "lot": session["lot"], "bidder": bidder,
                                 "offer": documents.check_offer(offer, session["envelope"], "offer"), "files": listed})
    entries: list[tuple[str, int, int, Any]] = [(MANIFEST, len(manifest), zlib.crc32(manifest), [manifest])]
    for source, crc in zip(sources, checks, strict=True):
        entries.append((source.name, source.size, crc, source))
    bare = sum(_entry_cost(name) + size for name, size, _, _ in entries) + 22
    whole = padded(bare + _entry_cost(PADDING), session["envelope"])
    if whole > LARGEST:
        raise Refused("seal.too_large", bytes=bare)
    room = whole - bare - _entry_cost(PADDING)
    zeros = [bytes(SLAB)] * (room // SLAB) + [bytes(room % SLAB)]
    crc = 0
    for piece in zeros:
        crc = zlib.crc32(piece, crc)
    entries.append((PADDING, room, crc, zeros))
    yield from _zip(entries)


def _entry_cost(name: str) -> int:
    return 30 + 46 + 2 * len(name.encode())


def _zip(entries: list[tuple[str, int, int, Any]]) -> Iterator[bytes]:
    """A stored ZIP with every size known beforehand (APPNOTE 6.3, no data descriptors).

    The library's writer would add data descriptors to a stream, which makes the length
    that padding aims at depend on the writer; both halves of the protocol write this.
    """
    directory, offset = b"", 0
    for name, size, crc, content in entries:
        encoded = name.encode()
        fields = struct.pack("<HHHHHIIIHH", 20, 0x0800, 0, 0, 0x0021, crc, size, size, len(encoded), 0)
        local = b"PK\x03\x04" + fields + encoded
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, offset) + encoded
        yield local
        offset += len(local) + size
        if isinstance(content, list):
            yield from content
        else:
            with content.open() as stream:
                left = size
                while left:
                    slab = stream.read(min(SLAB, left))
                    if not slab:
                        raise Refused("seal.file_changed", name=name)
                    left -= len(slab)
                    yield slab
    yield directory
    yield b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(directory), offset, 0)


def _hash_file(source: Source) -> tuple[str, int]:
    """SHA-256 and CRC-32 of a file, the former in a second thread with a few slabs of lead."""
    digest, crc = sha256(), 0
    with ThreadPoolExecutor(1) as pool, source.open() as stream:
        pending: deque[Future[None]] = deque()
        while slab := stream.read(SLAB):
            if len(slab) < SLAB and not pending:
                digest.update(slab)
            else:
                pending.append(pool.submit(digest.update, slab))
            crc = zlib.crc32(slab, crc)
            if len(pending) > 4:
                pending.popleft().result()
        for waiting in pending:
            waiting.result()
    return digest.hexdigest(), crc


@dataclass(frozen=True)
class Contents:
    """What was inside an opened envelope, checked against its manifest."""

    offer: dict[str, Any]
    files: list[dict[str, Any]]
    manifest: bytes


def read_contents(plain: Path, header: dict[str, Any]) -> Contents:
    """Check an opened envelope: manifest first, only stored entries, every hash right.

    Raises Refused ``seal.manifest`` naming the piece; such a bid is invalid by the
    bidder's own doing, and its bytes are kept.
    """
    try:
        with zipfile.ZipFile(plain) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if not names or names[0] != MANIFEST or names[-1] != PADDING or len(set(names)) != len(names):
                raise Refused("seal.manifest", place="entries")
            for name in names[1:-1]:
                if not is_plain_name(name):
                    raise Refused("seal.manifest", place=name[:80])
            total = 0
            for entry in entries:
                total += entry.file_size
                if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size \
                        or total > header["payload"]["len"] or entry.flag_bits & 1:
                    raise Refused("seal.manifest", place=entry.filename[:80])
            if entries[0].file_size > 1 << 20:
                raise Refused("seal.manifest", place=MANIFEST)
            raw = archive.read(MANIFEST)
            manifest = documents.shaped(documents.decode(raw), documents.MANIFEST, "manifest")
            documents.check_offer(manifest["offer"], header["ctx"]["envelope"], "manifest.offer")
            if (manifest["lot"], manifest["bidder"]) != (header["ctx"]["lot"], header["ctx"]["bidder"]):
                raise Refused("seal.manifest", place="bidder")
            if [item.get("name") for item in manifest["files"] if isinstance(item, dict)] != names[1:-1]:
                raise Refused("seal.manifest", place="files")
            for item in manifest["files"]:
                documents.shaped(item, documents.FILE, "manifest.files")
                digest = sha256()
                with archive.open(item["name"]) as stream:
                    while slab := stream.read(SLAB):
                        digest.update(slab)
                if digest.hexdigest() != item["sha256"] or archive.getinfo(item["name"]).file_size != item["bytes"]:
                    raise Refused("seal.manifest", place=item["name"][:80])
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, RecursionError, OSError, struct.error):
        raise Refused("seal.manifest", place="zip") from None
    return Contents(manifest["offer"], manifest["files"], raw)


# No path, no control or direction-changing character: such names deceive people, or leave
# the folder that they are unpacked to.
_FORBIDDEN = frozenset("/\\") | {chr(code) for code in (*range(32), 127, 0x200E, 0x200F, *range(0x202A, 0x202F),
                                                      *range(0x2066, 0x206A))}


def is_plain_name(name: str) -> bool:
    """Whether a file may have this name in an envelope."""
    return name not in ("", ".", "..", MANIFEST, PADDING) and not set(name) & _FORBIDDEN \
        and len(name.encode("utf-8", "replace")) <= 180


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
