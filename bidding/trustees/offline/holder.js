// A key holder as bidding/trustees/trustee.py has it: everything follows from one root of 32 bytes.

import { ml_kem768_x25519 as xWing } from '@noble/post-quantum/hybrid.js'
import * as gm from '../../sealed/static/gm.js'
import {
  Refusal, SUITE, base64, checkSession, concat, derive, encode, hex, isSame, preKeyMessage, sessionId, unbase64, unhex, utf8
} from '../../sealed/static/protocol.js'
import { sm2Scalar } from '../../sealed/static/seal.js'

/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410). */
const PKCS8 = unhex('302e020100300506032b657004220420')

function u32 (number) {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}

function u64 (number) {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number))
  return bytes
}

const tag = name => utf8(`mingtang/v1/${name}\0`)
export const canaryMessage = body => concat(tag('canary'), encode(body))
export const releaseMessage = body => concat(tag('release'), encode(body))

/** The public key of a pre-key's seed in a suite. */
export async function publicKeyOf (suite, seed) {
  if (suite === SUITE) return xWing.keygen(seed).publicKey
  await gm.load()
  const sm2 = gm.publicKeyOf(await sm2Scalar(seed))
  return suite === 'gm-1' ? sm2 : concat(xWing.keygen(seed).publicKey, sm2)
}

export class Holder {
  static async of (root) {
    if (root.length !== 32) throw new Refusal('tool.root')
    const holder = new Holder()
    const data = concat(PKCS8, await derive(root, utf8('identity'), 32))
    const identity = await crypto.subtle.importKey('pkcs8', data, 'Ed25519', true, ['sign'])
    const { x } = await crypto.subtle.exportKey('jwk', identity)
    holder.root = root
    holder.publicKey = unbase64(`${x.replaceAll('-', '+').replaceAll('_', '/')}=`)
    holder.identity = await crypto.subtle.importKey('pkcs8', data, 'Ed25519', false, ['sign'])
    return holder
  }

  seedOf (number) {
    return derive(this.root, concat(utf8('trustee\0'), u32(number)), 32)
  }

  async sign (message) {
    return base64(new Uint8Array(await crypto.subtle.sign('Ed25519', this.identity, message)))
  }

  /** This holder's row of a session whose key is really its own. */
  async ourRow (document) {
    const session = checkSession(document)
    const ours = session.trustees.find(trustee => isSame(unbase64(trustee.sig_key), this.publicKey))
    if (!ours) throw new Refusal('trustee.not_in_session')
    const expected = await publicKeyOf(session.suite, await this.seedOf(ours.pre_key))
    if (!isSame(unbase64(ours.kem_pk), expected)) throw new Refusal('trustee.other_key')
    return { session, ours, name: await sessionId(session) }
  }

  /** A signed batch of public keys of one suite. */
  async preKeys (first, count, suite) {
    const batch = []
    for (let number = first; number < first + count; number++) {
      const key = await publicKeyOf(suite, await this.seedOf(number))
      batch.push({ number, kem_pk: base64(key), sig: await this.sign(preKeyMessage(number, key)) })
    }
    return batch
  }

  /** The header that shows who asks for a bundle; good for five minutes. */
  async ask (session, at) {
    const signature = await this.sign(concat(tag('ask'), unhex(session), u64(at)))
    return `Trustee ${hex(this.publicKey)} ${at} ${signature}`
  }
}
