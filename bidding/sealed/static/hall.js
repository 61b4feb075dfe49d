// Starts the bidder's card of the opening hall, also when it comes only at the close.
import { startDecrypt } from './decrypt.js'
import { missing } from './support.js'
import { say } from './words.js'

function start () {
  for (const root of document.querySelectorAll('[data-decrypt]:not([data-seen])')) {
    root.dataset.seen = 'yes'
    missing().then(what => {
      // Giving a half needs no signature, so a browser without Ed25519 will do.
      if (what && what !== 'ed25519') root.querySelector('[data-decrypt-status]').textContent = say(`missing.${what}`)
      else startDecrypt(root)
    })
  }
}

start()
document.addEventListener('parts:fresh', start)
