/** The daemon's connection to an agent: whoever breaks something on it, the agent or the daemon itself, is named. */
import { duplexPair } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { AgentLink } from "../../daemon/reactors/couriers/AgentLink.ts"

/** A link, and the agent's end of it: what was asked, and a way to send lines. */
const linked = () => {
  const [agent, daemon] = duplexPair()
  const asked: Array<string> = []
  agent.setEncoding("utf8").on("data", (text: string) => asked.push(...text.trimEnd().split("\n")))
  const say = (...lines: ReadonlyArray<string>) => agent.write(lines.map((line) => `${line}\n`).join(""))
  const turns = Effect.promise(async () => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
  })
  return { link: new AgentLink(daemon), asked, say, turns }
}

describe("a link to an agent", () => {
  it.effect("does not blame the agent for a defect of who reads its frames: that request dies of it, the others go on", () =>
    Effect.gen(function* () {
      const { asked, link, say, turns } = linked()
      const boom = () => {
        throw new Error("boom")
      }
      const reading = yield* Effect.forkChild(Effect.exit(link.request("journal.follow", { after: 0 }, boom)), { startImmediately: true })
      const other = yield* Effect.forkChild(link.request("activity", {}), { startImmediately: true })
      say('{"type":"entry","data":{"id":1}}', '{"type":"entry","data":{"id":1}}', '{"type":"result","data":{"id":2,"value":{}}}')
      yield* turns
      assert.include(JSON.stringify(reading.pollUnsafe()), '"Die"')
      assert.isDefined(other.pollUnsafe())
      assert.isTrue(link.isOpen)
      assert.deepStrictEqual(
        asked.map((line) => JSON.parse(line)).filter(({ type }) => type === "detach"),
        [{ type: "detach", data: { id: 1 } }]
      )
    })
  )
  it.effect("over a connection that has ended already has ended, and says why", () =>
    Effect.gen(function* () {
      const [, daemon] = duplexPair()
      daemon.on("error", () => undefined).destroy(new Error("box answers no more"))
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      const link = new AgentLink(daemon)
      assert.isFalse(link.isOpen)
      assert.include((yield* Effect.flip(link.request("activity", {}))).message, "box answers no more")
    })
  )
  it.effect.each(["no JSON", "null", "{}", '{"type":"result","data":7}', "[]"])("ends at a line that is no frame: %s", (line) =>
    Effect.gen(function* () {
      const { link, say, turns } = linked()
      const asking = yield* Effect.forkChild(Effect.flip(link.request("activity", {})), { startImmediately: true })
      say(line)
      yield* turns
      assert.isFalse(link.isOpen)
      assert.include(JSON.stringify(asking.pollUnsafe()), "the agent sent a line that is no frame")
    })
  )
})
