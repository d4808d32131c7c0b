/** The exchanges of docs/protocol.md, played byte for byte against a real daemon: it answers with frames of the shapes that stand there. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startDaemon, type TestDaemon } from "./daemon.ts"
import type { Frame } from "./play.ts"
import { shapes } from "./shapes.ts"

interface Exchange {
  readonly sent: string
  readonly replies: ReadonlyArray<Frame>
}
const framesOf = (text: string): ReadonlyArray<Frame> =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))

const exchanges: ReadonlyArray<Exchange> = [
  ...readFileSync(join(import.meta.dirname, "../../docs/protocol.md"), "utf8").matchAll(/```console\n([\s\S]*?)```/g)
].flatMap(([, block = ""]) =>
  block
    .split(/^\$ /m)
    .filter((part) => part.includes("nc -U -N"))
    .map((part) => {
      const [command = "", ...replies] = part.split("\n")
      const sent = [...command.matchAll(/'([^']*)'/g)].map(([, word]) => word).slice(1)
      return { sent: `${sent.join("\n")}\n`, replies: framesOf(replies.join("\n")) }
    })
)

let daemon: TestDaemon
beforeAll(async () => {
  daemon = await startDaemon()
})
afterAll(() => daemon.end())

describe("the exchanges of docs/protocol.md", () => {
  it("are there", () => {
    expect(exchanges.length).toBeGreaterThanOrEqual(5)
  })

  it("happen as written", { timeout: 60_000 }, async () => {
    for (const { replies, sent } of exchanges) {
      const answered = framesOf(await daemon.exchange(sent))
      // Fields may come that the document does not show; none may be missing.
      expect(shapes(answered), sent).toMatchObject(shapes(replies))
    }
  })

  it("can be repeated under the same request id without a second launch", { timeout: 60_000 }, async () => {
    const launch = exchanges.find(({ sent }) => sent.includes("requestId"))!
    const again = framesOf(await daemon.exchange(launch.sent)).at(-1)
    expect(again).toMatchObject({ type: "result", data: { value: { cluster: "demo", jobId: 1 } } })
    const status = framesOf(await daemon.exchange('{"type":"request","data":{"id":1,"method":"status"}}\n'))
    expect(status).toMatchObject([{ data: { value: { clusters: [] } } }])
  })
})
