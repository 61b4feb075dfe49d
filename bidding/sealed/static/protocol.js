// The sealing protocol in the browser: bytes, hashes, documents, commitments. The other half
// is bidding/envelope/{keys,documents,sealing}.py; docs/protocol.md describes every format and
// both halves are held to tests/vectors. Nothing here draws on the page or the network.

import * as gm from './gm.js'

export const VERSION = 1
/** What a session is sealed by unless its centre chose another of SUITES. */
export const SUITE = 'intl-1'
export const SUITES = [SUITE, 'gm-1', 'gm-hybrid']
/** Of an X-Wing key: ML-KEM-768, then X25519. */
export const X_WING_BYTES = 1184 + 32
/** Whether a page must say beside a suite that it is not certified (非商密认证). */
export const isUncertified = suite => suite !== SUITE
export const PART_BYTES = 8 * 1024 * 1024

/** The protocol says no: a stable dotted reason and plain facts, never a key. */
export class Refusal extends Error {
  constructor (reason, facts = {}) {
    super(reason)
    this.name = 'Refusal'
    this.reason = reason
    this.facts = facts
  }
}

// --- bytes -----------------------------------------------------------------------------------

const encoder = new TextEncoder()

export const utf8 = text => encoder.encode(text)

export function concat (...pieces) {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

export const hex = data => Array.from(data, byte => byte.toString(16).padStart(2, '0')).join('')

export function unhex (text) {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Refusal('seal.document', { place: 'hex' })
  return Uint8Array.from(text.match(/../g) || [], pair => parseInt(pair, 16))
}

export function base64 (data) {
  let text = ''
  for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192))
  return btoa(text)
}

/** Standard, padded, canonical base64 and nothing else. */
export function unbase64 (text, place = 'base64') {
  try {
    const data = Uint8Array.from(atob(text), letter => letter.charCodeAt(0))
    if (base64(data) === text) return data
  } catch (error) { /* said below */ }
  throw new Refusal('seal.document', { place })
}

/** Compares every byte whatever the first difference; the lengths are no secret. */
export function isSame (a, b) {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length && i < b.length; i++) difference |= a[i] ^ b[i]
  return difference === 0
}

export const random = length => crypto.getRandomValues(new Uint8Array(length))

// --- hashes ----------------------------------------------------------------------------------

export const sha256 = async data => new Uint8Array(await crypto.subtle.digest('SHA-256', data))

/** Whether a suite is made of the national algorithms. Raises Refusal ``seal.suite`` for one we do not know. */
function isGm (suite) {
  if (!SUITES.includes(suite)) throw new Refusal('seal.suite')
  return suite !== SUITE
}

/** SHA-256 (SM3) under a tag, so that a hash made for one purpose is useless for another. */
export async function H (tag, data, suite = SUITE) {
  const whole = concat(utf8(`mingtang/v1/${tag}\0`), data)
  if (!isGm(suite)) return sha256(whole)
  await gm.load()
  return gm.sm3(whole)
}

/** HKDF-SHA-512 (HKDF-SM3) without salt, info behind the protocol's name. */
export async function derive (material, info, length, suite = SUITE) {
  if (isGm(suite)) {
    await gm.load()
    return gm.hkdf(material, concat(utf8('mingtang/v1/'), info), length)
  }
  const key = await crypto.subtle.importKey('raw', material, 'HKDF', false, ['deriveBits'])
  const how = { name: 'HKDF', hash: 'SHA-512', salt: new Uint8Array(0), info: concat(utf8('mingtang/v1/'), info) }
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, length * 8))
}

// --- canonical JSON (RFC 8785; whole numbers only) ---------------------------------------------

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?:[^\uD800-\uDBFF]|^)[\uDC00-\uDFFF]/

