// Bytes: how the protocol writes them, hashes them and checks signatures over them (section 1).

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A thing that is wrong with the pack: where, and what, in both languages. */
export class Problem extends Error {
  constructor(place, zh, en) {
    super(`${place}: ${en}`)
    Object.assign(this, { place, zh, en })
  }
}

export const utf8 = text => encoder.encode(text)
export const fromUtf8 = bytes => decoder.decode(bytes)

export function concat(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

export const u8 = number => Uint8Array.of(number)

export function u32(number) {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}

export function u64(number) {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number))
  return bytes
}

export const readU64 = bytes => Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0))

export const hex = bytes => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')

/** Bytes of lower-case hex figures, or null. */
export function unhex(text, length = text?.length / 2) {
  if (typeof text !== 'string' || !/^([0-9a-f]{2})*$/.test(text) || text.length !== 2 * length) return null
  return Uint8Array.from(text.match(/../g) ?? [], pair => parseInt(pair, 16))
}

export const isHex32 = value => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)

export function base64(bytes) {
  let letters = ''
  for (const byte of bytes) letters += String.fromCharCode(byte)
  return btoa(letters)
}

/** Bytes of standard Base64 in its only canonical spelling, or null. */
export function unbase64(text, length) {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null
  let bytes
  try {
    bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0))
  } catch {
    return null
  }
  return base64(bytes) === text && (length === undefined || bytes.length === length) ? bytes : null
}

export function equal(one, other) {
  if (!one || !other || one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
  return true
}

/** Order of byte strings. */
export function compare(one, other) {
  const shorter = Math.min(one.length, other.length)
  for (let at = 0; at < shorter; at++) if (one[at] !== other[at]) return one[at] - other[at]
  return one.length - other.length
}

export async function digest(algorithm, bytes) {
  return new Uint8Array(await crypto.subtle.digest(algorithm, bytes))
}

export const sha256 = bytes => digest('SHA-256', bytes)

const PREFIX = 'mingtang/v1/'

export const tagBytes = tag => concat(utf8(PREFIX + tag), u8(0))

/** H(tag, x) of section 1. */
export const tagged = (tag, bytes) => sha256(concat(tagBytes(tag), bytes))

/** Whether an Ed25519 signature (RFC 8032, raw key) holds over a message. */
export async function isSigned(publicKey, signature, message) {
  if (publicKey?.length !== 32 || signature?.length !== 64) return false
  try {
    const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify'])
    return await crypto.subtle.verify('Ed25519', key, signature, message)
  } catch {
    return false
  }
}

export async function hmac(hash, key, message) {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, message))
}
