// Gives the bidder's half KB in the opening hall, from this device or from the recovery file.
//
// Markup: <… data-decrypt data-digest="bid" data-session="id" data-href="halves of the lot">
//   [data-decrypt-device] button · input[type=file][data-recovery-file] ·
//   input[data-recovery-passphrase] · [data-decrypt-file] button · [data-decrypt-status]

import { post } from './http.js'
import { isPasskeyFile, openPasskeyFile } from './passkey.js'
import { Refusal, base64 } from './protocol.js'
import { openRecovery, takeHalf } from './recovery.js'
import { say, sayError } from './words.js'

/** KB from this device. Raises Refusal ``device.no_half`` or ``device.storage``. */
export async function halfOfDevice (digest) {
  const kb = await takeHalf(digest)
  if (!kb) throw new Refusal('device.no_half')
  return kb
}

/** KB from a recovery file, or from one that a passkey opens; it must be that of this very bid. */
export async function halfOfFile (file, passphrase, { session, digest }) {
  if (!file) throw new Refusal('recovery.no_file')
  const data = new Uint8Array(await file.arrayBuffer())
  const found = isPasskeyFile(data) ? await openPasskeyFile(data) : await openRecovery(passphrase, data)
  if (found.digest !== digest || (session && found.session !== session)) throw new Refusal('recovery.other_bid')
  return found.kb
}

export const giveHalf = (href, digest, kb) => post(href, { digest, kb: base64(kb) }, `half-${digest}`)

/** Wire one card of the hall. */
export function startDecrypt (root) {
  const { digest, session, href } = root.dataset
  const find = name => root.querySelector(`[data-${name}]`)
  const buttons = root.querySelectorAll('button')

  async function run (take) {
    for (const button of buttons) button.disabled = true
    find('decrypt-status').textContent = say('half.giving')
    try {
      await giveHalf(href, digest, await take())
      find('decrypt-status').textContent = say('half.given')
      root.dataset.given = 'yes'
    } catch (error) {
      find('decrypt-status').textContent = sayError(error)
      for (const button of buttons) button.disabled = false
    }
    const field = find('recovery-passphrase')
    if (field) field.value = ''
  }

  find('decrypt-device').addEventListener('click', () => run(() => halfOfDevice(digest)))
  find('decrypt-file').addEventListener('click', () => run(() =>
    halfOfFile(find('recovery-file').files[0], find('recovery-passphrase').value, { session, digest })))
  for (const button of buttons) button.disabled = false
  root.dataset.ready = 'yes'
}
