// What the bundler is told of a page beyond its packages: which module stands in for another,
// and texts that are imported by name as one string.

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

export default ({ standIns, texts }) => ({
  name: 'one-file',
  resolveId (source, importer) {
    if (source in texts) return `\0text:${source}`
    return importer && source.startsWith('.') ? standIns[resolve(dirname(importer), source)] ?? null : null
  },
  load (id) {
    if (!id.startsWith('\0text:')) return null
    // No tag may stand in a script that stands in a page.
    return `export default ${JSON.stringify(readFileSync(texts[id.slice(6)], 'utf8')).replaceAll('<', '\\u003c')}`
  }
})
