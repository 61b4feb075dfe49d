"""Check a Mingtang archive pack, receipt or draw with nothing but this file and ``cryptography``.

This file stands alone: it imports no other part of the platform, so that it can be copied
into any folder, read by an outsider, and run against material that it does not trust. It
writes again, in its own way, what the platform computes; that is why it is long and one file.
Usage: ``python verify.py PACK [--log-key KEY] [--witness-key KEY ...] [--json]``.
"""

from __future__ import annotations

import argparse
import hmac
import io
import json
import re
import sys
import zipfile
import zlib
from base64 import b64decode, b64encode
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha512
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

from cryptography import x509
from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, SM3, Hash
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ED25519 = 0x01
COSIGNATURE = 0x04
ML_DSA_44 = 0x06
#: Bytes of a public key by the kind of signature (c2sp.org/signed-note, c2sp.org/tlog-cosignature).
KEY_BYTES = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}


class Invalid(Exception):
    """The material is not what it claims to be; the text says which piece and why."""


# --- bytes and documents ---------------------------------------------------------------


def tagged(tag: str, data: bytes) -> bytes:
    """SHA-256 with the protocol's domain separation (docs/protocol.md, section 1)."""
    return sha256(b"mingtang/v1/" + tag.encode() + b"\0" + data).digest()


_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def canonical(document: Any) -> bytes:
    """RFC 8785 form of a document of objects, lists, strings, whole numbers, booleans and null."""
    _refuse_uncanonical(document)
    try:
        return _ENCODE(document).encode()
    except UnicodeEncodeError:
        raise Invalid("text with half a character") from None


def _refuse_uncanonical(document: Any) -> None:
    """Only values whose canonical form is what the library writes with sorted keys.

    RFC 8785 sorts keys by UTF-16 units and the library by code points; the two differ only
    above the basic plane, and no key of ours is there.
    """
    stack = [document]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            for key in item:
                if not isinstance(key, str) or not key.isascii() and any(ord(letter) > 0xD7FF for letter in key):
                    raise Invalid("a key that the canonical form does not allow")
            stack.extend(item.values())
        elif isinstance(item, (list, tuple)):
            stack.extend(item)
        elif isinstance(item, float) or isinstance(item, int) and not -(2**53) < item < 2**53:
            raise Invalid("a number that the canonical form does not allow")
        elif item is not None and not isinstance(item, (str, int)):
            raise Invalid("a value that the canonical form does not know")


def strict_json(data: bytes) -> Any:
    """Read JSON that must be in canonical form already: no duplicate keys, floats or spare space."""
    document = loose_json(data)
    if canonical(document) != data:
        raise Invalid("JSON that is not in canonical form")
    return document


def loose_json(data: bytes) -> Any:
    """Read JSON of any spacing and order, but without duplicate keys."""
    try:
        return json.loads(data, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"not JSON: {error}") from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Invalid("JSON with a key that appears twice")
    return result


def unbase64(text: str) -> bytes:
    """Standard, padded, canonical base64 and nothing else."""
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        raise Invalid("not base64") from None
    if b64encode(data).decode() != text:
        raise Invalid("base64 that is not canonical")
    return data


def unhex(text: str, length: int = 32) -> bytes:
    """Bytes of lower-case hex figures, the only spelling that the protocol knows."""
    if not re.fullmatch(f"[0-9a-f]{{{2 * length}}}", text):
        raise Invalid(f"not {length} bytes in hex")
    return bytes.fromhex(text)


def close_marker(session: str) -> bytes:
    """The leaf that stands directly before a session's closing entry, and nowhere else.

    It hides nothing, so that whoever reads the leaves sees whether a session was closed twice.
    """
    return tagged("leaf", bytes(32) + canonical({"actor": "", "at_ms": 0, "session": session, "type": "session.closing"}))


# --- the tree (RFC 6962) ---------------------------------------------------------------


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def verify_inclusion(index: int, size: int, leaf: bytes, path: list[bytes], root: bytes) -> bool:
    """Whether a leaf hash stands at ``index`` of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or any(len(h) != 32 for h in (leaf, root, *path)):
        return False
    at, last, digest = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            digest = node_hash(sibling, digest)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            digest = node_hash(digest, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and digest == root


def verify_consistency(old: int, new: int, path: list[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether the newer tree only added leaves to the older one (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new or any(len(h) != 32 for h in path):
        return False
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path
    if not path:
        return False
    hashes = list(path)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


# --- signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature) -----------------


def raw_public_key(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_hash(name: str, kind: int, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def cosigned_message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def cosigned_message_pq(name: str, text: str, seconds: int) -> bytes:
    """What an ML-DSA-44 cosigner signs: name, time, origin, the whole tree and its root."""
    origin, size, root = parse_checkpoint(text)
    short = [part.encode() for part in (name, origin)]
    if not all(0 < len(part) < 256 for part in short):
        raise Invalid("a name of a log or witness that is too long")
    return (b"subtree/v1\n\0" + bytes([len(short[0])]) + short[0] + seconds.to_bytes(8, "big")
            + bytes([len(short[1])]) + short[1] + bytes(8) + size.to_bytes(8, "big") + root)


def parse_verifier_key(text: str) -> tuple[str, int, bytes]:
    """Read ``name+hash+base64`` and check its hash. Returns (name, type, public key)."""
    name, _, rest = text.partition("+")
    digest, _, encoded = rest.partition("+")
    material = unbase64(encoded)
    if not material or len(material) != 1 + KEY_BYTES.get(material[0], -1) \
            or key_hash(name, material[0], material[1:]).hex() != digest:
        raise Invalid(f"the verifier key of {name!r} is damaged")
    return name, material[0], material[1:]


def split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Text of a note and its signatures as (name, key hash + signature)."""
    text, separator, tail = note.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise Invalid("not a signed note")
    signatures = []
    for line in tail[:-1].split("\n"):
        words = line.split(" ")
        if len(words) != 3 or words[0] != "—":
            raise Invalid("a signature line that cannot be read")
        signatures.append((words[1], unbase64(words[2])))
    return text + "\n", signatures


def parse_checkpoint(text: str) -> tuple[str, int, bytes]:
    """(origin, size, root) of a checkpoint's text."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[1].isascii() or not lines[1].isdigit():
        raise Invalid("not a checkpoint")
    if str(int(lines[1])) != lines[1]:
        raise Invalid("a checkpoint size with leading zeros")
    root = unbase64(lines[2])
    if len(root) != 32:
        raise Invalid("a checkpoint root that is not 32 bytes long")
    return lines[0], int(lines[1]), root


def check_note(note: str, verifier_key: str) -> str:
    """Text of the note if the key signed it; raises Invalid otherwise."""
    text, signatures = split_note(note)
    name, kind, public = parse_verifier_key(verifier_key)
    for signer, blob in signatures:
        if signer == name and blob[:4] == key_hash(name, kind, public) and kind == ED25519:
            if _signed(public, blob[4:], text.encode()):
                return text
            raise Invalid(f"the signature of {name} is wrong")
    raise Invalid(f"no signature of {name}")


def cosignature_time(note: str, witness_key: str) -> int | None:
    """UTC second at which a witness cosigned the note, or None if it did not; Invalid if forged."""
    text, signatures = split_note(note)
    name, kind, public = parse_verifier_key(witness_key)
    for signer, blob in signatures:
        if signer == name and blob[:4] == key_hash(name, kind, public) and kind in (COSIGNATURE, ML_DSA_44):
            seconds = int.from_bytes(blob[4:12], "big")
            good = _signed(public, blob[12:], cosigned_message(text, seconds)) if kind == COSIGNATURE \
                else _signed_pq(public, blob[12:], cosigned_message_pq(name, text, seconds))
            if not good:
                raise Invalid(f"the cosignature of {name} is wrong")
            return seconds
    return None


def witnessed(note: str, witness_keys: Sequence[str]) -> dict[str, int]:
    """Witnesses that cosigned a checkpoint, each with the earliest second it gives.

    A witness counts once, and only when every key of it that the reader holds has signed: one that
    signs with two algorithms is not believed on the weaker one alone. Raises Invalid for a forged one.
    """
    times: dict[str, list[int | None]] = {}
    for key in witness_keys:
        times.setdefault(parse_verifier_key(key)[0], []).append(cosignature_time(note, key))
    return {name: min(second for second in found if second is not None)
            for name, found in times.items() if None not in found}


def _signed(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _signed_pq(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# --- a log that goes on under another name (docs/protocol.md, 3.1) --------------------------

#: In a pack, numbers of entries and sizes of checkpoints are so much higher for each name that the log had before.
SPAN = 1 << 40
CONTINUED = "log.continued"


def origin_at(base: str, number: int) -> str:
    """The name of a log after so many continuations."""
    return f"{base}-e{number}" if number else base


def split_origin(origin: str) -> tuple[str, int]:
    """The log's first name, and how often it was continued."""
    found = re.fullmatch("(.+)-e([1-9][0-9]{0,2})", origin)
    return (found[1], int(found[2])) if found else (origin, 0)


def key_at(verifier_key: str, number: int) -> str:
    """The same key of a log under the name that the log has after so many continuations."""
    name, kind, public = parse_verifier_key(verifier_key)
    name = origin_at(split_origin(name)[0], number)
    return f"{name}+{key_hash(name, kind, public).hex()}+{b64encode(bytes([kind]) + public).decode()}"


def check_log_note(note: str, log_key: str) -> str:
    """Text of a checkpoint that the log signed, under whichever of its names; raises Invalid otherwise."""
    own = key_at(log_key, split_origin(note.partition("\n")[0])[1])
    text = check_note(note, own)
    if parse_checkpoint(text)[0] != own.partition("+")[0]:
        raise Invalid("a checkpoint of another log")
    return text


@dataclass(frozen=True)
class Continuation:
    """That a log goes on under another name: what the witnesses had seen of it, and what was put back."""

    number: int
    seen: tuple[tuple[int, bytes], ...]
    restored: tuple[int, bytes]
    event: dict[str, Any]

    @property
    def lost(self) -> int:
        """How many entries were seen by witnesses that the database put back cannot show to hold."""
        return max(size for size, _ in self.seen) - int(self.event["kept"])

    def told(self) -> str:
        return (f"the log goes on as {self.event['origin']}: at most {self.lost} of {max(size for size, _ in self.seen)} entries were lost; "
                f"asked for by {self.event['asked_by']}, approved by {self.event['actor']}: {self.event['reason']}")


_CONTINUED = "type:text actor:text asked_by:text at_ms:int reason:text origin:text previous:text seen:list restored:object kept:int"


def read_continuation(event: dict[str, Any], log_key: str, witness_keys: Sequence[str] = (), quorum: int = 0) -> Continuation:
    """Check the first entry of a continued log: two persons, both names, the last checkpoint that a quorum had cosigned. Raises Invalid."""
    if not _is_shaped(event, _CONTINUED) or event["type"] != CONTINUED or not _is_shaped(event["restored"], "size:int root:base64") \
            or not event["seen"] or not all(isinstance(note, str) for note in event["seen"]):
        raise Invalid("the log's continuation is not in shape")
    base, number = split_origin(event["origin"])
    if number < 1 or base != split_origin(log_key.partition("+")[0])[0] or event["previous"] != origin_at(base, number - 1):
        raise Invalid("the log's continuation names other logs")
    if event["actor"] == event["asked_by"] or not event["reason"].strip():
        raise Invalid("the log's continuation was not decided by two persons for a reason")
    seen = []
    for note in event["seen"]:
        origin, size, root = parse_checkpoint(check_log_note(note, log_key))
        if origin != event["previous"]:
            raise Invalid("the log's continuation names a checkpoint of another log")
        seen.append((size, root))
    cosigned = [len(witnessed(note, witness_keys)) >= quorum for note in event["seen"]]
    if not cosigned[0] or quorum and any(good and size > seen[0][0] for good, (size, _) in zip(cosigned, seen, strict=True)):
        raise Invalid("the log's continuation does not begin with the last checkpoint that enough witnesses had cosigned")
    restored = event["restored"]["size"], unbase64(event["restored"]["root"])
    if len(restored[1]) != 32 or event["kept"] > min(restored[0], seen[0][0]):
        raise Invalid("the log's continuation says that more was kept than there was")
    return Continuation(number, tuple(seen), restored, event)


def check_continuation(document: Any, log_key: str, witness_keys: Sequence[str] = (), quorum: int = 0) -> Continuation:
    """Check an announced continuation: its event is the one leaf of the new log's first checkpoint. Raises Invalid."""
    if not _is_shaped(document, "v:int type:text event:object nonce:hex note:any") or (document["v"], document["type"]) != (1, "mingtang-continuation"):
        raise Invalid("not the announcement of a continuation")
    found = read_continuation(document["event"], log_key, witness_keys, quorum)
    origin, size, root = parse_checkpoint(check_log_note(str(document["note"]), log_key))
    leaf = tagged("leaf", unhex(document["nonce"]) + canonical(document["event"]))
    if (origin, size, root) != (found.event["origin"], 1, leaf_hash(leaf)):
        raise Invalid("the continuation is not the first entry of its log")
    return found


# --- time stamps (RFC 3161, RFC 5816) ----------------------------------------------------
# Only the fields of the standard that a checker needs; the library reads the DER.


@asn1.sequence
class TspAlgorithm:
    kind: x509.ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class TspResponse:
    status: asn1.TLV
    token: asn1.TLV


@asn1.sequence
class TspContent:
    kind: x509.ObjectIdentifier
    content: Annotated[asn1.TLV, asn1.Explicit(0)]


@asn1.sequence
class TspEncapsulated:
    kind: x509.ObjectIdentifier
    content: Annotated[bytes, asn1.Explicit(0)]


@asn1.sequence
class TspAttribute:
    kind: x509.ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class TspSigner:
    version: int
    who: asn1.TLV
    digest: TspAlgorithm
    attributes: Annotated[asn1.SetOf[TspAttribute], asn1.Implicit(0)]
    algorithm: TspAlgorithm
    signature: bytes


@asn1.sequence
class TspSignedData:
    version: int
    digests: asn1.SetOf[asn1.TLV]
    inside: TspEncapsulated
    certificates: Annotated[asn1.SetOf[asn1.TLV], asn1.Implicit(0)]
    signers: asn1.SetOf[TspSigner]


@asn1.sequence
class TspImprint:
    algorithm: TspAlgorithm
    digest: bytes


@asn1.sequence
class TspAccuracy:
    seconds: int | None
    millis: Annotated[int | None, asn1.Implicit(0)]
    micros: Annotated[int | None, asn1.Implicit(1)]


@asn1.sequence
class TspInfo:
    version: int
    policy: x509.ObjectIdentifier
    imprint: TspImprint
    serial: int
    at: asn1.GeneralizedTime
    accuracy: TspAccuracy | None
    ordering: Annotated[bool, asn1.Default(False)]
    nonce: int | None


@asn1.sequence
class TspCertificateId:
    algorithm: TspAlgorithm | None
    digest: bytes
    issued: asn1.TLV


@asn1.sequence
class TspBareCertificateId:
    algorithm: TspAlgorithm | None
    digest: bytes


@asn1.sequence
class TspSigningCertificate:
    certificates: list[asn1.TLV]


SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
SHA_256 = "2.16.840.1.101.3.4.2.1"
_HASHES: dict[str, Any] = {SHA_256: SHA256(), "2.16.840.1.101.3.4.2.2": SHA384(), "2.16.840.1.101.3.4.2.3": SHA512()}


_RSA, _EC = "1.2.840.113549.1.1.", "1.2.840.10045.4.3."
#: Algorithms of a stamp's signature: the kind of key, and the hash where the name says it.
_SIGNATURES: dict[str, tuple[Any, Any]] = {
    f"{_RSA}1": (RSAPublicKey, None), f"{_RSA}11": (RSAPublicKey, SHA256()), f"{_RSA}12": (RSAPublicKey, SHA384()), f"{_RSA}13": (RSAPublicKey, SHA512()),
    f"{_EC}2": (EllipticCurvePublicKey, SHA256()), f"{_EC}3": (EllipticCurvePublicKey, SHA384()), f"{_EC}4": (EllipticCurvePublicKey, SHA512())}


