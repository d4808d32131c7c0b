/**
 * A catalog as bytes: a line with the sum of what follows, then the columns as JSON, compressed. What a disk has changed is told by the
 * sum.
 */
import { createHash } from "node:crypto"
import { promisify } from "node:util"
import { brotliCompress, brotliDecompressSync, constants } from "node:zlib"
import type { CatalogData } from "./CatalogData.ts"

const format = "skyd-catalog 1"
/** Of the columns; a file that unpacks to more is none of ours. */
const jsonMaxBytes = 64 * 1024 * 1024

const sumOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

/** `quality`: 11 takes seconds, and is for what is packed once for everybody. */
export const encodeCatalog = async (data: CatalogData, quality = 6): Promise<Buffer> => {
  const json = Buffer.from(JSON.stringify(data))
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_LGWIN]: 24 }
  const packed = await promisify(brotliCompress)(json, { params })
  return Buffer.concat([Buffer.from(`${format} ${sumOf(packed)}\n`), packed])
}

/** Throws where it is no catalog, or was changed. */
export const decodeCatalog = (bytes: Buffer): CatalogData => {
  const end = bytes.indexOf("\n")
  const packed = bytes.subarray(end + 1)
  if (end < 0 || bytes.toString("latin1", 0, end) !== `${format} ${sumOf(packed)}`) throw new Error("it is damaged, or no catalog")
  return JSON.parse(brotliDecompressSync(packed, { maxOutputLength: jsonMaxBytes }).toString("utf8")) as CatalogData
}
