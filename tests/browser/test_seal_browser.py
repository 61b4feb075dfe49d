"""The browser half of sealing in a real Chromium, against the Python half and the same vectors."""

from __future__ import annotations

import json
import random
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from bidding.envelope import documents, keys, recovery, sealing
from tests.browser import desk as counter

pytestmark = pytest.mark.browser

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
OFFER = {"price_fen": 123456789, "days": 300, "quality": "合格", "statement": ""}
PART = documents.PART_BYTES


def vectors(name: str) -> dict[str, Any]:
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**counter.CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture
def desk() -> Iterator[counter.Desk]:
    session, _ = counter.a_session()
    made = counter.Desk(session)
    server = counter.serve(made)
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser: Browser, desk: counter.Desk) -> Iterator[Page]:
    opened = browser.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(desk.address)
    yield opened
    opened.close()
    assert complaints == []


# --- vectors -------------------------------------------------------------------------------------

RUN_VECTORS = """async text => {
  const all = JSON.parse(text)
  const P = await import('/static/sealed/protocol.js'); const S = await import('/static/sealed/seal.js')
  const C = await import('/static/sealed/cobblestone.js'); const A = await import('/static/sealed/archive.js')
  const R = await import('/static/sealed/recovery.js'); const T = await import('/static/sealed/receipt.js')
  const { Sha256 } = await import('/static/sealed/sha256.js'); const { combine } = await import('shamir-secret-sharing')
  const X = await import('@noble/post-quantum/hybrid.js')
  const bad = []; let count = 0
  const same = (what, found, wanted) => { count++; if (JSON.stringify(found) !== JSON.stringify(wanted)) bad.push([what, found, wanted]) }
  const refused = async (what, reason, work) => {
    count++
    let found = 'accepted'
    try { await work() } catch (error) { found = error.reason || String(error) }
    if (reason ? found !== reason : found === 'accepted') bad.push([what, found, reason])
  }
  const un = P.unhex; const hex = P.hex
  for (const { document, canonical } of all.jcs.valid) {
    same('jcs', P.base64(P.encode(document)), canonical)
    same('jcs back', P.base64(P.encode(P.decode(P.unbase64(canonical)))), canonical)
  }
  for (const { why, bytes } of all.jcs.refused) await refused(why, 'seal.document', () => P.decode(P.unbase64(bytes)))
  for (const { tag, data, hash } of all.hashes.tagged) same(tag, hex(await P.H(tag, un(data))), hash)
  for (const { material, info, length, made } of all.hashes.derive) same('derive', hex(await P.derive(un(material), un(info), length)), made)
  for (const row of all.hashes.root) {
    const [key, blinding] = await P.rootKeys(un(row.ch), row.kt && un(row.kt), row.kb && un(row.kb))
    same('root', [hex(key), hex(blinding)], [row.payload_key, row.blinding_key])
    same('blind', [hex(await P.blind(blinding, 1)), hex(await P.blind(blinding, 15))], [row.blind_1, row.blind_15])
  }
  for (const { tag, ch, half, commit } of all.hashes.halves) same('half', await P.halfCommit(tag, un(ch), un(half)), commit)
  const root = un(all.keys.root)
  for (const { number, seed, public_sha256: digest, sig } of all.keys.pre_keys) {
    const big = Uint8Array.of(number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255)
    same('pre-key', hex(await P.derive(root, P.concat(P.utf8('trustee\\0'), big), 32)), seed)
    same('public key', hex(await P.sha256(X.ml_kem768_x25519.keygen(un(seed)).publicKey)), digest)
    if (number === 1) {
      const message = P.preKeyMessage(number, P.unbase64(all.keys.public_of_1))
      same('pre-key signature', await P.isSigned(un(all.keys.identity_public), P.unbase64(sig), message), true)
      const info = P.utf8('x'); const wrapped = await S.wrap(P.unbase64(all.keys.public_of_1), info, P.utf8('hello'))
      same('wrap', hex(await S.unwrap(un(seed), info, wrapped)), hex(P.utf8('hello')))
      await refused('wrap info', 'seal.wrap_damaged', () => S.unwrap(un(seed), P.utf8('y'), wrapped))
    }
  }
  for (const { k, n, secret, shares } of all.shamir.sets) {
    if (k === 1) continue
    const dealt = Object.entries(shares).map(([x, y]) => P.concat(un(y), Uint8Array.of(Number(x))))
    same('combine', hex(await combine(dealt.slice(n - k))), secret)
    const ours = await S.deal(un(secret), k, n)
    same('deal', hex(await combine(ours.map((y, at) => P.concat(y, Uint8Array.of(at + 1))).slice(0, k))), secret)
  }
  for (const row of all.shamir.releases) {
    const release = P.releaseBytes(row.i, row.x, un(row.share), un(row.blind))
    same('release', [hex(release), await P.shareCommit(un(row.ch), release), hex(P.shareInfo(un(row.ch), row.i))], [row.release, row.commit, row.info])
  }
  const D = all.documents; const sample = all.sealed.samples[0]
  same('session', await P.sessionId(P.checkSession(sample.session)), D.session_id)
  same('ctx', [new TextDecoder().decode(P.encode(D.ctx)), hex(await P.contextHash(D.ctx))], [D.ctx_canonical, D.ch])
  same('amendment', await P.amendmentId(D.amendment), D.amendment_id)
  same('message', hex(P.sessionMessage(D.session_id)), D.session_message)
  same('leaf', hex(await P.H('leaf', P.concat(un(D.leaf.nonce), P.encode(D.leaf.event)))), D.leaf.data)
  for (const { field, value } of D.refused_sessions) await refused('session ' + field, 'seal.document', () => P.checkSession({ ...sample.session, [field]: value }))
  for (const { path, value, reason } of all.headers.changes) {
    const header = JSON.parse(JSON.stringify(sample.header))
    path.slice(0, -1).reduce((place, step) => place[step], header)[path[path.length - 1]] = value
    await refused('header ' + path, reason, () => P.checkHeader(header, sample.session))
  }
  for (const { why, text } of all.headers.raw) await refused(why, 'seal.document', () => P.decode(P.utf8(text)))
  for (const [length, padded] of all.padding.padded) same('padding', A.padded(length), padded)
  const fixed = async (name, length) => {
    const blocks = []
    for (let n = 0; n * 32 < length; n++) blocks.push(await P.sha256(P.utf8(`${name} ${n}`)))
    return P.concat(...blocks).slice(0, length)
  }
  for (const row of all.archive.archives) {
    const files = row.fixed ? [{ name: row.fixed.name, bytes: await fixed(row.fixed.seed, row.fixed.length) }]
      : row.files.map(({ name, bytes }) => ({ name, bytes: P.unbase64(bytes) }))
    const listed = []
    for (const { name, bytes } of files) listed.push({ name, bytes: bytes.length, sha256: hex(await P.sha256(bytes)) })
    const manifest = P.encode({ v: 1, lot: row.lot, bidder: row.bidder, offer: row.offer, files: listed })
    const plan = A.layOut(manifest, files.map(({ name, bytes }) => ({ name, size: bytes.length, crc: A.crc32(bytes), bytes })))
    const data = P.concat(...plan.pieces.map(({ size, bytes }) => bytes || new Uint8Array(size)))
    same('archive', [plan.total, data.length, hex(await P.sha256(data))], [row.length, row.length, row.sha256])
  }
  for (const one of all.sealed.samples) {
    same('digest', await P.bidDigest(await P.checkHeader(one.header, one.session)), one.digest)
    const ch = await P.contextHash(one.header.ctx)
    const releases = []
    for (const [at, seed] of one.seeds.entries()) releases.push(await S.unwrap(un(seed), P.shareInfo(ch, at + 1), P.unbase64(one.header.shares[at].wrap)))
    same('releases', releases.map(hex), one.releases)
    same('committed', await Promise.all(releases.map(release => P.isCommitted(one.header, release))), releases.map(() => true))
    const kt = await combine(releases.slice(0, one.header.k).map(release => P.concat(release.slice(2, 34), release.slice(1, 2))))
    same('kt', hex(kt), one.kt)
    const key = await P.payloadKey(one.header, kt, un(one.kb))
    same('key', hex(key), one.payload_key)
    const plain = await C.decrypt(key, ch, P.unbase64(one.payload))
    same('plain', hex(await P.sha256(plain)), one.plain_sha256)
    await refused('half', one.kb ? 'seal.half_wrong' : 'seal.shares_inconsistent', () => P.payloadKey(one.header, one.kb ? kt : new Uint8Array(32), new Uint8Array(32)))
    const other = { ...one.header, ctx: { ...one.header.ctx, lot: 'x' } }
    await refused('context', '', async () => P.payloadKey(other, kt, un(one.kb)))
    const spoiled = P.unbase64(one.payload); spoiled[40000] ^= 1
    await refused('payload', 'seal.payload_unreadable', () => C.decrypt(key, ch, spoiled))
  }
  const V = all.recovery; const about = { session: V.session, digest: V.digest, kb: un(V.kb) }
  same('recovery', new TextDecoder().decode(await R.makeRecovery(V.passphrase, about, { salt: un(V.salt), nonce: un(V.nonce) })), V.file)
  same('recovery back', hex((await R.openRecovery(V.decomposed, P.utf8(V.file))).kb), V.kb)
  for (const { passphrase, file, reason } of V.refused) await refused('recovery', reason, () => R.openRecovery(passphrase, P.utf8(file)))
  await refused('short', 'recovery.passphrase_short', () => R.makeRecovery('elf Zeichen', about))
  same('receipt', (await T.checkReceipt(all.receipt.receipt, all.receipt.expected)).index, all.receipt.receipt.index)
  for (const { why, receipt } of all.receipt.refused) await refused(why, '', () => T.checkReceipt(receipt, all.receipt.expected))
  for (const [name, value] of Object.entries(all.receipt.expected)) {
    await refused('expected ' + name, 'receipt.wrong', () => T.checkReceipt(all.receipt.receipt, { ...all.receipt.expected, [name]: value + '1' }))
  }
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 4096, 100001]) {
    const data = (await fixed('sha', length)); const hash = new Sha256()
    for (let at = 0; at < length; at += 37) hash.update(data.subarray(at, Math.min(at + 37, length)))
    same('sha', hash.hex(), hex(await P.sha256(data)))
  }
  return { count, bad }
}"""


