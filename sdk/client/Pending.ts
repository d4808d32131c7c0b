/**
 * One request on its way, and what has been seen of its answer. When the connection drops it is sent again: frames seen
 * before are then skipped, by log position and by bytes per rank. Only a `tail` cannot be counted so; it starts over.
 */
import type { Socket } from "node:net"
import { exitCodes } from "../protocol/exit-codes.ts"
import type { LogChunk, LogSource, Progress, Result, ServerFrame } from "../protocol/Wire.ts"
import { ClientError } from "./ClientError.ts"

export interface Handlers {
  readonly onProgress?: (progress: Progress) => void
  readonly onSource?: (source: LogSource) => void
  readonly onLog?: (rank: number, bytes: string | Buffer) => void
  readonly onEvent?: (event: { readonly seq: number }) => void
  /** The log position that the answer contains, and the page of it that has come. */
  readonly onAt?: (at: number, page: unknown) => void
  /** Each frame but a failure as it came, without what had come before a drop. */
  readonly onFrame?: (frame: ServerFrame) => void
}

export interface Request {
  readonly id: number
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
}

export interface Pending {
  /** The connection that it was written to. */
  on?: Socket
  readonly method: string
  readonly done: Promise<unknown>
  readonly reject: (error: Error) => void
  /** What to write when it goes out, the first time or again. */
  readonly frame: () => string
  /** True when that was the end of it. */
  readonly take: (frame: ServerFrame) => boolean
}

export const encode = (type: string, data: object): string => `${JSON.stringify({ type, data })}\n`

type Page = Record<string, unknown>

/** A list goes on from page to page; all else comes with the last. */
const addPage = (all: Page, page: Page): void => {
  for (const [key, value] of Object.entries(page)) {
    const before = all[key]
    if (Array.isArray(before) && Array.isArray(value)) for (const item of value) before.push(item)
    else all[key] = value
  }
}

export const makePending = (request: Request, { onProgress, onSource, onLog, onEvent, onAt, onFrame }: Handlers): Pending => {
  const { promise: done, resolve, reject } = Promise.withResolvers<unknown>()
  const seen = new Map<number, number>()
  const skip = new Map<number, number>()
  const sources = new Set<string>()
  let params = request.params
  let lastAt = -1
  let pages: Page | undefined

  const log = (chunk: LogChunk): void => {
    const { base64, rank, text } = chunk
    let bytes = base64 === undefined ? (text ?? "") : Buffer.from(base64, "base64")
    const known = skip.get(rank) ?? 0
    const size = Buffer.byteLength(bytes)
    skip.set(rank, Math.max(0, known - size))
    if (size <= known && known > 0) return
    if (known > 0) bytes = Buffer.from(bytes as string).subarray(known)
    seen.set(rank, (seen.get(rank) ?? 0) + size - known)
    onLog?.(rank, bytes)
    onFrame?.({ type: "log", data: known === 0 ? chunk : { id: chunk.id, rank, base64: (bytes as Buffer).toString("base64") } })
  }

  const result = ({ value, more, at }: Result): void => {
    onAt?.(at, value)
    if (pages === undefined && !more) resolve(value)
    else {
      pages ??= {}
      addPage(pages, value as Page)
      if (!more) resolve(pages)
    }
  }

  return {
    method: request.method,
    done,
    reject,
    frame: () => {
      pages = undefined
      if (params.tail == null) for (const [rank, bytes] of seen) skip.set(rank, bytes)
      return encode("request", { ...request, params })
    },
    take: (frame) => {
      const { type, data } = frame
      if (type === "log") {
        log(data)
        return false
      }
      if (type === "failure") {
        reject(fromWire(data))
        return true
      }
      if (type === "progress") {
        if (data.at <= lastAt && !data.passing) return false
        lastAt = data.at
        onProgress?.(data)
      } else if (type === "source") {
        if (sources.has(data.prefix)) return false
        sources.add(data.prefix)
        onSource?.(data)
      } else if (type === "event") {
        const event = data.event as { readonly seq: number }
        params = { ...params, after: event.seq }
        onEvent?.(event)
      } else if (type === "result") result(data)
      onFrame?.(frame)
      return type === "result" && !data.more
    }
  }
}

export const fromWire = ({ error }: Extract<ServerFrame, { type: "failure" }>["data"]): ClientError =>
  Object.assign(new ClientError(error.tag, exitCodes.failed, error.message), error)
