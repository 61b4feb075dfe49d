// The checks of docs/protocol.md 2.7, step 2, as bidding/trustees/trustee.py makes them: every claim
// of a bundle against signatures, the log and the clock. The log is read by the verifier's code.

import { readCheckpoint, readKey, readNote, signedTimes, witnesses } from '../../../trading/archive/verifier/notes.js'
import { isConsistent, isIncluded, leafHash } from '../../../trading/archive/verifier/trees.js'
import {
  AMENDMENT, H, Refusal, amendmentId, bidDigest, checkHeader, concat, encode, hex, isSame, isSigned, sessionMessage, sha256, shaped,
  unbase64, unhex
} from '../../sealed/static/protocol.js'

const NODE = Uint8Array.of(1)
const COMMITS = ['bid.commit', 'draw.commit']
/** Kind of the log's own key in a checkpoint. */
const LOG_KIND = 1

const refuse = (reason, facts) => { throw new Refusal(reason, facts) }
const need = (holds, reason, facts) => holds || refuse(reason, facts)

function hash (text) {
  const bytes = unbase64(text)
  need(bytes.length === 32, 'trustee.not_in_log')
  return bytes
}

const isCount = value => Number.isSafeInteger(value) && value >= 0

// --- the log ----------------------------------------------------------------------------------

/** Whether the log is called so now, and not before a continuation. */
export const isPresent = (pins, origin) => pins.log_key.startsWith(`${origin}+`)

/** {size, root, note} of a checkpoint that the pinned log signed and that only adds to what was seen before. */
export async function checkLog (bundle, memory, pins) {
  let note, stated
  try {
    const keys = await Promise.all([...pins.earlier_log_keys ?? [], pins.log_key].map(readKey))
    const key = keys.find(one => one?.name === bundle.session.log_origin)
    note = readNote(bundle.checkpoint, 'checkpoint')
    stated = readCheckpoint(note.text, 'checkpoint')
    need(key && key.kind === LOG_KIND && (await signedTimes(note, key, 'checkpoint')).length > 0, 'trustee.checkpoint')
  } catch (error) {
    refuse('trustee.checkpoint')
  }
  const { origin, size, root } = stated
  need(origin === bundle.session.log_origin, 'trustee.checkpoint')
  // Under a name that the log had before a continuation, what was seen of it later is lost.
  if (isPresent(pins, origin) && memory.size) {
    need(await isConsistent(memory.size, size, bundle.consistency.map(hash), unhex(memory.root), root), 'trustee.log_forked')
  }
  return { size, root, note }
}

/** Index of an event that is in the log. */
async function indexOf (entry, { size, root }) {
  const data = await H('leaf', concat(unhex(entry.nonce), encode(entry.event)))
  const holds = isCount(entry.index) && await isIncluded(entry.index, size, await leafHash(data), entry.path.map(hash), root)
  need(holds, 'trustee.not_in_log', { index: entry.index })
  return entry.index
}

/** Of all leaves since the session was opened one is its mark, directly before the closing entry. */
export async function checkOneClose (bundle, name, { size, root }) {
  const since = bundle.opened.index
  const data = unbase64(bundle.leaves, 'leaves')
  let peaks = bundle.peaks.map(hash)
  const bits = since.toString(2).replaceAll('0', '').length
  need(data.length === 32 * (size - since) && peaks.length === bits, 'trustee.leaves')
  const mark = await H('leaf', concat(new Uint8Array(32), encode({ actor: '', at_ms: 0, session: name, type: 'session.closing' })))
  const marks = []
  for (let index = since; index < size; index++) {
    const leaf = data.slice(32 * (index - since), 32 * (index - since + 1))
    if (isSame(leaf, mark)) marks.push(index)
    peaks = await grown(peaks, index, leaf)
  }
  need(isSame(await rootOf(peaks), root), 'trustee.leaves')
  need(marks.length === 1 && marks[0] === bundle.close.index - 1, 'trustee.closed_twice')
}

const joined = (left, right) => sha256(concat(NODE, left, right))

/** The peaks of a tree of ``size`` leaves and one leaf more, largest first. */
async function grown (peaks, size, data) {
  const rest = [...peaks]
  let top = await leafHash(data)
  for (let number = size; number % 2 === 1; number = Math.floor(number / 2)) top = await joined(rest.pop(), top)
  return [...rest, top]
}

async function rootOf (peaks) {
  need(peaks.length > 0, 'trustee.leaves')
  let top = peaks.at(-1)
  for (const peak of peaks.slice(0, -1).reverse()) top = await joined(peak, top)
  return top
}

// --- the live set -----------------------------------------------------------------------------

