// Part of check 10: a live sale (section 6.6). Its terms, its paddles, its bids, its room, and the deal that follows from them.

import { Problem, concat, equal, fromUtf8, isHex32, isSigned, tagBytes, unbase64, unhex } from './bytes.js'
import { canonical, hasFields, hasShape, idOf, isInt, isObject, isText } from './canonical.js'
import { checkOffers } from './offers.js'
import { ended } from './origins.js'
import { REGISTRATION, registration } from './registration.js'
import { Amiss, MODES, Room } from './room.js'
import { checkTie } from './tie.js'

const BIDS = '20-auction/bids.json'
const ROOM = '20-auction/room.jsonl'
const PADDLES = '20-auction/paddles.json'
const CONFIRMATION = '40-award/confirmation-'
/** Acts that stay sealed until the deal, and no lines of the room. */
const SEALED = ['auction.applied', 'auction.admitted', 'auction.consented', 'auction.key_renewed']
/** What the log says of an act and the room does not. */
const UNTOLD = ['type', 'actor', 'at_ms', 'lot', 'project', 'seq', 'key', 'signature', 'host']
/** What the log says beside how a tie was decided: where the draw or the committee's minutes stand. */
const TIE_PROOF = ['draw', 'transcript', 'decision', 'minutes']

const isList = Array.isArray
const SALE = { lot: isText, terms: isObject, outcome: isObject, bids: isList, acts: isList }
const APPLICATION = { v: isInt, lot: isText, bidder: isText, public: isHex32, partners: isList }
const PAPER = { application: isObject, signature: isText }
const PADDLE = { number: isText, public: isHex32, ...PAPER, keys: isList, bidder: isText, organisation_keys: isList, consents: isList, commitment: isHex32 }
const CONSENT = { code: isText, share: isInt, signature: isText, keys: isList }
const CONFIRMED = {
  v: isInt, type: isText, lot: isText, object: isText, seller: isText, buyer: isText, name: isText, paddle: isText, price_fen: isInt, housing: isInt,
  deposit_fen: isInt, at_ms: isInt
}

function same(one, other) {
  try {
    return equal(canonical(one), canonical(other))
  } catch {
    return false
  }
}

const isActOfRoom = ({ event }) => event.type.startsWith('auction.') && !SEALED.includes(event.type)

/** Whether keys of which one signed a document, as `tag` says, in hex. */
async function signedByOne(keys, signature, tag, document) {
  const message = concat(tagBytes(tag), canonical(document))
  for (const key of keys) if (await isSigned(key, unhex(signature, 64), message)) return true
  return false
}

const keysIn = texts => texts.map(text => unhex(text, 32))

export async function isLive(reading) {
  const { pack } = reading
  if (pack.has(BIDS) || (await reading.entries()).some(({ event }) => event.type.startsWith('auction.'))) return true
  return pack.has(REGISTRATION) && (await registration(reading)).method?.kind === 'live'
}

/** `notice` is the path of the award in force, if there is one. */
export async function sale({ reading, fail, note }, notice) {
  const ends = await reading.events('auction.settled', 'auction.failed')
  if (!reading.pack.has(BIDS)) {
    if (ends.length || notice || (await reading.events('lot.awarded')).length) fail(BIDS, '竞价已经有结果，归档包中没有记录', 'is missing, though the sale came to an end')
    return
  }
  const given = await reading.pack.document(BIDS)
  if (!hasFields(given, SALE)) throw new Problem(BIDS, '不是竞价记录', 'is no record of a sale')
  if (ends.length !== 1) throw new Problem(BIDS, '日志中没有恰好一次竞价结果', 'does not have its outcome in the log once')
  const terms = await checkTerms(given, reading)
  const paddles = await checkPaddles(given.lot, reading, fail)
  const acts = (await reading.entries()).filter(isActOfRoom)
  await checkActs(given, acts, paddles, fail)
  const award = notice ? await reading.pack.document(notice) : null
  const room = new Room(terms, given.outcome.failed === 'reserve_missing')
  await checkRoom(acts, room, award, reading)
  await checkOffers({ room, paddles, reading, fail })
  const context = { given, room, paddles, award, said: ends[0].event, reading, fail, note, reserve: await openedReserve(reading, fail), notice }
  if ('failed' in given.outcome) await checkNoDeal(context)
  else await checkDeal(context)
}

function momentMs(text) {
  // A moment without its offset would be another one in another place.
  if (typeof text !== 'string' || !/(Z|[+-][0-9]{2}:[0-9]{2})$/.test(text) || Number.isNaN(Date.parse(text))) {
    throw new Problem('10-notices/', '公告的时间没有时区', 'states a moment without an offset')
  }
  return Date.parse(text)
}