def _is_der(data: bytes) -> bool:
    """Whether bytes are DER throughout, each length as short as it can be: no reader finds an end where the next does not."""
    at = 0
    while at < len(data):
        if len(data) - at < 2 or data[at] & 0x1F == 0x1F:
            return False
        size, start = data[at + 1], at + 2
        if size >= 0x80:
            count, start = size & 0x7F, start + (size & 0x7F)
            size = int.from_bytes(data[at + 2:start], "big")
            if not 0 < count <= 4 or size < 0x80 or size >> 8 * (count - 1) == 0:
                return False
        if start + size > len(data) or data[at] & 0x20 and not _is_der(data[start:start + size]):
            return False
        at = start + size
    return True


def _is_granted(status: bytes) -> bool:
    """Whether a PKIStatusInfo begins with granted (0) or grantedWithMods (1)."""
    start = 2 if status[1] < 0x80 else 2 + (status[1] & 0x7F)
    return status[0] == 0x30 and status[start:start + 3] in (b"\2\1\0", b"\2\1\1")


@dataclass(frozen=True)
class Stamp:
    """When an authority saw some bytes, and the SHA-256 of the root certificate that it leads to."""

    at: datetime
    root: str


def check_stamp(response: bytes, data: bytes, roots: Sequence[x509.Certificate], nonce: int | None = None) -> Stamp:
    """When a time-stamping authority saw ``data``: the response's signature, imprint and chain hold.

    ``nonce`` is the question's, when the answer has just come. The chain is checked at the time that the stamp states, so that it holds after the certificate
    ran out. ``roots`` are the reader's. Raises Invalid. Source: RFC 3161 2.4.2, RFC 5816.
    """
    try:
        return _check_stamp(response, data, roots, nonce)
    except Invalid:
        raise
    except Exception as error:  # hostile bytes: the library has many ways to say no
        raise Invalid(f"the time stamp cannot be read: {type(error).__name__}") from None


def _check_stamp(response: bytes, data: bytes, roots: Sequence[x509.Certificate], nonce: int | None) -> Stamp:
    answer = asn1.decode_der(TspResponse, response)
    if not _is_der(response) or not _is_granted(asn1.encode_der(answer.status)):
        raise Invalid("a time stamp that was not granted or is not in DER")
    content = answer.token.parse(TspContent)
    signed = content.content.parse(TspSignedData)
    if (content.kind.dotted_string, signed.inside.kind.dotted_string) != (SIGNED_DATA, TST_INFO):
        raise Invalid("not a time stamp")
    if len(signed.signers.as_list()) != 1:
        raise Invalid("a time stamp with several signers")
    info = asn1.decode_der(TspInfo, signed.inside.content)
    if info.imprint.algorithm.kind.dotted_string != SHA_256 or info.imprint.digest != sha256(data).digest():
        raise Invalid("the time stamp is of something else")
    if nonce is not None and info.nonce != nonce:
        raise Invalid("the time stamp answers another question")
    at = info.at.as_datetime()
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    signer = signed.signers.as_list()[0]
    attributes = {item.kind.dotted_string: item.values.as_list() for item in signer.attributes.as_list()}
    hashing = _HASHES[signer.digest.kind.dotted_string]
    if attributes[MESSAGE_DIGEST][0].parse(bytes) != _digest(hashing, signed.inside.content) \
            or attributes[CONTENT_TYPE][0].parse(x509.ObjectIdentifier).dotted_string != TST_INFO:
        raise Invalid("the time stamp's attributes are of something else")
    given = [x509.load_der_x509_certificate(asn1.encode_der(item)) for item in signed.certificates.as_list()]
    named = _named_certificate(attributes[SIGNING_CERTIFICATE][0])
    own = next((item for item in given if item.fingerprint(SHA256()) == named), None)
    if own is None:
        raise Invalid("the time stamp does not name its certificate")
    # A set, not the implicit tag that the structure gives it (RFC 5652, 5.4).
    message = asn1.encode_der(signer.attributes)
    public = own.public_key()
    kind, own_hash = _SIGNATURES.get(signer.algorithm.kind.dotted_string, (None, None))
    if kind is None or not isinstance(public, kind):
        raise Invalid("a time stamp signed with a key of another kind")
    try:
        if isinstance(public, RSAPublicKey):
            public.verify(signer.signature, message, PKCS1v15(), own_hash or hashing)
        elif isinstance(public, EllipticCurvePublicKey):
            public.verify(signer.signature, message, ECDSA(own_hash or hashing))
    except InvalidSignature:
        raise Invalid("the time stamp's signature is wrong") from None
    return Stamp(at, _check_chain(own, given, roots, at).hex())


def _named_certificate(attribute: asn1.TLV) -> bytes:
    """SHA-256 of the certificate that signed, from the attribute SigningCertificateV2 (RFC 5816)."""
    first = attribute.parse(TspSigningCertificate).certificates[0]
    for shape in (TspCertificateId, TspBareCertificateId):
        try:
            found = first.parse(shape)
        except ValueError:
            continue
        if found.algorithm is None or found.algorithm.kind.dotted_string == SHA_256:
            return bytes(found.digest)
    raise Invalid("the time stamp does not name its certificate")


def _check_chain(own: x509.Certificate, given: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], at: datetime) -> bytes:
    usage = own.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if not usage.critical or list(usage.value) != [x509.ExtendedKeyUsageOID.TIME_STAMPING]:
        raise Invalid("the time stamp's certificate is not for time stamps")
    here, known = own, {item.fingerprint(SHA256()) for item in roots}
    for _ in range(5):
        if not here.not_valid_before_utc <= at <= here.not_valid_after_utc:
            raise Invalid("a certificate of the time stamp was not valid at its time")
        if here.fingerprint(SHA256()) in known:
            return here.fingerprint(SHA256())
        above = next((item for item in [*roots, *given] if item != here and _issued(item, here)), None)
        if above is None:
            break
        here = above
    raise Invalid("the time stamp's certificate leads to no authority that is trusted")


