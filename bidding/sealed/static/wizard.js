// Drives the sealing wizard: files, check, encryption with upload, signature, receipt. The
// markup is templates/sealed/wizard.html; its first comment lists every id and data attribute
// that is used here. The parts that need import maps are loaded only after the browser passed.

import { get, post } from './http.js'
import { fen, readOffer, yuan } from './offer.js'
import { canUsePasskeys, makePasskeyFile } from './passkey.js'
import { Refusal, base64, checkAnswer, encode, hex } from './protocol.js'
import { checkReceipt } from './receipt.js'
import { forgetDraft, keepDraft, keepHalf, makeRecovery, paddleKey, signingKey, takeDraft } from './recovery.js'
import { accepts, download, groups, isPlain, isRequired, pairs } from './slots.js'
import { missing } from './support.js'
import { say, sayError } from './words.js'

const STEPS = ['files', 'check', 'encrypt', 'upload', 'sign']
const MB = 1000000

const byId = id => document.getElementById(id)

/** One pass through the wizard. */
class Wizard {
  constructor (root) {
    this.root = root
    this.inputs = [...root.querySelectorAll('input[type=file][data-slot]')]
    this.job = null
    this.sealed = null
    this.isSaved = false
    this.busy = false
    this.problem = document.createElement('p')
    this.problem.className = 'govuk-error-message'
    this.problem.setAttribute('role', 'alert')
    this.problem.hidden = true
    root.prepend(this.problem)
  }

  start () {
    const on = (selector, event, act) => this.root.querySelectorAll(selector).forEach(place => place.addEventListener(event, act))
    on('[data-next]', 'click', ({ currentTarget }) => this.attempt(() => this[currentTarget.dataset.next]()))
    on('[data-back]', 'click', ({ currentTarget }) => this.show(currentTarget.dataset.back))
    on('[data-pause]', 'click', ({ currentTarget }) => this.pause(currentTarget))
    on('[data-cancel]', 'click', () => this.job && this.job.cancel())
    on('[data-recovery]', 'click', () => this.attempt(() => this.saveRecovery()))
    on('[data-offer="price"]', 'input', ({ currentTarget }) => this.echo(currentTarget.value))
    on('[data-passkey]', 'click', ({ currentTarget }) => this.attempt(() => this.savePasskey(currentTarget)))
    on('#sign-agree', 'change', () => this.allow())
    on('[data-drop]', 'dragover', event => event.preventDefault())
    on('[data-drop]', 'drop', event => this.drop(event))
    byId('sign-submit').form.addEventListener('submit', event => {
      event.preventDefault()
      this.attempt(() => this.submit())
    })
    window.addEventListener('beforeunload', event => {
      if (this.job || (this.sealed && byId('done').hidden)) event.preventDefault()
    })
    this.show('files')
    this.root.querySelectorAll('[data-next]').forEach(button => { button.disabled = false })
    this.root.dataset.ready = 'yes'
  }

  async attempt (act) {
    if (this.busy) return
    this.busy = true
    this.problem.hidden = true
    try {
      await act()
    } catch (error) {
      this.problem.textContent = sayError(error)
      this.problem.hidden = false
      this.problem.scrollIntoView({ block: 'nearest' })
    }
    this.busy = false
  }

  show (...names) {
    this.root.querySelectorAll('[data-step]').forEach(step => { step.hidden = !names.includes(step.dataset.step) })
    const reached = STEPS.indexOf(names[names.length - 1])
    document.querySelectorAll('.steps__item').forEach((item, at) => {
      const state = at < reached ? 'done' : at === reached ? 'current' : 'todo'
      item.className = `steps__item steps__item--${state}`
      item.querySelector('.steps__mark').textContent = { done: '✓', current: '◔', todo: '○' }[state]
      if (at === reached) item.setAttribute('aria-current', 'step')
      else item.removeAttribute('aria-current')
    })
  }

  // --- files and check ---------------------------------------------------------------------------

  files () { return this.inputs.flatMap(input => [...input.files]) }

  field (name) {
    const input = this.root.querySelector(`[data-offer="${name}"]`)
    return input ? input.value : ''
  }

  offer () {
    const has = name => this.root.querySelector(`[data-offer="${name}"]`) !== null
    if (!has('price') && !has('days')) { // an application for prequalification names no price
      return { price_fen: 0, days: 0, quality: '', statement: this.field('statement') }
    }
    if (!has('days')) return { price_fen: fen(this.field('price')) }
    return readOffer({ price: this.field('price'), days: this.field('days'), quality: this.field('quality'), statement: this.field('statement') }, has('price'))
  }

