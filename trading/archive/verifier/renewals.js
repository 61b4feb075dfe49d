// Renewals of a pack's evidence (section 5.3), which come as a second file beside the pack.

import { sha512 } from '@noble/hashes/sha2.js'
import { Problem, concat, hex, isHex32, tagged, unbase64, unhex, utf8 } from './bytes.js'
import { canonical, hasFields, idOf, isInt, isObject, isText, parse } from './canonical.js'
import { readPem } from './certificates.js'
import { readKey, witnesses } from './notes.js'
import { readLogNote } from './origins.js'
import { Sm3 } from './sm3.js'
import { stampedAt } from './stamps.js'
import { isIncluded, leafHash } from './trees.js'

const AT_ONCE = 4 * 1024 * 1024
/** How far a stamp's time may lie from the one that the renewal states. */
const A_DAY_S = 86400
/** So many authorities must have stamped, where the reader knows as many. */
const AUTHORITIES = 2

const isTexts = value => Array.isArray(value) && value.every(item => typeof item === 'string')
const DOCUMENT = { number: isInt, at: isInt, previous: isText, pack_sha512: isText, pack_sm3: isText }
const RENEWAL = {
  document: value => hasFields(value, DOCUMENT), event: isObject, nonce: isHex32, index: isInt, path: isTexts,
  note: value => typeof value === 'string', stamps: isTexts
}
const FILE = { log: isText, roots: value => typeof value === 'string', renewals: Array.isArray }

/** Checks the renewals of a pack, one after another, until one does not hold. */
export async function renewals({ pack, file, anchors, fail, told }) {
  const given = parse(new Uint8Array(await file.arrayBuffer()))
  if (!hasFields(given, FILE)) throw new Problem(file.name, '不是证据更新文件', 'is no file of renewals')
  const log = anchors.ownLog ?? await readKey(given.log)
  if (!log) throw new Problem(file.name, '没有可用的日志公钥', 'there is no key of the log to check with')
  const roots = anchors.ownRoots ?? await readPem(given.roots)
  const hashes = await hashesOf(pack.file, told)
  let before = { id: '', at: 0 }
  for (const [position, renewal] of given.renewals.entries()) {
    const place = `${file.name} (${position + 1})`
    if (!hasFields(renewal, RENEWAL)) throw new Problem(place, '不是证据更新', 'is no renewal')
    const { document, event } = renewal
    if (document.number !== position + 1 || document.previous !== before.id || document.at < before.at) fail(place, '没有接续前一次', 'does not follow the one before')
    if (document.pack_sha512 !== hashes.sha512 || document.pack_sm3 !== hashes.sm3) fail(place, '更新的不是这个归档包', 'is of another pack')
    before = { id: await idOf('renewal', document), at: document.at }
    if (event.type !== 'archive.renewed' || event.renewal !== before.id) fail(place, '不是记入日志的更新', 'is not the one that is in the log')
    const text = await checkLog(renewal, log, anchors, place, fail)
    await checkStamps(renewal, text, roots, place, fail)
  }
}

async function hashesOf(file, told) {
  const [one, two] = [sha512.create(), new Sm3()]
  for (let at = 0; at < file.size; at += AT_ONCE) {
    const piece = new Uint8Array(await file.slice(at, at + AT_ONCE).arrayBuffer())
    one.update(piece)
    two.update(piece)
    await told(0)
  }
  return { sha512: hex(one.digest()), sm3: hex(two.digest()) }
}

/** The three lines of the checkpoint that covers the renewal, signed by the log and witnessed. */
async function checkLog({ event, nonce, index, path, note }, log, anchors, place, fail) {
  const { note: parsed, size, root } = await readLogNote(note, log, place)
  const hashes = path.map(hash => unbase64(hash, 32))
  const leaf = await leafHash(await tagged('leaf', concat(unhex(nonce), canonical(event))))
  if (hashes.includes(null) || !await isIncluded(index, size, leaf, hashes, root)) fail(place, '不在日志中', 'is not in the log')
  if (anchors.ownWitnesses.length) {
    const seen = await witnesses(parsed, anchors.ownWitnesses, place)
    if (seen.size < anchors.quorum) fail(place, `只有 ${seen.size} 个见证方签名，应有 ${anchors.quorum} 个`, `has ${seen.size} of ${anchors.quorum} witnesses`)
  }
  return parsed.text
}

async function checkStamps({ document, stamps }, text, roots, place, fail) {
  const authorities = new Set()
  for (const stamp of stamps.map(item => unbase64(item))) {
    let found = null
    for (const root of stamp ? roots : []) {
      const time = await stampedAt(stamp, utf8(text), root).catch(() => null)
      if (time !== null) found = { time, authority: root.fingerprint }
    }
    if (!found) fail(place, '时间戳不成立', 'has a time stamp that does not hold')
    else if (Math.abs(found.time - document.at) > A_DAY_S) fail(place, '时间戳与所写的时间相差一天以上', 'was stamped at another time than it states')
    else authorities.add(found.authority)
  }
  if (authorities.size < Math.min(AUTHORITIES, roots.length)) fail(place, `只有 ${authorities.size} 家机构的时间戳`, `has time stamps of ${authorities.size} authorities`)
}