/** What the bids are held against is what was registered and announced. */
async function checkTerms({ terms, lot }, reading) {
  const own = await registration(reading)
  const said = own.method?.sale
  if (!isObject(said) || !Object.hasOwn(MODES, terms.mode) || own.lot !== lot) throw new Problem(BIDS, '竞价方式未知，或者是另一标段的', 'has an unknown way of bidding, or is of another lot')
  let notice = null
  for (const path of reading.pack.below('10-notices/')) {
    const found = await reading.pack.document(path)
    if (found.kind === 'tender') notice ??= found
  }
  if (!notice) throw new Problem('10-notices/', '没有出让公告', 'lacks the notice of the sale')
  const { schedule } = notice
  const due = {
    mode: said.mode, step_fen: said.step_fen, after_ceiling: said.after_ceiling ?? '', floor_fen: said.floor_fen ?? 0, housing_step: said.housing_step ?? 100,
    start_fen: own.lot_estimate_fen ?? terms.start_fen, ceiling_fen: own.ceiling_fen || null, opens_at: momentMs(schedule.opens_at),
    listing_ends_at: MODES[terms.mode].phases.includes('offers') ? momentMs(schedule.listing_ends_at) : 0,
    breaks: (schedule.breaks ?? []).map(([start, until]) => [momentMs(start), momentMs(until)])
  }
  if (!same(due, terms)) throw new Problem(BIDS, '竞价条件与登记或公告不符', 'has other terms than were registered and announced')
  return due
}

/** Paddles by number, each with its keys; each bound to its bidder by its organisation, as the log committed to it. */
async function checkPaddles(lot, reading, fail) {
  const { paddles: held } = await reading.pack.document(PADDLES)
  if (!isList(held) || !held.every(item => hasFields(item, PADDLE))) throw new Problem(PADDLES, '不是竞买号的记录', 'is no list of paddles')
  const [applied, admitted, consented, renewed] = await Promise.all(SEALED.map(type => reading.events(type)))
  const found = new Map()
  const fits = []
  for (const item of held) {
    const wrong = (zh, en) => fail(PADDLES, `竞买号 ${item.number}：${zh}`, `paddle ${item.number} ${en}`)
    const papers = [{ application: item.application, signature: item.signature }, ...item.keys]
    for (const paper of papers) if (!await isBound(paper, item, lot)) wrong('没有与竞买人绑定', 'is not bound to its bidder')
    const digest = await idOf('auction-application', item.application)
    const own = applied.filter(({ event }) => event.actor === item.bidder && event.application === digest)
    if (own.length !== 1 || item.commitment !== digest) wrong('申请没有记入日志', 'has an application that is not in the log')
    const keys = renewed.filter(({ event }) => event.actor === item.bidder)
    if (!same(keys.map(({ event }) => event.public), item.keys.map(paper => paper.application.public)) || item.public !== papers.at(-1).application.public) {
      wrong('密钥与日志不符', 'has other keys than the log')
    }
    await checkConsents(item, consented, wrong)
    if (!item.number) continue
    fits.push(...admitted.filter(({ event }) => event.paddle === item.number && event.application === digest))
    found.set(item.number, { ...item, known: [{ since: -1, key: unhex(item.application.public) }, ...keys.map(({ index, event }) => ({ since: index, key: unhex(event.public, 32) }))] })
  }
  const bidders = new Set(held.map(item => item.bidder))
  const numbered = held.filter(item => item.number).length
  const whole = fits.length === numbered && admitted.length === numbered && found.size === numbered && applied.length === held.length && bidders.size === held.length
  if (!whole || renewed.some(({ event }) => !bidders.has(event.actor))) fail(PADDLES, '与日志中的竞买申请和竞买号不符', 'does not hold the applications and paddles of the log, each of one bidder')
  return found
}

async function isBound({ application, signature }, { bidder, organisation_keys: keys }, lot) {
  if (!hasShape(application, APPLICATION) || application.v !== 1 || application.lot !== lot || application.bidder !== bidder) return false
  return signedByOne(keysIn(keys), signature, 'auction-application', application)
}

/** Each partner signed the application that names it; only who was not admitted may lack it. */
async function checkConsents({ number, application, consents }, consented, wrong) {
  const codes = application.partners.map(partner => partner.code)
  if (!consents.every(item => hasFields(item, CONSENT) && codes.includes(item.code))) wrong('联合竞买人与申请不符', 'has other partners than applied')
  for (const { code, share } of application.partners) {
    const own = consents.filter(item => item?.code === code)
    const signature = own[0]?.signature ?? ''
    if (!signature && !number) continue
    const logged = consented.some(({ event }) => event.actor === code && event.signature === signature)
    const holds = own.length === 1 && own[0].share === share && logged && await signedByOne(keysIn(own[0].keys), signature, 'auction-consent', { ...application, partner: code })
    if (!holds) wrong(`联合竞买人 ${code} 没有同意`, `is a joint bid to which ${code} did not agree`)
  }
}

