// The ZIP inside an envelope: entries stored, every size and checksum known beforehand, no
// data descriptors, padding last. Byte for byte what bidding/envelope/sealing.py writes.

export const MANIFEST = 'manifest.json'
export const PADDING = '.padding'
const SMALLEST = 64 * 1024
/** Sizes and offsets are 32 bits wide here, and so is the number of entries 16. */
const LARGEST = 0xffffffff

// --- CRC-32 --------------------------------------------------------------------------------------

// Eight tables, so that eight bytes are taken in one step.
const TABLES = Array.from({ length: 8 }, () => new Int32Array(256))
for (let byte = 0; byte < 256; byte++) {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  TABLES[0][byte] = value
}
for (let byte = 0; byte < 256; byte++) {
  for (let table = 1; table < 8; table++) {
    const before = TABLES[table - 1][byte]
    TABLES[table][byte] = (before >>> 8) ^ TABLES[0][before & 0xff]
  }
}
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES
const IS_LITTLE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** CRC-32 of data that follows on data whose CRC-32 was ``before``. */
export function crc32 (data, before = 0) {
  let crc = ~before
  let at = 0
  if (IS_LITTLE) {
    while (at < data.length && (data.byteOffset + at) % 4) crc = (crc >>> 8) ^ T0[(crc ^ data[at++]) & 0xff]
    const words = new Int32Array(data.buffer, data.byteOffset + at, (data.length - at) >>> 2)
    const pairs = words.length & ~1
    for (let i = 0; i < pairs; i += 2) {
      const low = words[i] ^ crc
      const high = words[i + 1]
      crc = T7[low & 0xff] ^ T6[(low >>> 8) & 0xff] ^ T5[(low >>> 16) & 0xff] ^ T4[low >>> 24] ^
        T3[high & 0xff] ^ T2[(high >>> 8) & 0xff] ^ T1[(high >>> 16) & 0xff] ^ T0[high >>> 24]
    }
    at += pairs * 4
  }
  while (at < data.length) crc = (crc >>> 8) ^ T0[(crc ^ data[at++]) & 0xff]
  return ~crc >>> 0
}

function zerosCrc (size) {
  const slab = new Uint8Array(Math.min(size, 1 << 20))
  let crc = 0
  for (let left = size; left > 0; left -= slab.length) crc = crc32(slab.subarray(0, Math.min(left, slab.length)), crc)
  return crc
}

// --- sizes -----------------------------------------------------------------------------------------

/** Size that hides the true length: 64 KiB at least, then Padmé (at most 12 % more); for prices a power of two. */
export function padded (length, envelope = 'bid') {
  if (length <= SMALLEST) return SMALLEST
  if (envelope === 'price' || envelope === 'reserve') return 2 ** (32 - Math.clz32(length - 1))
  const exponent = 31 - Math.clz32(length)
  const step = 2 ** (exponent - (32 - Math.clz32(exponent)))
  return Math.ceil(length / step) * step
}

const encoder = new TextEncoder()
const cost = name => 30 + 46 + 2 * encoder.encode(name).length

// --- the archive -----------------------------------------------------------------------------------

function fields (view, at, { crc, size, name }) {
  view.setUint16(at, 20, true) // version needed
  view.setUint16(at + 2, 0x0800, true) // names are UTF-8
  view.setUint16(at + 4, 0, true) // stored
  view.setUint16(at + 6, 0, true) // midnight
  view.setUint16(at + 8, 0x0021, true) // 1 January 1980
  view.setUint32(at + 10, crc, true)
  view.setUint32(at + 14, size, true)
  view.setUint32(at + 18, size, true)
  view.setUint16(at + 22, name.length, true)
  view.setUint16(at + 24, 0, true)
}

function localHeader (entry) {
  const data = new Uint8Array(30 + entry.name.length)
  const view = new DataView(data.buffer)
  view.setUint32(0, 0x504b0304)
  fields(view, 4, entry)
  data.set(entry.name, 30)
  return data
}

function centralHeader (entry, offset) {
  const data = new Uint8Array(46 + entry.name.length)
  const view = new DataView(data.buffer)
  view.setUint32(0, 0x504b0102)
  view.setUint16(4, 20, true)
  fields(view, 6, entry)
  view.setUint32(42, offset, true)
  data.set(entry.name, 46)
  return data
}

function end (count, directoryBytes, offset) {
  const data = new Uint8Array(22)
  const view = new DataView(data.buffer)
  view.setUint32(0, 0x504b0506)
  view.setUint16(8, count, true)
  view.setUint16(10, count, true)
  view.setUint32(12, directoryBytes, true)
  view.setUint32(16, offset, true)
  return data
}

/**
 * The archive as neighbouring pieces {size, bytes | file | neither for zeros}, ending with
 * the directory. ``files``: [{name, size, crc, file}]. The sizes of all pieces follow from
 * names and lengths alone, so a plan made before the checksums are known has the same shape.
 * Returns {pieces, total}, or null if the archive would be too large for its format.
 */
export function layOut (manifest, files, envelope = 'bid') {
  const contents = [{ name: MANIFEST, size: manifest.length, crc: crc32(manifest), bytes: manifest }, ...files]
  const bare = contents.reduce((sum, { name, size }) => sum + cost(name) + size, 22)
  if (bare > LARGEST * 0.85 || contents.length > 0xfffe) return null
  const whole = padded(bare + cost(PADDING), envelope)
  if (whole > LARGEST) return null
  const room = whole - bare - cost(PADDING)
  contents.push({ name: PADDING, size: room, crc: zerosCrc(room) })
  const pieces = []
  const directory = []
  let offset = 0
  for (const { name, size, crc, bytes, file } of contents) {
    const entry = { name: encoder.encode(name), size, crc }
    const local = localHeader(entry)
    directory.push(centralHeader(entry, offset))
    pieces.push({ size: local.length, bytes: local }, { size, bytes, file })
    offset += local.length + size
  }
  const bytes = directory.reduce((sum, piece) => sum + piece.length, 0)
  for (const piece of [...directory, end(contents.length, bytes, offset)]) pieces.push({ size: piece.length, bytes: piece })
  return { pieces, total: offset + bytes + 22 }
}

/** Position behind the manifest: what must be readable for the seal to count as checked. */
export const manifestEnd = manifest => 30 + MANIFEST.length + manifest.length
