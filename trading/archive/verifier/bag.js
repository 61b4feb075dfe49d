// Checks 1 and 2: every file is listed with its hashes, and every document is canonical.

import { isCanonical } from './canonical.js'
import { fromUtf8 } from './bytes.js'
import { hashesOf, isLink, readEntry } from './pack.js'

const TAGS = ['bagit.txt', 'bag-info.txt', 'manifest-sha256.txt', 'manifest-sha512.txt']
const TAG_MANIFESTS = ['tagmanifest-sha256.txt', 'tagmanifest-sha512.txt']
const DECLARATION = 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n'
const KINDS = [['sha256', /^([0-9a-f]{64}) +(\S.*)$/], ['sha512', /^([0-9a-f]{128}) +(\S.*)$/]]

export async function bag({ pack, fail, told }) {
  for (const entry of pack.listed) {
    const name = entry.filename
    if (name.startsWith('/') || name.split('/').includes('..') || /[\\\0]/.test(name)) fail(name, '名称指向归档包之外', 'leaves the pack')
    if (entry.encrypted) fail(name, '文件被加密', 'is encrypted')
    if (isLink(entry)) fail(name, '是链接', 'is a link')
    if (!name.startsWith('data/') && !TAGS.includes(name) && !TAG_MANIFESTS.includes(name)) fail(name, '归档包不应有此文件', 'does not belong here')
    try {
      pack.hashes.set(name, await hashesOf(entry, told))
    } catch (error) {
      pack.broken.add(name)
      fail(name, `无法读取：${error.message}`, `cannot be read: ${error.message}`)
    }
  }
  const texts = new Map()
  for (const name of [...TAGS, ...TAG_MANIFESTS]) {
    if (!pack.entries.has(name)) fail(name, '缺少这个文件', 'is missing')
    else if (pack.hashes.has(name)) texts.set(name, await textOf(pack.entries.get(name)))
  }
  if (texts.has('bagit.txt') && texts.get('bagit.txt') !== DECLARATION) fail('bagit.txt', '不是 BagIt 1.0 声明', 'does not declare BagIt 1.0')
  const payload = [...pack.entries.keys()].filter(name => name.startsWith('data/'))
  for (const [position, [kind, line]] of KINDS.entries()) {
    for (const [manifest, names] of [[`manifest-${kind}.txt`, payload], [`tagmanifest-${kind}.txt`, TAGS]]) {
      if (texts.has(manifest)) compareManifest(manifest, texts.get(manifest), line, names, name => pack.hashes.get(name)?.[position], fail)
    }
  }
}

async function textOf(entry) {
  const pieces = []
  await readEntry(entry, piece => pieces.push(piece))
  try {
    return fromUtf8(new Uint8Array(await new Blob(pieces).arrayBuffer()))
  } catch {
    return ''
  }
}

function compareManifest(manifest, text, line, names, hashOf, fail) {
  const listed = new Map()
  const lines = text.split('\n')
  if (lines.pop() !== '') fail(manifest, '最后一行没有结束', 'does not end its last line')
  for (const row of lines) {
    const found = line.exec(row)
    if (!found) fail(manifest, `无法读懂的一行：${row.slice(0, 80)}`, `has a line that cannot be read: ${row.slice(0, 80)}`)
    else if (listed.has(found[2])) fail(manifest, `${found[2]} 列出两次`, `lists ${found[2]} twice`)
    else listed.set(found[2], found[1])
  }
  for (const name of names) {
    if (!listed.has(name)) fail(name, `未列入 ${manifest}`, `is not listed in ${manifest}`)
    else if (hashOf(name) !== undefined && hashOf(name) !== listed.get(name)) fail(name, `与 ${manifest} 中的哈希不符`, `differs from its hash in ${manifest}`)
  }
  const present = new Set(names)
  for (const name of listed.keys()) if (!present.has(name)) fail(name, `列入 ${manifest}，但归档包中没有`, `is listed in ${manifest} and missing`)
}

export async function documents({ pack, fail }) {
  for (const path of pack.below()) {
    if (!path.endsWith('.json')) continue
    const bytes = await pack.read(path).catch(() => new Uint8Array())
    if (!isCanonical(bytes)) fail(path, '不是规范 JSON（RFC 8785）', 'is not a canonical document (RFC 8785)')
  }
}
