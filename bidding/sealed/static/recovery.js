// The bidder's half KB is kept twice: as a recovery file under a passphrase, and on this
// device under a key that the browser does not hand out. The organisation's signing key
// lives here too, not extractable. Format: docs/protocol.md; Python: bidding/envelope/recovery.py.

import { Refusal, base64, decode, encode, random, shaped, unbase64, utf8 } from './protocol.js'

export const ITERATIONS = 600000
/** More would let a forged file keep the browser busy for minutes. */
const MOST_ITERATIONS = 10000000
export const SHORTEST_PASSPHRASE = 12

const RECOVERY = { v: 'int', type: 'text', session: 'hex32', bid_digest: 'hex32', kdf: 'dict', nonce: 'b64', box: 'b64' }
const KDF = { name: 'text', iterations: 'int', salt: 'b64' }
const KDF_NAME = 'PBKDF2-HMAC-SHA-256'

async function passphraseKey (passphrase, salt, iterations) {
  const material = await crypto.subtle.importKey('raw', utf8(passphrase.normalize('NFC')), 'PBKDF2', false, ['deriveKey'])
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations }
  return crypto.subtle.deriveKey(how, material, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}

/** Everything but the box is bound to the box. */
function bound (document) {
  const { box, ...rest } = document
  return encode(rest)
}

/** The recovery file of one bid, as bytes. ``fixed`` is for vectors only. */
export async function makeRecovery (passphrase, { session, digest, kb }, fixed = null) {
  if ([...passphrase.normalize('NFC')].length < SHORTEST_PASSPHRASE) throw new Refusal('recovery.passphrase_short', { least: SHORTEST_PASSPHRASE })
  if (kb.length !== 32) throw new Refusal('seal.half_wrong')
  const salt = fixed ? fixed.salt : random(16)
  const nonce = fixed ? fixed.nonce : random(12)
  const document = {
    v: 1, type: 'mingtang-recovery', session, bid_digest: digest, nonce: base64(nonce),
    kdf: { name: KDF_NAME, iterations: ITERATIONS, salt: base64(salt) }
  }
  const key = await passphraseKey(passphrase, salt, ITERATIONS)
  const box = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData: bound(document) }, key, kb)
  return encode({ ...document, box: base64(new Uint8Array(box)) })
}

/** Read a recovery file: {session, digest, kb}. A wrong passphrase and a damaged file look alike. */
export async function openRecovery (passphrase, data) {
  const document = shaped(decode(data), RECOVERY, 'recovery')
  const kdf = shaped(document.kdf, KDF, 'recovery.kdf')
  const salt = unbase64(kdf.salt)
  const nonce = unbase64(document.nonce)
  const box = unbase64(document.box)
  if (document.v !== 1 || document.type !== 'mingtang-recovery' || kdf.name !== KDF_NAME || kdf.iterations < ITERATIONS ||
      kdf.iterations > MOST_ITERATIONS || salt.length !== 16 || nonce.length !== 12 || box.length !== 48) {
    throw new Refusal('seal.document', { place: 'recovery' })
  }
  const key = await passphraseKey(passphrase, salt, kdf.iterations)
  try {
    const kb = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce, additionalData: bound(document) }, key, box)
    return { session: document.session, digest: document.bid_digest, kb: new Uint8Array(kb) }
  } catch (error) {
    throw new Refusal('recovery.not_opened')
  }
}

// --- on this device ----------------------------------------------------------------------------

const STORES = ['keys', 'halves', 'drafts']

const done = request => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result)
  request.onerror = () => reject(new Refusal('device.storage'))
})

function openStore () {
  let request
  try {
    request = indexedDB.open('mingtang-sealing', 1)
  } catch (error) {
    return Promise.reject(new Refusal('device.storage'))
  }
  request.onupgradeneeded = () => STORES.forEach(name => request.result.createObjectStore(name))
  return done(request)
}

async function withStore (name, mode, use) {
  const database = await openStore()
  try {
    const transaction = database.transaction(name, mode)
    const finished = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve
      transaction.onabort = transaction.onerror = () => reject(new Refusal('device.storage'))
    })
    finished.catch(() => {}) // told by the request first
    const result = await done(use(transaction.objectStore(name)))
    await finished
    return result
  } finally {
    database.close()
  }
}

const load = (store, name) => withStore(store, 'readonly', place => place.get(name))
const save = (store, name, value) => withStore(store, 'readwrite', place => place.put(value, name))
const remove = (store, name) => withStore(store, 'readwrite', place => place.delete(name))

/** Find a key of this device or make it. Two tabs at once end up with the same one. */
async function deviceKey (name, generate) {
  const known = await load('keys', name)
  if (known) return known
  const made = await generate()
  try {
    await withStore('keys', 'readwrite', place => place.add(made, name))
  } catch (error) {
    const other = await load('keys', name)
    if (!other) throw error
    return other
  }
  return made
}

const wrappingKey = () => deviceKey('wrapping', () => crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']))

async function close (store, name, document) {
  const nonce = random(12)
  const how = { name: 'AES-GCM', iv: nonce, additionalData: utf8(`${store}/${name}`) }
  const box = new Uint8Array(await crypto.subtle.encrypt(how, await wrappingKey(), encode(document)))
  await save(store, name, { nonce, box })
}

async function reopen (store, name) {
  const kept = await load(store, name)
  if (!kept) return null
  const how = { name: 'AES-GCM', iv: kept.nonce, additionalData: utf8(`${store}/${name}`) }
  try {
    return decode(new Uint8Array(await crypto.subtle.decrypt(how, await wrappingKey(), kept.box)))
  } catch (error) {
    return null
  }
}

/** Keep KB of a bid on this device. */
export const keepHalf = ({ session, digest, kb }) => close('halves', digest, { session, kb: base64(kb) })

/** KB of a bid if this device has it, else null. */
export async function takeHalf (digest) {
  const kept = await reopen('halves', digest)
  return kept && unbase64(kept.kb)
}

export const forgetHalf = digest => remove('halves', digest)

/** An interrupted job, by session: see ``draft`` in seal.js. */
export const keepDraft = (session, draft) => close('drafts', session, draft)
export const takeDraft = session => reopen('drafts', session)
export const forgetDraft = session => remove('drafts', session)

/** The Ed25519 key pair that bids in one live sale from this device, made for it alone; null if there is none and none is to be made. */
export async function paddleKey (lot, make = false) {
  const name = `paddle/${lot}`
  const pair = make ? await deviceKey(name, () => crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) : await load('keys', name)
  return pair ? { privateKey: pair.privateKey, publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)) } : null
}

/** A limit up to which this device bids by itself (自动出价), kept sealed on it; null takes it away. */
export const keepLimit = (lot, fen) => fen === null ? remove('drafts', `limit/${lot}`) : close('drafts', `limit/${lot}`, { fen })

export async function takeLimit (lot) {
  const kept = await reopen('drafts', `limit/${lot}`)
  return kept ? kept.fen : null
}

/**
 * The organisation's Ed25519 key pair on this device: {privateKey, publicKey (32 bytes)}.
 * The private key cannot be read out, by this page or any other script.
 */
export async function signingKey (organisation) {
  const pair = await deviceKey(`signing/${organisation}`, () => crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']))
  return { privateKey: pair.privateKey, publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)) }
}
