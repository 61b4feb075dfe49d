// The heavy half of sealing, away from the page: hashes files, makes the ciphertext part by
// part, sends the parts. Two workers run this same file, one for hashing ("hash") and one for
// the parts ("seal"). It is given keys of one payload only and imports nothing by bare name,
// because workers have no import map.
//
// Memory does not depend on the size of the files: every part of 8 MiB is made by itself from
// its stretch of the archive, and at most LANES of them are alive. A part that holds nothing
// but bytes of files is made while hashing still goes on; parts with the manifest or a
// checksum in them wait for "fill".

import * as cobblestone from './cobblestone.js'
import * as gm from './gm.js'
import { crc32 } from './archive.js'
import { Sha256 } from './sha256.js'

const { CHUNK, HEAD, TAG, sealedLength } = cobblestone // gm.js frames its chunks alike
const PART = 8 * 1024 * 1024
const LANES = 3
const SLAB = 4 * 1024 * 1024
/** Up to here a file is hashed in one piece by WebCrypto, which cannot stream. */
const ONE_PIECE = 48 * 1024 * 1024
const TRIES = 8
const PATIENCE_MS = 300000

class Failure extends Error {
  constructor (reason, detail = '') {
    super(reason)
    this.reason = reason
    this.detail = detail
  }
}

const wait = ms => new Promise(resolve => setTimeout(resolve, ms))
const toHex = data => Array.from(new Uint8Array(data), byte => byte.toString(16).padStart(2, '0')).join('')

// --- reading -----------------------------------------------------------------------------------

async function read (file, from, to) {
  let data
  try {
    data = new Uint8Array(await file.slice(from, to).arrayBuffer())
  } catch (error) {
    throw new Failure('seal.file_changed', file.name)
  }
  if (data.length !== to - from) throw new Failure('seal.file_changed', file.name)
  return data
}

// --- pausing -----------------------------------------------------------------------------------

let gate = Promise.resolve()
let release = null

function pause () {
  if (!release) gate = new Promise(resolve => { release = resolve })
}

function resume () {
  if (release) release()
  release = null
}

// --- hashing -----------------------------------------------------------------------------------

async function hashFile (file, tell) {
  if (file.size <= ONE_PIECE) {
    const data = await read(file, 0, file.size)
    const digest = crypto.subtle.digest('SHA-256', data)
    const crc = crc32(data)
    tell(data.length)
    return { sha256: toHex(await digest), crc }
  }
  const hash = new Sha256()
  let crc = 0
  let next = read(file, 0, SLAB)
  for (let at = 0; at < file.size; at += SLAB) {
    const slab = await next
    await gate
    next = at + SLAB < file.size ? read(file, at + SLAB, Math.min(at + 2 * SLAB, file.size)) : null
    if (at === 0 && new Sha256().update(slab).hex() !== toHex(await crypto.subtle.digest('SHA-256', slab))) {
      throw new Failure('seal.self_check')
    }
    hash.update(slab)
    crc = crc32(slab, crc)
    tell(slab.length)
  }
  return { sha256: hash.hex(), crc }
}

async function hash ({ files }) {
  const found = []
  for (const file of files) {
    await gate
    found.push(await hashFile(file, bytes => postMessage({ hashed: bytes })))
  }
  postMessage({ done: found })
}

// --- parts -------------------------------------------------------------------------------------

let job = null

/** One stretch of the archive as bytes. */
async function plain (from, to) {
  const { pieces, starts } = job
  let low = 0
  for (let high = pieces.length - 1; low < high;) {
    const middle = (low + high + 1) >> 1
    if (starts[middle] <= from) low = middle
    else high = middle - 1
  }
  let whole = null
  for (let at = low; at < pieces.length && starts[at] < to; at++) {
    const { size, bytes, file } = pieces[at]
    const a = Math.max(from - starts[at], 0)
    const b = Math.min(to - starts[at], size)
    if (a >= b) continue
    if (!bytes && !file) continue
    const data = file ? await read(file, a, b) : bytes.subarray(a, b)
    if (b - a === to - from) return data
    whole = whole || new Uint8Array(to - from)
    whole.set(data, starts[at] + a - from)
  }
  return whole || new Uint8Array(to - from)
}

function bounds (n) {
  const from = n * PART
  const to = Math.min(from + PART, sealedLength(job.total))
  const first = Math.floor(Math.max(from - HEAD, 0) / (CHUNK + TAG))
  const last = Math.floor((to - 1 - HEAD) / (CHUNK + TAG))
  return { from, to, first, last, start: first * CHUNK, end: Math.min((last + 1) * CHUNK, job.total) }
}

