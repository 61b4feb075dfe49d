// Canonical documents (section 1): RFC 8785 with whole numbers only.

import { equal, fromUtf8, hex, tagged, utf8 } from './bytes.js'

/** The text of a value in canonical form; throws where the protocol has no form for it. */
export function canonicalText(value) {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new Error('a number that is not whole or too large')
    return String(value)
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new Error('a lone surrogate')
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  const keys = Object.keys(value).sort()
  if (keys.some(key => /[\uD800-\uFFFF]/.test(key))) throw new Error('a letter above U+D7FF in a key')
  return `{${keys.map(key => `${JSON.stringify(key)}:${canonicalText(value[key])}`).join(',')}}`
}

/** J(d) of section 1. */
export const canonical = value => utf8(canonicalText(value))

/** hex(H(tag, J(document))) */
export const idOf = async (tag, document) => hex(await tagged(tag, canonical(document)))

/** What a document's bytes say, canonical or not; throws where they are no JSON at all. */
export const parse = bytes => JSON.parse(fromUtf8(bytes))

/** Whether bytes are a canonical document: read, written again and compared. */
export function isCanonical(bytes) {
  try {
    return equal(canonical(parse(bytes)), bytes)
  } catch {
    return false
  }
}

export const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value)
export const isInt = value => Number.isSafeInteger(value) && value >= 0
export const isText = value => typeof value === 'string' && [...value].length <= 2000

/** Whether a value has these fields, each of its type, and perhaps more: what no signature or hash is over. */
export const hasFields = (value, fields) => isObject(value) &&
  Object.entries(fields).every(([name, holds]) => Object.hasOwn(value, name) && holds(value[name]))

/** Whether a document has exactly these fields, each of its type. */
export function hasShape(document, fields) {
  return hasFields(document, fields) && Object.keys(document).length === Object.keys(fields).length
}
