// Check 5: checkpoints. Check 6: they extend one another. Check 7: time stamps. Check 11: the log and the catalogue.

import { Problem, compare, equal, hex, isHex32, tagged, unbase64, unhex, utf8, concat } from './bytes.js'
import { canonical, hasFields, isInt, isText } from './canonical.js'
import { readPem } from './certificates.js'
import { signedTimes, witnesses } from './notes.js'
import { SPAN, continuations, ended, keyAt, numberOf, placeOf, readLogNote } from './origins.js'
import { stampedAt } from './stamps.js'
import { isConsistent, isIncluded, leafHash } from './trees.js'

/** How much earlier than the opening a clock may stand. */
const TOLERANCE_S = 120
/** The mark before a close hides nothing, so it needs no chance. */
const NO_NONCE = '0'.repeat(64)
const PATH = '90-log/checkpoints.json'
const CHECKPOINT = { size: isInt, note: note => typeof note === 'string', consistency: Array.isArray }
const PIECE = { path: isText, sha256: isHex32 }
/** What the catalogue does not list, because it is about the catalogue. */
const BESIDE = ['catalogue.json', '90-log/', '95-evidence/', 'verify/']

/** The checkpoints of the pack: {size, place, note, root, path}; one that the log did not sign proves nothing. */
function read(reading) {
  return reading.once('checkpoints', async () => {
    const { log } = await reading.anchors.keys()
    if (!log) throw new Problem('90-log/keys.json', '没有可用的日志公钥', 'there is no key of the log to check with')
    const list = await reading.pack.document(PATH)
    if (!Array.isArray(list) || !list.every(item => hasFields(item, CHECKPOINT))) throw new Problem(PATH, '不是检查点列表', 'is no list of checkpoints')
    return Promise.all(list.map(item => readOne(item, log)))
  })
}

async function readOne({ size, note, consistency }, log) {
  const place = `${PATH} (${size})`
  const stated = await readLogNote(note, log, place)
  if (stated.number * SPAN + stated.size !== size) throw new Problem(place, '大小不符', 'states another size')
  return { size, place, note: stated.note, root: stated.root, path: consistency.map(hash => unbase64(hash, 32)) }
}

/** The last checkpoint under each name of the log: {size, root}, the size in its own tree. */
async function headsOf(reading) {
  return new Map((await read(reading)).map(({ size, root }) => [numberOf(size), { size: placeOf(size), root }]))
}

/** Sizes of the checkpoints that cover each close, with the session that was closed; one that ended with its log was never witnessed. */
async function closings(reading) {
  const { found } = await reading.sessions()
  const over = await ended(reading)
  return (await reading.closes()).filter(({ event }) => !over.has(event.session)).map(({ index, event }) => ({ size: index + 1, session: found.get(event.session) }))
}

export async function checkpoints({ reading, anchors, fail, note }) {
  const list = await read(reading)
  const keys = await anchors.keys()
  if (!keys.logPq) fail('90-log/keys.json', '没有日志的第二公钥', 'there is no second key of the log to check with')
  if (!keys.witnesses.length) note('没有见证方的公钥：日志没有被改写，只凭其运营者的话。', 'There is no key of a witness: that the log was not rewritten rests on its operator’s word.')
  for (const { size, session } of await closings(reading)) {
    const found = list.find(item => item.size === size)
    if (!found) fail(PATH, `缺少覆盖截止的检查点 ${size}`, `lacks checkpoint ${size}, which covers a close`)
    else await checkWitnessed(found, session, { ...keys, quorum: keys.witnesses.length ? anchors.quorum : 0 }, fail)
  }
}

