/**
 * What lies on a web server, unpacked, and never less than all of it: Node's own `fetch` takes what was cut off within its compression for
 * the whole. Whatever stands against it is said in words.
 */
import type { IncomingMessage } from "node:http"
import { pipeline } from "node:stream"
import { createBrotliDecompress, createGunzip } from "node:zlib"
import { NotFetched } from "./NotFetched.ts"

const redirectsMax = 10
const statusMaxChars = 200

const unpackers = new Map<string, () => ReturnType<typeof createGunzip> | ReturnType<typeof createBrotliDecompress>>([
  ["gzip", createGunzip],
  ["x-gzip", createGunzip],
  ["br", createBrotliDecompress]
])

const words: ReadonlyArray<readonly [RegExp, (host: string, message: string) => string]> = [
  [/^ECONNREFUSED$/, (host) => `nothing listens at ${host}`],
  [/^ENOTFOUND$/, (host) => `there is no server of the name ${host}`],
  [/^EAI_/, (host) => `the name ${host} cannot be looked up now`],
  [/^(ECONNRESET|EPIPE)$/, (host) => `${host} closes the connection`],
  [/^ETIMEDOUT$/, (host) => `${host} does not answer`],
  [/^E(HOST|NET)(UNREACH|DOWN)$/, (host) => `there is no way to ${host}`],
  [/^(HPE_|EPROTO|ERR_SSL)/, (host) => `what answers at ${host} is no server of the kind`],
  [/CERT|ISSUER|SIGNATURE/, (host, message) => `the certificate of ${host} is not trusted (${message})`]
]

const unreached = (error: NodeJS.ErrnoException, { host }: URL): NotFetched => {
  const said = words.find(([code]) => code.test(error.code ?? ""))?.[1](host, error.message) ?? error.message
  return new NotFetched(`it cannot be fetched: ${said}`, true)
}

const addressOf = (text: string, base?: URL): URL => {
  const url = URL.parse(text, base?.href)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new NotFetched(`${text} is no address of a web server`)
  return url
}

const ask = async (url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage> => {
  const { get } = url.protocol === "https:" ? await import("node:https") : await import("node:http")
  return new Promise((resolve, reject) => {
    get(url, { headers, signal }, resolve).on("error", (error) => reject(unreached(error, url)))
  })
}

export interface Opened {
  readonly bytes: AsyncIterable<Uint8Array>
  readonly etag: string | null
  /** Not a number where nobody knows. */
  readonly ofMs: number
}

interface Asked {
  readonly from: string
  /** Of what is had from there already. */
  readonly etag: string | null
  /** Who knows its sum need not be told where it ends. */
  readonly sha256: string | null
}

/** Node drops what follows on the packed bytes: then nobody knows what that was. */
async function* whole(response: IncomingMessage, unpacker: ReturnType<typeof createGunzip>): AsyncGenerator<Uint8Array> {
  let came = 0
  response.on("data", ({ length }: Buffer) => {
    came += length
  })
  yield* pipeline(response, unpacker, () => {})
  if (!response.readableEnded || came > unpacker.bytesWritten) throw new NotFetched("more follows on what is packed")
}

const unpacked = (response: IncomingMessage, encoding: string): AsyncIterable<Uint8Array> => {
  if (encoding === "" || encoding === "identity") return response
  const unpacker = unpackers.get(encoding)
  if (unpacker === undefined) throw new NotFetched(`the server packs it as ${encoding}, which was not asked for`)
  return whole(response, unpacker())
}

/** Undefined: it has none but that of last time. */
export const openUrl = async ({ etag, from, sha256 }: Asked, signal: AbortSignal): Promise<Opened | undefined> => {
  const asking = { "accept-encoding": "gzip, br", "user-agent": "skyd", ...(etag === null ? {} : { "if-none-match": etag }) }
  let url = addressOf(from)
  let response = await ask(url, asking, signal)
  for (let hops = 0; [301, 302, 303, 307, 308].includes(response.statusCode!); hops++) {
    response.destroy()
    if (hops >= redirectsMax) throw new NotFetched(`the server sends from one place to the next, more than ${redirectsMax} times`)
    const { location } = response.headers
    if (location === undefined) throw new NotFetched("the server sends elsewhere, and does not say where to")
    url = addressOf(location, url)
    response = await ask(url, asking, signal)
  }
  try {
    const { headers, statusCode = 0, statusMessage = "" } = response
    if (statusCode === 304 && etag !== null) {
      response.destroy()
      return undefined
    }
    if (statusCode !== 200)
      throw new NotFetched(
        `the server answers ${statusCode} ${statusMessage.slice(0, statusMaxChars)}`.trim(),
        statusCode === 429 || statusCode >= 500
      )
    // What ends with its connection may have been cut off where a row ends.
    const isFramed = headers["content-length"] !== undefined || /\bchunked$/i.test(headers["transfer-encoding"] ?? "")
    if (sha256 === null && !isFramed)
      throw new NotFetched("the server does not say where it ends, so that nobody knows whether all of it came: give its sha256", true)
    return {
      bytes: unpacked(response, (headers["content-encoding"] ?? "").trim().toLowerCase()),
      etag: headers.etag ?? null,
      ofMs: Date.parse(headers["last-modified"] ?? "")
    }
  } catch (error) {
    response.destroy()
    throw error
  }
}
