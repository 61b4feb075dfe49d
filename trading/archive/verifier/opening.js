// Check 8: what was opened is what was sealed. Its parts serve check 9 as well.

import { Problem, concat, equal, hex, isSigned, tagBytes, tagged, u8, unbase64, unhex, utf8 } from './bytes.js'
import { canonical, hasFields, idOf, isCanonical, isObject, isText, parse } from './canonical.js'
import { PART, headerFault, manifestFault } from './documents.js'
import { ended } from './origins.js'
import { contentOf, entriesOf, hashesOf, isLink } from './pack.js'
import { checkReleases, releases } from './releases.js'
import { checkReserve } from './reserve.js'
import { choices, valueAt } from './shares.js'
import { CHUNK, HEAD, SUITES, TAG, derive, payloadOpener, suiteHash } from './suites.js'
import { leftShut } from './two_envelopes.js'

/** Chunks that are decrypted side by side, four MiB together. */
const BATCH = 256
const DISPUTES = '10-bids/disputes/'
const MANIFEST_MOST = 1024 * 1024
const RECORD = { record: isObject, sig: isText, centre_key: isText }

export async function opening({ pack, reading, fail, told, note }) {
  await checkReleases(reading, envelope => !envelope.startsWith('draw'), fail)
  const records = await readRecords(reading, fail)
  const known = (await reading.sessions()).found
  const over = await ended(reading)
  const gone = await reading.gone()
  await checkReserve(reading, known, gone, fail)
  const sealed = (await reading.bids()).found.filter(bid => bid.isBid)
  for (const digest of gone) {
    for (const path of pack.below(`10-bids/${digest}/`)) if (!path.endsWith('.json')) fail(path, '已撤回或被替换的投标不应留有内容', 'is left of a bid that was withdrawn or replaced')
  }
  const shut = await leftShut(reading, known, sealed, gone, fail)
  for (const { path, record } of records) {
    const session = over.has(record.session) ? undefined : known.get(record.session)
    if (!session) {
      fail(path, '所属会话不在归档包中', 'belongs to no session of the pack')
      continue
    }
    const live = new Map(sealed.filter(bid => bid.header.ctx.session === session.id && !gone.has(bid.digest) && !shut.has(bid.digest)).map(bid => [bid.digest, bid]))
    const named = new Set(record.bids.map(row => row.digest))
    for (const digest of live.keys()) if (!named.has(digest)) fail(path, `没有写明投标 ${digest.slice(0, 16)}…`, `does not name bid ${digest.slice(0, 16)}…`)
    if (named.size !== record.bids.length) fail(path, '同一投标写了两次', 'names a bid twice')
    for (const row of record.bids) await checkRow(row, live.get(row.digest), { path, session, reading, fail, told, note })
  }
}

async function checkRow(row, bid, context) {
  const { path, fail } = context
  if (!bid) fail(path, `投标 ${String(row.digest).slice(0, 16)}… 不在归档包中`, `names bid ${String(row.digest).slice(0, 16)}…, which is not here`)
  else if (row.bidder !== bid.header.ctx.bidder) fail(path, '投标人与文件头不符', 'names another bidder than the header')
  else if (row.outcome === 'opened') {
    try {
      const offer = await openBid(bid, context)
      if (!equal(canonical(offer), canonical(row.offer))) fail(path, `投标 ${bid.digest.slice(0, 16)}… 的报价与投标文件不符`, `states another offer than bid ${bid.digest.slice(0, 16)}… holds`)
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem
      fail(problem.place, problem.zh, problem.en)
    }
  } else if (row.offer !== null) fail(path, '没有开启的投标却写了报价', 'states an offer that was not opened')
}

/** Records of the pack; each is that of an entry of the log, and each entry has one. */
async function readRecords(reading, fail) {
  const due = (await reading.events('opening.recorded')).map(({ event }) => event.record)
  const [found, sessions] = [[], new Set()]
  for (const path of reading.pack.below('15-opening/record')) {
    const file = await reading.pack.document(path)
    if (!hasFields(file, RECORD) || !Array.isArray(file.record.bids) || !file.record.bids.every(isObject)) {
      fail(path, '不是开标记录', 'is no opening record')
      continue
    }
    const id = await idOf('record', file.record)
    if (due.includes(id)) due.splice(due.indexOf(id), 1)
    else fail(path, '不是记入日志的开标记录', 'is not the record that is in the log')
    if (sessions.has(file.record.session)) fail(path, '同一会话有两份开标记录', 'is a second record of its session')
    sessions.add(file.record.session)
    const message = concat(tagBytes('record'), canonical(file.record))
    if (!await isSigned(reading.centreKey(file.centre_key), unbase64(file.sig), message)) fail(path, '交易中心的签名不成立', 'the signature of the centre does not hold')
    found.push({ path, record: file.record })
  }
  if (due.length) fail('15-opening/', `缺少日志记载的开标记录 ${due.length} 份`, `lacks ${due.length} of the records that are in the log`)
  return found
}

