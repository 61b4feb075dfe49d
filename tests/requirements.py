"""Name what the tests need of the machine and is missing, before any test runs."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def postgres_folder() -> Path | None:
    """Folder of the server's programs: PATH first, then Debian's place."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places += [Path("/opt/homebrew/bin"), Path("/usr/local/bin")]
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


def chromium() -> str | None:
    """The browser of the browser tests."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found
    mac = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    return str(mac) if mac.exists() else None


def missing() -> list[str]:
    """What to install, as the system's package manager calls it."""
    gaps = []
    if postgres_folder() is None:
        gaps.append("PostgreSQL 15 or newer (Debian: apt-get install postgresql; macOS: brew install postgresql)")
    if chromium() is None:
        gaps.append("Chromium (Debian: apt-get install chromium fonts-noto-cjk; macOS: Google Chrome)")
    return gaps


if __name__ == "__main__":
    if gaps := missing():
        print("make test needs, and does not skip:\n  - " + "\n  - ".join(gaps), file=sys.stderr)
        sys.exit(1)
