// Check 3: sessions and their amendments.

import { concat, isSigned, tagBytes, u32, unbase64, unhex } from './bytes.js'
import { hasFields, isText } from './canonical.js'
import { isAmendment, sessionFault } from './documents.js'

export async function sessions({ reading, fail, note }) {
  const { found, problems } = await reading.sessions()
  for (const problem of problems) fail(problem.place, problem.zh, problem.en)
  const signed = new Set((await reading.events('session.countersigned')).map(({ event }) => event.document))
  for (const { id, document } of found.values()) {
    if (signed.has(id) || document.envelope.startsWith('draw')) continue
    note(`会话 ${document.envelope} 只有交易中心签名，招标人没有签名。`, `The session of ${document.envelope} was signed by the centre alone, not by the purchaser.`)
  }
}

const isByCentre = (reading, key, sig, id) =>
  isSigned(reading.centreKey(key), unbase64(sig), concat(tagBytes('session'), unhex(id)))

/** Everything that must hold of a session before anything else may rest on it. */
export async function checkSession(session, reading, fail) {
  const { path, document, id } = session
  const fault = sessionFault(document)
  if (fault) {
    fail(path, '不是有效的会话文件', fault)
    return
  }
  if (!await isByCentre(reading, session.centreKey, session.sig, id)) fail(path, '交易中心的签名不成立', 'the signature of the centre does not hold')
  for (const trustee of document.trustees) {
    const message = concat(tagBytes('pre-key'), u32(trustee.pre_key), unbase64(trustee.kem_pk))
    if (!await isSigned(unbase64(trustee.sig_key), unbase64(trustee.pre_key_sig), message)) fail(path, `第 ${trustee.i} 位密钥持有人的预备密钥签名不成立`, `trustee ${trustee.i} did not sign its pre-key`)
  }
  await checkAmendments(session, reading, fail)
  await checkCountersigned(session, reading, fail)
  await checkInLog(session, reading, fail)
}

async function checkAmendments(session, reading, fail) {
  let before = { id: session.id, document: session.document }
  for (const amendment of session.amendments) {
    const { path, document, sig, id } = amendment
    if (!isAmendment(document)) {
      fail(path, '不是有效的会话变更', 'is no amendment')
      continue
    }
    if (document.session !== session.id || document.previous !== before.id) fail(path, '没有接续前一文件', 'does not follow the one before')
    if (document.open_not_before < before.document.open_not_before || document.deadline < before.document.deadline) fail(path, '把时间提前了', 'moves a time forward')
    if (!await isByCentre(reading, session.centreKey, sig, id)) fail(path, '交易中心的签名不成立', 'the signature of the centre does not hold')
    before = amendment
  }
}

const COUNTERSIGNED = { session: isText, document: isText, organisation: isText, key: isText, sig: isText }

/** What the purchaser signed beside the centre is this session or a change of it, as the log says. */
async function checkCountersigned({ id, document, amendments }, reading, fail) {
  const prefix = `00-policy/countersigned-${document.envelope}-`
  const said = (await reading.events('session.countersigned')).map(({ event }) => event).filter(event => event.session === id)
  const known = new Set([id, ...amendments.map(amendment => amendment.id)])
  const here = new Set()
  for (const path of reading.pack.below(prefix).filter(name => /^[0-9]+\.json$/.test(name.slice(prefix.length)))) {
    const paper = await reading.pack.document(path)
    const event = hasFields(paper, COUNTERSIGNED) && said.find(one => one.document === paper.document)
    const holds = event && paper.session === id && known.has(paper.document) &&
      ['organisation', 'key', 'sig'].every(fact => event[fact] === paper[fact]) && unhex(paper.key, 32) &&
      await isSigned(unhex(paper.key, 32), unbase64(paper.sig), concat(tagBytes('purchaser'), unhex(paper.document, 32)))
    if (holds) here.add(paper.document)
    else fail(path, '招标人的签名不成立', 'the signature of the purchaser does not hold')
  }
  if (said.some(event => !here.has(event.document))) fail(prefix, '缺少日志记载的招标人签名', 'lacks a signature of the purchaser that the log has')
}

/** The log amended it as often as the pack does, and closed it under the last amendment. */
async function checkInLog({ path, id, inForce, amendments }, reading, fail) {
  const own = new Set(amendments.map(amendment => amendment.id))
  for (const { index, event } of await reading.events('session.amended')) {
    if (event.session === id && !own.has(event.amendment)) fail(path, `缺少日志第 ${index} 号记载的会话变更`, `lacks the amendment of entry ${index}`)
  }
  for (const { index, event } of await reading.closes()) {
    if (event.session === id && event.in_force !== inForce) fail(path, `日志第 ${index} 号的截止不是按最后一次变更作出的`, `entry ${index} closed it under another amendment`)
  }
}
