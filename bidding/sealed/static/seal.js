// Seals a bid in the bidder's browser. Keys, wraps, manifest and signature are made here on
// the page; the bulk is made, read back and sent by two workers (seal.worker.js).
//
//   const job = sealBid({session, bidder, offer, files, signKey, upload, onProgress})
//   const {header, digest, kb, signature, upload} = await job
//   job.pause(); job.resume(); job.cancel()
//
// session   checked session document        files    array of File, each with its name inside
// bidder    credit code                     signKey  Ed25519 private CryptoKey, or null
// offer     what the session's envelope holds: {price_fen, days, quality, statement} for a bid
// upload    {href} collection of uploads, or null to seal without sending (offline, trial, measuring)
// keep      is given each part of the ciphertext, (number, Blob), once all of it was read back
// draft     what an interrupted job handed to onDraft; goes on if the files are the same

import * as hpke from 'hpke'
import { KEM_MLKEM768_X25519 as PORTABLE_KEM } from '@panva/hpke-noble'
import { combine, split } from 'shamir-secret-sharing'
import * as cobblestone from './cobblestone.js'
import * as gm from './gm.js'
import { layOut, manifestEnd } from './archive.js'
import { csrfToken, get, post } from './http.js'
import { startWorker } from './start_worker.js'
import {
  MANIFEST, PART_BYTES, Refusal, SUITE, VERSION, X_WING_BYTES, base64, bidDigest, blind, checkHeader, checkSession, concat,
  contextHash, derive, encode, halfCommit, hex, isSame, newContext, offerShape, payloadKey, random, releaseBytes, rootKeys, sha256,
  shareCommit, shareInfo, shaped, unbase64, unhex, utf8
} from './protocol.js'

const RELEASE_BYTES = 66
/** Of an X-Wing wrap of a release. */
const HPKE_BYTES = 1120 + RELEASE_BYTES + 16
const LARGEST_MANIFEST = 1 << 20
// No path, no control or direction-changing character: such names deceive people.
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u001f\u007f/\\\u200e\u200f\u202a-\u202e\u2066-\u2069]/

function newHpkeSuite () {
  const isNative = typeof SubtleCrypto.supports === 'function' && SubtleCrypto.supports('generateKey', 'MLKEM768-X25519')
  const kem = isNative ? hpke.KEM_MLKEM768_X25519 : PORTABLE_KEM
  return new hpke.CipherSuite(kem, hpke.KDF_HKDF_SHA256, hpke.AEAD_AES_256_GCM)
}

/** HPKE base mode, single shot: encapsulated key followed by ciphertext. */
export async function wrap (recipient, info, plain) {
  if (recipient.length !== X_WING_BYTES) throw new Refusal('seal.key_length')
  const hpkeSuite = newHpkeSuite()
  const key = await hpkeSuite.DeserializePublicKey(recipient)
  const { encapsulatedSecret, ciphertext } = await hpkeSuite.Seal(key, plain, { info })
  return concat(encapsulatedSecret, ciphertext)
}

/** Open a wrap with the 32-byte seed of a key (vectors and rehearsals; a bidder has no seed). */
export async function unwrap (seed, info, wrapped) {
  const hpkeSuite = newHpkeSuite()
  const key = await hpkeSuite.DeserializePrivateKey(seed)
  try {
    return await hpkeSuite.Open(key, wrapped.slice(0, 1120), wrapped.slice(1120), { info })
  } catch (error) {
    throw new Refusal('seal.wrap_damaged')
  }
}

/** SM2 takes no associated data, so the context's hash is wrapped along and compared at unwrapping. */
async function wrapSm2 (recipient, ch, plain) {
  const made = await gm.wrap(recipient, concat(ch, plain))
  if (!made) throw new Refusal('seal.self_check')
  return made
}

async function unwrapSm2 (seed, ch, wrapped) {
  const plain = await gm.unwrap(await sm2Scalar(seed), wrapped, ch.length + RELEASE_BYTES)
  if (!plain || !isSame(plain.slice(0, ch.length), ch)) throw new Refusal('seal.wrap_damaged')
  return plain.slice(ch.length)
}

/** The SM2 private key of a pre-key's seed (vectors and rehearsals; a bidder has no seed). */
export async function sm2Scalar (seed) {
  for (let attempt = 0; ; attempt++) {
    const found = gm.firstScalar([await derive(seed, concat(utf8('sm2\0'), Uint8Array.of(attempt)), 32, 'gm-1')])
    if (found) return found
  }
}

const xor = (a, b) => a.map((byte, at) => byte ^ b[at])

/** One key holder's release, wrapped as the session's suite says. */
export async function wrapRelease (suite, recipient, ch, i, release) {
  if (suite === SUITE) return wrap(recipient, shareInfo(ch, i), release)
  if (suite === 'gm-1') return wrapSm2(recipient, ch, release)
  // Two pads, X-Wing carries one and SM2 the other: either alone is chance.
  const a = random(release.length)
  const x = await wrap(recipient.slice(0, X_WING_BYTES), shareInfo(ch, i), xor(a, release))
  return concat(x, await wrapSm2(recipient.slice(X_WING_BYTES), ch, a))
}

