/** What a daemon owes for the bytes of one connection: a model of docs/protocol.md, apart from the daemon's own code for it. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { frameMaxBytes, Hello } from "../../sdk/protocol/Wire.ts"

export interface Answer {
  readonly type: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever the daemon sends is looked at
  readonly data: any
}

interface Asked {
  readonly id: string | number
  readonly method: unknown
  readonly requestId: unknown
}

export interface Expected {
  readonly asked: ReadonlyArray<Asked>
  /** Nothing after this is read: it is said, and the connection ends. */
  readonly breaks: boolean
  /** Ids whose answer may stay away: they are, or may be, left. */
  readonly left: ReadonlySet<string>
}

const idMaxChars = 256
/** These end when they are left, and the test leaves them. */
const endless = new Set<unknown>(["events.follow", "logs"])
const isHello = (data: unknown) => Result.isSuccess(Schema.decodeUnknownResult(Hello)(data ?? {}, { onExcessProperty: "error" }))
export const isId = (id: unknown): id is string | number =>
  (typeof id === "string" && id.length <= idMaxChars) || (typeof id === "number" && Number.isFinite(id))

const parsed = (line: string): { readonly type: string; readonly data: unknown } | undefined => {
  if (Buffer.byteLength(line) > frameMaxBytes) return undefined
  try {
    const value = JSON.parse(line)
    return typeof value === "object" && !Array.isArray(value) && typeof value.type === "string" && value.type !== "" ? value : undefined
  } catch {
    return undefined
  }
}

export const expected = (bytes: Buffer): Expected => {
  const lines = bytes.toString("utf8").split("\n")
  const asked: Array<Asked> = []
  const left = new Set<string>()
  for (const [index, line] of lines.entries()) {
    const text = line.trim()
    const isLast = index === lines.length - 1
    if (isLast && line === "") break
    if (text === "" && !isLast) continue
    const frame = isLast ? undefined : parsed(text)
    if (frame === undefined || (frame.type === "hello" && !isHello(frame.data))) return { asked, breaks: true, left }
    const { id, method, requestId } = (frame.data ?? {}) as Partial<Asked>
    if (frame.type === "detach") left.add(JSON.stringify(id))
    if (frame.type !== "request" || !isId(id)) continue
    asked.push({ id, method, requestId })
    if (endless.has(method)) left.add(JSON.stringify(id))
  }
  return { asked, breaks: false, left }
}

/** What is wrong with the answers, in a sentence; undefined when all is well. */
export const complaint = (owed: Expected, answers: ReadonlyArray<Answer>): string | undefined => {
  const fault = answers.find(({ data, type }) => type === "failure" && data.error.tag === "InternalError")
  if (fault !== undefined) return `an internal error: ${JSON.stringify(fault)}`
  const count = new Map<string, number>()
  const add = (id: unknown, by: number) => count.set(JSON.stringify(id), (count.get(JSON.stringify(id)) ?? 0) + by)
  for (const { id } of owed.asked) add(id, 1)
  for (const { data, type } of answers) if (type === "failure" || (type === "result" && data.more !== true)) add(data.id, -1)
  for (const [id, due] of count) {
    if (id === "null" || due === 0 || (due > 0 && owed.left.has(id))) continue
    if (due > 0) return `the request ${id} has no answer`
    if (!answers.some(({ data, type }) => type === "failure" && JSON.stringify(data.id) === id)) return `${id} is answered too often`
  }
  const last = answers.at(-1)
  const said = last?.type === "failure" && last.data.id === null
  return owed.breaks && !said
    ? `what ended the connection is not said; the last answer is ${JSON.stringify(last)?.slice(0, 300)}`
    : undefined
}
