"""Check a Mingtang archive pack, receipt or draw with nothing but this file and ``cryptography``.

This file stands alone: it imports no other part of the platform, so that it can be copied
into any folder, read by an outsider, and run against material that it does not trust.
Usage: ``python verify.py PACK [--log-key KEY] [--witness-key KEY ...] [--json]``.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ED25519 = 0x01
COSIGNATURE = 0x04


class Invalid(Exception):
    """The material is not what it claims to be; the text says which piece and why."""


# --- bytes and documents ---------------------------------------------------------------


def tagged(tag: str, data: bytes) -> bytes:
    """SHA-256 with the protocol's domain separation (docs/protocol.md, section 1)."""
    return sha256(b"mingtang/v1/" + tag.encode() + b"\0" + data).digest()


def canonical(document: Any) -> bytes:
    """RFC 8785 form of a document of objects, lists, strings, whole numbers, booleans and null."""
    if isinstance(document, dict):
        keys = sorted(document, key=lambda key: key.encode("utf-16-be"))
        return b"{" + b",".join(canonical(key) + b":" + canonical(document[key]) for key in keys) + b"}"
    if isinstance(document, list):
        return b"[" + b",".join(canonical(item) for item in document) + b"]"
    if isinstance(document, float) or isinstance(document, int) and abs(document) >= 2**53:
        raise Invalid("a number that the canonical form does not allow")
    if document is None or isinstance(document, (str, bool, int)):
        return json.dumps(document, ensure_ascii=False).encode()
    raise Invalid("a value that the canonical form does not know")


def strict_json(data: bytes) -> Any:
    """Read JSON that must be in canonical form already: no duplicate keys, floats or spare space."""
    try:
        document = json.loads(data, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"not JSON: {error}") from None
    if canonical(document) != data:
        raise Invalid("JSON that is not in canonical form")
    return document


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


def parse_verifier_key(text: str) -> tuple[str, int, bytes]:
    """Read ``name+hash+base64`` and check its hash. Returns (name, type, public key)."""
    name, _, rest = text.partition("+")
    digest, _, encoded = rest.partition("+")
    material = unbase64(encoded)
    if len(material) != 33 or key_hash(name, material[0], material[1:]).hex() != digest:
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
        if signer == name and blob[:4] == key_hash(name, kind, public) and kind == COSIGNATURE:
            seconds = int.from_bytes(blob[4:12], "big")
            if not _signed(public, blob[12:], cosigned_message(text, seconds)):
                raise Invalid(f"the cosignature of {name} is wrong")
            return seconds
    return None


def _signed(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
