// Live logs. Markup: <div data-live="address" data-after="12" data-every="2000" [data-sse="address"]>.
// Each answer is {events: [{seq, …}], next_after?, server_now?}. Every event is dispatched on the
// element as "live:event" with the event as detail; "live:stale" and "live:fresh" tell of the line. Streams
// of auctions say the server's time and the newest number every second: "live:beat" {server_now, seq}.
import { learn } from './time.js'

const HIDDEN_MS = 15000
const SLOWEST_MS = 30000
const MISSES_UNTIL_STALE = 2
const SILENT_MS = 3500
const AGAIN_MS = 15000

/** Follows one source of numbered events and never hands on the same number twice. */
export class Live {
  constructor (element, { url, after = 0, every = 2000, sse = null } = {}) {
    Object.assign(this, { element, url, after: Number(after), every: Number(every), sse })
    this.etag = null
    this.misses = 0
    this.timer = null
    this.source = null
    this.streaming = false
    this.beats = false
    this.stopped = false
    this.busy = false
    this.onVisible = () => { if (!document.hidden) this.soon(0) }
  }

  start () {
    document.addEventListener('visibilitychange', this.onVisible)
    if (this.sse && 'EventSource' in window) this.listen()
    this.soon(this.every)
    return this
  }

  stop () {
    this.stopped = true
    document.removeEventListener('visibilitychange', this.onVisible)
    for (const timer of [this.timer, this.silence, this.again]) clearTimeout(timer)
    if (this.source) this.source.close()
  }

  soon (ms) {
    if (this.stopped || this.streaming) return
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.poll(), ms)
  }

  async poll () {
    if (this.busy || this.stopped) return
    this.busy = true
    const address = new URL(this.url, location.href)
    address.searchParams.set('after', this.after)
    const abort = new AbortController()
    const limit = setTimeout(() => abort.abort(), 10000)
    try {
      const sent = Date.now()
      const headers = { Accept: 'application/json' }
      if (this.etag) headers['If-None-Match'] = this.etag
      const answer = await fetch(address, { headers, credentials: 'same-origin', cache: 'no-store', signal: abort.signal })
      if (answer.status === 200) {
        const body = await answer.json()
        if (body.server_now) learn(Date.parse(body.server_now), sent, Date.now())
        // An ETag belongs to one address; a moved cursor makes a new one.
        const before = this.after
        this.take(body.events || body.items || [])
        if (body.next_after > this.after) this.after = body.next_after
        this.etag = this.after === before ? answer.headers.get('ETag') : null
      } else if (answer.status !== 304) {
        throw new Error(`HTTP ${answer.status}`)
      }
      this.fresh()
    } catch (trouble) {
      this.missed()
    } finally {
      clearTimeout(limit)
      this.busy = false
    }
    const wait = this.misses ? Math.min(this.every * 2 ** this.misses, SLOWEST_MS) : this.every
    this.soon(document.hidden ? Math.max(wait, HIDDEN_MS) : wait)
  }

  // The browser reconnects by itself unless the server refused. As long as nothing streams, we ask.
  listen () {
    const address = new URL(this.sse, location.href)
    address.searchParams.set('after', this.after)
    const source = this.source = new EventSource(address)
    source.onopen = () => this.flows()
    source.onmessage = message => { this.hear(JSON.parse(message.data)); this.flows() }
    source.addEventListener('beat', message => {
      const beat = JSON.parse(message.data)
      this.beats = true
      this.flows()
      this.tell('beat', beat)
      if (beat.seq > this.after) this.poll()
    })
    source.onerror = () => {
      this.dries()
      if (source.readyState === EventSource.CLOSED) this.again = setTimeout(() => { if (!this.stopped) this.listen() }, AGAIN_MS * (1 + Math.random()))
    }
  }

  flows () {
    clearTimeout(this.silence)
    clearTimeout(this.timer)
    this.streaming = true
    // Who sends beats and falls silent is not there, whatever the connection says.
    if (this.beats) this.silence = setTimeout(() => this.dries(), SILENT_MS)
    this.fresh()
  }

  dries () {
    clearTimeout(this.silence)
    this.streaming = false
    this.soon(Math.random() * this.every)
  }

  // Numbers have no gaps: where one shows (a relay that was started anew), the rest is asked for.
  hear (event) {
    if (event.seq > this.after + 1) this.poll()
    else this.take([event])
  }

  take (events) {
    for (const event of events) {
      if (!(event.seq > this.after)) continue
      this.after = event.seq
      this.tell('event', event)
    }
  }

  fresh () {
    const wasStale = this.misses >= MISSES_UNTIL_STALE
    this.misses = 0
    this.mark(false)
    if (wasStale) this.tell('fresh')
  }

  missed () {
    this.misses += 1
    if (this.misses === MISSES_UNTIL_STALE) this.tell('stale')
    if (this.misses >= MISSES_UNTIL_STALE) this.mark(true)
  }

  mark (stale) {
    this.element.classList.toggle('is-stale', stale)
    const note = this.element.querySelector('[data-stale-note]')
    if (note) note.hidden = !stale
  }

  tell (name, detail = null) {
    this.element.dispatchEvent(new CustomEvent(`live:${name}`, { bubbles: true, detail }))
  }
}

/** Start every element that names a source; it is kept as element.live. */
export function startLive (root = document) {
  for (const element of root.querySelectorAll('[data-live]')) {
    if (element.live) continue
    const { live: url, after, every, sse } = element.dataset
    element.live = new Live(element, { url, after: after || 0, every: every || 2000, sse: sse || null }).start()
  }
}
