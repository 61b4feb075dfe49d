"""Local witnesses and time-stamping authorities: stand-ins for outside ones, named as such."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from trading.base.clock import stopped, unix
from trading.base.config import Settings
from trading.base.database import db
from trading.evidence import notes, stamping, verify, witnessing
from trading.evidence.authority import Authority
from trading.evidence.models import Checkpoint
from trading.evidence.witness import Answer, Witness

#: Who watches the log; two of the three must have signed.
WITNESSES = ("witness.example/supervisor", "witness.example/notary", "witness.example/bidders-association")
QUORUM = 2
AUTHORITIES = ("Demonstration time-stamping authority 1", "Demonstration time-stamping authority 2")
#: The stand-ins' certificates hold from here on, because demonstrations begin in the past.
SINCE = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Watchers:
    """Three witnesses and two authorities in this program, with what each witness saw last."""

    witnesses: list[Witness]
    authorities: list[Authority]
    seen: list[int]

    @property
    def keys(self) -> list[str]:
        """Both verifier keys of every witness."""
        return keys_of(self.witnesses)

    def sign(self, size: int, at: datetime) -> None:
        """Bring one checkpoint to all witnesses and, if it is to be stamped, to the authorities."""
        checkpoint = db.session.get(Checkpoint, size)
        assert checkpoint is not None
        for number, witness in enumerate(self.witnesses):
            def ask(body: str, witness: Witness = witness) -> Answer:
                return witness.add_checkpoint(body, unix(at))

            self.seen[number] = witnessing.cosign(checkpoint, ask, self.seen[number]).size
        for authority in self.authorities if checkpoint.to_stamp and stamping.roots() else []:
            stamping.stamp(checkpoint, lambda body, authority=authority: authority.answer(body, at), stopped(at))  # type: ignore[misc]

    def twin(self) -> Watchers:
        """The same watchers with memories of their own, for a copy of the installation."""
        return Watchers([_twin(witness) for witness in self.witnesses], self.authorities, list(self.seen))


def keys_of(witnesses: Sequence[Witness]) -> list[str]:
    return [key for witness in witnesses for key in (witness.verifier_key, witness.verifier_key_pq)]


def log_key(settings: Settings) -> str:
    """The log's verifier key, from the installation's key file."""
    public = verify.raw_public_key(notes.signer(settings.key("log"), "log"))
    return notes.verifier_key(settings.log_origin, verify.ED25519, public)


def watched(settings: Settings, watchers: Watchers) -> Settings:
    """The installation's settings with these watchers pinned; writes the authorities' roots."""
    pin_roots(settings.instance, watchers.authorities)
    return replace(settings, witness_keys=",".join(watchers.keys), witness_quorum=QUORUM)


def pin_roots(instance: Path, authorities: Sequence[Authority]) -> None:
    (instance / "tsa-roots.pem").write_bytes(b"".join(authority.root_pem for authority in authorities))


def make(settings: Settings) -> Watchers:
    """Watchers with fresh keys in this program's memory alone."""
    logs = {settings.log_origin: log_key(settings)}
    return Watchers([Witness(name, secrets.token_bytes(32), logs) for name in WITNESSES],
                    [Authority(name, since=SINCE) for name in AUTHORITIES], [0] * len(WITNESSES))


def _twin(witness: Witness) -> Witness:
    twin = copy(witness)
    twin._last = dict(witness._last)
    return twin
