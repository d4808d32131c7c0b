/** Plays the examples of docs/protocol.wire against a real daemon: writes each line of the client's, and reads what the daemon answers. */
import { writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import type { WireExample, WireLine } from "../../scripts/docs-wire.ts"
import type { TestDaemon } from "./daemon.ts"

/** Stands in the document for the folder of the daemon that plays. */
export const homeInExamples = "/home/ann/.local/state/skyd"

export interface Frame {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

const isEnd = ({ data, type }: Frame) => type === "failure" || type === "ping" || (type === "result" && data["more"] !== true)

/** A request that ends is answered until its end; of what is followed as many frames are read as stand there. */
export const play = async (daemon: TestDaemon, { lines, method }: WireExample): Promise<ReadonlyArray<WireLine>> => {
  const socket = connect(join(daemon.home, "run/sock"))
  const played: Array<WireLine> = []
  const replies = linesOf(socket)[Symbol.asyncIterator]()
  let printed = ""
  for (const [index, { from, text }] of lines.entries()) {
    if (from === "←") continue
    played.push({ from, text })
    socket.write(`${text.replaceAll(homeInExamples, daemon.home)}\n`)
    const { type, data } = JSON.parse(text) as Frame
    if (type === "detach") continue
    const next = lines.findIndex((line, at) => at > index && line.from === "→")
    const stand = (next < 0 ? lines.length : next) - index - 1
    for (let count = 0; ; count++) {
      if (String(data?.["method"]).endsWith(".follow") && count === stand) break
      const { value } = await replies.next()
      if (value === undefined) throw new Error(`${method}: the daemon ended the connection`)
      played.push({ from: "←", text: value.replaceAll(daemon.home, homeInExamples) })
      const frame = JSON.parse(value) as Frame
      if (frame.type === "log") printed += frame.data["text"]
      if (isEnd(frame)) break
    }
  }
  socket.destroy()
  // For the one that reads it.
  if (method === "audit.export") writeFileSync(join(daemon.home, "log.jsonl"), printed)
  return played
}

async function* linesOf(socket: AsyncIterable<unknown>) {
  let rest = ""
  for await (const chunk of socket) {
    const lines = (rest + String(chunk)).split("\n")
    rest = lines.pop()!
    yield* lines
  }
}
