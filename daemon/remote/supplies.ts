/**
 * Programs packed for the way to a machine. Who needs one in the same minute has it from memory: fifty machines are made ready with one of
 * them.
 */
import { promisify } from "node:util"
import { constants, gzip, zstdCompress } from "node:zlib"

/** By what the machine can unpack. */
export type Packing = "zstd" | "gzip" | "plain"

export interface Supply {
  readonly bytes: Buffer
  /** Of what it is unpacked to. */
  readonly size: number
}

const keptMs = 60_000

const pack: Readonly<Record<Packing, (bytes: Buffer) => Promise<Buffer>>> = {
  zstd: (bytes) => promisify(zstdCompress)(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
  gzip: (bytes) => promisify(gzip)(bytes, { level: 3 }),
  plain: async (bytes) => bytes
}

export class Supplies {
  private readonly kept = new Map<string, Promise<Supply>>()

  /** `name` says what `read` reads. */
  take(name: string, packing: Packing, read: () => Promise<Buffer>): Promise<Supply> {
    const key = `${packing} ${name}`
    const known = this.kept.get(key)
    if (known !== undefined) return known
    const made = read().then(async (bytes): Promise<Supply> => ({ bytes: await pack[packing](bytes), size: bytes.length }))
    this.kept.set(key, made)
    const forget = () => this.kept.delete(key)
    made.then(() => setTimeout(forget, keptMs).unref(), forget)
    return made
  }
}