function written (value) {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new Refusal('seal.document', { place: 'number' })
    return String(value)
  }
  if (typeof value === 'string') {
    if (LONE_SURROGATE.test(value)) throw new Refusal('seal.document', { place: 'text' })
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map(written).join(',')}]`
  if (typeof value !== 'object') throw new Refusal('seal.document', { place: 'value' })
  // Keys stay below the surrogates, where the orders of UTF-16 units (RFC 8785, and the sort
  // here) and of code points (other libraries) are one.
  const keys = Object.keys(value)
  if (keys.some(key => /[\uD800-\uFFFF]/.test(key))) throw new Refusal('seal.document', { place: 'key' })
  return `{${keys.sort().map(key => `${written(key)}:${written(value[key])}`).join(',')}}`
}

/** Canonical bytes of a document. */
export const encode = document => utf8(written(document))

/** Read JSON that must be canonical already: a second spelling of one document is refused. */
export function decode (data) {
  let document
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data))
    if (isSame(encode(document), data)) return document
  } catch (error) { /* said below */ }
  throw new Refusal('seal.document', { place: 'json' })
}

// --- documents ---------------------------------------------------------------------------------

const HEX32 = 'hex32'; const TEXT = 'text'; const INT = 'int'; const B64 = 'b64'; const LIST = 'list'; const DICT = 'dict'

export const CONTEXT = { session: HEX32, tender: TEXT, lot: TEXT, envelope: TEXT, bidder: TEXT, deadline: INT, suite: TEXT, nonce: HEX32 }
export const HEADER = { v: INT, ctx: DICT, policy: TEXT, k: INT, shares: LIST, kt_commit: TEXT, kb_commit: TEXT, payload: DICT }
export const SHARE = { i: INT, wrap: B64, commit: HEX32 }
export const PAYLOAD = { len: INT, parts: LIST }
export const SESSION = {
  v: INT, suite: TEXT, tender: TEXT, lot: TEXT, envelope: TEXT, nonce: HEX32, deadline: INT, open_not_before: INT,
  bidder_window_s: INT, policy: TEXT, k: INT, trustees: LIST, log_origin: TEXT, witnesses: LIST, tsa: LIST,
  max_bytes: INT, seal_tool_sha256: TEXT
}
export const TRUSTEE = { i: INT, org: TEXT, kem_pk: B64, sig_key: B64, cert_sha256: TEXT, pre_key: INT, pre_key_sig: B64 }
export const AMENDMENT = { v: INT, session: HEX32, previous: HEX32, deadline: INT, open_not_before: INT }
export const MANIFEST = { v: INT, lot: TEXT, bidder: TEXT, offer: DICT, files: LIST }
const OFFER = { price_fen: INT, days: INT, quality: TEXT, statement: TEXT }
const TECHNICAL = { days: INT, quality: TEXT, statement: TEXT }
const PRICE = { price_fen: INT }
/** What an envelope of this name holds: the bid, its technical or its price half, a later round's offer, the reserve price of a sale, a contribution to a draw. */
export function offerShape (envelope) {
  if (envelope === 'technical') return TECHNICAL
  if (envelope === 'price' || envelope === 'reserve') return PRICE
  if (/^(bid|offer-[1-9][0-9]{0,2})$/.test(envelope)) return OFFER
  return /^draw(-[a-z]{1,14})?$/.test(envelope) ? { value: HEX32 } : null
}
export const FILE = { name: TEXT, bytes: INT, sha256: HEX32 }

const isDict = value => typeof value === 'object' && value !== null && !Array.isArray(value)
const IS = {
  [TEXT]: value => typeof value === 'string' && value.length <= 4000 && [...value].length <= 2000,
  [INT]: value => Number.isSafeInteger(value) && value >= 0,
  [HEX32]: value => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
  [B64]: value => typeof value === 'string' && value.length <= 8000,
  [LIST]: Array.isArray,
  [DICT]: isDict
}

/** Require exactly these fields with these types. */
export function shaped (document, shape, place) {
  if (!isDict(document) || Object.keys(document).sort().join() !== Object.keys(shape).sort().join()) {
    throw new Refusal('seal.document', { place })
  }
  for (const [name, kind] of Object.entries(shape)) {
    if (!IS[kind](document[name])) throw new Refusal('seal.document', { place: `${place}.${name}` })
    if (kind === B64) unbase64(document[name], `${place}.${name}`)
  }
  return document
}

export const sessionId = async session => hex(await H('session', encode(session)))
export const amendmentId = async amendment => hex(await H('amendment', encode(amendment)))
export const contextHash = async ctx => H('ctx', encode(ctx), ctx.suite)
export const bidDigest = async header => hex(await H('bid', encode(header)))

/** A session document whose every field is in shape and whose threshold holds together. */
export function checkSession (session) {
  shaped(session, SESSION, 'session')
  for (const trustee of session.trustees) shaped(trustee, TRUSTEE, 'session.trustees')
  const good = session.v === VERSION && SUITES.includes(session.suite) && ['TB', 'T', 'B'].includes(session.policy) &&
    offerShape(session.envelope) !== null && isThreshold(session) && session.deadline <= session.open_not_before
  if (!good) throw new Refusal('seal.document', { place: 'session' })
  for (const trustee of session.trustees) checkPublicKey(session.suite, unbase64(trustee.kem_pk))
  return session
}

/** More than half of at most fifteen key holders, no organisation twice; none at all with policy B. */
function isThreshold ({ policy, k, trustees }) {
  const n = trustees.length
  if (policy === 'B') return n === 0 && k === 0
  return trustees.every((trustee, at) => trustee.i === at + 1) && n / 2 < k && k <= n && n <= 15 &&
    new Set(trustees.map(trustee => trustee.org)).size === n
}

/** A key holder's key must be one of the session's suite. */
export function checkPublicKey (suite, key) {
  const sm2 = { 'intl-1': null, 'gm-1': key, 'gm-hybrid': key.subarray(X_WING_BYTES) }[suite]
  const length = (suite === 'gm-1' ? 0 : X_WING_BYTES) + (sm2 ? gm.PUBLIC_KEY_BYTES : 0)
  if (key.length !== length) throw new Refusal('seal.key_length')
  if (sm2 && !gm.isPublicKey(sm2)) throw new Refusal('seal.key_point')
}

/** A bid's header against its session: shape, suite, policy, threshold, lengths. */
export async function checkHeader (header, session) {
  shaped(header, HEADER, 'header')
  const ctx = shaped(header.ctx, CONTEXT, 'header.ctx')
  for (const share of header.shares) shaped(share, SHARE, 'header.shares')
  const payload = shaped(header.payload, PAYLOAD, 'header.payload')
  if (header.v !== VERSION || ctx.suite !== session.suite) throw new Refusal('seal.suite')
  if (header.policy !== session.policy || header.k !== session.k) throw new Refusal('seal.policy')
  if (header.shares.map(share => share.i).join() !== session.trustees.map(trustee => trustee.i).join()) throw new Refusal('seal.shares')
  for (const field of ['tender', 'lot', 'envelope', 'deadline']) {
    if (ctx[field] !== session[field]) throw new Refusal('seal.other_session', { field })
  }
  if (ctx.session !== await sessionId(session)) throw new Refusal('seal.other_session', { field: 'session' })
  // A commitment where the policy has that half, and the empty text where it has not.
  for (const [field, isUsed] of [['kt_commit', header.policy !== 'B'], ['kb_commit', header.policy !== 'T']]) {
    if (isUsed ? !IS[HEX32](header[field]) : header[field] !== '') throw new Refusal('seal.document', { place: `header.${field}` })
  }
  if (!(payload.len > 0 && payload.len <= session.max_bytes)) throw new Refusal('seal.too_large', { bytes: payload.len })
  if (payload.parts.length !== Math.ceil(payload.len / PART_BYTES)) throw new Refusal('seal.parts')
  for (const part of payload.parts) shaped({ part }, { part: HEX32 }, 'header.payload.parts')
  return header
}

// --- keys of one bid ---------------------------------------------------------------------------

/** What a seal is bound to; a copy for another bidder or lot has another key. */
export async function newContext (session, bidder) {
  const { tender, lot, envelope, deadline, suite } = session
  return { session: await sessionId(session), tender, lot, envelope, bidder, deadline, suite, nonce: hex(random(32)) }
}

/** [payload key, blinding key] from the halves that the policy uses (null for one it does not). */
export async function rootKeys (ch, kt, kb, suite = SUITE) {
  const material = concat(Uint8Array.of(kt ? 1 : 0, kb ? 1 : 0), kt || new Uint8Array(0), kb || new Uint8Array(0))
  const root = await derive(material, concat(utf8('root\0'), ch), 64, suite)
  return [root.slice(0, 32), root.slice(32)]
}

export const blind = (blindingKey, i, suite = SUITE) => derive(blindingKey, concat(utf8('blind'), Uint8Array.of(i)), 32, suite)
export const shareInfo = (ch, i) => concat(utf8('mingtang/v1/share\0'), ch, Uint8Array.of(i))
export const shareCommit = async (ch, release, suite = SUITE) => hex(await H('sc', concat(ch, release), suite))
export const halfCommit = async (tag, ch, half, suite = SUITE) => hex(await H(tag, concat(ch, half), suite))

/** 66 bytes: number, x, share, blind. */
export function releaseBytes (i, x, share, blindBytes) {
  if (share.length !== 32 || blindBytes.length !== 32) throw new Refusal('seal.release_length')
  return concat(Uint8Array.of(i, x), share, blindBytes)
}

export async function isCommitted (header, release) {
  const share = header.shares.find(share => share.i === release[0])
  return release.length === 66 && share !== undefined &&
    share.commit === await shareCommit(await contextHash(header.ctx), release, header.ctx.suite)
}

/** The payload key of a bid from the halves that its policy uses, which must be those that it commits to. */
export async function payloadKey (header, kt, kb) {
  const { policy, ctx: { suite } } = header
  const ch = await contextHash(header.ctx)
  if (policy !== 'T' && await halfCommit('kb', ch, kb, suite) !== header.kb_commit) throw new Refusal('seal.half_wrong')
  if (policy !== 'B' && await halfCommit('kt', ch, kt, suite) !== header.kt_commit) throw new Refusal('seal.shares_inconsistent')
  return (await rootKeys(ch, policy === 'B' ? null : kt, policy === 'T' ? null : kb, suite))[0]
}

// --- signatures --------------------------------------------------------------------------------

export async function isSigned (publicKey, signature, message) {
  try {
    const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify'])
    return await crypto.subtle.verify('Ed25519', key, signature, message)
  } catch (error) {
    return false
  }
}

const signedText = (tag, data) => concat(utf8(`mingtang/v1/${tag}\0`), data)

/** What the centre signs to put a session (or an amendment, by its id) in force. */
export const sessionMessage = id => signedText('session', unhex(id))

export function preKeyMessage (number, publicKey) {
  const big = new Uint8Array(4)
  new DataView(big.buffer).setUint32(0, number)
  return signedText('pre-key', concat(big, publicKey))
}

/**
 * Check what the platform says about a session: the centre's signature, every trustee's
 * signature over its key, and amendments that chain and only move times later.
 * Returns {id, session, deadline} with the deadline now in force.
 */
export async function checkAnswer ({ document, amendments, sig, centre_key: centreKey }) {
  const session = checkSession(document)
  const id = await sessionId(session)
  const centre = unhex(centreKey)
  const signed = (name, by) => isSigned(centre, unbase64(by, 'sig'), sessionMessage(name))
  if (!await signed(id, sig)) throw new Refusal('seal.session_signature')
  for (const trustee of session.trustees) {
    const message = preKeyMessage(trustee.pre_key, unbase64(trustee.kem_pk))
    if (!await isSigned(unbase64(trustee.sig_key), unbase64(trustee.pre_key_sig), message)) {
      throw new Refusal('seal.trustee_signature', { trustee: trustee.i })
    }
  }
  let { deadline, open_not_before: opens } = session
  let previous = id
  for (const { document: change, sig: by } of amendments) {
    shaped(change, AMENDMENT, 'amendment')
    const name = await amendmentId(change)
    if (change.v !== VERSION || change.session !== id || change.previous !== previous || change.deadline < deadline ||
        change.open_not_before < opens || change.open_not_before < change.deadline || !await signed(name, by)) throw new Refusal('seal.amendment')
    deadline = change.deadline
    opens = change.open_not_before
    previous = name
  }
  return { id, session, deadline }
}
