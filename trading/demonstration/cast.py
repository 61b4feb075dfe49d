"""The people of a demonstration or a replay: organisations, key holders, watchers of the log, experts.

They act through the same services as real users; only the clock is given to them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bidding.envelope.suites import INTL_1
from bidding.trustees import service as trustee_service
from bidding.trustees.trustee import Memory, Pins, Trustee
from experts.pool import service as pool
from trading.accounts.models import Account, Grant
from trading.accounts.permissions import Role
from trading.base.database import transaction
from trading.demonstration.watchers import QUORUM, Watchers
from trading.evidence import service as evidence
from trading.evidence import verify
from trading.parties import rules as party_rules
from trading.parties import service as parties
from trading.parties.models import Organisation

PRE_KEY_BATCH = 40
#: A password nobody knows: accounts of a replay are never signed in with.
NO_PASSWORD = "!"


def credit_code(number: int, kind: str = "91", region: str = "510822") -> str:
    """A well-formed code for an invented organisation (GB 32100), numbered for uniqueness."""
    body = ""
    for _ in range(9):
        body = party_rules.ALPHABET[number % 31] + body
        number //= 31
    first = kind + region + body
    return first + party_rules.check_character(first)


@dataclass(frozen=True)
class Firm:
    """An organisation as plain values, which outlive a database session."""

    id: int
    code: str
    name: str

    @property
    def organisation(self) -> Organisation:
        return parties.get(self.id)


@dataclass(frozen=True)
class Company(Firm):
    """A bidder with the key on its own machine."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def register_key(self, at: datetime) -> None:
        parties.register_key(self.id, verify.raw_public_key(self.key), actor=self.code, at=at)


@dataclass
class KeyHolder:
    """A key-holding organisation's own process, here in the same program."""

    trustee: Trustee
    record_id: int
    memory: Memory = field(default_factory=Memory)

    def top_up(self, at: datetime) -> None:
        """Bring new pre-keys when few are left."""
        for suite in trustee_service.suites_used():
            if trustee_service.spare_pre_keys(self.record_id, suite) < 4:
                # The national suites ask another program for every key: no more of them than are needed.
                count = PRE_KEY_BATCH if suite == INTL_1 else 6
                first = trustee_service.last_pre_key(self.record_id) + 1
                trustee_service.add_pre_keys(self.record_id, self.trustee.pre_keys(first, count, suite), at=at, suite=suite)


#: Organisations that may hold keys; three of them in the demonstration, five in a benchmark.
HOLDERS = ("清溪县公共资源交易中心", "清溪县公共资源交易监督管理局", "清溪县公证处", "清溪县建筑业协会", "清溪县纪检监察机关")


class Cast:
    """Everybody a case needs besides its bidders."""

    def __init__(self, at: datetime, watchers: Watchers, *, region: str = "CN-51", experts: int = 40, holders: int = 3) -> None:
        self.region = region
        self.watchers = watchers
        self._numbers = 0
        self.tenderer = self.firm("清溪县住房和城乡建设局", at, kind="11")
        # With which the purchaser signs sealing sessions on its own machine.
        self.tenderer_key = Ed25519PrivateKey.generate()
        self.holders = [self._holder(name, at) for name in HOLDERS[:holders]]
        self.pins = Pins(evidence.log_verifier_key(), trustee_service.centre_key(), tuple(watchers.keys), QUORUM)
        self.experts = [self._expert(number, at) for number in range(1, experts + 1)]

    def firm(self, name: str, at: datetime, kind: str = "91") -> Firm:
        self._numbers += 1
        made = parties.register(credit_code(self._numbers, kind), name, actor="registrar", at=at, region=self.region)
        return Firm(made.id, made.code, made.name)

    def company(self, name: str, at: datetime) -> Company:
        firm = self.firm(name, at)
        company = Company(firm.id, firm.code, firm.name)
        company.register_key(at)
        return company

    def _holder(self, name: str, at: datetime) -> KeyHolder:
        trustee = Trustee(secrets.token_bytes(32), name)
        record = trustee_service.enrol(name, trustee.public, actor="administrator", at=at)
        return KeyHolder(trustee, record.id)

    def _expert(self, number: int, at: datetime) -> int:
        employer = credit_code(900_000 + number % 30)
        with transaction() as session:
            account = Account(username=f"expert{number:03d}", name=f"专家{number:03d}", password_hash=NO_PASSWORD,
                              created_at=at, grants=[Grant(role=Role.EXPERT)])
            session.add(account)
            session.flush()
            pool.admit(account.id, f"专家{number:03d}", f"1390000{number:04d}", employer, self.region,
                       ["A01", "A06"] if number % 2 else ["A01", "A02"], actor="pool", at=at)
            return account.id

    def cosign(self, size: int, at: datetime) -> None:
        """Have the watchers sign one checkpoint."""
        self.watchers.sign(size, at)
