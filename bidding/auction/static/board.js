// Draws a room: price, who leads, what is left of the clock, the log. It knows only what the log says;
// where the line is down it says so and shows nothing as present. Markup: templates/auction/room.html.
import { yuan } from '../sealed/offer.js'
import { serverNow } from '../js/time.js'
import { capitals } from './capitals.js'

const STALE_MS = 3000
const RISING = ['waiting', 'offers', 'free', 'timed', 'calls']
const english = () => document.documentElement.lang === 'en'

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => name in values ? values[name] : all)

const clock = (at, withMs = false) => {
  const text = new Intl.DateTimeFormat('zh-CN', { timeZone: 'Asia/Shanghai', hourCycle: 'h23', hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(at)
  return withMs ? `${text}.${String(at % 1000).padStart(3, '0')}` : text
}

export function left (ms) {
  const total = Math.max(0, Math.ceil(ms / 1000))
  const [days, hours, minutes, seconds] = [Math.floor(total / 86400), Math.floor(total % 86400 / 3600), Math.floor(total % 3600 / 60), total % 60]
  const tail = [hours, minutes, seconds].map(n => String(n).padStart(2, '0')).join(':')
  return days ? `${days}${english() ? 'd' : '天'} ${tail}` : hours ? tail : tail.slice(3)
}

/** Until when a clock stands still in the breaks that the notice announced, or null. */
function restingUntil (breaks, at) {
  const found = breaks.find(([from, until]) => from <= at && at < until)
  return found ? found[1] : null
}

export class Board {
  /** ``now`` gives the server's present moment; a replay gives its own. */
  constructor (root, state, { now = serverNow, quiet = false } = {}) {
    Object.assign(this, { root, state, clockNow: now, quiet })
    this.words = state.words
    this.terms = state.terms
    this.now = state.now
    this.held = state.held
    this.seq = state.seq
    this.heardAt = Date.now()
    this.isStale = false
    this.said = { at: 0, text: '' }
    this.mine = new Set()
    for (const line of state.lines) this.remember(line)
  }

  part (name) { return this.root.querySelector(`[data-room="${name}"]`) }

  put (name, text) {
    const place = this.part(name)
    if (place && place.textContent !== text) place.textContent = text
  }

  remember (line) {
    if (line.kind === 'bid' && line.paddle === this.state.paddle) this.mine.add(line.number)
  }

  /** Take one line of the log; each number once and in order. */
  take (line) {
    if (line.seq !== this.seq + 1) return false
    this.seq = line.seq
    const before = this.now
    this.now = line.now
    if (line.kind === 'held') this.held = { cause: line.cause, since: line.at, resume_at: null }
    if (line.kind === 'resuming' && this.held) this.held = { ...this.held, resume_at: line.resume_at }
    if (line.kind === 'released') this.held = null
    this.remember(line)
    this.addRow(line)
    this.draw()
    this.tell(before, line)
    this.root.dispatchEvent(new CustomEvent('room:line', { detail: line }))
    return true
  }

  heard () {
    this.heardAt = Date.now()
    if (this.isStale) this.checkLine()
  }

  /** Whether what is shown may be older than three seconds. */
  checkLine () {
    const stale = !this.quiet && this.now.phase !== 'ended' && Date.now() - this.heardAt > STALE_MS
    const changed = stale !== this.isStale
    this.isStale = stale
    this.root.classList.toggle('is-stale', stale)
    const seconds = Math.round((Date.now() - this.heardAt) / 1000)
    this.put('link', fill(stale ? this.words.link_lost : this.words.link, { n: seconds }))
    const note = this.part('stale')
    if (note) note.hidden = !stale
    if (!changed) return
    this.drawLead()
    this.root.dispatchEvent(new CustomEvent('room:line', { detail: null }))
  }

  asking (at = this.clockNow()) {
    const { fall_ms: every, start_fen: start, step_fen: step, floor_fen: floor } = this.terms
    return Math.max(floor, start - Math.max(0, Math.floor((at - this.now.fell_from) / every)) * step)
  }

  get price () { return this.now.phase === 'falling' ? this.asking() : this.now.price_fen }

  /** What the smallest bid is that counts now; null where none does. */
  get least () {
    if (this.now.phase === 'falling') return this.asking()
    if (this.now.phase === 'agreeing') return this.terms.ceiling_fen
    if (this.now.phase === 'housing') return this.now.housing + this.terms.housing_step
    return RISING.includes(this.now.phase) ? Math.min(this.now.least_fen, this.terms.ceiling_fen || this.now.least_fen) : null
  }

  get isOpen () {
    return !this.isStale && !this.now.paused && !['waiting', 'question', 'tied', 'round', 'opening', 'ended'].includes(this.now.phase) && this.clockNow() < (this.now.ends_at || Infinity) &&
      restingUntil(this.terms.breaks, this.clockNow()) === null
  }

  draw () {
    const { words, now, terms, price } = this
    this.root.dataset.phase = now.phase
    this.put('phase', words.phase[now.phase])
    this.put('round', now.round ? fill(words.sealed_round, { n: now.round }) : now.number ? fill(words.round, { n: now.number }) : '')
    this.put('price', price === null ? '—' : this.inTenThousand(price))
    this.put('yuan', price === null ? words.none : `¥${yuan(price)}`)
    this.put('caps', price === null || english() ? '' : capitals(price))
    this.put('premium', price === null ? '' : fill(words.premium, { n: ((price - terms.start_fen) * 100 / terms.start_fen).toFixed(2) }))
    this.put('floor', price === null || !this.state.floor_area ? '' : fill(words.floor, { n: (price / 100 / Number(this.state.floor_area)).toFixed(2) }))
    this.put('joined', now.joined ? fill(words.joined, { n: now.joined }) : '')
    this.put('agreed', now.agreed ? fill(words.agreed, { n: now.agreed }) : '')
    this.put('calls', now.calls ? fill(words.calls, { n: now.calls }) : '')
    const seal = this.root.querySelector('[data-sealed-round]')
    if (seal) seal.hidden = now.phase !== 'round'
    this.drawLead()
    this.tick()
  }

  inTenThousand (fen) {
    const text = (fen / 1000000).toFixed(6).replace(/\.?0+$/, '')
    const [whole, part] = text.split('.')
    return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (part ? `.${part}` : '')
  }

  drawLead () {
    const tag = this.part('lead')
    if (!tag) return
    const own = this.state.paddle
    const leads = own && this.now.leader === own
    // Never "you lead" on old data.
    const kind = !own ? 'other' : this.isStale ? 'unknown' : leads ? 'mine' : this.mine.size || this.now.leader ? 'outbid' : 'none'
    tag.dataset.lead = kind
    const other = this.now.leader ? `${this.words.leads} ${this.now.leader}` : this.words.none
    tag.textContent = { mine: `✓ ${this.words.you_lead}（${own}）`, outbid: this.mine.size ? `◆ ${this.words.outbid}` : `○ ${this.words.not_bid}`, none: `○ ${this.words.not_bid}`, unknown: `… ${this.words.stale}`, other }[kind]
    this.put('steps-left', this.terms.ceiling_fen && this.price !== null ? fill(this.words.steps_left, { n: Math.ceil((this.terms.ceiling_fen - this.price) / this.terms.step_fen) }) : '')
  }

  /** The clock, drawn from the server's time a few times a second. */
  tick () {
    const { now, words, terms } = this
    const at = this.clockNow()
    const resting = restingUntil(terms.breaks, at)
    let label = now.phase === 'waiting' ? words.to_open : words.to_end
    let end = now.phase === 'waiting' ? terms.opens_at : now.ends_at
    let text = end === null ? '' : left(end - at)
    let whole = { round: terms.window_ms, timed: terms.window_ms, housing: terms.window_ms, question: terms.confirm_ms, agreeing: terms.confirm_ms, free: terms.free_ms }[now.phase]
    if (now.phase === 'falling') {
      label = words.falls_in
      const passed = (at - now.fell_from) % terms.fall_ms
      text = left(terms.fall_ms - passed)
      whole = terms.fall_ms
      end = at + terms.fall_ms - passed
      this.put('price', this.inTenThousand(this.asking(at)))
      this.put('yuan', `¥${yuan(this.asking(at))}`)
    }
    if (now.phase === 'ended') [label, text] = [words.over, '—']
    else if (this.held) {
      label = this.held.resume_at ? fill(words.resumes, { at: clock(this.held.resume_at) }) : this.held.cause === 'links' ? words.held_links : words.held
      text = left(now.left_ms || 0)
    } else if (now.paused) [label, text] = [words.paused, left(now.left_ms || 0)]
    else if (resting) label = fill(words.resting, { at: clock(resting) })
    else if (end === null) [label, text] = [now.phase === 'opening' ? words.opening_now : words.no_clock, '—']
    this.put('clock-label', label)
    this.put('clock', text)
    const bar = this.part('bar')
    if (bar) bar.value = whole && end !== null && !now.paused ? Math.max(0, Math.min(1, (end - at) / whole)) : 0
    const soon = end !== null && end - at <= 30000 && !now.paused && !['waiting', 'ended'].includes(now.phase)
    this.root.classList.toggle('is-soon', soon)
    if (soon && [30, 10].includes(Math.ceil((end - at) / 1000))) this.say(fill(words.say_end, { n: Math.ceil((end - at) / 1000) }))
  }

  addRow (line) {
    const list = this.part('rows')
    if (!list) return
    if (line.kind === 'bid') this.addOffer(list, String(line.number), line.paddle, line.phase === 'housing' ? `${line.fen} ㎡` : yuan(line.fen), line.at)
    if (line.kind === 'round_closed') {
      const round = fill(this.words.sealed_round, { n: line.number })
      for (const [paddle, fen] of line.offers) this.addOffer(list, round, paddle, yuan(fen), line.at)
    }
    const log = this.part('log')
    if (log && line.kind !== 'bid') {
      const item = document.createElement('li')
      item.textContent = `#${line.seq} ${clock(line.at)} ${this.text(line)}`
      log.prepend(item)
    }
  }

  addOffer (list, number, paddle, amount, at) {
    const own = paddle === this.state.paddle
    const row = document.createElement('tr')
    if (own) row.className = 'is-own'
    for (const text of [number, own ? `${paddle}（${this.words.you}）` : paddle, amount, clock(at, true)]) {
      const cell = document.createElement('td')
      cell.textContent = text
      row.append(cell)
    }
    row.children[2].className = 'num'
    list.prepend(row)
    while (list.children.length > 300) list.lastElementChild.remove()
  }

  text (line) {
    if (line.kind === 'round_closed') return this.roundText(line)
    const text = this.words.event[line.kind] || line.kind
    const more = line.kind === 'resuming' ? `：${clock(line.resume_at)}` : line.kind === 'joined' ? `：${line.paddle}` : line.kind === 'settled' ? `：${line.name} ¥${yuan(line.price_fen)}` : ''
    return fill(text, { phase: this.words.phase[line.phase] || '', n: line.calls || line.number || '' }) + more
  }

  /** What a round of sealed offers brought. */
  roundText (line) {
    const { again, number, offers } = line
    if (again) return fill(this.words.event.round_again, { n: number })
    const led = offers.length ? `¥${yuan(Math.max(...offers.map(([, fen]) => fen)))}` : this.words.no_offers
    return `${fill(this.words.event.round_closed, { n: number })}：${led}`
  }

  /** One sentence at most every two seconds to people who listen. */
  tell (before, line) {
    if (line.kind !== 'bid') this.say(this.text(line))
    else if (before.price_fen !== this.now.price_fen) this.say(fill(this.words.say_price, { price: yuan(this.now.price_fen), who: this.now.leader === this.state.paddle ? this.words.you_lead : this.now.leader }))
  }

  say (text) {
    if (this.quiet) return
    const place = this.part('live')
    if (!place || this.said.text === text) return
    this.said.text = text
    clearTimeout(this.said.timer)
    this.said.timer = setTimeout(() => {
      place.textContent = this.said.text
      this.said.at = Date.now()
    }, Math.max(0, 2000 - (Date.now() - this.said.at)))
  }
}
