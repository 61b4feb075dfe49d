// The national algorithms (国密) in the browser: SM3, SM4-GCM and SM2 of the npm package
// sm-crypto-v2, which is neither certified as commercial cryptography (非商密认证) nor audited
// nor constant-time. It is loaded only when a session of such a suite is sealed. The Python
// half is bidding/envelope/{gm,gm_payload,suites}.py. Answers as cobblestone.js does, so that
// the worker need not know which of the two it holds.
//
// What the library does without a word, and this file therefore checks by itself: sm2.doDecrypt
// answers "" or [] where authentication fails; sm4.decrypt does not authenticate at all when it
// is given no tag; ASN.1 is read by whatever lengths it states.

import { CHUNK, HEAD, TAG, Unreadable, sealedLength } from './cobblestone.js'
import { address, bring } from './gm_library.js'

export { address }
export { CHUNK, HEAD, TAG, sealedLength }

export const PUBLIC_KEY_BYTES = 65
const NAME = new TextEncoder().encode('mingtang/v1/chunked-encryption+HKDF_SM3+AEAD_SM4_GCM\0')

let library = null

/** Load the library once. */
export async function load (where) {
  library = library || await bring(where)
}

// --- bytes -----------------------------------------------------------------------------------

function join (...pieces) {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

const toHex = data => Array.from(data, byte => byte.toString(16).padStart(2, '0')).join('')
const fromHex = text => Uint8Array.from(text.match(/../g) || [], pair => parseInt(pair, 16))
const toNumber = data => BigInt(`0x${toHex(data) || '0'}`)

function isSame (a, b) {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length && i < b.length; i++) difference |= a[i] ^ b[i]
  return difference === 0
}

// --- SM3 -------------------------------------------------------------------------------------

export const sm3 = data => fromHex(library.sm3(data))

/** HKDF-SM3 (RFC 5869 over GB/T 32905) without salt. */
export const hkdf = (material, info, length) => library.hkdf(material, undefined, info, length)

/** HKDF-Expand-SM3 alone, for a key that is uniform already. */
function expand (key, info, length) {
  let made = new Uint8Array(0)
  let block = new Uint8Array(0)
  for (let count = 1; made.length < length; count++) {
    block = fromHex(library.sm3(join(block, info, Uint8Array.of(count)), { mode: 'hmac', key }))
    made = join(made, block)
  }
  return made.slice(0, length)
}

// --- the payload -------------------------------------------------------------------------------

/** Keys of one message: {sm4, base, head}, where head is the salt and the commitment. */
async function open (key, context, salt) {
  if (key.length !== 32) throw new Unreadable()
  await load()
  const made = expand(key, join(NAME, salt, context), 16 + 12 + 32)
  return { sm4: made.slice(0, 16), base: made.slice(16, 28), head: join(salt, made.subarray(28)) }
}

/** Keys for a new message; the salt may be given only to go on with the very same one. */
export const begin = (key, context, salt = crypto.getRandomValues(new Uint8Array(24))) => open(key, context, salt)

/** Keys to read a message, once its commitment shows that the key and context are its own. */
export async function openSealed (key, context, sealed) {
  const keys = await open(key, context, sealed.slice(0, 24))
  if (!isSame(keys.head, sealed.subarray(0, HEAD))) throw new Unreadable()
  return keys
}

function nonce (base, index) {
  const value = base.slice()
  for (let at = 11, rest = index; at >= 7; at--, rest = Math.floor(rest / 256)) value[at] ^= rest % 256
  return value
}

/** Encrypt neighbouring chunks, the first with the number ``first``; one array each. */
export async function encryptChunks ({ sm4, base }, first, plain, isEnd) {
  const made = []
  for (let at = 0, index = first; at < plain.length || (isEnd && at === plain.length); at += CHUNK, index++) {
    const how = { mode: 'gcm', iv: nonce(base, index), output: 'array', outputTag: true }
    const { output, tag } = library.sm4.encrypt(plain.subarray(at, at + CHUNK), sm4, how)
    made.push(join(output, tag))
  }
  return made
}