/** The live bids, {digest, header}: logged before the close, not replaced, not withdrawn, and the set that the close states. */
export async function checkSet (bundle, session, name, log) {
  await indexOf(bundle.opened, log)
  const closedAt = await indexOf(bundle.close, log)
  const [opened, close] = [bundle.opened.event, bundle.close.event]
  need(opened.session === name && opened.type === 'session.opened' && close.session === name && close.type === 'session.close', 'trustee.other_session')
  const counted = await countedOf(bundle, name, closedAt, log)
  const digests = [...counted.keys()].sort()
  const root = hex(await H('live', encode(digests)))
  need(close.count === digests.length && close.root === root, 'trustee.set_differs')
  const headers = new Map()
  for (const header of bundle.headers) {
    await checkHeader(header, session)
    headers.set(await bidDigest(header), header)
  }
  need([...headers.keys()].sort().join() === digests.join(), 'trustee.headers_differ')
  for (const [digest, header] of headers) need(header.ctx.bidder === counted.get(digest).bidder, 'trustee.copied')
  return digests.map(digest => ({ digest, header: headers.get(digest) }))
}

/** The commits that count, by digest; nobody replaces or withdraws what another filed. */
async function countedOf (bundle, name, closedAt, log) {
  const live = new Map()
  const gone = new Set()
  for (const entry of [...bundle.events].sort((one, other) => one.index - other.index)) {
    const { event } = entry
    need(await indexOf(entry, log) < closedAt && event.session === name, 'trustee.late')
    const isCommit = COMMITS.includes(event.type)
    const earlier = isCommit ? event.replaces : event.bid_digest
    if (earlier) need(live.has(earlier) && live.get(earlier).bidder === event.bidder, 'trustee.not_its_own')
    if (isCommit) live.set(event.bid_digest, event)
    if (earlier) gone.add(earlier)
  }
  for (const digest of gone) live.delete(digest)
  return live
}

// --- times ------------------------------------------------------------------------------------

/** Whether the pinned centre signed a session or an amendment, by its id. */
export async function isCentres (pins, name, signature) {
  return typeof signature === 'string' && isSigned(unhex(pins.centre_key), unbase64(signature, 'sig'), sessionMessage(name))
}

/** When the session opens after all its amendments, none of which was left out. */
export async function openingTime (bundle, session, name, pins, log) {
  need(await isCentres(pins, name, bundle.opened.event.sig), 'trustee.session_signature')
  let [opens, deadline, inForce] = [session.open_not_before, session.deadline, name]
  for (const { document: change, sig, entry } of bundle.amendments) {
    shaped(change, AMENDMENT, 'amendment')
    const own = await amendmentId(change)
    need(change.previous === inForce && change.session === name && change.open_not_before >= change.deadline && await isCentres(pins, own, sig), 'trustee.amendment')
    const { type, session: of, amendment } = entry.event
    const isLater = change.deadline >= deadline && change.open_not_before >= opens
    need(isLater && type === 'session.amended' && of === name && amendment === own && await indexOf(entry, log) < bundle.close.index, 'trustee.amendment')
    ;[opens, deadline, inForce] = [change.open_not_before, change.deadline, own]
  }
  need(bundle.close.event.in_force === inForce, 'trustee.amendment_hidden')
  return opens
}

/** Whether the log says that every bidder gave its half before the window's end. */
export async function isWindowClosed (bundle, name, log) {
  if (!bundle.window) return false
  await indexOf(bundle.window, log)
  const { type, session, all } = bundle.window.event
  return type === 'window.closed' && session === name && all === true
}

/** Price envelopes that stay shut; none is given away before the log holds what the committee found without the prices. */
export async function leftShut (bundle, session, name, log) {
  if (session.envelope !== 'price') return []
  need(bundle.window, 'trustee.prices_too_soon')
  await indexOf(bundle.window, log)
  const { type, session: of, technical, shut } = bundle.window.event
  need(type === 'window.closed' && of === name && /^[0-9a-f]{64}$/.test(technical) && Array.isArray(shut), 'trustee.prices_too_soon')
  return shut
}

/** A reserve price opens only when the log says how the bidding ended. */
export async function requireEnded (bundle, session, name, log) {
  if (session.envelope !== 'reserve') return
  need(bundle.window, 'trustee.reserve_too_soon')
  await indexOf(bundle.window, log)
  const { type, session: of, ended } = bundle.window.event
  need(type === 'window.closed' && of === name && /^[0-9a-f]{64}$/.test(ended), 'trustee.reserve_too_soon')
  // Of something that the log took in after the close of the session, which nobody could name before; what it says the archive shows.
  const [leaves, since] = [unbase64(bundle.leaves, 'leaves'), bundle.opened.index]
  let isThere = false
  for (let index = bundle.close.index + 1; index < bundle.window.index; index++) {
    isThere ||= isSame(leaves.slice(32 * (index - since), 32 * (index - since + 1)), unhex(ended))
  }
  need(isThere, 'trustee.reserve_too_soon')
}

/** When the pinned witnesses saw the checkpoint, one time for each. */
export async function witnessTimes (note, pins) {
  const keys = await Promise.all(pins.witness_keys.map(readKey))
  need(keys.every(key => key !== null && key.kind !== LOG_KIND), 'trustee.checkpoint')
  try {
    return [...(await witnesses(note, keys, 'checkpoint')).values()]
  } catch (error) {
    return refuse('trustee.checkpoint')
  }
}
