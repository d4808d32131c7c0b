/**
 * node-ipc's guarded parser, with one difference: a frame that is no good is handed on as `invalid` in place of destroying the
 * connection, so that it can be answered. Every good frame comes as `frame`, whatever its type, so that unknown types are answered too.
 */
import { GuardedParser } from "node-ipc/parsers"
import { frameMaxBytes } from "../../sdk/protocol/Wire.ts"

export interface Incoming {
  readonly type: string
  readonly data: unknown
}

export class FrameParser extends GuardedParser {
  override read(buffer: string, data: string, receive: (message: Incoming) => void): string {
    const text = buffer === "" ? data : buffer + data
    let start = 0
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
      const frame = text.slice(start, end).trim()
      start = end + 1
      if (frame === "") continue
      const problem = this.take(frame, receive)
      if (problem !== undefined) {
        receive({ type: "invalid", data: problem })
        return ""
      }
    }
    const rest = text.slice(start)
    if (rest.length <= frameMaxBytes && Buffer.byteLength(rest) <= frameMaxBytes) return rest
    receive({ type: "invalid", data: `a frame is longer than ${frameMaxBytes} bytes` })
    return ""
  }

  /** Hands the frame on, or says what is wrong with it. */
  private take(frame: string, receive: (message: Incoming) => void): string | undefined {
    if (Buffer.byteLength(frame) > frameMaxBytes) return `a frame is longer than ${frameMaxBytes} bytes`
    let message: unknown
    try {
      message = JSON.parse(frame)
    } catch {
      return "a frame is not JSON"
    }
    if (typeof message !== "object" || message === null || Array.isArray(message)) return "a frame is not a JSON object"
    const { data, type } = message as { readonly type?: unknown; readonly data?: unknown }
    if (typeof type !== "string" || type === "") return 'a frame has no "type"'
    receive({ type: "frame", data: { type, data } })
    return undefined
  }
}
