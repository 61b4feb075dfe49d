// Check 4: bids, and contributions to draws, are signed, in the log before the close, and all here.

import { isSigned, unbase64, unhex } from './bytes.js'
import { hasFields, idOf, isText } from './canonical.js'
import { headerFault } from './documents.js'

const isKeys = keys => Array.isArray(keys) && keys.every(key => unhex(key, 32))
const BID_FILING = { signature: isText, keys: isKeys }
const CONTRIBUTION_FILING = { contributor: isText, signature: isText, fault: isText }

export async function bids({ reading, fail }) {
  const { found, problems } = await reading.bids()
  for (const problem of problems) fail(problem.place, problem.zh, problem.en)
  const known = (await reading.sessions()).found
  const closes = await reading.closes()
  const commits = await reading.events('bid.commit', 'draw.commit')
  const withdrawals = await reading.events('bid.withdraw')
  for (const bid of found) {
    await checkBid(bid, known, commits, closes, fail)
    await checkWithdrawals(bid, withdrawals, fail)
  }
  const revealed = new Set((await reading.events('draw.revealed')).map(({ event }) => event.session))
  const here = new Map([[true, new Set()], [false, new Set()]])
  for (const bid of found) here.get(bid.isBid).add(bid.digest)
  for (const { index, event } of commits) {
    const isBid = event.type === 'bid.commit'
    if ((isBid || revealed.has(event.session)) && !here.get(isBid).has(event.bid_digest)) {
      fail('90-log/entries.json', `第 ${index} 号记载的投标不在归档包中`, `the bid of entry ${index} is not in the pack`)
    }
  }
}

async function checkBid({ folder, digest, header, filing, isBid }, known, commits, closes, fail) {
  const place = `${folder}/header.json`
  if (await idOf('bid', header).catch(() => '') !== digest) fail(place, '哈希与文件夹名不符', 'does not hash to the name of its folder')
  const session = known.get(header.ctx.session)
  if (!session) {
    fail(place, '所属会话不在归档包中', 'belongs to no session of the pack')
    return
  }
  const fault = headerFault(header, session.document)
  if (fault) fail(place, '文件头不符合会话', fault)
  const keys = signingKeys(filing, header, session, isBid)
  if (!keys) fail(`${folder}/filing.json`, '不是有效的递交记录', 'is no valid filing')
  else if (!await isSignedByOne(keys, unbase64(filing.signature), unhex(digest, 32))) fail(`${folder}/filing.json`, '签名不成立', 'its signature does not hold')
  const commit = commits.find(({ event }) => event.type === (isBid ? 'bid.commit' : 'draw.commit') &&
    event.bid_digest === digest && event.session === session.id && event.bidder === header.ctx.bidder)
  if (!commit) fail(place, '日志中没有此人的这份投标', 'is not in the log under this bidder')
  else {
    const own = closes.filter(({ event }) => event.session === session.id)
    if (!own.length) fail(place, '日志中没有其会话的截止', 'belongs to a session that was never closed')
    else if (own.some(({ index }) => index <= commit.index)) fail(place, '在截止之后才进入日志', 'came into the log after the close')
  }
}

/** Only the bidder takes a bid out again: its own key signed session and digest. */
async function checkWithdrawals({ folder, digest, header, filing }, withdrawals, fail) {
  const keys = hasFields(filing, BID_FILING) ? filing.keys.map(key => unhex(key)) : []
  const session = unhex(header.ctx.session, 32)
  for (const { event } of withdrawals) {
    if (event.bid_digest !== digest || event.bidder !== header.ctx.bidder) continue
    const message = session && Uint8Array.from([...new TextEncoder().encode('mingtang/v1/withdraw\0'), ...session, ...unhex(digest, 32)])
    if (!isText(event.sig) || !await isSignedByOne(keys, unbase64(event.sig), message)) {
      fail(`${folder}/header.json`, '撤回没有投标人的签名', 'withdrawn without the signature of its bidder')
    }
  }
}

/** Keys of which one must have signed: those of the filing, or the contributor's own as a trustee. */
function signingKeys(filing, header, session, isBid) {
  if (isBid) return hasFields(filing, BID_FILING) ? filing.keys.map(key => unhex(key)) : null
  if (!hasFields(filing, CONTRIBUTION_FILING) || filing.contributor !== header.ctx.bidder) return null
  return session.document.trustees.filter(trustee => trustee.org === filing.contributor).map(trustee => unbase64(trustee.sig_key))
}

async function isSignedByOne(keys, signature, message) {
  for (const key of keys) if (message && await isSigned(key, signature, message)) return true
  return false
}
