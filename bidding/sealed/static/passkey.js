// A copy of the bidder's half KB that opens with a passkey (WebAuthn, PRF extension): no passphrase to
// forget, and whoever finds the file has nothing without the authenticator. Format: docs/protocol.md, 2.9.
// A passkey belongs to the platform's address, so this works on its pages and not in the offline tool.

import { Refusal, base64, decode, derive, encode, random, shaped, unbase64, utf8 } from './protocol.js'

const FILE = { v: 'int', type: 'text', session: 'hex32', bid_digest: 'hex32', credential: 'b64', salt: 'b64', nonce: 'b64', box: 'b64' }
const TYPE = 'mingtang-passkey'
const WAIT_MS = 120000

/** Whether this browser knows passkeys at all; whether one can do PRF is seen when it is made. */
export const canUsePasskeys = () => typeof PublicKeyCredential === 'function' && !!navigator.credentials

async function asked (act) {
  let credential
  try {
    credential = await act()
  } catch (error) {
    throw new Refusal(error.name === 'NotAllowedError' ? 'passkey.refused' : 'passkey.unusable')
  }
  if (!credential) throw new Refusal('passkey.refused')
  return credential
}

async function makeCredential (bidder, lot, salt) {
  const made = await asked(() => navigator.credentials.create({
    publicKey: {
      rp: { name: document.title }, user: { id: random(16), name: `${lot} ${bidder}`, displayName: `${lot} ${bidder}` },
      challenge: random(32), pubKeyCredParams: [{ type: 'public-key', alg: -7 }, { type: 'public-key', alg: -257 }], timeout: WAIT_MS,
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' }, extensions: { prf: { eval: { first: salt } } }
    }
  }))
  if (made.getClientExtensionResults().prf?.enabled !== true) throw new Refusal('passkey.no_prf')
  return new Uint8Array(made.rawId)
}

/** The key that the passkey makes of a salt: 32 bytes that leave it only after the person was asked. */
async function passkeyKey (credential, salt) {
  const found = await asked(() => navigator.credentials.get({
    publicKey: {
      challenge: random(32), allowCredentials: [{ type: 'public-key', id: credential }], userVerification: 'required', timeout: WAIT_MS,
      extensions: { prf: { eval: { first: salt } } }
    }
  }))
  const output = found.getClientExtensionResults().prf?.results?.first
  if (!output) throw new Refusal('passkey.no_prf')
  const key = await derive(new Uint8Array(output), utf8('passkey'), 32)
  return crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

function bound (file) {
  const { box, ...rest } = file
  return encode(rest)
}

/** Make a passkey for one bid and the file that it opens, as bytes; the file is opened again before it counts. */
export async function makePasskeyFile (bidder, lot, { session, digest, kb }) {
  if (kb.length !== 32) throw new Refusal('seal.half_wrong')
  const [salt, nonce] = [random(32), random(12)]
  const credential = await makeCredential(bidder, lot, salt)
  const file = { v: 1, type: TYPE, session, bid_digest: digest, credential: base64(credential), salt: base64(salt), nonce: base64(nonce) }
  const key = await passkeyKey(credential, salt)
  const box = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData: bound(file) }, key, kb))
  return encode({ ...file, box: base64(box) })
}

/** Whether a file is one that a passkey opens. */
export function isPasskeyFile (data) {
  try {
    return decode(data).type === TYPE
  } catch (error) {
    return false
  }
}

/** Read such a file with its passkey: {session, digest, kb}. */
export async function openPasskeyFile (data) {
  const file = shaped(decode(data), FILE, 'passkey')
  const [salt, nonce, box] = [unbase64(file.salt), unbase64(file.nonce), unbase64(file.box)]
  if (file.v !== 1 || file.type !== TYPE || salt.length !== 32 || nonce.length !== 12 || box.length !== 48) {
    throw new Refusal('seal.document', { place: 'passkey' })
  }
  const key = await passkeyKey(unbase64(file.credential), salt)
  try {
    const kb = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce, additionalData: bound(file) }, key, box)
    return { session: file.session, digest: file.bid_digest, kb: new Uint8Array(kb) }
  } catch (error) {
    throw new Refusal('recovery.not_opened')
  }
}
