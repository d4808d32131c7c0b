/** A build of Node, fetched by this machine for one that cannot do that itself. */
import { createHash } from "node:crypto"
import { promisify } from "node:util"
import { gunzip } from "node:zlib"
import type { Build } from "./node-builds.ts"

const fetchMaxMs = 5 * 60_000
const block = 512

/** One file of a tar archive. The names that are looked for are short enough for a plain header. */
const fileIn = (tar: Buffer, name: string): Buffer | null => {
  const text = (at: number, length: number) =>
    tar
      .subarray(at, at + length)
      .toString("latin1")
      .replace(/\0.*$/s, "")
  for (let at = 0; at + block <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8)
    if (text(at, 100) === name) return tar.subarray(at + block, at + block + size)
    at += block + Math.ceil(size / block) * block
  }
  return null
}

/** Rejects with the end of a sentence. */
export const fetchBuild = async ({ member, sha256, url }: Build): Promise<Buffer> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(fetchMaxMs) }).catch((error: Error) => {
    throw new Error(`${url} is not reached from here: ${(error.cause as Error | undefined)?.message ?? error.message}`)
  })
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  const archive = Buffer.from(await response.arrayBuffer())
  if (createHash("sha256").update(archive).digest("hex") !== sha256) throw new Error(`${url} is not what is pinned: its SHA-256 is another`)
  const file = fileIn(await promisify(gunzip)(archive), member)
  if (file === null) throw new Error(`${url} holds no ${member}`)
  return file
}
