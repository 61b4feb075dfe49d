// Part of check 8: the reserve price of a live sale, sealed by the seller before the bidding and asked for after its end (section 6.4).

import { hex, tagged, concat, unhex } from './bytes.js'
import { canonical } from './canonical.js'
import { ended } from './origins.js'
import { releases } from './releases.js'
import { registration } from './registration.js'

export async function checkReserve(reading, known, gone, fail) {
  const over = await ended(reading)
  for (const session of known.values()) {
    if (session.document.envelope === 'reserve' && !over.has(session.id)) await checkOne(session, reading, gone, fail)
  }
}

async function checkOne({ id, path, document }, reading, gone, fail) {
  const { tenderer } = await registration(reading)
  const commits = (await reading.events('bid.commit')).filter(({ event }) => event.session === id)
  if (document.policy !== 'T' || commits.some(({ event }) => event.bidder !== tenderer)) fail(path, '底价不是只由出让人封存的', 'takes a reserve price of another than the seller, or not to the key holders alone')
  const begun = (await reading.events('auction.phase', 'auction.bid'))[0]?.index ?? Infinity
  const before = commits.slice(0, -1)
  if (commits.some(({ index }) => index > begun) || before.some(({ event }) => !gone.has(event.bid_digest))) fail(path, '底价在竞价开始之后封存，或者不止一份', 'takes a reserve price after the bidding began, or more than one')
  const asked = (await reading.events('window.closed')).filter(({ event }) => event.session === id)
  const given = (await releases(reading)).found.some(({ session }) => session.id === id)
  if (!asked.length && !given) return
  const ends = await reading.events('auction.ended')
  const isOnce = asked.length === 1 && ends.length === 1 && ends[0].index < asked[0].index
  if (!isOnce || asked[0].event.ended !== await leafOf(ends[0])) fail(path, '底价不是在竞价结束之后一次开启', 'opens the reserve price otherwise than once, after the end of the bidding')
}

/** The leaf's data of an entry (section 3). */
async function leafOf({ nonce, event }) {
  return hex(await tagged('leaf', concat(unhex(nonce, 32) ?? new Uint8Array(), canonical(event))))
}
