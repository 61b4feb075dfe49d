// The page: reads a session, has its keys compared with the notice, seals, hands over the files.

import { find, facts, hasEd25519, make, moment, readBytes, save, showTrouble } from '../../trustees/offline/page_parts.js'
import { keyWords, named } from '../../trustees/offline/key_words.js'
import { say, start } from '../../trustees/offline/languages.js'
import { fen, readOffer, yuan } from '../static/offer.js'
import { Refusal, checkAnswer, hex, isUncertified, offerShape, unbase64, unhex } from '../static/protocol.js'
import { groups } from '../static/slots.js'
import { sayError } from '../static/words.js'
import { sealOffline } from './sealing.js'
import { TEXTS } from './texts.js'

const state = { read: null, keys: [], made: null, isKept: false, busy: false }

/** What the page itself has to say no to. */
class Stop extends Error {
  constructor (name, ...values) {
    super(name)
    this.text = () => say(name, ...values)
  }
}

const told = error => error instanceof Stop ? error.text() : sayError(error)

// --- the session -------------------------------------------------------------------------------

async function readSession (file) {
  let answer
  try {
    answer = { amendments: [], ...JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await readBytes(file))) }
    if (typeof answer.document !== 'object' || typeof answer.centre_key !== 'string') throw new Stop('badSession')
  } catch (error) {
    throw new Stop('badSession')
  }
  const checked = await checkAnswer(answer)
  if (checked.session.envelope.startsWith('draw')) throw new Stop('isDraw')
  const listed = [{ name: null, key: unhex(answer.centre_key) },
    ...checked.session.trustees.map(trustee => ({ name: trustee.org, key: unbase64(trustee.sig_key) }))]
  state.keys = await Promise.all(listed.map(async ({ name, key }) => ({ name, hex: hex(key), words: await keyWords(key), isCompared: false })))
  state.read = { ...checked, bidder: typeof answer.bidder === 'string' ? answer.bidder : '' }
}

async function chooseSession ({ target }) {
  Object.assign(state, { read: null, keys: [] })
  showTrouble('')
  try {
    if (!await hasEd25519() || typeof Worker !== 'function') throw new Stop('noCrypto')
    if (target.files.length) await readSession(target.files[0])
    find('bidder').value = state.read ? state.read.bidder : ''
  } catch (error) {
    showTrouble(told(error))
  }
  showSession()
}

function openedBy ({ policy, k, trustees }) {
  return policy === 'B' ? say('policyB') : say(`policy${policy}`, trustees.length, k)
}

function showSession () {
  find('about').hidden = find('rest').hidden = !state.read
  if (!state.read) return
  const { session, deadline } = state.read
  const isMoved = deadline !== session.deadline
  find('about').replaceChildren(facts([
    [say('tender'), session.tender], [say('lot'), session.lot], [say('envelope'), session.envelope],
    [say('deadline'), isMoved ? say('moved', moment(deadline), moment(session.deadline)) : moment(deadline)],
    [say('policy'), openedBy(session)], [say('suite'), isUncertified(session.suite) ? say('uncertified', session.suite) : session.suite],
    [say('toolHash'), session.seal_tool_sha256 || say('toolNone')]]))
  if (deadline * 1000 < Date.now()) find('about').append(Object.assign(make('p', say('over')), { className: 'notice bad' }))
  find('keys').replaceChildren(...state.keys.map(keyRow))
  const shape = offerShape(session.envelope)
  for (const field of document.querySelectorAll('[data-offer]')) field.hidden = !(field.dataset.offer in shape)
  find('half').hidden = session.policy === 'T'
}

function keyRow (key) {
  const tick = Object.assign(make('input'), { type: 'checkbox', checked: key.isCompared })
  tick.addEventListener('change', () => { key.isCompared = tick.checked })
  const label = Object.assign(make('label', '', tick, make('span', say('compared'))), { className: 'tick' })
  const words = Object.assign(make('p', key.words), { className: 'words' })
  return make('li', '', make('p', '', make('strong', key.name ?? say('centre'))), words, label)
}

// --- what must hold before anything is sealed -------------------------------------------------------

