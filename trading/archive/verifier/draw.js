// Check 9: the draw is repeated from its contributions (section 4).

import { Problem, base64, compare, concat, equal, hex, hmac, tagged, u64, unbase64, unhex, utf8 } from './bytes.js'
import { canonical, hasFields, isInt, isObject, isText } from './canonical.js'
import { openContribution } from './opening.js'
import { checkReleases } from './releases.js'
import { rootOf } from './trees.js'

const isList = Array.isArray
const isTexts = value => isList(value) && value.every(isText)
const isHash = value => unbase64(value, 32) !== null
const listOf = fields => value => isList(value) && value.every(item => hasFields(item, fields))
const ROW = { eid: isHash, w: value => isInt(value) && value > 0, regions: isTexts, specs: isTexts, employer: isText }
const STRATUM = { id: isText, count: isInt, regions: isTexts, specs: isTexts }
const PARAMETERS = {
  v: value => value === 1, draw: isText, lot: isText, strata: listOf(STRATUM), employer_cap: isInt, reserve: isInt,
  substitute_rule: value => value === 'next-ticket', frozen_at: isInt, seal_tool_sha256: isText
}
const TRANSCRIPT = {
  v: value => value === 1, params: value => hasFields(value, PARAMETERS), pool: listOf(ROW), pool_root: isHash,
  contributions: listOf({ id: isText, value: isHash }), beacon: value => value === null || unhex(value) !== null, seed: isHash,
  declines: listOf({ eid: isHash, stratum: isText, reason: isText }), result: isObject
}
const SEATING = { id: isText, members: isList, substitutes: isList }

async function transcriptOf(reading, folder) {
  const path = `${folder}/transcript.json`
  const transcript = await reading.pack.document(path)
  if (!hasFields(transcript, TRANSCRIPT)) throw new Problem(path, '不是抽取记录', 'is no transcript')
  return transcript
}

export async function draw({ reading, fail, told, note }) {
  await checkReleases(reading, envelope => envelope.startsWith('draw'), fail)
  const drawn = reading.pack.below('20-draw').filter(path => path.includes('/contributions/') || path.endsWith('/transcript.json'))
  const frozen = (await reading.events('draw.frozen')).map(({ event }) => event)
  for (const folder of new Set(drawn.map(path => path.split('/')[0]))) {
    const path = `${folder}/transcript.json`
    const transcript = await transcriptOf(reading, folder)
    const values = await contributed(folder, { reading, fail, told, note })
    const stated = transcript.contributions.map(({ id, value }) => [id, value]).sort(byId)
    if (!equal(canonical(values), canonical(stated))) fail(path, '随机数与解密结果不符', 'states other contributions than were sealed')
    await checkInputs(path, transcript, frozen, fail)
    await checkResult(path, transcript, fail)
  }
}

/** What the contributors sealed, [id, value], in the order of their ids. */
async function contributed(folder, context) {
  const known = (await context.reading.sessions()).found
  const values = []
  for (const contribution of (await context.reading.bids()).found) {
    if (!contribution.folder.startsWith(`${folder}/contributions/`)) continue
    const fault = contribution.filing?.fault
    if (!isText(fault)) context.fail(`${contribution.folder}/filing.json`, '不是有效的递交记录', 'is no valid filing')
    const session = known.get(contribution.header.ctx.session)
    if (fault) await noteIfItOpens(contribution, { ...context, session })
    if (fault !== '') continue
    try {
      if (!session) throw new Problem(contribution.folder, '所属会话不在归档包中', 'belongs to no session of the pack')
      values.push([contribution.header.ctx.bidder, base64(await openContribution(contribution, { ...context, session }))])
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem
      context.fail(problem.place, problem.zh, problem.en)
    }
  }
  return values.sort(byId)
}

/** Who may leave out a value after seeing all of them chooses between seeds; a share that came late explains it too. */
async function noteIfItOpens(contribution, context) {
  try {
    await openContribution(contribution, context)
  } catch {
    return
  }
  const { folder } = contribution
  context.note(`${folder}：抽取时称无法开启而未采用，实际可以开启`, `${folder}: was left out of the draw as not to be opened, and opens`)
}

const byId = (one, other) => compare(utf8(one[0]), utf8(other[0]))

const parametersHash = params => tagged('draw-params', canonical(params))
const lp = bytes => concat(u64(bytes.length), bytes)