/** Open one key holder's wrap with the seed of its key. */
export async function unwrapRelease (suite, seed, ch, i, wrapped) {
  if (suite === SUITE) return unwrap(seed, shareInfo(ch, i), wrapped)
  if (suite === 'gm-1') return unwrapSm2(seed, ch, wrapped)
  const a = await unwrapSm2(seed, ch, wrapped.slice(HPKE_BYTES))
  return xor(a, await unwrap(seed, shareInfo(ch, i), wrapped.slice(0, HPKE_BYTES)))
}

/** Deal n shares, of which any k give the secret, at x = 1…n. */
export async function deal (secret, k, n) {
  if (k === 1) return Array.from({ length: n }, () => secret)
  // The library deals at random places. Asked for all 255 it must use each of 1…n once.
  const shares = await split(secret, 255, k)
  return Array.from({ length: n }, (_, at) => shares.find(share => share[32] === at + 1).slice(0, 32))
}

export function checkFileName (name) {
  const good = name !== '' && !name.startsWith('.') && name !== 'manifest.json' && utf8(name).length <= 180 && !FORBIDDEN.test(name)
  if (!good) throw new Refusal('seal.file_name', { name: name.replace(new RegExp(FORBIDDEN, 'g'), '').slice(0, 60) })
  return name
}

async function wrapShares (session, ch, kt, blindingKey) {
  if (!kt) return []
  const { suite } = session
  const n = session.trustees.length
  const dealt = await deal(kt, session.k, n)
  if (session.k > 1) {
    const last = dealt.map((y, at) => concat(y, Uint8Array.of(at + 1))).slice(n - session.k)
    if (!isSame(await combine(last), kt)) throw new Refusal('seal.self_check')
  }
  return Promise.all(session.trustees.map(async ({ i, kem_pk: key }, at) => {
    const release = releaseBytes(i, at + 1, dealt[at], await blind(blindingKey, i, suite))
    const wrapped = await wrapRelease(suite, unbase64(key), ch, i, release)
    return { i, wrap: base64(wrapped), commit: await shareCommit(ch, release, suite) }
  }))
}

/** The workers of one job and what they say. */
class Crew {
  constructor (onNews) {
    this.onNews = onNews
    this.workers = []
    this.stopped = new Promise((resolve, reject) => { this.stop = reject })
    this.stopped.catch(() => {})
  }

  /** Start one task; the promise gives its result or rejects with a Refusal. */
  start (message) {
    const worker = startWorker()
    this.workers.push(worker)
    const result = new Promise((resolve, reject) => {
      worker.onerror = () => reject(new Refusal('seal.broken'))
      worker.onmessage = ({ data }) => {
        if (data.done) resolve(data.done)
        else if (data.failed) reject(new Refusal(data.failed.reason, { detail: data.failed.detail }))
        else Promise.resolve(this.onNews(data, worker)).catch(reject)
      }
    })
    worker.postMessage(message)
    return { worker, result: Promise.race([result, this.stopped]) }
  }

  tell (message) {
    for (const worker of this.workers) worker.postMessage(message)
  }

  dismiss () {
    for (const worker of this.workers) worker.terminate()
  }
}

function manifestOf (session, bidder, offer, files, digests) {
  const listed = files.map((file, at) => ({ name: file.name, bytes: file.size, sha256: digests ? digests[at].sha256 : '0'.repeat(64) }))
  const manifest = encode(shaped({ v: VERSION, lot: session.lot, bidder, offer, files: listed }, MANIFEST, 'manifest'))
  if (manifest.length > LARGEST_MANIFEST) throw new Refusal('seal.manifest', { place: 'manifest.json' })
  return manifest
}

function planOf (session, manifest, files, digests) {
  const entries = files.map((file, at) => ({ name: file.name, size: file.size, crc: digests ? digests[at].crc : 0, file }))
  const plan = layOut(manifest, entries, session.envelope)
  const bytes = plan ? cobblestone.sealedLength(plan.total) : Infinity
  if (bytes > session.max_bytes) throw new Refusal('seal.too_large', { bytes: plan ? bytes : 0 })
  return plan
}

