/** A log's way from the head's agent to a client, when the agent goes away in the middle. */
import { duplexPair } from "node:stream"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { expect, it } from "vitest"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { streamLogs } from "../../daemon/queries/logs.ts"
import { notUp, wentWith } from "../../daemon/queries/unread.ts"
import { AgentLink } from "../../daemon/reactors/couriers/AgentLink.ts"
import type { World } from "../../daemon/World.ts"
import type { LogsAnswer } from "../../sdk/protocol/queries.ts"
import type { ServerFrame } from "../../sdk/protocol/Wire.ts"
import { ended, lost, name, rowAfter, started, up, worldOf } from "../fakes/facts.ts"

type Say = (type: string, data: object) => void
/** What an agent does with a request for logs; then it dies, unless it has answered. */
type Life = (asked: Record<string, unknown>, say: Say) => void

const agentThat = (live: Life, hangs: boolean) => {
  const [ours, theirs] = duplexPair()
  ours.setEncoding("utf8").on("data", (lines: string) => {
    for (const line of lines.trim().split("\n")) {
      const { data, type } = JSON.parse(line)
      if (type !== "request") continue
      const frames: Array<string> = []
      const say: Say = (kind, more) => void frames.push(`${JSON.stringify({ type: kind, data: { id: data.id, ...more } })}\n`)
      if (hangs) continue
      if (data.method === "hello") say("result", { value: {} })
      else live(data.params, say)
      ours.write(frames.join(""), () => frames.at(-1)?.startsWith('{"type":"result"') || theirs.destroy())
    }
  })
  return new AgentLink(theirs)
}

const answer = { status: "SUCCEEDED", returnCodes: [0], reason: null }
const source = { rank: 0, source: "run.log", prefix: "(task, pid=7) " }
const log = (text: string, to: number) => ({ rank: 0, source: "run.log", to, text })

interface Circumstances {
  readonly areOn?: boolean
  /** In place of the agent. */
  readonly connect?: () => Effect.Effect<AgentLink, CloudError>
  readonly hangs?: boolean
  readonly isFull?: () => boolean
  readonly ready?: boolean
  readonly untilTold?: (endJob: () => void) => Effect.Effect<void>
  readonly hasStarted?: boolean
  readonly follow?: boolean
}

const logsOf = (
  lives: ReadonlyArray<Life>,
  {
    areOn = false,
    connect,
    follow = true,
    hangs = false,
    hasStarted = true,
    isFull = () => false,
    ready = true,
    untilTold = () => Effect.void
  }: Circumstances = {}
) => {
  const links: Array<AgentLink> = []
  const frames: Array<ServerFrame> = []
  const asked: Array<unknown> = []
  const waits: Array<() => void> = []
  const listeners = new Set<(group: ReadonlyArray<never>) => void>()
  let world: World = worldOf([...up(), ...(hasStarted ? [started()] : []), ...(ready ? [] : [lost()])])
  let next = 0
  const endJob = () => {
    world = worldOf([...up(), started(), ended()])
    for (const listener of listeners) listener([])
  }
  const reply = { push: (frame: ServerFrame) => void frames.push(frame), isFull, whenDrained: (wait: () => void) => void waits.push(wait) }
  const toAgent = () =>
    Effect.sync(() => {
      const live = lives[next++]!
      const link = agentThat((params, say) => {
        asked.push(params)
        live(params, say)
        if (next === lives.length) endJob()
      }, hangs)
      links.push(link)
      return link
    })
  const tools = {
    log: {
      world: () => world,
      follow: (listener: (group: ReadonlyArray<never>) => void) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      }
    },
    couriers: { connect: connect ?? toAgent, untilTold: () => (next === 0 ? Effect.void : untilTold(endJob)) },
    areOn
  }
  const streamed = streamLogs("mine", { clusterName: name, tail: 3, follow }, reply as never, tools as never)
  return { asked, frames, links, streamed, waits }
}

const followed = async (...of: Parameters<typeof logsOf>) => {
  const logs = logsOf(...of)
  return { ...logs, value: await Effect.runPromise(logs.streamed as Effect.Effect<LogsAnswer>) }
}

