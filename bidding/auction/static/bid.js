// The bid card: amount, steps, confirmation, sending with one key until an answer is there. The key of
// this device signs every act; the answer carries the centre's signature, which is checked here.
import { post } from '../sealed/http.js'
import { fen, yuan } from '../sealed/offer.js'
import { base64, concat, encode, unbase64, unhex, utf8 } from '../sealed/protocol.js'
import { keepLimit, paddleKey, takeLimit } from '../sealed/recovery.js'
import { sayError } from '../sealed/words.js'
import { fill } from './board.js'
import { capitals } from './capitals.js'

const MANY_STEPS = 10
const TRIES = 6
const BEAT_MS = 5000

const message = (kind, document) => concat(utf8(`mingtang/v1/${kind}\0`), encode(document))

async function isFromCentre (answer, centre) {
  const { signature, ...rest } = answer
  const key = await crypto.subtle.importKey('raw', unhex(centre), 'Ed25519', false, ['verify'])
  return crypto.subtle.verify('Ed25519', key, unbase64(signature), message('auction-answer', rest))
}

class Card {
  constructor (root, board, line) {
    Object.assign(this, { root, board, line, words: board.words })
    this.card = root.querySelector('[data-bid]')
    this.href = this.card.dataset.href
    this.input = this.card.querySelector('[data-amount]')
    this.dialog = root.querySelector('[data-confirm-bid]')
    this.note = this.card.querySelector('[data-note]')
    this.busy = false
    this.limit = null
    this.card.addEventListener('submit', event => { event.preventDefault(); this.open() })
    this.input.addEventListener('input', () => this.echo())
    for (const button of this.card.querySelectorAll('[data-steps]')) button.addEventListener('click', () => this.pick(Number(button.dataset.steps)))
    this.card.addEventListener('keydown', event => this.key(event))
    this.dialog.querySelector('form').addEventListener('submit', event => { event.preventDefault(); this.confirm() })
    this.dialog.querySelector('[data-close]').addEventListener('click', () => this.dialog.close())
    root.addEventListener('room:line', () => this.refresh())
    const join = root.querySelector('[data-join]')
    if (join) join.addEventListener('click', () => this.act('join', 0, this.words.joined_ok))
    this.startLimit()
    setInterval(() => this.refresh(), 500)
    this.refresh()
  }

  get unit () { return this.board.now.phase === 'housing' ? this.board.terms.housing_step : this.board.terms.step_fen }
  get base () { return this.board.least }

  amount () {
    try {
      return this.board.now.phase === 'housing' ? Math.round(fen(this.input.value) / 100) : fen(this.input.value)
    } catch (wrong) {
      return null
    }
  }

  shown (value) { return this.board.now.phase === 'housing' ? `${value} ㎡` : yuan(value) }

  pick (steps) {
    if (this.base === null) return
    const value = this.base + (steps - 1) * this.unit
    this.input.value = this.board.now.phase === 'housing' ? String(value) : yuan(value).replace(/\.00$/, '')
    this.echo()
  }

  echo () {
    const value = this.input.value.trim() ? this.amount() : null
    const place = this.card.querySelector('[data-echo]')
    place.textContent = this.input.value.trim() === '' ? '' : value === null ? this.words.no_amount : `${this.shown(value)}　${capitals(value)}`
  }

  refresh () {
    const { board } = this
    const open = board.isOpen && !this.busy
    this.card.querySelector('[data-open]').disabled = !open
    const agreeing = board.now.phase === 'agreeing'
    if (agreeing && !this.input.value) this.pick(1)
    for (const button of this.card.querySelectorAll('[data-steps]')) {
      const value = this.base === null ? null : this.base + (Number(button.dataset.steps) - 1) * this.unit
      const over = board.terms.ceiling_fen && board.now.phase !== 'housing' && value > board.terms.ceiling_fen
      button.disabled = !open || value === null || over || (board.now.phase === 'falling' && Number(button.dataset.steps) > 1)
      button.querySelector('small').textContent = value === null ? '' : this.shown(value)
    }
    const join = this.root.querySelector('[data-join-card]')
    if (join) join.hidden = board.now.phase !== 'question'
    this.card.hidden = ['question', 'tied', 'ended', 'waiting'].includes(board.now.phase)
    this.bidByLimit()
  }

  /** 1, 2, 5 choose steps; only while the card has the focus and nobody types. */
  key (event) {
    if (event.target.matches('input, textarea') || event.ctrlKey || event.metaKey || event.altKey) return
    if (['1', '2', '5'].includes(event.key)) {
      this.pick(Number(event.key))
      event.preventDefault()
    } else if (event.key === 'Enter' && !event.target.matches('button, summary')) {
      this.open()
      event.preventDefault()
    }
  }

  say (text, isProblem = false) {
    this.note.textContent = text
    this.note.classList.toggle('govuk-error-message', isProblem)
  }

