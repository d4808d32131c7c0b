/** The checksum of LevelDB's blocks, CRC-32C, which Node has not: its `crc32` is of another polynomial. Eight bytes at a time. */
const table = new Int32Array(8 * 256)
for (let byte = 0; byte < 256; byte++) {
  let sum = byte
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1
  table[byte] = sum
}
for (let i = 256; i < table.length; i++) {
  const sum = table[i - 256]!
  table[i] = (sum >>> 8) ^ table[sum & 255]!
}

/** Byte by byte: `ended` of what the last step gave is the checksum. */
export const begun = -1
export const step = (sum: number, byte: number): number => (sum >>> 8) ^ table[(sum ^ byte) & 255]!
export const ended = (sum: number): number => ~sum >>> 0

export const crc32c = (bytes: Uint8Array, from: number, to: number): number => {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let sum = begun
  let at = from
  for (; at + 8 <= to; at += 8) {
    const low = sum ^ words.getInt32(at, true)
    const high = words.getInt32(at + 4, true)
    sum =
      table[1792 + (low & 255)]! ^
      table[1536 + ((low >>> 8) & 255)]! ^
      table[1280 + ((low >>> 16) & 255)]! ^
      table[1024 + (low >>> 24)]! ^
      table[768 + (high & 255)]! ^
      table[512 + ((high >>> 8) & 255)]! ^
      table[256 + ((high >>> 16) & 255)]! ^
      table[high >>> 24]!
  }
  for (; at < to; at++) sum = step(sum, bytes[at]!)
  return ended(sum)
}

/** As LevelDB stores it. */
export const masked = (sum: number): number => (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0
