// Prices in envelopes of their own: opened after the committee judged the rest, and only of bidders that passed.

import { equal } from './bytes.js'
import { canonical, idOf, isObject } from './canonical.js'
import { ended } from './origins.js'
import { releases } from './releases.js'

const JUDGED = '30-evaluation/technical.json'
const RECORD = '15-opening/record.json'

const same = (one, other) => equal(canonical(one ?? null), canonical(other ?? null))
const sorted = values => [...values].sort()

/** Digests of price envelopes that stay shut, after all that must hold of two envelopes. */
export async function leftShut(reading, known, sealed, gone, fail) {
  const over = await ended(reading)
  const named = name => [...known.values()].filter(({ id, document }) => document.envelope === name && !over.has(id))
  const [[price], [technical], [whole]] = [named('price'), named('technical'), named('bid')]
  if (Boolean(price) !== Boolean(technical) || (technical && whole)) fail('00-policy/', '技术标信封和报价信封没有成对', 'has technical and price envelopes that do not stand together')
  if (!price) return new Set()
  const prices = sealed.filter(({ digest, header }) => header.ctx.session === price.id && !gone.has(digest))
  const asked = (await reading.events('window.closed')).filter(({ event }) => event.session === price.id)
  const shut = new Set((await shutOf(reading, price, prices, asked, fail)).map(({ digest }) => digest))
  for (const { path, session, body } of (await releases(reading)).found) {
    if (session === price && body.releases.some(({ digest }) => shut.has(digest))) fail(path, '释放了不予开启的报价信封的份额', 'gives away a share of a price envelope that stays shut')
  }
  for (const { folder, digest } of prices) {
    const more = reading.pack.below(`${folder}/`).filter(path => ![`${folder}/header.json`, `${folder}/filing.json`].includes(path))
    if (shut.has(digest) && more.length) fail(more[0], '不予开启的报价信封不应留有内容', 'is left of a price envelope that stays shut')
  }
  return shut
}

async function shutOf(reading, price, prices, asked, fail) {
  if (asked.length === 0) return prices
  const report = await technicalReport(reading)
  const wrong = (zh, en) => fail(JUDGED, zh, en)
  if (!isObject(report) || ![report.rejected, report.keep, report.shut].every(Array.isArray)) {
    wrong('不是技术标评审报告', 'is no report of the technical evaluation')
    return prices
  }
  const id = await idOf('technical', report)
  const judged = await reading.events('evaluation.technical')
  if (judged.length !== 1 || asked.length !== 1 || judged[0].index > asked[0].index) wrong('报价不是在技术标评审之后一次开启', 'prices were not opened once, after the technical evaluation')
  const [said, window] = [judged[0]?.event, asked[0].event]
  const isLogged = said && same([said.report, said.session, said.keep, said.shut], [id, price.id, report.keep, report.shut])
  if (!isLogged || !same([report.session, window.technical, window.shut], [price.id, id, report.shut])) wrong('与开启报价前记入日志的不符', 'is not what was logged before the prices were opened')
  const passed = await passedIn(reading, report)
  const [keep, shut] = [prices.filter(({ header }) => passed.has(header.ctx.bidder)), prices.filter(({ header }) => !passed.has(header.ctx.bidder))]
  const digests = bids => sorted(bids.map(({ digest }) => digest))
  if (!same(sorted(report.keep), digests(keep)) || !same(sorted(new Set(report.shut)), digests(shut))) wrong('准予开启的报价信封与通过评审的投标人不符', 'lets other price envelopes be opened than those of who passed')
  return shut
}

/** The report of the technical evaluation, null where there is none. */
export async function technicalReport(reading) {
  return reading.pack.has(JUDGED) ? reading.pack.document(JUDGED) : null
}

/** Bidders whose technical envelope was opened and not rejected. */
async function passedIn(reading, report) {
  const out = new Set(report.rejected.map(item => item?.digest))
  const rows = reading.pack.has(RECORD) ? (await reading.pack.document(RECORD)).record?.bids : []
  return new Set((Array.isArray(rows) ? rows : []).filter(row => row?.outcome === 'opened' && !out.has(row.digest)).map(row => row.bidder))
}
