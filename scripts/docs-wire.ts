/** docs/protocol.wire: for each method what a client writes (→) and what the daemon answers (←), line by line, as docs/protocol.md shows it. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./docs-schema.ts"

export const wireFile = join(root, "docs/protocol.wire")

export interface WireLine {
  readonly from: "→" | "←"
  readonly text: string
}
/** One connection. */
export interface WireExample {
  readonly method: string
  readonly lines: ReadonlyArray<WireLine>
}

export const wireExamples = (): ReadonlyArray<WireExample> =>
  readFileSync(wireFile, "utf8")
    .split(/^# /m)
    .slice(1)
    .map((block) => {
      const [method = "", ...lines] = block.trimEnd().split("\n")
      return { method, lines: lines.map((line) => ({ from: line[0] as WireLine["from"], text: line.slice(2) })) }
    })

export const printWire = (examples: ReadonlyArray<WireExample>): string =>
  examples.map(({ lines, method }) => `# ${method}\n${lines.map(({ from, text }) => `${from} ${text}\n`).join("")}`).join("\n")
