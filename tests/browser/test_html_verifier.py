"""The page that verifies packs, in a real Chromium from a file, against ``verify.py``: both come to the same result."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import forger
from tests.builders import SCORED, T0, Centre
from tests.journeys.test_procedures import PLANS
from tests.services import test_archive
from tests.services.test_archive import rewritten
from tests.services.test_renewal import CHANGES, renewed  # noqa: F401 - a fixture
from trading.archive.verifier import PAGE, ROOT, html_verifier
from trading.base import assets, installation, one_file
from trading.demonstration.case import CaseRun
from trading.evidence import notes, tree, verify
from trading.evidence import service as evidence

pytestmark = pytest.mark.browser

VECTORS = ROOT / "tests/vectors"
KINDS: dict[str, dict[str, Any]] = {
    "basic": {"bidders": 3}, "rounds": {"bidders": 4, "procedure": "consultation", **PLANS["consultation"]},
    "lottery": {"bidders": 3, "procedure": "works-comparison", **PLANS["works-comparison"]},
    "two envelopes": {"bidders": 4, "method": SCORED, "prices_after_h": 2},
    "gm-1": {"bidders": 3, "suite": "gm-1"}, "failed": {"bidders": 2}}

ASK = """async ([given, renewed]) => {
  const file = name => document.getElementById(name).files[0]
  try {
    const report = await window.mingtang.verify(file('file'), given, undefined, renewed ? file('renewals') : null)
    return { ok: report.ok, failed: report.checks.filter(check => !check.ok).map(check => check.name), report }
  } catch (problem) {
    return { ok: false, failed: ['unreadable'], report: { message: problem.message } }
  }
}"""


@dataclass(frozen=True)
class Made:
    """A good pack with the reader's keys, and those who stamp for a forger."""

    data: bytes
    log_key: str
    witness_keys: list[str]
    authorities: list[Any]


_made: dict[str, Made] = {}


def made(request: pytest.FixtureRequest, kind: str) -> Made:
    """A pack of this kind; its case is run once."""
    if kind not in _made:
        centre: Centre = request.getfixturevalue("sqlite_centre")
        known = centre.app.extensions["mingtang"]
        known["settings"] = replace(known["settings"], suites="intl-1,gm-1")
        case = CaseRun(centre.cast, centre.plan(**KINDS[kind]), T0)
        if kind == "two envelopes":
            case.plan.offers[1] = replace(case.plan.offers[1], rejected="施工方案不符合要求")
        if kind == "failed":
            for step in ("register", "announce", "file_bids", "close"):
                getattr(case, step)()
        else:
            case.run()
        data = installation.files().path(case.seal_archive().stored).read_bytes()
        watchers = centre.cast.watchers
        _made[kind] = Made(data, f"{evidence.log_verifier_key()},{evidence.log_verifier_key_pq()}", watchers.keys, watchers.authorities)
    return _made[kind]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as a file on somebody's disk."""
    page = html_verifier()
    assert page is not None and assets.is_installed(ROOT), "run mingtang assets install"
    path = tmp_path_factory.mktemp("page") / PAGE
    path.write_bytes(page)
    return path


def opened(browser: Browser, path: Path, asked: list[str]) -> Page:
    page = browser.new_page(locale="zh-CN")
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: asked.append(str(error)))
    page.goto(path.as_uri())
    return page


@pytest.fixture(scope="module")
def page(browser: Browser, built: Path) -> Iterator[Page]:
    """The page, opened once for all packs; it asks for nothing but itself."""
    asked: list[str] = []
    found = opened(browser, built, asked)
    yield found
    found.close()
    assert asked == [built.as_uri()]


def by_python(path: Path, log_key: str, witness_keys: list[str]) -> dict[str, Any]:
    try:
        report = verify.verify_path(path, log_key, witness_keys, quorum=2)
    except verify.Invalid as error:
        return {"ok": False, "failed": ["unreadable"], "report": str(error)}
    return {"ok": report["ok"], "failed": [item["name"] for item in report["checks"] if not item["ok"]], "report": report}


def by_page(page: Page, path: Path, log_key: str, witness_keys: list[str], renewals: Path | None = None) -> dict[str, Any]:
    page.set_input_files("#file", path)
    if renewals:
        page.set_input_files("#renewals", renewals)
    given = {"logKey": log_key, "witnessKeys": "\n".join(witness_keys), "quorum": "2"}
    found: dict[str, Any] = page.evaluate(ASK, [given, renewals is not None])
    return found


