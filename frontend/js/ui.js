// Small conveniences: copying, confirmation dialogs, appearance, printing. Every one of them
// has a page or a plain text behind it that works without scripts.

const YEAR = 31536000

function remember (name, value) {
  const secure = location.protocol === 'https:' ? '; Secure' : ''
  document.cookie = `${name}=${encodeURIComponent(value)}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`
}

async function copy (button) {
  const text = button.dataset.copy
  try {
    await navigator.clipboard.writeText(text)
  } catch (refused) {
    const box = document.createElement('textarea')
    box.value = text
    box.setAttribute('readonly', '')
    box.className = 'govuk-visually-hidden'
    document.body.append(box)
    box.select()
    document.execCommand('copy')
    box.remove()
    button.focus()
  }
  const first = button.firstChild
  if (!button.dataset.word) button.dataset.word = first.textContent
  first.textContent = button.dataset.copied || '✓'
  announce(button.dataset.copied || '')
  setTimeout(() => { first.textContent = button.dataset.word }, 2000)
}

/** Say something to people who listen to the page. */
export function announce (text) {
  let region = document.getElementById('announcer')
  if (!region) {
    region = document.createElement('div')
    region.id = 'announcer'
    region.className = 'govuk-visually-hidden'
    region.setAttribute('role', 'status')
    document.body.append(region)
  }
  region.textContent = text
}

/** Open a confirmation; false means the browser has no dialogs and the page behind the link must serve. */
export function openDialog (id) {
  const dialog = document.getElementById(id)
  if (!dialog || typeof dialog.showModal !== 'function') return false
  dialog.showModal()
  return true
}

function setTheme (value) {
  const root = document.documentElement
  if (value === 'auto') root.removeAttribute('data-theme')
  else root.dataset.theme = value
  remember('theme', value)
  for (const link of document.querySelectorAll('[data-theme-set]')) {
    if (link.dataset.themeSet === value) link.setAttribute('aria-current', 'true')
    else link.removeAttribute('aria-current')
  }
}

function toggleElder (link) {
  const on = document.documentElement.classList.toggle('elder')
  remember('elder', on ? '1' : '0')
  link.textContent = on ? link.dataset.on : link.dataset.off
}

function onClick (event) {
  const at = selector => event.target.closest(selector)
  let hit
  if ((hit = at('[data-copy]'))) return void copy(hit)
  if ((hit = at('[data-confirm]'))) {
    if (openDialog(hit.dataset.confirm)) event.preventDefault()
    return
  }
  if ((hit = at('[data-close]'))) return void hit.closest('dialog').close()
  if ((hit = at('[data-theme-set]'))) {
    event.preventDefault()
    return setTheme(hit.dataset.themeSet)
  }
  if ((hit = at('[data-elder-toggle]'))) {
    event.preventDefault()
    return toggleElder(hit)
  }
  if (at('[data-print]')) return void window.print()
  for (const open of document.querySelectorAll('details.pop[open]')) {
    if (!open.contains(event.target)) open.open = false
  }
}

// A form that is being sent is not sent again by a second press. The name and value of the
// button go with the first sending, so it is disabled only afterwards.
function onSubmit (event) {
  const form = event.target
  // Not form.method: a field of that name would hide it.
  if (event.defaultPrevented || form.getAttribute('method') !== 'post') return
  if (form.dataset.sent) return event.preventDefault()
  form.dataset.sent = '1'
  setTimeout(() => {
    for (const button of form.querySelectorAll('button[type="submit"]')) button.disabled = true
  }, 0)
}

function onKey (event) {
  if (event.key !== 'Escape') return
  const open = document.querySelector('details.pop[open]')
  if (open) {
    open.open = false
    open.querySelector('summary').focus()
  }
}

/** Listen once for the whole page, so that markup added later works too. */
export function startUi () {
  document.addEventListener('click', onClick)
  document.addEventListener('submit', onSubmit)
  document.addEventListener('keydown', onKey)
  window.addEventListener('pageshow', () => {
    for (const form of document.querySelectorAll('form[data-sent]')) {
      delete form.dataset.sent
      for (const button of form.querySelectorAll('button[type="submit"]')) button.disabled = false
    }
  })
  const here = document.querySelector('.nav [aria-current]')
  if (here) here.parentElement.scrollLeft = here.offsetLeft - 64
  for (const button of document.querySelectorAll('[data-copy][hidden], [data-print][hidden]')) button.hidden = false
}