it("goes on where each file was, and names a source once", async () => {
  const { asked, frames, value } = await followed([
    (_, say) => {
      say("source", source)
      say("log", log("", 6))
      say("log", log("4\n", 8))
      say("source", { ...source, rank: 1, source: "worker.log" })
    },
    (_, say) => {
      say("source", source)
      say("log", log("", 8))
      say("log", log("5\n", 10))
      say("result", { value: answer })
    }
  ])
  const runTimestamp = expect.stringMatching(/^sky-/)
  const first = { job: 1, runTimestamp, rank: null, tail: 3, follow: true, from: {} }
  expect(asked).toEqual([first, { ...first, from: { "run.log": 8, "worker.log": null } }])
  expect(frames).toEqual([
    { type: "source", data: { id: "mine", rank: 0, prefix: source.prefix } },
    { type: "log", data: { id: "mine", rank: 0, text: "4\n" } },
    { type: "source", data: { id: "mine", rank: 1, prefix: source.prefix } },
    { type: "log", data: { id: "mine", rank: 0, text: "5\n" } }
  ])
  expect(value).toEqual({ jobId: 1, ...answer })
})

it("does not wait until a new agent has been told of a job that ended meanwhile", async () => {
  const untilTold = (endJob: () => void) => Effect.andThen(Effect.sync(endJob), Effect.never)
  const { value } = await followed([() => {}, (_, say) => say("result", { value: answer })], { untilTold })
  expect(value).toEqual({ jobId: 1, ...answer })
}, 10_000)

it("waits once for a slow reader, however many frames were on their way", async () => {
  const say: Life = (_, say) => {
    for (let to = 1; to <= 20; to++) say("log", log("x", to))
    say("result", { value: answer })
  }
  const { frames, waits } = await followed([say], { isFull: () => true })
  expect(frames).toHaveLength(20)
  expect(waits).toHaveLength(1)
})

it("waits for a job that its head does not have yet, and says so once", async () => {
  const knowsNothing: Life = (_, say) =>
    say("failure", { error: { tag: "JobDoesNotExist", message: "job 1 was not found on this cluster" } })
  const has: Life = (_, say) => {
    say("log", log("1\n", 2))
    say("result", { value: answer })
  }
  const notices = [`Job 1 of ${name} has no logs yet: its head does not have job 1 yet.`]
  const notice = { type: "result", data: { id: "mine", at: expect.any(Number), value: { notices }, more: true } }
  const { frames, value } = await followed([knowsNothing, knowsNothing, has], { areOn: true, hasStarted: false })
  expect(frames).toEqual([notice, { type: "log", data: { id: "mine", rank: 0, text: "1\n" } }])
  expect(value).toMatchObject({ jobId: 1, status: "SUCCEEDED" })
  const once = await followed([knowsNothing, has], { areOn: true, hasStarted: false, follow: false })
  expect(once.frames).toEqual([notice])
  expect(once.value).toMatchObject({ jobId: 1, status: "PENDING" })
})

it("passes on what its agent refuses as what it is", async () => {
  for (const [tag, kept, exitCode] of [
    ["ValueError", "ValueError", 2],
    ["JobDoesNotExist", "JobDoesNotExist", 5],
    ["AnotherNode", "RuntimeError", 1]
  ] as const) {
    const refuses: Life = (_, say) => say("failure", { error: { tag, message: "job 1 has no rank 7: it has rank 0" } })
    const { streamed } = logsOf([refuses, refuses], { areOn: true })
    expect(await Effect.runPromise(Effect.flip(streamed as Effect.Effect<LogsAnswer, Error>))).toMatchObject({
      _tag: kept,
      exitCode,
      message: `The logs of ${name} cannot be read: job 1 has no rank 7: it has rank 0.`
    })
  }
})

const turns = (count = 20) =>
  Effect.promise(async () => {
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
  })

