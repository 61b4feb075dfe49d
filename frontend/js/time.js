// Server time on this machine: the measured offset, the clock of the page head and countdowns.
// The server decides; what is shown here is its time, never this machine's.

let offsetMs = 0
let marginMs = null

/** The server's present moment in milliseconds. */
export function serverNow () {
  return Date.now() + offsetMs
}

/** How far this machine's clock is behind the server's, and how sure that is (null: only from the page). */
export function clockOffset () {
  return { offsetMs, marginMs }
}

/** Learn the offset from an exchange: sent and received by our clock, the server's moment between them. */
export function learn (serverMs, sentMs, receivedMs) {
  const margin = (receivedMs - sentMs) / 2
  if (marginMs !== null && margin > marginMs) return
  marginMs = margin
  offsetMs = serverMs - (sentMs + margin)
}

/** Milliseconds left as day, hour, minute and second. */
export function remaining (leftMs) {
  const total = Math.max(0, Math.ceil(leftMs / 1000))
  return {
    days: Math.floor(total / 86400),
    clock: [Math.floor(total % 86400 / 3600), Math.floor(total % 3600 / 60), total % 60]
      .map(n => String(n).padStart(2, '0')).join(':'),
    total
  }
}

const english = () => document.documentElement.lang === 'en'

function offsetWords () {
  const seconds = Math.round(Math.abs(offsetMs) / 100) / 10
  if (seconds < 0.5) return english() ? 'your clock agrees' : '与本机一致'
  const size = seconds < 120 ? 0 : seconds < 7200 ? 1 : 2
  const amount = size ? Math.round(seconds / [1, 60, 3600][size]) : seconds
  const late = offsetMs > 0
  if (english()) return `your clock is ${amount} ${['s', 'min', 'h'][size]} ${late ? 'slow' : 'fast'}`
  return `本机${late ? '慢' : '快'} ${amount} ${['秒', '分钟', '小时'][size]}`
}

const inBeijing = new Intl.DateTimeFormat('zh-CN', {
  timeZone: 'Asia/Shanghai', hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit'
})
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A moment as people read it, to the second, in Beijing time. */
export function beijing (ms) {
  const p = {}
  for (const part of inBeijing.formatToParts(new Date(ms))) p[part.type] = part.value
  const clock = `${p.hour}:${p.minute}:${p.second}`
  return english()
    ? `${p.day} ${MONTHS[p.month - 1]} ${p.year}, ${clock} (UTC+8)`
    : `${p.year}年${p.month}月${p.day}日 ${clock}`
}

function draw () {
  const now = serverNow()
  for (const el of document.querySelectorAll('[data-server-clock]')) el.textContent = beijing(now)
  for (const el of document.querySelectorAll('[data-clock-offset]')) {
    const words = offsetWords()
    if (el.textContent !== words) el.textContent = words
  }
  for (const el of document.querySelectorAll('[data-deadline]')) {
    const left = Date.parse(el.dataset.deadline) - now
    const { days, clock, total } = remaining(left)
    el.classList.toggle('is-over', left <= 0)
    el.classList.toggle('is-soon', left > 0 && total <= 600)
    const text = left <= 0 ? el.dataset.over || clock : (days ? `${days}${english() ? ' ' : ''}${el.dataset.day || ''} ` : '') + clock
    if (el.textContent !== text) el.textContent = text
    if (left <= 0 && !el.dataset.told) {
      el.dataset.told = '1'
      el.dispatchEvent(new CustomEvent('deadline', { bubbles: true }))
    }
  }
}

/** Read the page's moment, correct for the time it took to arrive, and redraw each second. */
export function startClock () {
  const meta = document.querySelector('meta[name="server-now"]')
  if (!meta) return
  const timing = performance.getEntriesByType('navigation')[0]
  const arrived = timing ? performance.timeOrigin + timing.responseStart : Date.now()
  // A page taken from the history was sent long ago; its moment says nothing any more.
  if (!timing || timing.type !== 'back_forward') offsetMs = Date.parse(meta.content) - arrived
  draw()
  const tick = () => {
    draw()
    setTimeout(tick, 1000 - (serverNow() % 1000 + 1000) % 1000 + 5)
  }
  setTimeout(tick, 1000 - (serverNow() % 1000 + 1000) % 1000 + 5)
}
