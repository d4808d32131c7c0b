/** An export, held against the log: the same bytes, line by line, up to the first difference. */
import { AuditError } from "../../sdk/protocol/errors.ts"
import { unpack } from "../log/chain.ts"
import type { Stored } from "../log/LogStore.ts"
import { Lines, type RawLine } from "./Lines.ts"
import { type Line, printLine } from "./line.ts"
import { readLine, seqOf, wrongSeq } from "./why-not.ts"

export const empty = () => new AuditError({ message: "The file holds no events.", hint: null })

export class Differ {
  /** How many lines are the log's own. */
  same = 0
  difference: { readonly line: number; readonly message: string } | null = null
  readonly lines: Lines
  private ended = false

  constructor(file: string) {
    this.lines = Lines.of(file)
  }

  /** Takes as many lines as there are events, and returns for how many there was none. */
  async compare(page: ReadonlyArray<Stored>): Promise<number> {
    for (const [i, { seq, value }] of page.entries()) {
      const raw = this.ended ? undefined : (this.lines.take() ?? (await this.lines.next()))
      if (raw === undefined) {
        if (this.same === 0) throw empty()
        this.ended = true
        return page.length - i
      }
      const own = unpack(value)!
      const isSame = raw.broken === undefined && printLine(own).subarray(0, -1).equals(raw.bytes)
      if (!isSame) {
        this.difference = { line: raw.number, message: await this.describe(raw, seq, own) }
        return 0
      }
      this.same += 1
    }
    return 0
  }

  /** Lines after those of the log. */
  async countRest(): Promise<number> {
    let count = 0
    for (let raw = await this.lines.next(); raw !== undefined; raw = await this.lines.next()) {
      const line = readLine(raw)
      const found = typeof line === "string" ? undefined : seqOf(line.json)
      const expected = this.same + count + 1
      if (typeof line === "string" || found !== expected) {
        const message = typeof line === "string" ? line : await wrongSeq(raw.number, found, expected, this.lines)
        this.difference = { line: raw.number, message }
        return 0
      }
      count += 1
    }
    if (this.same + count === 0) throw empty()
    return count
  }

  private async describe(raw: RawLine, seq: number, own: Line): Promise<string> {
    const line = readLine(raw)
    if (typeof line === "string") return line
    const found = seqOf(line.json)
    if (found !== seq) return wrongSeq(raw.number, found, seq, this.lines)
    const [here, there] = [logOf(own), logOf(line)]
    if (seq === 1 && here !== there) return `The file is an export of another log (${there ?? "of none"}); this one is ${here}.`
    const what = line.json.equals(own.json) ? "has another hash than in the log" : "is not what the log holds"
    return `Line ${raw.number}: event ${seq} ${what}.`
  }
}

const logOf = ({ json }: Line): string | undefined => {
  const { event } = JSON.parse(json.toString()) as { readonly event?: { readonly log?: string } }
  return event?.log
}