/** Decrypt one chunk; rejects with Unreadable. */
export async function decryptChunk ({ sm4, base }, index, sealed) {
  if (sealed.length < TAG) throw new Unreadable()
  const at = sealed.length - TAG
  const how = { mode: 'gcm', iv: nonce(base, index), output: 'array', tag: sealed.slice(at) }
  try {
    return library.sm4.decrypt(sealed.subarray(0, at), sm4, how)
  } catch (error) {
    throw new Unreadable()
  }
}

/** Encrypt a whole message at once (small ones only). */
export async function encrypt (key, context, plain, salt) {
  const keys = await begin(key, context, salt)
  return join(keys.head, ...await encryptChunks(keys, 0, plain, true))
}

/** Decrypt a whole message; nothing comes out unless everything holds. */
export async function decrypt (key, context, sealed) {
  if (sealed.length < HEAD + TAG) throw new Unreadable()
  const keys = await openSealed(key, context, sealed)
  const pieces = []
  for (let at = HEAD, index = 0; ; at += CHUNK + TAG, index++) {
    const chunk = sealed.subarray(at, at + CHUNK + TAG)
    pieces.push(await decryptChunk(keys, index, chunk))
    if (chunk.length < CHUNK + TAG) return join(...pieces)
  }
}

// --- SM2 ---------------------------------------------------------------------------------------

// The recommended curve (GB/T 32918.5): y² = x³ - 3x + b modulo p, n points.
const P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFFn
const B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93n
const N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123n

const isPoint = (x, y) => x < P && y < P && (y * y - x * x * x + 3n * x - B) % P === 0n

/** Whether these are the 65 bytes of a point of the curve (GB/T 32918.1, 6.2.1). */
export const isPublicKey = data => data.length === PUBLIC_KEY_BYTES && data[0] === 4 &&
  isPoint(toNumber(data.subarray(1, 33)), toNumber(data.subarray(33)))

/** The first candidate that may be a private key (GB/T 32918.1, 6.1), or undefined. */
export const firstScalar = candidates => candidates.find(one => toNumber(one) >= 1n && toNumber(one) <= N - 2n)

export const publicKeyOf = scalar => fromHex(library.sm2.getPublicKeyFromPrivateKey(toHex(scalar)))

function integer (number) {
  const text = number.toString(16)
  const data = fromHex(text.padStart(text.length + text.length % 2, '0'))
  const content = data[0] & 0x80 ? join(Uint8Array.of(0), data) : data
  return join(Uint8Array.of(2, content.length), content)
}

/**
 * Whether this is the one spelling of SM2Cipher (GM/T 0009: C1, C3, C2) around so many bytes:
 * read at fixed places, written again, compared.
 */
export function isCipher (wrapped, plainBytes) {
  const content = wrapped.subarray(wrapped[1] === 0x81 ? 3 : 2)
  const xEnd = 2 + content[1]
  const yEnd = xEnd + 2 + content[xEnd + 1]
  if (!(content[1] <= 33 && content[xEnd + 1] <= 33 && content.length === yEnd + 34 + 2 + plainBytes)) return false
  const x = toNumber(content.subarray(2, xEnd))
  const y = toNumber(content.subarray(xEnd + 2, yEnd))
  const again = join(integer(x), integer(y), Uint8Array.of(4, 32), content.subarray(yEnd + 2, yEnd + 34),
    Uint8Array.of(4, plainBytes), content.subarray(yEnd + 36))
  const head = again.length < 128 ? Uint8Array.of(0x30, again.length) : Uint8Array.of(0x30, 0x81, again.length)
  return isPoint(x, y) && isSame(join(head, again), wrapped)
}

/** Encrypt to a key (GB/T 32918.4); null if the library made something else than a ciphertext. */
export async function wrap (recipient, plain) {
  await load()
  const made = fromHex(library.sm2.doEncrypt(plain, toHex(recipient), 1, { asn1: true }))
  return isCipher(made, plain.length) ? made : null
}

/** Open a ciphertext of so many bytes; null if it is none or not for this key. */
export async function unwrap (scalar, wrapped, plainBytes) {
  await load()
  if (!isCipher(wrapped, plainBytes)) return null
  const plain = library.sm2.doDecrypt(toHex(wrapped), toHex(scalar), 1, { asn1: true, output: 'array' })
  return plain.length === plainBytes ? Uint8Array.from(plain) : null
}
