// The report as the page shows it, prints it and saves it.

import { CHECK_TEXTS } from './texts.js'

const KEYS = { log: 'logKey', log_pq: 'logKeyPq', witnesses: 'witnessKeys', centre: 'centreKey', roots: 'roots' }

/** An element with its attributes and what is in it. */
function make(tag, attributes, ...inside) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...inside)
  return element
}

export function showResult(place, report, { say, inLanguage, again }) {
  const failing = report.checks.filter(check => !check.ok)
  place.replaceChildren(
    make('div', { class: `verdict ${report.ok ? 'good' : 'bad'}`, role: 'status' },
      make('p', { class: 'word' }, say(report.ok ? 'good' : 'bad')),
      make('p', {}, report.ok ? say('goodAbout', report.checks.length) : say('badAbout', failing.length))),
    ...notesOf(report, { say, inLanguage }),
    make('h2', {}, say('checks')),
    make('ol', { class: 'checks' }, ...report.checks.map((check, at) => checkOf(check, at, { say, inLanguage }))),
    make('h2', {}, say('facts')),
    factsOf(report, say),
    buttonsOf(report, say, again))
  place.hidden = false
}

function notesOf({ notes }, { say, inLanguage }) {
  if (!notes.length) return []
  return [make('h2', {}, say('notes')), make('ul', {}, ...notes.map(({ zh, en }) => make('li', {}, inLanguage([zh, en]))))]
}

function checkOf({ name, ok, problems, more }, at, { say, inLanguage }) {
  const [title, about] = CHECK_TEXTS[name]
  const item = make('li', { 'data-check': name },
    make('p', { class: 'line' },
      make('span', { class: 'name' }, `${at + 1}. ${inLanguage(title)}`),
      make('span', { class: `state ${ok ? 'yes' : 'no'}` }, say(ok ? 'ok' : 'notOk'))),
    make('p', { class: 'about' }, inLanguage(about)))
  if (!ok) {
    item.append(make('ul', { class: 'problems' },
      ...problems.map(({ place, zh, en }) => make('li', {}, make('code', {}, place), ` ${inLanguage([zh, en])}`)),
      ...more ? [make('li', {}, say('more', more))] : []))
  }
  return item
}

function factsOf(report, say) {
  const keys = Object.entries(report.pinned).map(([name, isPinned]) => `${say(KEYS[name])}${say('colon')}${say(isPinned ? 'byReader' : 'byPack')}`)
  const rows = [['nameOf', report.file], ['size', say('bytes', report.bytes)], ['project', report.project], ['lot', report.lot],
    ['keysUsed', keys.join(say('between'))], ['checkedAt', report.checked_at], ['tool', report.verifier]]
  return make('dl', { class: 'facts' }, ...rows.flatMap(([name, value]) => [make('dt', {}, say(name)), make('dd', {}, value)]))
}

function buttonsOf(report, say, again) {
  const button = (name, act) => {
    const made = make('button', { type: 'button', id: name, ...name === 'save' ? {} : { class: 'plain' } }, say(name))
    made.addEventListener('click', act)
    return made
  }
  return make('div', { class: 'buttons' }, button('save', () => save(report)), button('print', () => window.print()), button('again', again))
}

function save(report) {
  const address = URL.createObjectURL(new Blob([`${JSON.stringify(report, null, 1)}\n`], { type: 'application/json' }))
  const link = make('a', { href: address, download: `${report.file.replace(/\.zip$/, '')}.report.json` })
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 1000)
}
