"""The national algorithms: against the standards' own examples, our vectors, and attacks on each trap."""

from __future__ import annotations

import json
import os
import random
import stat
import subprocess
import threading
from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

from bidding.envelope import gm, gm_payload, sealing, suites
from trading.base.errors import Refused

FOUND = json.loads((Path(__file__).resolve().parents[1] / "vectors" / "gm.json").read_text("utf-8"))
POINTS = json.loads((Path(__file__).resolve().parents[1] / "vectors" / "suite_attacks.json").read_text("utf-8"))["points"]
KEY, CONTEXT = bytes(range(32)), b"context"


def fixed(name: str, length: int) -> bytes:
    return b"".join(sha256(f"{name} {n}".encode()).digest() for n in range(-(-length // 32)))[:length]


def reason(work: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refusal:
        work()
    return refusal.value.reason


# --- examples of the standards ---------------------------------------------------------------------


def test_examples_of_the_standards():
    """GB/T 32905 annex A, GB/T 32918.5 annex, RFC 8998 appendix A.1."""
    assert gm.sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert gm.sm3(b"abcd" * 16).hex() == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    assert gm.OPENSSL.decrypt(gm._KNOWN_KEY, gm._KNOWN_CIPHER) == b"encryption standard"
    assert gm.OPENSSL.public_key(gm._KNOWN_KEY).hex() == (
        "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13")
    cipher = Cipher(SM4(bytes.fromhex("0123456789abcdeffedcba9876543210")), GCM(bytes.fromhex("00001234567800000000abcd"))).encryptor()
    cipher.authenticate_additional_data(bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    plain = bytes.fromhex("".join(letter * 16 for letter in "abcdefea"))
    made = cipher.update(plain) + cipher.finalize()
    assert made.hex() == ("17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
                          "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d")
    assert cipher.tag.hex() == "83de3541e4c2b58177e065a9bf7b62ec"


def test_hashes_derivation_and_keys():
    for row in FOUND["tagged"]:
        assert gm.tagged_hash(row["tag"], bytes.fromhex(row["data"])).hex() == row["hash"]
    for row in FOUND["derive"]:
        assert gm.derive(bytes.fromhex(row["material"]), bytes.fromhex(row["info"]), row["length"]).hex() == row["made"]
    suite = suites.of("gm-1")
    for row in FOUND["root"]:
        halves = [row[name] and bytes.fromhex(row[name]) for name in ("kt", "kb")]
        made = sealing.root_keys(bytes.fromhex(row["ch"]), *halves, suite)
        assert [key.hex() for key in made] == [row["payload_key"], row["blinding_key"]]
        assert sealing.blind(made[1], 1, suite).hex() == row["blind_1"]
        assert made != sealing.root_keys(bytes.fromhex(row["ch"]), *halves)
    for row in FOUND["keys"]:
        private = gm.private_key(bytes.fromhex(row["seed"]))
        assert private.hex() == row["private"] and gm.OPENSSL.public_key(private).hex() == row["public"]


def test_a_private_key_is_the_first_candidate_in_range():
    for row in FOUND["scalars"]:
        candidates = [bytes.fromhex(one) for one in row["candidates"]]
        assert gm.first_scalar(iter(candidates)) == candidates[row["taken"]]


def test_points_are_told_from_what_is_none_as_openssl_tells_them():
    dice, made = random.Random(2), [bytes.fromhex(row["point"]) for row in POINTS]
    assert [gm.is_public_key(point) for point in made] == [row["is_point"] for row in POINTS]
    good = gm.OPENSSL.public_key(KEY)
    tried = [good[:at] + bytes([good[at] ^ 1 << dice.randrange(8)]) + good[at + 1:] for at in dice.sample(range(1, 65), 8)]
    for point in [*made, good, *tried]:
        reader = gm._filled_pipe(gm._PUBLIC + point)
        found = subprocess.run(["openssl", "pkey", "-pubin", "-inform", "DER", "-pubcheck", "-noout", "-in", f"/dev/fd/{reader}"],
                               pass_fds=(reader,), capture_output=True)
        os.close(reader)
        if point[:1] == b"\x06" or len(point) > 65:
            continue  # OpenSSL reads a mixed form, which GM/T 0009 does not know, and leaves what stands behind
        assert gm.is_public_key(point) == (found.returncode == 0)


# --- SM2 ----------------------------------------------------------------------------------------------


def test_what_is_wrapped_comes_back_to_its_key_only():
    public, other = gm.OPENSSL.public_key(KEY), gm.OPENSSL.public_key(KEY[::-1])
    plain = fixed("plain", 98)
    one, two = gm.OPENSSL.wrap(public, plain), gm.OPENSSL.wrap(public, plain)
    assert one != two and gm.OPENSSL.decrypt(KEY, one) == gm.OPENSSL.decrypt(KEY, two) == plain
    assert reason(lambda: gm.OPENSSL.decrypt(KEY[::-1], one)) == "seal.wrap_damaged"
    assert gm.OPENSSL.decrypt(KEY[::-1], gm.OPENSSL.wrap(other, plain)) == plain


def test_what_openssl_reads_in_a_second_spelling_is_refused_before_it():
    """The control shows that the strict reading is needed: OpenSSL itself takes the long form."""
    wrapped = gm.OPENSSL.wrap(gm.OPENSSL.public_key(KEY), fixed("plain", 98))
    longer = b"\x30\x82\x00" + wrapped[2:]
    assert gm.OPENSSL.decrypt(KEY, longer) == fixed("plain", 98)
    assert reason(lambda: gm.check_cipher(longer, 98)) == "seal.wrap_damaged"
    gm.check_cipher(wrapped, 98)
    assert reason(lambda: gm.check_cipher(wrapped, 97)) == "seal.wrap_damaged"


def test_signatures():
    public, message = gm.OPENSSL.public_key(KEY), fixed("message", 70_000)
    signature = gm.OPENSSL.sign(KEY, message)
    assert gm.OPENSSL.verify(public, signature, message)
    for wrong in ((public, signature, message[:-1]), (public, signature[:-1], message), (public, b"", message),
                  (gm.OPENSSL.public_key(KEY[::-1]), signature, message), (public[:-1] + bytes([public[-1] ^ 1]), signature, message),
                  (public, signature[:-1] + bytes([signature[-1] ^ 1]), message)):
        assert not gm.OPENSSL.verify(*wrong)


@pytest.mark.parametrize("private", [b"", KEY[:31], KEY + b"\0"])
def test_a_private_key_of_another_length_is_refused(private):
    assert reason(lambda: gm.OPENSSL.public_key(private)) == "seal.key_length"
    assert reason(lambda: gm.OPENSSL.decrypt(private, gm._KNOWN_CIPHER)) == "seal.key_length"


def test_a_point_off_the_curve_is_not_encrypted_to():
    public = gm.OPENSSL.public_key(KEY)
    assert reason(lambda: gm.OPENSSL.wrap(public[:-1] + bytes([public[-1] ^ 1]), b"x")) == "seal.key_point"


# --- a command that cannot, and what others see of one that can ------------------------------------------


def a_command(folder: Path, script: str) -> gm.OpenSsl:
    path = folder / "openssl"
    path.write_text("#!/bin/sh\n" + script, "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return gm.OpenSsl(str(path))


@pytest.mark.parametrize("script", ["exit 1", "exit 0", "echo encryption", "cat", "kill -9 $$"])
def test_a_command_without_sm2_is_named_and_no_bidder_is_blamed(tmp_path, script):
    provider, public = a_command(tmp_path, script), gm.OPENSSL.public_key(KEY)
    for work in (lambda: provider.public_key(KEY), lambda: provider.wrap(public, b"x"), lambda: provider.decrypt(KEY, gm._KNOWN_CIPHER),
                 lambda: provider.sign(KEY, b"x"), lambda: provider.verify(public, b"x", b"x")):
        assert reason(work) == "suite.gm_unavailable"
    assert reason(lambda: gm.OpenSsl(str(tmp_path / "nothing")).public_key(KEY)) == "suite.gm_unavailable"


def test_a_command_that_breaks_later_is_not_taken_for_a_damaged_wrap(tmp_path):
    """It computed well once; when it then says no, it is asked the standard's example again."""
    provider = a_command(tmp_path, 'exec openssl "$@"')
    assert provider.decrypt(gm._KNOWN_KEY, gm._KNOWN_CIPHER) == b"encryption standard"
    assert reason(lambda: provider.decrypt(KEY, gm._KNOWN_CIPHER)) == "seal.wrap_damaged"
    a_command(tmp_path, "exit 1")
    assert reason(lambda: provider.decrypt(KEY, gm._KNOWN_CIPHER)) == "suite.gm_unavailable"


def test_no_secret_is_in_the_arguments_the_environment_or_a_file(tmp_path, monkeypatch):
    """The command writes down what a neighbour on the machine could see of it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    provider = a_command(tmp_path, f'echo "$@" >> {tmp_path}/seen; env >> {tmp_path}/seen; ls -l /proc/$$/fd >> {tmp_path}/seen\nexec openssl "$@"')
    public, plain = provider.public_key(KEY), fixed("plain", 98)
    wrapped = provider.wrap(public, plain)
    assert provider.decrypt(KEY, wrapped) == plain and provider.verify(public, provider.sign(KEY, plain), plain)
    seen = (tmp_path / "seen").read_text("utf-8").lower()
    assert "pkeyutl" in seen and "/dev/fd/" in seen
    assert not [secret for secret in (KEY, plain) if secret.hex() in seen or repr(secret)[2:-1].lower() in seen]
    assert sorted(os.listdir(tmp_path)) == ["openssl", "seen"]


def test_no_pipe_is_left_open():
    gm.OPENSSL.public_key(KEY)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        gm.OPENSSL.decrypt(KEY, gm.OPENSSL.wrap(gm.OPENSSL.public_key(KEY), b"x" * 98))
        reason(lambda: gm.OPENSSL.decrypt(KEY, b"x"))
    assert len(os.listdir("/proc/self/fd")) == before


def test_several_at_once_do_not_mix_their_keys():
    results: dict[int, bytes] = {}

    def work(number: int) -> None:
        key = fixed(f"key {number}", 32)
        results[number] = gm.OPENSSL.decrypt(key, gm.OPENSSL.wrap(gm.OPENSSL.public_key(key), fixed(str(number), 98)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: fixed(str(number), 98) for number in range(6)}


# --- the payload -----------------------------------------------------------------------------------------


def sealed(plain: bytes, slab: int = 1 << 20) -> bytes:
    encryptor = gm_payload.Sm4Encryptor(KEY, CONTEXT)
    return b"".join([*(encryptor.update(plain[at:at + slab]) for at in range(0, len(plain), slab)), encryptor.finalize()])


def opened(data: bytes, slab: int = 1 << 20, key: bytes = KEY, context: bytes = CONTEXT) -> bytes:
    decryptor = gm_payload.Sm4Decryptor(key, context)
    return b"".join([*(decryptor.update(data[at:at + slab]) for at in range(0, len(data), slab)), decryptor.finalize()])


def test_payloads_of_fixed_salt():
    fixture = FOUND["payload"]
    key, context, salt = (bytes.fromhex(fixture[name]) for name in ("key", "context", "salt"))
    for row in fixture["sealed"]:
        encryptor = gm_payload.Sm4Encryptor(key, context, salt)
        made = encryptor.update(fixed(fixture["seed"], row["length"])) + encryptor.finalize()
        assert (len(made), sha256(made).hexdigest()) == (row["bytes"], row["sha256"]) and made.startswith(b64decode(row["beginning"]))
        assert opened(made, 1000, key, context) == fixed(fixture["seed"], row["length"])


@pytest.mark.parametrize("slab", [1, 57, 16_383, 16_384, 16_400, 1 << 20])
def test_a_payload_does_not_depend_on_how_it_arrives(slab):
    for length in (0, 1, 16_383, 16_384, 16_385) if slab == 1 else (0, 16_384, 50_000, 65_536):
        plain = random.Random(length).randbytes(length)
        assert opened(sealed(plain, slab), slab) == plain


def test_spoiled_payloads_are_refused():
    """Cut, lengthened, reordered, altered, tags shortened, under another key or context."""
    good = sealed(random.Random(4).randbytes(3 * 16384 + 5))
    head, chunks = good[:56], [good[56 + at:56 + at + 16400] for at in range(0, len(good) - 56, 16400)]
    spoiled = [b"", good[:10], good[:24], good[:40], good[:56], good[:57], good[:71], good[:-1], good[:-4], good[:-21], good + b"\0", good + chunks[-1],
               good + chunks[0], head + chunks[1] + chunks[0] + b"".join(chunks[2:]), head + chunks[0] + b"".join(chunks), head + b"".join(chunks[1:]),
               head + b"".join(chunks[:-1]), head + b"".join(chunks[:2]) + chunks[3], head + chunks[0][:-4] + b"".join(chunks[1:]),
               head + b"".join(chunks[:-1]) + chunks[-1][:-12]]
    for at in (0, 23, 24, 55, 56, 16440, 16455, 16456, len(good) - 1):
        spoiled.append(good[:at] + bytes([good[at] ^ 4]) + good[at + 1:])
    for data in spoiled:
        for slab in (1000, 1 << 20):
            with pytest.raises(InvalidTag):
                opened(data, slab)
    for key, context in ((KEY[::-1], CONTEXT), (KEY, b"other"), (KEY, b"")):
        with pytest.raises(InvalidTag):
            opened(good, key=key, context=context)
    with pytest.raises(ValueError, match="32 bytes"):
        opened(good, key=KEY[:31])
    assert opened(good)


def test_a_payload_of_the_other_framing_is_not_read():
    from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor

    encryptor = Cobblestone256Encryptor(KEY, CONTEXT)
    with pytest.raises(InvalidTag):
        opened(encryptor.update(b"x" * 20_000) + encryptor.finalize())
    with pytest.raises((InvalidTag, ValueError)):
        Cobblestone256Decryptor(KEY, CONTEXT).update(sealed(b"x" * 20_000))
