// Part of check 10: what decided a tie at the ceiling (section 6.6). The draw is drawn again, the best of the opened offers worked out again.

import { Problem } from './bytes.js'
import { drawnOrders } from './draw.js'
import { offersOpened } from './offers.js'

const BIDS = '20-auction/bids.json'
const DRAW = '20-draw-winner'
const RULES = ['highest', 'nearest_mean', 'nearest_mean_from_below']

/** Fails where the draw or the offers give another winner or price; ``room`` has gone through all lines. */
export async function checkTie({ given, room, registered, reading, fail }) {
  const [said] = (await reading.events('auction.tie_decided')).map(({ event }) => event)
  if (!said) return
  const { winner, price_fen: fen } = given.outcome
  if (said.how === 'lottery') await checkDrawn(room.agreed, winner, reading, fail)
  if (said.how === 'quality') checkMinutes(said, reading, fail)
  if (said.how !== 'single') return
  const rule = registered.method.sale.single_rule ?? 'nearest_mean'
  if (!RULES.includes(rule) || rule !== said.rule || rule !== given.single_rule) throw new Problem(BIDS, '一次报价的规则与登记不符', 'has another rule of single offers than was registered')
  const ceiling = given.terms.ceiling_fen
  const offers = (await offersOpened(said.session, reading)).filter(([paddle, fen]) => room.agreed.includes(paddle) && fen >= ceiling).map(([paddle, fen]) => ({ paddle, fen }))
  const best = bestOf(offers, rule) ?? { paddle: room.agreed[0], fen: ceiling }
  if (best.paddle !== winner || best.fen !== fen) fail(BIDS, '按开启的一次报价，竞得人是另一家', 'makes another deal than the opened offers give')
}

async function checkDrawn(agreed, winner, reading, fail) {
  const orders = await drawnOrders(reading, DRAW)
  const among = order => [...order].sort().join()
  const holds = orders.every(order => order[0] === winner && among(order) === among(agreed))
  if (!holds) fail(`${DRAW}/candidates.json`, '不是在接受最高限价的竞买号中抽取的，或者抽中的是另一个', 'is not of those who agreed, or another was drawn')
}

/** The committee's minutes are those whose hash the log has; what they say is for people to read. */
function checkMinutes({ decision, minutes }, reading, fail) {
  const here = reading.pack.below(`20-auction/tie-minutes-${Number(decision)}.`)
  const holds = here.length === 1 && reading.pack.hashes.get(`data/${here[0]}`)?.[0] === minutes
  if (!holds) fail('20-auction/', '评审纪要与日志中的不是同一份', 'holds other minutes of the committee than the log has')
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
