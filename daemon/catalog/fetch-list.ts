/**
 * A list of offers from where it lies, line by line: from a web server, which is asked whether it has another one than that of last time,
 * or from a file. Whatever is wrong with it is said in words; what is cut off is not taken for the whole.
 */
import { createHash } from "node:crypto"
import { createReadStream, statSync } from "node:fs"
import { withoutKeys } from "../../task/without-keys.ts"
import type { CatalogData } from "./CatalogData.ts"
import { NotFetched } from "./NotFetched.ts"
import { type Opened, openUrl } from "./open-url.ts"
import { NoCatalog, Packer } from "./Packer.ts"

const lineMaxChars = 64 * 1024

interface Limits {
  /** Without a byte. */
  readonly silentMaxMs: number
  readonly maxMs: number
  /** The published lists are 4 MB. */
  readonly maxBytes: number
}
export const limits: Limits = { silentMaxMs: 30_000, maxMs: 10 * 60_000, maxBytes: 64 * 1024 * 1024 }

interface Wanted {
  readonly cloud: string
  /** `https://…`, `http://…`, or a path. */
  readonly from: string
  /** Of the list that is had from there already. */
  readonly etag: string | null
  /** In hex, where the user knows it. */
  readonly sha256: string | null
  readonly imageTags: ReadonlyArray<string>
  readonly nowMs: number
}

const isRemote = (from: string) => /^https?:\/\//i.test(from)

const openFile = (path: string): Opened => {
  const stat = statSync(path)
  if (!stat.isFile()) throw new NotFetched("it is no file")
  return { bytes: createReadStream(path), etag: null, ofMs: stat.mtimeMs }
}

const taken = async ({ bytes }: Opened, packer: Packer, maxBytes: number, onChunk: () => void): Promise<string> => {
  const hash = createHash("sha256")
  const decoder = new TextDecoder("utf-8", { fatal: true })
  let [size, rest] = [0, ""]
  const take = (text: string, isLast: boolean) => {
    const lines = (rest + text).split("\n")
    rest = isLast ? "" : (lines.pop() ?? "")
    if (rest.length > lineMaxChars) throw new NoCatalog("it is no list of offers: it has no lines")
    for (const line of lines) packer.take(line.endsWith("\r") ? line.slice(0, -1) : line)
  }
  for await (const chunk of bytes) {
    onChunk()
    size += chunk.length
    if (size > maxBytes) throw new NotFetched(`it is larger than ${maxBytes / 1024 / 1024} MiB`)
    hash.update(chunk)
    take(decoder.decode(chunk, { stream: true }), false)
    // What else the daemon has to do is not kept waiting.
    await new Promise(setImmediate)
  }
  take(decoder.decode(), true)
  return hash.digest("hex")
}

/** EC2 is of that day: what says that it is older knows no time. */
const earliestMs = Date.UTC(2006, 7, 24)
/** Nothing is of a day that has not come, and what nobody knows the day of is of today. */
const day = (ofMs: number, nowMs: number) => new Date(ofMs >= earliestMs ? Math.min(ofMs, nowMs) : nowMs).toISOString().slice(0, 10)

const inWords = (error: unknown): string => {
  if (error instanceof NotFetched || error instanceof NoCatalog) return error.message
  const { code = "", message } = error as NodeJS.ErrnoException
  if (code === "ENOENT") return "there is no such file"
  if (code === "EACCES") return "it may not be read"
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return "it is no text"
  if (code === "ECONNRESET") return "the connection ended in the middle of it"
  if (code === "Z_BUF_ERROR") return "it ends in the middle of its compression"
  if (/^(Z_|ERR_)/.test(code)) return `it cannot be unpacked (${message})`
  return message
}

/** Undefined: there is none but that of last time. */
export const fetchList = async (
  wanted: Wanted,
  signal: AbortSignal,
  { maxBytes, maxMs, silentMaxMs } = limits
): Promise<CatalogData | undefined> => {
  const { cloud, from, imageTags, sha256 } = wanted
  const slow = new AbortController()
  const tooSlow = () => slow.abort(new NotFetched(`nothing came for ${silentMaxMs / 1000} s`, true))
  let silent = setTimeout(tooSlow, silentMaxMs)
  const heard = () => {
    clearTimeout(silent)
    silent = setTimeout(tooSlow, silentMaxMs)
  }
  const tooLong = setTimeout(() => slow.abort(new NotFetched(`not all of it came within ${maxMs / 60_000} min`, true)), maxMs)
  const whole = AbortSignal.any([signal, slow.signal])
  try {
    const opened = isRemote(from) ? await openUrl(wanted, whole) : openFile(from)
    if (opened === undefined) return undefined
    const packer = new Packer(cloud)
    const sum = await taken(opened, packer, maxBytes, heard)
    if (sha256 !== null && sum !== sha256.toLowerCase()) throw new NotFetched(`its sha256 is ${sum}, not the one that was given`)
    return packer.finish({ date: day(opened.ofMs, wanted.nowMs), imageTags, source: { url: withoutKeys(from), etag: opened.etag } })
  } catch (error) {
    if (signal.aborted) throw error
    throw new NotFetched(
      inWords(slow.signal.aborted ? slow.signal.reason : error),
      !(error instanceof NoCatalog) && (error as NotFetched).again !== false
    )
  } finally {
    clearTimeout(silent)
    clearTimeout(tooLong)
  }
}
