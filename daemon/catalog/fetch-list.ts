/**
 * A list of offers from where it lies, line by line: from a web server, which is asked whether it has another one than that of last time, or
 * from a file. Whatever is wrong with it is said in words; what is cut off is not taken for the whole.
 */
import { createHash } from "node:crypto"
import { createReadStream, statSync } from "node:fs"
import type { CatalogData } from "./CatalogData.ts"
import { NoCatalog, Packer } from "./Packer.ts"

const lineMaxChars = 64 * 1024

export interface Limits {
  /** Without a byte. */
  readonly silentMaxMs: number
  readonly maxMs: number
  /** The published lists are 4 MB. */
  readonly maxBytes: number
}
export const limits: Limits = { silentMaxMs: 30_000, maxMs: 10 * 60_000, maxBytes: 64 * 1024 * 1024 }

export interface Wanted {
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

/** `again`: another place may have it. */
export class NotFetched extends Error {
  readonly again: boolean
  constructor(message: string, again = false) {
    super(message)
    this.again = again
  }
}

interface Opened {
  readonly bytes: AsyncIterable<Uint8Array>
  readonly etag: string | null
  readonly ofMs: number
}

const isRemote = (from: string) => /^https?:\/\//i.test(from)

/** Nothing is of a day that has not come. */
const openFile = (path: string, nowMs: number): Opened => {
  const stat = statSync(path)
  if (!stat.isFile()) throw new NotFetched("it is no file")
  return { bytes: createReadStream(path), etag: null, ofMs: Math.min(stat.mtimeMs, nowMs) }
}

/** Undefined: it has none but that of last time. */
const openUrl = async ({ etag, from, nowMs, sha256 }: Wanted, signal: AbortSignal): Promise<Opened | undefined> => {
  const response = await fetch(from, { signal, headers: etag === null ? {} : { "if-none-match": etag } })
  if (response.status === 304 && etag !== null) return undefined
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel()
    throw new NotFetched(
      `the server answers ${response.status} ${response.statusText}`.trim(),
      response.status === 429 || response.status >= 500
    )
  }
  // What ends with its connection may have been cut off where a row ends.
  if (sha256 === null && !["content-length", "transfer-encoding"].some((name) => response.headers.has(name))) {
    await response.body.cancel()
    throw new NotFetched("the server does not say where it ends, so that nobody knows whether all of it came: give its sha256", true)
  }
  const modified = Date.parse(response.headers.get("last-modified") ?? "")
  return { bytes: response.body, etag: response.headers.get("etag"), ofMs: Number.isNaN(modified) ? nowMs : Math.min(modified, nowMs) }
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

const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)

const inWords = (error: unknown, from: string): string => {
  if (error instanceof NotFetched || error instanceof NoCatalog) return error.message
  const { cause, code, message } = error as NodeJS.ErrnoException & { readonly cause?: NodeJS.ErrnoException }
  if (code === "ENOENT") return "there is no such file"
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return "it is no text"
  if (message === "terminated") return "the connection ended in the middle of it"
  return isRemote(from) ? `it cannot be fetched: ${cause?.code ?? cause?.message ?? message}` : message
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
  const whole = AbortSignal.any([signal, slow.signal, AbortSignal.timeout(maxMs)])
  try {
    const opened = isRemote(from) ? await openUrl(wanted, whole) : openFile(from, wanted.nowMs)
    if (opened === undefined) return undefined
    const packer = new Packer(cloud)
    const sum = await taken(opened, packer, maxBytes, heard)
    if (sha256 !== null && sum !== sha256.toLowerCase()) throw new NotFetched(`its sha256 is ${sum}, not the one that was given`)
    return packer.finish({ date: day(opened.ofMs), imageTags, source: { url: from, etag: opened.etag } })
  } catch (error) {
    if (signal.aborted) throw error
    throw new NotFetched(
      inWords(slow.signal.aborted ? slow.signal.reason : error, from),
      !(error instanceof NoCatalog) && (error as NotFetched).again !== false
    )
  } finally {
    clearTimeout(silent)
  }
}
