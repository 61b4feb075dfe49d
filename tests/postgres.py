"""A private PostgreSQL server for one test run, from the installed programs, in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.requirements import postgres_folder


@contextmanager
def private_server() -> Iterator[str]:
    """Start a server that listens on a socket only; yields ``postgresql://…/{name}`` to be formatted."""
    programs = postgres_folder()
    assert programs is not None, "PostgreSQL is not installed (see README)"
    folder = Path(tempfile.mkdtemp(prefix="mingtang-pg-"))
    user = _somebody()
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    how = {"user": user, "cwd": str(folder), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} if user else \
        {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([programs / "initdb", "-D", data, "-U", "mingtang", "-A", "trust", "-E", "UTF8", "--no-sync",
                    "--locale=C.UTF-8"], check=True, **how)
    # What keeps data over an accident or tidies up over weeks is off only because a test server's data is thrown away with the run.
    off = [part for name in ("fsync", "full_page_writes", "autovacuum", "jit") for part in ("-c", f"{name}=off")]
    server = subprocess.Popen([programs / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", *off], **how)
    try:
        for _ in range(200):
            ready = subprocess.run([programs / "pg_isready", "-h", folder, "-U", "mingtang"], capture_output=True)
            if ready.returncode == 0:
                break
            assert server.poll() is None, "the private PostgreSQL server ended"
            subprocess.run(["sleep", "0.05"], check=True)
        yield f"postgresql://mingtang@/{{name}}?host={folder}"
    finally:
        server.send_signal(signal.SIGINT)  # without waiting for sessions to end
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _somebody() -> str | None:
    """The server refuses to run as root; then another account of the machine runs it."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return None
