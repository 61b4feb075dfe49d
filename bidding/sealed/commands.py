"""The command-line sealer: for bidders whose browser cannot seal, or who do not trust one.

It runs on the bidder's machine and imports nothing of the platform's database layer.
"""

from __future__ import annotations

import json
import os
import secrets
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bidding.envelope import documents, keys, recovery, sealing, suites
from bidding.sealed.rules import file_name
from bidding.sealed.visitor import Visitor
from bidding.trustees import fingerprints, session_check
from trading.base.errors import Refused
from trading.base.money import parse_fen
from trading.evidence import verify


@dataclass(frozen=True)
class OnDisk:
    """A file to be sealed."""

    path: Path
    name: str
    size: int

    def open(self) -> BinaryIO:
        return self.path.open("rb")


@click.group()
def bid() -> None:
    """Seal a bid on this machine and file it."""


@bid.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--session", type=click.Path(path_type=Path, exists=True), required=True, help="the session document (JSON)")
@click.option("--centre-key", default="", help="the centre's key (hex), from a source outside the platform")
@click.option("--bidder", required=True, help="credit code of the bidder")
@click.option("--price", help="price in yuan, e.g. 1,234,567.89 (not in a technical envelope)")
@click.option("--days", type=click.IntRange(0, 36500), help="not in a price envelope")
@click.option("--quality", default="合格", show_default=True)
@click.option("--statement", default="")
@click.option("--passphrase", prompt=True, hide_input=True, confirmation_prompt=True, help="of the recovery file")
def seal(folder: Path, files: tuple[Path, ...], session: Path, centre_key: str, bidder: str, price: str | None, days: int | None, quality: str,
         statement: str, passphrase: str) -> None:
    """Seal FILES into FOLDER: header, ciphertext, recovery file. Nothing is sent."""
    try:
        answer = documents.read(session.read_bytes())
        if not isinstance(answer, dict) or "document" not in answer:
            raise Refused("seal.document", place="session")
        if not centre_key:
            click.echo("◆ no --centre-key: the key is taken from the platform's own answer; compare it with the notice", err=True)
        document, _deadline = session_check.check_answer(answer, centre_key or str(answer.get("centre_key", "")))
        if suites.is_uncertified(document["suite"]):
            click.echo(f"{document['suite']}: {suites.NOT_CERTIFIED.en} ({suites.NOT_CERTIFIED.zh})")
        offer = _offer(document["envelope"], price, days, quality, statement)
        sources = [OnDisk(path, file_name(path.name), path.stat().st_size) for path in files]
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (folder / "payload.cob").open("wb") as out:
            sealed = sealing.seal(document, bidder, offer, list(sources), out)
        kept = recovery.make(passphrase, sealed.header["ctx"]["session"], sealed.digest, sealed.kb) if sealed.kb else b""
    except Refused as refusal:
        raise click.UsageError(str(refusal)) from None
    (folder / "header.json").write_bytes(documents.encode(sealed.header))
    if kept:
        _write_secret(folder / "recovery.json", kept)
    click.echo(f"sealed: {sealed.digest}")
    if kept:
        click.echo("keep recovery.json and its passphrase apart: both are needed at the opening")


def _offer(envelope: str, price: str | None, days: int | None, quality: str, statement: str) -> dict[str, Any]:
    """What this envelope holds of what was typed; what it needs and lacks, or holds and must not, is said."""
    shape = documents.offer_shape(envelope) or {}
    for name, given, field in (("--price", price, "price_fen"), ("--days", days, "days")):
        if (given is not None) != (field in shape):
            raise click.UsageError(f"the envelope “{envelope}” {'needs' if field in shape else 'takes no'} {name}")
    typed: dict[str, Any] = {"days": days, "quality": quality, "statement": statement}
    if price is not None:
        typed["price_fen"] = parse_fen(price)
    return {field: typed[field] for field in shape if field in typed}


def _write_secret(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)


def _signing_key(path: Path) -> Ed25519PrivateKey:
    """The organisation's signing key of this machine, made when first needed."""
    if not path.exists():
        _write_secret(path, secrets.token_bytes(32))
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


