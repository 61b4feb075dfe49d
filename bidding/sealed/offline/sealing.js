// Seals for filing elsewhere: the platform's own sealing code, its ciphertext kept, and the whole of
// it looked at once more before anything is handed over.

import { PART_BYTES, Refusal, bidDigest, checkHeader, decode, encode, hex, isSame, sha256 } from '../static/protocol.js'
import { makeRecovery, openRecovery } from '../static/recovery.js'
import { sealBid } from '../static/seal.js'

/** {digest, header, payload, recovery}: what `mingtang bid file` takes, and the recovery file or null. */
export async function sealOffline ({ id, session, bidder, offer, files, passphrase, onProgress }) {
  const parts = []
  const made = await sealBid({ session, bidder, offer, files, keep: (number, part) => { parts[number] = part }, onProgress })
  const payload = new Blob(parts)
  const header = encode(made.header)
  await checkKept(header, payload, session, made.digest)
  const recovery = made.kb.length ? await keptHalf(passphrase, { session: id, digest: made.digest, kb: made.kb }) : null
  return { digest: made.digest, header, payload, recovery }
}

/** What will be saved is what was sealed: every part has the hash that the header states. */
async function checkKept (header, payload, session, digest) {
  const read = await checkHeader(decode(header), session)
  if (read.payload.len !== payload.size || await bidDigest(read) !== digest) throw new Refusal('seal.self_check')
  for (const [number, stated] of read.payload.parts.entries()) {
    const part = payload.slice(number * PART_BYTES, (number + 1) * PART_BYTES)
    if (hex(await sha256(new Uint8Array(await part.arrayBuffer()))) !== stated) throw new Refusal('seal.self_check')
  }
}

/** The recovery file, once it was opened again with the passphrase. */
async function keptHalf (passphrase, half) {
  const file = await makeRecovery(passphrase, half)
  const found = await openRecovery(passphrase, file)
  if (found.session !== half.session || found.digest !== half.digest || !isSame(found.kb, half.kb)) throw new Refusal('seal.self_check')
  return file
}