def _issued(above: x509.Certificate, below: x509.Certificate) -> bool:
    try:
        below.verify_directly_issued_by(above)
        return bool(above.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False


def _digest(algorithm: Any, data: bytes) -> bytes:
    hasher = Hash(algorithm)
    hasher.update(data)
    return hasher.finalize()


# --- suites (docs/protocol.md, 2.10) --------------------------------------------------------


class _Suite:
    """The hash, derivation and payload of one suite; the wraps are not needed, for shares lie open in the pack."""

    def __init__(self, name: str) -> None:
        if name not in ("intl-1", "gm-1", "gm-hybrid"):
            raise Invalid(f"the suite {name!r} is not known")
        self._is_gm = name != "intl-1"

    def tagged(self, tag: str, data: bytes) -> bytes:
        return _digest(SM3(), b"mingtang/v1/" + tag.encode() + b"\0" + data) if self._is_gm else tagged(tag, data)

    def derive(self, material: bytes, info: bytes) -> bytes:
        """64 bytes; shorter derivations are their beginning."""
        return HKDF(SM3() if self._is_gm else SHA512(), 64, None, info).derive(material)

    def decrypt(self, key: bytes, context: bytes, parts: list[bytes]) -> bytes:
        if not self._is_gm:
            decryptor = Cobblestone256Decryptor(key, context)
            return b"".join([*(decryptor.update(part) for part in parts), decryptor.finalize()])
        sealed = b"".join(parts)
        salt, commitment, chunks = sealed[:24], sealed[24:56], sealed[56:]
        info = b"mingtang/v1/chunked-encryption+HKDF_SM3+AEAD_SM4_GCM\0" + salt + context
        made = HKDFExpand(SM3(), 60, info).derive(key)
        if len(chunks) % 16_400 < 16 or not hmac.compare_digest(made[28:], commitment):
            raise InvalidTag
        base, plain = int.from_bytes(made[16:28], "big"), []
        for number in range(len(chunks) // 16_400 + 1):
            chunk = chunks[number * 16_400:(number + 1) * 16_400]
            cipher = Cipher(SM4(made[:16]), GCM((base ^ number).to_bytes(12, "big"), chunk[-16:])).decryptor()
            plain.append(cipher.update(chunk[:-16]) + cipher.finalize())
        return b"".join(plain)


# --- shapes of sealed documents (docs/protocol.md, 2.2 to 2.5) ------------------------------

PART_BYTES = 8 * 1024 * 1024
_SESSION = """v:int suite:text tender:text lot:text envelope:text nonce:hex deadline:int open_not_before:int bidder_window_s:int
    policy:text k:int trustees:list log_origin:text witnesses:list tsa:list max_bytes:int seal_tool_sha256:text"""
_TRUSTEE = "i:int org:text kem_pk:base64 sig_key:base64 cert_sha256:text pre_key:int pre_key_sig:base64"
_AMENDMENT = "v:int session:hex previous:hex deadline:int open_not_before:int"
_HEADER = "v:int ctx:object policy:text k:int shares:list kt_commit:text kb_commit:text payload:object"
_CONTEXT = "session:hex tender:text lot:text envelope:text bidder:text deadline:int suite:text nonce:hex"
_SHARE = "i:int wrap:base64 commit:hex"
_PAYLOAD = "len:int parts:list"
_RELEASES = "session:hex trustee:int released_at:int releases:list"
_RELEASE = "digest:hex p:base64 fault:text"
_MANIFEST = "v:int lot:text bidder:text offer:object files:list"
_FILE = "name:text bytes:int sha256:hex"
_TRANSCRIPT = {"v", "params", "pool", "pool_root", "contributions", "beacon", "seed", "declines", "result"}
_PARAMS = "v:int draw:text lot:text strata:list employer_cap:int reserve:int substitute_rule:text frozen_at:int seal_tool_sha256:text"
_STRATUM = "id:text count:int regions:list specs:list"
_ROW = "eid:base64 w:int regions:list specs:list employer:text"
_OFFERS = {"draw": "value:hex", "technical": "days:int quality:text statement:text", "price": "price_fen:int", "reserve": "price_fen:int"}
_OFFER = "price_fen:int days:int quality:text statement:text"
_ENVELOPE = re.compile(r"bid|technical|price|reserve|offer-[1-9][0-9]{0,2}|draw(-[a-z]{1,14})?")
_KEY_LENGTHS = {"intl-1": 1216, "gm-1": 65, "gm-hybrid": 1281}
_UNSAFE = re.compile("[/\\\\\0-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
#: The curve of GB/T 32918.5: its prime and b; a is the prime less 3.
_SM2_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_SM2_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93


def _is_base64(value: Any) -> bool:
    try:
        return len(value) <= 8000 and unbase64(value) is not None
    except (Invalid, TypeError):
        return False


_TYPES: dict[str, Any] = {
    "int": lambda value: type(value) is int and 0 <= value < 2**53,
    "text": lambda value: isinstance(value, str) and len(value) <= 2000,
    "hex": lambda value: isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None,
    "base64": _is_base64, "list": lambda value: isinstance(value, list), "object": lambda value: isinstance(value, dict), "any": lambda _: True}


def _is_shaped(document: Any, fields: str, more: bool = False) -> bool:
    """Whether a document has exactly these fields, each of its type; with ``more`` it may have others too."""
    wanted = dict(field.split(":") for field in fields.split())
    return isinstance(document, dict) and (document.keys() == wanted.keys() or more and document.keys() >= wanted.keys()) and all(
        _TYPES[kind](document[name]) for name, kind in wanted.items())


def _is_transcript(document: Any) -> bool:
    """Whether a draw's transcript says all that drawing again needs (docs/protocol.md, 4)."""
    if not isinstance(document, dict) or not document.keys() >= _TRANSCRIPT or document["v"] != 1 or not isinstance(document["pool"], list):
        return False
    params = document["params"]
    return (_is_shaped(params, _PARAMS, more=True) and (params["v"], params["substitute_rule"]) == (1, "next-ticket")
            and all(_is_shaped(item, _STRATUM, more=True) for item in params["strata"])
            and all(_is_shaped(item, _ROW, more=True) and item["w"] > 0 for item in document["pool"])
            and all(_is_shaped(item, "id:text value:base64", more=True) for item in document["contributions"])
            and all(_is_shaped(item, "eid:base64 stratum:text reason:text", more=True) for item in document["declines"]))


def _is_key(suite: str, key: bytes) -> bool:
    """Whether a key holder's public key has its suite's length and its point, if any, is on the curve."""
    if len(key) != _KEY_LENGTHS[suite] or suite == "intl-1":
        return len(key) == _KEY_LENGTHS[suite]
    x, y = int.from_bytes(key[-64:-32], "big"), int.from_bytes(key[-32:], "big")
    return key[-65] == 4 and max(x, y) < _SM2_P and (y * y - x**3 + 3 * x - _SM2_B) % _SM2_P == 0


def _session_fault(session: dict[str, Any]) -> str:
    """Why a document is no session, or nothing: a centre that signs what it likes could deal all shares to one holder."""
    if not _is_shaped(session, _SESSION) or not all(_is_shaped(item, _TRUSTEE) for item in session["trustees"]) \
            or not all(isinstance(item, str) for item in session["witnesses"]) or not all(map(_TYPES["text"], session["tsa"])):
        return "not the shape of a session"
    suite, policy, k, trustees = session["suite"], session["policy"], session["k"], session["trustees"]
    if session["v"] != 1 or suite not in _KEY_LENGTHS or policy not in ("TB", "T", "B") or not _ENVELOPE.fullmatch(session["envelope"]):
        return "an unknown version, suite, policy or envelope"
    if not (k == len(trustees) == 0 if policy == "B" else len(trustees) < 2 * k and k <= len(trustees) <= 15) \
            or [item["i"] for item in trustees] != list(range(1, len(trustees) + 1)) or len({item["org"] for item in trustees}) != len(trustees):
        return "not a set of key holders that the protocol allows"
    if session["deadline"] > session["open_not_before"]:
        return "it opens before its deadline"
    return "" if all(_is_key(suite, unbase64(item["kem_pk"])) for item in trustees) else "a key of another suite"


def _header_fault(header: Any, session: dict[str, Any]) -> str:
    """Why a header is none of this session, or nothing (docs/protocol.md, 2.5)."""
    if not _is_shaped(header, _HEADER) or not _is_shaped(header["ctx"], _CONTEXT) or not _is_shaped(header["payload"], _PAYLOAD) \
            or not all(_is_shaped(share, _SHARE) for share in header["shares"]):
        return "not the shape of a header"
    ctx, policy, payload = header["ctx"], header["policy"], header["payload"]
    if (header["v"], ctx["suite"], policy, header["k"]) != (1, session["suite"], session["policy"], session["k"]):
        return "sealed by other rules than its session's"
    if [share["i"] for share in header["shares"]] != list(range(1, len(session["trustees"]) + 1)):
        return "its shares are not those of the session's key holders"
    if any(ctx[name] != session[name] for name in ("tender", "lot", "envelope", "deadline")):
        return "of another session"
    for name, without in (("kt_commit", "B"), ("kb_commit", "T")):
        if not (header[name] == "" if policy == without else _TYPES["hex"](header[name])):
            return "its commitments are not those of its policy"
    if not 0 < payload["len"] <= session["max_bytes"] or len(payload["parts"]) != -(-payload["len"] // PART_BYTES) \
            or not all(map(_TYPES["hex"], payload["parts"])):
        return "its payload is too large or cut otherwise"
    return ""


def _is_release(piece: Any) -> bool:
    body = piece.get("body") if isinstance(piece, dict) and "sig" in piece else None
    return _is_shaped(body, _RELEASES) and isinstance(piece["sig"], str) and all(_is_shaped(item, _RELEASE) for item in body["releases"])


def _is_manifest(manifest: Any, ctx: dict[str, Any]) -> bool:
    """Whether a manifest has the shape of its envelope's and only names that lead nowhere else."""
    if not _is_shaped(manifest, _MANIFEST) or manifest["v"] != 1 or not all(_is_shaped(item, _FILE) for item in manifest["files"]):
        return False
    names = [item["name"] for item in manifest["files"]]
    return _is_shaped(manifest["offer"], _OFFERS.get(ctx["envelope"].split("-")[0], _OFFER)) and len(set(names)) == len(names) and not any(
        name in ("", ".", "..", "manifest.json", ".padding") or len(name.encode()) > 180 or _UNSAFE.search(name) for name in names)


# --- a live sale, gone through again (docs/protocol.md, 6) ---------------------------------

REGISTRATION, BIDS, ROOM, PADDLES = "05-registration/registration.json", "20-auction/bids.json", "20-auction/room.jsonl", "20-auction/paddles.json"
CONFIRMATION = "40-award/confirmation-"
_APPLICATION = "v:int lot:text bidder:text public:hex partners:list"
_CONFIRMATION = """v:int type:text lot:text object:text seller:text buyer:text name:text paddle:text price_fen:int housing:int
    deposit_fen:int at_ms:int"""
#: Acts that stay sealed until the deal, and no lines of the room.
SEALED_ACTS = ("auction.applied", "auction.admitted", "auction.consented", "auction.key_renewed")
#: What the log says of an act and the room does not.
UNTOLD = ("type", "actor", "at_ms", "lot", "project", "seq", "key", "signature", "host")
#: What the log says beside how a tie was decided: where the draw or the committee's minutes stand.
TIE_PROOF = ("draw", "transcript", "decision", "minutes")


def _moment_ms(text: str) -> int:
    """UTC milliseconds of a moment with its offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise Invalid(f"{text}: a moment without an offset")
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _signature(text: str, is_base64: bool = False) -> bytes:
    return unbase64(text) if is_base64 else unhex(text, 64)


def _signed_by_one(keys: Sequence[bytes], signature: str, tag: str, document: dict[str, Any]) -> bool:
    message = b"mingtang/v1/" + tag.encode() + b"\0" + canonical(document)
    return re.fullmatch("[0-9a-f]{128}", signature) is not None and any(_signed(key, bytes.fromhex(signature), message) for key in keys)


@dataclass(frozen=True)
class SaleMode:
    """A way of bidding: the phases before a ceiling, in order, and how long each lasts (milliseconds)."""

    phases: tuple[str, ...]
    confirm_ms: int = 300_000
    free_ms: int = 3_600_000
    window_ms: int = 300_000
    is_extended: bool = False
    full_step_first: bool = True
    multiples: bool = False
    needs_offer: bool = False
    fall_ms: int = 0


_LISTING = ("offers", "question", "timed")
MODES = {
    "listing": SaleMode(_LISTING, needs_offer=True), "listing-4": SaleMode(_LISTING, confirm_ms=240_000, window_ms=240_000, needs_offer=True),
    "listing-open": SaleMode(_LISTING, full_step_first=False), "listing-only": SaleMode(("offers",)), "auction": SaleMode(("free", "timed")),
    "auction-extend": SaleMode(("free", "timed"), free_ms=1_800_000, window_ms=120_000, is_extended=True, multiples=True),
    "on-site": SaleMode(("calls",)), "falling": SaleMode(("falling",), fall_ms=60_000), "rounds": SaleMode(("round",), window_ms=1_800_000)}


class LiveRoom:
    """What a room stands at after each of its lines. ``step`` refuses a line that does not follow from those before."""

    def __init__(self, terms: dict[str, Any], is_reserve_missing: bool = False) -> None:
        self.terms, self.mode, self.is_reserve_missing = terms, MODES[terms["mode"]], is_reserve_missing
        self.phase, self.leader, self.last_phase = "waiting", "", ""
        self.price: int | None = None
        self.ends_at: int | None = None
        self.left_ms: int | None = None
        self.paused_at: int | None = None
        self.number = self.calls = self.housing = self.fell_from = self.as_of = 0
        self.offered: set[str] = set()
        self.joined: set[str] = set()
        self.agreed: list[str] = []
        self.over = False
        # Sealed offers in rounds: which this is, the session of each, and what was told when each was open.
        self.round = 0
        self.sessions: dict[int, str] = {}
        self.told: list[dict[str, Any]] = []

    def step(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """Take one line; what the room shows after it, or nothing where that follows from no rule."""
        kind, at = event["type"].partition(".")[2], event["at_ms"]
        if not _TYPES["int"](at) or self.over and kind not in ("settled", "failed"):
            raise Invalid("it comes after the end, or at no moment")
        if kind == "ended" and self.is_reserve_missing:
            self.phase, self.over = "ended", True
            return None
        acts = {"phase": self._pass, "ended": self._pass, "bid": self._bid, "joined": self._join, "called": self._call, "paused": self._pause,
                "held": self._pause, "resumed": self._resume, "released": self._resume, "tie_begun": self._begin_tie, "tie_decided": self._decide_tie,
                "round_begun": self._begin_round, "round_closed": self._close_round}
        # What time did stands at its own moment, however late it was looked for; what people do comes after all that.
        if kind not in ("phase", "ended", "resumed", "released", "resuming", "settled", "failed") and at < self.as_of:
            raise Invalid("it is dated before the line before it")
        self.as_of = max(self.as_of, at)
        if kind in acts:
            acts[kind](event, at)
        elif kind not in ("resuming", "settled", "failed") or not (self.paused_at is not None if kind == "resuming" else self.over):
            raise Invalid("it is out of place")
        return None if self.is_reserve_missing else self.shown()

    def shown(self) -> dict[str, Any]:
        rounds = {"round": self.round} if "round" in self.mode.phases else {}
        return rounds | {"phase": self.phase, "price_fen": self.price, "leader": self.leader, "number": self.number, "ends_at": self.ends_at,
                "least_fen": self._least() if self.phase in ("waiting", "offers", "free", "timed", "calls", "round", "opening") else None,
                "paused": self.paused_at is not None, "left_ms": self.left_ms, "calls": self.calls, "joined": len(self.joined),
                "agreed": len(self.agreed), "housing": self.housing, "fell_from": self.fell_from}

    # What time does.

    def _pass(self, event: dict[str, Any], at: int) -> None:
        """A phase ends at its end and another begins, or the bidding is over."""
        if self.phase != "ended":
            if self.paused_at is not None or at != (self.terms["opens_at"] if self.phase == "waiting" else self.ends_at):
                raise Invalid("the phase before it was not over")
            self._follow(at)
        if (event["phase"], event["ends_at"]) != (self.phase, self.ends_at) or (event["type"] == "auction.ended") != (self.phase == "ended") or self.phase == "ended" and at != self.ends_at:
            raise Invalid("another phase follows, or with another end")
        self.over = self.phase == "ended"

    def _follow(self, at: int) -> None:
        phases = self.mode.phases
        if self.phase == "waiting":
            self._begin(phases[0], at)
        elif self.phase == "round":
            self.phase, self.ends_at = "opening", None
        elif self.phase == "agreeing":
            if len(self.agreed) == 1:
                self.phase = "ended"
            elif self.terms["after_ceiling"] == "housing":
                self._begin("housing", at)
            else:
                self.phase, self.leader, self.ends_at = "tied", "", None
        else:
            later = phases[phases.index(self.phase) + 1:] if self.phase in phases else ()
            is_alone = self.phase == "question" and not self.joined - {self.leader}
            if not later or is_alone or self.phase == "offers" and self.price is None:
                self.phase = "ended"
            else:
                self._begin(later[0], at)

    def _begin(self, phase: str, at: int) -> None:
        lasts = {"question": self.mode.confirm_ms, "free": self.mode.free_ms, "timed": self.mode.window_ms, "housing": self.mode.window_ms}
        self.phase, self.fell_from = phase, at
        if phase == "offers":
            self.ends_at = self.terms["listing_ends_at"]
        elif phase == "falling":
            steps = -(-(self.terms["start_fen"] - self.terms["floor_fen"]) // self.terms["step_fen"])
            self.ends_at = at + (steps + 1) * self.mode.fall_ms
        elif phase == "round":
            self.round, self.ends_at = self.round + 1, -(-self._running(at, self.mode.window_ms) // 60_000) * 60_000
        else:
            self.ends_at = self._running(at, lasts[phase]) if phase in lasts else None

    def _running(self, begins: int, length: int) -> int:
        """When a clock of that length ends that stands still in the breaks."""
        ends = begins + length
        for start, until in sorted(self.terms["breaks"]):
            if until > begins and max(start, begins) < ends:
                ends += until - max(start, begins)
        return ends

    def _pause(self, event: dict[str, Any], at: int) -> None:
        if self.paused_at is not None or self.phase == "ended" or self.ends_at is not None and at >= self.ends_at:
            raise Invalid("the clock did not run")
        self.paused_at = at
        if self.ends_at is not None:
            still = sum(max(0, min(until, self.ends_at) - max(start, at)) for start, until in self.terms["breaks"])
            self.left_ms = max(0, self.ends_at - at - still)

    def _resume(self, event: dict[str, Any], at: int) -> None:
        if self.paused_at is None or at < self.paused_at:
            raise Invalid("the clock did not stand still")
        self.ends_at = None if self.left_ms is None else self._running(at, self.left_ms)
        if self.ends_at is not None and self.phase == "round":
            self.ends_at = -(-self.ends_at // 1000) * 1000
        self.fell_from += at - self.paused_at
        self.paused_at = self.left_ms = None

    # What ends a tie. Whether draw, offers or minutes give this winner is looked at with the deal.

    def _begin_tie(self, event: dict[str, Any], at: int) -> None:
        if self.phase != "tied" or self.paused_at is not None or event["how"] != self.terms["after_ceiling"]:
            raise Invalid("there is no tie that is decided so")

    def _decide_tie(self, event: dict[str, Any], at: int) -> None:
        self._begin_tie(event, at)
        fen, least = event["price_fen"], self.price or 0
        if event["winner"] not in self.agreed or not _TYPES["int"](fen) or fen < least or fen > least and event["how"] != "single":
            raise Invalid("the tie is decided for nobody who agreed, or at another price")
        self.phase, self.leader, self.price, self.ends_at = "ended", event["winner"], fen, self.as_of

    # Rounds of sealed offers. Whether the offers are those that were opened is looked at with the outcome.

    def _begin_round(self, event: dict[str, Any], at: int) -> None:
        if self.phase != "round" or self.paused_at is not None or (event["number"], event["deadline"]) != (self.round, self.ends_at) or self.round in self.sessions:
            raise Invalid("no such round begins")
        self.sessions[self.round] = event["session"]

    def _close_round(self, event: dict[str, Any], at: int) -> None:
        offers = event["offers"]
        if self.phase != "opening" or self.paused_at is not None or event["number"] != self.round or not isinstance(event["again"], bool) or not isinstance(
                offers, list) or not all(isinstance(offer, list) and len(offer) == 2 and isinstance(offer[0], str) and _TYPES["int"](offer[1]) for offer in offers):
            raise Invalid("no such round was open")
        self.told.append(event)
        counting = [(paddle, fen) for paddle, fen in offers if fen >= self._least()]
        if event["again"]:
            self._begin("round", at)
        elif counting:
            self.leader, self.price = max(counting, key=lambda offer: offer[1])
            self.number += len(counting)
            self._begin("round", at)
        else:
            self.phase, self.ends_at = "ended", at

    # What people do.

    def _require_running(self, at: int) -> None:
        if self.paused_at is not None or self.phase in ("waiting", "ended", "tied", "round", "opening") or self.ends_at is not None and at >= self.ends_at \
                or any(start <= at < until for start, until in self.terms["breaks"]):
            raise Invalid("nothing could be done at that moment")

    def _join(self, event: dict[str, Any], at: int) -> None:
        self._require_running(at)
        if self.phase != "question" or self.mode.needs_offer and event["paddle"] not in self.offered:
            raise Invalid("nobody was asked, or not this one")
        self.joined.add(event["paddle"])

    def _call(self, event: dict[str, Any], at: int) -> None:
        self._require_running(at)
        self.calls += 1
        if self.phase != "calls" or event["calls"] != self.calls:
            raise Invalid("no such call")
        if self.calls == 3:
            self.phase, self.ends_at = "ended", at

    def _least(self) -> int:
        if self.price is None:
            return int(self.terms["start_fen"])
        if self.phase == "timed" and self.last_phase != "timed" and not self.mode.full_step_first:
            return self.price + (self.terms["step_fen"] if self.mode.multiples else 1)
        return int(self.price + self.terms["step_fen"])

    def _bid(self, event: dict[str, Any], at: int) -> None:
        self._require_running(at)
        paddle, fen, phase, terms = event["paddle"], event["fen"], self.phase, self.terms
        if not _TYPES["int"](fen) or (event["number"], event["phase"]) != (self.number + 1, phase) or event.get("by_host", False) and phase != "calls":
            raise Invalid(f"bid {event['number']} has another number, or is of another phase")
        if not self._counts(paddle, fen, at):
            raise Invalid(f"bid {event['number']} does not count under the terms")
        self.number, self.last_phase = self.number + 1, phase
        if phase == "agreeing":
            self.agreed.append(paddle)
        elif phase == "housing":
            self.housing, self.leader = fen, paddle
            self.ends_at = max(self.ends_at or 0, self._running(at, self.mode.window_ms))
        else:
            self.price, self.leader, self.calls = fen, paddle, 0
            self.offered.add(paddle)
            if phase == "falling":
                self.phase, self.ends_at, self.calls = "ended", at, 0
            elif fen == terms["ceiling_fen"]:
                self.phase, self.agreed = "agreeing", [paddle]
                self.ends_at = max(self._running(at, self.mode.confirm_ms), terms["listing_ends_at"] if phase == "offers" else 0)
            elif phase == "timed" and self.ends_at is not None:
                self.ends_at = max(self.ends_at, self._running(self.ends_at if self.mode.is_extended else at, self.mode.window_ms))

    def _counts(self, paddle: str, fen: int, at: int) -> bool:
        """Whether the terms admit an amount now."""
        terms, ceiling = self.terms, self.terms["ceiling_fen"]
        if self.phase == "falling":
            steps = max(0, at - self.fell_from) // self.mode.fall_ms
            return fen == max(int(terms["floor_fen"]), terms["start_fen"] - steps * terms["step_fen"])
        if self.phase == "agreeing":
            return fen == ceiling and paddle not in self.agreed
        if self.phase == "housing":
            return paddle in self.agreed and fen >= self.housing + terms["housing_step"] and fen % terms["housing_step"] == 0
        if self.phase == "question" or self.phase == "timed" and "question" in self.mode.phases and paddle not in self.joined:
            return False
        return (ceiling is None or fen <= ceiling) and (fen >= self._least() or fen == ceiling) and (self.price is None or fen > self.price) \
            and not (self.mode.multiples and (fen - terms["start_fen"]) % terms["step_fen"])


# --- reading a pack ----------------------------------------------------------------------


class Pack:
    """The files of a pack, from a folder or a ZIP file; odd names and links are refused."""

    def __init__(self, path: Path) -> None:
        self._zip: zipfile.ZipFile | None = None
        self._hashes: dict[str, dict[str, str]] = {}
        self._documents: dict[str, Any] = {}
        if path.is_dir():
            if any(item.is_symlink() for item in path.rglob("*")):
                raise Invalid("the pack holds a symbolic link")
            self._root = path
            self.names = sorted(str(item.relative_to(path)) for item in path.rglob("*") if item.is_file())
        else:
            try:
                self._zip = zipfile.ZipFile(path)
            except (OSError, zipfile.BadZipFile) as error:
                raise Invalid(f"the pack cannot be read: {error}") from None
            for entry in self._zip.infolist():
                if entry.external_attr >> 28 == 0xA or entry.flag_bits & 1:
                    raise Invalid(f"{entry.filename}: a link or an encrypted entry")
            self.names = sorted(entry.filename for entry in self._zip.infolist() if not entry.is_dir())
        if len(set(self.names)) != len(self.names):
            raise Invalid("a name that appears twice")
        for name in self.names:
            if name.startswith("/") or ".." in name.split("/") or "\\" in name or "\0" in name:
                raise Invalid(f"{name!r}: a name that leaves the pack")

    def open(self, name: str) -> Any:
        try:
            return self._zip.open(name) if self._zip else (self._root / name).open("rb")
        except (KeyError, OSError):
            raise Invalid(f"{name}: missing") from None

    def read(self, name: str) -> bytes:
        try:
            with self.open(name) as source:
                return bytes(source.read())
        except (zipfile.BadZipFile, OSError, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
            raise Invalid(f"{name}: {error}") from None

    def json(self, name: str) -> Any:
        """A document of the pack, read once; whoever asks must not change it."""
        if name not in self._documents:
            try:
                self._documents[name] = strict_json(self.read(f"data/{name}"))
            except Invalid as error:
                raise Invalid(f"data/{name}: {error}") from None
        return self._documents[name]

    def under(self, prefix: str) -> list[str]:
        """Payload names with a prefix, without ``data/``."""
        found, at = [], bisect_left(self.names, f"data/{prefix}")
        while at < len(self.names) and self.names[at].startswith(f"data/{prefix}"):
            found.append(self.names[at][5:])
            at += 1
        return found

    def hashes(self, name: str) -> dict[str, str]:
        """Both hashes of a file of the pack, read once."""
        if name not in self._hashes:
            self._hashes[name] = self._read_hashes(name)
        return self._hashes[name]

    def hash_all(self) -> None:
        """Hash every file, two at a time; what cannot be read is told when it is asked for."""
        def one(name: str) -> None:
            with suppress(Invalid):
                self.hashes(name)

        with ThreadPoolExecutor(2) as pool:
            for _ in pool.map(one, self.names):
                pass

    def _read_hashes(self, name: str) -> dict[str, str]:
        digests = {"sha256": sha256(), "sha512": sha512()}
        try:
            with self.open(name) as source:
                while chunk := source.read(1 << 20):
                    for digest in digests.values():
                        digest.update(chunk)
        except (zipfile.BadZipFile, OSError, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
            raise Invalid(f"{name}: {error}") from None
        return {kind: digest.hexdigest() for kind, digest in digests.items()}


# --- the eleven checks --------------------------------------------------------------------


class Verifier:
    """Runs every check of docs/protocol.md, section 5, over one pack.

    ``log_key`` and ``witness_keys`` are the reader's own; without them the pack's are used
    and the report says that the keys were not compared with anything outside.
    """

    CHECKS = (
        (1, "bag", "清单完整，无多余文件"), (2, "documents", "文件为规范 JSON"), (3, "sessions", "会话与变更签名"),
        (4, "bids", "投标签名、在案、截止前"), (5, "checkpoints", "检查点与见证"), (6, "consistency", "检查点一致"),
        (7, "timestamps", "时间戳"), (8, "opening", "重放开标"), (9, "draw", "重放专家抽取"),
        (10, "award", "评标与定标文件"), (11, "evidence", "证据链"))

    def __init__(self, pack: Pack, log_key: str = "", witness_keys: Sequence[str] = (), quorum: int = 1,
                 centre_key: str = "", tsa_roots: Sequence[x509.Certificate] = ()) -> None:
        self.pack, self.quorum, self.tsa_roots = pack, quorum, list(tsa_roots)
        # Both keys of the log may be given, the second (ML-DSA-44) after a comma.
        self.log_key, _, self.log_key_pq = log_key.partition(",")
        self.witness_keys, self.centre_key = list(witness_keys), centre_key.lower()
        self.pinned = bool(log_key)
        self.entries: list[dict[str, Any]] = []
        self.sessions: dict[str, dict[str, Any]] = {}
        self.close_index: dict[str, int] = {}
        self.notes: list[str] = []
        self._points: dict[int, bytes] = {}
        self._shares: dict[tuple[str, str], list[tuple[int, str]]] | None = None

    def run(self) -> dict[str, Any]:
        """Report: every check with ok, name and what was found; ``ok`` only if all hold."""
        results = []
        for number, name, title in self.CHECKS:
            try:
                detail = getattr(self, f"check_{name}")()
                results.append({"check": number, "name": name, "title": title, "ok": True, "detail": detail})
            except Invalid as error:
                results.append({"check": number, "name": name, "title": title, "ok": False, "detail": str(error)})
            except (KeyError, TypeError, ValueError, IndexError, AttributeError, StopIteration, RuntimeError, ArithmeticError,
                    UnsupportedAlgorithm) as error:
                detail = f"a piece is not in the expected shape: {type(error).__name__} {error}"
                results.append({"check": number, "name": name, "title": title, "ok": False, "detail": detail})
        return {"ok": all(item["ok"] for item in results), "keys_pinned": self.pinned, "checks": results, "notes": self.notes}

    def check_bag(self) -> str:
        names = set(self.pack.names)
        if self.pack.read("bagit.txt") != b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
            raise Invalid("bagit.txt: not what BagIt asks for")
        tags = {name for name in names if not name.startswith("data/")}
        expected_tags = {"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "manifest-sha512.txt",
                         "tagmanifest-sha256.txt", "tagmanifest-sha512.txt"}
        if tags != expected_tags:
            raise Invalid(f"tag files differ: {', '.join(sorted(tags ^ expected_tags))}")
        self.pack.hash_all()
        for kind in ("sha256", "sha512"):
            self._manifest(f"manifest-{kind}.txt", kind, names - tags)
            self._manifest(f"tagmanifest-{kind}.txt", kind, {t for t in tags if not t.startswith("tagmanifest")})
        return f"{len(names - tags)} files"

    def _manifest(self, manifest: str, kind: str, expected: set[str]) -> None:
        listed: dict[str, str] = {}
        for line in self.pack.read(manifest).decode("utf-8").splitlines():
            digest, _, name = line.partition(" ")
            name = name.lstrip(" ")
            if name in listed:
                raise Invalid(f"{manifest}: {name} stands twice")
            listed[name] = digest
        if set(listed) != expected:
            raise Invalid(f"{manifest}: missing or extra: {', '.join(sorted(set(listed) ^ expected)[:5])}")
        for name, digest in listed.items():
            if self.pack.hashes(name)[kind] != digest:
                raise Invalid(f"{name}: its {kind} differs from the manifest")

    def check_documents(self) -> str:
        found = [name for name in self.pack.under("") if name.endswith(".json")]
        for name in found:
            self.pack.json(name)
        return f"{len(found)} documents"

    def check_sessions(self) -> str:
        self._load_entries()
        faults = []
        for name in self.pack.under("00-policy/session-"):
            # The others are read all the same: a fault in the session of a draw says nothing about the bids.
            try:
                self._check_session(name)
            except (Invalid, KeyError, TypeError, ValueError, AttributeError) as error:
                faults.append(str(error) if isinstance(error, Invalid) else f"{name}: {type(error).__name__} {error}")
        if faults:
            raise Invalid("; ".join(faults))
        return f"{len(self.sessions)} sessions"

    def _check_session(self, name: str) -> None:
        """A session whose signatures, amendments and log entries hold is known to the checks that follow; another is not."""
        piece = self.pack.json(name)
        document, centre = piece["document"], self.centre_key or piece["centre_key"]
        ident = tagged("session", canonical(document)).hex()
        if fault := _session_fault(document):
            raise Invalid(f"{name}: {fault}")
        if not _signed(unhex(centre), unbase64(piece["sig"]), b"mingtang/v1/session\0" + unhex(ident)):
            raise Invalid(f"{name}: the centre's signature is wrong")
        for trustee in document["trustees"]:
            message = b"mingtang/v1/pre-key\0" + trustee["pre_key"].to_bytes(4, "big") + unbase64(trustee["kem_pk"])
            if not _signed(unbase64(trustee["sig_key"]), unbase64(trustee["pre_key_sig"]), message):
                raise Invalid(f"{name}: the pre-key of {trustee['org']} is not signed by it")
        before, previous, moves = document, ident, set[str]()
        prefix = f"00-policy/amendment-{document['envelope']}-"
        for amendment in (name for name in self.pack.under(prefix) if name[len(prefix):-5].isdigit()):
            change = self.pack.json(amendment)
            body = change["document"]
            own = tagged("amendment", canonical(body)).hex()
            if not _is_shaped(body, _AMENDMENT) or (body["v"], body["previous"], body["session"]) != (1, previous, ident) \
                    or body["open_not_before"] < before["open_not_before"] or body["deadline"] < before["deadline"] or not _signed(
                        unhex(centre), unbase64(change["sig"]), b"mingtang/v1/session\0" + unhex(own)):
                raise Invalid(f"{amendment}: does not follow the session")
            before, previous = body, own
            moves.add(own)
        for event in (entry["event"] for entry in self.entries if entry["event"].get("session") == ident):
            if event["type"] == "session.amended" and event["amendment"] not in moves:
                raise Invalid(f"{name}: an amendment of the log is missing from the pack")
            if event["type"] == "session.close" and event["in_force"] != previous:
                raise Invalid(f"{name}: the close does not name its last amendment")
        self._check_countersignatures(ident, document["envelope"], {ident, *moves})
        self.sessions[ident] = document | {"opens": before["open_not_before"], "ends": before["deadline"]}

    def _check_countersignatures(self, ident: str, envelope: str, documents: set[str]) -> None:
        """What the purchaser signed beside the centre is this session, and every such act of the log is here."""
        said = {event["document"]: event for event in (entry["event"] for entry in self.entries)
                if event["type"] == "session.countersigned" and event.get("session") == ident}
        prefix, here = f"00-policy/countersigned-{envelope}-", set[str]()
        for name in (name for name in self.pack.under(prefix) if name[len(prefix):-5].isdigit()):
            piece = self.pack.json(name)
            event = said.get(piece["document"], {})
            if piece["session"] != ident or piece["document"] not in documents \
                    or any(event.get(fact) != piece[fact] for fact in ("organisation", "key", "sig")) or not _signed(
                        unhex(piece["key"]), unbase64(piece["sig"]), b"mingtang/v1/purchaser\0" + unhex(piece["document"])):
                raise Invalid(f"{name}: the purchaser's signature is wrong")
            here.add(piece["document"])
        if set(said) != here:
            raise Invalid(f"{prefix}: a signature of the purchaser in the log is missing from the pack")
        if ident not in here and not envelope.startswith("draw"):
            self.notes.append(f"the session of {envelope} was signed by the centre alone, not by the purchaser")

    def _load_entries(self) -> None:
        if not self.entries:
            entries = self.pack.json("90-log/entries.json")
            if not isinstance(entries, list) or not all(isinstance(item, dict) and _TYPES["int"](item.get("index")) and isinstance(
                    item.get("event"), dict) and isinstance(item["event"].get("type"), str) for item in entries):
                raise Invalid("90-log/entries.json: not a list of entries")
            self.entries = entries
            for entry in self.entries:
                if entry["event"]["type"] == "session.close":
                    self.close_index[entry["event"]["session"]] = entry["index"]

    def _headers(self, *places: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """(folder, digest, header) of every bid and contribution, or of those of one place."""
        for prefix in places or ("10-bids/", "20-draw"):
            for name in self.pack.under(prefix):
                if name.endswith("/header.json"):
                    folder = name.rsplit("/", 1)[0]
                    yield folder, folder.rsplit("/", 1)[1], self.pack.json(name)

    def _records(self) -> dict[str, dict[str, Any]]:
        """Opening records by name: of the bids, and of each later round of offers."""
        return {name: self.pack.json(name) for name in self.pack.under("15-opening/record")}

    def check_bids(self) -> str:
        self._load_entries()
        commits = {(entry["event"]["type"], entry["event"]["bid_digest"]): entry for entry in self.entries
                   if entry["event"]["type"] in ("bid.commit", "draw.commit")}
        withdrawals = [entry["event"] for entry in self.entries if entry["event"]["type"] == "bid.withdraw"]
        count, seen = 0, set[tuple[str, str]]()
        for folder, digest, header in self._headers():
            filing = self.pack.json(f"{folder}/filing.json")
            if tagged("bid", canonical(header)).hex() != digest:
                raise Invalid(f"{folder}: the header does not hash to its name")
            session = self.sessions.get(header["ctx"]["session"])
            if session is None:
                raise Invalid(f"{folder}: its session is not in the pack")
            if fault := _header_fault(header, session):
                raise Invalid(f"{folder}: {fault}")
            if folder.startswith("10-bids/"):
                kind, keys = "bid.commit", [unhex(key) for key in filing["keys"]]
            else:
                # Only its key holder's own key: one that the filing brings along would be anybody's.
                kind, keys = "draw.commit", [unbase64(t["sig_key"]) for t in session["trustees"] if t["org"] == header["ctx"]["bidder"]]
                if filing["contributor"] != header["ctx"]["bidder"] or not isinstance(filing["fault"], str):
                    raise Invalid(f"{folder}: not filed by the one who sealed it")
            if not any(_signed(key, unbase64(filing["signature"]), unhex(digest)) for key in keys):
                raise Invalid(f"{folder}: the bidder's signature is wrong")
            message = b"mingtang/v1/withdraw\0" + unhex(header["ctx"]["session"]) + unhex(digest)
            for event in withdrawals:
                if event["bid_digest"] == digest and event.get("bidder") == header["ctx"]["bidder"] and not any(
                        _signed(key, unbase64(event.get("sig", "")), message) for key in keys):
                    raise Invalid(f"{folder}: withdrawn without the bidder's signature")
            entry = commits.get((kind, digest))
            if entry is None or (entry["event"]["bidder"], entry["event"]["session"]) != (header["ctx"]["bidder"], header["ctx"]["session"]):
                raise Invalid(f"{folder}: not filed in the log under its bidder")
            if entry["index"] >= self.close_index[header["ctx"]["session"]]:
                raise Invalid(f"{folder}: filed after the close")
            count += 1
            seen.add((kind, digest))
        # A draw that came to no end disclosed nothing: its contributions stay sealed outside the pack.
        revealed = {entry["event"].get("session") for entry in self.entries if entry["event"]["type"] == "draw.revealed"}
        owed = {key for key, entry in commits.items() if key[0] == "bid.commit" or entry["event"]["session"] in revealed}
        if missing := owed - seen:
            raise Invalid(f"{len(missing)} sealed values of the log are missing from the pack")
        return f"{count} sealed"

    def _checkpoints(self) -> list[tuple[int, bytes, str, list[bytes]]]:
        keys = self.pack.json("90-log/keys.json")
        log_key = self.log_key or keys["log"]
        found = []
        for item in self.pack.json("90-log/checkpoints.json"):
            origin, size, root = parse_checkpoint(check_log_note(item["note"], log_key))
            if split_origin(origin)[1] * SPAN + size != item["size"]:
                raise Invalid(f"checkpoint {item['size']}: it signs another size")
            found.append((item["size"], root, item["note"], [unbase64(h) for h in item["consistency"]]))
        return found

    def _ended(self) -> set[str]:
        """Sessions that ended with the log that they name: a later name of it says so."""
        opened = {e["event"].get("session"): e["index"] // SPAN for e in self.entries if e["event"]["type"] == "session.opened"}
        return {e["event"]["session"] for e in self.entries if e["event"]["type"] == "session.ended"
                and e["index"] // SPAN > opened.get(e["event"]["session"], SPAN)}

    def check_checkpoints(self) -> str:
        self._load_entries()
        keys = self.pack.json("90-log/keys.json")
        witnesses, log_pq = self.witness_keys or keys["witnesses"], self.log_key_pq or keys["log_pq"]
        found = self._checkpoints()
        if not self.pinned:
            self.notes.append("the keys of log and witnesses were taken from the pack; compare them with a source outside it")
        if not witnesses:
            self.notes.append("no witness key was given: that the log was not rewritten rests on its operator's word")
            return f"{len(found)} signed, none witnessed"
        ended = self._ended()
        for session, index in self.close_index.items():
            if session in ended:
                self.notes.append(f"the close at entry {index} was never witnessed: its session ended with its log")
                continue
            # The log is signed right after the close, so that nothing can stand between the two.
            size, _, note, _ = next((item for item in found if item[0] == index + 1), (0, b"", "", []))
            if not size:
                raise Invalid(f"the checkpoint of the close at entry {index} is missing")
            known = self.sessions.get(session)
            times = list(witnessed(note, witnesses).values())
            if len(times) < self.quorum:
                raise Invalid(f"checkpoint {size}: {len(times)} of {self.quorum} witnesses")
            if known and (early := [t for t in times if t < known["ends"] - 120]):
                # One wrong clock among the witnesses decides nothing, but a quorum must be right.
                times = [t for t in times if t >= known["ends"] - 120]
                if len(times) < self.quorum:
                    raise Invalid(f"checkpoint {size}: witnessed before the deadline")
                self.notes.append(f"checkpoint {size}: {len(early)} witness before the deadline")
            if cosignature_time(note, key_at(log_pq, size // SPAN)) is None:
                raise Invalid(f"checkpoint {size}: not signed by the log's second key")
            if known and min(times) > known["ends"] + 600:
                self.notes.append(f"checkpoint {size} was witnessed {min(times) - known['opens']} s after the deadline")
        return f"{len(found)} signed, closes witnessed"

    def check_consistency(self) -> str:
        self._load_entries()
        found = self._checkpoints()
        for before, after in zip(found, found[1:], strict=False):
            if before[0] // SPAN != after[0] // SPAN:
                if before[0] > after[0] or after[3]:
                    raise Invalid(f"checkpoint {after[0]} does not follow {before[0]}")
            elif not verify_consistency(before[0] % SPAN, after[0] % SPAN, after[3], before[1], after[1]):
                raise Invalid(f"checkpoint {after[0]} does not add to {before[0]}")
        self._check_continuations({size // SPAN: (size % SPAN, root) for size, root, _, _ in found})
        return f"{len(found)} in line"

    def _check_continuations(self, heads: dict[int, tuple[int, bytes]]) -> None:
        """Logs of several names are one only by their first entries; what one name began, no other ends."""
        keys = self.pack.json("90-log/keys.json")
        log_key, witnesses = self.log_key or keys["log"], self.witness_keys or keys["witnesses"]
        first = {entry["index"]: entry["event"] for entry in self.entries if entry["index"] % SPAN == 0}
        numbers = {entry["index"] // SPAN for entry in self.entries} | set(heads)
        for number in range(min(numbers, default=0), max(numbers, default=0) + 1):
            if number == 0:
                continue
            if number * SPAN not in first:
                raise Invalid(f"the first entry of the log's name {number} is missing: nothing joins it to the name before")
            found = read_continuation(first[number * SPAN], log_key, witnesses, self.quorum if witnesses else 0)
            if found.number != number or number > min(numbers) and heads.get(number - 1) != found.restored:
                raise Invalid("the log's continuation goes on from another log than the pack's")
            # What a quorum had cosigned is not larger than the last that it had cosigned.
            if any(e["event"]["type"] == "session.close" and e["index"] // SPAN == number - 1 and e["index"] % SPAN >= found.seen[0][0]
                   and e["event"]["session"] not in self._ended() for e in self.entries):
                raise Invalid("a close stands behind all that the witnesses had seen of its log")
            self.notes.append(found.told())
        self._check_homes(split_origin(log_key.partition("+")[0])[0])

    def _check_homes(self, base: str) -> None:
        """All that makes a session stands in the log that its document names, or the session has ended."""
        named = {session: document["log_origin"] for session, document in self.sessions.items()}
        opened, closed, ended = dict[str, int](), set[str](), self._ended()
        for entry in self.entries:
            event, number = entry["event"], entry["index"] // SPAN
            session = event.get("session")
            if event["type"] == "session.opened":
                opened[session] = number
            if event["type"] not in ("session.opened", "bid.commit", "bid.withdraw", "draw.commit", "session.closing", "session.close"):
                continue
            if opened.get(session, number) != number or named.get(session, origin_at(base, number)) != origin_at(base, number):
                raise Invalid(f"entry {entry['index']}: its session belongs to another name of the log")
            closed |= {session} if event["type"] == "session.close" else set()
        last = max((entry["index"] // SPAN for entry in self.entries), default=0)
        for session, number in opened.items():
            if number < last and session not in closed | ended:
                raise Invalid("a session that was neither closed in its log nor ended with it")

    def check_timestamps(self) -> str:
        """Every authority that a session names has stamped the checkpoint of its close."""
        self._load_entries()
        ended = self._ended()
        owed = [(session, name) for session, document in self.sessions.items() if session in self.close_index and session not in ended
                for name in document["tsa"]]
        if not owed:
            self.notes.append("the sessions of this pack name no time-stamping authority")
            return "none named"
        # Two persons may waive an authority that is gone for good (stamps.override_approved): a note, never a silent pass.
        waived = {e["event"]["authority"]: e["event"] for e in self.entries if e["event"]["type"] == "stamps.override_approved"
                  and e["event"]["actor"] != e["event"]["asked_by"]}
        there = self.pack.under("95-evidence/")
        roots = self.tsa_roots or (x509.load_pem_x509_certificates(self.pack.read("data/95-evidence/roots.pem")) if there or not waived else [])
        if not self.tsa_roots and roots:
            self.notes.append("the certificates of the time-stamping authorities were taken from the pack")
        given: dict[int, dict[str, datetime]] = {}
        texts = {size: split_note(note)[0] for size, _root, note, _path in self._checkpoints()}
        for name in there:
            if name.endswith(".tsr"):
                size = int(name[len("95-evidence/"):].split("-")[0])
                try:
                    stamp = check_stamp(self.pack.read(f"data/{name}"), texts[size].encode(), roots)
                except Invalid as error:
                    raise Invalid(f"{name}: {error}") from None
                given.setdefault(size, {})[stamp.root] = stamp.at
        for session, authority in owed:
            size = self.close_index[session] + 1
            at = given.get(size, {}).get(authority.rpartition("+")[2])
            if at is None and authority in waived:
                self.notes.append(f"checkpoint {size} has no time stamp of {authority.rpartition('+')[0]}: waived by {waived[authority]['actor']}, "
                                  f"asked for by {waived[authority]['asked_by']}: {waived[authority]['reason']}")
                continue
            if at is None:
                raise Invalid(f"checkpoint {size}: no time stamp of {authority.rpartition('+')[0]}")
            late = int(at.timestamp()) - self.sessions[session]["ends"]
            if late < -120:
                raise Invalid(f"checkpoint {size}: stamped before the deadline")
            if late > 600:
                self.notes.append(f"checkpoint {size} was stamped {late} s after the deadline")
        return f"{sum(map(len, given.values()))} time stamps"

    def check_opening(self) -> str:
        self._load_entries()
        opened = 0
        records = self._records()
        sessions = {record["record"]["session"] for record in records.values()}
        if len(sessions) != len(records):
            raise Invalid("15-opening: two records of one session")
        logged = sorted(e["event"]["record"] for e in self.entries if e["event"]["type"] == "opening.recorded")
        if sorted(tagged("record", canonical(record["record"])).hex() for record in records.values()) != logged:
            raise Invalid("15-opening: not the records that were logged")
        if not sessions <= set(self.sessions) - self._ended():
            raise Invalid("15-opening: a record of no session of the pack, or of one that ended with its log")
        self._check_releases(of_draws=False)
        self._check_reserve()
        gone = self._gone()
        live: dict[str, tuple[str, dict[str, Any]]] = {}
        for folder, digest, header in self._headers("10-bids/"):
            if digest not in gone:
                live[digest] = folder, header
            elif [name for name in self.pack.under(folder + "/") if not name.endswith(".json")]:
                raise Invalid(f"{folder}: a withdrawn or replaced bid was kept or opened")
        shut = self._left_shut(live)
        for name, record in records.items():
            rows, session = record["record"]["bids"], record["record"]["session"]
            due = sorted(digest for digest, (_, header) in live.items() if header["ctx"]["session"] == session and digest not in shut)
            if sorted(row["digest"] for row in rows) != due:
                raise Invalid(f"{name}: it does not name every live bid of its session, once")
            for row in rows:
                self._check_row(name, row, *live[row["digest"]])
                opened += row["outcome"] == "opened"
        for name, record in records.items():
            body = b"mingtang/v1/record\0" + canonical(record["record"])
            if not _signed(unhex(self.centre_key or record["centre_key"]), unbase64(record["sig"]), body):
                raise Invalid(f"{name}: the signature is wrong")
        return f"{opened} opened again"

    def _left_shut(self, live: dict[str, tuple[str, dict[str, Any]]]) -> set[str]:
        """Price envelopes that nobody opened, where prices come apart: the log held what the committee found before
        a price was opened, only those of bidders that passed were, and no key holder gave a share of another."""
        envelopes = {document["envelope"]: ident for ident, document in self.sessions.items() if ident not in self._ended()}
        if ("technical" in envelopes) != ("price" in envelopes) or "technical" in envelopes and "bid" in envelopes:
            raise Invalid("00-policy: technical and price envelopes do not stand together")
        if "price" not in envelopes:
            return set()
        ident = envelopes["price"]
        asked = [e for e in self.entries if e["event"]["type"] == "window.closed" and e["event"]["session"] == ident]
        prices = {digest: header["ctx"]["bidder"] for digest, (_, header) in live.items() if header["ctx"]["session"] == ident}
        released = {item["digest"] for name in self.pack.under("10-bids/releases/") if (piece := self._release(name))
                    for item in piece["body"]["releases"] if piece["body"]["session"] == ident}
        shut = set(prices)
        if asked:
            technical = self._technical(ident, asked)
            passed = self._passed(technical)
            shut = {digest for digest, bidder in prices.items() if bidder not in passed}
            if set(technical["shut"]) != shut or sorted(technical["keep"]) != sorted(set(prices) - shut):
                raise Invalid("30-evaluation/technical.json: other price envelopes may be opened than of those who passed")
        if released & shut:
            raise Invalid("10-bids/releases: a share of a price envelope that stays shut was given away")
        for digest in shut:
            folder = live[digest][0]
            if set(self.pack.under(folder + "/")) - {f"{folder}/header.json", f"{folder}/filing.json"}:
                raise Invalid(f"{folder}: a price envelope that stays shut was kept or opened")
        return shut

    def _technical(self, ident: str, asked: list[dict[str, Any]]) -> dict[str, Any]:
        """What the committee found without the prices, as it was logged before they were asked for."""
        report: dict[str, Any] = self.pack.json("30-evaluation/technical.json")
        digest = tagged("technical", canonical(report)).hex()
        judged = [e for e in self.entries if e["event"]["type"] == "evaluation.technical"]
        if len(judged) != 1 or len(asked) != 1 or judged[0]["index"] > asked[0]["index"]:
            raise Invalid("30-evaluation/technical.json: prices were not opened once, after the technical evaluation")
        said, window = judged[0]["event"], asked[0]["event"]
        if (said["report"], said["session"], said["keep"], said["shut"]) != (digest, ident, report["keep"], report["shut"]) \
                or (report["session"], window["technical"], window["shut"]) != (ident, digest, report["shut"]):
            raise Invalid("30-evaluation/technical.json: not what was logged before the prices were opened")
        return report

    def _passed(self, technical: dict[str, Any]) -> set[str]:
        """Bidders whose technical envelope was opened and not rejected."""
        out = {item["digest"] for item in technical["rejected"]}
        rows = self.pack.json("15-opening/record.json")["record"]["bids"]
        return {row["bidder"] for row in rows if row["outcome"] == "opened" and row["digest"] not in out}

    def _check_row(self, name: str, row: dict[str, Any], folder: str, header: dict[str, Any]) -> None:
        """What the record says of one bid is what the bid holds."""
        if row["bidder"] != header["ctx"]["bidder"]:
            raise Invalid(f"{name}: it names another bidder for {row['digest']}")
        if row["outcome"] != "opened":
            if row["offer"] is not None:
                raise Invalid(f"{name}: an offer that was not opened")
            return
        plain = self._unseal(folder, header)
        if sha256(plain).hexdigest() != self.pack.hashes(f"data/{folder}/plain.zip")["sha256"]:
            raise Invalid(f"{folder}: what it decrypts to is not what the pack shows")
        if self._manifest_of(folder, plain, header)["offer"] != row["offer"]:
            raise Invalid(f"{folder}: the record read out another offer")

    def _gone(self) -> set[str]:
        """Bids that their own bidders replaced or withdrew; nobody does that to another's."""
        commits = [e["event"] for e in self.entries if e["event"]["type"] in ("bid.commit", "draw.commit")]
        bidders = {event["bid_digest"]: event["bidder"] for event in commits}
        said = [(event.get("replaces"), event["bidder"]) for event in commits]
        said += [(e["event"]["bid_digest"], e["event"].get("bidder")) for e in self.entries if e["event"]["type"] == "bid.withdraw"]
        return {digest for digest, bidder in said if digest and bidders.get(digest) == bidder}

    def _check_releases(self, of_draws: bool) -> None:
        """Every release that the pack holds is its key holder's and not of before the opening time."""
        for name in self.pack.under("10-bids/releases/"):
            piece = self._release(name)
            body = piece["body"] if piece else {}
            document = self.sessions.get(body.get("session", ""))
            if (document["envelope"] if document else name.rpartition("/")[2]).startswith("draw") != of_draws:
                continue
            if document is None:
                raise Invalid(f"{name}: no release of a session of the pack")
            trustee = next((t for t in document["trustees"] if t["i"] == body["trustee"]), None)
            if trustee is None or not _signed(unbase64(trustee["sig_key"]), unbase64(piece["sig"]), b"mingtang/v1/release\0" + canonical(body)):
                raise Invalid(f"{name}: the key holder's signature is wrong")
            if body["released_at"] < document["opens"]:
                raise Invalid(f"{name}: released before the opening time")

    def _release(self, name: str) -> dict[str, Any]:
        """A release, or nothing where it cannot be read: that is told once, and fails no bid that opens without it."""
        try:
            piece: dict[str, Any] = self.pack.json(name)
        except Invalid:
            return {}
        return piece if _is_release(piece) else {}

    def _releases(self, session: str, digest: str) -> list[bytes]:
        """Shares of a bid, each from its own holder; what a dispute brought to light counts too."""
        if self._shares is None:
            given, found = [], dict[tuple[str, str], list[tuple[int, str]]]()
            for name in self.pack.under("10-bids/releases/"):
                if piece := self._release(name):
                    given.append((piece["body"], piece["body"]["releases"]))
            for name in self.pack.under("10-bids/disputes/"):
                piece = self.pack.json(name)
                given.append((piece["body"], piece["findings"]))
            for body, items in given:
                for item in items:
                    if item["p"]:
                        found.setdefault((body["session"], item["digest"]), []).append((body["trustee"], item["p"]))
            self._shares = found
        shares = [(trustee, unbase64(p)) for trustee, p in self._shares.get((session, digest), [])]
        return [p for trustee, p in shares if len(p) == 66 and p[0] == trustee]

    def _unseal(self, folder: str, header: dict[str, Any]) -> bytes:
        """Open one sealed payload from the released shares, as the platform did."""
        session = self.sessions.get(header["ctx"]["session"])
        if session is None or _header_fault(header, session):
            raise Invalid(f"{folder}: its header does not fit its session")
        suite = _Suite(header["ctx"]["suite"])
        ctx = suite.tagged("ctx", canonical(header["ctx"]))
        half = b""
        if header["policy"] != "T":
            half = unhex(self.pack.json(f"{folder}/half.json")["kb"])
            if suite.tagged("kb", ctx + half).hex() != header["kb_commit"]:
                raise Invalid(f"{folder}: the bidder's half is not the committed one")
        secret = b"" if header["policy"] == "B" else self._secret(folder, header, suite, ctx)
        root = suite.derive(bytes([bool(secret), bool(half)]) + secret + half, b"mingtang/v1/root\0" + ctx)
        self._check_shares(folder, header, suite, ctx, root)
        payload = [self.pack.read(f"data/{name}") for name in self.pack.under(f"{folder}/payload.")]
        if [self.pack.hashes(f"data/{name}")["sha256"] for name in self.pack.under(f"{folder}/payload.")] != header["payload"]["parts"] or sum(map(len, payload)) != header["payload"]["len"] \
                or any(len(part) != PART_BYTES for part in payload[:-1]):
            raise Invalid(f"{folder}: the sealed bytes differ from the header")
        try:
            return suite.decrypt(root[:32], ctx, payload)
        except InvalidTag:
            raise Invalid(f"{folder}: the sealed bytes do not decrypt") from None

    def _secret(self, folder: str, header: dict[str, Any], suite: _Suite, ctx: bytes) -> bytes:
        """The key holders' half, from any k of the released shares."""
        digest = folder.rsplit("/", 1)[1]
        commits = {share["i"]: share["commit"] for share in header["shares"]}
        shares = list({p[0]: p for p in self._releases(header["ctx"]["session"], digest)
                       if suite.tagged("sc", ctx + p).hex() == commits.get(p[0])}.values())
        if len(shares) < header["k"]:
            raise Invalid(f"{folder}: too few released shares")
        for subset in combinations(shares, header["k"]):
            secret = _interpolate({p[1]: p[2:34] for p in subset}, 0)
            if suite.tagged("kt", ctx + secret).hex() == header["kt_commit"]:
                self._points = {p[1]: p[2:34] for p in subset}
                return secret
        raise Invalid(f"{folder}: no set of shares gives the committed secret")

    def _check_shares(self, folder: str, header: dict[str, Any], suite: _Suite, ctx: bytes, root: bytes) -> None:
        """Every share, also of holders who did not come, is the one that the polynomial and the blinding give."""
        for share in header["shares"]:
            i = share["i"]
            p = bytes([i, i]) + _interpolate(self._points, i) + suite.derive(root[32:], b"mingtang/v1/blind" + bytes([i]))[:32]
            if suite.tagged("sc", ctx + p).hex() != share["commit"]:
                self.notes.append(f"{folder}: the share of key holder {i} was dealt wrongly, by the bidder")

    def _manifest_of(self, folder: str, plain: bytes, header: dict[str, Any]) -> dict[str, Any]:
        try:
            with zipfile.ZipFile(io.BytesIO(plain)) as archive:
                entries = archive.infolist()
                manifest: dict[str, Any] = strict_json(archive.read("manifest.json"))
                if not _is_manifest(manifest, header["ctx"]):
                    raise Invalid(f"{folder}: the manifest has another shape")
                if (manifest["lot"], manifest["bidder"]) != (header["ctx"]["lot"], header["ctx"]["bidder"]):
                    raise Invalid(f"{folder}: the manifest is another bidder's")
                # Exactly these and all stored, so that no reader finds another file under a name than the next.
                if [entry.filename for entry in entries] != ["manifest.json", *(item["name"] for item in manifest["files"]), ".padding"] \
                        or any(entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 for entry in entries):
                    raise Invalid(f"{folder}: the envelope holds other files than its manifest")
                for item in manifest["files"]:
                    content = archive.read(item["name"])
                    if (len(content), sha256(content).hexdigest()) != (item["bytes"], item["sha256"]):
                        raise Invalid(f"{folder}: {item['name']} differs from the manifest")
        except (zipfile.BadZipFile, KeyError):
            raise Invalid(f"{folder}: the envelope is not a readable ZIP") from None
        return manifest

    def check_draw(self) -> str:
        self._load_entries()
        self._check_releases(of_draws=True)
        names = self.pack.under("20-draw")
        found = {name.split("/")[0] for name in names if name.endswith("/transcript.json")}
        if bare := {name.split("/")[0] for name in names if "/contributions/" in name} - found:
            raise Invalid(f"{min(bare)}: the transcript is missing")
        return "; ".join(map(self._check_one_draw, sorted(found))) or "no draw"

    def _check_one_draw(self, place: str) -> str:
        document = self.pack.json(f"{place}/transcript.json")
        if not _is_transcript(document):
            raise Invalid(f"{place}/transcript.json: not the shape of a transcript")
        given = {item["id"]: unbase64(item["value"]) for item in document["contributions"]}
        opened = []
        for folder, _, header in self._headers(f"{place}/"):
            fault = self.pack.json(f"{folder}/filing.json")["fault"]
            if not isinstance(fault, str):
                raise Invalid(f"{folder}: no valid filing")
            if fault:
                self._note_if_it_opens(folder, header)
            else:
                value = unhex(self._manifest_of(folder, self._unseal(folder, header), header)["offer"]["value"])
                opened.append((header["ctx"]["bidder"], value))
        # Each that was sealed and no other: whoever may add one chooses the seed.
        if sorted(opened) != sorted((item["id"], given[item["id"]]) for item in document["contributions"]):
            raise Invalid(f"{place}/transcript.json: it uses other values than were sealed")
        rows = sorted(document["pool"], key=lambda row: unbase64(row["eid"]))
        root = merkle_root([canonical(row) for row in rows])
        params = tagged("draw-params", canonical(document["params"]))
        if document["pool_root"] != b64encode(root).decode() or len({row["eid"] for row in rows}) != len(rows) or not any((e["event"]["pool_root"], e["event"]["params"]) == (root.hex(), params.hex())
                   for e in self.entries if e["event"]["type"] == "draw.frozen"):
            raise Invalid(f"{place}/transcript.json: not the pool and conditions that were frozen")
        seed = tagged("seed", params + root + b"".join(
            _lp(name.encode()) + _lp(given[name]) for name in sorted(given, key=str.encode))
            + (_lp(unhex(document["beacon"], len(document["beacon"]) // 2)) if document["beacon"] is not None else b""))
        if b64encode(seed).decode() != document["seed"]:
            raise Invalid(f"{place}/transcript.json: the seed is not what the contributions give")
        seated = draw_again(document, rows, seed)
        claimed = [(one["id"], one["members"]) for one in document["result"]["strata"]]
        if list(seated.items()) != claimed:
            raise Invalid(f"{place}/transcript.json: the lowest tickets are others")
        return f"{sum(map(len, seated.values()))} seats drawn again from {len(rows)}"

    def _note_if_it_opens(self, folder: str, header: dict[str, Any]) -> None:
        """Who may leave out a value after seeing all of them chooses between seeds; a share that came late explains it too."""
        try:
            self._manifest_of(folder, self._unseal(folder, header), header)
        except (Invalid, KeyError, TypeError, ValueError):
            return
        self.notes.append(f"{folder}: was left out of the draw as not to be opened, and opens")

    def check_award(self) -> str:
        self._load_entries()
        published = {e["event"]["sha256"] for e in self.entries if e["event"]["type"] == "notice.published"}
        for name in self.pack.under("10-notices/"):
            notice = self.pack.json(name)
            body = {key: notice[key] for key in ("kind", "title", "body", "schedule")}
            if tagged("notice", canonical(body)).hex() != notice["sha256"] or notice["sha256"] not in published:
                raise Invalid(f"{name}: not the text that was published")
        notices = self.pack.under("40-award/award-notice")
        if self._is_live():
            return self._check_sale(notices)
        logged = [e["event"]["report"] for e in self.entries if e["event"]["type"] == "evaluation.ranked"]
        if "data/30-evaluation/report.json" not in self.pack.names:
            if logged or notices:
                raise Invalid("30-evaluation/report.json: missing, though the log or an award rests on it")
            return "no evaluation"
        report = self.pack.json("30-evaluation/report.json")["report"]
        if set(logged) != {tagged("report", canonical(report)).hex()}:
            raise Invalid("30-evaluation/report.json: not the report that was logged")
        bids = {bid["digest"]: bid for record in self._records().values() for bid in record["record"]["bids"] if bid["offer"]}
        ranking = report["ranking"]
        self._check_unchanged(report)
        self._check_ranked(report, ranking)
        for place in ranking:
            bid = bids[place["offer"]]
            if bids[place["digest"]]["bidder"] != place["bidder"] or (bid["offer"].get("price_fen"), bid["bidder"]) != (place["price_fen"], place["bidder"]):
                raise Invalid("30-evaluation/report.json: it ranks other prices than were opened")
        self._check_order(report["method"]["kind"], ranking)
        if not notices:
            return f"{len(ranking)} ranked, no award"
        award = self.pack.json(max(notices, key=lambda name: (len(name), name)))
        place = next((p for p in ranking if p["bidder"] == award["winner"]), None)
        if place is None or place["price_fen"] != award["price_fen"]:
            raise Invalid("40-award/award-notice.json: the winner or the price is not in the ranking")
        lost = {e["event"]["bidder"] for e in self.entries if e["event"]["type"] == "candidate.lost"}
        before = {p["bidder"] for p in ranking[:ranking.index(place)]}
        if award["winner"] in lost or not before <= lost:
            raise Invalid("40-award/award-notice.json: not the first rank that was left")
        logged = [e["event"] for e in self.entries if e["event"]["type"] == "lot.awarded"][-1]
        if (logged["winner"], logged["price_fen"]) != (award["winner"], award["price_fen"]):
            raise Invalid("40-award/award-notice.json: the log names another winner")
        return f"{award['winner']} at {award['price_fen'] / 100:,.2f}"

    # --- live sales (docs/protocol.md, 6) ---

    def _registration(self) -> dict[str, Any]:
        found: dict[str, Any] = self.pack.json(REGISTRATION)
        return found

    def _is_live(self) -> bool:
        return (f"data/{BIDS}" in self.pack.names or any(e["event"]["type"].startswith("auction.") for e in self.entries)
                or f"data/{REGISTRATION}" in self.pack.names and self._registration()["method"].get("kind") == "live")

    def _check_sale(self, notices: list[str]) -> str:
        """A live sale: its terms are those of the notice, every line of the room is in the log and follows from the lines
        before, every act is signed by its paddle's key, every paddle is bound to its bidder, and the deal follows from all that."""
        ends = [e for e in self.entries if e["event"]["type"] in ("auction.settled", "auction.failed")]
        if f"data/{BIDS}" not in self.pack.names:
            if ends or notices or any(e["event"]["type"] == "lot.awarded" for e in self.entries):
                raise Invalid(f"{BIDS}: missing, though the sale came to an end")
            return "a live sale that came to no end"
        sale = self.pack.json(BIDS)
        if len(ends) != 1:
            raise Invalid(f"{BIDS}: the log does not say once what the sale came to")
        terms, outcome = self._check_terms(sale), sale["outcome"]
        paddles, keys = self._check_paddles(sale["lot"])
        acts = [e for e in self.entries if e["event"]["type"].startswith("auction.") and e["event"]["type"] not in SEALED_ACTS]
        self._check_bids(sale, acts, keys)
        name = self._award(notices)["name"] if notices else ""
        room = self._check_room(acts, LiveRoom(terms, outcome.get("failed") == "reserve_missing"), name)
        others = [{**e["event"], "evidence": e["index"]} for e in acts if e["event"]["type"] != "auction.bid"]
        if canonical(others) != canonical(sale["acts"]):
            raise Invalid(f"{BIDS}: its acts are others than in the log")
        self._check_offers(room, keys)
        reserve = self._reserve_opened()
        if "failed" in outcome:
            return self._check_no_deal(sale, room, reserve, notices, ends[0]["event"])
        return self._check_deal(sale, room, reserve, paddles, notices, ends[0]["event"])

    def _check_terms(self, sale: dict[str, Any]) -> dict[str, Any]:
        """What the bids are held against is what was registered and announced."""
        terms, own = sale["terms"], self._registration()
        said = own["method"]["sale"]
        if terms["mode"] not in MODES or sale["lot"] != own["lot"]:
            raise Invalid(f"{BIDS}: an unknown way of bidding, or another lot's")
        notice = next((notice for notice in map(self.pack.json, self.pack.under("10-notices/")) if notice["kind"] == "tender"), None)
        if notice is None:
            raise Invalid("10-notices: the notice of the sale is missing")
        due = {"mode": said["mode"], "step_fen": said["step_fen"], "after_ceiling": said.get("after_ceiling", ""), "floor_fen": said.get("floor_fen", 0),
               "housing_step": said.get("housing_step", 100), "start_fen": own.get("lot_estimate_fen", terms["start_fen"]),
               "ceiling_fen": own["ceiling_fen"] or None, "opens_at": _moment_ms(notice["schedule"]["opens_at"]),
               "listing_ends_at": _moment_ms(notice["schedule"]["listing_ends_at"]) if "offers" in MODES[terms["mode"]].phases else 0,
               "breaks": [[_moment_ms(start), _moment_ms(until)] for start, until in notice["schedule"].get("breaks", [])]}
        if wrong := sorted(name for name in due.keys() | terms.keys() if name not in due or canonical(due[name]) != canonical(terms.get(name))):
            raise Invalid(f"{BIDS}: other terms than were registered and announced: {', '.join(wrong)}")
        return due

    def _check_paddles(self, lot: str) -> tuple[dict[str, Any], dict[str, list[tuple[int, bytes]]]]:
        """Paddles by number, and the keys of each with the entry from which it counts; each is bound to its bidder by the
        organisation's signature, as the log committed to it, and every partner agreed."""
        held = self.pack.json(PADDLES)["paddles"]
        acts = {kind: [e for e in self.entries if e["event"]["type"] == f"auction.{kind}"] for kind in ("applied", "admitted", "consented", "key_renewed")}
        applied = {e["event"]["application"]: e["event"]["actor"] for e in acts["applied"]}
        admitted = {e["event"]["paddle"]: e for e in acts["admitted"]}
        keys: dict[str, list[tuple[int, bytes]]] = {}
        for item in held:
            name, own = item["number"], [unhex(key) for key in item["organisation_keys"]]
            first = {"application": item["application"], "signature": item["signature"]}
            for paper in (first, *item["keys"]):
                document = paper["application"]
                if not _is_shaped(document, _APPLICATION) or (document["v"], document["lot"], document["bidder"]) != (1, lot, item["bidder"]) \
                        or not _signed_by_one(own, paper["signature"], "auction-application", document):
                    raise Invalid(f"{PADDLES}: paddle {name} is not bound to its bidder")
            digest = tagged("auction-application", canonical(item["application"])).hex()
            if applied.pop(digest, None) != item["bidder"] or item["commitment"] != digest:
                raise Invalid(f"{PADDLES}: the application of paddle {name} is not in the log")
            renewed = [e for e in acts["key_renewed"] if e["event"]["actor"] == item["bidder"]]
            if [e["event"]["public"] for e in renewed] != [paper["application"]["public"] for paper in item["keys"]] \
                    or item["public"] != [first, *item["keys"]][-1]["application"]["public"]:
                raise Invalid(f"{PADDLES}: the keys of paddle {name} are not those of the log")
            self._check_consents(item, acts["consented"])
            if name and admitted.pop(name, {"event": {"application": ""}})["event"]["application"] != digest:
                raise Invalid(f"{PADDLES}: paddle {name} was not admitted so")
            if name:
                keys[name] = [(0, unhex(item["application"]["public"])), *((e["index"], unhex(e["event"]["public"])) for e in renewed)]
        if admitted or applied or len({item["bidder"] for item in held}) != len(held) \
                or not {e["event"]["actor"] for e in acts["key_renewed"]} <= {item["bidder"] for item in held}:
            raise Invalid(f"{PADDLES}: not the paddles of the log, each of one bidder")
        return {item["number"]: item for item in held if item["number"]}, keys

    def _check_consents(self, item: dict[str, Any], consented: list[dict[str, Any]]) -> None:
        """Each partner signed the application that names it; only who was not admitted may lack it."""
        logged = {(e["event"]["actor"], e["event"]["signature"]) for e in consented}
        given = {consent["code"]: consent for consent in item["consents"]}
        for partner in item["application"]["partners"]:
            consent = given.pop(partner["code"], {"share": partner["share"], "signature": "", "keys": []})
            if not consent["signature"] and not item["number"]:
                continue
            document = {**item["application"], "partner": partner["code"]}
            if consent["share"] != partner["share"] or (partner["code"], consent["signature"]) not in logged \
                    or not _signed_by_one([unhex(key) for key in consent["keys"]], consent["signature"], "auction-consent", document):
                raise Invalid(f"{PADDLES}: {partner['code']} did not agree to the joint bid of paddle {item['number']}")
        if given:
            raise Invalid(f"{PADDLES}: paddle {item['number']} has other partners than applied")

    def _check_bids(self, sale: dict[str, Any], acts: list[dict[str, Any]], keys: dict[str, list[tuple[int, bytes]]]) -> None:
        """The bids are those of the log; each, and each word that one goes on, is signed by its paddle's key."""
        logged = [e for e in acts if e["event"]["type"] == "auction.bid"]
        if [e["index"] for e in logged] != [bid["evidence"] for bid in sale["bids"]]:
            raise Invalid(f"{BIDS}: not the bids of the log")
        for entry, bid in zip(logged, sale["bids"], strict=True):
            event = entry["event"]
            due = {name: event[name] for name in ("number", "paddle", "fen", "phase", "signature")}
            if canonical(bid) != canonical(due | {"at": event["at_ms"], "by_host": event.get("by_host", False), "evidence": entry["index"]}):
                raise Invalid(f"{BIDS}: bid {bid['number']} is another one than was logged")
        for entry in acts:
            event = entry["event"]
            kind = {"auction.bid": "bid", "auction.joined": "join"}.get(event["type"])
            if kind is None:
                continue
            act = {"v": 1, "room": sale["lot"], "paddle": event["paddle"], "act": kind, "fen": event.get("fen", 0), "key": event["key"]}
            known = [key for since, key in keys.get(event["paddle"], []) if since < entry["index"]]
            # Called out in the room and entered by the host, who is named: the phase in which that may be is checked with the room.
            if event.get("by_host", False) and event.get("host") and event["actor"] == event["paddle"] and known:
                continue
            if event["actor"] != event["paddle"] or not _signed_by_one(known, event["signature"], "auction-act", act):
                raise Invalid(f"{BIDS}: {'bid ' + str(event['number']) if kind == 'bid' else 'a word to go on'} (entry {entry['index']}) is not signed by its paddle")

    def _check_room(self, acts: list[dict[str, Any]], room: LiveRoom, winner: str) -> LiveRoom:
        """Everybody was sent the same lines: numbered without a gap, each as the log has it, each following from those before."""
        lines = [loose_json(line.encode()) for line in self.pack.read(f"data/{ROOM}").decode("utf-8").removesuffix("\n").split("\n")]
        if len(lines) != len(acts):
            raise Invalid(f"{ROOM}: {len(lines)} lines, {len(acts)} in the log")
        for number, (line, entry) in enumerate(zip(lines, acts, strict=True), 1):
            event = entry["event"]
            if event["seq"] != number:
                raise Invalid(f"{ROOM}: line {number} is not in its place in the log")
            try:
                now = room.step(event)
            except Invalid as error:
                raise Invalid(f"{ROOM}: line {number}: {error}") from None
            untold = UNTOLD + TIE_PROOF if event["type"] == "auction.tie_decided" else UNTOLD
            told = {name: value for name, value in event.items() if name not in untold}
            due = {**told, "seq": number, "at": event["at_ms"], "evidence": entry["index"], "kind": event["type"].partition(".")[2]}
            due |= {"name": winner} if event["type"] == "auction.settled" else {}
            if canonical(due | {"now": line["now"] if now is None else now}) != canonical(line):
                raise Invalid(f"{ROOM}: line {number} is another one than was logged, or than follows from those before")
        return room

    def _reserve_opened(self) -> int | None:
        opened = [bid["offer"]["price_fen"] for name, record in self._records().items() if name.startswith("15-opening/record-reserve")
                  for bid in record["record"]["bids"] if bid["offer"]]
        if opened and self._registration()["method"]["sale"].get("reserve") != "sealed":
            raise Invalid("15-opening/record-reserve.json: the notice says that there is no reserve price")
        return int(opened[0]) if opened else None

    def _check_no_deal(self, sale: dict[str, Any], room: LiveRoom, reserve: int | None, notices: list[str], said: dict[str, Any]) -> str:
        reason, is_sealed = sale["outcome"]["failed"], self._registration()["method"]["sale"].get("reserve") == "sealed"
        of_reserve = {e["event"].get("session") for e in self.entries if e["event"]["type"] == "session.opened" and e["event"].get("envelope") == "reserve"}
        sealed = any(e["event"]["type"] == "bid.commit" and e["event"]["session"] in of_reserve - self._ended() for e in self.entries)
        holds = {"no_bid": room.price is None, "below_reserve": room.price is not None and reserve is not None and room.price < reserve,
                 "reserve_missing": is_sealed and room.price is None and not sealed,
                 "reserve_unreadable": is_sealed and room.price is not None and reserve is None}
        if not room.over or not holds.get(reason, False) or said["type"] != "auction.failed" or said["reason"] != reason or notices:
            raise Invalid(f"{BIDS}: it failed for another reason than the bids show")
        return f"{len(sale['bids'])} bids, no deal"

    def _award(self, notices: list[str]) -> dict[str, Any]:
        """The award in force: the one with the longest, then last name."""
        found: dict[str, Any] = self.pack.json(max(notices, key=lambda name: (len(name), name)))
        return found

    def _check_deal(self, sale: dict[str, Any], room: LiveRoom, reserve: int | None, paddles: dict[str, Any], notices: list[str], said: dict[str, Any]) -> str:
        outcome = sale["outcome"]
        follows = (outcome["winner"], outcome["price_fen"]) == (room.leader, room.price)
        if not notices or not room.over or room.price is None or not follows or outcome["housing"] != room.housing:
            raise Invalid(f"{BIDS}: the deal is not the last bid's")
        if said["type"] != "auction.settled" or (said["winner"], said["price_fen"]) != (outcome["winner"], outcome["price_fen"]):
            raise Invalid(f"{BIDS}: the log names another deal")
        if outcome["reserve_fen"] != reserve or reserve is not None and outcome["price_fen"] < reserve \
                or reserve is None and self._registration()["method"]["sale"].get("reserve") == "sealed":
            raise Invalid(f"{BIDS}: the deal is below the reserve price, or it was not opened")
        award = self._award(notices)
        self._check_tie(sale, paddles, outcome)
        logged = [e["event"] for e in self.entries if e["event"]["type"] == "lot.awarded"][-1]
        if not (logged["winner"] == award["winner"] == paddles[outcome["winner"]]["bidder"] and logged["price_fen"] == award["price_fen"] == outcome["price_fen"]):
            raise Invalid("40-award/award-notice.json: the log names another winner")
        due = {"v": 1, "type": "mingtang-confirmation", "lot": sale["lot"], "seller": self._registration()["tenderer"], "buyer": award["winner"], "name": award["name"],
               "paddle": outcome["winner"], "price_fen": outcome["price_fen"], "housing": outcome["housing"], "at_ms": said["at_ms"]}
        self._check_confirmations(due, paddles[outcome["winner"]]["organisation_keys"])
        return f"{award['winner']} at {award['price_fen'] / 100:,.2f}"

    def _check_confirmations(self, due: dict[str, Any], buyer_keys: list[str]) -> None:
        """What centre, buyer and seller signed is this deal, the same for all, and every such act of the log is here."""
        said = [e["event"] for e in self.entries if e["event"]["type"] == "deal.signed"]
        roles = {event["role"]: event for event in said}
        here = {name[len(CONFIRMATION):-len(".json")]: name for name in self.pack.under(CONFIRMATION)}
        if roles.keys() != here.keys() or len(said) != len(roles) or not {"centre"} <= roles.keys() <= {"centre", "buyer", "seller"}:
            raise Invalid("40-award: not the confirmations of the log, or the centre's is missing")
        sellers = {key for name in self.pack.under("10-bids/") if name.endswith("/filing.json") for key in self.pack.json(name)["keys"]}
        for role, name in here.items():
            piece = self.pack.json(name)
            document, key = piece["document"], piece["key"]
            if piece["role"] != role or not _is_shaped(document, _CONFIRMATION) or any(canonical(document[fact]) != canonical(value) for fact, value in due.items()):
                raise Invalid(f"{name}: it confirms another deal")
            if tagged("confirmation", canonical(document)).hex() != roles[role]["confirmation"] \
                    or roles[role]["actor"] != {"centre": "centre", "buyer": due["buyer"], "seller": due["seller"]}[role]:
                raise Invalid(f"{name}: not the one that was logged")
            if role == "centre":
                key = self.centre_key or key
            elif key not in (buyer_keys if role == "buyer" else sellers):
                self.notes.append(f"{name}: signed with a key of the {role} that nothing else in the pack shows")
            if not _signed(unhex(key), _signature(piece["signature"], role == "centre"), b"mingtang/v1/confirmation\0" + canonical(document)):
                raise Invalid(f"{name}: the signature is wrong")
        if len({tagged("confirmation", canonical(self.pack.json(name)["document"])) for name in here.values()}) != 1:
            raise Invalid("40-award: the confirmations are not of one deal")

    def _check_reserve(self) -> None:
        """The reserve price of a live sale was sealed by the seller before the bidding and asked for after its end (docs/protocol.md, 6.4)."""
        for ident in [ident for ident, document in self.sessions.items() if document["envelope"] == "reserve" and ident not in self._ended()]:
            document, place = self.sessions[ident], "00-policy/session-reserve.json"
            commits = [e for e in self.entries if e["event"]["type"] == "bid.commit" and e["event"]["session"] == ident]
            if document["policy"] != "T" or any(e["event"]["bidder"] != self._registration()["tenderer"] for e in commits):
                raise Invalid(f"{place}: the reserve price is not the seller's alone")
            begun = min((e["index"] for e in self.entries if "seq" in e["event"] and e["event"]["type"] in ("auction.phase", "auction.bid")), default=2**53)
            if any(e["index"] > begun for e in commits) or any(e["event"]["bid_digest"] not in self._gone() for e in commits[:-1]):
                raise Invalid(f"{place}: the reserve price was sealed after the bidding began, or more than once")
            asked = [e for e in self.entries if e["event"]["type"] == "window.closed" and e["event"]["session"] == ident]
            given = any(piece["body"]["session"] == ident for name in self.pack.under("10-bids/releases/") if (piece := self._release(name)))
            ended = [e for e in self.entries if e["event"]["type"] == "auction.ended"]
            if not asked and not given:
                continue
            if len(asked) != 1 or len(ended) != 1 or ended[0]["index"] > asked[0]["index"] or asked[0]["event"].get("ended") != tagged(
                    "leaf", unhex(ended[0]["nonce"]) + canonical(ended[0]["event"])).hex():
                raise Invalid(f"{place}: the reserve price was not asked for once, after the end of the bidding")

    def _check_tie(self, sale: dict[str, Any], paddles: dict[str, Any], outcome: dict[str, Any]) -> None:
        """A tie at the ceiling: the deal is what the log says decided it, and the draw or the opened offers give the same."""
        said = [e["event"] for e in self.entries if e["event"]["type"] == "auction.tie_decided"]
        ceiling, after = sale["terms"]["ceiling_fen"], sale["terms"]["after_ceiling"]
        first = next((bid["paddle"] for bid in sale["bids"] if bid["fen"] == ceiling and bid["phase"] not in ("agreeing", "housing")), None)
        agreed = [name for name in [first] if name] + [bid["paddle"] for bid in sale["bids"] if bid["phase"] == "agreeing"]
        if len(agreed) < 2 or after == "housing":
            if said:
                raise Invalid("20-auction/bids.json: the log decides a tie that there was not")
            return
        if [(item["how"], item["winner"], item["price_fen"]) for item in said] != [(after, outcome["winner"], outcome["price_fen"])]:
            raise Invalid("20-auction/bids.json: the tie was decided otherwise than the deal says")
        if after != "single":
            found = outcome["winner"], ceiling
        if after == "lottery":
            held = self.pack.json("20-draw-winner/candidates.json")
            names = {b64encode(hmac.digest(unhex(held["salt"]), code.encode(), "sha256")).decode(): code for code in held["codes"]}
            document = self.pack.json("20-draw-winner/transcript.json")
            members = [eid for stratum in document["result"]["strata"] for eid in stratum["members"]]
            if sorted(names.values()) != sorted(agreed) or sorted(names) != sorted(row["eid"] for row in document["pool"]) \
                    or [names.get(eid) for eid in members] != [outcome["winner"]]:
                raise Invalid("20-draw-winner: not drawn among those who agreed, or another was drawn")
        elif after == "quality":
            self._check_minutes(said[0])
        elif after == "single":
            found = self._best_single(said[0], agreed, ceiling)
        if found != (outcome["winner"], outcome["price_fen"]):
            raise Invalid("20-auction/bids.json: the opened offers give another winner")

    def _check_minutes(self, said: dict[str, Any]) -> None:
        """The committee's minutes are those whose hash the log has; what they say is for people to read."""
        here = self.pack.under(f"20-auction/tie-minutes-{int(said['decision'])}.")
        if [self.pack.hashes(f"data/{name}")["sha256"] for name in here] != [said["minutes"]]:
            raise Invalid("20-auction: the minutes of the committee are not those of the log")

    def _offers_opened(self, session: str) -> list[list[Any]]:
        """[paddle, amount] of each offer that was opened in a session of the sale, in the order in which they were filed."""
        filed = {e["event"]["bid_digest"]: e["index"] for e in self.entries if e["event"]["type"] == "bid.commit"}
        record = next((record["record"] for record in self._records().values() if record["record"]["session"] == session), None)
        if record is None:
            raise Invalid("15-opening: the record of sealed offers is missing")
        return [[bid["bidder"], bid["offer"]["price_fen"]] for bid in sorted(record["bids"], key=lambda bid: filed[bid["digest"]]) if bid["offer"]]

    def _check_offers(self, room: LiveRoom, keys: dict[str, list[tuple[int, bytes]]]) -> None:
        """Sealed offers are filed under paddles, with their keys; what the room was told of each round is what was opened."""
        filed = {e["event"]["bid_digest"]: e["index"] for e in self.entries if e["event"]["type"] == "bid.commit"}
        for folder, digest, header in self._headers("10-bids/"):
            if header["ctx"]["envelope"].startswith("offer-"):
                known = {key.hex() for since, key in keys.get(header["ctx"]["bidder"], []) if since < filed[digest]}
                if not known or not set(self.pack.json(f"{folder}/filing.json")["keys"]) <= known:
                    raise Invalid(f"{folder}: not filed by a paddle of this sale")
        for told in room.told:
            session, place = room.sessions.get(told["number"]), f"{ROOM}: round {told['number']}"
            if session is None:
                # It could not be asked for in its time: then nobody's offer may count.
                if told["offers"] or not told["again"]:
                    raise Invalid(f"{place} counts offers that nobody was asked for")
                continue
            digests = {e["event"]["bid_digest"] for e in self.entries if e["event"]["type"] == "bid.commit" and e["event"]["session"] == session}
            lost = any(e["event"]["type"] == "bid.not_opened" and e["event"]["bid_digest"] in digests and e["event"]["fault"] in ("platform", "organiser")
                       for e in self.entries)
            if told["offers"] != self._offers_opened(session) or told["again"] != lost:
                raise Invalid(f"{place} was told with other offers than were opened, or is repeated without cause")

    def _best_single(self, said: dict[str, Any], agreed: list[str], ceiling: int) -> tuple[str, int]:
        """Which of the single offers wins by the rule of the notice; where none counts, the first to reach the ceiling."""
        offers = [(paddle, fen) for paddle, fen in self._offers_opened(said["session"]) if paddle in agreed and fen >= ceiling]
        rule = self.pack.json("20-auction/bids.json")["single_rule"]
        if rule not in ("highest", "nearest_mean", "nearest_mean_from_below") or rule != said["rule"] \
                or rule != self._registration()["method"]["sale"].get("single_rule", "nearest_mean"):
            raise Invalid("20-auction/bids.json: another rule of single offers than was registered")
        total, count = sum(fen for _, fen in offers), len(offers)

        def badness(fen: int) -> tuple[int, int]:
            over = fen * count - total
            return (0, -fen) if rule == "highest" else (int(rule == "nearest_mean_from_below" and over > 0), abs(over))

        return min(offers, key=lambda offer: badness(offer[1]), default=(agreed[0], ceiling))

    def _check_unchanged(self, report: dict[str, Any]) -> None:
        """Whoever has seen the prices changes no verdict and no mark, and brings nobody back."""
        if not any(e["event"]["type"] == "evaluation.technical" for e in self.entries):
            return
        technical = self.pack.json("30-evaluation/technical.json")
        if any(report[name] != technical[name] for name in ("members", "verdicts", "marks")) \
                or report["rejected"][:len(technical["rejected"])] != technical["rejected"]:
            raise Invalid("30-evaluation/report.json: verdicts or marks are others than before the prices were opened")

    def _check_ranked(self, report: dict[str, Any], ranking: list[dict[str, Any]]) -> None:
        """Every opened bid is ranked or rejected, once; what counts is each bidder's newest opened offer."""
        first = self._records()["15-opening/record.json"]["record"]["bids"]
        judged = [place["digest"] for place in ranking] + [item["digest"] for item in report["rejected"]]
        if sorted(judged) != sorted(bid["digest"] for bid in first if bid["outcome"] == "opened"):
            raise Invalid("30-evaluation/report.json: not every opened bid is ranked or rejected once")
        for at, place in enumerate(ranking):
            above = ranking[at - 1] if at else {"rank": 0}
            if place["rank"] != at + 1 and (place["rank"] != above["rank"] or above["digest"] not in place["tied_with"]):
                raise Invalid("30-evaluation/report.json: the ranks are not in order")
        opened = {record["session"]: record for record in (item["record"] for item in self._records().values())}
        before = next(e["index"] for e in self.entries if e["event"]["type"] == "evaluation.ranked")
        rounds = [e["event"]["session"] for e in self.entries
                  if e["event"]["type"] in ("offers.asked", "evaluation.technical") and e["index"] < before]
        given = [{bid["bidder"]: bid["digest"] for bid in opened[session]["bids"] if bid["outcome"] == "opened"}
                 for session in rounds if session in opened]
        newest = {bidder: digest for one in given for bidder, digest in one.items()}
        for place in ranking:
            if place["offer"] != newest.get(place["bidder"], place["digest"]):
                raise Invalid("30-evaluation/report.json: an older offer counts than the last one given")

    def _check_order(self, kind: str, ranking: list[dict[str, Any]]) -> None:
        prices = [place["price_fen"] for place in ranking]
        if kind.endswith("lowest") and prices != sorted(prices):
            raise Invalid("30-evaluation/report.json: not ranked by the lowest price")
        if kind.endswith("highest") and prices != sorted(prices, reverse=True):
            raise Invalid("30-evaluation/report.json: not ranked by the highest price")
        if kind == "lottery" and ranking:
            key = self.pack.json("20-draw-winner/candidates.json")
            names = {b64encode(hmac.digest(unhex(key["salt"], len(key["salt"]) // 2), code.encode(), "sha256")).decode(): code for code in key["codes"]}
            document = self.pack.json("20-draw-winner/transcript.json")
            if not _is_transcript(document) or {row["eid"] for row in document["pool"]} != set(names):
                raise Invalid("20-draw-winner/candidates.json: not those among whom the lot was cast")
            result = document["result"]["strata"][0]
            drawn = [names[eid] for eid in [*result["members"], *result["substitutes"]]]
            # By the tickets themselves: of a draw only its members were computed again, not its substitutes.
            tickets = [names[row["eid"]] for row in by_ticket(document["pool"], unbase64(document["seed"]))]
            if [place["bidder"] for place in ranking] != drawn or drawn != tickets:
                raise Invalid("30-evaluation/report.json: not in the order of the tickets")

    def check_evidence(self) -> str:
        self._load_entries()
        found = self._checkpoints()
        size = found[-1][0]
        heads = {at // SPAN: (at % SPAN, root) for at, root, _, _ in found}
        last = -1
        for entry in self.entries:
            leaf = leaf_hash(tagged("leaf", unhex(entry["nonce"]) + canonical(entry["event"])))
            number, place = divmod(entry["index"], SPAN)
            if entry["index"] <= last or number not in heads or not verify_inclusion(
                    place, heads[number][0], leaf, [unbase64(h) for h in entry["path"]], heads[number][1]):
                raise Invalid(f"evidence entry {entry['index']} ({entry['event']['type']}) is not in the log")
            last = entry["index"]
        self._check_sets()
        self._check_catalogue()
        return f"{len(self.entries)} entries in the log of {size % SPAN}"

    def _check_catalogue(self) -> None:
        """Every piece is the one that stood in the case when its catalogue went into the log."""
        catalogue = self.pack.json("catalogue.json")
        pieces = sorted([piece["path"], piece["sha256"]] for piece in catalogue["pieces"])
        logged = [e["event"] for e in self.entries if e["event"]["type"] == "archive.catalogued"]
        if not logged or logged[-1]["root"] != tagged("catalogue", canonical(pieces)).hex():
            raise Invalid("catalogue.json: not the catalogue that was logged")
        there = set(self.pack.under("")) - {"catalogue.json"}
        there = {name for name in there if not name.startswith(("90-log/", "95-evidence/", "verify/"))}
        if there != {path for path, _ in pieces}:
            raise Invalid("the pack does not hold exactly the pieces of its catalogue")
        for path, digest in pieces:
            if self.pack.hashes(f"data/{path}")["sha256"] != digest:
                raise Invalid(f"{path}: not the piece that was catalogued")

    def _check_sets(self) -> None:
        gone, closed = self._gone(), set[str]()
        for entry in self.entries:
            event = entry["event"]
            if event["type"] == "session.close":
                if event["session"] in closed:
                    raise Invalid(f"entry {entry['index']}: its session was closed before")
                closed.add(event["session"])
                live = sorted(e["event"]["bid_digest"] for e in self.entries
                              if e["event"]["type"] in ("bid.commit", "draw.commit")
                              and e["event"]["session"] == event["session"] and e["event"]["bid_digest"] not in gone)
                # The paths were checked: what stands at an index of the pack stands there in the log.
                before = next((e for e in self.entries if e["index"] == entry["index"] - 1), None)
                if before is None or tagged("leaf", unhex(before["nonce"]) + canonical(before["event"])) != close_marker(event["session"]):
                    raise Invalid(f"entry {entry['index']}: the mark before the close is missing")
                if event["count"] != len(live) or event["root"] != tagged("live", canonical(live)).hex():
                    raise Invalid("the set frozen at the close is not the set of live bids")


def merkle_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 root over plain leaves."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(merkle_root(leaves[:split]), merkle_root(leaves[split:]))


def _lp(data: bytes) -> bytes:
    return len(data).to_bytes(8, "big") + data


def by_ticket(rows: list[dict[str, Any]], seed: bytes) -> list[dict[str, Any]]:
    """A pool in the order of its lowest tickets."""
    def ticket(row: dict[str, Any]) -> bytes:
        eid = unbase64(row["eid"])
        return min(tagged("ticket", seed + eid + j.to_bytes(8, "big")) for j in range(row["w"]))

    return sorted(rows, key=lambda row: (ticket(row), unbase64(row["eid"])))


def draw_again(document: dict[str, Any], rows: list[dict[str, Any]], seed: bytes) -> dict[str, list[str]]:
    """Seat the lowest tickets stratum by stratum, then replace those who declined, in log order."""
    queue = by_ticket(rows, seed)
    params, used, employers = document["params"], set[str](), dict[str, int]()
    benches: dict[str, tuple[Iterator[dict[str, Any]], list[dict[str, Any]]]] = {}
    for stratum in params["strata"]:
        fits = [row for row in queue if (not stratum["regions"] or set(stratum["regions"]) & set(row["regions"]))
                and (not stratum["specs"] or set(stratum["specs"]) & set(row["specs"]))]
        benches[stratum["id"]] = (iter(fits), [])

    def seat(name: str) -> None:
        line, seated = benches[name]
        for row in line:
            if row["eid"] in used or params["employer_cap"] and employers.get(row["employer"], 0) >= params["employer_cap"]:
                continue
            used.add(row["eid"])
            employers[row["employer"]] = employers.get(row["employer"], 0) + 1
            seated.append(row)
            return
        raise Invalid(f"the pool of {name} is exhausted")

    for stratum in params["strata"]:
        for _ in range(stratum["count"]):
            seat(stratum["id"])
    for decline in document["declines"]:
        seated = benches[decline["stratum"]][1]
        row = next((row for row in seated if row["eid"] == decline["eid"]), None)
        if row is None:
            raise Invalid("somebody declined who was not seated")
        seated.remove(row)
        employers[row["employer"]] -= 1
        seat(decline["stratum"])
    return {name: [row["eid"] for row in seated] for name, (_, seated) in benches.items()}


def _tables() -> tuple[list[int], list[int]]:
    """Powers of 3 and their exponents in GF(256) with polynomial 0x11b; the powers twice, so that sums need no wrap."""
    powers, exponents, value = [0] * 510, [0] * 256, 1
    for exponent in range(255):
        powers[exponent] = powers[exponent + 255] = value
        exponents[value] = exponent
        value ^= (value << 1) ^ (0x11B if value & 0x80 else 0)
    return powers, exponents


_POWERS, _EXPONENTS = _tables()


def _interpolate(points: dict[int, bytes], at: int) -> bytes:
    """The polynomial's value at ``at`` from its values at the points (Shamir over GF(256), Lagrange)."""
    total = 0
    if at in points:
        return points[at]
    for x, value in points.items():
        exponent = sum(_EXPONENTS[at ^ other] - _EXPONENTS[x ^ other] for other in points if other != x) % 255
        weighed = bytes([0]) + bytes(_POWERS[exponent + _EXPONENTS[byte]] for byte in range(1, 256))
        total ^= int.from_bytes(value.translate(weighed), "big")
    return total.to_bytes(32, "big")


# --- renewals --------------------------------------------------------------------------------


def check_renewals(pack: Path, file: Path, log_key: str = "", witness_keys: Sequence[str] = (), quorum: int = 1,
                   tsa_roots: Sequence[x509.Certificate] = ()) -> str:
    """Check the renewals of a pack: its hashes, the chain, the log, the witnesses and the time stamps. Raises Invalid."""
    given = loose_json(file.read_bytes())
    one, two = sha512(), Hash(SM3())
    with pack.open("rb") as source:
        while chunk := source.read(1 << 20):
            one.update(chunk)
            two.update(chunk)
    hashes = (one.hexdigest(), two.finalize().hex())
    try:
        roots = list(tsa_roots) or (x509.load_pem_x509_certificates(given["roots"].encode()) if given["roots"] else [])
        previous, last = "", 0
        for number, item in enumerate(given["renewals"], 1):
            document, place = item["document"], f"renewal {number}"
            if (document["number"], document["previous"]) != (number, previous) or document["at"] < last:
                raise Invalid(f"{place}: does not follow the one before")
            if (document["pack_sha512"], document["pack_sm3"]) != hashes:
                raise Invalid(f"{place}: of another pack")
            previous, last = tagged("renewal", canonical(document)).hex(), document["at"]
            if item["event"]["type"] != "archive.renewed" or item["event"]["renewal"] != previous:
                raise Invalid(f"{place}: not the one that was logged")
            text = check_log_note(item["note"], log_key.partition(",")[0] or given["log"])
            _, size, root = parse_checkpoint(text)
            leaf = leaf_hash(tagged("leaf", bytes.fromhex(item["nonce"]) + canonical(item["event"])))
            if not verify_inclusion(item["index"], size, leaf, [unbase64(h) for h in item["path"]], root):
                raise Invalid(f"{place}: not in the log")
            if witness_keys and len(witnessed(item["note"], witness_keys)) < quorum:
                raise Invalid(f"{place}: too few witnesses")
            seen = [check_stamp(unbase64(stamp), text.encode(), roots) for stamp in item["stamps"]]
            if any(abs(stamp.at.timestamp() - document["at"]) > 86_400 for stamp in seen):
                raise Invalid(f"{place}: stamped at another time than it states")
            stamps = {stamp.root for stamp in seen}
            if len(stamps) < min(2, len(roots)):
                raise Invalid(f"{place}: {len(stamps)} time stamps")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(f"the renewals cannot be read: {error}") from None
    return f"{len(given['renewals'])} renewals, the last of {datetime.fromtimestamp(last, UTC):%Y-%m-%d}" if last else "none"


# --- receipts ------------------------------------------------------------------------------


def check_receipt(receipt: dict[str, Any], log_key: str = "") -> dict[str, Any]:
    """Check a filing receipt: the event's leaf stands in the log that the note signs."""
    if not isinstance(receipt, dict) or receipt.get("type") != "mingtang-receipt":
        raise Invalid("not a receipt")
    try:
        head, _, note = receipt["proof"].partition("\n\n")
        lines = head.split("\n")
        if lines[0] != "c2sp.org/tlog-proof@v1" or lines[1] != f"index {receipt['index']}":
            raise Invalid("the proof is not one of this entry")
        text = check_log_note(note, log_key.partition(",")[0] or receipt["log_key"])
        origin, size, root = parse_checkpoint(text)
        leaf = leaf_hash(tagged("leaf", bytes.fromhex(receipt["nonce"]) + canonical(receipt["event"])))
        path = [unbase64(line) for line in lines[2:]]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise Invalid(f"the receipt cannot be read: {error}") from None
    if not verify_inclusion(receipt["index"], size, leaf, path, root):
        raise Invalid("the entry is not in the log that was signed")
    return {"origin": origin, "size": size, "index": receipt["index"], "event": receipt["event"], "pinned": bool(log_key)}


# --- the command ----------------------------------------------------------------------------


def verify_path(path: Path, log_key: str = "", witness_keys: Sequence[str] = (), centre_key: str = "",
                quorum: int = 1, tsa_roots: Sequence[x509.Certificate] = ()) -> dict[str, Any]:
    """Check a receipt (.json) or a pack (.zip or folder); the report says which."""
    if path.is_file() and path.suffix == ".json":
        found = check_receipt(json.loads(path.read_bytes(), object_pairs_hook=_no_duplicates), log_key)
        return {"ok": True, "keys_pinned": bool(log_key), "receipt": found, "checks": [], "notes": []}
    return Verifier(Pack(path), log_key, witness_keys, quorum, centre_key, tsa_roots).run()


def readable(report: dict[str, Any]) -> str:
    """The report for people, in Chinese and English."""
    lines = []
    for item in report["checks"]:
        lines.append(f"{'✓' if item['ok'] else '✕'} {item['check']:>2} {item['title']} ({item['name']}): {item['detail']}")
    if "receipt" in report:
        event = report["receipt"]["event"]
        lines.append(f"✓ 回执有效 receipt valid: {event['type']} {event.get('bid_digest', '')} #{report['receipt']['index']}")
    lines += [f"◆ {note}" for note in report["notes"]]
    lines.append("结论 result: " + ("全部通过 all checks hold" if report["ok"] else "未通过 NOT VALID"))
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check a Mingtang archive pack or receipt offline.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--log-key", default="", help="the log's key, from a source outside the pack; its second key after a comma")
    parser.add_argument("--witness-key", action="append", default=[], help="a witness's key; may be repeated")
    parser.add_argument("--centre-key", default="", help="the centre's key in hex")
    parser.add_argument("--quorum", type=int, default=1, help="how many witnesses must have signed a close")
    parser.add_argument("--tsa-root", type=Path, action="append", default=[], help="a certificate (PEM) of a time-stamping authority")
    parser.add_argument("--renewals", type=Path, help="the renewals of the pack's evidence (JSON)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        roots = [root for path in options.tsa_root for root in x509.load_pem_x509_certificates(path.read_bytes())]
        report = verify_path(options.path, options.log_key, options.witness_key, options.centre_key, options.quorum, roots)
        if options.renewals:
            detail = check_renewals(options.path, options.renewals, options.log_key, options.witness_key, options.quorum, roots)
            report["checks"].append({"check": 12, "name": "renewals", "title": "证据更新", "ok": True, "detail": detail})
    except (Invalid, OSError, ValueError) as error:
        report = {"ok": False, "keys_pinned": bool(options.log_key), "checks": [], "notes": [str(error)]}
    print(json.dumps(report, ensure_ascii=False, indent=2) if options.json else readable(report))
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
