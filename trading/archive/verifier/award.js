// Check 10: notices, the ranking and who won.

import { equal } from './bytes.js'
import { canonical, idOf, isInt, isObject, isText } from './canonical.js'
import { drawnOrders } from './draw.js'
import { isLive, sale } from './sale.js'
import { technicalReport } from './two_envelopes.js'

const RANKED = { rank: isInt, digest: isText, offer: isText, bidder: isText }

export async function award({ reading, fail, note }) {
  await checkNotices(reading, fail)
  if (await isLive(reading)) {
    await sale({ reading, fail, note }, inForce(reading))
    return
  }
  const ranking = await checkReport(reading, fail)
  await checkAward(reading, ranking, fail)
}

async function checkNotices(reading, fail) {
  const published = new Set((await reading.events('notice.published')).map(({ event }) => event.sha256))
  for (const path of reading.pack.below('10-notices/')) {
    if (!path.endsWith('.json')) continue
    const { kind, title, body, schedule, sha256 } = await reading.pack.document(path)
    const id = await idOf('notice', { kind, title, body, schedule }).catch(() => '')
    if (id !== sha256) fail(path, '哈希与公告内容不符', 'does not hash to its text')
    if (!published.has(sha256)) fail(path, '公告没有记入日志', 'is not among the notices of the log')
  }
}

/** The ranking of the report, after everything that can be repeated of it was. */
async function checkReport(reading, fail) {
  const path = '30-evaluation/report.json'
  const logged = await reading.events('evaluation.ranked')
  const ranked = logged.at(-1)
  if (!reading.pack.has(path)) {
    if (ranked) fail(path, '日志中有评审报告，归档包中没有', 'is in the log and missing')
    return null
  }
  const { report } = await reading.pack.document(path)
  const isRow = row => isObject(row) && Object.entries(RANKED).every(([name, holds]) => holds(row[name]))
  if (!isObject(report) || !Array.isArray(report.ranking) || !report.ranking.every(isRow) || !Array.isArray(report.rejected) ||
      !isText(report.method?.kind)) {
    fail(path, '不是评审报告', 'is no report')
    return null
  }
  const id = await idOf('report', report)
  if (!ranked || logged.some(({ event }) => event.report !== id)) fail(path, '不是记入日志的评审报告', 'is not the report that is in the log')
  await checkUnchanged(path, report, reading, fail)
  const { ranking } = report
  if (!report.ranking.every(isInOrder)) fail(path, '名次没有依次排列', 'its ranks are out of order')
  const rounds = await openedRounds(reading, ranked)
  await checkCounted(path, report, rounds, fail)
  for (const row of ranking) checkOffer(path, row, rounds, fail)
  await checkOrder(path, report, ranking, reading, fail)
  return ranking
}

/** Whoever has seen the prices changes no verdict and no mark, and brings nobody back. */
async function checkUnchanged(path, report, reading, fail) {
  if ((await reading.events('evaluation.technical')).length === 0) return
  const technical = await technicalReport(reading)
  const before = [technical?.members, technical?.verdicts, technical?.marks, technical?.rejected]
  const now = [report.members, report.verdicts, report.marks, report.rejected.slice(0, technical?.rejected?.length)]
  if (!equal(canonical(before.map(item => item ?? null)), canonical(now.map(item => item ?? null)))) fail(path, '评审意见或评分与开启报价之前不同', 'has other verdicts or marks than before the prices were opened')
}

/** Whether a row's rank is its place in the ranking, or that of the row before it, with which it is tied. */
function isInOrder({ rank, tied_with: tied }, at, ranking) {
  const above = ranking[at - 1]
  return rank === at + 1 || (rank === above?.rank && Array.isArray(tied) && tied.includes(above.digest))
}

/** Rows of the opening records: of the bids first, then of each round that was asked before the ranking. */
async function openedRounds(reading, ranked) {
  const bySession = new Map()
  for (const path of reading.pack.below('15-opening/record')) {
    const { record } = await reading.pack.document(path)
    if (Array.isArray(record?.bids)) bySession.set(record.session, { path, rows: record.bids.filter(isObject) })
  }
  const bids = [...bySession.values()].find(({ path }) => path === '15-opening/record.json')?.rows ?? []
  const asked = (await reading.events('offers.asked', 'evaluation.technical')).filter(({ index }) => !ranked || index < ranked.index)
  return [bids, ...asked.map(({ event }) => bySession.get(event.session)?.rows ?? [])]
}

const isOpened = row => row.outcome === 'opened'

async function checkCounted(path, report, [bids], fail) {
  const judged = [...report.ranking, ...report.rejected].map(row => row.digest).sort()
  const opened = bids.filter(isOpened).map(row => row.digest).sort()
  if (judged.join() !== opened.join()) fail(path, '不是每份已开启的投标都恰好排名或否决一次', 'does not rank or reject every opened bid once')
}

function checkOffer(path, row, rounds, fail) {
  const own = rounds[0].find(({ digest }) => digest === row.digest)
  const offers = rounds.slice(1).flatMap(rows => rows.filter(item => isOpened(item) && item.bidder === row.bidder))
  const counts = offers.at(-1) ?? own
  if (!own || own.bidder !== row.bidder || counts.digest !== row.offer) fail(path, `第 ${row.rank} 名所据的报价不是其最后一次`, `rank ${row.rank} is not judged by its newest offer`)
  else if ((counts.offer?.price_fen ?? null) !== row.price_fen) fail(path, `第 ${row.rank} 名的价格与开标记录不符`, `rank ${row.rank} has another price than the opening record`)
}

async function checkOrder(path, report, ranking, reading, fail) {
  const { kind } = report.method
  const prices = ranking.map(row => row.price_fen)
  const rises = prices.every((price, at) => at === 0 || prices[at - 1] <= price)
  const falls = prices.every((price, at) => at === 0 || prices[at - 1] >= price)
  if ((kind.endsWith('lowest') && !rises) || (kind.endsWith('highest') && !falls)) fail(path, '名次与价格次序不符', 'its order is not that of the prices')
  if (kind === 'lottery' && ranking.length) {
    const orders = await drawnOrders(reading, '20-draw-winner')
    const ranked = ranking.map(row => row.bidder).join()
    if (orders.some(order => order.join() !== ranked)) fail(path, '名次与抽取次序不符', 'its order is not that of the tickets')
  }
}

/** The path of the award that is in force: the one with the longest, then last name. */
function inForce(reading) {
  const notices = reading.pack.below('40-award/award-notice')
  return notices.sort((one, other) => one.length - other.length || (one < other ? -1 : 1)).at(-1)
}

async function checkAward(reading, ranking, fail) {
  const path = inForce(reading)
  if (!path) return
  const { winner, price_fen } = await reading.pack.document(path)
  const last = (await reading.events('lot.awarded')).at(-1)?.event
  if (last?.winner !== winner || last?.price_fen !== price_fen) fail(path, '与日志中的中标结果不符', 'is not the award that is in the log')
  const won = ranking?.find(row => row.bidder === winner)
  if (!won || won.price_fen !== price_fen) {
    fail(path, '中标人或价格与评审报告不符', 'names a winner or a price that the report does not')
    return
  }
  const lost = new Set((await reading.events('candidate.lost')).map(({ event }) => event.bidder))
  if (lost.has(won.bidder)) fail(path, '中标人已失去资格', 'names a winner who fell away')
  for (const { rank, bidder } of ranking.slice(0, ranking.indexOf(won))) if (!lost.has(bidder)) fail(path, `第 ${rank} 名没有失去资格`, `passes over rank ${rank}, who did not fall away`)
}
