// A page that follows a log asks for itself again when something happened, and takes over its
// marked parts: <div data-part="roll">. The server draws every part, here and without scripts.
// A part that somebody works in is left alone until they leave it.
import { announce } from './ui.js'

const WAIT_MS = 150
const WORKED_IN = 'input, textarea, select, button, summary, a'

let timer = null
let asking = false
let again = false

function isInUse (part) {
  const at = document.activeElement
  if (at && part.contains(at) && at.matches(WORKED_IN)) return true
  return [...part.querySelectorAll('input:not([type=hidden]), textarea')].some(field => field.value !== field.defaultValue)
}

function take (html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html')
  let left = false
  for (const part of document.querySelectorAll('[data-part]')) {
    const next = fresh.querySelector(`[data-part="${part.dataset.part}"]`)
    if (!next || part.innerHTML === next.innerHTML) continue
    if (isInUse(part)) left = true
    else part.replaceChildren(...next.childNodes)
  }
  document.dispatchEvent(new CustomEvent('parts:fresh'))
  return left
}

async function ask () {
  if (asking) {
    again = true
    return
  }
  asking = true
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, credentials: 'same-origin', cache: 'no-store' })
    if (answer.ok && !answer.redirected && take(await answer.text())) {
      document.addEventListener('focusout', soon, { once: true })
    }
  } catch (trouble) { /* the log tells that the line is down, and the next event asks again */ }
  asking = false
  if (again) {
    again = false
    soon()
  }
}

function soon () {
  clearTimeout(timer)
  timer = setTimeout(ask, WAIT_MS)
}

/** Follow the logs of a page that has marked parts. */
export function startParts () {
  if (!document.querySelector('[data-part]')) return
  document.addEventListener('live:event', ({ detail }) => {
    if (detail && detail.text) announce(detail.text)
    soon()
  })
  document.addEventListener('live:fresh', soon)
}
