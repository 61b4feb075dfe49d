// Checks a whole opening and signs this holder's shares of every live bid (trustee.py, ``release``).

import { Refusal, base64, contextHash, shareCommit, unbase64 } from '../../sealed/static/protocol.js'
import { unwrapRelease } from '../../sealed/static/seal.js'
import { checkLog, checkOneClose, checkSet, isWindowClosed, openingTime, witnessTimes } from './bundle.js'
import { releaseMessage } from './holder.js'

const FAULTS_OF_A_WRAP = ['seal.wrap_damaged', 'seal.share_not_committed', 'seal.shares', 'seal.release_length', 'seal.document']

const RELEASE_BYTES = 66

export const emptyMemory = () => ({ size: 0, root: '', used: {}, opens: {}, closed: {} })

const own = (table, name, otherwise) => Object.hasOwn(table, name) ? table[name] : otherwise

/** Everything that must hold; {session, ours, name, live, opens, log, closing}. Refuses ``trustee.*``. */
export async function checked (holder, bundle, memory, pins, at) {
  const { session, ours, name } = await holder.ourRow(bundle.session)
  const log = await checkLog(bundle, memory, pins)
  const live = await checkSet(bundle, session, name, log)
  await checkOneClose(bundle, name, log)
  const opens = await openingTime(bundle, session, name, pins, log)
  if (opens < own(memory.opens, name, 0)) throw new Refusal('trustee.amendment_hidden')
  const window = await isWindowClosed(bundle, name, log) ? 0 : session.bidder_window_s
  if (at < opens + window) throw new Refusal('trustee.too_early')
  const times = await witnessTimes(log.note, pins)
  if (times.filter(seconds => seconds >= opens).length < pins.quorum) throw new Refusal('trustee.not_witnessed')
  if (own(memory.used, ours.pre_key, name) !== name) throw new Refusal('trustee.pre_key_used')
  const closing = `${bundle.close.index} ${bundle.close.nonce}`
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
      ...memory, size: log.size, root: Array.from(log.root, byte => byte.toString(16).padStart(2, '0')).join(''),
      used: { ...memory.used, [ours.pre_key]: name }, closed: { ...memory.closed, [name]: closing }
    }
  }
}
