// SM3 (GB/T 32905) of a file that is read piece by piece; the library's wants all of it in memory.

const START = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e]
const BLOCK = 64

const turn = (word, by) => (word << (by & 31)) | (word >>> (32 - (by & 31) & 31))
const p0 = word => word ^ turn(word, 9) ^ turn(word, 17)
const p1 = word => word ^ turn(word, 15) ^ turn(word, 23)
/** The constant of each round, turned as far as the round asks. */
const CONSTANTS = Int32Array.from({ length: BLOCK }, (_, round) => turn(round < 16 ? 0x79cc4519 : 0x7a879d8a, round % 32))

export class Sm3 {
  constructor() {
    Object.assign(this, { state: Int32Array.from(START), words: new Int32Array(68), rest: new Uint8Array(BLOCK), held: 0, length: 0 })
  }

  update(bytes) {
    this.length += bytes.length
    let at = 0
    if (this.held) {
      at = Math.min(BLOCK - this.held, bytes.length)
      this.rest.set(bytes.subarray(0, at), this.held)
      this.held += at
      if (this.held < BLOCK) return this
      this.mix(this.rest, 0)
    }
    for (; at + BLOCK <= bytes.length; at += BLOCK) this.mix(bytes, at)
    this.rest.set(bytes.subarray(at))
    this.held = bytes.length - at
    return this
  }

  mix(bytes, from) {
    const { state, words } = this
    const view = new DataView(bytes.buffer, bytes.byteOffset + from, BLOCK)
    for (let j = 0; j < 16; j++) words[j] = view.getInt32(4 * j)
    for (let j = 16; j < 68; j++) words[j] = p1(words[j - 16] ^ words[j - 9] ^ turn(words[j - 3], 15)) ^ turn(words[j - 13], 7) ^ words[j - 6]
    let [a, b, c, d, e, f, g, h] = state
    for (let j = 0; j < 64; j++) {
      const ss1 = turn((turn(a, 12) + e + CONSTANTS[j]) | 0, 7)
      const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c)
      const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g)
      const tt1 = (ff + d + (ss1 ^ turn(a, 12)) + (words[j] ^ words[j + 4])) | 0
      const tt2 = (gg + h + ss1 + words[j]) | 0;
      [d, c, b, a] = [c, turn(b, 9), a, tt1];
      [h, g, f, e] = [g, turn(f, 19), e, p0(tt2)]
    }
    for (const [at, word] of [a, b, c, d, e, f, g, h].entries()) state[at] ^= word
  }

  digest() {
    const { length } = this
    const end = new Uint8Array(this.held < 56 ? BLOCK - this.held : 2 * BLOCK - this.held)
    end[0] = 0x80
    new DataView(end.buffer).setBigUint64(end.length - 8, BigInt(length) * 8n)
    this.update(end)
    const made = new Uint8Array(32)
    for (const [at, word] of this.state.entries()) new DataView(made.buffer).setInt32(4 * at, word)
    return made
  }
}
