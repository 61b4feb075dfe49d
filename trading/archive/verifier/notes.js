// Signed notes, checkpoints and cosignatures (section 3).

import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js'
import { Problem, concat, equal, isSigned, readU64, sha256, u64, u8, unbase64, unhex, utf8 } from './bytes.js'

const LOG = 1
const COSIGNATURE = 4
const ML_DSA_44 = 6
const KEY_BYTES = { [LOG]: 32, [COSIGNATURE]: 32, [ML_DSA_44]: 1312 }
const SIGNATURE_BYTES = { [LOG]: 64, [COSIGNATURE]: 72, [ML_DSA_44]: 2428 }

/** Reads `name+key hash+base64`; null if it is none. */
export async function readKey(text) {
  const found = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text)
  const blob = found && unbase64(found[3])
  if (!blob || KEY_BYTES[blob[0]] !== blob.length - 1) return null
  const hash = (await sha256(concat(utf8(found[1]), utf8('\n'), blob))).slice(0, 4)
  if (!equal(hash, unhex(found[2]))) return null
  return { text, name: found[1], hash, kind: blob[0], raw: blob.slice(1) }
}

/** Text and signature lines of a note. */
export function readNote(note, place) {
  const refuse = () => new Problem(place, '不是签名文书', 'is no signed note')
  if (typeof note !== 'string') throw refuse()
  const end = note.lastIndexOf('\n\n')
  if (end < 0 || !note.endsWith('\n')) throw refuse()
  const lines = note.slice(end + 2, -1).split('\n').map(line => {
    const found = /^\u2014 (\S+) (\S+)$/.exec(line)
    const blob = found && unbase64(found[2])
    if (!blob || blob.length < 5) throw refuse()
    return { name: found[1], hash: blob.slice(0, 4), signature: blob.slice(4) }
  })
  return { text: note.slice(0, end + 1), lines }
}

/** Origin, size and root of the three lines of a checkpoint. */
export function readCheckpoint(text, place) {
  const found = /^(\S[^\n]*)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/=]+)\n$/.exec(text)
  const root = found && unbase64(found[3], 32)
  if (!root || !Number.isSafeInteger(Number(found[2]))) throw new Problem(place, '不是检查点', 'is no checkpoint')
  return { origin: found[1], size: Number(found[2]), root }
}

/** Times of a key's lines below a note, 0 for the log's own; a line that does not hold is refused. */
export async function signedTimes(note, key, place) {
  const times = []
  for (const line of note.lines) {
    if (line.name !== key.name || !equal(line.hash, key.hash)) continue
    const time = await lineTime(note, line, key, place)
    if (time === null) throw new Problem(place, `${key.name} 的签名不成立`, `the signature of ${key.name} does not hold`)
    times.push(time)
  }
  return times
}

async function lineTime(note, line, key, place) {
  if (line.signature.length !== SIGNATURE_BYTES[key.kind]) return null
  if (key.kind === LOG) return await isSigned(key.raw, line.signature, utf8(note.text)) ? 0 : null
  const [stamp, signature] = [line.signature.slice(0, 8), line.signature.slice(8)]
  const seconds = readU64(stamp)
  if (key.kind === COSIGNATURE) {
    const message = utf8(`cosignature/v1\ntime ${seconds}\n${note.text}`)
    return await isSigned(key.raw, signature, message) ? seconds : null
  }
  const { origin, size, root } = readCheckpoint(note.text, place)
  const [name, from] = [utf8(key.name), utf8(origin)]
  const message = concat(utf8('subtree/v1\n\0'), u8(name.length), name, stamp, u8(from.length), from, u64(0), u64(size), root)
  return await isSignedByMlDsa(key.raw, signature, message) ? seconds : null
}

/** ML-DSA-44 with an empty context: the browser's own where it has it, else the library's. */
async function isSignedByMlDsa(publicKey, signature, message) {
  if (SubtleCrypto.supports?.('verify', 'ML-DSA-44') && SubtleCrypto.supports?.('importKey', 'ML-DSA-44')) {
    try {
      const key = await crypto.subtle.importKey('raw-public', publicKey, 'ML-DSA-44', false, ['verify'])
      return await crypto.subtle.verify('ML-DSA-44', key, signature, message)
    } catch {
      // A first draft of the standard: the library decides.
    }
  }
  try {
    return ml_dsa44.verify(signature, message, publicKey)
  } catch {
    return false
  }
}

/** Who witnessed a note: each name once, only if all its keys signed, with the earliest time it gave. */
export async function witnesses(note, keys, place) {
  const names = new Map()
  for (const key of keys) {
    const times = await signedTimes(note, key, place)
    names.set(key.name, [...names.get(key.name) ?? [], times])
  }
  const found = new Map()
  for (const [name, given] of names) {
    if (given.every(times => times.length)) found.set(name, Math.min(...given.flat()))
  }
  return found
}
