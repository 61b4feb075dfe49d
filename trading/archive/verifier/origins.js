// A log that goes on under another name after it was restored (section 3.1): its names, and the entry that joins two.

import { Problem, concat, equal, sha256, u8, unbase64, utf8 } from './bytes.js'
import { hasShape, isInt, isObject, isText } from './canonical.js'
import { readCheckpoint, readNote, signedTimes, witnesses } from './notes.js'

/** In a pack, numbers of entries and sizes of checkpoints are so much higher for each name that the log had before. */
export const SPAN = 2 ** 40
export const numberOf = index => Math.floor(index / SPAN)
export const placeOf = index => index % SPAN
export const originAt = (base, number) => number ? `${base}-e${number}` : base

/** The log's first name, and how often it was continued. */
export function splitOrigin(origin) {
  const found = /^(.+)-e([1-9][0-9]{0,2})$/s.exec(origin)
  return found ? { base: found[1], number: Number(found[2]) } : { base: origin, number: 0 }
}

/** The same key of a log under the name that it has after so many continuations. */
export async function keyAt(key, number) {
  const name = originAt(splitOrigin(key.name).base, number)
  const hash = (await sha256(concat(utf8(name), utf8('\n'), u8(key.kind), key.raw))).slice(0, 4)
  return { ...key, name, hash }
}

/** Note, origin, size and root of a checkpoint that the log signed under whichever of its names. */
export async function readLogNote(text, log, place) {
  const note = readNote(text, place)
  const stated = readCheckpoint(note.text, place)
  const { number } = splitOrigin(stated.origin)
  const key = await keyAt(log, number)
  if (!(await signedTimes(note, key, place)).length) throw new Problem(place, '日志没有签名', 'the log did not sign it')
  if (stated.origin !== key.name) throw new Problem(place, '是另一日志的检查点', 'is a checkpoint of another log')
  return { note, number, ...stated }
}

const CONTINUED = {
  type: isText, actor: isText, asked_by: isText, at_ms: isInt, reason: isText, origin: isText, previous: isText, seen: Array.isArray,
  restored: isObject, kept: isInt
}
const RESTORED = { size: isInt, root: value => unbase64(value, 32) !== null }

/** The first entry of a continued log: {number, seen, restored, event}; throws a Problem where it joins nothing. */
async function readContinuation(event, log, keys, quorum, place) {
  const need = (holds, zh, en) => {
    if (!holds) throw new Problem(place, zh, en)
  }
  need(hasShape(event, CONTINUED) && event.type === 'log.continued' && hasShape(event.restored, RESTORED) && event.seen.length > 0 &&
    event.seen.every(note => typeof note === 'string'), '不是日志接续', 'is no continuation of a log')
  const { base, number } = splitOrigin(event.origin)
  need(number > 0 && base === splitOrigin(log.name).base && event.previous === originAt(base, number - 1), '接续的是另一日志', 'continues another log')
  need(event.actor !== event.asked_by && event.reason.trim() !== '', '不是两人写明理由决定的', 'was not decided by two persons for a reason')
  const seen = []
  for (const text of event.seen) {
    const { origin, size, root, note } = await readLogNote(text, log, place)
    need(origin === event.previous, '写的是另一日志的检查点', 'names a checkpoint of another log')
    seen.push({ size, root, isCosigned: (await witnesses(note, keys, place)).size >= quorum })
  }
  const isLater = one => quorum > 0 && one.isCosigned && one.size > seen[0].size
  need(seen[0].isCosigned && !seen.some(isLater), '没有写明见证方最后签署的检查点', 'does not begin with the last checkpoint that enough witnesses had cosigned')
  const restored = { size: event.restored.size, root: unbase64(event.restored.root, 32) }
  need(event.kept <= Math.min(restored.size, seen[0].size), '写的保留条数多于实有条数', 'says that more was kept than there was')
  return { number, seen, restored, event }
}

/** Sessions that ended with the log that they name: a later name of it says so. */
export function ended(reading) {
  return reading.once('ended', async () => {
    const opened = new Map((await reading.events('session.opened')).map(({ index, event }) => [event.session, numberOf(index)]))
    const found = (await reading.events('session.ended')).filter(({ index, event }) => numberOf(index) > (opened.get(event.session) ?? SPAN))
    return new Set(found.map(({ event }) => event.session))
  })
}

/** Logs of several names are one only by their first entries; what one name began, no other ends. */
export async function continuations({ reading, anchors, heads, fail, note, path }) {
  const { log, witnesses: keys } = await anchors.keys()
  const quorum = keys.length ? anchors.quorum : 0
  const entries = await reading.entries()
  const numbers = [...new Set([...entries.map(({ index }) => numberOf(index)), ...heads.keys()])]
  const [lowest, highest] = [Math.min(...numbers, SPAN), Math.max(...numbers, 0)]
  const over = await ended(reading)
  for (let number = Math.max(1, lowest); number <= highest; number++) {
    const place = `90-log/entries.json (${number * SPAN})`
    const first = entries.find(({ index }) => index === number * SPAN)
    if (!first) throw new Problem(place, '缺少把日志的两个名称连起来的条目', 'is missing: nothing joins the names of the log')
    const found = await readContinuation(first.event, log, keys, quorum, place)
    const head = heads.get(number - 1)
    if (found.number !== number) fail(place, '接续的名称不符', 'continues another name')
    if (number > lowest && !(head && head.size === found.restored.size && equal(head.root, found.restored.root))) fail(place, '接续的不是本包的日志', 'goes on from another log than the pack’s')
    const behind = (await reading.closes()).some(({ index, event }) => numberOf(index) === number - 1 && placeOf(index) >= found.seen[0].size && !over.has(event.session))
    if (behind) fail(path, '有截止在见证方见过的全部条目之后', 'has a close behind all that the witnesses had seen of its log')
    const most = Math.max(...found.seen.map(({ size }) => size))
    const { origin, asked_by: asked, actor, reason, kept } = found.event
    note(`日志以 ${origin} 的名称接续：${most} 条中至多丢失 ${most - kept} 条；由 ${asked} 提出、${actor} 批准（${reason}）。`,
      `The log goes on as ${origin}: at most ${most - kept} of ${most} entries were lost; asked for by ${asked}, approved by ${actor} (${reason}).`)
  }
  await homes(reading, splitOrigin(log.name).base, entries, over, fail)
}

const OF_A_SESSION = ['session.opened', 'bid.commit', 'bid.withdraw', 'draw.commit', 'session.closing', 'session.close']

/** All that makes a session stands in the log that its document names, or the session has ended. */
async function homes(reading, base, entries, over, fail) {
  const { found } = await reading.sessions()
  const [opened, closed] = [new Map(), new Set()]
  for (const { index, event } of entries) {
    const number = numberOf(index)
    if (event.type === 'session.opened') opened.set(event.session, number)
    if (!OF_A_SESSION.includes(event.type)) continue
    const named = found.get(event.session)?.document.log_origin ?? originAt(base, number)
    if ((opened.get(event.session) ?? number) !== number || named !== originAt(base, number)) {
      fail(`90-log/entries.json (${index})`, '所属会话属于日志的另一个名称', 'is of a session that belongs to another name of the log')
    }
    if (event.type === 'session.close') closed.add(event.session)
  }
  const last = Math.max(0, ...entries.map(({ index }) => numberOf(index)))
  for (const [session, number] of opened) {
    if (number < last && !closed.has(session) && !over.has(session)) fail('90-log/entries.json', '有会话既没有在其日志中截止，也没有随日志终止', 'has a session that was neither closed in its log nor ended with it')
  }
}
