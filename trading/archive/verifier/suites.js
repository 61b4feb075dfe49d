// The suites of a seal (sections 1, 2.4 and 2.10): hash, derivation, encryption of the payload.

import { sm2, sm3, sm4 } from 'sm-crypto-v2'
import { concat, hex, hmac, sha256, tagBytes, u8, unhex, utf8 } from './bytes.js'

export const CHUNK = 16384
export const TAG = 16
/** Salt and commitment before the first chunk. */
export const HEAD = 56
const SALT = 24
const SECRET = 32

const international = {
  hash: sha256,
  hmac: (key, message) => hmac('SHA-512', key, message),
  hmacBytes: 64,
  label: 'c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM',
  keyBytes: 32,
  open: async (key, nonce, sealed) => {
    const imported = await key
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce }, imported, sealed))
  },
  prepare: key => crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt'])
}

const national = {
  hash: async bytes => unhex(sm3(bytes)),
  hmac: async (key, message) => unhex(sm3(message, { key, mode: 'hmac' })),
  hmacBytes: 32,
  label: 'mingtang/v1/chunked-encryption+HKDF_SM3+AEAD_SM4_GCM',
  keyBytes: 16,
  open: async (key, iv, sealed) => {
    const [body, tag] = [sealed.slice(0, -TAG), sealed.slice(-TAG)]
    return sm4.decrypt(body, key, { mode: 'gcm', iv, tag, output: 'array' })
  },
  prepare: key => key
}

const X_WING = 1216

function isPoint(bytes) {
  try {
    return bytes.length === 65 && bytes[0] === 4 && sm2.verifyPublicKey(hex(bytes))
  } catch {
    return false
  }
}

/** What each suite computes with, and whether a trustee's public key is one of it. */
export const SUITES = {
  'intl-1': { ...international, isKey: key => key.length === X_WING },
  'gm-1': { ...national, isKey: isPoint },
  'gm-hybrid': { ...national, isKey: key => key.length === X_WING + 65 && isPoint(key.slice(X_WING)) }
}

/** H of the tags ctx, sc, kt and kb. */
export const suiteHash = (suite, tag, bytes) => suite.hash(concat(tagBytes(tag), bytes))

/** HKDF-Expand of RFC 5869. */
async function expand(suite, secret, info, length) {
  let [all, last] = [new Uint8Array(), new Uint8Array()]
  for (let counter = 1; all.length < length; counter++) {
    last = await suite.hmac(secret, concat(last, info, u8(counter)))
    all = concat(all, last)
  }
  return all.slice(0, length)
}

/** D(material, info, n): HKDF with an empty salt. */
export async function derive(suite, material, info, length) {
  const secret = await suite.hmac(new Uint8Array(suite.hmacBytes), material)
  return expand(suite, secret, concat(utf8('mingtang/v1/'), info), length)
}

/** Opens the chunks of a payload one by one; throws where its key is another. */
export async function payloadOpener(suite, key, head, context) {
  const [salt, commitment] = [head.slice(0, SALT), head.slice(SALT)]
  const derived = await expand(suite, key, concat(utf8(suite.label), u8(0), salt, context), suite.keyBytes + 12 + SECRET)
  const base = derived.slice(suite.keyBytes, suite.keyBytes + 12)
  if (hex(derived.slice(suite.keyBytes + 12)) !== hex(commitment)) throw new Error('the key is not that of the payload')
  const prepared = await suite.prepare(derived.slice(0, suite.keyBytes))
  return (number, sealed) => {
    const nonce = base.slice()
    for (let at = 11, rest = number; rest > 0; at--, rest = Math.floor(rest / 256)) nonce[at] ^= rest % 256
    return suite.open(prepared, nonce, sealed)
  }
}