/** Make one part and read some of it back with keys that were derived a second time. */
async function make (n) {
  const { from, to, first, last, start, end } = bounds(n)
  const data = await plain(start, end)
  const lastChunk = Math.floor(job.total / CHUNK)
  const chunks = await job.cipher.encryptChunks(job.keys, first, data, last === lastChunk)
  const sealed = new Uint8Array(to - from)
  if (n === 0) sealed.set(job.keys.head)
  for (let i = 0; i < chunks.length; i++) {
    const chunk = new Uint8Array(chunks[i])
    const at = HEAD + (first + i) * (CHUNK + TAG) - from
    const skip = Math.max(-at, 0)
    sealed.set(chunk.subarray(skip, Math.min(chunk.length, to - from - at)), at + skip)
  }
  const shown = n === 0 ? Math.min(chunks.length, Math.ceil(job.checkedTo / CHUNK)) : 0
  // What is kept is filed later, perhaps from another machine: all of it must open, not a sample.
  const samples = job.isKept ? chunks.length : Math.max(shown, 1)
  const opened = []
  for (let i = 0; i < samples; i++) {
    const back = await job.cipher.decryptChunk(job.check, first + i, new Uint8Array(chunks[i]))
    const before = data.subarray(i * CHUNK, (i + 1) * CHUNK)
    if (back.length !== before.length || back.some((byte, at) => byte !== before[at])) throw new Failure('seal.self_check')
    if (i < shown) opened.push(back)
  }
  if (n === 0) await confirm(sealed.slice(0, HEAD), opened)
  return sealed
}

/** The page looks at the opened beginning itself; the first part leaves only if it agrees. */
function confirm (head, opened) {
  postMessage({ head, opened })
  return new Promise(resolve => { job.agree = resolve })
}

async function send (n, sealed, digest) {
  const { href, csrf } = job.upload
  const body = new Blob([sealed])
  const announced = `sha-256=:${btoa(String.fromCharCode(...new Uint8Array(digest)))}:`
  for (let attempt = 1; ; attempt++) {
    await gate
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), PATIENCE_MS)
    let answer = null
    try {
      answer = await fetch(`${href}/parts/${n}`, {
        method: 'PUT',
        body,
        signal: abort.signal,
        redirect: 'error',
        headers: { 'Content-Digest': announced, 'Content-Type': 'application/octet-stream', 'X-CSRFToken': csrf }
      })
    } catch (error) { /* the line is down, which is worth another try */ }
    clearTimeout(timer)
    if (answer && answer.ok) return
    if (answer && answer.status < 500 && ![408, 425, 429].includes(answer.status)) throw await refusal(answer)
    if (attempt === TRIES) throw answer ? await refusal(answer) : new Failure('upload.offline')
    postMessage({ part: n, state: 'again', attempt })
    await wait(Math.min(500 * 2 ** (attempt - 1), 20000) * (0.75 + Math.random() / 2))
    // The part may have arrived although its answer did not.
    if (await isThere(n)) return
  }
}

async function isThere (n) {
  try {
    const answer = await fetch(job.upload.href, { redirect: 'error' })
    return answer.ok && (await answer.json()).parts.includes(n)
  } catch (error) {
    return false
  }
}

async function refusal (answer) {
  let detail = ''
  try {
    detail = (await answer.json()).detail || ''
  } catch (error) { /* not a problem document */ }
  return new Failure('upload.refused', detail || `HTTP ${answer.status}`)
}

/** Whether a part can be made now: none of its pieces is still waiting for a checksum. */
function isKnown (n) {
  const { start, end } = bounds(n)
  return !job.pieces.some((piece, at) => piece.bytes && job.starts[at] < end && job.starts[at] + piece.size > start)
}

async function lane () {
  for (;;) {
    await gate
    const n = job.ready.shift()
    if (n === undefined) {
      if (job.isFilled) return
      await job.filled
      continue
    }
    postMessage({ part: n, state: 'sealing' })
    const sealed = await make(n)
    const digest = await crypto.subtle.digest('SHA-256', sealed)
    job.parts[n] = toHex(digest)
    postMessage({ part: n, state: 'sealed', bytes: sealed.length })
    if (job.isKept) postMessage({ part: n, kept: new Blob([sealed]) })
    if (job.upload && !job.have.has(n)) await send(n, sealed, digest)
    postMessage({ part: n, state: 'sent', bytes: sealed.length })
  }
}

async function seal ({ gm: library, keys, check, pieces, total, checkedTo, upload, have, isFilled, isKept }) {
  const cipher = library ? gm : cobblestone
  job = { cipher, keys, check, total, checkedTo, upload, isKept, have: new Set(have), parts: [], isFilled: false, agree: null }
  job.filled = new Promise(resolve => { job.tellFilled = resolve })
  place(pieces)
  const count = Math.ceil(sealedLength(total) / PART)
  job.all = Array.from({ length: count }, (_, n) => n)
  job.early = new Set(isFilled ? [] : job.all.filter(isKnown))
  job.ready = [...job.early]
  if (isFilled) fill({ pieces })
  if (library) await gm.load(library)
  await Promise.all(Array.from({ length: LANES }, lane))
  postMessage({ done: { parts: job.parts, length: sealedLength(total) } })
}

function place (pieces) {
  job.pieces = pieces
  let at = 0
  job.starts = pieces.map(({ size }) => {
    at += size
    return at - size
  })
}

function fill ({ pieces }) {
  place(pieces)
  job.isFilled = true
  job.ready.push(...job.all.filter(n => !job.early.has(n)))
  job.tellFilled()
}

// --- messages ----------------------------------------------------------------------------------

const HANDLERS = { hash, seal, fill, pause, resume, agree: () => job.agree() }

self.onmessage = async ({ data }) => {
  try {
    await HANDLERS[data.do](data)
  } catch (error) {
    // Only our own words leave: an engine's message could quote what it choked on.
    postMessage({ failed: { reason: error.reason || 'seal.broken', detail: error.detail || '' } })
  }
}
