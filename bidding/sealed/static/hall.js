// Starts the bidder's card of the opening hall, when the page has one.
import { startDecrypt } from './decrypt.js'
import { missing } from './support.js'
import { say } from './words.js'

for (const root of document.querySelectorAll('[data-decrypt]')) {
  missing().then(what => {
    // Giving a half needs no signature, so a browser without Ed25519 will do.
    if (what && what !== 'ed25519') root.querySelector('[data-decrypt-status]').textContent = say(`missing.${what}`)
    else startDecrypt(root)
  })
}
