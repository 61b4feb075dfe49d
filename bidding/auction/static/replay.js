// A room again from its log, at any speed: the board is the same, the moment is the replay's own.
import { Board, fill } from './board.js'

const root = document.querySelector('[data-auction]')
const state = JSON.parse(root.dataset.state)
const place = name => root.querySelector(`[data-replay="${name}"]`)
let lines = []
let board = null
let at = 0
let next = 0
let running = false
let last = 0

async function load () {
  for (let after = 0; ;) {
    const answer = await fetch(`${root.dataset.events}?after=${after}`, { headers: { Accept: 'application/json' } })
    const body = await answer.json()
    lines = lines.concat(body.events)
    if (!body.events.length) break
    after = body.next_after
  }
  const slider = place('slider')
  slider.max = lines.length
  slider.disabled = false
  jump(0)
}

function fresh () {
  root.querySelector('[data-room="rows"]').replaceChildren()
  root.querySelector('[data-room="log"]').replaceChildren()
  const start = { phase: 'waiting', price_fen: null, leader: '', number: 0, ends_at: null, least_fen: state.terms.start_fen, paused: false, left_ms: null, calls: 0, joined: 0, agreed: 0, housing: 0, fell_from: 0 }
  board = new Board(root, { ...state, now: start, held: null, seq: 0, lines: [], paddle: '' }, { now: () => at, quiet: true })
}

function jump (number) {
  fresh()
  next = 0
  at = lines.length ? lines[0].at - 1000 : 0
  while (next < number) step()
  show()
}

function step () {
  const line = lines[next++]
  at = Math.max(at, line.at)
  board.take(line)
}

function show () {
  board.draw()
  place('slider').value = next
  place('where').textContent = fill(state.words.replay, { n: next, m: lines.length })
}

function tick () {
  const now = performance.now()
  if (running && board) {
    at += (now - last) * Number(place('speed').value)
    while (next < lines.length && lines[next].at <= at) step()
    // Long silences are passed over: nothing happens in them.
    if (next < lines.length && place('skip').checked && lines[next].at - at > 5000 * Number(place('speed').value)) at = lines[next].at - 1000
    if (next === lines.length) running = false
    show()
    place('play').textContent = running ? '❚❚' : '▶'
  }
  last = now
}

place('slider').addEventListener('input', event => { running = false; jump(Number(event.target.value)) })
place('play').addEventListener('click', () => {
  if (next === lines.length) jump(0)
  running = !running
  place('play').textContent = running ? '❚❚' : '▶'
})
load()
setInterval(tick, 100)
