// What key holders gave away: each release signed by its holder, and not before its session opens.

import { Problem, concat, isSigned, tagBytes, unbase64 } from './bytes.js'
import { canonical, hasFields, isText } from './canonical.js'
import { isRelease } from './documents.js'

const RELEASES = '10-bids/releases/'

/** The releases of these envelopes, each signed by its trustee and after the opening. */
export async function checkReleases(reading, isMeant, fail) {
  const { found, problems } = await releases(reading)
  for (const { place, zh, en } of problems) if (isMeant(place.slice(RELEASES.length))) fail(place, zh, en)
  for (const { path, session, body, sig } of found) {
    if (!isMeant(session.document.envelope)) continue
    const trustee = session.document.trustees.find(item => item.i === body.trustee)
    const message = concat(tagBytes('release'), canonical(body))
    if (!await isSigned(unbase64(trustee?.sig_key), unbase64(sig), message)) fail(path, '密钥持有人的签名不成立', 'the signature of the trustee does not hold')
    if (body.released_at < session.opens) fail(path, '早于开启时间释放', 'is dated before the session opens')
  }
}

/** All releases of the pack with their sessions. */
export function releases(reading) {
  return reading.once('releases', async () => {
    const known = (await reading.sessions()).found
    const [found, problems] = [[], []]
    for (const path of reading.pack.below(RELEASES)) {
      const file = await reading.pack.document(path).catch(() => null)
      const session = known.get(file?.body?.session)
      if (!hasFields(file, { body: isRelease, sig: isText }) || !session) problems.push(new Problem(path, '不是本案会话的密钥份额', 'is no release of a session of the pack'))
      else found.push({ path, session, ...file })
    }
    return { found, problems }
  })
}
