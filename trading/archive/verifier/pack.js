// The pack: a ZIP of a BagIt folder, read piece by piece from the disk (section 5.1).

import { ZipReader, BlobReader } from '@zip.js/zip.js/lib/zip-core-custom.js'
import { sha256 as sha256Stream, sha512 as sha512Stream } from '@noble/hashes/sha2.js'
import { Problem, digest, hex } from './bytes.js'
import { isCanonical, parse } from './canonical.js'

const IN_THE_PAGE = { useWebWorkers: false, checkSignature: true, checkLocalFilename: true, strictness: 'balanced', filenameValidation: 'tolerant' }
/** Nothing to worry about: the order of the directory, and the ZIP64 records that writers add from 2 GiB on. */
const HARMLESS = ['unsorted central directory', 'trailing central directory data']
/** WebCrypto hashes only what is in memory as a whole; what is larger is hashed as it is read. */
const WHOLE = 32 * 1024 * 1024

export const isLink = entry => ((entry.externalFileAttributes >>> 16) & 0xf000) === 0xa000

/** The entries of a ZIP in the order of its directory; one that could be read in two ways is refused. */
export async function entriesOf(blob) {
  const reader = new ZipReader(new BlobReader(blob), IN_THE_PAGE)
  const entries = await reader.getEntries()
  const odd = reader.warnings.find(({ reason }) => !HARMLESS.includes(reason))
  if (odd) throw new Error(odd.reason)
  return entries
}

/** A stored entry as a slice of the archive, an encoded one unpacked. Reading it once has found its place. */
export async function contentOf(entry, blob) {
  if (entry.compressionMethod !== 0) return new Blob([await entry.arrayBuffer()])
  if (entry.localDirectory === undefined) await readEntry(entry, () => {})
  const start = entry.localDirectory.dataOffset
  return blob.slice(start, start + entry.uncompressedSize)
}

/** Reads an entry to its end, CRC-32 included, and hands over each piece. */
export async function readEntry(entry, take) {
  await entry.getData(new WritableStream({ write: take }))
}

/** SHA-256 and SHA-512 of an entry. */
export async function hashesOf(entry, told) {
  const small = entry.uncompressedSize <= WHOLE
  const pieces = []
  const running = small ? [] : [sha256Stream.create(), sha512Stream.create()]
  await readEntry(entry, piece => {
    if (small) pieces.push(piece)
    else for (const hash of running) hash.update(piece)
    return told(piece.length)
  })
  if (!small) return running.map(hash => hex(hash.digest()))
  const whole = new Uint8Array(await new Blob(pieces).arrayBuffer())
  return [hex(await digest('SHA-256', whole)), hex(await digest('SHA-512', whole))]
}

/** A pack that can be asked for its files and documents. */
export class Pack {
  static async open(file) {
    const pack = new Pack()
    pack.file = file
    pack.documents = new Map()
    pack.hashes = new Map()
    pack.broken = new Set()
    try {
      pack.listed = (await entriesOf(file)).filter(entry => !entry.filename.endsWith('/'))
    } catch (error) {
      throw new Problem(file.name, `不是可以读取的 ZIP 文件：${error.message}`, `is no ZIP that can be read: ${error.message}`)
    }
    pack.entries = new Map(pack.listed.map(entry => [entry.filename, entry]))
    return pack
  }

  get bytes() {
    return this.listed.reduce((sum, entry) => sum + entry.uncompressedSize, 0)
  }

  /** Paths below data/ that begin so. */
  below(prefix = '') {
    return [...this.entries.keys()].filter(name => name.startsWith(`data/${prefix}`)).map(name => name.slice(5)).sort()
  }

  has(path) {
    return this.entries.has(`data/${path}`)
  }

  async blob(path) {
    const entry = this.entries.get(`data/${path}`)
    if (!entry) throw new Problem(path, '缺少这个文件', 'is missing')
    if (this.broken.has(entry.filename)) throw new Problem(path, '无法读取', 'cannot be read')
    try {
      return await contentOf(entry, this.file)
    } catch (error) {
      throw new Problem(path, `无法读取：${error.message}`, `cannot be read: ${error.message}`)
    }
  }

  async read(path) {
    return new Uint8Array(await (await this.blob(path)).arrayBuffer())
  }

  /** A document of the pack; one that is not canonical is not used. */
  async document(path) {
    if (!this.documents.has(path)) {
      const bytes = await this.read(path)
      if (!isCanonical(bytes)) throw new Problem(path, '不是规范 JSON（RFC 8785）', 'is not a canonical document (RFC 8785)')
      this.documents.set(path, parse(bytes))
    }
    return this.documents.get(path)
  }
}
