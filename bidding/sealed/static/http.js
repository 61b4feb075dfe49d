// Asking the platform: JSON in and out, problems (RFC 9457) turned into refusals. Secrets
// travel in bodies only, never in an address.

import { Refusal, encode } from './protocol.js'

/** The page's token: in the head, or in the form that works without scripts. */
export function csrfToken () {
  const meta = document.querySelector('meta[name="csrf-token"]')
  const field = document.querySelector('input[name="csrf_token"]')
  return meta ? meta.content : field ? field.value : ''
}

async function answered (answer) {
  if (answer.ok) return answer.status === 204 ? null : answer.json()
  let problem = {}
  try {
    problem = await answer.json()
  } catch (error) { /* not a problem document */ }
  throw new Refusal('server.refused', { status: answer.status, detail: problem.detail || `HTTP ${answer.status}`, type: problem.type || '' })
}

async function ask (href, options) {
  let answer
  try {
    answer = await fetch(href, { credentials: 'same-origin', redirect: 'error', ...options })
  } catch (error) {
    throw new Refusal('upload.offline')
  }
  return answered(answer)
}

export const get = href => ask(href, { headers: { Accept: 'application/json' } })

/** POST a document in canonical form; ``key`` makes it safe to send twice. */
export function post (href, body, key = '') {
  const headers = { Accept: 'application/json', 'Content-Type': 'application/json', 'X-CSRFToken': csrfToken() }
  if (key) headers['Idempotency-Key'] = key
  return ask(href, { method: 'POST', headers, body: new Blob([encode(body)]) })
}
