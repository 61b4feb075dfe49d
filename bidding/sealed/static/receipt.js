// Checks a receipt before the page says "submitted": the event is this very bid, its leaf is
// in the tree of a checkpoint, and the log's pinned key signed that checkpoint.

import { Refusal, VERSION, concat, encode, H, hex, isSame, isSigned, sha256, shaped, unbase64, unhex, utf8 } from './protocol.js'

const RECEIPT = { v: 'int', type: 'text', event: 'dict', nonce: 'hex32', index: 'int', proof: 'text', log_key: 'text' }
const FIRST_LINE = 'c2sp.org/tlog-proof@v1'
const ED25519 = 1

const wrong = place => new Refusal('receipt.wrong', { place })

const leafHash = data => sha256(concat(Uint8Array.of(0), data))
const nodeHash = (left, right) => sha256(concat(Uint8Array.of(1), left, right))

/** Whether a leaf hash stands at ``index`` of the tree (RFC 9162, 2.1.3.2). */
export async function isIncluded (index, size, leaf, path, root) {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false
  if ([leaf, root, ...path].some(hash => hash.length !== 32)) return false
  // Division instead of shifts: a log may outgrow 32 bits.
  const half = number => Math.floor(number / 2)
  let at = index
  let last = size - 1
  let digest = leaf
  for (const sibling of path) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      digest = await nodeHash(sibling, digest)
      while (at % 2 === 0 && at !== 0) {
        at = half(at)
        last = half(last)
      }
    } else {
      digest = await nodeHash(digest, sibling)
    }
    at = half(at)
    last = half(last)
  }
  return last === 0 && isSame(digest, root)
}

async function keyHash (name, kind, publicKey) {
  return (await sha256(concat(utf8(`${name}\n`), Uint8Array.of(kind), publicKey))).slice(0, 4)
}

/** Text of a signed note if the key signed it (c2sp.org/signed-note). */
export async function checkNote (note, verifierKey) {
  const [name, stated, ...rest] = verifierKey.split('+')
  const material = unbase64(rest.join('+'), 'log_key')
  if (material.length !== 33 || material[0] !== ED25519) throw wrong('log_key')
  const ours = await keyHash(name, material[0], material.slice(1))
  if (hex(ours) !== stated) throw wrong('log_key')
  const cut = note.lastIndexOf('\n\n')
  if (cut < 0 || !note.endsWith('\n')) throw wrong('note')
  const text = note.slice(0, cut + 1)
  for (const line of note.slice(cut + 2, -1).split('\n')) {
    const words = line.split(' ')
    if (words.length !== 3 || words[0] !== '—') throw wrong('note')
    const blob = unbase64(words[2], 'note')
    if (words[1] !== name || !isSame(blob.slice(0, 4), ours)) continue
    if (!await isSigned(material.slice(1), blob.slice(4), utf8(text))) throw wrong('signature')
    return text
  }
  throw wrong('signature')
}

function readCheckpoint (text) {
  const lines = text.split('\n')
  if (lines.length !== 4 || lines[3] !== '' || !/^(0|[1-9][0-9]{0,15})$/.test(lines[1])) throw wrong('checkpoint')
  return { origin: lines[0], size: Number(lines[1]), root: unbase64(lines[2], 'checkpoint') }
}

function readProof (text) {
  const cut = text.indexOf('\n\n')
  const [first, place, ...path] = text.slice(0, Math.max(cut, 0)).split('\n')
  const found = /^index (0|[1-9][0-9]{0,15})$/.exec(place || '')
  if (cut < 0 || first !== FIRST_LINE || !found || path.length > 63) throw wrong('proof')
  return { index: Number(found[1]), path: path.map(line => unbase64(line, 'proof')), note: text.slice(cut + 2) }
}

/**
 * Check a receipt against what was sent and the log key that was known before sending.
 * ``expected``: {digest, session, bidder, bytes, logKey, origin}. Returns {index, at_ms, version}.
 * Raises Refusal ``receipt.wrong`` with the place, or ``seal.document``.
 */
export async function checkReceipt (receipt, expected) {
  // The proof is longer than a text field may be; everything else has the usual shape.
  if (!receipt || typeof receipt.proof !== 'string' || receipt.proof.length > 65536) throw wrong('proof')
  shaped({ ...receipt, proof: '' }, RECEIPT, 'receipt')
  const { event, nonce, index } = receipt
  if (receipt.v !== VERSION || receipt.type !== 'mingtang-receipt') throw wrong('type')
  if (receipt.log_key !== expected.logKey) throw wrong('log_key')
  const same = event.type === 'bid.commit' && event.bid_digest === expected.digest && event.session === expected.session &&
    event.bidder === expected.bidder && event.bytes === expected.bytes
  if (!same || !Number.isSafeInteger(event.server_ms) || event.at_ms !== event.server_ms) throw wrong('event')
  const proof = readProof(receipt.proof)
  if (proof.index !== index) throw wrong('index')
  const { origin, size, root } = readCheckpoint(await checkNote(proof.note, expected.logKey))
  if (origin !== expected.origin) throw wrong('origin')
  const leaf = await leafHash(await H('leaf', concat(unhex(nonce), encode(event))))
  if (!await isIncluded(index, size, leaf, proof.path, root)) throw wrong('inclusion')
  return { index, at_ms: event.at_ms, version: event.version }
}
