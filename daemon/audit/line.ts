/** A line of an export, `{"hash":"<hex>","record":<the record's bytes as stored>}`: nothing is printed again, so nothing can change. */
export interface Line {
  readonly hash: Buffer
  readonly json: Buffer
}

const before = '{"hash":"'
const between = '","record":'
const hexLength = 64
const frontLength = before.length + hexLength + between.length
/** What a line has besides the record, its end included. */
export const lineRestBytes = frontLength + 2

export const printLine = ({ hash, json }: Line): Buffer =>
  Buffer.concat([Buffer.from(`${before}${hash.toString("hex")}${between}`), json, Buffer.from("}\n")])

/** Without its end. `undefined` when it is laid out in another way. */
export const parseLine = (bytes: Buffer): Line | undefined => {
  const front = bytes.toString("latin1", 0, frontLength)
  const hex = front.slice(before.length, before.length + hexLength)
  const isLine = front === `${before}${hex}${between}` && /^[0-9a-f]{64}$/.test(hex) && bytes.at(-1) === 0x7d
  return isLine ? { hash: Buffer.from(hex, "hex"), json: bytes.subarray(frontLength, -1) } : undefined
}