/** The bids and the other acts are those of the log; what a bidder does is signed by its paddle's key. */
async function checkActs({ lot, bids, acts: others }, acts, paddles, fail) {
  const rows = acts.filter(({ event }) => event.type === 'auction.bid')
  if (rows.length !== bids.length) fail(BIDS, '与日志中的报价不符', 'does not hold the bids of the log')
  for (const [at, { index, event }] of rows.entries()) {
    const { number, paddle, fen, phase, signature, at_ms } = event
    const due = { number, paddle, fen, phase, signature, at: at_ms, by_host: event.by_host ?? false, evidence: index }
    if (!same(due, bids[at] ?? null)) fail(BIDS, `第 ${number} 次报价与日志不符`, `bid ${number} is another one than was logged`)
  }
  const rest = acts.filter(({ event }) => event.type !== 'auction.bid').map(({ index, event }) => ({ ...event, evidence: index }))
  if (!same(rest, others)) fail(BIDS, '竞价过程与日志不符', 'has other acts than the log')
  for (const entry of acts) {
    if (!['auction.bid', 'auction.joined'].includes(entry.event.type) || await isOwnAct(entry, lot, paddles)) continue
    fail(BIDS, `第 ${entry.index} 号记载的行为没有该竞买号的签名`, `the act of entry ${entry.index} is not signed by its paddle`)
  }
}

async function isOwnAct({ index, event }, lot, paddles) {
  const { type, actor, paddle, fen = 0, key, signature, by_host: byHost, host } = event
  const keys = (paddles.get(paddle)?.known ?? []).filter(({ since }) => since < index).map(item => item.key)
  if (actor !== paddle || !keys.length) return false
  // Called out in the room and entered by the host, who is named; in which phase that may be, the room says.
  if (byHost && host) return true
  return signedByOne(keys, signature, 'auction-act', { v: 1, room: lot, paddle, act: type === 'auction.bid' ? 'bid' : 'join', fen, key })
}

/** Everybody was sent the same lines: each as the log has it, each following from those before. */
async function checkRoom(acts, room, award, reading) {
  const text = fromUtf8(await reading.pack.read(ROOM))
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n').map(line => JSON.parse(line))
  if (lines.length !== acts.length) throw new Problem(ROOM, `有 ${lines.length} 条，日志中有 ${acts.length} 条`, `has ${lines.length} lines, and the log ${acts.length}`)
  for (const [at, { index, event }] of acts.entries()) {
    const number = at + 1
    const wrong = (zh, en) => new Problem(ROOM, `第 ${number} 条${zh}`, `line ${number} ${en}`)
    if (event.seq !== number) throw wrong('不在其位', 'is not in its place in the log')
    let now
    try {
      now = room.step(event)
    } catch (error) {
      if (!(error instanceof Amiss)) throw error
      throw wrong('不是由此前各条得出的', error.message)
    }
    const untold = event.type === 'auction.tie_decided' ? [...UNTOLD, ...TIE_PROOF] : UNTOLD
    const told = Object.fromEntries(Object.entries(event).filter(([name]) => !untold.includes(name)))
    const due = { ...told, seq: number, at: event.at_ms, evidence: index, kind: event.type.slice('auction.'.length), now: now ?? lines[at]?.now }
    if (event.type === 'auction.settled') due.name = award?.name ?? ''
    if (!same(due, lines[at])) throw wrong('与日志不符，或者不是由此前各条得出的', 'is another one than was logged, or than follows from those before')
  }
}

const isSealed = async reading => (await registration(reading)).method.sale.reserve === 'sealed'

/** The reserve price as it was opened, null where it was not. */
async function openedReserve(reading, fail) {
  const prices = []
  for (const path of reading.pack.below('15-opening/record-reserve')) {
    const { record } = await reading.pack.document(path)
    prices.push(...record.bids.filter(row => row.offer).map(row => row.offer.price_fen))
  }
  if (prices.length && !await isSealed(reading)) fail('15-opening/record-reserve.json', '公告载明不设底价', 'opens a reserve price where the notice says that there is none')
  return prices[0] ?? null
}