  open () {
    const value = this.amount()
    if (value === null) return this.say(this.words.no_amount, true)
    if (!this.board.isOpen || this.busy) return
    const put = (name, text) => { this.dialog.querySelector(`[data-${name}]`).textContent = text }
    const above = value - (this.board.price || 0)
    this.steps = (value - this.base) / this.unit + 1
    put('digits', this.shown(value))
    put('caps', capitals(value))
    put('increase', this.board.price === null || this.board.now.phase === 'housing' ? '' : fill(this.words.increase, { n: yuan(above), steps: Math.round(above / this.unit * 100) / 100 }))
    const again = this.dialog.querySelector('[data-again]')
    again.hidden = this.steps <= MANY_STEPS
    again.querySelector('input').value = ''
    put('problem', '')
    this.value = value
    this.dialog.showModal()
  }

  confirm () {
    const again = this.dialog.querySelector('[data-again]')
    if (!again.hidden) {
      let typed = null
      try { typed = fen(again.querySelector('input').value) } catch (wrong) { /* told below */ }
      if (typed !== this.value) {
        this.dialog.querySelector('[data-problem]').textContent = this.words.differs
        return
      }
    }
    this.dialog.close()
    this.act('bid', this.value)
  }

  async act (act, value, text = '') {
    if (this.busy) return
    this.busy = true
    this.refresh()
    this.say(this.words.sending)
    try {
      const answer = await this.send(act, value)
      if (!await isFromCentre(answer, this.board.state.centre)) throw new Error(this.words.wrong_answer)
      this.say(text || fill(this.words.accepted, { n: answer.number, price: this.shown(answer.fen), e: answer.evidence }))
      if (act === 'bid') this.input.value = ''
      this.echo()
      this.line.ask()
    } catch (error) {
      this.say(error.kept || (error.message && !error.reason ? error.message : sayError(error)), true)
      this.line.ask()
    }
    this.busy = false
    this.refresh()
  }

  /** One key for one wish: where the answer is lost the same request is asked again, and counts once. */
  async send (act, value) {
    const { room, paddle } = this.board.state
    const pair = await paddleKey(room)
    if (pair === null) throw Object.assign(new Error(), { kept: this.words.no_key })
    const key = crypto.randomUUID()
    const signed = message('auction-act', { v: 1, room, paddle, act, fen: value, key })
    const signature = base64(new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, signed)))
    for (let tries = 1; ; tries++) {
      try {
        return await post(this.href, { paddle, act, fen: value, signature }, key)
      } catch (error) {
        const lost = error.reason === 'upload.offline' || (error.facts && error.facts.status >= 500 && error.facts.status !== 503)
        if (!lost) throw error
        if (tries === TRIES) throw Object.assign(new Error(), { kept: this.words.lost })
        this.say(this.words.retry)
        await new Promise(resolve => setTimeout(resolve, 500 * tries))
      }
    }
  }

  // --- a limit kept on this device ---------------------------------------------------------------

  async startLimit () {
    const { room } = this.board.state
    const form = this.root.querySelector('[data-limit]')
    const say = text => { form.querySelector('[data-limit-note]').textContent = text }
    this.limit = await takeLimit(room).catch(() => null)
    if (this.limit !== null) say(fill(this.words.proxy_on, { price: yuan(this.limit) }))
    form.querySelector('button[type="submit"]').disabled = false
    form.addEventListener('submit', async event => {
      event.preventDefault()
      try {
        this.limit = fen(form.querySelector('input').value)
        await keepLimit(room, this.limit)
        say(fill(this.words.proxy_on, { price: yuan(this.limit) }))
      } catch (error) {
        say(sayError(error))
      }
    })
    form.querySelector('[data-limit-off]').addEventListener('click', async () => {
      this.limit = null
      await keepLimit(room, null)
      say(this.words.proxy_off)
    })
  }

  bidByLimit () {
    const { board } = this
    if (this.limit === null || this.busy || !board.isOpen || this.dialog.open || !['free', 'timed', 'offers'].includes(board.now.phase)) return
    if (board.now.leader === board.state.paddle || board.now.price_fen === null) return
    if (this.base > this.limit) {
      this.root.querySelector('[data-limit-note]').textContent = this.words.proxy_reached
      return
    }
    if (this.limitAt === board.seq) return
    this.limitAt = board.seq
    this.act('bid', this.base)
  }
}

/** Say to the platform that this page is there, so that a mass loss of links is noticed. */
function beat (href) {
  const token = document.querySelector('input[name="csrf_token"]').value
  const send = more => fetch(href + more, { method: 'POST', headers: { 'X-CSRFToken': token }, credentials: 'same-origin', keepalive: true }).catch(() => {})
  send('')
  setInterval(() => send(''), BEAT_MS)
  addEventListener('pagehide', () => send('?leaving=1'))
}

export function startBidding (root, board, line) {
  if (!root.querySelector('[data-bid]')) return
  const card = new Card(root, board, line)
  beat(root.querySelector('[data-bid]').dataset.beat)
  return card
}