it("leaves no connection open when its reader goes away while the agent is silent", async () => {
  const { links, streamed } = logsOf([() => {}], { hangs: true })
  const fiber = Effect.runFork(streamed)
  await Effect.runPromise(turns())
  expect(links.map(({ isOpen }) => isOpen)).toEqual([true])
  await Effect.runPromise(Effect.andThen(Fiber.interrupt(fiber), turns()))
  expect(links.map(({ isOpen }) => isOpen)).toEqual([false])
})

/** The failure, however long it takes. */
const givenUp = (streamed: ReturnType<typeof streamLogs>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Effect.flip(streamed), { startImmediately: true })
    while (fiber.pollUnsafe() === undefined) yield* Effect.andThen(TestClock.adjust("100 millis"), turns())
    return yield* Fiber.join(fiber)
  }).pipe(Effect.provide(TestClock.layer()))

it("says of a head that goes away again and again that it does, not that its cluster is UP", async () => {
  const { streamed } = logsOf(Array.from({ length: 1000 }, () => () => {}))
  const { message } = await Effect.runPromise(givenUp(streamed))
  expect(message).toBe("The logs of train cannot be read: its head breaks the connection off again and again.")
})

it.each([
  ["went meanwhile", undefined, "it is gone."],
  ["came up as the wait for it ended", rowAfter(up()), "its head has not answered yet."]
] as const)("says of a cluster that %s so, not that it is UP", (_, now, why) => {
  expect(notUp(rowAfter(up())!, now).message).toBe(`The logs of train cannot be read: ${why}`)
})

it.each([
  ["Refused", "Node 7 is not running: stopped on request.", "Node 7 is not running: stopped on request."],
  ["Transient", "No agent answers on sock.", "its agent does not answer. No agent answers on sock."]
] as const)("says the cloud's word at once where nobody would mend it: %s", async (kind, message, words) => {
  const { streamed } = logsOf([], { connect: () => Effect.fail(new CloudError({ kind, code: "x", message })) })
  const error = await Effect.runPromise(Effect.flip(streamed))
  expect(error.message).toBe(`The logs of train cannot be read: ${words}`)
})

it.each([true, false])("says at once what waiting does not mend, with its head known as ready: %s", async (ready) => {
  const message = "the host key of gpu-1 has changed."
  const connect = () => Effect.fail(new CloudError({ kind: "Transient", code: "HostKeyChanged", message }))
  const { streamed } = logsOf([], { areOn: true, connect, ready, untilTold: () => Effect.never })
  const error = await Effect.runPromise(Effect.flip(streamed))
  expect(error.message).toBe(`The logs of train cannot be read: ${message}`)
})

it("waits for an agent that the daemon makes run again, and says the cloud's last word when it does not", async () => {
  let calls = 0
  const connect = () => {
    calls += 1
    return Effect.fail(new CloudError({ kind: "Transient", code: "x", message: "No agent answers on sock." }))
  }
  const { streamed } = logsOf([], { areOn: true, connect })
  const { message } = await Effect.runPromise(givenUp(streamed))
  expect(message).toBe("The logs of train cannot be read: its agent does not answer. No agent answers on sock.")
  expect(calls).toBeGreaterThan(50)
})

it("says of a job that ended before its node had it why it did, and shows nothing of another one under its number", async () => {
  const { frames, value } = await followed([
    (_, say) => say("failure", { error: { tag: "JobDoesNotExist", message: "job 1 was not found" } })
  ])
  expect(frames).toEqual([])
  expect(value).toMatchObject({ jobId: 1, status: "SUCCEEDED" })
})

it("whose cluster is gone is told by which command it was launched, since its name alone makes another", () => {
  const closed = { _tag: "JobClosed", cluster: rowAfter(up())!.id, job: 1, status: "FAILED", returnCodes: [], reason: "gone" } as never
  const hint = (lastUse: string) => wentWith({ ...rowAfter(up())!, lastUse }, undefined, closed).hint
  expect(hint("sky launch -y -c train --use-spot 'sleep 300'")).toBe(
    "train is gone. Launch it again: sky launch -y -c train --use-spot 'sleep 300'"
  )
  expect(hint("sky exec train ls")).toBe(
    "train is gone. Launch it again as before: sky launch -c train and its task; used last by: sky exec train ls"
  )
})