def both(page: Page, path: Path, log_key: str, witness_keys: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What each verifier says of a pack; they work at the same time."""
    with ThreadPoolExecutor(1) as aside:
        one = aside.submit(by_python, path, log_key, witness_keys)
        two = by_page(page, path, log_key, witness_keys)
        return one.result(), two


def same(one: dict[str, Any], two: dict[str, Any]) -> bool:
    return one["ok"] == two["ok"] and set(one["failed"]) == set(two["failed"])


def agreed(page: Page, path: Path, log_key: str, witness_keys: list[str]) -> set[str]:
    """The checks that failed, the same for both."""
    one, two = both(page, path, log_key, witness_keys)
    assert same(one, two), (one["failed"], two["failed"], one["report"], two["report"])
    return set(one["failed"])


# --- packs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_both_accept_a_good_pack(request: pytest.FixtureRequest, page: Page, tmp_path: Path, kind: str) -> None:
    pack, path = made(request, kind), tmp_path / "pack.zip"
    path.write_bytes(pack.data)
    assert agreed(page, path, pack.log_key, pack.witness_keys) == set()
    with zipfile.ZipFile(path) as archive:
        sums = archive.read("data/verify/SHA256SUMS").decode()
        for name in (PAGE, "verify.py"):
            assert f"{hashlib.sha256(archive.read(f'data/verify/{name}')).hexdigest()}  {name}\n" in sums


def test_both_find_a_flipped_byte_of_every_class(request: pytest.FixtureRequest, page: Page, tmp_path: Path) -> None:
    pack, path = made(request, "basic"), tmp_path / "pack.zip"
    path.write_bytes(pack.data)
    with zipfile.ZipFile(path) as archive:
        # One of each folder and kind of file: the rest is the same to both.
        classes = {(*entry.filename.split("/")[:2], Path(entry.filename).suffix): entry for entry in archive.infolist()}
    assert len(classes) > 20 and ("data", "verify", ".html") in classes
    for name, entry in classes.items():
        data = bytearray(pack.data)
        data[entry.header_offset + 30 + len(entry.filename.encode()) + entry.file_size // 2] ^= 1
        path.write_bytes(bytes(data))
        assert agreed(page, path, pack.log_key, pack.witness_keys), name


CAREFUL = test_archive.test_a_careful_forger_is_found.pytestmark[0].args[1]


@pytest.mark.parametrize("number", range(len(CAREFUL)))
def test_both_find_a_careful_forger(request: pytest.FixtureRequest, page: Page, tmp_path: Path, number: int) -> None:
    (change, caught), pack, path = CAREFUL[number], made(request, "basic"), tmp_path / "pack.zip"
    path.write_bytes(pack.data)
    rewritten(path, change)
    assert caught in agreed(page, path, pack.log_key, pack.witness_keys)


@pytest.mark.parametrize("name", ["data/../escape.txt", "/etc/evil", "data/90-log/extra.json"])
def test_both_refuse_odd_and_extra_files(request: pytest.FixtureRequest, page: Page, tmp_path: Path, name: str) -> None:
    """``verify.py`` does not read on when a name leads out of the pack; the page names it and reads on."""
    pack, path = made(request, "basic"), tmp_path / "pack.zip"
    path.write_bytes(pack.data)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"{}")
    one, two = both(page, path, pack.log_key, pack.witness_keys)
    assert not one["ok"] and not two["ok"] and (same(one, two) or one["failed"] == ["unreadable"] and "bag" in two["failed"])


def test_both_hold_to_the_readers_keys(request: pytest.FixtureRequest, page: Page, tmp_path: Path) -> None:
    pack, path = made(request, "basic"), tmp_path / "pack.zip"
    path.write_bytes(pack.data)
    assert {"checkpoints", "consistency", "evidence"} <= agreed(page, path, forger.LOG_KEY, pack.witness_keys)
    assert agreed(page, path, pack.log_key, forger.WITNESS_KEYS) == {"checkpoints"}


def test_both_accept_what_a_forger_with_all_keys_leaves_true(request: pytest.FixtureRequest, page: Page, tmp_path: Path) -> None:
    pack, path = made(request, "basic"), tmp_path / "pack.zip"
    path.write_bytes(pack.data)
    forger.forge(path, pack.authorities, lambda forged: None)
    assert agreed(page, path, forger.LOG_KEY, forger.WITNESS_KEYS) == set(), "control: new signatures alone change nothing"


def test_both_let_an_authority_go_that_two_persons_waived_and_say_so(request: pytest.FixtureRequest, page: Page, tmp_path: Path) -> None:
    pack, path = made(request, "basic"), tmp_path / "pack.zip"
    path.write_bytes(pack.data)
    forger.forge(path, pack.authorities, lambda forged: forger.waive(forged, "supervisor"))
    one, two = both(page, path, forger.LOG_KEY, forger.WITNESS_KEYS)
    assert one["ok"] and two["ok"] and same(one, two)
    for report in (one, two):
        assert "gone for good" in str(report["report"]["notes"] if "report" in report else report)


@pytest.mark.parametrize("forgery", forger.FORGERIES)
def test_both_find_a_forger_with_all_keys(request: pytest.FixtureRequest, page: Page, tmp_path: Path, forgery: str) -> None:
    (change, caught), pack, path = forger.FORGERIES[forgery], made(request, "basic"), tmp_path / "pack.zip"
    path.write_bytes(pack.data)
    forger.forge(path, pack.authorities, change)
    assert caught in agreed(page, path, forger.LOG_KEY, forger.WITNESS_KEYS)


@pytest.mark.parametrize("forgery", ["", *forger.PRICE_FORGERIES])
def test_both_find_who_forges_two_envelopes(request: pytest.FixtureRequest, page: Page, tmp_path: Path, forgery: str) -> None:
    change, caught = forger.PRICE_FORGERIES.get(forgery, (lambda forged: None, ""))  # control: nothing but new signatures
    pack, path = made(request, "two envelopes"), tmp_path / "pack.zip"
    path.write_bytes(pack.data)
    forger.forge(path, pack.authorities, change)
    found = agreed(page, path, forger.LOG_KEY, forger.WITNESS_KEYS)
    assert (caught in found) if forgery else found == set()


def test_a_fault_planted_in_the_page_is_noticed(request: pytest.FixtureRequest, browser: Browser, built: Path, tmp_path: Path) -> None:
    """Control: were one check of the page without effect, the comparison would say so."""
    text = built.read_text("utf-8")
    script = text.split("<script>")[1].split("</script>")[0]
    begins = "async function award({ reading, fail, note }) {"
    planted = script.replace(begins, f"{begins}\n  return", 1)
    assert planted != script

    def hashed(part: str) -> str:
        return b64encode(hashlib.sha256(part.encode()).digest()).decode()

    faulty = tmp_path / PAGE
    faulty.write_text(text.replace(script, planted).replace(hashed(script), hashed(planted)), "utf-8")
    pack, path = made(request, "basic"), tmp_path / "pack.zip"
    path.write_bytes(pack.data)
    forger.forge(path, pack.authorities, forger.FORGERIES["the second wins"][0])
    page = opened(browser, faulty, [])
    one, two = both(page, path, forger.LOG_KEY, forger.WITNESS_KEYS)
    page.close()
    assert one["failed"] == ["award"] and two["ok"] and not same(one, two)


def test_both_judge_renewals_alike(renewed: Any, page: Page) -> None:  # noqa: F811
    path, given, keys = renewed
    file, log_key = path.with_name("renewals.json"), evidence.log_verifier_key()
    for name, change in {"none": lambda given: None, **CHANGES}.items():
        changed = json.loads(json.dumps(given))
        change(changed)
        file.write_text(json.dumps(changed), "utf-8")
        try:
            verify.check_renewals(path, file, log_key, keys, 2)
            expected = []
        except verify.Invalid:
            expected = ["renewals"]
        assert by_page(page, path, log_key, keys, file)["failed"] == expected, name
        assert bool(expected) == (name != "none")


# --- the page itself -----------------------------------------------------------------------------


def test_the_same_sources_give_the_same_bytes(built: Path) -> None:
    node = shutil.which("node") or assets._find_node(ROOT, print)[0]
    again = one_file.build(ROOT / assets.ONE_FILE_PAGES[PAGE], ROOT / "frontend", node, assets._run)
    assert again == built.read_bytes()


def test_the_page_reaches_nothing_outside(browser: Browser, built: Path) -> None:
    page = opened(browser, built, [])
    broken = page.evaluate("""async () => {
      const broken = []
      document.addEventListener('securitypolicyviolation', event => broken.push(event.effectiveDirective))
      await fetch('https://example.invalid/').catch(() => {})
      const image = new Image()
      image.src = 'https://example.invalid/x.png'
      await new Promise(done => setTimeout(done, 200))
      return broken.sort()
    }""")
    page.close()
    assert broken == ["connect-src", "img-src"]


def test_somebody_verifies_a_pack_with_the_page(request: pytest.FixtureRequest, browser: Browser, built: Path, tmp_path: Path) -> None:
    """Keyboard alone, on a telephone: choose, give the keys in a file, read in two languages, save."""
    pack, path = made(request, "basic"), tmp_path / "档案.zip"
    path.write_bytes(pack.data)
    trusted = tmp_path / "trusted.txt"
    trusted.write_text("\n".join(["# from the notice", f"log {pack.log_key}", *(f"witness {key}" for key in pack.witness_keys), "quorum 2"]), "utf-8")
    root = tmp_path / "root.pem"
    root.write_bytes(b"".join(one.root_pem for one in pack.authorities))
    context = browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 800}, offline=True, accept_downloads=True)
    page = context.new_page()
    page.goto(built.as_uri())
    page.set_input_files("#file", path)
    page.focus("#anchors summary")
    page.keyboard.press("Enter")
    page.set_input_files("#trusted", [trusted, root])
    # Not wait_for_function: its polling is a script of text, which the page's own policy forbids.
    expect(page.locator("#roots")).not_to_have_value("")
    expect(page.locator("#quorum")).to_have_value("2")
    page.focus("#start")
    page.keyboard.press("Enter")
    page.wait_for_selector("#result:not([hidden]), #trouble:not([hidden])")
    assert "核验通过" in page.inner_text("#result") and page.evaluate("document.activeElement.id") == "result"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    with page.expect_download() as saved:
        page.click("#save")
    report = json.loads(Path(saved.value.path()).read_text("utf-8"))
    assert report["ok"] and len(report["checks"]) == 11 and report["pinned"]["log"] and report["pinned"]["witnesses"] and report["pinned"]["roots"]
    assert not report["pinned"]["centre"] and "中心公钥" in page.inner_text("#result")
    page.click("#en")
    assert "The pack holds" in page.inner_text("#result") and page.get_attribute("html", "lang") == "en"
    page.emulate_media(media="print")
    assert page.is_visible("#result .checks") and not page.is_visible("#form")
    context.close()


# --- formats -------------------------------------------------------------------------------------

READ_VECTORS = """async text => {
  const all = JSON.parse(text)
  const { bytes: B, canonical: C, documents: D, draw: W, notes: N, shares: S, suites: K, trees: T, Sm3 } = window.mingtang
  const bad = []; let count = 0
  const same = (what, found, wanted) => { count++; if (JSON.stringify(found) !== JSON.stringify(wanted)) bad.push([what, found, wanted]) }
  const at = (suite, tag, data) => suite ? K.suiteHash(K.SUITES[suite], tag, data) : B.tagged(tag, data)
  for (const { document, canonical } of all.jcs.valid) {
    same('document', B.base64(C.canonical(document)), canonical)
    same('read', C.isCanonical(B.unbase64(canonical)), true)
  }
  for (const { why, bytes } of all.jcs.refused) same(why, C.isCanonical(B.unbase64(bytes)), false)
  for (const { why, text } of all.headers.raw) same(why, C.isCanonical(B.utf8(text)), false)
  for (const [suite, rows] of [['', all.hashes.tagged], ['gm-1', all.gm.tagged]]) {
    for (const { tag, data, hash } of rows) same(tag, B.hex(await at(suite, tag, B.unhex(data))), hash)
  }
  for (const { tag, data, hash } of all.gm.tagged) same('SM3', B.hex(new Sm3().update(B.tagBytes(tag)).update(B.unhex(data)).digest()), hash)
  for (const [suite, { derive, root }] of [['intl-1', all.hashes], ['gm-1', all.gm]]) {
    for (const { material, info, length, made } of derive) same('derive', B.hex(await K.derive(K.SUITES[suite], B.unhex(material), B.unhex(info), length)), made)
    for (const row of root) {
      const material = B.concat(B.u8(row.kt ? 1 : 0), B.u8(row.kb ? 1 : 0), B.unhex(row.kt ?? ''), B.unhex(row.kb ?? ''))
      const made = B.hex(await K.derive(K.SUITES[suite], material, B.concat(B.utf8('root'), B.u8(0), B.unhex(row.ch)), 64))
      same('root', made, row.payload_key + row.blinding_key)
    }
  }
  const first = all.sealed.samples[0]; const docs = all.documents
  same('session', [await C.idOf('session', first.session), await C.idOf('amendment', docs.amendment)], [docs.session_id, docs.amendment_id])
  same('leaf', B.hex(await B.tagged('leaf', B.concat(B.unhex(docs.leaf.nonce), C.canonical(docs.leaf.event)))), docs.leaf.data)
  same('live', B.hex(await B.tagged('live', C.canonical([...docs.live.digests].sort()))), docs.live.root)
  for (const { field, value } of docs.refused_sessions) same(`session ${field}`, D.sessionFault({ ...first.session, [field]: value }) !== '', true)
  const changed = (value, path, last) => {
    const made = structuredClone(value)
    path.slice(0, -1).reduce((place, step) => place[step], made)[path.at(-1)] = last
    return made
  }
  // Which session a header belongs to is looked up by its id, so that one is no fault of the header here.
  for (const { path, value } of all.headers.changes.filter(change => change.path.join() !== 'ctx,session')) same(`header ${path}`, D.headerFault(changed(first.header, path, value), first.session) !== '', true)
  const { samples } = all.suites
  for (const { sample, changes } of all.suite_attacks.sessions) same('session', D.sessionFault({ ...samples[sample].session, ...changes }) !== '', true)
  for (const { sample, path, value } of all.suite_attacks.headers) same('header', D.headerFault(changed(samples[sample].header, path, value), samples[sample].session) !== '', true)
  for (const { is_point: isPoint, point } of all.suite_attacks.points) same('point', K.SUITES['gm-1'].isKey(B.unhex(point)), isPoint)
  for (const { n, k, secret, shares } of all.shamir.sets) {
    const points = Object.entries(shares).map(([x, y]) => ({ x: Number(x), y: B.unhex(y) }))
    same(`${k} of ${n}`, B.hex(S.valueAt(0, points.slice(n - k))), secret)
  }
  const key = B.unbase64(all.keys.public_of_1)
  same('pre-key', await B.isSigned(B.unhex(all.keys.identity_public), B.unbase64(all.keys.pre_keys[0].sig), B.concat(B.tagBytes('pre-key'), B.u32(1), key)), true)
  for (const { header, session, digest, ch, kb, releases, payload, payload_key: wanted, plain_sha256: plain } of [...all.sealed.samples, ...samples]) {
    const suite = K.SUITES[header.ctx.suite]
    same('sample', [D.sessionFault(session), D.headerFault(header, session), await C.idOf('bid', header)], ['', '', digest])
    same('context', B.hex(await K.suiteHash(suite, 'ctx', C.canonical(header.ctx))), ch)
    const given = releases.map(release => B.unhex(release))
    for (const [number, release] of given.entries()) same('share', B.hex(await K.suiteHash(suite, 'sc', B.concat(B.unhex(ch), release))), header.shares[number].commit)
    const kt = header.k ? S.valueAt(0, given.slice(0, header.k).map(release => ({ x: release[1], y: release.slice(2, 34) }))) : new Uint8Array()
    const material = B.concat(B.u8(header.k ? 1 : 0), B.u8(kb ? 1 : 0), kt, B.unhex(kb))
    const root = await K.derive(suite, material, B.concat(B.utf8('root'), B.u8(0), B.unhex(ch)), 64)
    same('payload key', B.hex(root.slice(0, 32)), wanted)
    const sealed = B.unbase64(payload)
    const open = await K.payloadOpener(suite, root.slice(0, 32), sealed.slice(0, K.HEAD), B.unhex(ch))
    const pieces = []
    for (let from = K.HEAD; from < sealed.length; from += K.CHUNK + K.TAG) pieces.push(await open(pieces.length, sealed.slice(from, from + K.CHUNK + K.TAG)))
    same('plain', B.hex(await B.sha256(B.concat(...pieces))), plain)
  }
  for (const { envelope, offer } of all.envelopes.offers) same(`offer ${envelope}`, D.manifestFault({ v: 1, lot: 'l', bidder: 'b', offer, files: [] }, { lot: 'l', bidder: 'b', envelope }), '')
  for (const { envelope, offer } of all.envelopes.refused) same(`no offer ${envelope}`, D.manifestFault({ v: 1, lot: 'l', bidder: 'b', offer, files: [] }, { lot: 'l', bidder: 'b', envelope }) !== '', true)
  const { receipt } = all.receipt; const [head, ...rest] = receipt.proof.split('\\n\\n'); const note = rest.join('\\n\\n')
  const log = await N.readKey(receipt.log_key); const parsed = N.readNote(note, 'receipt')
  same('log', (await N.signedTimes(parsed, log, 'receipt')).length, 1)
  const leaf = await T.leafHash(await B.tagged('leaf', B.concat(B.unhex(receipt.nonce), C.canonical(receipt.event))))
  const { size, root } = N.readCheckpoint(parsed.text, 'receipt')
  same('receipt', await T.isIncluded(receipt.index, size, leaf, head.split('\\n').slice(2).map(line => B.unbase64(line, 32)), root), true)
  for (const { old, size, index, leaf, inclusion, consistency, older, root } of all.trees) {
    same('inclusion', await T.isIncluded(index, size, B.unhex(leaf), inclusion.map(hash => B.unhex(hash)), B.unhex(root)), true)
    same('no inclusion', await T.isIncluded(index, size, B.unhex(older), inclusion.map(hash => B.unhex(hash)), B.unhex(root)), false)
    same('consistency', await T.isConsistent(old, size, consistency.map(hash => B.unhex(hash)), B.unhex(older), B.unhex(root)), true)
    same('no consistency', await T.isConsistent(old, size, consistency.map(hash => B.unhex(hash)), B.unhex(leaf), B.unhex(root)), false)
  }
  for (const { note, key, time } of all.notes) {
    same('note', await N.signedTimes(N.readNote(note, 'n'), await N.readKey(key), 'n'), [time])
    same('changed note', await N.signedTimes(N.readNote(note.replace('\\n1', '\\n2'), 'n'), await N.readKey(key), 'n').catch(() => 'refused'), 'refused')
  }
  for (const { transcript, members } of all.draws) same('draw', (await W.seat(transcript)).map(one => one.members), members)
  return { count, bad }
}"""


def grown_trees() -> list[dict[str, Any]]:
    """Proofs of all trees up to nine leaves, from the platform's own tree."""
    rows, nodes, roots, peaks = [], {}, {}, []
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(9)]
    for index, data in enumerate(leaves):
        peaks, new = tree.append(index, peaks, data)
        nodes.update({(level, at): digest for level, at, digest in new})
        roots[index + 1] = tree.root_of(peaks)
    for size in range(2, 10):
        for old in range(1, size):
            rows.append({"old": old, "size": size, "index": old - 1, "leaf": nodes[0, old - 1].hex(), "older": roots[old].hex(), "root": roots[size].hex(),
                         "inclusion": [h.hex() for h in tree.inclusion_path(old - 1, size, lambda level, at: nodes[level, at])],
                         "consistency": [h.hex() for h in tree.consistency_path(old, size, lambda level, at: nodes[level, at])]})
    return [row for row in rows if row["leaf"] != row["older"]]


