/**
 * node-ipc's guarded parser, with one difference: a frame that is no good is handed on as `invalid` in place of destroying the
 * connection, so that it can be answered. Every good frame comes as `frame`, whatever its type, so that unknown types are answered too.
 */
import { GuardedParser, type IPCProtocolError } from "node-ipc/parsers"
import { frameMaxBytes } from "../../sdk/protocol/Wire.ts"
import { answerTooLong } from "./limits.ts"

export interface Incoming {
  readonly type: string
  readonly data: unknown
}

const tooLong = `a frame is longer than ${frameMaxBytes} bytes`

export class FrameParser extends GuardedParser {
  /** An answer that no frame takes is still an answer: whoever waits for it learns why it does not come. */
  override encode(type: string, data: { readonly id?: string | number }): string {
    try {
      return super.encode(type, data)
    } catch (cause) {
      if ((cause as IPCProtocolError).code !== "ERR_IPC_FRAME_TOO_LARGE") throw cause
      return super.encode("failure", { id: data.id ?? null, error: answerTooLong })
    }
  }

  /** Only what is new is searched: a frame that comes byte by byte is not looked through at each of them. */
  override read(buffer: string, data: string, receive: (message: Incoming) => void): string {
    let start = 0
    let before = buffer
    for (let end = data.indexOf("\n"); end !== -1; end = data.indexOf("\n", start)) {
      const frame = (before + data.slice(start, end)).trim()
      before = ""
      start = end + 1
      if (frame === "") continue
      const problem = this.take(frame, receive)
      if (problem !== undefined) {
        receive({ type: "invalid", data: problem })
        return ""
      }
    }
    const rest = before + data.slice(start)
    // A character is at least a byte; the bytes are counted when it has come to its end.
    if (rest.length <= frameMaxBytes) return rest
    receive({ type: "invalid", data: tooLong })
    return ""
  }

  /** Hands the frame on, or says what is wrong with it. */
  private take(frame: string, receive: (message: Incoming) => void): string | undefined {
    if (Buffer.byteLength(frame) > frameMaxBytes) return tooLong
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
