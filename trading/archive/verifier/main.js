// The page: takes a pack and the reader's keys, shows how far the checks are and what they found.

import { Problem } from './bytes.js'
import { offered } from './offered.js'
import { showResult } from './result.js'
import { CHECK_TEXTS, TEXTS } from './texts.js'
import { trustedIn } from './trusted.js'
import { readAnchors, verify } from './verify.js'

const FIELDS = ['logKey', 'witnessKeys', 'quorum', 'centreKey', 'roots']
/** How long the page may compute before it paints again. */
const PATIENCE_MS = 60

const find = id => document.getElementById(id)
const state = { language: 0, file: null, report: null, trouble: null, now: null, busy: false }

/** A text in the page's language, with its gaps filled. */
function say(name, ...values) {
  return values.reduce((text, value) => text.replace('{}', String(value)), TEXTS[name][state.language])
}

const inLanguage = pair => pair[state.language]

function speak() {
  document.documentElement.lang = ['zh-CN', 'en'][state.language]
  document.title = `${say('brand')} · ${['明堂', 'Mingtang'][state.language]}`
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = say(element.dataset.text)
  for (const [at, id] of ['zh', 'en'].entries()) find(id).setAttribute('aria-pressed', String(at === state.language))
  const isDropped = state.file && state.file !== find('file').files[0]
  find('chosen').textContent = isDropped ? say('chosen', state.file.name) : ''
  showTrouble(state.trouble)
  showProgress()
  if (state.report) showResult(find('result'), state.report, { say, inLanguage, again })
}

function showTrouble(pair) {
  state.trouble = pair
  find('trouble').hidden = !pair
  find('trouble').textContent = pair ? inLanguage(pair) : ''
}

function showProgress() {
  find('running').hidden = !state.busy
  find('start').disabled = state.busy
  if (!state.now) return
  const percent = Math.min(99, Math.floor(100 * state.now.done / Math.max(1, state.now.total)))
  find('bar').value = percent
  find('now').textContent = say('now', percent, inLanguage(CHECK_TEXTS[state.now.name][0]))
}

function again() {
  state.report = null
  find('result').hidden = true
  find('file').value = find('renewals').value = ''
  choose(null)
  find('file').focus()
}

function choose(file) {
  state.file = file
  speak()
}

/** Fills the fields of what the reader trusts from files; several files of certificates stand behind one another. */
async function readTrusted(files) {
  showTrouble(null)
  const roots = []
  for (const file of files) {
    const found = trustedIn(await file.text())
    if (!found) return showTrouble(TEXTS.notTrusted.map(text => text.replace('{}', file.name)))
    if (found.roots) roots.push(found.roots)
    for (const [name, value] of Object.entries(found)) find(name).value = name === 'roots' ? roots.join('\n') : value
  }
  return undefined
}

let painted = 0

/** Shows how far the checks are, and lets the browser paint now and then. */
function told(now) {
  const changed = state.now?.name !== now.name
  state.now = now
  if (!changed && performance.now() - painted < PATIENCE_MS) return undefined
  showProgress()
  return new Promise(go => setTimeout(() => {
    painted = performance.now()
    go()
  }))
}

async function hasEd25519() {
  try {
    await crypto.subtle.importKey('raw', new Uint8Array(32), 'Ed25519', false, ['verify'])
    return true
  } catch {
    return false
  }
}

async function start() {
  const given = Object.fromEntries(FIELDS.map(name => [name, find(name).value]))
  const [file, renewed, stop] = [state.file, find('renewals').files[0] ?? null, pair => {
    showTrouble(pair)
    find('trouble').focus()
  }]
  showTrouble(null)
  if (!file) return stop(TEXTS.noFile)
  if (!await hasEd25519()) return stop(TEXTS.noCrypto)
  try {
    await readAnchors(given)
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem
    find('anchors').open = true
    return stop([`${problem.place}：${problem.zh}`, `${problem.place}: ${problem.en}`])
  }
  Object.assign(state, { busy: true, report: null })
  find('result').hidden = true
  showProgress()
  try {
    state.report = { ...await verify(file, given, told, renewed), checked_at: new Date().toISOString(), verifier: identity() }
  } catch (problem) {
    if (!(problem instanceof Problem)) console.warn(problem)
    stop(problem instanceof Problem ? [`${TEXTS.unreadable[0]}：${problem.place} ${problem.zh}`, `${TEXTS.unreadable[1]}: ${problem.place} ${problem.en}`]
      : [`${TEXTS.unreadable[0]}：${problem.message}`, `${TEXTS.unreadable[1]}: ${problem.message}`])
  }
  Object.assign(state, { busy: false, now: null })
  speak()
  if (state.report) find('result').focus()
  return undefined
}

/** What this page is: the hash of its program, as its own policy states it. */
function identity() {
  const policy = document.querySelector('meta[http-equiv="Content-Security-Policy"]').content
  return `verify.html ${/script-src '([^']+)'/.exec(policy)?.[1] ?? ''}`
}

function listen() {
  const drop = find('drop')
  find('zh').addEventListener('click', () => { state.language = 0; speak() })
  find('en').addEventListener('click', () => { state.language = 1; speak() })
  find('file').addEventListener('change', event => choose(event.target.files[0] ?? null))
  find('trusted').addEventListener('change', event => readTrusted(event.target.files))
  find('form').addEventListener('submit', event => {
    event.preventDefault()
    if (!state.busy) start()
  })
  for (const [name, isOver] of [['dragenter', true], ['dragover', true], ['dragleave', false], ['drop', false]]) {
    document.addEventListener(name, event => {
      event.preventDefault()
      drop.classList.toggle('over', isOver)
    })
  }
  document.addEventListener('drop', event => {
    if (!state.busy && event.dataTransfer.files.length) choose(event.dataTransfer.files[0])
  })
}

window.mingtang = offered
state.language = (navigator.language ?? 'zh').startsWith('zh') ? 0 : 1
listen()
speak()
