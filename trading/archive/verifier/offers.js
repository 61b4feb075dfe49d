// Part of check 10: sealed offers of a live sale (section 6.6), filed under paddles, told to the room as they were opened.

import { Problem } from './bytes.js'

const ROOM = '20-auction/room.jsonl'

/** [paddle, amount] of each offer that was opened in a session, in the order in which they were filed. */
export async function offersOpened(session, reading) {
  const filed = await filings(reading)
  for (const path of reading.pack.below('15-opening/record')) {
    const { record } = await reading.pack.document(path)
    if (record.session !== session) continue
    return record.bids.filter(({ offer }) => offer).sort((one, other) => filed.get(one.digest).index - filed.get(other.digest).index)
      .map(({ bidder, offer }) => [bidder, offer.price_fen])
  }
  throw new Problem('15-opening/', '没有密封报价的开启记录', 'lacks the record of the sealed offers')
}

async function filings(reading) {
  return new Map((await reading.events('bid.commit')).map(({ index, event }) => [event.bid_digest, { index, session: event.session }]))
}

/** Every offer is filed by a paddle of the sale with a key of its own; every round was told as it was opened. */
export async function checkOffers({ room, paddles, reading, fail }) {
  const filed = await filings(reading)
  for (const path of reading.pack.below('10-bids/').filter(name => name.endsWith('/header.json'))) {
    const { ctx } = await reading.pack.document(path)
    if (!ctx.envelope.startsWith('offer-')) continue
    const folder = path.slice(0, -'/header.json'.length)
    const own = paddles.get(ctx.bidder)
    const since = filed.get(folder.split('/').pop())?.index ?? -1
    const known = own ? [own.application.public, ...own.known.slice(1).filter(item => item.since < since).map(item => hexOf(item.key))] : []
    const { keys } = await reading.pack.document(`${folder}/filing.json`)
    if (!keys.length || !keys.every(key => known.includes(key))) fail(folder, '不是本次出让的竞买号递交的', 'is not filed by a paddle of this sale')
  }
  for (const told of room.told) await checkRound(told, room.sessions.get(told.number), filed, reading, fail)
}

const hexOf = bytes => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')

async function checkRound({ number, offers, again }, session, filed, reading, fail) {
  // A round that could not be asked for in its time counts nobody's offer.
  const opened = session === undefined ? [] : await offersOpened(session, reading)
  const isOf = digest => filed.get(digest)?.session === session
  const lost = session === undefined || (await reading.events('bid.not_opened'))
    .some(({ event }) => isOf(event.bid_digest) && ['platform', 'organiser'].includes(event.fault))
  const same = JSON.stringify(opened) === JSON.stringify(offers) && again === lost
  if (!same) fail(ROOM, `第 ${number} 轮与开启的报价不符，或者无故重复`, `tells round ${number} with other offers than were opened, or repeats it without cause`)
}
