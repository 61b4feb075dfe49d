// Applying for a live sale, agreeing to a joint bid, changing the device, signing the confirmation: each
// is signed by the organisation's key on this device. The pages are my_sale.html and seller.html.
import { post } from '../sealed/http.js'
import { base64, concat, encode, hex, utf8 } from '../sealed/protocol.js'
import { paddleKey, signingKey } from '../sealed/recovery.js'
import { sayError } from '../sealed/words.js'

const message = (kind, document) => concat(utf8(`mingtang/v1/${kind}\0`), encode(document))

/** Sign with the organisation's key, which is registered first if the platform does not know it. */
async function signed (data, bytes) {
  const key = await signingKey(data.bidder)
  if (!data.keys.split(',').includes(hex(key.publicKey))) await post('/api/v1/me/keys', { public: base64(key.publicKey) }, `key-${hex(key.publicKey)}`)
  return base64(new Uint8Array(await crypto.subtle.sign('Ed25519', key.privateKey, bytes)))
}

function partners (form) {
  return [...form.querySelectorAll('[data-partner]')].map(row => ({
    code: row.querySelector('[data-code]').value.normalize('NFKC').trim().toUpperCase(),
    share: Math.round(Number(row.querySelector('[data-share]').value.normalize('NFKC').trim() || 0) * 100)
  })).filter(partner => partner.code)
}

const ACTS = {
  async apply (element, data) {
    const pair = await paddleKey(data.lot, true)
    const listed = partners(element)
    const document = { v: 1, lot: data.lot, bidder: data.bidder, public: hex(pair.publicKey), partners: listed }
    await post(data.href, { public: base64(pair.publicKey), partners: listed, signature: await signed(data, message('auction-application', document)) })
  },
  async consent (element, data) {
    await post(data.href, { signature: await signed(data, message('auction-consent', { ...JSON.parse(data.document), partner: data.bidder })) })
  },
  async renew (element, data) {
    const pair = await paddleKey(data.lot, true)
    const document = { ...JSON.parse(data.document), public: hex(pair.publicKey) }
    await post(data.href, { public: base64(pair.publicKey), signature: await signed(data, message('auction-application', document)) })
  },
  async deal (element, data) {
    await post(data.href, { signature: await signed(data, message('confirmation', JSON.parse(data.document))) })
  }
}

for (const form of document.querySelectorAll('form[data-sign]')) {
  // Not before this script listens: the browser would send the form by itself.
  form.querySelector('button[type="submit"]').disabled = false
  form.addEventListener('submit', async event => {
    event.preventDefault()
    const problem = form.querySelector('[data-problem]')
    const button = form.querySelector('button[type="submit"]')
    problem.hidden = true
    button.disabled = true
    try {
      await ACTS[form.dataset.sign](form, form.dataset)
      location.reload()
    } catch (error) {
      problem.textContent = sayError(error)
      problem.hidden = false
      button.disabled = false
    }
  })
}

// The device that bids: whether it has the key that the platform knows.
for (const place of document.querySelectorAll('[data-device]')) {
  paddleKey(place.dataset.lot).then(pair => {
    const same = pair !== null && hex(pair.publicKey) === place.dataset.device
    place.hidden = same
    const good = document.querySelector('[data-device-good]')
    if (good) good.hidden = !same
  })
}
