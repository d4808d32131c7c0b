/** What the daemon says of an operation while somebody waits for it, and small answers beside it. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { followEvents, sendEvents } from "../../daemon/queries/events.ts"
import { streamLogs } from "../../daemon/queries/logs.ts"
import { operationView } from "../../daemon/queries/operation-view.ts"
import { pagesOf } from "../../daemon/queries/pages.ts"
import { progressOf } from "../../daemon/queries/progress.ts"
import { queueOf } from "../../daemon/queries/queue.ts"
import { select } from "../../daemon/queries/select.ts"
import type { Offer } from "../../events/values.ts"
import { operationOf } from "../../projections/operations.ts"
import { makePending } from "../../sdk/client/Pending.ts"
import {
  asked,
  cluster,
  created,
  launchRequested,
  lost,
  name,
  nodeId,
  offer,
  provisioned,
  recorded,
  requested,
  type Said,
  submitted,
  succeeded,
  token,
  up,
  worldOf
} from "../fakes/facts.ts"

/** The phase that the last fact means, when all of them are known. */
const last = (facts: ReadonlyArray<Said>, at = facts.length - 1) => {
  const told = progressOf(recorded(facts)[at]!, worldOf(facts), name)
  return told && [told.phase, told.state, told.detail]
}

it("a launch whose machines came with larger disks than it asked for says how large they are", () => {
  const facts = [...asked(), ...provisioned(2)]
  assert.deepStrictEqual(last(facts), ["provision", "done", "2 nodes"])
  const came = facts.map((said): Said => {
    const [event, of = "r-launch"] = "_tag" in said ? [said] : said
    return event._tag === "NodeProvisioned" ? [{ ...event, diskGib: 500 }, of] : said
  })
  assert.deepStrictEqual(last(came), ["provision", "done", "2 nodes, each with a disk of 500 GiB: what it was made from is that large"])
})

describe("a launch behind another", () => {
  const second: ReadonlyArray<Said> = [requested("launch", "r-2"), launchRequested({}, "r-2")]
  const facts = [...asked(), ...second]
  const at = asked().length

  it("says that it waits, and for what", () => {
    assert.deepStrictEqual(last(facts, at), ["queued", "running", "for the launch before it; to end that: sky ops cancel r-launch"])
  })
  it("and a start says it as a launch does", () => {
    const start = {
      _tag: "StartRequested",
      cluster,
      idleMinutes: null,
      down: false,
      force: false,
      retryUntilUp: false,
      lastUse: ""
    } as const
    const behind: ReadonlyArray<Said> = [...asked(), requested("start"), [start, "r-start"]]
    assert.deepStrictEqual(last(behind, at), ["queued", "running", "for the launch before it; to end that: sky ops cancel r-launch"])
  })
  it("is named as what is waited for where it is the last of several", () => {
    const third: ReadonlyArray<Said> = [requested("launch", "r-3"), launchRequested({}, "r-3")]
    assert.include(last([...facts, ...third], facts.length)?.[2], "sky ops cancel r-2")
  })
  it("does not wait once that is done, nor for an autostop", () => {
    assert.isUndefined(last([...facts, succeeded()], at))
    const setting: ReadonlyArray<Said> = [
      ...up(),
      requested("autostop"),
      [{ _tag: "AutostopSet", cluster, idleMinutes: 5, down: false }, "r-autostop"],
      ...second
    ]
    assert.isUndefined(last(setting, up().length + 2))
    const world = worldOf(setting)
    assert.notInclude(operationView(operationOf(world.operations, "r-2")!, world, 0).detail ?? "", "before it")
  })
  it("is listed as waiting", () => {
    const world = worldOf(facts)
    assert.strictEqual(operationView(operationOf(world.operations, "r-2")!, world, 0).detail, "waits for 1 before it")
  })
})