def test_all_vectors_hold_in_the_browser(page):
    names = ["jcs", "hashes", "keys", "shamir", "padding", "archive", "sealed", "headers", "documents", "recovery", "receipt"]
    found = page.evaluate(RUN_VECTORS, json.dumps({name: vectors(name) for name in names}))
    assert found["bad"] == [] and found["count"] > 250


def test_cobblestone_both_ways_around_every_edge(page):
    """Lengths around chunks: sealed here and opened there, and the other way."""
    lengths = [0, 1, 15, 16, 16383, 16384, 16385, 32767, 32768, 32769, 5 * 16384]
    key, context = bytes(range(32)), b"context"
    here = []
    for length in lengths:
        encryptor = counter.sealing_encryptor(key, context)
        plain = random.Random(length).randbytes(length)
        here.append({"sealed": b64encode(encryptor.update(plain) + encryptor.finalize()).decode(), "sha256": sha256(plain).hexdigest(),
                     "plain": b64encode(plain).decode()})
    found = page.evaluate("""async ({ key, context, rows }) => {
      const P = await import('/static/sealed/protocol.js'); const C = await import('/static/sealed/cobblestone.js')
      const made = []
      for (const { sealed, sha256, plain } of rows) {
        const back = await C.decrypt(P.unhex(key), P.utf8(context), P.unbase64(sealed))
        if (P.hex(await P.sha256(back)) !== sha256) throw new Error('differs')
        if (C.sealedLength(back.length) !== P.unbase64(sealed).length) throw new Error('length')
        made.push(P.base64(await C.encrypt(P.unhex(key), P.utf8(context), P.unbase64(plain))))
      }
      return made
    }""", {"key": key.hex(), "context": context.decode(), "rows": here})
    for row, sealed in zip(here, found, strict=True):
        assert counter.unsealed(key, context, b64decode(sealed)) == b64decode(row["plain"])


# --- sealing ---------------------------------------------------------------------------------------

SEAL = """async ({ session, bidder, href, sizes, offer, options }) => {
  const S = await import('/static/sealed/seal.js'); const P = await import('/static/sealed/protocol.js')
  const R = await import('/static/sealed/recovery.js')
  const chosen = document.getElementById('files').files
  const files = chosen.length ? [...chosen] : sizes.map((size, n) => {
    const data = new Uint8Array(size)
    for (let at = 0; at < size; at++) data[at] = (at * 31 + (at >> 8) * 7 + n) & 255
    return new File([data], `文件${n}.bin`)
  })
  const pair = await R.signingKey(bidder)
  const log = []
  const job = S.sealBid({ session, bidder, offer, files, signKey: pair.privateKey, upload: href && { href },
    onProgress: state => { window.last = state; if (options && options.pauseOnce && !window.paused) { window.paused = true; job.pause(); setTimeout(job.resume, 300) } },
    onDraft: draft => { window.draft = draft }, draft: options && options.draft ? window.draft : null })
  if (options && options.cancel) setTimeout(job.cancel, 50)
  try {
    const { header, digest, kb, signature, upload } = await job
    return { header, digest, kb: P.hex(kb), signature: P.hex(signature), public: P.hex(pair.publicKey), upload, last: window.last }
  } catch (error) {
    return { refused: error.reason || String(error), facts: error.facts }
  }
}"""


def seal(page: Page, desk: counter.Desk, sizes: list[int], **options: Any) -> dict[str, Any]:
    return page.evaluate(SEAL, {"session": desk.session, "bidder": counter.BIDDER, "href": f"/api/v1/sessions/{desk.name}/uploads",
                                "sizes": sizes, "offer": OFFER, "options": options})


def opened(desk: counter.Desk, made: dict[str, Any], folder: Path, every: bool = False, offer: dict[str, Any] = OFFER) -> sealing.Contents:
    """Open what the browser sealed with the Python half."""
    header = documents.check_header(made["header"], desk.session)
    assert documents.bid_digest(header) == made["digest"]
    assert keys.is_signed(bytes.fromhex(made["public"]), bytes.fromhex(made["signature"]), bytes.fromhex(made["digest"]))
    releases = [sealing.open_wrap(seed, header, i) for i, seed in enumerate(counter.seeds(desk.session), 1)]
    k = header["k"]
    for chosen in combinations(releases, k) if every else [releases[:k]]:
        key, wrong = sealing.recover(header, chosen, bytes.fromhex(made["kb"]))
        assert wrong == []
    plain = folder / "plain.zip"
    with plain.open("wb") as out:
        sealing.unseal(header, key, (desk.uploads[made["upload"]][n] for n in sorted(desk.uploads[made["upload"]])), out)
    assert plain.stat().st_size == sealing.padded(plain.stat().st_size)
    contents = sealing.read_contents(plain, header)
    assert contents.offer == offer
    return contents