  echo (text) {
    let echo = ''
    try {
      echo = `${yuan(fen(text))} 元`
    } catch (error) { /* still being typed */ }
    byId('offer-echo').textContent = echo
  }

  drop (event) {
    event.preventDefault()
    for (const file of event.dataTransfer.files) {
      const free = this.inputs.find(input => input.files.length === 0 && accepts(input, file))
      if (!free) continue
      const list = new DataTransfer()
      list.items.add(file)
      free.files = list.files
    }
  }

  async check () {
    const { checkFileName } = await import('./seal.js')
    const lacking = this.inputs.filter(input => isRequired(input) && input.files.length === 0)
    const bad = this.inputs.flatMap(input => [...input.files].filter(file => !accepts(input, file) || !isPlain(checkFileName, file)))
    // An envelope that asks for no file holds a price alone.
    const findings = { slots: lacking.length || (this.inputs.length && this.files().length === 0) ? say('check.slots') : '', sizes: bad.length ? say('check.sizes', { name: bad[0].name }) : '', price: '' }
    try {
      this.offer()
    } catch (error) {
      findings.price = sayError(error)
    }
    for (const [name, problem] of Object.entries(findings)) this.mark(name, problem)
    this.show('check')
  }

  mark (name, problem) {
    const item = byId('check-list').querySelector(`[data-check="${name}"]`)
    if (!item) return
    item.className = problem ? 'checks--failed' : 'checks--ok'
    item.querySelector('.checks__mark').textContent = problem ? '✕' : '✓'
    let note = item.querySelector('small[data-found]')
    if (!note) {
      note = document.createElement('small')
      note.dataset.found = ''
      item.append(note)
    }
    note.textContent = problem
  }

  // --- encryption and upload -----------------------------------------------------------------------

  async encrypt () {
    if (byId('check-list').querySelector('.checks--failed')) return
    const { sealBid } = await import('./seal.js')
    const answer = await get(this.root.dataset.sessionHref)
    const { id, session } = await checkAnswer(answer)
    const key = await (answer.paddle_of ? paddleKey(answer.paddle_of) : signingKey(answer.bidder))
    const isKnown = key && answer.signing_keys.includes(hex(key.publicKey))
    if (answer.paddle_of && !isKnown) throw new Refusal('device.no_paddle_key')
    if (!isKnown) {
      await post(this.root.dataset.keysHref, { public: base64(key.publicKey) }, `key-${hex(key.publicKey)}`)
    }
    const files = this.files()
    this.began = performance.now()
    this.show('encrypt', 'upload')
    this.list(files)
    const seal = draft => {
      this.job = sealBid({
        session, bidder: answer.bidder, offer: this.offer(), files, signKey: key.privateKey, draft,
        upload: { href: this.root.dataset.uploadHref }, onProgress: state => this.progress(state), onDraft: draft => keepDraft(id, draft)
      })
      return this.job
    }
    try {
      const draft = await takeDraft(id)
      const sealed = draft
        ? await seal(draft).catch(error => {
          if (error.reason !== 'seal.draft_differs') throw error
          return seal(null)
        })
        : await seal(null)
      this.sealed = { ...sealed, session: id, answer }
    } catch (error) {
      this.show('check')
      throw error
    } finally {
      this.job = null
    }
    const { digest } = this.sealed
    byId('sign-hash').textContent = groups(digest)
    byId('sign-words').textContent = pairs(digest)
    this.fill('receipt-digest', groups(digest.slice(0, 16)))
    // Policy T gives the bidder no half, so there is nothing to keep.
    this.isSaved = this.sealed.kb.length === 0
    this.root.querySelector('[data-recovery]').disabled = this.isSaved
    const passkey = this.root.querySelector('[data-passkey]')
    if (passkey) passkey.closest('p').hidden = this.isSaved || !canUsePasskeys()
    this.allow()
    this.show('sign')
  }

  pause (button) {
    if (!this.job) return
    const isPaused = button.dataset.paused === 'yes'
    if (isPaused) this.job.resume()
    else this.job.pause()
    button.dataset.paused = isPaused ? '' : 'yes'
    button.textContent = say(isPaused ? 'pause' : 'resume')
  }

