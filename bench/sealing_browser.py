"""How fast a browser seals, beside reading and hashing the same file.

``python bench/sealing_browser.py [--mib 256] [--runs 3]`` prints for one file on disk, in
Chromium: sealing (hash for the manifest, encrypt, hash each part; nothing is sent), the same
with sending to a server on this machine, and the reference, which reads the same Blob in
pieces of 8 MiB and hashes each with WebCrypto. The aim is a ratio of at least 0.35.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Page, sync_playwright  # noqa: E402

from tests.browser import desk as counter  # noqa: E402

SEAL = """async ({session, bidder, href}) => {
  const { sealBid } = await import('/static/sealed/seal.js')
  const files = [...document.getElementById('files').files]
  const start = performance.now()
  await sealBid({ session, bidder, files, upload: href && { href }, offer: { price_fen: 1, days: 1, quality: '', statement: '' } })
  return (performance.now() - start) / 1000
}"""

REFERENCE = """async () => {
  const [file] = document.getElementById('files').files
  const start = performance.now()
  for (let at = 0; at < file.size; at += 8388608) {
    await crypto.subtle.digest('SHA-256', await file.slice(at, at + 8388608).arrayBuffer())
  }
  return (performance.now() - start) / 1000
}"""


def measure(page: Page, desk: counter.Desk, runs: int) -> dict[str, list[float]]:
    """Seconds of each run, the three kinds by turns so that a busy moment hits all."""
    task = {"session": desk.session, "bidder": counter.BIDDER, "href": ""}
    sending = task | {"href": f"/api/v1/sessions/{desk.name}/uploads"}
    seconds: dict[str, list[float]] = {"sealing": [], "sealing and sending": [], "reference": []}
    page.evaluate(REFERENCE)
    page.evaluate(SEAL, task)
    for _ in range(runs):
        seconds["reference"].append(page.evaluate(REFERENCE))
        seconds["sealing"].append(page.evaluate(SEAL, task))
        seconds["sealing and sending"].append(page.evaluate(SEAL, sending))
    return seconds


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--mib", type=int, default=256)
    options.add_argument("--files", type=int, default=1, help="spread over so many files")
    options.add_argument("--runs", type=int, default=5)
    chosen = options.parse_args()
    session, _ = counter.a_session()
    desk = counter.Desk(session, keep=False)
    server = counter.serve(desk)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        paths = []
        for number in range(chosen.files):
            path = Path(folder) / f"offer-{number}.bin"
            with path.open("wb") as out:
                for _ in range(chosen.mib // chosen.files):
                    out.write(os.urandom(1 << 20))
            paths.append(path)
        browser = playwright.chromium.launch(**counter.CHROMIUM)
        page = browser.new_page()
        page.goto(desk.address)
        page.set_input_files("#files", paths)
        seconds = measure(page, desk, chosen.runs)
        browser.close()
    server.shutdown()
    first = chosen.mib // chosen.files
    reference = median(seconds["reference"]) / first
    for name, values in seconds.items():
        size = first if name == "reference" else first * chosen.files
        each = median(values) / size
        print(f"{name:20} {median(values):6.2f} s  {1 / each:7.0f} MiB/s  ratio {reference / each:.2f}")


if __name__ == "__main__":
    main()