async function checkInputs(path, { params, pool, pool_root, contributions, beacon, seed }, frozen, fail) {
  const rows = [...pool].sort((one, other) => compare(unbase64(one.eid), unbase64(other.eid)))
  if (new Set(pool.map(row => row.eid)).size !== pool.length) fail(path, '抽取池中有人出现两次', 'has somebody in its pool twice')
  const [root, parameters] = [await rootOf(rows.map(canonical)), await parametersHash(params)]
  if (base64(root) !== pool_root) fail(path, '抽取池与其根哈希不符', 'its pool has another root')
  if (!frozen.some(event => event.pool_root === hex(root) && event.params === hex(parameters))) fail(path, '抽取池或条件不是锁定时记入日志的', 'its pool or conditions are not those that were frozen')
  const values = contributions.map(({ id, value }) => [id, value]).sort(byId).flatMap(([id, value]) => [lp(utf8(id)), lp(unbase64(value))])
  const expected = await tagged('seed', concat(parameters, root, ...values, ...beacon === null ? [] : [lp(unhex(beacon))]))
  if (base64(expected) !== seed) fail(path, '种子与各方随机数不符', 'its seed does not follow from the contributions')
}

/** Tickets of a pool, lowest first: [{row, ticket, eid}]. */
async function order(pool, seed) {
  const drawn = []
  for (const row of pool) {
    const eid = unbase64(row.eid)
    const tickets = []
    for (let j = 0; j < row.w; j++) tickets.push(await tagged('ticket', concat(seed, eid, u64(j))))
    drawn.push({ row, eid, ticket: tickets.sort(compare)[0] })
  }
  return drawn.sort((one, other) => compare(one.ticket, other.ticket) || compare(one.eid, other.eid))
}

const shares = (wanted, own) => wanted.length === 0 || wanted.some(item => own.includes(item))

/** Members of each stratum, the declines replaced in their order; null where the pool cannot give them. */
export async function seat({ params, pool, seed, declines }) {
  const lots = (await order(pool, unbase64(seed))).map(({ row }) => row)
  const used = new Set()
  const employers = new Map()
  const count = (employer, more) => employers.set(employer, (employers.get(employer) ?? 0) + more)
  const isFull = employer => params.employer_cap !== 0 && (employers.get(employer) ?? 0) >= params.employer_cap
  const benches = params.strata.map(stratum => ({ stratum, members: [], waiting: lots.filter(row => admits(stratum, row)) }))
  // Who was passed over is not looked at again, even if the employer's place becomes free.
  const next = bench => {
    while (bench.waiting.length) {
      const row = bench.waiting.shift()
      if (used.has(row.eid) || isFull(row.employer)) continue
      used.add(row.eid)
      count(row.employer, 1)
      bench.members.push(row)
      return true
    }
    return false
  }
  for (const bench of benches) for (let seats = 0; seats < bench.stratum.count; seats++) if (!next(bench)) return null
  for (const { eid, stratum: id } of declines) {
    const bench = benches.find(({ stratum }) => stratum.id === id)
    const at = bench?.members.findIndex(row => row.eid === eid) ?? -1
    if (at < 0) return null
    const [left] = bench.members.splice(at, 1)
    count(left.employer, -1)
    if (!next(bench)) return null
  }
  return benches.map(({ stratum, members }) => ({ id: stratum.id, members: members.map(row => row.eid) }))
}

const admits = (stratum, row) => shares(stratum.regions, row.regions) && shares(stratum.specs, row.specs)

async function checkResult(path, transcript, fail) {
  const { strata } = transcript.result
  if (!listOf(SEATING)(strata)) {
    fail(path, '没有抽取结果', 'has no result')
    return
  }
  const again = await seat(transcript)
  const stated = strata.map(({ id, members }) => ({ id, members }))
  if (!again || !equal(canonical(again), canonical(stated))) fail(path, '重新抽取得到的结果不同', 'drawing again gives other members')
}

/** Codes of the companies of a draw in the order of their tickets, and in that which its transcript states. */
export async function drawnOrders(reading, name) {
  const transcript = await transcriptOf(reading, name)
  const { salt, codes } = await reading.pack.document(`${name}/candidates.json`)
  const key = unhex(salt)
  if (!key?.length || !isTexts(codes)) throw new Problem(`${name}/candidates.json`, '不是参与抽取单位的名单', 'is no list of candidates')
  const byEid = new Map()
  for (const code of codes) byEid.set(base64(await hmac('SHA-256', key, utf8(code))), code)
  const { pool, seed } = transcript
  const byTicket = (await order(pool, unbase64(seed))).map(({ row }) => byEid.get(row.eid))
  const stated = transcript.result.strata.flatMap(({ members, substitutes }) => [...members, ...substitutes])
  if (byTicket.includes(undefined) || byTicket.length !== byEid.size) throw new Problem(`${name}/candidates.json`, '名单与抽取池不符', 'is not the list that was drawn from')
  return [byTicket, stated.map(eid => byEid.get(eid))]
}