async function checkNoDeal({ given, room, said, reading, fail, reserve, notice }) {
  const reason = given.outcome.failed
  const ofReserve = new Set((await reading.events('session.opened')).filter(({ event }) => event.envelope === 'reserve').map(({ event }) => event.session))
  const over = await ended(reading)
  const wasSealed = (await reading.events('bid.commit')).some(({ event }) => ofReserve.has(event.session) && !over.has(event.session))
  const promised = await isSealed(reading)
  const holds = {
    no_bid: room.price === null,
    below_reserve: room.price !== null && reserve !== null && room.price < reserve,
    reserve_missing: promised && room.price === null && !wasSealed,
    reserve_unreadable: promised && room.price !== null && reserve === null
  }
  const logged = said.type === 'auction.failed' && said.reason === reason
  if (!room.over || !Object.hasOwn(holds, reason) || !holds[reason] || !logged || notice) fail(BIDS, '流拍的原因与报价不符', 'failed for another reason than the bids show')
}

async function checkDeal({ given, room, paddles, award, said, reading, fail, note, reserve, notice }) {
  const { winner, price_fen, housing, reserve_fen } = given.outcome
  const follows = winner === room.leader && price_fen === room.price
  if (!award || !room.over || room.price === null || !follows || housing !== room.housing) throw new Problem(BIDS, '成交不是最后的有效报价', 'makes a deal that is not the last bid’s')
  if (said.type !== 'auction.settled' || said.winner !== winner || said.price_fen !== price_fen) fail(BIDS, '与日志中的成交不符', 'makes another deal than the log')
  const low = reserve === null ? await isSealed(reading) : price_fen < reserve
  if (reserve_fen !== reserve || low) fail(BIDS, '成交价低于底价，或者底价没有开启', 'makes a deal below the reserve price, or one without opening it')
  const buyer = paddles.get(winner)
  const last = (await reading.events('lot.awarded')).at(-1)?.event
  if (!buyer || last?.winner !== buyer.bidder || award.winner !== buyer.bidder || last.price_fen !== price_fen || award.price_fen !== price_fen) {
    throw new Problem(notice, '与日志中的成交结果不符', 'is not the award that is in the log')
  }
  const registered = await registration(reading)
  await checkTie({ given, room, registered, reading, fail })
  const due = { v: 1, type: 'mingtang-confirmation', lot: given.lot, seller: registered.tenderer, buyer: award.winner, name: award.name, paddle: winner, price_fen, housing, at_ms: said.at_ms }
  await checkConfirmations(due, buyer.organisation_keys, reading, fail, note)
}

/** What centre, buyer and seller signed is this deal, the same for all, and every such act of the log is here. */
async function checkConfirmations(due, buyerKeys, reading, fail, note) {
  const said = (await reading.events('deal.signed')).map(({ event }) => event)
  const paths = reading.pack.below(CONFIRMATION)
  const roles = paths.map(path => path.slice(CONFIRMATION.length, -'.json'.length))
  const actors = { centre: 'centre', buyer: due.buyer, seller: due.seller }
  if (!same([...roles].sort(), said.map(event => event.role).sort()) || !roles.includes('centre') || !roles.every(role => Object.hasOwn(actors, role))) {
    throw new Problem('40-award/', '成交确认书与日志不符，或者缺少中心的签名', 'does not hold the confirmations of the log, or lacks the centre’s')
  }
  const known = { buyer: buyerKeys, seller: await sellersKeys(reading) }
  const documents = new Set()
  for (const [at, path] of paths.entries()) {
    const [role, { document, role: own, key, signature }] = [roles[at], await reading.pack.document(path)]
    if (own !== role || !hasShape(document, CONFIRMED) || Object.entries(due).some(([name, value]) => document[name] !== value)) {
      fail(path, '确认的是另一成交', 'confirms another deal')
      continue
    }
    const id = await idOf('confirmation', document)
    documents.add(id)
    const event = said.find(item => item.role === role)
    if (event.confirmation !== id || event.actor !== actors[role]) fail(path, '不是记入日志的那份', 'is not the one that was logged')
    if (role !== 'centre' && !known[role].includes(key)) note(`${path}：签名所用的密钥在归档包其他地方没有出现`, `${path}: signed with a key that nothing else in the pack shows`)
    const [signer, bytes] = role === 'centre' ? [reading.centreKey(key), unbase64(signature)] : [unhex(key, 32), unhex(signature, 64)]
    if (!await isSigned(signer, bytes, concat(tagBytes('confirmation'), canonical(document)))) fail(path, '签名不成立', 'its signature does not hold')
  }
  if (documents.size > 1) fail('40-award/', '各方确认的不是同一份', 'holds confirmations that are not of one deal')
}

/** Keys of the seller that its reserve price was filed with. */
async function sellersKeys(reading) {
  const found = []
  for (const path of reading.pack.below('10-bids/').filter(name => name.endsWith('/filing.json'))) found.push(...(await reading.pack.document(path)).keys)
  return found
}
