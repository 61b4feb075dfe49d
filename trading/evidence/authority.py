"""A time-stamping authority (RFC 3161) for demonstrations and tests: a stand-in for outside ones.

Makes its own root and certificate, answers queries with its own clock. Pure but for its folder;
knows nothing of the platform. A production installation names authorities outside it instead.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Any

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from trading.evidence import verify

POLICY = x509.ObjectIdentifier("1.3.6.1.4.1.32473.1")  # an arc for documentation (RFC 5612)
_SHA256_WITH_ECDSA = "1.2.840.10045.4.3.2"
#: How long the stand-in's certificates hold. Long, because nobody renews them.
VALID = timedelta(days=7300)
LARGEST_QUERY = 4096


@asn1.sequence
class Query:
    """What is asked: the hash of something, and a number that the answer must repeat (RFC 3161, 2.4.1)."""

    version: int
    imprint: verify.TspImprint
    policy: x509.ObjectIdentifier | None
    nonce: int | None
    certificates: Annotated[bool, asn1.Default(False)]


@asn1.sequence
class _Status:
    status: int


@asn1.sequence
class _Granted:
    status: _Status
    token: asn1.TLV


@asn1.sequence
class _IssuerAndSerial:
    issuer: asn1.TLV
    serial: int


@asn1.sequence
class _SignerOut:
    version: int
    who: _IssuerAndSerial
    digest: verify.TspAlgorithm
    attributes: Annotated[asn1.SetOf[verify.TspAttribute], asn1.Implicit(0)]
    algorithm: verify.TspAlgorithm
    signature: bytes


@asn1.sequence
class _SignedOut:
    version: int
    digests: asn1.SetOf[verify.TspAlgorithm]
    inside: verify.TspEncapsulated
    certificates: Annotated[asn1.SetOf[asn1.TLV], asn1.Implicit(0)]
    signers: asn1.SetOf[_SignerOut]


def query(data: bytes, nonce: int) -> bytes:
    """A query for a stamp over SHA-256 of ``data``, with the authority's certificate in the answer."""
    return asn1.encode_der(Query(
        version=1, imprint=verify.TspImprint(algorithm=_algorithm(verify.SHA_256), digest=sha256(data).digest()),
        policy=None, nonce=nonce, certificates=True))


class Authority:
    """One authority with its own root. ``folder`` keeps root, certificate and key between starts."""

    def __init__(self, name: str, folder: Path | None = None, *, since: datetime) -> None:
        self.name = name
        path = folder / "authority.pem" if folder else None
        if path is not None and path.exists():
            data = path.read_bytes()
            self.root, self._certificate = x509.load_pem_x509_certificates(data)
            key = serialization.load_pem_private_key(data, None)
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            self._key = key
            return
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.root, self._certificate = _certificates(name, self._key, since)
        if path is not None:
            path.touch(mode=0o600)
            path.write_bytes(self.root_pem + self._certificate.public_bytes(serialization.Encoding.PEM) + self._key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

    @property
    def root_pem(self) -> bytes:
        return self.root.public_bytes(serialization.Encoding.PEM)

    def answer(self, body: bytes, at: datetime) -> bytes:
        """The response to a query. Raises ValueError for one that cannot be read or asks another hash."""
        asked = asn1.decode_der(Query, body)
        if asked.imprint.algorithm.kind.dotted_string != verify.SHA_256 or len(asked.imprint.digest) != 32:
            raise ValueError("only SHA-256 is stamped")
        info = asn1.encode_der(verify.TspInfo(
            version=1, policy=POLICY, imprint=asked.imprint, serial=secrets.randbits(63),
            at=asn1.GeneralizedTime(at.astimezone(UTC).replace(microsecond=0)),
            accuracy=verify.TspAccuracy(seconds=1, millis=None, micros=None), ordering=False, nonce=asked.nonce))
        own = verify.TspBareCertificateId(algorithm=None, digest=self._certificate.fingerprint(hashes.SHA256()))
        attributes = asn1.SetOf([_attribute(verify.CONTENT_TYPE, x509.ObjectIdentifier(verify.TST_INFO)),
                                 _attribute(verify.MESSAGE_DIGEST, sha256(info).digest()),
                                 _attribute(verify.SIGNING_CERTIFICATE, verify.TspSigningCertificate(certificates=[_tlv(own)]))])
        signature = self._key.sign(asn1.encode_der(attributes), ec.ECDSA(hashes.SHA256()))
        signer = _SignerOut(
            version=1, who=_IssuerAndSerial(issuer=_raw(self._certificate.issuer.public_bytes()), serial=self._certificate.serial_number),
            digest=_algorithm(verify.SHA_256), attributes=attributes, algorithm=_algorithm(_SHA256_WITH_ECDSA), signature=signature)
        signed = _SignedOut(
            version=3, digests=asn1.SetOf([_algorithm(verify.SHA_256)]),
            inside=verify.TspEncapsulated(kind=x509.ObjectIdentifier(verify.TST_INFO), content=info),
            certificates=asn1.SetOf([_raw(self._certificate.public_bytes(serialization.Encoding.DER))]), signers=asn1.SetOf([signer]))
        content = verify.TspContent(kind=x509.ObjectIdentifier(verify.SIGNED_DATA), content=_tlv(signed))
        return asn1.encode_der(_Granted(status=_Status(status=0), token=_tlv(content)))


def serve(authority: Authority, host: str, port: int, clock: Callable[[], datetime]) -> ThreadingHTTPServer:
    """An HTTP server for one authority (RFC 3161, 3.4); the caller runs ``serve_forever``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            try:
                if not 0 < length <= LARGEST_QUERY:
                    raise ValueError("a query of that length")
                status, kind, data = 200, "application/timestamp-reply", authority.answer(self.rfile.read(length), clock())
            except ValueError as error:
                status, kind, data = 400, "text/plain", f"{error}\n".encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Requests are not worth a line each."""

    return ThreadingHTTPServer((host, port), Handler)


def _certificates(name: str, key: ec.EllipticCurvePrivateKey, since: datetime) -> tuple[x509.Certificate, x509.Certificate]:
    root_key = ec.generate_private_key(ec.SECP256R1())

    def named(what: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, what)])

    def made(subject: str, issuer: str, public: Any) -> x509.CertificateBuilder:
        return x509.CertificateBuilder().subject_name(named(subject)).issuer_name(named(issuer)).public_key(public).serial_number(
            x509.random_serial_number()).not_valid_before(since).not_valid_after(since + VALID)

    above = f"{name} root"
    root = made(above, above, root_key.public_key()).add_extension(x509.BasicConstraints(True, 0), True).sign(root_key, hashes.SHA256())
    own = made(name, above, key.public_key()).add_extension(x509.BasicConstraints(False, None), True).add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True).sign(root_key, hashes.SHA256())
    return root, own


def _algorithm(oid: str) -> verify.TspAlgorithm:
    return verify.TspAlgorithm(kind=x509.ObjectIdentifier(oid), parameters=None)


def _attribute(oid: str, value: Any) -> verify.TspAttribute:
    return verify.TspAttribute(kind=x509.ObjectIdentifier(oid), values=asn1.SetOf([_tlv(value)]))


def _tlv(value: Any) -> asn1.TLV:
    return _raw(asn1.encode_der(value))


def _raw(data: bytes) -> asn1.TLV:
    return asn1.decode_der(asn1.TLV, data)