def signed_notes() -> list[dict[str, Any]]:
    """A checkpoint under each kind of key."""
    text = notes.checkpoint_text(forger.ORIGIN, 17, bytes(32))
    plain = notes.sign(text, forger.ORIGIN, forger.LOG)
    name, witness = forger.WITNESSES[0]
    log, log_pq = forger.LOG_KEY.split(",")
    return [{"note": plain, "key": log, "time": 0},
            {"note": plain + notes.cosign(text, name, witness, 1_900_000_000), "key": forger.WITNESS_KEYS[0], "time": 1_900_000_000},
            {"note": plain + notes.cosign_pq(text, forger.ORIGIN, forger.LOG_PQ, 1_900_000_001), "key": log_pq, "time": 1_900_000_001}]


def test_the_page_reads_every_format_as_the_vectors_say(request: pytest.FixtureRequest, page: Page) -> None:
    names = ["jcs", "hashes", "gm", "documents", "headers", "suite_attacks", "suites", "shamir", "sealed", "keys", "envelopes", "receipt"]
    given: dict[str, Any] = {name: json.loads((VECTORS / f"{name}.json").read_text("utf-8")) for name in names}
    given |= {"trees": grown_trees(), "notes": signed_notes(), "draws": []}
    with zipfile.ZipFile(_saved(made(request, "basic"), request)) as archive:
        transcript = json.loads(archive.read("data/20-draw/transcript.json"))
    for number in range(20):
        seed = hashlib.sha256(bytes([number])).digest()
        drawn = transcript | {"seed": b64encode(seed).decode(), "declines": []}
        given["draws"].append({"transcript": drawn, "members": list(verify.draw_again(drawn, drawn["pool"], seed).values())})
    found = page.evaluate(READ_VECTORS, json.dumps(given))
    assert found["bad"] == [] and found["count"] > 400, found


def _saved(pack: Made, request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue("tmp_path") / "pack.zip"
    path.write_bytes(pack.data)
    return path
