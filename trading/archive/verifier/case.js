// What several checks read: the log's entries, the sessions, the bids, and which of them count no more.

import { Problem, unhex } from './bytes.js'
import { hasFields, idOf, isInt, isObject, isText } from './canonical.js'
import { checkSession } from './sessions.js'

const isList = Array.isArray

const ENTRY = { index: isInt, event: isObject }
const SIGNED = { document: isObject, sig: isText, centre_key: isText }
const AMENDED = { document: isObject, sig: isText }

export class Case {
  constructor(pack, anchors) {
    Object.assign(this, { pack, anchors, kept: new Map() })
  }

  /** The result of one reading, kept for the checks that follow. */
  once(name, read) {
    if (!this.kept.has(name)) this.kept.set(name, read())
    return this.kept.get(name)
  }

  /** The log's entries of this case, in the order of the file. */
  entries() {
    return this.once('entries', async () => {
      const path = '90-log/entries.json'
      const entries = await this.pack.document(path)
      if (!isList(entries) || !entries.every(entry => hasFields(entry, ENTRY) && isText(entry.event.type))) {
        throw new Problem(path, '不是日志条目', 'is no list of entries')
      }
      return entries
    })
  }

  async events(...types) {
    return (await this.entries()).filter(entry => types.includes(entry.event.type))
  }

  /** The sessions that hold, by their ids; the others, and what is wrong with them, are told to check 3. */
  sessions() {
    return this.once('sessions', async () => {
      const [found, problems] = [new Map(), []]
      for (const path of this.pack.below('00-policy/session-')) {
        const before = problems.length
        const fail = (place, zh, en) => problems.push(new Problem(place, zh, en))
        try {
          const session = await this.readSession(path)
          await checkSession(session, this, fail)
          if (problems.length === before) found.set(session.id, session)
        } catch (problem) {
          if (!(problem instanceof Problem)) throw problem
          problems.push(problem)
        }
      }
      return { found, problems }
    })
  }

  async readSession(path) {
    const file = await this.pack.document(path)
    if (!hasFields(file, SIGNED) || !isText(file.document.envelope)) throw new Problem(path, '不是会话文件', 'is no file of a session')
    const { envelope } = file.document
    const session = { path, document: file.document, sig: file.sig, centreKey: file.centre_key, amendments: [] }
    session.id = await idOf('session', file.document)
    const prefix = `00-policy/amendment-${envelope}-`
    const number = name => Number(/^([0-9]+)\.json$/.exec(name.slice(prefix.length))?.[1])
    const paths = this.pack.below(prefix).filter(name => Number.isInteger(number(name)))
    for (const name of paths.sort((one, other) => number(one) - number(other))) {
      const amendment = await this.pack.document(name)
      if (!hasFields(amendment, AMENDED)) throw new Problem(name, '不是会话变更文件', 'is no amendment')
      session.amendments.push({ path: name, ...amendment, id: await idOf('amendment', amendment.document) })
    }
    const last = session.amendments.at(-1)
    session.inForce = last?.id ?? session.id
    session.opens = (last ?? session).document.open_not_before
    session.ends = (last ?? session).document.deadline
    return session
  }

  /** The centre's key for a signature: the reader's, else the one beside the signature. */
  centreKey(beside) {
    return this.anchors.centre ?? unhex(beside, 32)
  }

  /** Bids and contributions: {folder, digest, header, filing, isBid}; what cannot be read is told. */
  bids() {
    return this.once('bids', async () => {
      const [found, problems] = [[], []]
      const headers = this.pack.below().filter(path => /^(10-bids|20-draw[^/]*\/contributions)\/[^/]+\/header\.json$/.test(path))
      for (const folder of headers.map(path => path.slice(0, path.lastIndexOf('/')))) {
        try {
          const header = await this.pack.document(`${folder}/header.json`)
          // A filing that cannot be read is a matter of check 4; what was sealed can be opened without it.
          const filing = await this.pack.document(`${folder}/filing.json`).catch(() => null)
          if (!isObject(header) || !isObject(header.ctx) || !isObject(header.payload)) throw new Problem(`${folder}/header.json`, '不是投标文件头', 'is no header')
          found.push({ folder, digest: folder.slice(folder.lastIndexOf('/') + 1), header, filing, isBid: folder.startsWith('10-bids/') })
        } catch (problem) {
          problems.push(problem)
        }
      }
      return { found, problems }
    })
  }

  /** Digests that were replaced or withdrawn; nobody does that to another's bid. */
  gone() {
    return this.once('gone', async () => {
      const commits = await this.events('bid.commit', 'draw.commit')
      const bidders = new Map(commits.map(({ event }) => [event.bid_digest, event.bidder]))
      const said = [...await this.events('bid.withdraw'), ...commits].map(({ event }) => [event.type === 'bid.withdraw' ? event.bid_digest : event.replaces, event.bidder])
      return new Set(said.filter(([digest, bidder]) => digest && bidders.get(digest) === bidder).map(([digest]) => digest))
    })
  }

  /** Entries that closed a session. */
  closes() {
    return this.events('session.close')
  }
}

