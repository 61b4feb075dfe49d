// The page: reads a holder's files, checks a bundle, shows what would be released, signs it.

import { Refusal, hex } from '../../sealed/static/protocol.js'
import { Holder } from './holder.js'
import { keyWords } from './key_words.js'
import { knows, say, start } from './languages.js'
import { facts, find, hasEd25519, make, moment, readBytes, save, showTrouble } from './page_parts.js'
import { checked, checkedRehearsal, emptyMemory, rehearse, release } from './release.js'
import { TEXTS } from './texts.js'

const MOST_PRE_KEYS = 100
const state = { holder: null, pins: null, memory: null, organisation: '', words: '', bundle: null, found: null, made: null, isKept: false }

const now = () => Math.floor(Date.now() / 1000)

/** A refusal in words; of what is not translated, its reason. */
function told (error) {
  const reason = error instanceof Refusal ? error.reason : 'tool.broken'
  return knows(reason) ? `${say(reason)} (${reason})` : `${say('tool.broken')} (${reason})`
}

/** Does one thing and shows what went wrong; nothing made before stays usable then. */
async function attempt (act) {
  showTrouble('')
  try {
    await act()
  } catch (error) {
    showTrouble(told(error))
  }
  show()
}

const readJson = async file => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await readBytes(file)))

// --- the holder --------------------------------------------------------------------------------

function pinsOf (settings) {
  const { log_key: logKey, centre_key: centreKey, witness_keys: witnessKeys, quorum, public: publicKey, earlier_log_keys: earlier = [] } = settings
  const holds = typeof logKey === 'string' && /^[0-9a-f]{64}$/.test(centreKey) && Array.isArray(witnessKeys) && witnessKeys.every(key => typeof key === 'string') &&
    Number.isSafeInteger(quorum) && quorum >= 0 && Array.isArray(earlier) && earlier.every(key => typeof key === 'string') && /^[0-9a-f]{64}$/.test(publicKey)
  if (!holds) throw new Refusal('tool.settings')
  return { log_key: logKey, centre_key: centreKey, witness_keys: witnessKeys, quorum, earlier_log_keys: earlier }
}

const isTable = value => typeof value === 'object' && value !== null && !Array.isArray(value)

function memoryOf (read) {
  const memory = { ...emptyMemory(), ...read }
  const holds = isTable(read) && Number.isSafeInteger(memory.size) && memory.size >= 0 && (memory.size === 0 || /^[0-9a-f]{64}$/.test(memory.root)) &&
    isTable(memory.used) && isTable(memory.opens) && isTable(memory.closed) && Object.values(memory.opens).every(Number.isSafeInteger)
  if (!holds) throw new Refusal('tool.memory')
  return memory
}

async function load () {
  Object.assign(state, { holder: null, bundle: null, found: null, made: null })
  if (!await hasEd25519()) throw new Refusal('tool.no_crypto')
  const [root, settings, memory] = ['root', 'settings', 'memory'].map(id => find(id).files[0])
  // A holder that remembers nothing can be shown another log or another close: that is to be said, not to happen.
  if (!root || !settings || !memory === !find('first').checked) throw new Refusal('tool.files')
  const about = await readJson(settings)
  const pins = pinsOf(about)
  const holder = await Holder.of(await readBytes(root))
  if (hex(holder.publicKey) !== about.public) throw new Refusal('tool.other_root')
  Object.assign(state, {
    pins, memory: memory ? memoryOf(await readJson(memory)) : emptyMemory(), organisation: String(about.organisation), words: await keyWords(holder.publicKey), holder
  })
}

async function ask () {
  const session = find('session').value.trim()
  if (!/^[0-9a-f]{64}$/.test(session)) throw new Refusal('tool.numbers')
  save('ask.json', JSON.stringify({ session, seen: state.memory.size, ask: await state.holder.ask(session, now()) }))
}

async function preKeys () {
  const [first, count] = [Number(find('from').value), Number(find('many').value)]
  const holds = Number.isSafeInteger(first) && first >= 1 && Number.isSafeInteger(count) && count >= 1 && count <= MOST_PRE_KEYS && first + count <= 2 ** 32
  if (!holds) throw new Refusal('tool.numbers')
  const suite = find('suite').value
  save('pre-keys.json', JSON.stringify({ public: hex(state.holder.publicKey), suite, batch: await state.holder.preKeys(first, count, suite) }))
}

// --- the opening -------------------------------------------------------------------------------

/** A rehearsal has a number and one header; an opening has neither. */
const isRehearsal = bundle => Number.isSafeInteger(bundle.number)

async function check () {
  Object.assign(state, { bundle: null, found: null, made: null })
  const file = find('bundle').files[0]
  if (!file) return
  const bundle = await readJson(file)
  const { holder, memory, pins } = state
  state.found = isRehearsal(bundle) ? await checkedRehearsal(holder, bundle, memory, pins) : await checked(holder, bundle, memory, pins, now())
  state.bundle = bundle
}

async function sign () {
  const made = await (isRehearsal(state.bundle) ? rehearse : release)(state.holder, state.bundle, state.memory, state.pins, now())
  Object.assign(state, { made, memory: made.memory, isKept: false })
}

// --- what is shown -------------------------------------------------------------------------------

function button (id, name, act) {
  const made = Object.assign(make('button', say(name)), { type: 'button', id })
  made.addEventListener('click', act)
  return made
}

function show () {
  find('holder').hidden = !state.holder
  if (state.holder) {
    find('who').replaceChildren(make('p', '', make('strong', state.organisation)), Object.assign(make('p', state.words), { className: 'words' }))
  }
  find('result').hidden = !state.found
  if (!state.found) return
  const { session, live, opens, log } = state.found
  const known = [[say('tender'), session.tender], [say('lot'), session.lot], [say('envelope'), session.envelope], [say('deadline'), moment(session.deadline)]]
  const opening = live ? [[say('opens'), moment(opens)], [say('count'), String(live.length)], [say('size'), String(log.size)]] : []
  const rows = [make('h2', say(live ? 'checked' : 'rehearsal')), facts([...known, ...opening, [say('clock'), moment(now())]])]
  rows.push(...state.made ? handed() : [button('sign', 'release', () => attempt(sign))])
  find('result').replaceChildren(...rows)
}

function handed () {
  const { given, memory } = state.made
  const faults = (given.body.releases ?? [given.body]).filter(item => item.fault).length
  const rows = faults ? [Object.assign(make('p', say('faults', faults)), { className: 'notice' })] : []
  const out = button('save-release', 'saveRelease', () => save('release.json', JSON.stringify(given)))
  // Remembered before it leaves: else the pre-key could serve twice.
  out.disabled = !state.isKept
  const kept = button('save-memory', 'saveMemory', () => {
    save('memory.json', JSON.stringify(memory))
    state.isKept = true
    show()
  })
  return [...rows, make('p', say('released')), Object.assign(make('div', '', kept, out), { className: 'row' }), make('p', say('releasedHint'))]
}

find('form').addEventListener('submit', event => {
  event.preventDefault()
  attempt(load)
})
find('ask').addEventListener('click', () => attempt(ask))
find('pre-keys').addEventListener('click', () => attempt(preKeys))
find('bundle').addEventListener('change', () => attempt(check))
start(TEXTS, () => {
  showTrouble('')
  show()
})