@pytest.mark.parametrize(("n", "k", "policy"), [(1, 1, "TB"), (3, 2, "TB"), (5, 3, "T"), (5, 3, "TB")])
def test_sealed_here_opened_there_by_every_k(page, desk, tmp_path, n, k, policy):
    desk.session, _ = counter.a_session(n, k, policy)
    desk.name = documents.session_id(desk.session)
    made = seal(page, desk, [5, 0, 20_000])
    assert [file["bytes"] for file in opened(desk, made, tmp_path, every=True).files] == [5, 0, 20_000]


@pytest.mark.parametrize("sizes", [
    [], [0], [16_384 - 100], [16_384], [3 * 16_384, 0, 1], [65_536 - 600], [PART - 65_536], [PART + 1], [2 * PART + 12_345],
    [1000] * 60, [PART // 2, PART, 3, PART // 2]], ids=str)
def test_sizes_around_chunks_and_parts(page, desk, tmp_path, sizes):
    made = seal(page, desk, sizes)
    contents = opened(desk, made, tmp_path)
    assert [file["bytes"] for file in contents.files] == sizes
    assert sum(map(len, desk.uploads[made["upload"]].values())) == made["header"]["payload"]["len"] == made["last"]["sent"]


def test_the_archive_ends_exactly_on_a_part(page, desk, tmp_path):
    """Ciphertext lengths of just under, at and over a part: the last part may be tiny."""
    for size in (PART - 160_000, PART - 150_000, PART - 8_400):
        made = seal(page, desk, [size])
        assert opened(desk, made, tmp_path).files[0]["bytes"] == size


def test_memory_does_not_grow_with_the_file(browser, tmp_path):
    """300 MiB beside a page that keeps all it reads: when a browser tidies up is its own affair, so no figure of bytes is asked."""
    path = tmp_path / "large.bin"
    block = random.Random(1).randbytes(1 << 20)
    with path.open("wb") as out:
        for _ in range(300):
            out.write(block)
    ours, kept = most_in_use(browser, path), most_in_use(browser, path, keeps=True)
    assert 0 < ours < 0.75 * kept and kept > 300 << 20


def most_in_use(browser: Browser, path: Path, *, keeps: bool = False) -> int:
    """Seals one file; the most bytes by which its parts found the browser grown."""
    session, _ = counter.a_session()
    desk = counter.Desk(session, keep=False)
    server = counter.serve(desk)
    page = browser.new_page()
    if keeps:
        page.route("**/seal.worker.js*", keeping_all, times=1)
    page.goto(desk.address)
    page.set_input_files("#files", path)
    client = browser.new_browser_cdp_session()
    renderers = [row["id"] for row in client.send("SystemInfo.getProcessInfo")["processInfo"] if row["type"] == "renderer"]
    before = {pid: resident(pid) for pid in renderers}
    seen = [0]
    page.on("requestfinished", lambda _: seen.append(max(resident(pid) - before[pid] for pid in renderers)))
    made = seal(page, desk, [])
    assert made["header"]["payload"]["len"] > 300 << 20 and len(desk.puts) == len(made["header"]["payload"]["parts"])
    page.close()
    server.shutdown()
    return max(seen)


def keeping_all(route: Route) -> None:
    """The worker, but it never lets go of a part that it has read."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text() + """
{
  const kept = [], read = Blob.prototype.arrayBuffer
  Blob.prototype.arrayBuffer = async function () { const bytes = await read.call(this); kept.push(bytes.slice(0)); return bytes }
}
""")


def resident(pid: int) -> int:
    """Bytes of memory that a process occupies, 0 when it has gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    except (FileNotFoundError, ProcessLookupError):
        return 0


# --- sending -----------------------------------------------------------------------------------------


def test_dropped_lost_and_busy_parts_are_sent_again(page, desk, tmp_path):
    desk.faults = {0: ["drop"], 1: ["busy", "drop"], 2: ["lose"]}
    made = seal(page, desk, [2 * PART + 5], pauseOnce=True)
    assert "refused" not in made, made
    opened(desk, made, tmp_path)
    # Chromium itself repeats a request whose reused connection broke, so counts have a lower bound only.
    assert all(desk.puts.count(part) >= least for part, least in ((0, 2), (1, 3), (2, 1))) and made["last"]["again"] >= 1


def test_a_refused_upload_says_why_and_a_draft_goes_on(page, desk, tmp_path):
    desk.faults = {0: ["refuse"]}
    made = seal(page, desk, [3 * PART + 5])
    assert made["refused"] == "upload.refused" and made["facts"]["detail"] == "投标已截止"
    assert page.evaluate("!!window.draft")
    sent = len(desk.puts)
    again = seal(page, desk, [3 * PART + 5], draft=True)
    opened(desk, again, tmp_path)
    assert len(desk.uploads) == 1 and len(desk.puts) - sent < len(again["header"]["payload"]["parts"])


def test_a_draft_never_meets_other_files(page, desk):
    seal(page, desk, [100])
    assert seal(page, desk, [101], draft=True)["refused"] == "seal.draft_differs"


def test_cancelling_leaves_nothing_filed(page, desk):
    assert seal(page, desk, [30 * 1024 * 1024], cancel=True)["refused"] == "seal.cancelled"
    assert desk.bids == []


def test_what_cannot_be_sealed_is_refused_before_anything_is_sent(page, desk):
    found = page.evaluate("""async ({ session, bidder }) => {
      const { sealBid } = await import('/static/sealed/seal.js')
      const offer = { price_fen: 1, days: 1, quality: '', statement: '' }
      const attempt = async (files, change = {}) => {
        try { await sealBid({ session, bidder, offer, files, upload: null, ...change }); return 'accepted' } catch (error) { return error.reason }
      }
      const named = name => [new File(['x'], name)]
      return [await attempt(named('../a')), await attempt(named('.padding')), await attempt(named('manifest.json')), await attempt(named('a\\u202eb')),
        await attempt([...named('a'), ...named('a')]), await attempt([], { offer: { ...offer, price_fen: 1.5 } }), await attempt([], { offer: { ...offer, more: 1 } }),
        await attempt(named('a'), { session: { ...session, max_bytes: 1000 } }), await attempt(named('a'), { session: { ...session, suite: 'gm-2' } }),
        await attempt(named('a'), { session: { ...session, trustees: session.trustees.map(t => ({ ...t, kem_pk: 'AAAA' })) } })]
    }""", {"session": desk.session, "bidder": counter.BIDDER})
    assert found == ["seal.file_name"] * 4 + ["seal.file_twice", "seal.document", "seal.document", "seal.too_large", "seal.document", "seal.key_length"]


@pytest.mark.parametrize("broken", ["way out", "way back"])
def test_a_browser_that_computes_wrongly_is_found_out(page, desk, broken):
    """The page's own WebCrypto is broken on purpose; the way back must not agree."""
    page.evaluate("""broken => {
      const honest = SubtleCrypto.prototype.deriveBits
      let calls = 0
      SubtleCrypto.prototype.deriveBits = async function (...how) {
        const made = await honest.apply(this, how)
        // The first derivation of 64 bytes is for sealing, the second for the check.
        if (how[2] === 512 && ++calls === (broken === 'way out' ? 1 : 2)) new Uint8Array(made)[0] ^= 1
        return made
      }
    }""", broken)
    made = seal(page, desk, [1000])
    assert made["refused"] in ("seal.payload_unreadable", "seal.self_check") and desk.bids == [] and desk.puts == []


# --- receipts, sessions, halves ------------------------------------------------------------------------

FILE = """async ({ made, session, desk }) => {
  const S = await import('/static/sealed/seal.js'); const P = await import('/static/sealed/protocol.js')
  const T = await import('/static/sealed/receipt.js'); const { get } = await import('/static/sealed/http.js')
  const answer = await get(`/api/v1/sessions/${desk}`)
  const { id } = await P.checkAnswer(answer)
  const receipt = await S.fileBid(`/api/v1/sessions/${desk}/bids`, { ...made, signature: P.unhex(made.signature) }, 'key-1')
  try {
    return await T.checkReceipt(receipt, { digest: made.digest, session: id, bidder: answer.bidder, bytes: made.header.payload.len, logKey: answer.log_key, origin: session.log_origin })
  } catch (error) { return { refused: error.reason } }
}"""


def flip(receipt: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """One bit of the proof's hashes, note or signature."""
    proof = bytearray(receipt["proof"].encode())
    while True:
        at = dice.randrange(len(proof))
        letter = proof[at] ^ (1 << dice.randrange(7))
        if 32 <= letter < 127 and 32 <= proof[at] < 127:
            proof[at] = letter
            return receipt | {"proof": proof.decode()}


def test_a_receipt_is_checked_before_it_counts(page, desk):
    made = seal(page, desk, [10])
    task = {"made": made, "session": desk.session, "desk": desk.name}
    assert page.evaluate(FILE, task)["index"] == 5
    dice = random.Random(5)
    for _ in range(12):
        desk.spoil = lambda receipt: flip(receipt, dice)
        assert page.evaluate(FILE, task)["refused"] in ("receipt.wrong", "seal.document")


def test_a_session_that_was_tampered_with_is_refused(page, desk):
    answer = desk.answer()
    second, _ = counter.a_session(nonce="22" * 32)
    swapped = [dict(t) for t in desk.session["trustees"]]
    swapped[0]["kem_pk"] = second["trustees"][1]["kem_pk"]
    forged = desk.session | {"trustees": swapped}
    signed = b64encode(desk.centre.sign(b"mingtang/v1/session\0" + bytes.fromhex(documents.session_id(forged)))).decode()
    amendment = {"v": 1, "session": desk.name, "previous": desk.name, "deadline": 4102444860, "open_not_before": 4102444860}

    def amended(**changes: Any) -> dict[str, Any]:
        document = amendment | changes
        name = documents.amendment_id(document)
        return answer | {"amendments": [{"document": document, "sig": b64encode(
            desk.centre.sign(b"mingtang/v1/session\0" + bytes.fromhex(name))).decode()}]}

    cases = [answer, amended(), answer | {"document": second}, answer | {"document": forged, "sig": signed}, amended(deadline=1, open_not_before=1),
             amended(previous="00" * 32), amended(session="00" * 32), amended(more=1)]
    found = page.evaluate("""async cases => {
      const { checkAnswer } = await import('/static/sealed/protocol.js')
      return Promise.all(cases.map(one => checkAnswer(one).then(({ deadline }) => deadline, error => error.reason)))
    }""", cases)
    assert found == [4102444800, 4102444860, "seal.session_signature", "seal.trustee_signature", "seal.amendment", "seal.amendment",
                     "seal.amendment", "seal.document"]


def test_the_half_is_given_from_this_device_or_from_the_recovery_file(page, desk, tmp_path):
    made = seal(page, desk, [10])
    desk.html = (
        "<!DOCTYPE html><html lang='zh-CN'><title>t</title><section data-decrypt data-digest='DIGEST' data-session='SESSION' data-href='/api/v1/lots/L/halves'>"
        "<button data-decrypt-device>1</button><input type='file' data-recovery-file><input type='password' data-recovery-passphrase>"
        "<button data-decrypt-file>2</button><p data-decrypt-status></p></section>"
        "<script type='module' src='/static/sealed/hall.js' nonce='NONCE'></script></html>").replace("DIGEST", made["digest"]).replace("SESSION", desk.name)
    status, card = page.locator("[data-decrypt-status]"), page.locator("[data-decrypt]")
    page.goto(desk.address)
    expect(card).to_have_attribute("data-ready", "yes")
    page.click("[data-decrypt-device]")
    expect(status).to_contain_text("没有保存")
    file = tmp_path / "recovery.json"
    file.write_bytes(recovery.make("correct horse battery", desk.name, made["digest"], bytes.fromhex(made["kb"])))
    page.set_input_files("[data-recovery-file]", file)
    page.fill("[data-recovery-passphrase]", "wrong horse battery")
    page.click("[data-decrypt-file]")
    expect(status).to_contain_text("口令不对")
    assert desk.halves == []
    page.fill("[data-recovery-passphrase]", "correct horse battery")
    page.click("[data-decrypt-file]")
    expect(card).to_have_attribute("data-given", "yes")
    assert "无误" in status.inner_text() and page.input_value("[data-recovery-passphrase]") == ""
    page.evaluate("""async ({ session, digest, kb }) => {
      const R = await import('/static/sealed/recovery.js'); const P = await import('/static/sealed/protocol.js')
      await R.keepHalf({ session, digest, kb: P.unhex(kb) })
    }""", {"session": desk.name, "digest": made["digest"], "kb": made["kb"]})
    page.reload()
    expect(card).to_have_attribute("data-ready", "yes")
    page.click("[data-decrypt-device]")
    expect(card).to_have_attribute("data-given", "yes")
    expected = {"digest": made["digest"], "kb": b64encode(bytes.fromhex(made["kb"])).decode()}
    assert desk.halves == [expected, expected]


PASSKEY_CARD = (
    "<!DOCTYPE html><html lang='zh-CN'><title>t</title><section data-decrypt data-digest='DIGEST' data-session='SESSION' data-href='/api/v1/lots/L/halves'>"
    "<button data-decrypt-device>1</button><input type='file' data-recovery-file><input type='password' data-recovery-passphrase>"
    "<button data-decrypt-file>2</button><p data-decrypt-status></p></section>"
    "<script type='module' src='/static/sealed/hall.js' nonce='NONCE'></script></html>")
MAKE_PASSKEY = """async ({ session, digest, kb }) => {
  const K = await import('/static/sealed/passkey.js'); const P = await import('/static/sealed/protocol.js')
  try {
    return P.base64(await K.makePasskeyFile('91510822000000001R', 'L-1', { session, digest, kb: P.unhex(kb) }))
  } catch (error) { return error.reason }
}"""


def authenticator(page: Page, *, prf: bool) -> tuple[Any, str]:
    """A real WebAuthn authenticator inside Chromium, as its developer tools offer it."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    made = tools.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "hasPrf": prf, "automaticPresenceSimulation": True, "isUserVerified": True}})
    return tools, made["authenticatorId"]


def test_the_half_is_given_with_a_passkey(browser: Browser, desk: counter.Desk, page: Page, tmp_path: Path) -> None:
    made = seal(page, desk, [10])
    about = {"session": desk.name, "digest": made["digest"], "kb": made["kb"]}
    # A passkey belongs to a name, not to a number of the network.
    opened = browser.new_page()
    opened.goto(desk.address.replace("127.0.0.1", "localhost"))
    tools, weak = authenticator(opened, prf=False)
    assert opened.evaluate(MAKE_PASSKEY, about) == "passkey.no_prf"
    tools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": weak})
    tools, strong = authenticator(opened, prf=True)
    data = b64decode(opened.evaluate(MAKE_PASSKEY, about))
    assert made["kb"] not in data.decode() and b64encode(bytes.fromhex(made["kb"])).decode() not in data.decode()
    desk.html = PASSKEY_CARD.replace("DIGEST", made["digest"]).replace("SESSION", desk.name)
    opened.reload()
    status, card, file = opened.locator("[data-decrypt-status]"), opened.locator("[data-decrypt]"), tmp_path / "passkey.json"
    expect(card).to_have_attribute("data-ready", "yes")
    document = json.loads(data)
    damaged = bytearray(b64decode(document["box"]))
    damaged[3] ^= 1
    for changes, said in (({"box": b64encode(damaged).decode()}, "已损坏"), ({"salt": b64encode(bytes(32)).decode()}, "已损坏"),
                          ({"credential": b64encode(bytes(32)).decode()}, "没有得到"), ({"bid_digest": "11" * 32}, "已损坏"), ({"v": 2}, "格式不对")):
        file.write_bytes(documents.encode(document | changes))
        opened.set_input_files("[data-recovery-file]", file)
        opened.click("[data-decrypt-file]")
        expect(status).to_contain_text(said)
    assert desk.halves == []
    file.write_bytes(data)
    opened.set_input_files("[data-recovery-file]", file)
    opened.click("[data-decrypt-file]")
    expect(card).to_have_attribute("data-given", "yes")
    assert desk.halves == [{"digest": made["digest"], "kb": b64encode(bytes.fromhex(made["kb"])).decode()}]
    tools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": strong})
    opened.close()


def test_keys_on_this_device_cannot_be_read_out(page, desk):
    found = page.evaluate("""async () => {
      const R = await import('/static/sealed/recovery.js'); const P = await import('/static/sealed/protocol.js')
      const [one, two, other] = await Promise.all([R.signingKey('a'), R.signingKey('a'), R.signingKey('b')])
      let read = 'read out'
      try { await crypto.subtle.exportKey('pkcs8', one.privateKey) } catch (error) { read = error.name }
      await R.keepDraft('s', { v: 1 })
      const draft = await R.takeDraft('s'); await R.forgetDraft('s')
      return [P.hex(one.publicKey) === P.hex(two.publicKey), P.hex(one.publicKey) === P.hex(other.publicKey), read, draft.v, await R.takeDraft('s')]
    }""")
    assert found == [True, False, "InvalidAccessError", 1, None]


def test_prices_as_people_type_them(page):
    found = page.evaluate("""async texts => {
      const { fen, yuan } = await import('/static/sealed/offer.js')
      return texts.map(text => { try { return yuan(fen(text)) } catch (error) { return error.reason } })
    }""", ["1,234,567.89", "１２３．４万", "1.5亿元", " ¥ 100 ", "0.01", "0", "-1", "1.234", "1e3", "", "12 3万4", "99999999999999"])
    assert found == ["1,234,567.89", "1,234,000.00", "150,000,000.00", "100.00", "0.01"] + ["offer.price"] * 7


def test_spoiled_payloads_are_refused_in_the_browser(page):
    """Cut, lengthened, reordered, altered, under another key or context: nothing comes out."""
    key, context, plain = bytes(range(32)), b"context", random.Random(4).randbytes(3 * 16384 + 5)
    encryptor = counter.sealing_encryptor(key, context)
    good = encryptor.update(plain) + encryptor.finalize()
    head, chunks = good[:56], [good[56 + at:56 + at + 16400] for at in range(0, len(good) - 56, 16400)]
    spoiled = [b"", good[:10], good[:24], good[:40], good[:56], good[:57], good[:71], good[:-1], good[:-21], good + b"\0", good + chunks[-1], good + chunks[0],
               head + chunks[1] + chunks[0] + b"".join(chunks[2:]), head + chunks[0] + b"".join(chunks), head + b"".join(chunks[1:]),
               head + b"".join(chunks[:-1]), head + b"".join(chunks[:2]) + chunks[3]]
    for at in (0, 23, 24, 55, 56, 16440, 16455, 16456, len(good) - 1):
        spoiled.append(good[:at] + bytes([good[at] ^ 4]) + good[at + 1:])
    rows = [(key, context, data) for data in spoiled] + [(key[::-1], context, good), (key[:31], context, good), (key + b"x", context, good), (key, b"other", good)]
    found = page.evaluate("""async rows => {
      const P = await import('/static/sealed/protocol.js'); const C = await import('/static/sealed/cobblestone.js')
      return Promise.all(rows.map(([key, context, sealed]) => C.decrypt(P.unhex(key), P.utf8(context), P.unbase64(sealed)).then(() => 'read', error => error.reason)))
    }""", [[one.hex(), two.decode(), b64encode(data).decode()] for one, two, data in [*rows, (key, context, good)]])
    assert found == ["seal.payload_unreadable"] * len(rows) + ["read"]


# --- the wizard --------------------------------------------------------------------------------------


def wizard_html(desk: counter.Desk) -> str:
    """The real template with invented data around it, pointing at the desk."""
    from tests.browser import gallery

    base = f"/api/v1/sessions/{desk.name}"
    data = gallery.wizard()
    data["lot"] |= {"session_href": base, "upload_href": f"{base}/uploads", "commit_href": f"{base}/bids", "keys_href": "/api/v1/me/keys",
                    "back_href": "/", "part_bytes": PART}
    data["checks"] = [{"id": name, "kind": "todo", "text": name, "note": None} for name in ("slots", "sizes", "price")]
    data["receipt_rows"] = [{"key": name, "value": "—", "id": f"receipt-{name}"} for name in ("lot", "time", "digest", "index")]
    original = gallery.CONTENT["wizard"]
    gallery.CONTENT["wizard"] = ("sealed/wizard.html", lambda: data)
    try:
        html = gallery.create_gallery().test_client().get("/wizard").get_data(as_text=True)
    finally:
        gallery.CONTENT["wizard"] = original
    return re.sub(r'nonce="[^"]*"', 'nonce="NONCE"', html)


def test_a_bidder_goes_through_the_wizard(page, desk, tmp_path):
    desk.html = wizard_html(desk)
    page.goto(desk.address)
    step = {name: page.locator(f"[data-step={name}]") for name in ("files", "check", "encrypt", "upload", "sign")}
    expect(step["files"]).to_be_visible()
    expect(step["sign"]).to_be_hidden()
    page.click("[data-next=check]")
    expect(page.locator("[data-check=slots]")).to_contain_text("缺少必交文件")
    page.click("[data-next=encrypt]")
    expect(step["check"]).to_be_visible()
    page.click("[data-back=files]")
    for name, size in (("price", 1000), ("tech", PART + 7)):
        file = tmp_path / f"{name}.pdf"
        file.write_bytes(random.Random(name).randbytes(size))
        page.set_input_files(f"[data-slot={name}]", file)
    page.fill("[data-offer=price]", "１２3.4万")
    expect(page.locator("#offer-echo")).to_have_text("1,234,000.00 元")
    page.fill("[data-offer=days]", "300")
    page.click("[data-next=check]")
    expect(page.locator("[data-check=price]")).to_have_class("checks--ok")
    page.click("[data-next=encrypt]")
    expect(step["sign"]).to_be_visible(timeout=20_000)
    expect(page.locator("#sign-submit")).to_be_disabled()
    page.fill("[data-passphrase]", "correct horse battery")
    page.fill("[data-passphrase-again]", "correct horse bettery")
    page.click("[data-recovery]")
    expect(page.locator("[data-wizard] > [role=alert]")).to_contain_text("口令不同")
    page.fill("[data-passphrase-again]", "correct horse battery")
    with page.expect_download() as download:
        page.click("[data-recovery]")
    saved = Path(download.value.path()).read_bytes()
    page.check("#sign-agree")
    desk.spoil = lambda receipt: receipt | {"nonce": "00" * 32}
    page.click("#sign-submit")
    expect(page.locator("[data-wizard] > [role=alert]")).to_contain_text("回执核验不通过")
    expect(page.locator("#done")).to_be_hidden()
    desk.spoil = None
    page.click("#sign-submit")
    expect(page.locator("#done")).to_be_visible()
    bid = desk.bids[-1]
    found = recovery.read("correct horse battery", saved)
    assert (found.session, found.digest) == (desk.name, bid["digest"])
    made = {"header": bid["header"], "digest": bid["digest"], "kb": found.kb.hex(), "signature": b64decode(bid["signature"]).hex(),
            "public": desk.signing_keys[-1], "upload": bid["upload"]}
    contents = opened(desk, made, tmp_path, offer={"price_fen": 123400000, "days": 300, "quality": "合格", "statement": ""})
    assert [file["name"] for file in contents.files] == ["price.pdf", "tech.pdf"]
    assert page.locator("#done-digest").inner_text().replace(" ", "") == bid["digest"]
    assert page.evaluate("async d => (await (await import('/static/sealed/recovery.js')).takeHalf(d)).length", bid["digest"]) == 32


@pytest.mark.parametrize(("lacking", "words"), [
    ("Object.defineProperty(window, 'isSecureContext', { value: false })", "HTTPS"),
    ("SubtleCrypto.prototype.generateKey = () => Promise.reject(new Error('no'))", "Ed25519"),
    ("HTMLScriptElement.supports = () => false", "导入映射")])
def test_a_browser_that_cannot_seal_is_told_why(page, desk, lacking, words):
    desk.html = wizard_html(desk)
    page.add_init_script(lacking)
    page.goto(desk.address)
    expect(page.locator("#seal-unsupported")).to_be_visible()
    expect(page.locator("[data-reason]")).to_contain_text(words)
    expect(page.locator("#seal-unsupported")).to_contain_text("命令行封存工具")
    expect(page.locator("[data-wizard]")).to_be_hidden()


# --- policies, envelopes, suites ----------------------------------------------------------------------

RUN_SUITES = """async text => {
  const all = JSON.parse(text)
  const P = await import('/static/sealed/protocol.js'); const S = await import('/static/sealed/seal.js')
  const C = await import('/static/sealed/cobblestone.js'); const A = await import('/static/sealed/archive.js')
  const G = await import('/static/sealed/gm.js'); const { combine } = await import('shamir-secret-sharing')
  await G.load()
  const bad = []; let count = 0
  const same = (what, found, wanted) => { count++; if (JSON.stringify(found) !== JSON.stringify(wanted)) bad.push([what, found, wanted]) }
  const refused = async (what, reason, work) => {
    count++
    let found = 'accepted'
    try { await work() } catch (error) { found = error.reason || String(error) }
    if (found !== reason) bad.push([what, found, reason])
  }
  const un = P.unhex; const hex = P.hex
  const fixed = async (name, length) => {
    const blocks = []
    for (let n = 0; n * 32 < length; n++) blocks.push(await P.sha256(P.utf8(`${name} ${n}`)))
    return P.concat(new Uint8Array(0), ...blocks).slice(0, length)
  }
  // Fixed input: SM3, derivation, keys, payload.
  const N = all.gm
  for (const { tag, data, hash } of N.tagged) same(tag, hex(await P.H(tag, un(data), 'gm-1')), hash)
  for (const { material, info, length, made } of N.derive) same('derive', hex(await P.derive(un(material), un(info), length, 'gm-1')), made)
  for (const row of N.root) {
    const [key, blinding] = await P.rootKeys(un(row.ch), row.kt && un(row.kt), row.kb && un(row.kb), 'gm-1')
    same('root', [hex(key), hex(blinding), hex(await P.blind(blinding, 1, 'gm-1'))], [row.payload_key, row.blinding_key, row.blind_1])
  }
  for (const row of N.keys) {
    const scalar = await S.sm2Scalar(un(row.seed))
    same('key', [hex(scalar), hex(G.publicKeyOf(scalar))], [row.private, row.public])
  }
  same('known', new TextDecoder().decode(await G.unwrap(un(N.known.private), un(N.known.cipher), 19)), 'encryption standard')
  for (const { candidates, taken } of N.scalars) same('scalar', hex(G.firstScalar(candidates.map(un))), candidates[taken])
  for (const row of N.payload.sealed) {
    const plain = await fixed(N.payload.seed, row.length)
    const made = await G.encrypt(un(N.payload.key), un(N.payload.context), plain, un(N.payload.salt))
    same('payload', [made.length, hex(await P.sha256(made)), G.sealedLength(row.length)], [row.bytes, row.sha256, row.bytes])
    same('payload back', hex(await G.decrypt(un(N.payload.key), un(N.payload.context), made)), hex(plain))
  }
  // Envelopes.
  for (const [length, padded] of all.envelopes.padded) same('padding', A.padded(length, 'price'), padded)
  for (const { envelope, offer } of all.envelopes.offers) same('offer', P.shaped(offer, P.offerShape(envelope), 'offer'), offer)
  for (const { envelope, offer } of all.envelopes.refused) {
    await refused('offer ' + envelope, 'seal.document', () => {
      const shape = P.offerShape(envelope)
      if (!shape) throw new P.Refusal('seal.document')
      P.shaped(offer, shape, 'offer')
    })
  }
  for (const row of all.envelopes.archives) {
    const bytes = await fixed(row.fixed.seed, row.fixed.length)
    const manifest = P.encode({ v: 1, lot: row.lot, bidder: row.bidder, offer: row.offer,
      files: [{ name: row.fixed.name, bytes: bytes.length, sha256: hex(await P.sha256(bytes)) }] })
    const plan = A.layOut(manifest, [{ name: row.fixed.name, size: bytes.length, crc: A.crc32(bytes), bytes }], row.envelope)
    const data = P.concat(...plan.pieces.map(({ size, bytes }) => bytes || new Uint8Array(size)))
    same('archive', [plan.total, data.length, hex(await P.sha256(data))], [row.length, row.length, row.sha256])
  }
  // Samples.
  for (const one of all.suites.samples) {
    const { header, session } = one
    const { suite } = session
    const cipher = suite === 'intl-1' ? C : G
    same('session', await P.sessionId(P.checkSession(session)), one.session_id)
    same('digest', await P.bidDigest(await P.checkHeader(header, session)), one.digest)
    const ch = await P.contextHash(header.ctx)
    same('ch', hex(ch), one.ch)
    const releases = []
    for (const [at, seed] of one.seeds.entries()) releases.push(await S.unwrapRelease(suite, un(seed), ch, at + 1, P.unbase64(header.shares[at].wrap)))
    same('releases', releases.map(hex), one.releases)
    same('committed', await Promise.all(releases.map(release => P.isCommitted(header, release))), releases.map(() => true))
    if (releases.length) {
      const kt = await combine(releases.slice(0, header.k).map(release => P.concat(release.slice(2, 34), release.slice(1, 2))))
      same('kt', hex(kt), one.kt)
    }
    const key = await P.payloadKey(header, un(one.kt), un(one.kb))
    same('key', hex(key), one.payload_key)
    const sealed = P.unbase64(one.payload)
    same('plain', hex(await P.sha256(await cipher.decrypt(key, ch, sealed))), one.plain_sha256)
    if (one.kb) await refused('half', 'seal.half_wrong', () => P.payloadKey(header, un(one.kt), new Uint8Array(32)))
    if (one.kt) await refused('shares', 'seal.shares_inconsistent', () => P.payloadKey(header, new Uint8Array(32), un(one.kb)))
    for (const other of P.SUITES.filter(name => name !== suite)) {
      const moved = { ...header, ctx: { ...header.ctx, suite: other } }
      await refused('relabelled', one.kb ? 'seal.half_wrong' : 'seal.shares_inconsistent', () => P.payloadKey(moved, un(one.kt), un(one.kb)))
      await refused('other framing', 'seal.payload_unreadable', () => (cipher === C ? G : C).decrypt(key, ch, sealed))
    }
    await refused('unknown suite', 'seal.suite', () => P.contextHash({ ...header.ctx, suite: 'gm-2' }))
    sealed[40000] ^= 1
    await refused('payload', 'seal.payload_unreadable', () => cipher.decrypt(key, ch, sealed))
  }
  // Attacks.
  const T = all.suite_attacks
  for (const { sample, changes, reason } of T.sessions) {
    await refused('session ' + JSON.stringify(changes).slice(0, 60), reason, () => P.checkSession({ ...all.suites.samples[sample].session, ...changes }))
  }
  for (const { sample, path, value, reason } of T.headers) {
    const { header, session } = JSON.parse(JSON.stringify(all.suites.samples[sample]))
    path.slice(0, -1).reduce((place, step) => place[step], header)[path[path.length - 1]] = value
    await refused('header ' + path + value, reason, () => P.checkHeader(header, session))
  }
  for (const { sample, why, i, wrap, reason } of T.wraps) {
    const { header, seeds } = all.suites.samples[sample]
    await refused('wrap ' + why, reason, async () => {
      const release = await S.unwrapRelease(header.ctx.suite, un(seeds[i - 1]), await P.contextHash(header.ctx), i, P.unbase64(wrap))
      if (!await P.isCommitted(header, release)) throw new P.Refusal('seal.share_not_committed')
    })
  }
  for (const { point, is_point: wanted } of T.points) same('point ' + point, G.isPublicKey(un(point)), wanted)
  same('certified', P.SUITES.map(P.isUncertified), [false, true, true])
  return { count, bad }
}"""


def test_vectors_of_policies_envelopes_and_suites_hold_in_the_browser(page):
    names = ["gm", "envelopes", "suites", "suite_attacks"]
    found = page.evaluate(RUN_SUITES, json.dumps({name: vectors(name) for name in names}))
    assert found["bad"] == [] and found["count"] > 250


def test_nothing_of_the_national_algorithms_is_loaded_for_other_suites(page, desk, tmp_path):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    opened(desk, seal(page, desk, [10]), tmp_path)
    assert asked and not [url for url in asked if "sm-crypto" in url]


def seal_as(page: Page, desk: counter.Desk, folder: Path, sizes: list[int], suite: str, policy: str = "TB", envelope: str = "bid") -> dict[str, Any]:
    """Sealed by the page, opened by the Python half; the header."""
    from tests.vectors.sessions import OFFERS, a_session

    desk.session = a_session(suite, policy, envelope)
    desk.name = documents.session_id(desk.session)
    made = page.evaluate(SEAL, {"session": desk.session, "bidder": counter.BIDDER, "href": f"/api/v1/sessions/{desk.name}/uploads",
                                "sizes": sizes, "offer": OFFERS[envelope], "options": {}})
    assert "refused" not in made, made
    header = documents.check_header(made["header"], desk.session)
    assert keys.is_signed(bytes.fromhex(made["public"]), bytes.fromhex(made["signature"]), bytes.fromhex(documents.bid_digest(header)))
    releases = [sealing.open_wrap(seed, header, i) for i, seed in enumerate(counter.seeds(desk.session), 1)]
    for chosen in combinations(releases, header["k"]):
        key, wrong = sealing.recover(header, chosen, bytes.fromhex(made["kb"]))
        assert wrong == []
    plain = folder / "plain.zip"
    with plain.open("wb") as out:
        sealing.unseal(header, key, [desk.payload(made["upload"])], out)
    length = plain.stat().st_size
    assert length == sealing.padded(length, envelope)
    contents = sealing.read_contents(plain, header)
    assert contents.offer == OFFERS[envelope] and [file["bytes"] for file in contents.files] == sizes
    return header


@pytest.mark.parametrize(("suite", "policy", "envelope"), [
    ("intl-1", "B", "bid"), ("intl-1", "TB", "technical"), ("intl-1", "T", "price"), ("gm-1", "TB", "bid"), ("gm-1", "T", "technical"),
    ("gm-1", "B", "price"), ("gm-hybrid", "TB", "bid"), ("gm-hybrid", "B", "technical"), ("gm-hybrid", "T", "price")])
def test_every_suite_policy_and_envelope_sealed_here_opens_there(page, desk, tmp_path, suite, policy, envelope):
    header = seal_as(page, desk, tmp_path, [5, 0, 70_000], suite, policy, envelope)
    assert [bool(header["kt_commit"]), bool(header["kb_commit"])] == [policy != "B", policy != "T"]


@pytest.mark.parametrize("sizes", [[], [16_384], [65_536 - 600], [PART - 65_536], [PART + 1]], ids=str)
def test_sizes_around_chunks_and_parts_under_sm4(page, desk, tmp_path, sizes):
    seal_as(page, desk, tmp_path, sizes, "gm-1")


def test_sm4_payloads_both_ways_around_every_edge(page):
    """Lengths around chunks: sealed here and opened there, and the other way."""
    from bidding.envelope.gm_payload import Sm4Decryptor, Sm4Encryptor

    key, context = bytes(range(32)), b"context"
    here = []
    for length in [0, 1, 15, 16, 17, 16383, 16384, 16385, 32767, 32768, 32769, 5 * 16384 - 1, 5 * 16384, 5 * 16384 + 1]:
        encryptor, plain = Sm4Encryptor(key, context), random.Random(length).randbytes(length)
        here.append({"sealed": b64encode(encryptor.update(plain) + encryptor.finalize()).decode(), "plain": b64encode(plain).decode()})
    found = page.evaluate("""async ({ key, context, rows }) => {
      const P = await import('/static/sealed/protocol.js'); const G = await import('/static/sealed/gm.js')
      const made = []
      for (const { sealed, plain } of rows) {
        const back = await G.decrypt(P.unhex(key), P.utf8(context), P.unbase64(sealed))
        if (P.base64(back) !== plain) throw new Error('differs')
        made.push(P.base64(await G.encrypt(P.unhex(key), P.utf8(context), back)))
      }
      return made
    }""", {"key": key.hex(), "context": context.decode(), "rows": here})
    for row, sealed in zip(here, found, strict=True):
        decryptor = Sm4Decryptor(key, context)
        assert decryptor.update(b64decode(sealed)) + decryptor.finalize() == b64decode(row["plain"])


def test_spoiled_sm4_payloads_are_refused_in_the_browser(page):
    """Cut, lengthened, reordered, altered, a tag shortened or gone, under another key or context: nothing comes out."""
    from bidding.envelope.gm_payload import Sm4Encryptor

    key, context, plain = bytes(range(32)), b"context", random.Random(4).randbytes(3 * 16384 + 5)
    encryptor = Sm4Encryptor(key, context)
    good = encryptor.update(plain) + encryptor.finalize()
    head, chunks = good[:56], [good[56 + at:56 + at + 16400] for at in range(0, len(good) - 56, 16400)]
    spoiled = [b"", good[:10], good[:24], good[:56], good[:57], good[:71], good[:-1], good[:-4], good[:-16], good[:-21], good + b"\0", good + chunks[0],
               head + chunks[1] + chunks[0] + b"".join(chunks[2:]), head + chunks[0] + b"".join(chunks), head + b"".join(chunks[1:]),
               head + b"".join(chunks[:-1]), head + b"".join(chunks[:2]) + chunks[3], head + chunks[0][:-4] + b"".join(chunks[1:])]
    for at in (0, 23, 24, 55, 56, 16440, 16455, 16456, len(good) - 1):
        spoiled.append(good[:at] + bytes([good[at] ^ 4]) + good[at + 1:])
    rows = [(key, context, data) for data in spoiled] + [(key[::-1], context, good), (key[:31], context, good), (key, b"other", good)]
    found = page.evaluate("""async rows => {
      const P = await import('/static/sealed/protocol.js'); const G = await import('/static/sealed/gm.js')
      return Promise.all(rows.map(([key, context, sealed]) => G.decrypt(P.unhex(key), P.utf8(context), P.unbase64(sealed)).then(() => 'read', error => error.reason)))
    }""", [[one.hex(), two.decode(), b64encode(data).decode()] for one, two, data in [*rows, (key, context, good)]])
    assert found == ["seal.payload_unreadable"] * len(rows) + ["read"]


def test_sm2_wraps_and_signatures_both_ways(page):
    """Each half opens what the other wrapped and knows what the other signed; neither opens another key's."""
    from bidding.envelope import gm

    rows = []
    for number in range(4):
        private, plain = sha256(f"private {number}".encode()).digest(), random.Random(number).randbytes(98)
        public = gm.OPENSSL.public_key(private)
        rows.append({"private": private.hex(), "public": public.hex(), "plain": plain.hex(), "wrap": gm.OPENSSL.wrap(public, plain).hex(),
                     "signature": gm.OPENSSL.sign(private, plain).hex()})
    found = page.evaluate("""async rows => {
      const P = await import('/static/sealed/protocol.js'); const G = await import('/static/sealed/gm.js')
      const { sm2 } = await import('sm-crypto-v2')
      const made = []
      for (const { private: scalar, public: key, plain, wrap, signature } of rows) {
        if (P.hex(await G.unwrap(P.unhex(scalar), P.unhex(wrap), 98)) !== plain) throw new Error('differs')
        if (await G.unwrap(P.unhex('11'.repeat(32)), P.unhex(wrap), 98) !== null) throw new Error('opened by another key')
        if (!sm2.doVerifySignature(P.unhex(plain), signature, key, { der: true, hash: true })) throw new Error('signature')
        made.push({ wrap: P.hex(await G.wrap(P.unhex(key), P.unhex(plain))), signature: sm2.doSignature(P.unhex(plain), scalar, { der: true, hash: true }) })
      }
      return made
    }""", rows)
    for row, made in zip(rows, found, strict=True):
        private, public, plain = (bytes.fromhex(row[name]) for name in ("private", "public", "plain"))
        gm.check_cipher(bytes.fromhex(made["wrap"]), 98)
        assert gm.OPENSSL.decrypt(private, bytes.fromhex(made["wrap"])) == plain
        assert gm.OPENSSL.verify(public, bytes.fromhex(made["signature"]), plain)


def test_both_halves_read_the_same_spellings_of_a_ciphertext(page):
    """Bytes changed, dropped, put in and put behind, mostly near the front where the lengths are."""
    from bidding.envelope import gm
    from trading.base.errors import Refused

    dice, public = random.Random(11), gm.OPENSSL.public_key(bytes(range(32)))
    goods = [gm.OPENSSL.wrap(public, bytes(size)) for size in (98, 98, 98, 98, 1, 19, 127)]
    rows = []
    for _ in range(2000):
        data = bytearray(dice.choice(goods))
        for _ in range(dice.choice((0, 1, 1, 2, 3))):
            at, byte = dice.randrange(12 if dice.random() < 0.6 else len(data)), dice.choice((0, 0x80, 0x81, 0xFF, 2, 4, dice.randrange(256)))
            data[at:at + dice.choice((0, 1, 1))] = dice.choice((b"", bytes([byte]), bytes([data[at] ^ 1 << dice.randrange(8)])))
        size = dice.choice((98, 98, 98, 97, 1, 19, 127))
        try:
            gm.check_cipher(bytes(data), size)
        except Refused:
            rows.append([data.hex(), size, False])
        else:
            rows.append([data.hex(), size, True])
    assert 100 < sum(row[2] for row in rows) < 1000
    assert page.evaluate("""async rows => {
      const P = await import('/static/sealed/protocol.js'); const G = await import('/static/sealed/gm.js')
      return rows.filter(([data, size, wanted]) => G.isCipher(P.unhex(data), size) !== wanted)
    }""", rows) == []


def test_what_the_library_lets_pass_without_a_word(page):
    """The traps that gm.js stands before; if one of these ever changes, its guard may go."""
    found = page.evaluate("""async () => {
      const { sm2, sm4 } = await import('sm-crypto-v2')
      const { privateKey, publicKey } = sm2.generateKeyPairHex()
      const good = sm2.doEncrypt(new Uint8Array(98), publicKey, 1, { asn1: true })
      const bad = good.slice(0, -2) + (good.endsWith('00') ? '01' : '00')
      const key = new Uint8Array(16)
      const { output } = sm4.encrypt(new Uint8Array(20), key, { mode: 'gcm', iv: new Uint8Array(12), output: 'array', outputTag: true })
      output[0] ^= 1
      return [sm2.doDecrypt(bad, privateKey, 1, { asn1: true }), sm2.doDecrypt(bad, privateKey, 1, { asn1: true, output: 'array' }),
        sm4.decrypt(output, key, { mode: 'gcm', iv: new Uint8Array(12), output: 'array' })[0]]
    }""")
    assert found == ["", [], 1]


def test_a_draft_goes_on_under_sm4_and_policy_b(page, desk):
    from tests.vectors.sessions import a_session

    desk.session = a_session("gm-1", "B")
    desk.name = documents.session_id(desk.session)
    desk.faults = {0: ["refuse"]}
    assert seal(page, desk, [PART + 5])["refused"] == "upload.refused"
    again = seal(page, desk, [PART + 5], draft=True)
    header = documents.check_header(again["header"], desk.session)
    key, _ = sealing.recover(header, [], bytes.fromhex(again["kb"]))
    sealing.unseal(header, key, [desk.payload(again["upload"])], open("/dev/null", "wb"))
    assert len(desk.uploads) == 1
