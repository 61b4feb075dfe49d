// Shamir's scheme over GF(2^8) with the polynomial x^8+x^4+x^3+x+1 (section 2.3, step 4).

const EXP = new Uint8Array(510)
const LOG = new Uint8Array(256)
for (let power = 0, value = 1; power < 255; power++) {
  EXP[power] = EXP[power + 255] = value
  LOG[value] = power
  value ^= (value << 1) ^ (value & 0x80 ? 0x11b : 0)
}

const times = (one, other) => one && other ? EXP[LOG[one] + LOG[other]] : 0
const over = (one, other) => one ? EXP[LOG[one] + 255 - LOG[other]] : 0

/** The value at x of the polynomial through these points: [{x, y: 32 bytes}]. */
export function valueAt(x, points) {
  const value = new Uint8Array(32)
  for (const own of points) {
    let weight = 1
    for (const other of points) if (other !== own) weight = times(weight, over(x ^ other.x, own.x ^ other.x))
    for (let at = 0; at < 32; at++) value[at] ^= times(weight, own.y[at])
  }
  return value
}

/** All choices of k out of a list, in its order. */
export function* choices(list, k) {
  if (k === 0) yield []
  else for (let at = 0; at + k <= list.length; at++) for (const rest of choices(list.slice(at + 1), k - 1)) yield [list[at], ...rest]
}
