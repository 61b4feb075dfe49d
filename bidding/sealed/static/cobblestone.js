// Cobblestone-256 (c2sp.org/chunked-encryption@v1) on WebCrypto: 16 KiB chunks of AES-256-GCM
// behind a salt and a key commitment. Any stretch of the ciphertext can be made by itself,
// which is what lets parts be sealed side by side and sent again.

export const CHUNK = 16 * 1024
export const TAG = 16
export const HEAD = 24 + 32

const NAME = new TextEncoder().encode('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0')

/** A message that does not decrypt: altered, cut, or not made under this key and context. */
export class Unreadable extends Error {
  constructor () {
    super('seal.payload_unreadable')
    this.reason = 'seal.payload_unreadable'
  }
}

function join (...pieces) {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** HKDF-Expand-SHA-512 alone (RFC 5869, 2.3): WebCrypto offers it only together with Extract. */
async function expand (key, info, length) {
  const mac = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-512' }, false, ['sign'])
  let made = new Uint8Array(0)
  let block = new Uint8Array(0)
  for (let count = 1; made.length < length; count++) {
    block = new Uint8Array(await crypto.subtle.sign('HMAC', mac, join(block, info, Uint8Array.of(count))))
    made = join(made, block)
  }
  return made.slice(0, length)
}

/** Keys of one message: {aes, base, head}, where head is the salt and the commitment. */
export async function open (key, context, salt) {
  if (key.length !== 32) throw new Unreadable()
  const made = await expand(key, join(NAME, salt, context), 32 + 12 + 32)
  const aes = await crypto.subtle.importKey('raw', made.subarray(0, 32), 'AES-GCM', false, ['encrypt', 'decrypt'])
  return { aes, base: made.slice(32, 44), head: join(salt, made.subarray(44)) }
}

/** Keys for a new message; the salt may be given only to go on with the very same one. */
export const begin = (key, context, salt = crypto.getRandomValues(new Uint8Array(24))) => open(key, context, salt)

/** Length of the ciphertext of so many bytes: the last chunk is always short, so it may be empty. */
export const sealedLength = plain => HEAD + plain + TAG * (Math.floor(plain / CHUNK) + 1)

function nonce (base, index) {
  const value = base.slice()
  // The counter is big-endian; at most 2^38 chunks, so five bytes are enough.
  for (let at = 11, rest = index; at >= 7; at--, rest = Math.floor(rest / 256)) value[at] ^= rest % 256
  return value
}

/** Encrypt neighbouring chunks, the first with the number ``first``; one buffer each. */
export function encryptChunks ({ aes, base }, first, plain, isEnd) {
  const flying = []
  for (let at = 0, index = first; at < plain.length || (isEnd && at === plain.length); at += CHUNK, index++) {
    flying.push(crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce(base, index) }, aes, plain.subarray(at, at + CHUNK)))
  }
  return Promise.all(flying)
}

/** Decrypt one chunk; rejects with Unreadable. */
export async function decryptChunk ({ aes, base }, index, sealed) {
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce(base, index) }, aes, sealed))
  } catch (error) {
    throw new Unreadable()
  }
}

/** Encrypt a whole message at once (small ones only). */
export async function encrypt (key, context, plain, salt) {
  const keys = await begin(key, context, salt)
  const chunks = await encryptChunks(keys, 0, plain, true)
  return join(keys.head, ...chunks.map(chunk => new Uint8Array(chunk)))
}

/** Decrypt a whole message; nothing comes out unless everything holds. */
export async function decrypt (key, context, sealed) {
  if (sealed.length < HEAD + TAG) throw new Unreadable()
  const keys = await openSealed(key, context, sealed)
  const body = sealed.subarray(HEAD)
  const pieces = []
  for (let at = 0, index = 0; ; at += CHUNK + TAG, index++) {
    const chunk = body.subarray(at, at + CHUNK + TAG)
    pieces.push(await decryptChunk(keys, index, chunk))
    if (chunk.length < CHUNK + TAG) return join(...pieces)
  }
}

/** Keys to read a message, once its commitment shows that the key and context are its own. */
export async function openSealed (key, context, sealed) {
  const keys = await open(key, context, sealed.slice(0, 24))
  let difference = 0
  for (let at = 24; at < HEAD; at++) difference |= keys.head[at] ^ sealed[at]
  if (difference !== 0) throw new Unreadable()
  return keys
}