/** Shares of a bid: what was released, and what a dispute brought to light. */
async function sharesOf({ digest }, { reading, session }) {
  const given = (await releases(reading)).found.filter(item => item.session === session)
    .flatMap(({ body }) => body.releases.filter(item => item.digest === digest).map(item => [body.trustee, item.p]))
  for (const path of reading.pack.below(DISPUTES)) {
    const { body, findings } = await reading.pack.document(path)
    if (body?.session !== session.id || !Array.isArray(findings)) continue
    given.push(...findings.filter(item => item?.digest === digest).map(item => [body.trustee, item.p]))
  }
  return given.map(([trustee, text]) => [trustee, unbase64(text, 66)]).filter(([trustee, share]) => share?.[0] === trustee)
}

const suiteOf = header => SUITES[header.ctx.suite]
const contextHash = header => suiteHash(suiteOf(header), 'ctx', canonical(header.ctx))

/** The trustees' half: k shares that fit their commitments and give what fits kt_commit. */
async function trusteesHalf(bid, ch, context) {
  const { header, folder } = bid
  const fitting = new Map()
  for (const [trustee, share] of await sharesOf(bid, context)) {
    const commitment = hex(await suiteHash(suiteOf(header), 'sc', concat(ch, share)))
    if (header.shares.find(item => item.i === trustee)?.commit === commitment) fitting.set(trustee, { x: share[1], y: share.slice(2, 34) })
  }
  const points = [...fitting.values()]
  for (const chosen of choices(points, header.k)) {
    if (new Set(chosen.map(({ x }) => x)).size < header.k) continue
    const secret = valueAt(0, chosen)
    if (hex(await suiteHash(suiteOf(header), 'kt', concat(ch, secret))) === header.kt_commit) return { secret, chosen }
  }
  throw new Problem(folder, `密钥份额不足以开启（${points.length} 份有效，需 ${header.k} 份）`, `its shares do not open it (${points.length} fit, ${header.k} are needed)`)
}

/** The bidder's half. */
async function biddersHalf({ header, folder }, ch, pack) {
  const half = await pack.document(`${folder}/half.json`)
  const secret = unhex(half?.kb, 32)
  if (!secret || hex(await suiteHash(suiteOf(header), 'kb', concat(ch, secret))) !== header.kb_commit) throw new Problem(`${folder}/half.json`, '不是文件头承诺的解密份额', 'is not the half that the header commits to')
  return secret
}

/** Key of the payload; shares that were dealt wrongly are told as a note. */
async function payloadKey(bid, ch, context) {
  const { header } = bid
  const trustees = header.policy === 'B' ? null : await trusteesHalf(bid, ch, context)
  const bidder = header.policy === 'T' ? null : await biddersHalf(bid, ch, context.reading.pack)
  const material = concat(u8(trustees ? 1 : 0), u8(bidder ? 1 : 0), trustees?.secret ?? utf8(''), bidder ?? utf8(''))
  const root = await derive(suiteOf(header), material, concat(utf8('root'), u8(0), ch), 64)
  if (trustees) await nameWrongShares(bid, ch, trustees.chosen, root.slice(32), context.note)
  return root.slice(0, 32)
}

async function nameWrongShares({ header, folder }, ch, chosen, blinding, note) {
  for (const { i, commit } of header.shares) {
    const blind = await derive(suiteOf(header), blinding, concat(utf8('blind'), u8(i)), 32)
    const share = concat(u8(i), u8(i), valueAt(i, chosen), blind)
    if (hex(await suiteHash(suiteOf(header), 'sc', concat(ch, share))) !== commit) note(`${folder}：投标人给第 ${i} 位密钥持有人的份额有误`, `${folder}: the bidder dealt trustee ${i} a wrong share`)
  }
}

/** The payload's parts behind one another, each compared with the header. */
async function payloadOf({ header, folder }, pack) {
  const parts = []
  const present = pack.below(`${folder}/payload.`)
  if (present.length !== header.payload.parts.length) throw new Problem(folder, '分块数与文件头不符', 'has another number of parts than the header')
  for (const [number, sha256] of header.payload.parts.entries()) {
    const path = `${folder}/payload.${String(number).padStart(4, '0')}.cob`
    const part = await pack.blob(path)
    const due = Math.min(PART, header.payload.len - number * PART)
    if (part.size !== due || pack.hashes.get(`data/${path}`)?.[0] !== sha256) throw new Problem(path, '与文件头中的哈希或长度不符', 'differs from its hash or length in the header')
    parts.push(part)
  }
  return new Blob(parts)
}

