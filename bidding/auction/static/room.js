// Follows a room: server-sent events where they come, asking every second where they do not, and the
// lines between in either case. Every line is taken once and in order; who missed some asks for them.
import { learn } from '../js/time.js'
import { Board } from './board.js'
import { startBidding } from './bid.js'

const ASK_MS = 900
const HIDDEN_MS = 5000

class Line {
  constructor (board, { events, stream }) {
    Object.assign(this, { board, events, stream })
    this.etag = null
    this.asking = false
    this.streamAt = 0
  }

  start () {
    if (this.stream && 'EventSource' in window) this.listen()
    this.soon(this.stream ? ASK_MS : 0)
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.soon(0) })
  }

  get hasStream () { return Date.now() - this.streamAt < 2500 }

  soon (ms) {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.poll(), ms)
  }

  async poll () {
    if (!this.hasStream && !this.asking) await this.ask()
    this.soon(document.hidden ? HIDDEN_MS : ASK_MS)
  }

  async ask () {
    this.asking = true
    try {
      const after = this.board.seq
      const sent = Date.now()
      const headers = { Accept: 'application/json', ...(this.etag && this.etag.after === after ? { 'If-None-Match': this.etag.tag } : {}) }
      const stop = new AbortController()
      const limit = setTimeout(() => stop.abort(), 8000)
      const answer = await fetch(`${this.events}?after=${after}`, { headers, credentials: 'same-origin', cache: 'no-store', signal: stop.signal })
      clearTimeout(limit)
      const at = Number(answer.headers.get('X-Server-Now'))
      if (at) learn(at, sent, Date.now())
      if (answer.status === 200) {
        const body = await answer.json()
        for (const line of body.events) this.board.take(line)
        this.etag = { after, tag: answer.headers.get('ETag') }
      } else if (answer.status !== 304) throw new Error(`HTTP ${answer.status}`)
      this.board.heard()
    } catch (trouble) { /* the board shows that nothing is heard */ }
    this.asking = false
  }

  listen () {
    const source = new EventSource(`${this.stream}?after=${this.board.seq}`)
    const alive = () => {
      this.streamAt = Date.now()
      this.board.heard()
    }
    source.onmessage = message => {
      alive()
      const line = JSON.parse(message.data)
      if (line.seq > this.board.seq && !this.board.take(line)) this.ask()
    }
    source.addEventListener('beat', message => {
      alive()
      if (JSON.parse(message.data).seq > this.board.seq) this.ask()
    })
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return
      setTimeout(() => this.listen(), 3000)
    }
  }
}

const root = document.querySelector('[data-auction]')
const state = JSON.parse(root.dataset.state)
const board = new Board(root, state)
board.draw()
const line = new Line(board, root.dataset)
line.start()
setInterval(() => {
  board.checkLine()
  board.tick()
}, 250)
if (state.paddle) startBidding(root, board, line)
