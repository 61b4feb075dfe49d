// Merkle trees of RFC 6962 and RFC 9162.

import { concat, equal, sha256, u8 } from './bytes.js'

export const leafHash = data => sha256(concat(u8(0), data))
const nodeHash = (left, right) => sha256(concat(u8(1), left, right))
const half = number => Math.floor(number / 2)
const isOdd = number => number % 2 === 1

/** Root of the tree of these leaves' data. */
export async function rootOf(leaves) {
  if (!leaves.length) return sha256(new Uint8Array())
  let level = await Promise.all(leaves.map(leafHash))
  while (level.length > 1) {
    const above = []
    for (let at = 0; at < level.length; at += 2) {
      above.push(at + 1 < level.length ? await nodeHash(level[at], level[at + 1]) : level[at])
    }
    level = above
  }
  return level[0]
}

/** RFC 9162, 2.1.3.2. */
export async function isIncluded(index, size, leaf, path, root) {
  if (!(index < size)) return false
  let [fn, sn, hash] = [index, size - 1, leaf]
  for (const step of path) {
    if (sn === 0) return false
    if (isOdd(fn) || fn === sn) {
      hash = await nodeHash(step, hash)
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else {
      hash = await nodeHash(hash, step)
    }
    [fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && equal(hash, root)
}

/** RFC 9162, 2.1.4.2. */
export async function isConsistent(first, second, path, firstRoot, secondRoot) {
  if (first < 1 || first > second) return false
  if (first === second) return path.length === 0 && equal(firstRoot, secondRoot)
  const steps = Number.isInteger(Math.log2(first)) ? [firstRoot, ...path] : [...path]
  if (!path.length) return false
  let [fn, sn] = [first - 1, second - 1]
  while (isOdd(fn)) [fn, sn] = [half(fn), half(sn)]
  let [older, newer] = [steps[0], steps[0]]
  for (const step of steps.slice(1)) {
    if (sn === 0) return false
    if (isOdd(fn) || fn === sn) {
      [older, newer] = [await nodeHash(step, older), await nodeHash(step, newer)]
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else {
      newer = await nodeHash(newer, step)
    }
    [fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && equal(older, firstRoot) && equal(newer, secondRoot)
}