/** Decrypts a payload piece by piece and hands each to `take`. */
async function decrypt(bid, payload, ch, context, take) {
  const { header, folder } = bid
  const fault = headerFault(header, context.session.document)
  if (fault) throw new Problem(folder, '文件头不符合会话', fault)
  const unreadable = error => new Problem(folder, `载荷无法解密：${error.message}`, `its payload does not decrypt: ${error.message}`)
  const key = await payloadKey(bid, ch, context)
  const head = new Uint8Array(await payload.slice(0, HEAD).arrayBuffer())
  const open = await payloadOpener(suiteOf(header), key, head, ch).catch(error => { throw unreadable(error) })
  const sealed = CHUNK + TAG
  const chunks = Math.floor((payload.size - HEAD) / sealed) + 1
  if (payload.size < HEAD + TAG || (payload.size - HEAD) % sealed < TAG) throw unreadable(new Error('its last chunk'))
  for (let first = 0; first < chunks; first += BATCH) {
    const end = Math.min(first + BATCH, chunks)
    const block = new Uint8Array(await payload.slice(HEAD + first * sealed, HEAD + end * sealed).arrayBuffer())
    const numbers = Array.from({ length: end - first }, (_, at) => at)
    const opened = await Promise.all(numbers.map(at => open(first + at, block.slice(at * sealed, (at + 1) * sealed)))).catch(error => { throw unreadable(error) })
    await take(concat(...opened), first * CHUNK)
    await context.told(block.length)
  }
}

/** Opens a bid as section 2.7 says; gives its offer. */
async function openBid(bid, context) {
  const { reading, told } = context
  const { folder, header } = bid
  const ch = await contextHash(header)
  const payload = await payloadOf(bid, reading.pack)
  const plain = await reading.pack.blob(`${folder}/plain.zip`)
  const other = () => new Problem(`${folder}/plain.zip`, '不是载荷解密后的内容', 'is not what the payload decrypts to')
  let length = 0
  await decrypt(bid, payload, ch, context, async (piece, at) => {
    length += piece.length
    if (!equal(new Uint8Array(await plain.slice(at, at + piece.length).arrayBuffer()), piece)) throw other()
  })
  if (length !== plain.size) throw other()
  return (await readArchive(plain, header, `${folder}/plain.zip`, told)).offer
}

/** The value of a contribution to a draw, 32 bytes. */
export async function openContribution(contribution, context) {
  const { header, folder } = contribution
  const ch = await contextHash(header)
  const pieces = []
  await decrypt(contribution, await payloadOf(contribution, context.reading.pack), ch, context, async piece => pieces.push(piece))
  return unhex((await readArchive(new Blob(pieces), header, folder, context.told)).offer.value, 32)
}

/** Checks the archive inside a bid and gives its manifest. */
async function readArchive(blob, header, place, told) {
  const refuse = en => new Problem(place, `投标文件包不成立：${en}`, `the archive inside does not hold: ${en}`)
  let entries
  try {
    entries = await entriesOf(blob)
  } catch (error) {
    throw refuse(error.message)
  }
  if (entries.some(entry => entry.compressionMethod !== 0 || entry.encrypted || isLink(entry))) throw refuse('an entry that is not stored')
  if (entries[0]?.filename !== 'manifest.json' || entries.at(-1)?.filename !== '.padding') throw refuse('its first or last entry')
  if (entries[0].uncompressedSize > MANIFEST_MOST) throw refuse('its manifest is too large')
  const bytes = new Uint8Array(await (await contentOf(entries[0], blob).catch(error => { throw refuse(error.message) })).arrayBuffer())
  if (!isCanonical(bytes)) throw refuse('its manifest is not canonical')
  const manifest = parse(bytes)
  const fault = manifestFault(manifest, header.ctx)
  if (fault) throw refuse(fault)
  const files = entries.slice(1, -1)
  if (files.length !== manifest.files.length) throw refuse('the manifest lists other files')
  for (const [at, entry] of files.entries()) {
    const { name, bytes: size, sha256 } = manifest.files[at]
    const found = await hashesOf(entry, told).catch(error => { throw refuse(error.message) })
    if (entry.filename !== name || entry.uncompressedSize !== size || found[0] !== sha256) throw refuse(`${name} differs from the manifest`)
  }
  return manifest
}
