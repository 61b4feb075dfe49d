"""Start the platform's processes on one machine and stop them together."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

from trading.base.clock import ticks


def run_all(parts: list[list[str]], url: str, echo: Callable[[str], None]) -> int:
    """Run Python with each list of arguments, the first of which answers at ``url``, until one ends or
    we are told to stop; returns an exit status."""
    started = ticks()
    running: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    status = 0
    try:
        # The pages first: they are what people wait for, and all at once would share two processors.
        running.append(_start(parts[0]))
        _wait_for(url, running)
        running += [_start(part) for part in parts[1:]]
        echo(f"\n  ready after {ticks() - started:.1f} s:  {url}\n")
        while all(process.poll() is None for process in running):
            time.sleep(0.5)
        ended = next(index for index, process in enumerate(running) if process.poll() is not None)
        echo(f"the process {' '.join(parts[ended])} has ended; stopping the others")
        status = 1
    except KeyboardInterrupt:
        echo("stopping")
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
    return status


def _start(part: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, *part])


def _wait_for(url: str, running: list[subprocess.Popen[bytes]]) -> None:
    for _ in range(1200):
        if any(process.poll() is not None for process in running):
            return
        try:
            with urlopen(f"{url}/healthz", timeout=1):
                return
        except OSError:
            time.sleep(0.05)


def program() -> str:
    """The installed command of this environment."""
    return str(Path(sys.executable).parent / "mingtang")
