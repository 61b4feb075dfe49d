// Signs a withdrawal with the key of this device before the form is sent, so that nobody but the
// bidder can take a bid out. The forms are in templates/sealed/lot.html.

import { get, post } from './http.js'
import { base64, checkAnswer, concat, hex, unhex, utf8 } from './protocol.js'
import { signingKey } from './recovery.js'
import { sayError } from './words.js'

async function sign (form) {
  const answer = await get(form.dataset.sessionHref)
  const { id } = await checkAnswer(answer)
  const key = await signingKey(answer.bidder)
  if (!answer.signing_keys.includes(hex(key.publicKey))) {
    await post(form.dataset.keysHref, { public: base64(key.publicKey) }, `key-${hex(key.publicKey)}`)
  }
  const message = concat(utf8('mingtang/v1/withdraw\0'), unhex(id), unhex(form.dataset.digest))
  return base64(new Uint8Array(await crypto.subtle.sign('Ed25519', key.privateKey, message)))
}

function begin (form) {
  const problem = form.querySelector('[data-problem]')
  form.addEventListener('submit', async event => {
    if (form.elements.signature.value) return
    event.preventDefault()
    problem.hidden = true
    try {
      form.elements.signature.value = await sign(form)
      form.requestSubmit(form.querySelector('button'))
    } catch (error) {
      problem.textContent = sayError(error)
      problem.hidden = false
    }
  })
}

document.querySelectorAll('[data-withdraw]').forEach(begin)
