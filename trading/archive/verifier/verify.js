// The eleven checks of section 5.2, one after another, and the report on them.

import { award } from './award.js'
import { bag, documents } from './bag.js'
import { bids } from './bids.js'
import { Problem, unhex } from './bytes.js'
import { Case } from './case.js'
import { draw } from './draw.js'
import { checkpoints, consistency, evidence, rootsFrom, timestamps } from './log.js'
import { readKey } from './notes.js'
import { opening } from './opening.js'
import { Pack } from './pack.js'
import { renewals } from './renewals.js'
import { sessions } from './sessions.js'

export const CHECKS = { bag, documents, sessions, bids, checkpoints, consistency, timestamps, opening, draw, award, evidence }
const QUORUM = 1
const MOST_PROBLEMS = 50
const ROOTS = '95-evidence/roots.pem'
const KEYS = '90-log/keys.json'

const listed = text => (text ?? '').split(/[\s,]+/).filter(Boolean)

async function readKeys(text) {
  const keys = []
  for (const key of listed(text)) {
    const read = await readKey(key)
    if (!read) throw new Problem(key.slice(0, 60), '不是验证公钥（名称+哈希+公钥）', 'is no verifier key (name+hash+key)')
    keys.push(read)
  }
  return keys
}

/** What the reader trusts: {logKey, witnessKeys, quorum, centreKey, roots}, all texts and all optional. */
export async function readAnchors(given) {
  const log = await readKeys(given.logKey)
  if (log.length > 2 || (log.length && log[0].kind !== 1) || (log[1] && (log[1].kind !== 6 || log[1].name !== log[0].name))) {
    throw new Problem('log key', '日志公钥应为一把，或逗号隔开的一把和它的 ML-DSA 公钥', 'give one key of the log, or that and its ML-DSA key after a comma')
  }
  const witnesses = await readKeys(given.witnessKeys)
  if (witnesses.some(key => key.kind === 1)) throw new Problem('witness keys', '其中有一把不是见证方的公钥', 'one of these is no key of a witness')
  const centreText = (given.centreKey ?? '').trim()
  const centre = centreText ? unhex(centreText.toLowerCase(), 32) : null
  if (centreText && !centre) throw new Problem('centre key', '中心公钥应为 64 位十六进制', 'the key of the centre is 64 hex figures')
  const quorum = (given.quorum ?? '') === '' ? QUORUM : Number(given.quorum)
  if (!Number.isInteger(quorum) || quorum < 0) throw new Problem('quorum', '见证数应为整数', 'the quorum is a whole number')
  let roots = null
  if ((given.roots ?? '').trim()) {
    roots = await rootsFrom(given.roots).catch(() => [])
    if (!roots.length) throw new Problem('roots', '不是 PEM 格式的根证书', 'these are no certificates in PEM')
  }
  return { log: log[0], logPq: log[1], witnesses, quorum, centre, roots }
}

/** Anchors for one pack: those of the reader, else those of the pack, and which ones these were. */
function anchorsFor(pack, own) {
  const first = async text => (await readKeys(text).catch(() => []))[0]
  let found
  const read = async () => {
    const keys = await pack.document(KEYS)
    return {
      log: own.log ?? await first(keys.log),
      logPq: own.logPq ?? await first(keys.log_pq),
      witnesses: own.witnesses.length ? own.witnesses : await readKeys((keys.witnesses ?? []).join(' '))
    }
  }
  return {
    quorum: own.quorum,
    centre: own.centre,
    ownLog: own.log,
    ownWitnesses: own.witnesses,
    ownRoots: own.roots,
    keys: () => (found ??= read()),
    roots: async () => own.roots ?? (pack.has(ROOTS) ? rootsFrom(new TextDecoder().decode(await pack.read(ROOTS))) : []),
    pinned: { log: !!own.log, log_pq: !!own.logPq, witnesses: own.witnesses.length > 0, centre: !!own.centre, roots: !!own.roots }
  }
}

/** Checks a pack, and its renewals where they are given. `told` hears of progress: {done, total} in bytes, and the name of the check. */
export async function verify(file, given, told = () => {}, renewed = null) {
  const own = await readAnchors(given)
  const pack = await Pack.open(file)
  const anchors = anchorsFor(pack, own)
  const reading = new Case(pack, anchors)
  const notes = []
  const checks = []
  const progress = { done: 0, total: 2 * pack.bytes }
  for (const [name, check] of Object.entries(renewed ? { ...CHECKS, renewals } : CHECKS)) {
    const problems = []
    await told({ ...progress, name })
    const fail = (place, zh, en) => problems.push({ place, zh, en })
    await check({
      pack, reading, anchors, fail, file: renewed,
      note: (zh, en) => notes.push({ zh, en }),
      told: bytes => {
        progress.done += bytes
        return told({ ...progress, name })
      }
    }).catch(error => {
      if (error instanceof Problem) fail(error.place, error.zh, error.en)
      else fail('', `无法检查：${error.message}`, `could not be checked: ${error.message}`)
    })
    checks.push({ name, ok: problems.length === 0, problems: problems.slice(0, MOST_PROBLEMS), more: Math.max(0, problems.length - MOST_PROBLEMS) })
  }
  return { ...await describe(pack), ok: checks.every(check => check.ok), checks, notes: [...unpinned(anchors), ...notes], keys_pinned: anchors.pinned.log, pinned: anchors.pinned, quorum: anchors.quorum }
}

async function describe(pack) {
  const catalogue = await pack.document('catalogue.json').catch(() => null)
  return { file: pack.file.name, bytes: pack.file.size, lot: String(catalogue?.lot ?? ''), project: String(catalogue?.project ?? ''), stage: String(catalogue?.stage ?? '') }
}

const NAMES = {
  log: ['日志公钥', 'the key of the log'], log_pq: ['日志的第二公钥', 'the second key of the log'], witnesses: ['见证方公钥', 'the keys of the witnesses'],
  centre: ['中心公钥', 'the key of the centre'], roots: ['时间戳机构的根证书', 'the roots of the time-stamping authorities']
}

function unpinned({ pinned }) {
  const missing = Object.entries(NAMES).filter(([name]) => !pinned[name]).map(([, names]) => names)
  if (!missing.length) return []
  return [{
    zh: `您没有提供${missing.map(([zh]) => zh).join('、')}，使用的是归档包自带的：就此而言，核验只说明归档包前后一致。`,
    en: `You did not give ${missing.map(([, en]) => en).join(', ')}; those of the pack were used. In this the verification shows only that the pack agrees with itself.`
  }]
}
