// Checks a whole opening and signs this holder's shares of every live bid; checks a rehearsal and
// signs the share of its dummy bid, and of nothing else (trustee.py, ``release`` and ``rehearse``).

import { Refusal, base64, bidDigest, checkHeader, contextHash, hex, shareCommit, unbase64 } from '../../sealed/static/protocol.js'
import { unwrapRelease } from '../../sealed/static/seal.js'
import { checkLog, checkOneClose, checkSet, isCentres, isPresent, isWindowClosed, leftShut, openingTime, requireEnded, witnessTimes } from './bundle.js'
import { canaryMessage, releaseMessage } from './holder.js'

const FAULTS_OF_A_WRAP = ['seal.wrap_damaged', 'seal.share_not_committed', 'seal.shares', 'seal.release_length', 'seal.document']

const RELEASE_BYTES = 66
/** The bidder of the dummy bid; a real bid under its name would not open (docs/protocol.md, 2.8). */
const CANARY = 'canary'

export const emptyMemory = () => ({ size: 0, root: '', used: {}, opens: {}, closed: {} })

const own = (table, name, otherwise) => Object.hasOwn(table, name) ? table[name] : otherwise

/** One pre-key serves one session. */
function checkUnused (memory, ours, name) {
  if (own(memory.used, ours.pre_key, name) !== name) throw new Refusal('trustee.pre_key_used')
}

/** Everything that must hold; {session, ours, name, live, opens, log, closing}. Refuses ``trustee.*``. */
export async function checked (holder, bundle, memory, pins, at) {
  const { session, ours, name } = await holder.ourRow(bundle.session)
  const log = await checkLog(bundle, memory, pins)
  const counted = await checkSet(bundle, session, name, log)
  const shut = await leftShut(bundle, session, name, log)
  await requireEnded(bundle, session, name, log)
  const live = counted.filter(({ digest }) => !shut.includes(digest))
  await checkOneClose(bundle, name, log)
  const opens = await openingTime(bundle, session, name, pins, log)
  if (opens < own(memory.opens, name, 0)) throw new Refusal('trustee.amendment_hidden')
  const window = await isWindowClosed(bundle, name, log) ? 0 : session.bidder_window_s
  if (at < opens + window) throw new Refusal('trustee.too_early')
  const times = await witnessTimes(log.note, pins)
  if (times.filter(seconds => seconds >= opens).length < pins.quorum) throw new Refusal('trustee.not_witnessed')
  checkUnused(memory, ours, name)
  // And of price envelopes one word for ever on which stay shut: another would be given by somebody who has read the rest.
  const ending = ['price', 'reserve'].includes(session.envelope) ? ` ${bundle.window.index} ${bundle.window.nonce}` : ''
  const closing = `${bundle.close.index} ${bundle.close.nonce}${ending}`
  if (own(memory.closed, name, closing) !== closing) throw new Refusal('trustee.closed_before')
  return { session, ours, name, live, opens, log, closing }
}

async function shareOf (seed, header, i) {
  try {
    const { wrap, commit } = header.shares.find(share => share.i === i)
    const ch = await contextHash(header.ctx)
    const release = await unwrapRelease(header.ctx.suite, seed, ch, i, unbase64(wrap))
    if (await shareCommit(ch, release, header.ctx.suite) !== commit) throw new Refusal('seal.share_not_committed')
    if (release.length !== RELEASE_BYTES) throw new Refusal('seal.release_length')
    if (release[0] !== i) throw new Refusal('seal.share_not_committed')
    return { p: base64(release), fault: '' }
  } catch (error) {
    // A program that does not work is no fault of the wrap, and nobody is to be blamed for it.
    if (!FAULTS_OF_A_WRAP.includes(error.reason)) throw error
    return { p: '', fault: error.reason }
  }
}

/** {given, memory}: the signed release, and what must be remembered before it leaves. */
export async function release (holder, bundle, memory, pins, at) {
  const { ours, name, live, log, closing } = await checked(holder, bundle, memory, pins, at)
  const seed = await holder.seedOf(ours.pre_key)
  const releases = []
  for (const { digest, header } of live) releases.push({ digest, ...await shareOf(seed, header, ours.i) })
  const body = { session: name, trustee: ours.i, released_at: at, releases }
  const given = { body, sig: await holder.sign(releaseMessage(body)) }
  return {
    given,
    memory: {
      ...memory, ...isPresent(pins, bundle.session.log_origin) ? { size: log.size, root: hex(log.root) } : {},
      used: { ...memory.used, [ours.pre_key]: name }, closed: { ...memory.closed, [name]: closing }
    }
  }
}

/** What must hold of a rehearsal: {session, ours, name}. Refuses ``trustee.*``. */
export async function checkedRehearsal (holder, canary, memory, pins) {
  const { session, ours, name } = await holder.ourRow(canary.session)
  if (!await isCentres(pins, name, canary.sig)) throw new Refusal('trustee.session_signature')
  await checkHeader(canary.header, session)
  if (canary.header.ctx.bidder !== CANARY) throw new Refusal('trustee.not_a_canary')
  checkUnused(memory, ours, name)
  return { session, ours, name }
}

/** {given, memory} of one rehearsal. */
export async function rehearse (holder, canary, memory, pins, at) {
  const { ours, name } = await checkedRehearsal(holder, canary, memory, pins)
  const share = await shareOf(await holder.seedOf(ours.pre_key), canary.header, ours.i)
  const body = { session: name, trustee: ours.i, number: canary.number, digest: await bidDigest(canary.header), ...share, at }
  return { given: { body, sig: await holder.sign(canaryMessage(body)) }, memory: { ...memory, used: { ...memory.used, [ours.pre_key]: name } } }
}