/** Seal files and the offer for one session. See the top of this file. */
export function sealBid (options) {
  const state = { hashed: 0, sealed: 0, sent: 0, total: 0, parts: [], files: null, again: 0 }
  const report = () => { if (options.onProgress) options.onProgress({ ...state }) }
  let check = null
  const crew = new Crew(async (news, worker) => {
    if (news.hashed !== undefined) state.hashed += news.hashed
    else if (news.opened) await check(news, worker)
    else if (news.kept) options.keep(news.part, news.kept)
    else {
      state.parts[news.part] = news.state
      if (news.state === 'sealed') state.sealed += news.bytes
      if (news.state === 'sent') state.sent += news.bytes
      if (news.state === 'again') state.again += 1
    }
    report()
  })

  async function run () {
    await null // so that nothing is reported before the caller holds the job
    const { bidder, files, signKey = null, upload = null, draft = null } = options
    const session = checkSession(options.session)
    const offer = shaped(options.offer, offerShape(session.envelope), 'offer')
    const names = files.map(file => checkFileName(file.name))
    if (new Set(names).size !== names.length) throw new Refusal('seal.file_twice')
    const sketch = manifestOf(session, bidder, offer, files)
    const plan = planOf(session, sketch, files)
    state.total = plan.total
    state.fileBytes = files.reduce((sum, file) => sum + file.size, 0)
    report()

    const ctx = draft ? draft.ctx : await newContext(session, bidder)
    const ch = await contextHash(ctx)
    const { policy, suite } = session
    const cipher = suite === SUITE ? cobblestone : gm
    const kt = policy === 'B' ? null : draft ? unbase64(draft.kt) : random(32)
    const kb = policy === 'T' ? null : draft ? unbase64(draft.kb) : random(32)
    const [key, blindingKey] = await rootKeys(ch, kt, kb, suite)
    const half = {
      ctx,
      policy,
      kt_commit: kt ? await halfCommit('kt', ch, kt, suite) : '',
      kb_commit: kb ? await halfCommit('kb', ch, kb, suite) : ''
    }
    const keys = await cipher.begin(key, ch, draft ? unbase64(draft.salt) : undefined)
    // The way back starts from KT and KB again, so that a slip on the way out shows.
    const again = await payloadKey(half, kt, kb)
    const checkKeys = await cipher.openSealed(again, ch, keys.head)

    const place = upload && await uploadPlace(upload.href, draft)
    const hashing = crew.start({ do: 'hash', files })
    const task = {
      do: 'seal', gm: suite === SUITE ? null : gm.address(), keys, check: checkKeys,
      pieces: plan.pieces, total: plan.total, checkedTo: manifestEnd(sketch),
      upload: place && { href: place.href, csrf: csrfToken() }, have: place ? place.parts : [], isFilled: false, isKept: !!options.keep
    }
    // A draft's key may only ever meet the same bytes again: look at the files before using it.
    let sealing = draft ? null : crew.start(task)
    const shares = wrapShares(session, ch, kt, blindingKey)
    const work = sealing ? [sealing.result, shares] : [shares]
    const digests = await Promise.race([hashing.result, Promise.all(work).then(() => hashing.result)])
    const manifest = manifestOf(session, bidder, offer, files, digests)
    const manifestHash = hex(await sha256(manifest))
    if (draft && draft.manifest !== manifestHash) throw new Refusal('seal.draft_differs')
    state.files = files.map((file, at) => ({ name: file.name, size: file.size, sha256: digests[at].sha256 }))
    report()
    if (options.onDraft && place) {
      const halves = { kt: kt ? base64(kt) : '', kb: kb ? base64(kb) : '' }
      await options.onDraft({ ctx, ...halves, salt: base64(keys.head.slice(0, 24)), upload: place.name, manifest: manifestHash })
    }
    check = async ({ head, opened }, worker) => {
      await cipher.openSealed(again, ch, head)
      const start = manifestEnd(manifest) - manifest.length
      if (!isSame(concat(...opened).subarray(start, start + manifest.length), manifest)) throw new Refusal('seal.self_check')
      worker.postMessage({ do: 'agree' })
    }
    const { pieces } = planOf(session, manifest, files, digests)
    if (sealing) sealing.worker.postMessage({ do: 'fill', pieces })
    else sealing = crew.start({ ...task, pieces, isFilled: true })

    const { parts, length } = await sealing.result
    const header = {
      v: VERSION, ctx, policy: session.policy, k: session.k, shares: await shares, kt_commit: half.kt_commit,
      kb_commit: half.kb_commit, payload: { len: length, parts }
    }
    await checkHeader(header, session)
    if (parts.length !== Math.ceil(length / PART_BYTES)) throw new Refusal('seal.self_check')
    const digest = await bidDigest(header)
    const signature = signKey ? new Uint8Array(await crypto.subtle.sign('Ed25519', signKey, unhex(digest))) : null
    return { header, digest, kb: kb || new Uint8Array(0), signature, upload: place ? place.name : null }
  }

  const job = run().finally(() => crew.dismiss())
  job.pause = () => crew.tell({ do: 'pause' })
  job.resume = () => crew.tell({ do: 'resume' })
  job.cancel = () => crew.stop(new Refusal('seal.cancelled'))
  return job
}

async function uploadPlace (href, draft) {
  if (draft) {
    try {
      const { parts } = await get(`${href}/${draft.upload}`)
      return { name: draft.upload, href: `${href}/${draft.upload}`, parts }
    } catch (error) {
      if (error.reason !== 'server.refused') throw error // gone after a few days: begin another
    }
  }
  const { upload } = await post(href, {})
  return { name: upload, href: `${href}/${upload}`, parts: [] }
}

/** Hand in a sealed bid whose parts have arrived; the answer is the receipt, not yet checked. */
export function fileBid (href, { header, signature, upload }, key) {
  return post(href, { header, signature: base64(signature), upload }, key)
}