describe("a cluster without nodes whose ports cannot be closed yet", () => {
  it("is still being torn down, and is told why", () => {
    const busy: Said = [{ _tag: "ActionFailed", cluster, action: "Conclude", message: "a machine is in it.", retryAtMs: 1 }, "r-down"]
    const down: Said = [{ _tag: "DownRequested", cluster, purge: false, lastUse: "" }, "r-down"]
    const waiting = [...asked(), requested("down"), down, busy]
    assert.deepStrictEqual(last(waiting), ["down", "running", "a machine is in it; trying again"])
    assert.isTrue(progressOf(recorded(waiting).at(-1)!, worldOf(waiting), name)?.news)
    // Who is told so by the end of the operation is not told before it as well.
    const error = { tag: "RuntimeError", message: "a machine is in it", hint: null, exitCode: 1, fields: {} }
    const over: ReadonlyArray<Said> = [...waiting, [{ _tag: "OperationFailed", error }, "r-down"]]
    assert.notProperty(progressOf(recorded(over).at(-2)!, worldOf(over), name), "news")
  })
})

describe("a node that a purge called stopped without its cloud's word", () => {
  it("is told with what it costs, since it may run, and how that is seen", () => {
    const place: Offer = { ...offer, cloud: "aws", region: "us-east-1", zone: "us-east-1b", usdPerHour: 0.38 }
    const facts: ReadonlyArray<Said> = [
      created,
      { _tag: "PlaceChosen", cluster, offer: place, numNodes: 1 },
      [{ _tag: "NodeRequested", cluster, token, ranks: [0], offer: place }, "r-launch"],
      [{ _tag: "NodeProvisioned", cluster, token, rank: 0, node: nodeId(0), address: "10.0.0.4", host: "i-0ab3" }, "r-launch"],
      requested("stop"),
      [{ _tag: "StopRequested", cluster, purge: true, lastUse: "" }, "r-stop"]
    ]
    const stopped = { _tag: "NodeStopped", cluster, rank: 0, node: nodeId(0), reason: "not confirmed by the cloud: you may not." } as const
    assert.deepStrictEqual(last([...facts, [{ ...stopped, confirmed: false }, "r-stop"]]), [
      "stop",
      "failed",
      "node 0 may still run on i-0ab3 (AWS us-east-1b), $0.38 an hour: not confirmed by the cloud: you may not. Whether it does is looked at by itself; now: sky status -r train; in the end: sky down train"
    ])
    assert.isUndefined(last([...facts, [stopped, "r-stop"]]))
  })
})

describe("a node that a purge gave up on", () => {
  const left = (changes: Partial<Offer>, host: string): ReadonlyArray<Said> => {
    const place = { ...offer, ...changes }
    return [
      created,
      requested("launch"),
      launchRequested(),
      { _tag: "PlaceChosen", cluster, offer: place, numNodes: 1 },
      [{ _tag: "NodeRequested", cluster, token, ranks: [0], offer: place }, "r-launch"],
      [{ _tag: "NodeProvisioned", cluster, token, rank: 0, node: nodeId(0), address: "10.0.0.4", host }, "r-launch"],
      requested("down"),
      [{ _tag: "DownRequested", cluster, purge: true, lastUse: "" }, "r-down"],
      [{ _tag: "NodeAbandoned", cluster, rank: 0, node: nodeId(0), reason: "no answer." }, "r-down"]
    ]
  }
  const aws = left({ cloud: "aws", region: "us-east-1", zone: "us-east-1b", usdPerHour: 0.19 }, "i-0ab3")

  it("is told with what it costs where it is rented, and how to look for it", () => {
    const words =
      "node 0 may still be on i-0ab3 (AWS us-east-1b), $0.19 an hour: no answer. It is ended once that is reached; what is left: sky leaks; at once: sky down --unlogged train"
    assert.strictEqual(last(aws)?.[2], words)
    // Told a moment later, when the cluster is gone.
    assert.strictEqual(last([...aws, { _tag: "ClusterGone", cluster, name, reason: "" }], aws.length - 1)?.[2], words)
  })
  it("is rented too where nobody knows its price", () => {
    const odd = left({ cloud: "aws", region: "us-east-1", instanceType: "m99.huge" }, "i-0ab3")
    assert.include(last(odd)?.[2], "i-0ab3 (AWS us-east-1), price not known: no answer. It is ended once that is reached; what is left")
  })
  it("on a machine of the user's own costs nothing, and stands in the way of who wants that", () => {
    const words =
      "node 0 may still be on box: no answer. It is ended once that is reached, or by who wants the machine; at once: sky down --unlogged train"
    assert.strictEqual(last(left({ cloud: "ssh", region: "rack" }, "box"))?.[2], words)
  })
})

