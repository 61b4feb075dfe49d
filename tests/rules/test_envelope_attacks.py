"""Attacks on sealed bids: what must not open does not, and each failure has its right name."""

from __future__ import annotations

import copy
import io
import json
import random
import struct
import zipfile
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from bidding.envelope import documents, keys, sealing
from trading.base.errors import Refused

SAMPLES = json.loads((Path(__file__).resolve().parents[1] / "vectors" / "sealed.json").read_text("utf-8"))["samples"]
OFFER = {"price_fen": 100, "days": 1, "quality": "", "statement": ""}
BIDDER = "91500000MA5U000001"


class InMemory:
    """A file to be sealed."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.size, self.data = name, len(data), data

    def open(self) -> io.BytesIO:
        return io.BytesIO(self.data)


class Bid:
    """A bid sealed for the five trustees of the second sample, with everything to open it."""

    def __init__(self, files: dict[str, bytes] | None = None, policy: str = "TB") -> None:
        self.session = SAMPLES[1]["session"] | {"policy": policy}
        self.seeds = [bytes.fromhex(seed) for seed in SAMPLES[1]["seeds"]]
        out = io.BytesIO()
        made = sealing.seal(self.session, BIDDER, OFFER, [InMemory(*item) for item in (files or {"a.pdf": b"letter"}).items()], out)
        self.header, self.kb, self.payload = made.header, made.kb, out.getvalue()

    def releases(self) -> list[bytes]:
        return [sealing.open_wrap(seed, self.header, i) for i, seed in enumerate(self.seeds, 1)]

    def key(self) -> bytes:
        return sealing.recover(self.header, self.releases(), self.kb)[0]


@pytest.fixture(scope="module")
def bid() -> Bid:
    return Bid()


def reason(work: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refusal:
        work()
    return refusal.value.reason


def unsealed(header: dict[str, Any], key: bytes, payload: bytes, slab: int = 10_000) -> bytes:
    out = io.BytesIO()
    sealing.unseal(header, key, (payload[at:at + slab] for at in range(0, len(payload), slab)), out)
    return out.getvalue()


# --- the threshold -----------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["TB", "T"])
def test_every_k_of_the_trustees_open_and_fewer_do_not(policy):
    one = Bid(policy=policy)
    releases = one.releases()
    for size in range(6):
        for chosen in combinations(releases, size):
            if size < 3:
                assert reason(lambda: sealing.recover(one.header, chosen, one.kb)) == "seal.shares_short"
            else:
                key, wrong = sealing.recover(one.header, chosen, one.kb)
                assert wrong == [] and len(unsealed(one.header, key, one.payload)) == 65536


def test_the_same_share_given_twice_counts_once(bid):
    first, second, _, _, _ = bid.releases()
    assert reason(lambda: sealing.recover(bid.header, [first, first, second], bid.kb)) in ("seal.shares_inconsistent", "seal.shares_short")


def test_shares_of_fewer_than_k_say_nothing(bid):
    points = {release[1]: release[2:34] for release in bid.releases()[:2]}
    ctx_hash = documents.context_hash(bid.header["ctx"])
    assert sealing.half_commit("kt", ctx_hash, keys.combine(points)) != bid.header["kt_commit"]
    # Whatever the secret were, some third share would fit: two shares rule nothing out.
    for guess in (bytes(32), b"\xff" * 32):
        third = keys.interpolate(points | {0: guess}, 3)
        assert keys.combine(points | {3: third}) == guess


def test_trustees_alone_cannot_open_without_the_bidder(bid):
    assert reason(lambda: sealing.recover(bid.header, bid.releases(), b"")) == "seal.half_wrong"
    assert reason(lambda: sealing.recover(bid.header, bid.releases(), bytes(32))) == "seal.half_wrong"
    ctx_hash = documents.context_hash(bid.header["ctx"])
    kt = keys.combine({release[1]: release[2:34] for release in bid.releases()})
    for half in (None, bytes(32)):
        key, _ = sealing.root_keys(ctx_hash, kt, half)
        assert reason(lambda: unsealed(bid.header, key, bid.payload)) == "seal.payload_unreadable"


# --- copies and altered headers ------------------------------------------------------------------


@pytest.mark.parametrize(("field", "value"), [
    ("bidder", "91500000MA5U000002"), ("lot", "CQ-2026-001-02"), ("deadline", 4102444801), ("session", "00" * 32),
    ("tender", "CQ-2026-002"), ("envelope", "draw"), ("nonce", "00" * 32), ("suite", "gm-1"), ("suite", "gm-hybrid")])
def test_a_bid_copied_to_another_place_does_not_open(bid, field, value):
    header = copy.deepcopy(bid.header)
    header["ctx"][field] = value
    for i, seed in enumerate(bid.seeds, 1):
        assert reason(lambda: sealing.open_wrap(seed, header, i)) == "seal.wrap_damaged"
    assert reason(lambda: sealing.recover(header, bid.releases(), bid.kb)) == "seal.shares_short"
    assert reason(lambda: unsealed(header, bid.key(), bid.payload)) == "seal.payload_unreadable"


def test_a_suite_that_nobody_knows_is_refused_and_not_guessed(bid):
    header = copy.deepcopy(bid.header)
    for name in ("intl-2", "", "INTL-1", "gm-1\0"):
        header["ctx"]["suite"] = name
        for work in (lambda: sealing.open_wrap(bid.seeds[0], header, 1), lambda: sealing.recover(header, bid.releases(), bid.kb),
                     lambda: unsealed(header, bid.key(), bid.payload), lambda: sealing.is_half(header, bid.kb)):
            assert reason(work) == "seal.suite"
    assert sealing.is_half(bid.header, bid.kb) and not sealing.is_half(bid.header, bid.kb[:-1])


def test_a_wrap_is_for_one_trustee_and_one_number(bid):
    header = copy.deepcopy(bid.header)
    header["shares"][0]["wrap"], header["shares"][1]["wrap"] = header["shares"][1]["wrap"], header["shares"][0]["wrap"]
    assert reason(lambda: sealing.open_wrap(bid.seeds[0], header, 1)) == "seal.wrap_damaged"
    assert reason(lambda: sealing.open_wrap(bid.seeds[1], bid.header, 1)) == "seal.wrap_damaged"
    assert reason(lambda: sealing.open_wrap(bid.seeds[0], bid.header, 2)) == "seal.wrap_damaged"


def test_a_flipped_byte_anywhere_in_the_header_never_passes(bid):
    """Every byte once, with a chance bit: unreadable, or out of shape, or another digest that opens nothing."""
    data, dice = documents.encode(bid.header), random.Random(7)
    releases, digest = bid.releases(), documents.bid_digest(bid.header)
    for position in range(0, len(data), 7):
        spoiled = bytearray(data)
        spoiled[position] ^= 1 << dice.randrange(8)
        try:
            header = documents.check_header(documents.decode(bytes(spoiled)), bid.session)
        except (Refused, UnicodeError):
            continue
        assert documents.bid_digest(header) != digest  # so the signature and the log do not cover it
        wraps = [share["wrap"] for share in header["shares"]]
        if wraps == [share["wrap"] for share in bid.header["shares"]] and header["payload"] == bid.header["payload"]:
            outcome = sealing.recover if header["kt_commit"] != bid.header["kt_commit"] or header["ctx"] != bid.header["ctx"] \
                or header["kb_commit"] != bid.header["kb_commit"] else None
            if outcome:
                assert reason(lambda: sealing.recover(header, releases, bid.kb)) in (
                    "seal.shares_short", "seal.half_wrong", "seal.shares_inconsistent")


@pytest.mark.parametrize("position", [0, 20, 24, 50, 56, 57, 16_455, 16_456, 40_000, -17, -16, -1])
def test_a_flipped_byte_in_the_payload_is_laid_at_the_right_door(bid, position):
    spoiled = bytearray(bid.payload)
    spoiled[position] ^= 1
    key = bid.key()
    for slab in (1000, 1 << 20):
        assert reason(lambda: unsealed(bid.header, key, bytes(spoiled), slab)) == "seal.payload_damaged"
    # Authentic bytes that do not decrypt are the bidder's doing: its own header lists them.
    header = copy.deepcopy(bid.header)
    header["payload"]["parts"] = [sha256(spoiled).hexdigest()]
    assert reason(lambda: unsealed(header, key, bytes(spoiled))) == "seal.payload_unreadable"


def test_a_payload_cut_or_lengthened_is_damaged(bid):
    key = bid.key()
    for payload in (b"", bid.payload[:-1], bid.payload + b"\0", bid.payload[:16_456], bid.payload * 2):
        assert reason(lambda: unsealed(bid.header, key, payload)) == "seal.payload_damaged"


def test_a_flipped_byte_in_a_release_makes_it_worthless(bid):
    releases = bid.releases()
    for position in range(66):
        spoiled = bytearray(releases[2])
        spoiled[position] ^= 0x10
        assert not sealing.is_committed(bid.header, bytes(spoiled))
        assert reason(lambda: sealing.recover(bid.header, [*releases[:2], bytes(spoiled)], bid.kb)) == "seal.shares_short"
        assert sealing.recover(bid.header, [*releases[:2], bytes(spoiled), releases[3]], bid.kb)[1] == []


# --- dealers who cheat ---------------------------------------------------------------------------


def dealt_wrongly(monkeypatch: pytest.MonkeyPatch, victim: int) -> Bid:
    honest = keys.split

    def split(secret: bytes, k: int, n: int) -> dict[int, bytes]:
        shares = honest(secret, k, n)
        shares[victim] = bytes(byte ^ 1 for byte in shares[victim])
        return shares

    monkeypatch.setattr(keys, "split", split)
    made = Bid()
    monkeypatch.undo()
    return made


@pytest.mark.parametrize("victim", [1, 3, 5])
def test_a_dealer_of_inconsistent_shares_is_named(monkeypatch, victim):
    made = dealt_wrongly(monkeypatch, victim)
    releases = made.releases()
    for chosen in combinations(releases, 3):
        if releases[victim - 1] in chosen:
            assert reason(lambda: sealing.recover(made.header, chosen, made.kb)) == "seal.shares_inconsistent"
        else:  # also when the damaged share's holder is absent
            assert sealing.recover(made.header, chosen, made.kb)[1] == [victim]
    assert sealing.recover(made.header, releases, made.kb)[1] == [victim]


def test_a_wrong_blind_is_named(monkeypatch):
    honest = sealing.blind
    monkeypatch.setattr(sealing, "blind", lambda key, i, *suite: bytes(32) if i == 4 else honest(key, i, *suite))
    made = Bid()
    monkeypatch.undo()
    assert sealing.recover(made.header, made.releases()[:3], made.kb)[1] == [4]


def test_a_wrap_that_does_not_hold_what_was_committed_is_named(bid):
    header = copy.deepcopy(bid.header)
    ctx_hash = documents.context_hash(header["ctx"])
    recipient = b64decode(bid.session["trustees"][1]["kem_pk"])
    for garbage in (bytes(66), bid.releases()[0], b"short"):
        header["shares"][1]["wrap"] = b64encode(keys.wrap(recipient, sealing.share_info(ctx_hash, 2), garbage)).decode()
        assert reason(lambda: sealing.open_wrap(bid.seeds[1], header, 2)) == "seal.share_not_committed"


def test_key_commitment_leaves_one_reading_only(bid):
    """A second key for the same bytes would let a bidder choose its offer after the others are read."""
    for _ in range(20):
        assert reason(lambda: unsealed(bid.header, random.randbytes(32), bid.payload)) == "seal.payload_unreadable"


# --- archives that lie ---------------------------------------------------------------------------


def plain_of(entries: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def manifest_of(files: dict[str, bytes], /, **changes: Any) -> bytes:
    listed = [{"name": name, "bytes": len(data), "sha256": sha256(data).hexdigest()} for name, data in files.items()]
    return documents.encode({"v": 1, "lot": SAMPLES[1]["session"]["lot"], "bidder": BIDDER, "offer": OFFER, "files": listed} | changes)


GOOD = {"a.pdf": b"letter", "b.xml": b"<x/>"}
ENTRIES = [("manifest.json", manifest_of(GOOD)), *GOOD.items(), (".padding", bytes(1000))]


def put_size(data: bytes, name: str, size: int) -> bytes:
    """Declare another size of one entry in the directory."""
    at = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02"))
    while data[at + 46:at + 46 + len(name)] != name.encode():
        at = data.index(b"PK\x01\x02", at + 4)
    return data[:at + 20] + struct.pack("<II", size, size) + data[at + 28:]


def read(bid: Bid, data: bytes, tmp_path: Path) -> sealing.Contents:
    plain = tmp_path / "plain.zip"
    plain.write_bytes(data)
    return sealing.read_contents(plain, bid.header)


def test_an_honest_archive_is_read(bid, tmp_path):
    assert [file["name"] for file in read(bid, plain_of(ENTRIES), tmp_path).files] == list(GOOD)


def renamed(name: str) -> list[tuple[str, bytes]]:
    return [("manifest.json", manifest_of({name: b"letter"})), (name, b"letter"), (".padding", bytes(1000))]


def with_manifest(**changes: Any) -> list[tuple[str, bytes]]:
    return [("manifest.json", manifest_of(GOOD, **changes)), *ENTRIES[1:]]


@pytest.mark.parametrize("entries", [
    [ENTRIES[1], ENTRIES[0], *ENTRIES[2:]], ENTRIES[1:], ENTRIES[:-1], [*ENTRIES, ("more", b"")], [],
    [*ENTRIES[:2], ("b.xml", b"<y/>"), ENTRIES[3]], [*ENTRIES[:2], ENTRIES[3]], [*ENTRIES[:3], ("extra", b""), ENTRIES[3]],
    [*ENTRIES[:2], ("b.xml", b"<x/> "), ENTRIES[3]],
    with_manifest(lot="CQ-2026-001-02"), with_manifest(bidder="91500000MA5U000002"),
], ids=["manifest second", "no manifest", "no padding", "after padding", "empty", "altered file", "missing file", "unlisted file",
        "longer file", "other lot", "other bidder"])
def test_an_archive_unlike_its_manifest_is_refused(bid, tmp_path, entries):
    assert reason(lambda: read(bid, plain_of(entries), tmp_path)) == "seal.manifest"


@pytest.mark.parametrize("changes", [{"v": "1"}, {"offer": OFFER | {"price_fen": -1}}, {"offer": {}}, {"offer": OFFER | {"more": 1}}, {"more": 1},
                                     {"files": [{"name": "a.pdf"}, {"name": "b.xml"}]}])
def test_a_manifest_out_of_shape_is_refused(bid, tmp_path, changes):
    assert reason(lambda: read(bid, plain_of(with_manifest(**changes)), tmp_path)) in ("seal.document", "seal.manifest")


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/passwd", "..", "dir/", "a\\b", "a\u202efdp.exe", "a\nb"])
def test_names_that_lead_elsewhere_are_refused(bid, tmp_path, name):
    assert reason(lambda: read(bid, plain_of(renamed(name)), tmp_path)) == "seal.manifest"
    assert reason(lambda: sealing.seal(bid.session, BIDDER, OFFER, [InMemory(name, b"")], io.BytesIO())) == "seal.file_name"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_entry_twice_is_refused(bid, tmp_path):
    assert reason(lambda: read(bid, plain_of([*ENTRIES[:2], *ENTRIES[1:]]), tmp_path)) == "seal.manifest"
    assert reason(lambda: sealing.seal(bid.session, BIDDER, OFFER, [InMemory("a", b"")] * 2, io.BytesIO())) == "seal.file_name"


def test_compressed_and_encrypted_entries_are_refused(bid, tmp_path):
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert reason(lambda: read(bid, plain_of(ENTRIES, method), tmp_path)) == "seal.manifest"
    data = bytearray(plain_of(ENTRIES))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert reason(lambda: read(bid, bytes(data), tmp_path)) == "seal.manifest"


def test_a_bomb_is_refused_before_it_is_read(bid, tmp_path):
    bomb = plain_of([ENTRIES[0], ("a.pdf", bytes(20_000_000)), *ENTRIES[2:]], zipfile.ZIP_DEFLATED)
    assert len(bomb) < 50_000
    assert reason(lambda: read(bid, bomb, tmp_path)) == "seal.manifest"
    for size in (10**9, 0xFFFFFFFE):
        assert reason(lambda: read(bid, put_size(plain_of(ENTRIES), "a.pdf", size), tmp_path)) == "seal.manifest"
    large = plain_of([("manifest.json", b" " * (2 << 20)), *ENTRIES[1:]])
    assert reason(lambda: read(bid, large, tmp_path)) == "seal.manifest"


def test_an_archive_with_any_byte_damaged_never_raises_anything_else(bid, tmp_path):
    data, dice = plain_of(ENTRIES), random.Random(3)
    for _ in range(300):
        spoiled = bytearray(data)
        for _ in range(dice.randrange(1, 4)):
            spoiled[dice.randrange(len(spoiled))] = dice.randrange(256)
        try:
            read(bid, bytes(spoiled), tmp_path)
        except Refused as refusal:
            assert refusal.reason in ("seal.manifest", "seal.document")
    assert reason(lambda: read(bid, b"", tmp_path)) == "seal.manifest"


# --- sessions and sizes --------------------------------------------------------------------------


def test_sealing_around_the_edges_of_chunks_gives_back_what_went_in(tmp_path):
    for size in (0, 1, 16_383, 16_384, 16_385, 65_000, 65_536, 70_000, 131_072):
        made = Bid({"a.bin": random.Random(size).randbytes(size)})
        documents.check_header(made.header, made.session)
        plain = unsealed(made.header, made.key(), made.payload)
        assert len(plain) == sealing.padded(len(plain)) and len(made.payload) == 56 + len(plain) + 16 * (len(plain) // 16384 + 1)
        assert read(made, plain, tmp_path).files[0]["bytes"] == size


def test_two_seals_of_one_offer_share_nothing():
    one, two = Bid(), Bid()
    assert one.header["kt_commit"] != two.header["kt_commit"] and one.kb != two.kb
    assert reason(lambda: sealing.recover(one.header, two.releases(), one.kb)) == "seal.shares_short"
    assert reason(lambda: sealing.recover(one.header, one.releases(), two.kb)) == "seal.half_wrong"
    assert reason(lambda: unsealed(one.header, one.key(), two.payload)) in ("seal.payload_damaged", "seal.payload_unreadable")
