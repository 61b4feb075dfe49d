"""The Python half of the sealing protocol against our own vectors; the browser half has the same."""

from __future__ import annotations

import copy
import io
import json
from base64 import b64decode
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from bidding.envelope import documents, keys, recovery, sealing
from bidding.trustees import trustee as protocol
from bidding.trustees.trustee import Trustee
from trading.base.errors import Refused
from trading.evidence import verify

FOLDER = Path(__file__).resolve().parents[1] / "vectors"


def vectors(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def fixed(name: str, length: int) -> bytes:
    return b"".join(sha256(f"{name} {n}".encode()).digest() for n in range(-(-length // 32)))[:length]


class InMemory:
    """A file to be sealed."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.size, self.data = name, len(data), data

    def open(self) -> io.BytesIO:
        return io.BytesIO(self.data)


def test_canonical_json_is_written_and_read_alike():
    found = vectors("jcs")
    for row in found["valid"]:
        data = b64decode(row["canonical"])
        assert documents.encode(row["document"]) == data
        assert documents.decode(data) == row["document"]


@pytest.mark.parametrize("row", vectors("jcs")["refused"], ids=lambda row: row["why"])
def test_a_second_spelling_is_refused(row):
    # A lone surrogate has no UTF-8 form at all, which the encoder says in its own way.
    with pytest.raises((Refused, UnicodeError)):
        documents.decode(b64decode(row["bytes"]))


def test_hashes_and_derived_keys():
    found = vectors("hashes")
    for row in found["tagged"]:
        assert keys.tagged_hash(row["tag"], bytes.fromhex(row["data"])).hex() == row["hash"]
    for row in found["derive"]:
        assert keys.derive(bytes.fromhex(row["material"]), bytes.fromhex(row["info"]), row["length"]).hex() == row["made"]
    for row in found["root"]:
        halves = [row[name] and bytes.fromhex(row[name]) for name in ("kt", "kb")]
        payload_key, blinding_key = sealing.root_keys(bytes.fromhex(row["ch"]), *halves)
        assert (payload_key.hex(), blinding_key.hex()) == (row["payload_key"], row["blinding_key"])
        assert sealing.blind(blinding_key, 1).hex() == row["blind_1"]
        assert sealing.blind(blinding_key, 15).hex() == row["blind_15"]
    for row in found["halves"]:
        assert sealing.half_commit(row["tag"], bytes.fromhex(row["ch"]), bytes.fromhex(row["half"])) == row["commit"]


def test_a_trustees_keys_follow_from_its_root():
    found = vectors("keys")
    trustee = Trustee(bytes.fromhex(found["root"]), "监督部门")
    assert trustee.public.hex() == found["identity_public"]
    for row in found["pre_keys"]:
        seed = keys.pre_key_seed(bytes.fromhex(found["root"]), row["number"])
        public = keys.public_key(seed)
        assert seed.hex() == row["seed"] and sha256(public).hexdigest() == row["public_sha256"]
        assert keys.is_signed(trustee.public, b64decode(row["sig"]), protocol.pre_key_message(row["number"], public))
    assert keys.public_key(bytes.fromhex(found["pre_keys"][0]["seed"])) == b64decode(found["public_of_1"])


def test_shares_and_releases():
    found = vectors("shamir")
    for row in found["sets"]:
        shares = {int(x): bytes.fromhex(share) for x, share in row["shares"].items()}
        for chosen in list(combinations(shares, row["k"]))[:40]:
            points = {x: shares[x] for x in chosen}
            assert keys.combine(points).hex() == row["secret"]
            assert all(keys.interpolate(points, x) == share for x, share in shares.items())
    for row in found["releases"]:
        made = sealing.Release(row["i"], row["x"], bytes.fromhex(row["share"]), bytes.fromhex(row["blind"]))
        assert made.bytes().hex() == row["release"] and sealing.Release.read(made.bytes()) == made
        assert sealing.share_commit(bytes.fromhex(row["ch"]), made.bytes()) == row["commit"]
        assert sealing.share_info(bytes.fromhex(row["ch"]), row["i"]).hex() == row["info"]


def test_documents_and_their_names():
    found, sample = vectors("documents"), vectors("sealed")["samples"][0]
    session = documents.check_session(sample["session"])
    assert sha256(documents.encode(session)).hexdigest() == found["session_sha256"]
    assert documents.session_id(session) == found["session_id"]
    assert documents.encode(found["ctx"]).decode() == found["ctx_canonical"]
    assert documents.context_hash(found["ctx"]).hex() == found["ch"]
    assert documents.amendment_id(found["amendment"]) == found["amendment_id"]
    assert documents.live_root(found["live"]["digests"]) == documents.live_root(found["live"]["digests"][::-1]) == found["live"]["root"]
    assert documents.live_root([]) == found["live"]["empty"]
    assert protocol.session_message(found["session_id"]).hex() == found["session_message"]
    leaf = found["leaf"]
    assert verify.tagged("leaf", bytes.fromhex(leaf["nonce"]) + verify.canonical(leaf["event"])).hex() == leaf["data"]
    for change in found["refused_sessions"]:
        with pytest.raises(Refused) as refusal:
            documents.check_session(session | {change["field"]: change["value"]})
        assert refusal.value.reason == "seal.document"


def test_padding():
    for length, padded in vectors("padding")["padded"]:
        assert sealing.padded(length) == padded >= length
        assert padded <= max(65536, length * 1.12)


@pytest.mark.parametrize("row", vectors("archive")["archives"], ids=lambda row: str(row["length"]))
def test_the_archive_inside(row):
    files = [InMemory(file["name"], b64decode(file["bytes"])) for file in row["files"]]
    if row["fixed"]:
        files = [InMemory(row["fixed"]["name"], fixed(row["fixed"]["seed"], row["fixed"]["length"]))]
    session = {"lot": row["lot"], "envelope": "bid"}
    data = b"".join(sealing._plaintext(session, row["bidder"], row["offer"], files))
    assert (len(data), sha256(data).hexdigest()) == (row["length"], row["sha256"])
    assert data.startswith(b64decode(row["beginning"])) and data.endswith(b64decode(row["end"]))


@pytest.mark.parametrize("sample", vectors("sealed")["samples"], ids=lambda sample: sample["session"]["policy"])
def test_a_frozen_bid_opens(sample, tmp_path):
    header, session = sample["header"], sample["session"]
    assert documents.session_id(documents.check_session(session)) == sample["session_id"]
    assert documents.bid_digest(documents.check_header(header, session)) == sample["digest"]
    assert documents.context_hash(header["ctx"]).hex() == sample["ch"]
    releases = [sealing.open_wrap(bytes.fromhex(seed), header, i) for i, seed in enumerate(sample["seeds"], 1)]
    assert [release.hex() for release in releases] == sample["releases"]
    plain = tmp_path / "plain.zip"
    for chosen in combinations(releases, header["k"]):
        key, wrong = sealing.recover(header, chosen, bytes.fromhex(sample["kb"]))
        assert key.hex() == sample["payload_key"] and wrong == []
    with plain.open("wb") as out:
        sealing.unseal(header, key, [b64decode(sample["payload"])], out)
    assert sha256(plain.read_bytes()).hexdigest() == sample["plain_sha256"]
    assert sealing.read_contents(plain, header).manifest.decode() == sample["manifest"]


@pytest.mark.parametrize("change", vectors("headers")["changes"], ids=lambda change: ".".join(map(str, change["path"])))
def test_a_header_with_one_field_changed_is_refused(change):
    sample = vectors("sealed")["samples"][0]
    header = copy.deepcopy(sample["header"])
    place: Any = header
    for step in change["path"][:-1]:
        place = place[step]
    place[change["path"][-1]] = change["value"]
    with pytest.raises(Refused) as refusal:
        documents.check_header(header, sample["session"])
    assert refusal.value.reason == change["reason"]


@pytest.mark.parametrize("row", vectors("headers")["raw"], ids=lambda row: row["why"])
def test_a_header_spelled_otherwise_is_refused(row):
    with pytest.raises(Refused):
        documents.decode(row["text"].encode())


def test_recovery_file():
    found = vectors("recovery")
    file = found["file"].encode()
    assert recovery.make(found["passphrase"], found["session"], found["digest"], bytes.fromhex(found["kb"]),
                         salt=bytes.fromhex(found["salt"]), nonce=bytes.fromhex(found["nonce"])) == file
    for passphrase in (found["passphrase"], found["decomposed"]):
        assert recovery.read(passphrase, file) == recovery.Recovered(found["session"], found["digest"], bytes.fromhex(found["kb"]))
    for row in found["refused"]:
        with pytest.raises(Refused) as refusal:
            recovery.read(row["passphrase"], row["file"].encode())
        assert refusal.value.reason == row["reason"]
    with pytest.raises(Refused, match="recovery.passphrase_short"):
        recovery.make("elf Zeichen", "00" * 32, "00" * 32, bytes(32))
    assert recovery.read("twelve chars", recovery.make("twelve chars", "00" * 32, "11" * 32, bytes(32))).kb == bytes(32)


def test_receipts():
    found = vectors("receipt")
    key = found["expected"]["logKey"]
    assert verify.check_receipt(found["receipt"], key)["index"] == found["receipt"]["index"]
    for row in found["refused"]:
        if row["why"] in ("version", "unknown field", "other log"):
            continue  # the browser's check compares with what it sent; this one with the pinned key
        with pytest.raises(verify.Invalid):
            verify.check_receipt(row["receipt"], key)