@bid.command("session")
@click.argument("lot")
@click.option("--url", required=True)
@click.option("--username", required=True)
@click.option("--password", prompt=True, hide_input=True)
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option("--prices", is_flag=True, help="of the price envelopes, where prices are sealed apart")
def fetch_session(lot: str, url: str, username: str, password: str, out: Path, prices: bool) -> None:
    """Fetch the session document of a lot; check the key holders in it against the notice."""
    visitor = Visitor(url)
    visitor.sign_in(username, password)
    document = visitor.get_json(f"/api/v1/lots/{lot}/session" + ("?envelope=price" if prices else ""))
    try:
        session_check.check_answer(document, str(document.get("centre_key", "")))
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from None
    out.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    for trustee in document["document"]["trustees"]:
        click.echo(f"{trustee['i']}. {trustee['org']}  {fingerprints.words(documents.binary(trustee['sig_key'], 'sig_key'))}")


@bid.command("file")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--url", required=True)
@click.option("--username", required=True)
@click.option("--password", prompt=True, hide_input=True)
@click.option("--key", type=click.Path(path_type=Path), default=Path.home() / ".mingtang-signing.key", show_default=True)
@click.option("--log-key", default="", help="the log's key, from a source outside the platform")
def file_bid(folder: Path, url: str, username: str, password: str, key: Path, log_key: str) -> None:
    """Send a sealed FOLDER, check the receipt, keep it beside the bid."""
    header = documents.decode((folder / "header.json").read_bytes())
    digest, session = documents.bid_digest(header), header["ctx"]["session"]
    signer = _signing_key(key)
    visitor = Visitor(url)
    visitor.sign_in(username, password)
    visitor.post_json("/api/v1/me/keys", {"public": b64encode(verify.raw_public_key(signer)).decode()})
    base = f"/api/v1/sessions/{session}"
    upload = visitor.post_json(f"{base}/uploads", {})["upload"]
    with (folder / "payload.cob").open("rb") as payload:
        for number in range(len(header["payload"]["parts"])):
            part = payload.read(documents.PART_BYTES)
            visitor.put(f"{base}/uploads/{upload}/parts/{number}", part,
                        {"Content-Digest": f"sha-256=:{b64encode(sha256(part).digest()).decode()}:"})
            click.echo(f"part {number + 1} of {len(header['payload']['parts'])}")
    receipt = visitor.post_json(f"{base}/bids", {"header": header, "upload": upload, "signature": b64encode(
        signer.sign(bytes.fromhex(digest))).decode()}, {"Idempotency-Key": digest})
    try:
        found = verify.check_receipt(receipt, log_key)
    except verify.Invalid as error:
        raise click.ClickException(f"the platform's receipt is not valid: {error}") from None
    (folder / "receipt.json").write_text(json.dumps(receipt, ensure_ascii=False), "utf-8")
    click.echo(f"filed: {digest}, evidence entry {found['index']}; the receipt is in {folder / 'receipt.json'}")


@bid.command()
@click.argument("recovery_file", type=click.Path(path_type=Path, exists=True))
@click.argument("lot")
@click.option("--url", required=True)
@click.option("--username", required=True)
@click.option("--password", prompt=True, hide_input=True)
@click.option("--passphrase", prompt=True, hide_input=True)
def decrypt(recovery_file: Path, lot: str, url: str, username: str, password: str, passphrase: str) -> None:
    """Give the bidder's half at the opening of LOT."""
    try:
        found = recovery.read(passphrase, recovery_file.read_bytes())
    except Refused as refusal:
        raise click.UsageError(str(refusal)) from None
    visitor = Visitor(url)
    visitor.sign_in(username, password)
    visitor.post_json(f"/api/v1/lots/{lot}/halves", {"digest": found.digest, "kb": b64encode(found.kb).decode()})
    click.echo(f"given: {found.digest}")


@bid.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("lot")
@click.option("--url", required=True)
@click.option("--username", required=True)
@click.option("--password", prompt=True, hide_input=True)
@click.option("--key", type=click.Path(path_type=Path), default=Path.home() / ".mingtang-signing.key", show_default=True)
def withdraw(folder: Path, lot: str, url: str, username: str, password: str, key: Path) -> None:
    """Withdraw the bid sealed in FOLDER from LOT before the deadline; it is never opened."""
    header = documents.decode((folder / "header.json").read_bytes())
    digest, session = documents.bid_digest(header), header["ctx"]["session"]
    visitor = Visitor(url)
    visitor.sign_in(username, password)
    visitor.post_form(f"/me/lots/{lot}/withdraw", {"confirm": "withdraw", "digest": digest, "signature": b64encode(
        _signing_key(key).sign(keys.withdrawal(session, digest))).decode()})
    click.echo(f"withdrawn: {digest}")