async function checkWitnessed({ size, place, note }, session, { logPq, witnesses: keys, quorum }, fail) {
  try {
    if (logPq && !(await signedTimes(note, await keyAt(logPq, numberOf(size)), place)).length) fail(place, '日志没有用第二算法签名', 'the log did not sign it with its second key')
    const seen = await witnesses(note, keys, place)
    if (seen.size < quorum) fail(place, `只有 ${seen.size} 个见证方签名，应有 ${quorum} 个`, `has ${seen.size} of ${quorum} witnesses`)
    // One wrong clock among the witnesses decides nothing, but a quorum must be right.
    const early = [...seen].filter(([, time]) => session && time < session.ends - TOLERANCE_S).map(([name]) => name)
    if (early.length && seen.size - early.length < quorum) fail(place, `见证时间早于截止时间：${early.join('、')}`, `was witnessed before the session ends: ${early.join(', ')}`)
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem
    fail(problem.place, problem.zh, problem.en)
  }
}

export async function consistency({ reading, anchors, fail, note }) {
  const list = await read(reading)
  for (const [at, item] of list.entries()) {
    const before = list[at - 1]
    if (before && !await follows(before, item)) fail(item.place, `与检查点 ${before.size} 不一致`, `does not extend checkpoint ${before.size}`)
  }
  await continuations({ reading, anchors, heads: await headsOf(reading), fail, note, path: PATH })
}

/** Whether a checkpoint extends the one before; under another name of the log it begins a tree of its own. */
async function follows(before, { size, path, root }) {
  if (numberOf(before.size) !== numberOf(size)) return before.size < size && path.length === 0
  return !path.includes(null) && isConsistent(placeOf(before.size), placeOf(size), path, before.root, root)
}

export async function timestamps({ reading, anchors, fail, note }) {
  const owed = (await closings(reading)).flatMap(({ size, session }) => (session?.document.tsa ?? []).map(authority => ({ size, session, authority })))
  if (!owed.length) {
    note('本包的会话没有指定时间戳机构。', 'The sessions of this pack name no time-stamping authority.')
    return
  }
  // Two persons may let an authority go that is gone for good: told, never passed in silence.
  const waived = (await reading.events('stamps.override_approved')).map(({ event }) => event).filter(({ actor, asked_by: asked }) => actor !== asked)
  const there = reading.pack.below('95-evidence/').length > 0
  const roots = there || !waived.length ? await anchors.roots() : []
  const stamps = await readStamps(await read(reading), reading.pack, roots, fail)
  for (const { size, session, authority } of owed) {
    const at = authority.lastIndexOf('+')
    const stamp = stamps.find(item => item.size === size && item.root === authority.slice(at + 1))
    const place = `95-evidence/ (${size}, ${authority.slice(0, at)})`
    const waiver = waived.find(event => event.authority === authority)
    if (!stamp && waiver) {
      note(`第 ${size} 个检查点没有 ${authority.slice(0, at)} 的时间戳：由 ${waiver.asked_by} 提出、${waiver.actor} 批准免除（${waiver.reason}）。`,
        `Checkpoint ${size} has no time stamp of ${authority.slice(0, at)}: asked for by ${waiver.asked_by}, waived by ${waiver.actor} (${waiver.reason}).`)
    } else if (!stamp) fail(place, '缺少时间戳', 'lacks its time stamp')
    else if (stamp.time < session.ends - TOLERANCE_S) fail(place, '时间戳早于截止时间', 'was stamped before the session ends')
  }
}

/** All stamps of the pack, each of the checkpoint that its name begins with: {size, root, time}. */
async function readStamps(list, pack, roots, fail) {
  const found = []
  for (const path of pack.below('95-evidence/').filter(name => name.endsWith('.tsr'))) {
    const size = Number(/^95-evidence\/([0-9]+)-/.exec(path)?.[1])
    const checkpoint = list.find(item => item.size === size)
    let reason = 'of no checkpoint of the pack'
    for (const root of checkpoint ? roots : []) {
      try {
        found.push({ size, root: root.fingerprint, time: await stampedAt(await pack.read(path), utf8(checkpoint.note.text), root) })
        reason = ''
        break
      } catch (error) {
        reason = error.message
      }
    }
    if (reason) fail(path, `时间戳不成立：${reason}`, `the time stamp does not hold: ${reason}`)
  }
  return found
}

