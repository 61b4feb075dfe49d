// A public key as eight words (bidding/trustees/fingerprints.py), and what a notice says of keys.

import list from 'slip39-words'
import { H } from '../../sealed/static/protocol.js'

const WORDS = list.split(' ')
const COUNT = 8

/** The eight words of a key: ten bits of a hash for each. */
export async function keyWords (key) {
  let number = (await H('fingerprint', key)).slice(0, 10).reduce((sum, byte) => sum << 8n | BigInt(byte), 0n)
  const found = []
  for (let place = 0; place < COUNT; place++, number >>= 10n) found.unshift(WORDS[Number(number & 1023n)])
  return found.join(' ')
}

/**
 * What a notice's text says of keys: how many it names, and whether it names a given one, as its
 * words or as 64 figures. Letters of other scripts, such as the holders' names, separate.
 */
export function named (text) {
  const tokens = text.toLowerCase().match(/[a-z0-9]+/g) || []
  const whole = ` ${tokens.join(' ')} `
  const figures = tokens.filter(token => /^[0-9a-f]{64}$/.test(token)).length
  const words = tokens.filter(token => WORDS.includes(token)).length
  return {
    count: figures + Math.floor(words / COUNT),
    has: key => whole.includes(` ${key.words} `) || whole.includes(` ${key.hex} `)
  }
}
