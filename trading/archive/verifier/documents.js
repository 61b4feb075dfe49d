// Shapes of sessions, amendments, headers, releases and manifests (sections 2.2, 2.3, 2.4, 2.5 and 2.7).

import { isHex32, unbase64 } from './bytes.js'
import { hasShape, isInt, isObject, isText } from './canonical.js'
import { SUITES } from './suites.js'

const MOST_TRUSTEES = 15
export const PART = 8 * 1024 * 1024
const POLICIES = ['TB', 'T', 'B']
const ENVELOPE = /^(bid|technical|price|reserve|offer-[1-9][0-9]{0,2}|draw(-[a-z]{1,14})?)$/

const isList = Array.isArray
const isBase64 = value => typeof value === 'string' && value.length <= 8000 && unbase64(value) !== null
const isTexts = value => isList(value) && value.every(isText)

const SESSION = {
  v: isInt, suite: isText, tender: isText, lot: isText, envelope: isText, nonce: isHex32, deadline: isInt, open_not_before: isInt,
  bidder_window_s: isInt, policy: isText, k: isInt, trustees: isList, log_origin: isText, witnesses: isList, tsa: isTexts,
  max_bytes: isInt, seal_tool_sha256: isText
}
const TRUSTEE = { i: isInt, org: isText, kem_pk: isBase64, sig_key: isBase64, cert_sha256: isText, pre_key: isInt, pre_key_sig: isBase64 }
const AMENDMENT = { v: isInt, session: isHex32, previous: isHex32, deadline: isInt, open_not_before: isInt }
const HEADER = { v: isInt, ctx: isObject, policy: isText, k: isInt, shares: isList, kt_commit: isText, kb_commit: isText, payload: isObject }
const CONTEXT = { session: isHex32, tender: isText, lot: isText, envelope: isText, bidder: isText, deadline: isInt, suite: isText, nonce: isHex32 }
const SHARE = { i: isInt, wrap: isBase64, commit: isHex32 }
const PAYLOAD = { len: isInt, parts: isList }
const RELEASES = { session: isHex32, trustee: isInt, released_at: isInt, releases: isList }
const RELEASE = { digest: isHex32, p: value => value === '' || isBase64(value), fault: isText }
const MANIFEST = { v: isInt, lot: isText, bidder: isText, offer: isObject, files: isList }
const FILE = { name: isText, bytes: isInt, sha256: isHex32 }

const WORK = { days: isInt, quality: isText, statement: isText }
const PRICE = { price_fen: isInt }
const DRAWN = { value: isHex32 }

function offerShape(envelope) {
  if (envelope.startsWith('draw')) return DRAWN
  return { technical: WORK, price: PRICE, reserve: PRICE }[envelope] ?? { ...PRICE, ...WORK }
}

/** Why a document is no session, or nothing. */
export function sessionFault(session) {
  if (!hasShape(session, SESSION) || !session.witnesses.every(key => typeof key === 'string') ||
      !session.trustees.every(trustee => hasShape(trustee, TRUSTEE))) return 'has not the shape of a session'
  const { v, suite, policy, k, trustees, envelope } = session
  if (v !== 1 || !Object.hasOwn(SUITES, suite) || !POLICIES.includes(policy) || !ENVELOPE.test(envelope)) return 'has an unknown version, suite, policy or envelope'
  const n = trustees.length
  const organisations = new Set(trustees.map(trustee => trustee.org))
  const counted = policy === 'B' ? k === 0 && n === 0 : n < 2 * k && k <= n && n <= MOST_TRUSTEES
  if (!counted || organisations.size !== n || !trustees.every((trustee, at) => trustee.i === at + 1)) return 'has a wrong set of trustees'
  if (session.deadline > session.open_not_before) return 'opens before its deadline'
  if (!trustees.every(trustee => SUITES[suite].isKey(unbase64(trustee.kem_pk)))) return 'has a key of another suite'
  return ''
}

export const isAmendment = document => hasShape(document, AMENDMENT) && document.v === 1

/** Why a header is none of this session, or nothing: the checks of section 2.5. */
export function headerFault(header, session) {
  if (!hasShape(header, HEADER) || !hasShape(header.ctx, CONTEXT) || !hasShape(header.payload, PAYLOAD) ||
      !header.shares.every(share => hasShape(share, SHARE))) return 'has not the shape of a header'
  const { ctx, policy, k, shares, kt_commit, kb_commit, payload } = header
  if (header.v !== 1 || ctx.suite !== session.suite) return 'is of another version or suite'
  if (policy !== session.policy || k !== session.k) return 'is of another policy'
  if (shares.length !== session.trustees.length || !shares.every((share, at) => share.i === at + 1)) return 'has wrong shares'
  if (!['tender', 'lot', 'envelope', 'deadline'].every(name => ctx[name] === session[name])) return 'belongs to another session'
  const fits = (commit, due) => due ? isHex32(commit) : commit === ''
  if (!fits(kt_commit, policy !== 'B') || !fits(kb_commit, policy !== 'T')) return 'has wrong commitments'
  if (payload.len < 1 || payload.len > session.max_bytes) return 'is too large'
  if (payload.parts.length !== Math.ceil(payload.len / PART) || !payload.parts.every(isHex32)) return 'has wrong parts'
  return ''
}

export const isRelease = body => hasShape(body, RELEASES) && body.releases.every(item => hasShape(item, RELEASE))

/** Why a manifest is none of this header, or nothing. */
export function manifestFault(manifest, { lot, bidder, envelope }) {
  if (!hasShape(manifest, MANIFEST) || manifest.v !== 1 || !manifest.files.every(file => hasShape(file, FILE)) ||
      !hasShape(manifest.offer, offerShape(envelope))) return 'the manifest has another shape'
  if (manifest.lot !== lot || manifest.bidder !== bidder) return 'the manifest names another lot or bidder'
  const names = manifest.files.map(file => file.name)
  if (new Set(names).size !== names.length || !names.every(isName)) return 'the manifest has a name that is not allowed'
  return ''
}

// eslint-disable-next-line no-control-regex -- these letters are what must not be there
const FORBIDDEN = /[/\\\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/
const isName = name => name !== '' && !['.', '..', 'manifest.json', '.padding'].includes(name) &&
  new TextEncoder().encode(name).length <= 180 && !FORBIDDEN.test(name)