/** Stops where the keys are not those of the notice, or nobody says that they were compared. */
function checkKeys () {
  const typed = find('notice').value.trim()
  if (typed) {
    const notice = named(typed)
    if (!notice.count) throw new Stop('noKeyThere')
    const [centre, ...holders] = state.keys
    if (!notice.has(centre)) throw new Stop('otherCentre')
    const missing = holders.find(holder => !notice.has(holder))
    // The centre's key alone may be given; a list of keys must be the whole list.
    if (missing && notice.count > 1) throw new Stop('otherHolder', missing.name)
  }
  if (!state.keys.every(key => key.isCompared)) throw new Stop('notCompared')
}

function offerOf (shape) {
  const typed = Object.fromEntries(['price', 'days', 'quality', 'statement'].map(name => [name, find(name).value]))
  if (!('days' in shape)) return { price_fen: fen(typed.price) }
  const offer = readOffer(typed, 'price_fen' in shape)
  return Object.fromEntries(Object.keys(shape).map(name => [name, offer[name]]))
}

function passphraseOf (session) {
  if (session.policy === 'T') return ''
  const [first, second] = ['passphrase', 'passphrase-again'].map(id => find(id).value)
  if (first !== second) throw new Refusal('recovery.differs')
  if ([...first.normalize('NFC')].length < 12) throw new Refusal('recovery.passphrase_short', { least: 12 })
  return first
}

async function seal () {
  const { id, session } = state.read
  checkKeys()
  const bidder = find('bidder').value.trim()
  if (!bidder) throw new Stop('noBidder')
  const offer = offerOf(offerShape(session.envelope))
  const files = [...find('files').files]
  if (!files.length) throw new Stop('noFiles')
  const passphrase = passphraseOf(session)
  state.made = await sealOffline({
    id, session, bidder, offer, files, passphrase, onProgress: ({ sealed, total }) => { find('bar').value = Math.min(99, Math.floor(100 * sealed / total)) }
  })
  state.isKept = !state.made.recovery
  find('passphrase').value = find('passphrase-again').value = ''
}

async function submit (event) {
  event.preventDefault()
  if (state.busy || !state.read) return
  Object.assign(state, { busy: true, made: null })
  showTrouble('')
  find('result').hidden = true
  find('running').hidden = false
  try {
    await seal()
  } catch (error) {
    showTrouble(told(error))
  }
  find('running').hidden = true
  state.busy = false
  showMade()
  if (state.made) find('result').focus()
}

// --- what is handed over ---------------------------------------------------------------------------

function button (id, name, act) {
  const made = Object.assign(make('button', say(name)), { type: 'button', id })
  made.addEventListener('click', act)
  return made
}

function showMade () {
  find('result').hidden = !state.made
  find('form').hidden = !!state.made
  if (!state.made) return
  const { digest, header, payload, recovery } = state.made
  const rows = [make('h2', say('sealed')), facts([[say('digest'), groups(digest)], [say('bytes'), say('size', payload.size.toLocaleString('en'))]])]
  if (recovery) {
    rows.push(make('p', say('recoveryLead')), button('save-recovery', 'saveRecovery', () => {
      save('recovery.json', recovery)
      state.isKept = true
      showMade()
    }))
  }
  const folder = [button('save-header', 'saveHeader', () => save('header.json', header)), button('save-payload', 'savePayload', () => save('payload.cob', payload))]
  // The bid must not be filed by anybody before its half is safe.
  for (const item of folder) item.disabled = !state.isKept
  const command = Object.assign(make('p', 'mingtang bid file FOLDER --url https://… --username …'), { className: 'raw' })
  rows.push(make('p', say('folderLead')), command, Object.assign(make('div', '', ...folder), { className: 'row' }),
    Object.assign(make('p', say('notFiled')), { className: 'notice' }))
  find('result').replaceChildren(...rows)
}

function echo () {
  let text = ''
  try {
    text = say('yuan', yuan(fen(find('price').value)))
  } catch (error) { /* still being typed */ }
  find('price-echo').textContent = text
}

find('session').addEventListener('change', chooseSession)
find('price').addEventListener('input', echo)
find('form').addEventListener('submit', submit)
window.addEventListener('beforeunload', event => { if (state.busy || (state.made && !state.isKept)) event.preventDefault() })
start(TEXTS, () => {
  showTrouble('')
  showSession()
  showMade()
  echo()
})
