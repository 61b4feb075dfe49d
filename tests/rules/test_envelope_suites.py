"""Policies, envelopes and suites of sealed bids: the frozen samples open, and what was made of them does not."""

from __future__ import annotations

import copy
import io
import json
import random
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bidding.envelope import documents, keys, recovery, sealing, suites
from bidding.sealed.commands import bid as bid_command
from bidding.trustees import trustee as protocol
from tests.browser import desk as counter
from tests.vectors.sessions import OFFERS, a_session
from trading.base.errors import Refused
from trading.evidence import verify

FOLDER = Path(__file__).resolve().parents[1] / "vectors"


def vectors(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


SAMPLES = vectors("suites")["samples"]
ATTACKS = vectors("suite_attacks")


def named(sample: dict[str, Any]) -> str:
    return "-".join((sample["session"]["suite"], sample["session"]["policy"], sample["session"]["envelope"]))


def fixed(name: str, length: int) -> bytes:
    return b"".join(sha256(f"{name} {n}".encode()).digest() for n in range(-(-length // 32)))[:length]


class InMemory:
    """A file to be sealed."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.size, self.data = name, len(data), data

    def open(self) -> io.BytesIO:
        return io.BytesIO(self.data)


class Bid:
    """A bid sealed for a session of any suite, with everything to open it."""

    def __init__(self, suite: str = "intl-1", policy: str = "TB", envelope: str = "bid", files: dict[str, bytes] | None = None) -> None:
        self.session = a_session(suite, policy, envelope)
        out = io.BytesIO()
        made = sealing.seal(self.session, counter.BIDDER, OFFERS[envelope], [InMemory(*item) for item in (files or {"a.pdf": b"letter"}).items()], out)
        self.header, self.kb, self.payload = documents.check_header(made.header, self.session), made.kb, out.getvalue()
        self.seeds = counter.seeds(self.session)

    def releases(self) -> list[bytes]:
        return [sealing.open_wrap(seed, self.header, i) for i, seed in enumerate(self.seeds, 1)]

    def key(self) -> bytes:
        return sealing.recover(self.header, self.releases(), self.kb)[0]


def reason(work: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refusal:
        work()
    return refusal.value.reason


def unsealed(header: dict[str, Any], key: bytes, payload: bytes, slab: int = 10_000) -> bytes:
    out = io.BytesIO()
    sealing.unseal(header, key, (payload[at:at + slab] for at in range(0, len(payload), slab)), out)
    return out.getvalue()


# --- the vectors ---------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
def test_a_frozen_bid_opens(sample, tmp_path):
    header, session = sample["header"], documents.check_session(sample["session"])
    assert documents.session_id(session) == sample["session_id"]
    assert documents.bid_digest(documents.check_header(header, session)) == sample["digest"]
    assert documents.context_hash(header["ctx"]).hex() == sample["ch"]
    releases = [sealing.open_wrap(bytes.fromhex(seed), header, i) for i, seed in enumerate(sample["seeds"], 1)]
    assert [release.hex() for release in releases] == sample["releases"]
    for chosen in combinations(releases, header["k"]):
        key, wrong = sealing.recover(header, chosen, bytes.fromhex(sample["kb"]))
        assert key.hex() == sample["payload_key"] and wrong == []
    plain = tmp_path / "plain.zip"
    plain.write_bytes(unsealed(header, key, b64decode(sample["payload"])))
    assert sha256(plain.read_bytes()).hexdigest() == sample["plain_sha256"]
    contents = sealing.read_contents(plain, header)
    assert contents.manifest.decode() == sample["manifest"] and contents.offer == OFFERS[session["envelope"]]


@pytest.mark.parametrize("row", ATTACKS["sessions"], ids=lambda row: f"{row['sample']}-{'-'.join(row['changes'])}-{row['reason']}")
def test_a_session_that_does_not_hold_together_is_refused(row):
    session = SAMPLES[row["sample"]]["session"]
    assert documents.check_session(session) == session
    assert reason(lambda: documents.check_session(session | row["changes"])) == row["reason"]


@pytest.mark.parametrize("row", ATTACKS["headers"], ids=lambda row: f"{row['sample']}-{'.'.join(row['path'])}-{row['value']}"[:40])
def test_a_header_of_another_policy_suite_or_envelope_is_refused(row):
    sample = SAMPLES[row["sample"]]
    header = copy.deepcopy(sample["header"])
    place: Any = header
    for step in row["path"][:-1]:
        place = place[step]
    place[row["path"][-1]] = row["value"]
    assert reason(lambda: documents.check_header(header, sample["session"])) == row["reason"]


@pytest.mark.parametrize("row", ATTACKS["wraps"], ids=lambda row: f"{row['sample']}-{row['why']}")
def test_a_wrap_that_was_tampered_with_does_not_open(row):
    sample = SAMPLES[row["sample"]]
    header = copy.deepcopy(sample["header"])
    header["shares"][row["i"] - 1]["wrap"] = row["wrap"]
    assert reason(lambda: sealing.open_wrap(bytes.fromhex(sample["seeds"][row["i"] - 1]), header, row["i"])) == row["reason"]


def test_offers_fit_their_envelopes():
    found = vectors("envelopes")
    for row in found["offers"]:
        assert documents.check_offer(row["offer"], row["envelope"], "offer") == row["offer"]
    for row in found["refused"]:
        assert reason(lambda: documents.check_offer(row["offer"], row["envelope"], "offer")) == "seal.document"


def test_a_price_envelope_goes_up_to_a_power_of_two_and_no_other_does():
    for length, padded in vectors("envelopes")["padded"]:
        assert sealing.padded(length, "price") == padded >= length and padded & (padded - 1) == 0 and padded >= 65536
        assert padded == 65536 or padded < 2 * length
    lengths = range(70_000, 5_000_000, 71_993)
    assert len({sealing.padded(length, "price") for length in lengths}) < len({sealing.padded(length) for length in lengths}) / 4
    for envelope in ("bid", "technical", "offer-1", "draw"):
        assert [sealing.padded(length, envelope) for length in lengths] == [sealing.padded(length) for length in lengths]


@pytest.mark.parametrize("row", vectors("envelopes")["archives"], ids=lambda row: f"{row['envelope']}-{row['fixed']['length']}")
def test_the_archive_inside(row):
    file = InMemory(row["fixed"]["name"], fixed(row["fixed"]["seed"], row["fixed"]["length"]))
    data = b"".join(sealing._plaintext({"lot": row["lot"], "envelope": row["envelope"]}, row["bidder"], row["offer"], [file]))
    assert (len(data), sha256(data).hexdigest()) == (row["length"], row["sha256"])


def test_what_would_not_fit_into_the_archive_is_refused_before_anything_is_read():
    class Huge(InMemory):
        def open(self) -> io.BytesIO:
            return io.BytesIO()

    for size, envelope in ((2**32, "bid"), (2**31 + 1, "price")):
        huge = Huge("a", b"")
        huge.size = size
        session = {"lot": "CQ-2026-001-01", "envelope": envelope}
        assert reason(lambda: next(sealing._plaintext(session, counter.BIDDER, OFFERS[envelope], [huge]))) == "seal.too_large"


# --- policy B: the bidder's half alone --------------------------------------------------------------


@pytest.mark.parametrize("suite", suites.NAMES)
def test_with_policy_b_the_half_alone_opens_and_nothing_else_does(suite):
    one = Bid(suite, "B")
    assert (one.header["shares"], one.header["k"], one.header["kt_commit"]) == ([], 0, "")
    key, wrong = sealing.recover(one.header, [], one.kb)
    assert wrong == [] and len(unsealed(one.header, key, one.payload)) == 65536
    for half in (b"", bytes(32), one.kb[:-1], one.kb + b"\0", bytes([one.kb[0] ^ 1]) + one.kb[1:]):
        assert reason(lambda: sealing.recover(one.header, [], half)) == "seal.half_wrong"
    assert reason(lambda: sealing.open_wrap(bytes(32), one.header, 1)) == "seal.shares"


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_half_of_another_length_is_none_even_if_committed_to(length):
    one = bid_of("intl-1")
    header, half = copy.deepcopy(one.header), bytes(length)
    header["kb_commit"] = sealing.half_commit("kb", documents.context_hash(header["ctx"]), half)
    assert not sealing.is_half(header, half) and sealing.is_half(one.header, one.kb)
    assert reason(lambda: sealing.recover(header, one.releases(), half)) == "seal.half_wrong"


def test_releases_of_another_bid_change_nothing_with_policy_b():
    alone, shared = Bid(policy="B"), Bid()
    assert sealing.recover(alone.header, shared.releases(), alone.kb) == sealing.recover(alone.header, [], alone.kb)


def test_a_bid_of_two_halves_cannot_be_passed_off_as_one_of_one():
    """TB relabelled as B: the half is the committed one, and still not the key."""
    shared = Bid()
    alone = shared.session | {"policy": "B", "k": 0, "trustees": []}
    header = shared.header | {"policy": "B", "k": 0, "shares": [], "kt_commit": ""}
    key, _ = sealing.recover(header, [], shared.kb)
    assert reason(lambda: unsealed(header, key, shared.payload)) == "seal.payload_unreadable"
    assert documents.bid_digest(header) != documents.bid_digest(shared.header)
    assert reason(lambda: documents.check_header(shared.header, alone)) == "seal.policy"
    assert reason(lambda: documents.check_header(shared.header | {"policy": "B", "k": 0}, alone)) == "seal.shares"
    assert reason(lambda: documents.check_header(header, shared.session)) == "seal.policy"
    # The control: as what it is, it opens.
    assert unsealed(shared.header, shared.key(), shared.payload)


def test_a_bid_of_one_half_cannot_be_passed_off_as_one_of_two():
    alone, shared = Bid(policy="B"), Bid()
    header = alone.header | {"policy": "TB", "k": 2, "shares": shared.header["shares"], "kt_commit": shared.header["kt_commit"]}
    assert reason(lambda: sealing.recover(header, shared.releases(), alone.kb)) == "seal.shares_short"


def test_with_policy_t_a_half_is_no_part_of_the_key():
    one = Bid(policy="T")
    assert sealing.recover(one.header, one.releases(), b"") == sealing.recover(one.header, one.releases(), bytes(32))


# --- two envelopes -----------------------------------------------------------------------------------


def test_a_technical_envelope_shows_no_price(tmp_path):
    plain = tmp_path / "plain.zip"
    for envelope in ("technical", "price"):
        one = Bid(envelope=envelope)
        plain.write_bytes(unsealed(one.header, one.key(), one.payload))
        assert sealing.read_contents(plain, one.header).offer == OFFERS[envelope]
        other = copy.deepcopy(one.header)
        other["ctx"]["envelope"] = "bid"
        # Read as another envelope, the same bytes are out of shape; sealed as another, they do not open.
        assert reason(lambda: sealing.read_contents(plain, other)) == "seal.document"
        assert reason(lambda: unsealed(other, one.key(), one.payload)) == "seal.payload_unreadable"


@pytest.mark.parametrize(("envelope", "offer"), [("technical", OFFERS["bid"]), ("price", OFFERS["bid"]), ("price", {}), ("technical", OFFERS["price"])])
def test_an_offer_for_another_envelope_is_not_sealed(envelope, offer):
    session = a_session(envelope=envelope)
    assert reason(lambda: sealing.seal(session, counter.BIDDER, offer, [], io.BytesIO())) == "seal.document"


def test_price_lists_of_unlike_length_look_alike():
    sizes = {len(Bid(envelope="price", files={"a.xml": bytes(size)}).payload) for size in (66_000, 80_000, 100_000, 130_000)}
    assert len(sizes) == 1
    assert len({len(Bid(envelope="technical", files={"a.xml": bytes(size)}).payload) for size in (66_000, 80_000, 100_000, 130_000)}) == 4


# --- suites --------------------------------------------------------------------------------------------

GM = ("gm-1", "gm-hybrid")


@pytest.mark.parametrize("suite", GM)
@pytest.mark.parametrize("policy", ["TB", "T"])
def test_every_k_of_the_trustees_open_and_fewer_do_not(suite, policy):
    one = Bid(suite, policy)
    releases = one.releases()
    for size in range(4):
        for chosen in combinations(releases, size):
            if size < 2:
                assert reason(lambda: sealing.recover(one.header, chosen, one.kb)) == "seal.shares_short"
            else:
                key, wrong = sealing.recover(one.header, chosen, one.kb)
                assert wrong == [] and len(unsealed(one.header, key, one.payload)) == 65536
    if policy == "TB":
        assert reason(lambda: sealing.recover(one.header, releases, bytes(32))) == "seal.half_wrong"


@pytest.mark.parametrize("suite", GM)
@pytest.mark.parametrize(("field", "value"), [
    ("bidder", "91500000MA5U000002"), ("lot", "CQ-2026-001-02"), ("deadline", 4102444801), ("session", "00" * 32), ("nonce", "00" * 32), ("suite", "")])
def test_a_bid_copied_to_another_place_or_suite_does_not_open(suite, field, value):
    one = Bid(suite)
    header = copy.deepcopy(one.header)
    for other in {value or name for name in suites.NAMES} - {suite}:
        header["ctx"][field] = other
        for i, seed in enumerate(one.seeds, 1):
            assert reason(lambda: sealing.open_wrap(seed, header, i)) == "seal.wrap_damaged"
        assert reason(lambda: sealing.recover(header, one.releases(), one.kb)) == "seal.shares_short"
        assert reason(lambda: unsealed(header, one.key(), one.payload)) == "seal.payload_unreadable"


@pytest.mark.parametrize("suite", GM)
@pytest.mark.parametrize("position", [0, 20, 24, 50, 56, 57, 16_455, 16_456, 40_000, -17, -16, -1])
def test_a_flipped_byte_in_the_payload_is_laid_at_the_right_door(suite, position):
    one = bid_of(suite)
    spoiled = bytearray(one.payload)
    spoiled[position] ^= 1
    key = one.key()
    for slab in (1000, 1 << 20):
        assert reason(lambda: unsealed(one.header, key, bytes(spoiled), slab)) == "seal.payload_damaged"
    header = copy.deepcopy(one.header)
    header["payload"]["parts"] = [sha256(spoiled).hexdigest()]
    assert reason(lambda: unsealed(header, key, bytes(spoiled))) == "seal.payload_unreadable"


_kept: dict[str, Bid] = {}


def bid_of(suite: str) -> Bid:
    """One bid of a suite for all tests that only read it."""
    if suite not in _kept:
        _kept[suite] = Bid(suite)
    return _kept[suite]


@pytest.mark.parametrize("suite", GM)
def test_no_byte_of_a_wrap_is_idle(suite):
    """Every byte of one key holder's wrap once, with a chance bit."""
    one, dice = bid_of(suite), random.Random(9)
    header = copy.deepcopy(one.header)
    wrap = b64decode(header["shares"][0]["wrap"])
    for position in [*range(0, len(wrap), 97), *dice.sample(range(len(wrap)), 12), 0, 1, len(wrap) - 1]:
        spoiled = bytearray(wrap)
        spoiled[position] ^= 1 << dice.randrange(8)
        header["shares"][0]["wrap"] = b64encode(spoiled).decode()
        assert reason(lambda: sealing.open_wrap(one.seeds[0], header, 1)) == "seal.wrap_damaged"
    assert sealing.open_wrap(one.seeds[0], one.header, 1) == one.releases()[0]


def test_either_half_of_a_hybrid_wrap_alone_says_nothing():
    """Who breaks SM2 alone, or X-Wing alone, has a pad of chance: the release is in neither."""
    one, suite = bid_of("gm-hybrid"), suites.of("gm-hybrid")
    ctx_hash, release = documents.context_hash(one.header["ctx"]), one.releases()[0]
    wrap = b64decode(one.header["shares"][0]["wrap"])
    a = suites.of("gm-1").unwrap(one.seeds[0], ctx_hash, 1, wrap[1202:])
    b = keys.unwrap(one.seeds[0], suites.share_info(ctx_hash, 1), wrap[:1202])
    assert bytes(x ^ y for x, y in zip(a, b, strict=True)) == release == suite.unwrap(one.seeds[0], ctx_hash, 1, wrap)
    for pad in (a, b):
        assert not sealing.is_committed(one.header, pad)
    again = suite.wrap(b64decode(one.session["trustees"][0]["kem_pk"]), ctx_hash, 1, release)
    assert suites.of("gm-1").unwrap(one.seeds[0], ctx_hash, 1, again[1202:]) != a


def test_a_dealer_of_inconsistent_shares_is_named_in_every_suite(monkeypatch):
    honest = keys.split
    monkeypatch.setattr(keys, "split", lambda *how: {x: share if x != 2 else bytes(32) for x, share in honest(*how).items()})
    made = [Bid(suite) for suite in suites.NAMES]
    monkeypatch.undo()
    for one in made:
        releases = one.releases()
        assert sealing.recover(one.header, [releases[0], releases[2]], one.kb)[1] == [2]
        assert reason(lambda: sealing.recover(one.header, releases[:2], one.kb)) == "seal.shares_inconsistent"


@pytest.mark.parametrize("suite", GM)
def test_a_key_that_is_not_of_the_suite_is_not_sealed_to(suite):
    session = a_session(suite)
    for other in set(suites.NAMES) - {suite}:
        foreign = session | {"trustees": a_session(other)["trustees"]}
        assert reason(lambda: sealing.seal(foreign, counter.BIDDER, OFFERS["bid"], [], io.BytesIO())) == "seal.key_length"


@pytest.mark.parametrize("suite", GM)
def test_sizes_around_chunks_come_back(suite, tmp_path):
    plain = tmp_path / "plain.zip"
    for size in (0, 65_000, 65_536, 98_304, 131_072):
        one = Bid(suite, "B", files={"a.bin": random.Random(size).randbytes(size)})
        plain.write_bytes(unsealed(one.header, one.key(), one.payload))
        length = plain.stat().st_size
        assert len(one.payload) == 56 + length + 16 * (length // 16384 + 1)
        assert sealing.read_contents(plain, one.header).files[0]["bytes"] == size


def test_pages_are_told_which_suites_are_not_certified():
    assert [suites.is_uncertified(name) for name in suites.NAMES] == [False, True, True]
    assert suites.NOT_CERTIFIED.zh == "非商密认证"


# --- the command-line sealer ------------------------------------------------------------------------------


def signed_by_holders(document):
    """The session with every pre-key signed by a holder's own identity."""
    for trustee in document["trustees"]:
        key = Ed25519PrivateKey.generate()
        trustee["sig_key"] = b64encode(verify.raw_public_key(key)).decode()
        trustee["pre_key_sig"] = b64encode(key.sign(protocol.pre_key_message(trustee["pre_key"], b64decode(trustee["kem_pk"])))).decode()
    return document


def signed_by_centre(document):
    """(what the platform answers about a session, the centre's key in hex)."""
    centre = Ed25519PrivateKey.generate()
    sig = b64encode(centre.sign(protocol.session_message(documents.session_id(document)))).decode()
    public = verify.raw_public_key(centre).hex()
    return {"document": document, "sig": sig, "centre_key": public, "amendments": []}, public


@pytest.mark.parametrize(("change", "reason"), [
    ("key of a holder", "seal.trustee_signature"), ("time", "seal.session_signature"), ("another centre", "seal.session_signature"),
    ("amendment of nobody", "seal.amendment"), ("bare document", "seal.document"), ("no key", "seal.document")])
def test_the_command_seals_to_nobody_else(tmp_path, change, reason):
    """A platform that slips its own keys under a genuine holder's name, or moves a time, gets no bid."""
    session, folder, file = tmp_path / "session.json", tmp_path / "bid", tmp_path / "a.pdf"
    file.write_bytes(b"letter")
    document = signed_by_holders(a_session("intl-1", "TB", "bid"))
    if change == "key of a holder":
        document["trustees"][1]["kem_pk"] = b64encode(keys.public_key(bytes(32))).decode()
    answer, centre = signed_by_centre(document)
    if change == "time":
        document["deadline"] -= 1
    elif change == "another centre":
        centre = signed_by_centre(document)[1]
    elif change == "amendment of nobody":
        name = documents.session_id(document)
        body = {"v": 1, "session": name, "previous": name, "deadline": document["deadline"], "open_not_before": document["open_not_before"]}
        answer["amendments"] = [{"document": body, "sig": answer["sig"]}]
    session.write_bytes(documents.encode(document if change == "bare document" else answer))
    done = CliRunner().invoke(bid_command, ["seal", str(folder), str(file), "--session", str(session), "--bidder", counter.BIDDER, "--price", "1",
                                            "--days", "2", "--centre-key", "00" if change == "no key" else centre, "--passphrase", "correct horse battery"])
    assert done.exit_code == 2 and reason in done.output and not folder.exists()


@pytest.mark.parametrize(("suite", "policy", "envelope", "options", "said"), [
    ("gm-1", "B", "price", ["--price", "1,234,567.89"], ""), ("gm-hybrid", "T", "technical", ["--days", "300"], ""),
    ("intl-1", "TB", "bid", ["--price", "1,234,567.89", "--days", "300"], ""),
    ("intl-1", "TB", "technical", ["--price", "1", "--days", "2"], "takes no --price"), ("intl-1", "TB", "technical", [], "needs --days"),
    ("intl-1", "TB", "price", ["--days", "2"], "needs --price"), ("intl-1", "TB", "price", ["--price", "1", "--days", "2"], "takes no --days"),
    ("intl-1", "TB", "bid", ["--price", "1"], "needs --days")])
def test_the_command_seals_what_the_envelope_holds(tmp_path, suite, policy, envelope, options, said):
    session, folder, file = tmp_path / "session.json", tmp_path / "bid", tmp_path / "a.pdf"
    document = signed_by_holders(a_session(suite, policy, envelope))
    answer, centre = signed_by_centre(document)
    session.write_bytes(documents.encode(answer))
    file.write_bytes(b"letter")
    done = CliRunner().invoke(bid_command, ["seal", str(folder), str(file), "--session", str(session), "--bidder", counter.BIDDER,
                                            "--centre-key", centre, "--passphrase", "correct horse battery", *options])
    assert (done.exit_code == 0) == (not said) and said in done.output
    if said:
        assert not folder.exists()
        return
    header = documents.check_header(documents.decode((folder / "header.json").read_bytes()), document)
    assert ("非商密认证" in done.output) == (suite != "intl-1") and (folder / "recovery.json").exists() == (policy != "T")
    kb = recovery.read("correct horse battery", (folder / "recovery.json").read_bytes()).kb if policy != "T" else b""
    seeds = counter.seeds(document)
    key, _ = sealing.recover(header, [sealing.open_wrap(seed, header, i) for i, seed in enumerate(seeds, 1)], kb)
    plain = tmp_path / "plain.zip"
    plain.write_bytes(unsealed(header, key, (folder / "payload.cob").read_bytes()))
    wanted = {field: value for field, value in {"price_fen": 123456789, "days": 300, "quality": "合格", "statement": ""}.items() if field in OFFERS[envelope]}
    assert sealing.read_contents(plain, header).offer == wanted
