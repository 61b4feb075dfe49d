// Part of check 10: what decided a tie at the ceiling (section 6.6). The draw is drawn again, the best of the opened offers worked out again.

import { Problem } from './bytes.js'
import { drawnOrders } from './draw.js'

const BIDS = '20-auction/bids.json'
const DRAW = '20-draw-winner'
const RULES = ['highest', 'nearest_mean', 'nearest_mean_from_below']

/** Fails where the draw or the offers give another winner or price; ``room`` has gone through all lines. */
export async function checkTie({ given, room, paddles, registered, reading, fail }) {
  const [said] = (await reading.events('auction.tie_decided')).map(({ event }) => event)
  if (!said) return
  const { winner, price_fen: fen } = given.outcome
  if (said.how === 'lottery') await checkDrawn(room.agreed, winner, reading, fail)
  if (said.how !== 'single') return
  const rule = registered.method.sale.single_rule ?? 'nearest_mean'
  if (!RULES.includes(rule) || rule !== said.rule || rule !== given.single_rule) throw new Problem(BIDS, '一次报价的规则与登记不符', 'has another rule of single offers than was registered')
  const offers = await offersOf(said.session, room.agreed, paddles, given.terms.ceiling_fen, reading)
  const best = bestOf(offers, rule) ?? { paddle: room.agreed[0], fen: given.terms.ceiling_fen }
  if (best.paddle !== winner || best.fen !== fen) fail(BIDS, '按开启的一次报价，竞得人是另一家', 'makes another deal than the opened offers give')
}

async function checkDrawn(agreed, winner, reading, fail) {
  const orders = await drawnOrders(reading, DRAW)
  const among = order => [...order].sort().join()
  const holds = orders.every(order => order[0] === winner && among(order) === among(agreed))
  if (!holds) fail(`${DRAW}/candidates.json`, '不是在接受最高限价的竞买号中抽取的，或者抽中的是另一个', 'is not of those who agreed, or another was drawn')
}

/** Offers that count, in the order in which they were filed: opened, of somebody who agreed, not below the ceiling. */
async function offersOf(session, agreed, paddles, ceiling, reading) {
  const names = new Map(agreed.map(name => [paddles.get(name)?.bidder, name]))
  const filed = new Map((await reading.events('bid.commit')).map(({ index, event }) => [event.bid_digest, index]))
  for (const path of reading.pack.below('15-opening/record')) {
    const { record } = await reading.pack.document(path)
    if (record.session !== session) continue
    return record.bids.filter(({ offer, bidder }) => offer && names.has(bidder) && offer.price_fen >= ceiling)
      .sort((one, other) => filed.get(one.digest) - filed.get(other.digest))
      .map(({ bidder, offer }) => ({ paddle: names.get(bidder), fen: offer.price_fen }))
  }
  throw new Problem('15-opening/', '没有一次报价的开启记录', 'lacks the record of the single offers')
}

/** The best by the rule, the earlier of equals; undefined of none. Amounts times their number are compared, so that no mean is rounded. */
function bestOf(offers, rule) {
  const count = BigInt(offers.length)
  const total = offers.reduce((sum, { fen }) => sum + BigInt(fen), 0n)
  const rank = ({ fen }) => {
    if (rule === 'highest') return [0n, -BigInt(fen)]
    const over = BigInt(fen) * count - total
    return [rule === 'nearest_mean_from_below' && over > 0n ? 1n : 0n, over < 0n ? -over : over]
  }
  const isBetter = ([a, b], [c, d]) => a < c || (a === c && b < d)
  let best
  for (const offer of offers) if (!best || isBetter(rank(offer), rank(best))) best = offer
  return best
}