export const rootsFrom = text => readPem(text)

export async function evidence({ pack, reading, fail }) {
  await checkTree(reading, fail)
  await checkLiveSets(reading, fail)
  await checkCatalogue(pack, reading, fail)
}

async function checkTree(reading, fail) {
  const heads = await headsOf(reading)
  if (!heads.size) throw new Problem(PATH, '没有检查点', 'there is no checkpoint')
  let before = -1
  for (const { index, nonce, event, path } of await reading.entries()) {
    const place = `90-log/entries.json (${index})`
    if (index <= before) fail(place, '条目没有按序号排列', 'is out of order')
    before = index
    const hashes = Array.isArray(path) ? path.map(hash => unbase64(hash, 32)) : [null]
    const data = await tagged('leaf', concat(unhex(nonce, 32) ?? utf8(''), canonical(event)))
    const head = heads.get(numberOf(index))
    if (!head || !isHex32(nonce) || hashes.includes(null) || !await isIncluded(placeOf(index), head.size, await leafHash(data), hashes, head.root)) fail(place, '不在最后一个检查点的树中', 'is not in the tree of the last checkpoint')
  }
}

async function checkLiveSets(reading, fail) {
  const gone = await reading.gone()
  const commits = await reading.events('bid.commit', 'draw.commit')
  const entries = await reading.entries()
  const closed = new Set()
  for (const { index, event } of await reading.closes()) {
    if (closed.has(event.session)) fail(`90-log/entries.json (${index})`, '同一会话截止两次', 'closes its session a second time')
    closed.add(event.session)
    const mark = entries.find(entry => entry.index === index - 1)
    const due = canonical({ actor: '', at_ms: 0, session: event.session, type: 'session.closing' })
    if (mark?.nonce !== NO_NONCE || !equal(canonical(mark.event), due)) fail(`90-log/entries.json (${index})`, '截止之前没有该会话的标记', 'does not follow the mark of its session')
    const live = commits.filter(commit => commit.event.session === event.session && !gone.has(commit.event.bid_digest)).map(commit => commit.event.bid_digest).sort()
    const root = hex(await tagged('live', canonical(live)))
    if (live.length !== event.count || root !== event.root) fail(`90-log/entries.json (${index})`, '截止时的投标集合与日志不符', 'closed another set of bids than the log holds')
  }
}

async function checkCatalogue(pack, reading, fail) {
  const catalogue = await pack.document('catalogue.json')
  if (!Array.isArray(catalogue?.pieces) || !catalogue.pieces.every(piece => hasFields(piece, PIECE))) throw new Problem('catalogue.json', '不是档案目录', 'is no catalogue')
  const pairs = catalogue.pieces.map(({ path, sha256 }) => [path, sha256])
  pairs.sort((one, other) => compare(utf8(one[0]), utf8(other[0])) || compare(utf8(one[1]), utf8(other[1])))
  const root = hex(await tagged('catalogue', canonical(pairs)))
  const last = (await reading.events('archive.catalogued')).at(-1)
  if (last?.event.root !== root) fail('catalogue.json', '不是记入日志的档案目录', 'is not the catalogue that is in the log')
  const listed = new Map(pairs)
  if (listed.size !== pairs.length) fail('catalogue.json', '同一件列出两次', 'lists a piece twice')
  for (const path of pack.below()) {
    if (BESIDE.some(name => name.endsWith('/') ? path.startsWith(name) : path === name)) continue
    if (!listed.has(path)) fail(path, '未列入档案目录', 'is not in the catalogue')
  }
  for (const [path, sha256] of listed) {
    const found = pack.hashes.get(`data/${path}`)
    if (!found) fail(path, '列入档案目录，但归档包中没有', 'is in the catalogue and missing')
    else if (found[0] !== sha256) fail(path, '与档案目录中的哈希不符', 'differs from its hash in the catalogue')
  }
}