describe("an autostop on the node", () => {
  const armed = (idleMinutes: number, down: boolean, launched = {}): ReadonlyArray<Said> => {
    const set: ReadonlyArray<Said> = [...asked(launched), [{ _tag: "AutostopSet", cluster, idleMinutes, down }, "r-launch"]]
    return [...set, [{ _tag: "AutostopArmed", cluster, setting: set.length as never }, "r-launch"]]
  }
  it("is a phase that says its minutes and what becomes of the cluster", () => {
    assert.deepStrictEqual(last(armed(10, false)), ["autostop", "done", "stops after 10 idle minutes"])
    assert.deepStrictEqual(last(armed(1, true)), ["autostop", "done", "goes after 1 idle minute"])
  })
  it("of a launch that ends the cluster says that, though a failed setup would only stop it", () => {
    assert.deepStrictEqual(last(armed(1, false, { idleMinutes: 1, down: true })), ["autostop", "done", "goes after 1 idle minute"])
  })
  it("is no phase when it was cancelled", () => {
    assert.isUndefined(last(armed(-1, false)))
  })
})

it.effect("the logs of a cluster whose launch has not come to a job say that it goes on", () =>
  Effect.gen(function* () {
    const tools = { log: { world: () => worldOf(asked()) }, couriers: {} } as never
    const error = yield* Effect.flip(streamLogs(1, { clusterName: name }, {} as never, tools))
    assert.strictEqual(error.message, "No job was submitted to train yet: a launch is in progress.")
    assert.strictEqual(error.hint, "Watch it: sky status train")
  })
)

it("a name that is given twice is missed once", () => {
  assert.deepStrictEqual(select(worldOf(up()).clusters, ["nope", name, "nope"]).notFound, ["nope"])
})

it("a long answer is put together from its pages as it was: nothing of it is there twice", async () => {
  const jobs = Array.from({ length: 5 }, (_, id) => ({ id, name: "x".repeat(300_000) }))
  const value = { jobs, clusters: ["big"], notFound: ["nope"], asOf: { seq: 7, atMs: 0 }, incomplete: true }
  // As they cross the socket.
  const pages = JSON.parse(JSON.stringify(pagesOf(value))) as ReadonlyArray<object>
  assert.isAbove(pages.length, 2)
  const pending = makePending({ id: 1, method: "queue", params: {} }, {})
  for (const [index, page] of pages.entries())
    pending.take({ type: "result", data: { id: 1, at: 7, value: page, ...(index < pages.length - 1 ? { more: true } : {}) } })
  assert.deepStrictEqual(await pending.done, value)
})

it("a job that does not exist is answered with where to look", () => {
  const answer = queueOf(worldOf(up()), { clusterNames: [name], jobIds: [7] })
  assert.deepInclude(Result.isFailure(answer) && answer.failure, { hint: "sky queue train lists its jobs." })
})

it("queue says of a job that waits for a head that is away what keeps it away", () => {
  const reason = "what became of the node is not known: the host key of gpu-1 has changed"
  const answer = queueOf(worldOf([...up(), submitted(2, "r-exec"), lost(reason)]), { clusterNames: [name], jobIds: [2] })
  assert.deepStrictEqual(
    Result.getOrThrow(answer).jobs.map((job) => [job.status, job.reason]),
    [["PENDING", `the head: ${reason}`]]
  )
})

it.effect.each(["events", "events.follow"] as const)("%s over a log that cannot be read says so in a sentence", (method) =>
  Effect.gen(function* () {
    const log = { world: () => worldOf(up()), follow: () => () => {}, read: () => Stream.fail({ message: "The disk is gone." }) } as never
    const reply = { send: () => Effect.void } as never
    const notices = { list: () => [], follow: () => () => {} } as never
    const filter = { after: 0 }
    const answer = method === "events" ? sendEvents(1, filter, reply, log) : followEvents(1, filter, reply, { log, notices })
    const error = yield* Effect.flip(answer)
    assert.deepInclude(error, { _tag: "AuditError", message: "The disk is gone." })
  })
)