  list (files) {
    byId('encrypt-rows').replaceChildren(...files.map(file => {
      const row = document.createElement('tr')
      for (const text of [file.name, `${(file.size / MB).toFixed(1)} MB`, say('state.waiting'), '']) {
        const cell = document.createElement('td')
        cell.textContent = text
        row.append(cell)
      }
      return row
    }))
    byId('upload-parts').replaceChildren()
  }

  progress ({ sealed, sent, total, parts, files, again }) {
    this.bar('encrypt-bar', sealed, total, '')
    this.bar('upload-bar', sent, total, again ? ` · ${say('progress.again', { count: again })}` : '')
    const list = byId('upload-parts')
    while (list.children.length < parts.length) list.append(document.createElement('li'))
    parts.forEach((state, at) => { list.children[at].className = { sent: 'is-done', sealed: 'is-now', again: 'is-failed' }[state] || '' })
    if (!files) return
    files.forEach((file, at) => {
      const cells = byId('encrypt-rows').children[at].children
      cells[2].textContent = say('state.done')
      cells[3].textContent = `${file.sha256.slice(0, 16)}…`
    })
  }

  bar (id, done, total, more) {
    const seconds = (performance.now() - this.began) / 1000
    const rate = done / MB / Math.max(seconds, 0.1)
    const left = rate > 0 ? Math.max(0, Math.ceil((total - done) / MB / rate)) : 0
    byId(id).value = total ? Math.min(100, Math.floor(100 * done / total)) : 0
    byId(`${id}-text`).textContent = say('progress.line', { done: (done / MB).toFixed(1), total: (total / MB).toFixed(1), rate: rate.toFixed(1), left }) + more
  }

  // --- signature -----------------------------------------------------------------------------------

  allow () { byId('sign-submit').disabled = !(this.isSaved && byId('sign-agree').checked) }

  async saveRecovery () {
    const [first, second] = ['passphrase', 'passphrase-again'].map(name => this.root.querySelector(`[data-${name}]`))
    if (first.value !== second.value) throw new Refusal('recovery.differs')
    const file = await makeRecovery(first.value, this.sealed)
    first.value = second.value = ''
    download(`recovery-${this.root.dataset.lot}-${this.sealed.digest.slice(0, 8)}.json`, file)
    this.isSaved = true
    this.root.querySelector('[data-recovery]').textContent = say('recovery.saved')
    this.allow()
  }

  /** A copy beside the recovery file, which stays the one that must be there. */
  async savePasskey (button) {
    const file = await makePasskeyFile(this.sealed.answer.bidder, this.root.dataset.lot, this.sealed)
    download(`passkey-${this.root.dataset.lot}-${this.sealed.digest.slice(0, 8)}.json`, file)
    button.textContent = say('passkey.saved')
  }

  async submit () {
    const { fileBid } = await import('./seal.js')
    const { sealed } = this
    // The half is on this device before the bid exists anywhere, not after.
    if (sealed.kb.length) await keepHalf(sealed)
    // And an interrupted job may not be taken up again once its header has left.
    await forgetDraft(sealed.session)
    const field = this.root.querySelector('input[name="idempotency_key"]')
    const receipt = await fileBid(this.root.dataset.commitHref, sealed, `${field ? field.value : ''}${sealed.digest.slice(0, 16)}`)
    const found = await checkReceipt(receipt, {
      digest: sealed.digest, session: sealed.session, bidder: sealed.answer.bidder, bytes: sealed.header.payload.len,
      logKey: sealed.answer.log_key, origin: sealed.answer.document.log_origin
    })
    this.fill('receipt-lot', this.root.dataset.lot)
    this.fill('receipt-time', new Date(found.at_ms).toLocaleString())
    this.fill('receipt-index', String(found.index))
    byId('done-digest').textContent = groups(sealed.digest)
    byId('done-receipt').href = URL.createObjectURL(new Blob([encode(receipt)], { type: 'application/json' }))
    this.show()
    byId('done').hidden = false
    byId('done').scrollIntoView({ block: 'start' })
  }

  fill (id, text) {
    const place = byId(id)
    if (place) place.textContent = text
  }
}

async function begin (root) {
  const what = await missing()
  if (!what) return new Wizard(root).start()
  const card = byId('seal-unsupported')
  card.querySelector('[data-reason]').textContent = say(`missing.${what}`)
  card.hidden = false
  root.hidden = true
}

const root = document.querySelector('[data-wizard]')
if (root) begin(root)
