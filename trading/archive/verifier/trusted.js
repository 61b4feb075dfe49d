// What the reader trusts, read from files of the reader's: certificates, or keys with a word before each.

const LINE = /^(log|witness|centre|quorum)[\s:=]+(\S+)$/
const FIELDS = { log: 'logKey', witness: 'witnessKeys', centre: 'centreKey', quorum: 'quorum' }

/** What a file's text puts into the form's fields, by their names; null where a line cannot be read. */
export function trustedIn(text) {
  if (text.includes('-----BEGIN CERTIFICATE-----')) return { roots: text }
  const found = {}
  for (const line of text.split('\n').map(part => part.trim())) {
    if (!line || line.startsWith('#')) continue
    const [, word, value] = LINE.exec(line) ?? []
    if (!word) return null
    const name = FIELDS[word]
    found[name] = name in found ? `${found[name]}\n${value}` : value
  }
  return found
}
