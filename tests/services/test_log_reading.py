"""The log as outsiders read and watch it: tiles, checkpoints, and a watcher that is lied to."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from werkzeug.serving import make_server

from tests.builders import T0, Centre
from trading.base.database import db, transaction
from trading.base.errors import NotFound
from trading.evidence import notes, service, tile_names, tree, verify
from trading.evidence.models import Checkpoint
from trading.evidence.monitor import Alarm, Monitor


def grow(count: int) -> Checkpoint:
    with transaction():
        for number in range(count):
            service.record("test.grown", actor="t", at=T0, number=number)
        return service.checkpoint(T0)


def fetch_from(centre: Centre) -> Callable[[str], bytes]:
    """Read as over HTTP; an answer that is no success is an OSError, as there."""
    def fetch(path: str) -> bytes:
        answer = centre.app.test_client().get(path)
        if answer.status_code != 200:
            raise OSError(answer.status)
        return answer.data
    return fetch


@pytest.mark.parametrize(("tile", "name"), [(0, "000"), (7, "007"), (999, "999"), (1000, "x001/000"), (1_234_067, "x001/x234/067")])
def test_tiles_are_named_as_the_specification_says(tile: int, name: str) -> None:
    assert tile_names.name(tile) == name and tile_names.number(name) == (tile, 256)
    assert tile_names.number(tile_names.name(tile, 17)) == (tile, 17)


@pytest.mark.parametrize("path", ["", "0", "00", "0000", "-01", "x000/001", "x001", "001/002", "x01/002", "001.p/0", "001.p/256", "001.p/257",
                                  "001.p/01", "001.p/", "1e3", "００１", "x001/x234/067/", "../000", "001.p/9 ", "x" * 99])
def test_odd_names_are_not_found(sqlite_centre: Centre, path: str) -> None:
    with pytest.raises(NotFound):
        tile_names.number(path)
    assert sqlite_centre.app.test_client().get(f"/log/tile/0/{path}").status_code in (404, 308)


def test_every_hash_and_entry_of_the_tree_can_be_read(centre: Centre) -> None:
    found = grow(600)
    size, leaves = found.size, []
    client = centre.app.test_client()
    for tile in range(-(-size // 256)):
        width = min(256, size - tile * 256)
        data = client.get(f"/log/tile/0/{tile_names.name(tile, width)}").data
        bundle = client.get(f"/log/tile/entries/{tile_names.name(tile, width)}").data
        leaves += [data[32 * i:32 * i + 32] for i in range(width)]
        read, place = [], 0
        while place < len(bundle):
            length = int.from_bytes(bundle[place:place + 2], "big")
            read.append(bundle[place + 2:place + 2 + length])
            place += 2 + length
        assert [tree.leaf_hash(data) for data in read] == leaves[tile * 256:]
    peaks: list[bytes] = []
    for number, row in enumerate(db.session.execute(text("SELECT data FROM evidence_entry ORDER BY seq")).scalars()):
        if number < size:
            peaks, _ = tree.append(number, peaks, bytes(row))
    _, _, root = verify.parse_checkpoint(verify.split_note(found.note)[0])
    assert tree.root_of(peaks) == root and len(leaves) == size
    above = client.get(f"/log/tile/1/{tile_names.name(0, size >> 8)}").data
    assert len(above) == 32 * (size >> 8)
    for beyond in (f"/log/tile/0/{tile_names.name(size // 256 + 1)}", f"/log/tile/0/{tile_names.name(size // 256, min(255, size % 256 + 1))}", "/log/tile/8/000",
                   "/log/tile/1/000", "/log/tile/x/000"):
        assert client.get(beyond).status_code == 404, beyond
    assert "immutable" in client.get("/log/tile/0/000").headers["Cache-Control"]
    assert client.get("/log/checkpoint").text.startswith(found.note.split("\n")[0])
    assert "存证日志" in client.get("/log").text


def test_what_is_not_signed_yet_is_not_served(sqlite_centre: Centre) -> None:
    found = grow(3)
    with transaction():
        service.record("test.later", actor="t", at=T0)
    client = sqlite_centre.app.test_client()
    assert client.get(f"/log/tile/0/{tile_names.name(found.size // 256, found.size % 256)}").status_code == 200
    assert client.get(f"/log/tile/0/{tile_names.name(found.size // 256, found.size % 256 + 1)}").status_code == 404


def test_the_log_is_not_read_past_the_opening_of_a_session_that_takes_bids(sqlite_centre: Centre) -> None:
    """Whoever watched it grow could count the bids; after the close everything can be read, and names nobody."""
    grow(3)
    case = sqlite_centre.a_bidding_case(deposit_fen=0)
    client = sqlite_centre.app.test_client()

    def seen() -> tuple[int, str, str]:
        answer = client.get("/log/checkpoint")
        return answer.status_code, answer.text, client.get("/log").text.partition("</main>")[0].partition("<main")[2]

    before = seen()
    assert before[0] == 200
    case.file_bids()
    grow(5)
    assert seen() == before
    opened = case.session.opened_seq
    assert client.get(f"/log/tile/0/{tile_names.name(opened // 256, opened % 256 + 1)}").status_code == 404
    case.close()
    found = grow(1)
    assert seen() != before, "the control: once the bids are closed it goes on"
    whole = b"".join(client.get(f"/log/tile/entries/{tile_names.name(tile, min(256, found.size - tile * 256))}").data
                     for tile in range(-(-found.size // 256)))
    assert not any(company.code.encode() in whole or company.name.encode() in whole for company in sqlite_centre.companies)
    assert (case.lot.code or "").encode() not in whole and len(whole) == found.size * 34


# --- the watcher ---------------------------------------------------------------------------------


@pytest.fixture
def watched(sqlite_centre: Centre, tmp_path: Path) -> Iterator[tuple[Centre, Path]]:
    grow(300)
    Monitor(tmp_path / "kept", fetch_from(sqlite_centre), service.log_verifier_key()).look()
    yield sqlite_centre, tmp_path / "kept"


def test_a_watcher_follows_a_log_that_grows(watched: tuple[Centre, Path]) -> None:
    centre, kept = watched
    monitor = Monitor(kept, fetch_from(centre), service.log_verifier_key())
    before = monitor.kept.size
    assert monitor.look().before == before
    found = grow(250)
    report = monitor.look()
    assert (report.size, report.before, report.pinned) == (found.size, before, True)
    assert (kept / "leaves.bin").stat().st_size == 32 * found.size
    again = Monitor(kept, fetch_from(centre), service.log_verifier_key())
    assert again.kept.size == found.size and again.look().size == found.size
    assert len((kept / "checkpoints.txt").read_text("utf-8").split("\n\n")) >= 2


def signed(size: int, root: bytes, name: str = "") -> bytes:
    from trading.base import installation
    origin = name or installation.settings().log_origin
    return notes.sign(notes.checkpoint_text(origin, size, root), origin, notes.signer(installation.key("log"), "log")).encode()


def test_a_log_that_was_cut_rewritten_or_forked_is_cried_out(watched: tuple[Centre, Path], tmp_path: Path) -> None:
    """The liar holds the log's own key: it signs whatever it likes."""
    centre, kept = watched
    honest, key = fetch_from(centre), service.log_verifier_key()
    size = Monitor(kept, honest, key).kept.size
    leaves = [honest(f"/log/tile/0/{tile_names.name(tile, min(256, size - tile * 256))}") for tile in range(-(-size // 256))]

    def root(changed: list[bytes]) -> bytes:
        peaks: list[bytes] = []
        for number, leaf in enumerate(changed):
            while number & 1:
                leaf, number = verify.node_hash(peaks.pop(), leaf), number >> 1
            peaks.append(leaf)
        return tree.root_of(peaks)

    flat = [tile[i:i + 32] for tile in leaves for i in range(0, len(tile), 32)]
    rewritten = [*flat[:5], b"\1" * 32, *flat[6:], b"\2" * 32]
    lies = {
        "shrank": {"/log/checkpoint": signed(size - 1, root(flat[:-1]))},
        "rewritten": {"/log/checkpoint": signed(size + 1, root(rewritten)),
                      f"/log/tile/0/{tile_names.name(size // 256, size % 256 + 1)}": leaves[-1] + b"\2" * 32},
        "forked": {"/log/checkpoint": signed(size, b"\3" * 32)},
        "signed": {"/log/checkpoint": honest("/log/checkpoint")[:-8] + b"AAAAAAA\n"},
        "bytes": {"/log/checkpoint": signed(size + 1, b"\4" * 32), f"/log/tile/0/{tile_names.name(size // 256, size % 256 + 1)}": b"short"},
    }
    for word, answers in lies.items():
        twin = tmp_path / word
        shutil.copytree(kept, twin)
        with pytest.raises(Alarm, match=word if word != "rewritten" else "rewritten|forked"):
            Monitor(twin, lambda path, answers=answers: answers.get(path) or honest(path), key).look()
        assert json.loads((twin / "state.json").read_text("utf-8"))["size"] == size, "what was seen stays"
    with pytest.raises(Alarm, match="witnesses"):
        Monitor(tmp_path / "few", honest, key, centre.cast.watchers.keys, quorum=2).look()


def test_the_command_watches_a_running_platform(sqlite_centre: Centre, tmp_path: Path) -> None:
    grow(20)
    server = make_server("127.0.0.1", 0, sqlite_centre.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    program = [str(Path(sys.executable).parent / "mingtang"), "monitor", f"http://127.0.0.1:{server.server_port}", "--once", "--json",
               "--keep", str(tmp_path / "log"), "--log-key", service.log_verifier_key()]
    try:
        good = subprocess.run(program, capture_output=True, text=True, timeout=60)
        assert good.returncode == 0 and json.loads(good.stdout)["ok"] is True, good
        other = notes.verifier_key("x", notes.ED25519, b"7" * 32)
        bad = subprocess.run([*program[:-1], other], capture_output=True, text=True, timeout=60)
        assert bad.returncode == 1 and json.loads(bad.stdout)["ok"] is False
    finally:
        server.shutdown()
        server.server_close()
    gone = subprocess.run(program, capture_output=True, text=True, timeout=60)
    assert gone.returncode == 2
