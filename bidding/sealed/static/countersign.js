// Signs a sealing session with the purchaser's key of this device. The page is templates/projects/sessions.html.

import { post } from './http.js'
import { base64, concat, unhex, utf8 } from './protocol.js'
import { signingKey } from './recovery.js'
import { sayError } from './words.js'

const problem = document.querySelector('[data-problem]')

async function sign ({ code, document: paper, href }) {
  const key = await signingKey(code)
  const message = concat(utf8('mingtang/v1/purchaser\0'), unhex(paper))
  const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', key.privateKey, message))
  await post(href, { public: base64(key.publicKey), signature: base64(signature) }, paper)
}

document.querySelectorAll('[data-countersign]').forEach(button => button.addEventListener('click', async () => {
  button.disabled = true
  problem.hidden = true
  try {
    await sign(button.dataset)
    location.reload()
  } catch (error) {
    problem.textContent = sayError(error)
    problem.hidden = false
    button.disabled = false
  }
}))
