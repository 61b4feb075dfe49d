"""Settings: safe defaults, then instance/config.toml, then MINGTANG_* in the environment.

Secret keys are files under ``<instance>/keys`` (mode 0600), apart from the database, so
that a copy of the database alone opens nothing that is boxed with them.
"""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path

KEY_NAMES = ("session", "field", "log")
ROOT = Path(__file__).resolve().parents[2]


class UnsafeSettings(Exception):
    """The platform refuses to start; the message says what to set."""


@dataclass(frozen=True)
class Settings:
    """All settings of one installation. docs/settings.md describes each line."""

    instance: Path
    database_url: str = ""
    demo: bool = False
    host: str = "127.0.0.1"
    port: int = 8000
    events_port: int = 8001
    # How many watchers one events process takes; who comes after is told to come again.
    events_watchers: int = 10_000
    # Where pages find live events; empty: the pages' own address, without https (localhost) the events process itself.
    events_url: str = ""
    # Other addresses of this site whose pages may read live events, comma separated.
    site_origins: str = ""
    threads: int = 12
    site_name: str = "公共资源交易中心"
    site_name_en: str = "Public Resource Trading Centre"
    organiser: str = ""
    contact: str = ""
    icp: str = ""
    police: str = ""
    site_code: str = ""
    region: str = "CN"
    platform_code: str = "0000000000"
    operator_code: str = ""
    log_origin: str = "mingtang.example/log2026"
    witness_urls: str = ""
    # Verifier keys of the witnesses, comma separated. Pinned: a public key is never learned from
    # an answer. For a production installation they go into config.toml.
    witness_keys: str = ""
    witness_quorum: int = 1
    # Addresses of the time-stamping authorities, comma separated; their roots lie in tsa-roots.pem.
    tsa_urls: str = ""
    # Sealing suites that this centre may choose from, comma separated; the first is the usual one.
    suites: str = "intl-1"
    https: bool = True
    max_bid_bytes: int = 2 * 1024**3
    cover_bids: int = 4
    metrics_token: str = ""
    # Whether no bid is taken before the purchaser has signed the sealing session too.
    purchaser_signs: bool = False
    # A folder on another disk that gets a copy of every stored file; empty: none.
    files_replica: str = ""
    # Where the timetable asks whether the pages answer; empty: at this installation's own host and port.
    probe_url: str = ""
    # How many days an approved disposal of sealed cases waits, so that a hold or an objection can stop it.
    disposal_wait_days: int = 30
    # The fonds in the numbers of sealed cases; empty: the platform code.
    fonds_code: str = ""

    @property
    def url(self) -> str:
        return self.database_url or f"sqlite:///{self.instance / 'mingtang.db'}"

    @property
    def events_base(self) -> str:
        """The address before ``/events/…``; empty where it is the pages' own."""
        return self.events_url.rstrip("/") or ("" if self.https else f"http://{self.host}:{self.events_port}")

    @property
    def origins(self) -> frozenset[str]:
        """Origins whose pages may read live events from another port or name."""
        own = [] if self.https else [f"http://{host}:{self.port}" for host in (self.host, "localhost")]
        return frozenset(origin.strip() for origin in [*own, *self.site_origins.split(",")] if origin.strip())

    @property
    def files(self) -> Path:
        return self.instance / "files"

    def key(self, name: str) -> bytes:
        """One 32-byte installation key. Raises UnsafeSettings when it is missing."""
        path = self.instance / "keys" / f"{name}.key"
        if not path.is_file():
            raise UnsafeSettings(f"the key {name!r} is missing: run `mingtang keys create`")
        value = path.read_bytes()
        if len(value) != 32:
            raise UnsafeSettings(f"the key {name!r} is not 32 bytes long")
        if not self.demo and path.stat().st_mode & 0o077:
            raise UnsafeSettings(f"the key {name!r} may be read by other accounts of this machine")
        return value


def create_keys(instance: Path) -> list[str]:
    """Make the installation keys that do not exist yet; never overwrites one."""
    folder = instance / "keys"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = []
    for name in KEY_NAMES:
        path = folder / f"{name}.key"
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as out:
                out.write(secrets.token_bytes(32))
            made.append(name)
    return made


def load(instance: Path | None = None, **overrides: object) -> Settings:
    """Read the settings of the installation at ``instance`` (default: ./instance)."""
    folder = Path(instance or os.environ.get("MINGTANG_INSTANCE") or ROOT / "instance").resolve()
    values: dict[str, object] = {"instance": folder}
    path = folder / "config.toml"
    if path.is_file():
        values |= tomllib.loads(path.read_text("utf-8"))
    for field in fields(Settings):
        text = os.environ.get(f"MINGTANG_{field.name.upper()}")
        if text is not None and field.name != "instance":
            values[field.name] = _typed(field.type, text)
    if url := os.environ.get("DATABASE_URL"):
        values["database_url"] = url
    unknown = set(values) - {field.name for field in fields(Settings)}
    if unknown:
        raise UnsafeSettings(f"unknown settings: {', '.join(sorted(unknown))}")
    settings = replace(Settings(**values), **overrides)  # type: ignore[arg-type]
    if settings.events_watchers < 1:
        raise UnsafeSettings("events_watchers must be at least 1")
    if not re.fullmatch(r"(https?://[A-Za-z0-9.\-\[\]:]+/?)?", settings.events_url):
        raise UnsafeSettings("events_url must be scheme, host and port alone: every page names it in its security header")
    if settings.disposal_wait_days < 1:
        raise UnsafeSettings("disposal_wait_days must be at least 1: an approved disposal must leave time to stop it")
    if re.search("-e[0-9]+$", settings.log_origin):
        raise UnsafeSettings("log_origin must not end like the name of a log that was continued (-e1): the platform counts those itself")
    if len(settings.fonds_code) > 20 or not (settings.fonds_code or "0").isascii() or not (settings.fonds_code or "0").isalnum():
        raise UnsafeSettings("fonds_code must be at most 20 letters and digits")
    if settings.database_url.startswith("postgresql://"):
        settings = replace(settings, database_url="postgresql+psycopg" + settings.database_url[10:])
    return settings


def _typed(kind: object, text: str) -> object:
    if kind in ("bool", bool):
        if text.lower() not in ("1", "0", "true", "false"):
            raise UnsafeSettings(f"not a yes or no: {text!r}")
        return text.lower() in ("1", "true")
    if kind in ("int", int):
        return int(text)
    return text
