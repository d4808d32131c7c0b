/** Given facts, when a command, then these facts or this refusal. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { autostop } from "../../daemon/commands/autostop.ts"
import { cancel } from "../../daemon/commands/cancel.ts"
import { cancelOperation } from "../../daemon/commands/cancel-operation.ts"
import { clonedDisk } from "../../daemon/commands/clone.ts"
import type { Context, Decided } from "../../daemon/commands/decision.ts"
import { down } from "../../daemon/commands/down.ts"
import { exec } from "../../daemon/commands/exec.ts"
import { launch } from "../../daemon/commands/launch.ts"
import { start } from "../../daemon/commands/start.ts"
import { stop } from "../../daemon/commands/stop.ts"
import { runTimestampOf } from "../../daemon/commands/submission.ts"
import { leftOf } from "../../daemon/queries/operation-view.ts"
import type { Event } from "../../events/Event.ts"
import { ClusterId } from "../../events/ids.ts"
import type { Offer, RecordedTask } from "../../events/values.ts"
import { jobsOf } from "../../projections/jobs.ts"
import { operationOf } from "../../projections/operations.ts"
import {
  asked,
  cluster,
  ended,
  launchRequested,
  name,
  nodeId,
  offer,
  provisioned,
  requested,
  rowAfter,
  type Said,
  started,
  token,
  up,
  worldOf
} from "../fakes/facts.ts"

const fresh = ClusterId.make("01HZZZZZZZZZZZZZZZZZZZZZZ2")
const context: Context = { requested: (requested("any", "r-now") as readonly [never, string])[0], nowMs: 90_000, user: "ann" }
const stopped: ReadonlyArray<Said> = [
  ...up(),
  { _tag: "NodeStopped", cluster, rank: 0, node: nodeId(0), reason: null },
  { _tag: "ClusterStopped", cluster, reason: "stopped on request" }
]
/** A place that lacks nothing. */
const place = { lackOf: () => null, identityOf: () => Result.succeed(null), homeOnly: () => false }
const has = () => null
const controllers = ["sky-spot-controller-1a2b3c4d", "sky-serve-controller-1a2b3c4d"]

const tags = (decided: Decided) =>
  Result.isSuccess(decided) ? decided.success.events.map(([, event]) => event._tag) : decided.failure._tag
const refusal = (decided: Decided) => (Result.isFailure(decided) ? decided.failure : assert.fail("not refused"))
const find = <T extends Event["_tag"]>(decided: Decided, tag: T) =>
  (Result.isSuccess(decided) ? decided.success.events.map(([, event]) => event) : []).find((event) => event._tag === tag) as
    | (Event & { readonly _tag: T })
    | undefined

const launching = (
  facts: ReadonlyArray<Said>,
  options: Parameters<typeof launch>[1]["options"] = {},
  task: RecordedTask = { run: "r" },
  as: string = name
) =>
  launch(
    facts.length === 0 ? undefined : rowAfter(facts),
    { name: as, fresh, task, options, offers: [offer], reason: null, ...place },
    context
  )
const executing = (facts: ReadonlyArray<Said>, task: RecordedTask = { run: "r" }, isDown = false) =>
  exec(facts.length === 0 ? undefined : rowAfter(facts), { name, task, down: isDown, lastUse: "" }, context)

describe("launch", () => {
  it("launch-07: creates a cluster under a name that is free", () => {
    assert.deepStrictEqual(tags(launching([])), ["ClusterCreated", "OperationRequested", "LaunchRequested", "PlaceChosen"])
  })
  it("refuses buckets, and on the local cloud targets outside of the home, before anything is recorded", () => {
    const mounting = (file_mounts: NonNullable<RecordedTask["file_mounts"]>, homeOnly: boolean) =>
      launch(
        undefined,
        { name, fresh, task: { file_mounts }, options: {}, offers: [offer], reason: null, ...place, homeOnly: () => homeOnly },
        context
      )
    for (const mounts of [{ "~/a": "s3://b" }, { "~/a": { name: "bkt" } }])
      assert.strictEqual(refusal(mounting(mounts, false))._tag, "NotSupportedError")
    for (const target of ["/data", "~/../x"]) {
      assert.strictEqual(refusal(mounting({ [target]: "/a" }, true))._tag, "NotSupportedError")
      assert.isTrue(Result.isSuccess(mounting({ [target]: "/a" }, false)))
    }
    assert.isTrue(Result.isSuccess(mounting({ "~/a": "/a", b: "/b" }, true)))
  })
  it("launch-38, launch-39: takes a copy of a STOPPED cluster's disk to a new one on the same cloud, in any place, or says why not", () => {
    const far: Offer = { ...offer, cloud: "far", region: "r-1" }
    const moved = (event: Event): Event => ("offer" in event ? { ...event, offer: far } : event)
    const there = (facts: ReadonlyArray<Said>) => facts.map((fact): Said => ("_tag" in fact ? moved(fact) : [moved(fact[0]), fact[1]]))
    const source = rowAfter(there(stopped))
    const wish = { from: name, source, target: undefined, task: { run: "r" } as RecordedTask, clones: (cloud: string) => cloud === "far" }
    const disk = { cloud: "far", region: "r-1", cluster, clusterName: name, node: nodeId(0), host: null, gib: 256 }
    assert.deepStrictEqual(Result.getOrThrow(clonedDisk(wish)), disk)
    const why = (changes: Partial<typeof wish> | { readonly source: undefined }) =>
      Result.getOrThrow(Result.flip(clonedDisk({ ...wish, ...changes })))
    assert.strictEqual(why({ source: undefined })._tag, "ClusterDoesNotExist")
    assert.strictEqual(why({ source: rowAfter(there(up())) } as Partial<typeof wish>).exitCode, 6)
    for (const [changes, said] of [
      [{ source: rowAfter(there(up())) }, "it is UP"],
      [{ source: rowAfter(stopped) }, "Local does not do that"],
      [{ source: rowAfter(there(up(2))) }, "has 2"],
      [{ task: { num_nodes: 2 } }, "train has 1 node, and 2 nodes are asked for"],
      [{ target: source }, "is there already"],
      [{ task: { resources: { disk_size: 100 } } }, "has 256 GiB, and disk_size asks for 100"]
    ] as const) {
      const refused = why(changes as Partial<typeof wish>)
      assert.deepStrictEqual([refused._tag, refused.message.includes(said)], ["NotSupportedError", true], refused.message)
    }
    const launched = (offers: ReadonlyArray<Offer>) =>
      launch(undefined, { name: "b", fresh, task: wish.task, clone: disk, options: {}, offers, reason: null, ...place }, context)
    // What is cheaper elsewhere is of no use.
    const both = launched([offer, { ...far, region: "r-2" }])
    assert.deepInclude(find(both, "PlaceChosen")!.offer, { cloud: "far", region: "r-2" })
    assert.deepStrictEqual(find(both, "LaunchRequested")!.clone, disk)
    assert.isUndefined(find(both, "PlacePassedOver"), "it was never a place for it")
    assert.include(refusal(launched([offer])).message, "is not copied to Local")
  })
  it("names every key that it read, so that two launches of a name cannot both win", () => {
    const decided = launching([])
    assert.deepStrictEqual(Result.isSuccess(decided) && decided.success.expect, [
      [`name/${name}`, 0],
      ["request/r-now", 0]
    ])
  })
  it("launch-08: reuses a cluster that exists", () => {
    assert.deepStrictEqual(tags(launching(up())), ["OperationRequested", "LaunchRequested"])
  })
  it("launch-42: refuses a bad name with InvalidClusterNameError", () => {
    for (const bad of ["-a", "1a", "a-", "a b", "", "a/b", "ä"])
      assert.strictEqual(tags(launching([], {}, {}, bad)), "InvalidClusterNameError")
    for (const good of ["a", "A", "my_cluster", "my.cluster", "a..b", "a".repeat(63)]) assert.isArray(tags(launching([], {}, {}, good)))
  })
  it("launch-43: refuses demands that the cluster does not meet, naming both", () => {
    const error = refusal(launching(up(), {}, { run: "r", num_nodes: 2 }))
    assert.strictEqual(error._tag, "ResourcesMismatchError")
    assert.include(error.message, "requested 2 nodes, existing 1")
    assert.strictEqual(tags(launching(up(), {}, { run: "r", resources: { accelerators: "A100" } })), "ResourcesMismatchError")
  })
  it("launch-43: refuses another image than the machines began with, and takes the same, the usual one and none", () => {
    const began = (images?: Record<string, string>) =>
      up().map(
        (said): Said =>
          !("_tag" in said) && said[0]._tag === "NodeRequested" ? [{ ...said[0], ...(images && { machine: { images } }) }, said[1]] : said
      )
    const relaunch = (image_id: string | undefined, facts: ReadonlyArray<Said>) =>
      launching(facts, {}, { run: "r", ...(image_id !== undefined && { resources: { cloud: "local", image_id } }) })
    const other = refusal(relaunch("other", began({ "*": "own" })))
    assert.strictEqual(other._tag, "ResourcesMismatchError")
    assert.include(other.message, "requested the image other, existing the image own")
    assert.include(refusal(relaunch("other", began())).message, "requested the image other, existing the usual image")
    for (const [image, facts] of [
      ["own", began({ "*": "own" })],
      [undefined, began({ "*": "own" })],
      ["skypilot:gpu-ubuntu-2004", began()]
    ] as const)
      assert.isArray(tags(relaunch(image, facts)))
  })
  it("launch-45, launch-46: refuses what no place fits, with an empty history", () => {
    const decided = launch(undefined, { name, fresh, task: {}, options: {}, offers: [], reason: "too few CPUs", ...place }, context)
    assert.deepInclude(refusal(decided), { _tag: "ResourcesUnavailableError", failoverHistory: [] })
  })
  it("launch-11: sets no autostop unless asked", () => {
    assert.isUndefined(find(launching([]), "AutostopSet"))
  })
  it("launch-17, launch-21: down alone is one idle minute, and only an autostop until setup has succeeded", () => {
    assert.deepInclude(find(launching([], { down: true }), "AutostopSet"), { idleMinutes: 1, down: false })
  })
  it("counts zero idle minutes as one, because the job must be submitted first", () => {
    assert.strictEqual(find(launching([], { idleMinutesToAutostop: 0 }), "AutostopSet")?.idleMinutes, 1)
  })
  it("is refused while the cluster is being torn down", () => {
    const leaving: ReadonlyArray<Said> = [...up(), { _tag: "DownRequested", cluster, purge: false, lastUse: "" }]
    assert.strictEqual(tags(launching(leaving)), "ClusterNotUpError")
  })
  it("refuses the reserved names of controllers before anything is looked up", () => {
    for (const controller of controllers) assert.strictEqual(tags(launching([], {}, {}, controller)), "NotSupportedError")
  })
})

describe("exec", () => {
  it("exec-01: queues a job with the next number, in the same breath", () => {
    const decided = executing(up())
    assert.deepStrictEqual(tags(decided), ["OperationRequested", "ExecRequested", "JobSubmitted", "OperationSucceeded"])
    assert.strictEqual(find(decided, "JobSubmitted")?.job as number, 2)
  })
  it("exec-02: syncs a workdir first, and submits when that is done", () => {
    assert.deepStrictEqual(tags(executing(up(), { run: "r", workdir: "/w" })), ["OperationRequested", "ExecRequested"])
  })
  it("exec-20: there is no such cluster", () => {
    assert.strictEqual(tags(executing([])), "ClusterDoesNotExist")
  })
  it("exec-21: is refused on STOPPED and during a launch, with the cluster's status", () => {
    assert.deepInclude(refusal(executing(stopped)), { _tag: "ClusterNotUpError", clusterStatus: "STOPPED" })
    const error = refusal(executing(asked()))
    assert.deepInclude(error, { _tag: "ClusterNotUpError", clusterStatus: "INIT" })
    assert.include(error.message, "a launch is in progress since")
    const later = exec(rowAfter(asked()), { name, task: { run: "r" }, down: false, lastUse: "" }, { ...context, nowMs: 522_400 })
    assert.match(refusal(later).message, /since 8 min \d+ s\.$/)
  })
  it("tells to start what nobody brings up, and how to wait for what comes up", () => {
    const hintOf = (facts: ReadonlyArray<Said>) => (refusal(executing(facts)) as unknown as { readonly hint: string }).hint
    const lost: Said = { _tag: "RuntimeLost", cluster, rank: 0, node: nodeId(0), reason: "its agent went away" }
    const found: Said = { _tag: "NodeStarting", cluster, rank: 0, node: nodeId(0) }
    const released: Said = { _tag: "NodeReleased", cluster, rank: 0, node: nodeId(0), reason: "gone" }
    const waits = "launch -c train waits for it, and then runs the task there"
    assert.include(hintOf(asked()), `It is starting. Watch it: sky status train; sky ${waits}`)
    for (const facts of [lost, found]) {
      assert.include(hintOf([...up(), facts]), `It is brought up by itself. Watch it: sky status train; sky ${waits}`)
      assert.notInclude(hintOf([...up(), facts]), "sky start")
    }
    for (const facts of [stopped, [...up(2), released]]) assert.include(hintOf(facts), "Bring it up: sky start train")
  })
  it("tells of machines whose key is not here that nothing is done on them, and how to end them", () => {
    const hintOf = (failed: object) => {
      const lost: Said = { _tag: "RuntimeLost", cluster, rank: 0, node: nodeId(0), reason: "its agent went away" }
      const said = { _tag: "ActionFailed", cluster, action: "InstallAgents", ...failed } as Said
      return (refusal(executing([...up(), lost, said])) as unknown as { readonly hint: string }).hint
    }
    const hint = "Nothing can be done on it from here. To end it: sky down train"
    assert.strictEqual(hintOf({ message: "in whatever words", keyLost: true }), hint)
    const dated = "no. It lets in the key of the state folder that has made it alone, and that is not here: take what you need"
    assert.strictEqual(hintOf({ message: dated }), hint, "as logs have it from before that was a field")
    assert.include(hintOf({ message: "permission denied" }), "It is brought up by itself")
  })
  it("is refused while autostop tears the cluster down, and does not tell to start it", () => {
    const fired: Said = { _tag: "AutostopFired", cluster, entry: 9, observedAtMs: 1, idleMinutes: 1, down: true, idleSinceMs: 1 }
    const error = refusal(executing([...up(), fired]))
    assert.strictEqual(error.message, `${name} is being torn down by autostop: idle for 1 minute.`)
    assert.notInclude(error.hint ?? "", "sky start")
  })
  it("exec-22: a controller is not supported", () => {
    for (const controller of controllers) {
      assert.strictEqual(tags(exec(undefined, { name: controller, task: {}, down: false, lastUse: "" }, context)), "NotSupportedError")
    }
  })
  it("exec-23: a demand that the cluster can never meet is refused, not queued", () => {
    assert.strictEqual(tags(executing(up(), { run: "r", num_nodes: 2 })), "ResourcesMismatchError")
  })
  it("exec-23: a port that is closed is refused too, and says what opens it; one that is open is not", () => {
    const task = { run: "r", resources: { ports: [8080, "9000-9010"] } }
    const opened = (...ports: ReadonlyArray<string>): Said => ({ _tag: "PortsOpened", cluster, ports })
    const error = refusal(executing([...up(), opened("8080")], task))
    assert.deepInclude(error, {
      _tag: "ResourcesMismatchError",
      message: "The task does not fit train: requested ports 8080, 9000-9010, existing 8080.",
      hint: "A launch opens them: sky launch -c train"
    })
    assert.isArray(tags(executing([...up(), opened("8080-9500")], task)))
    const either = { run: "r", resources: { any_of: [{ ports: 80 }, { ports: 8080 }] } }
    assert.isArray(tags(executing([...up(), opened("8080")], either)))
  })
  it("exec-14, exec-15: down sets autodown after one idle minute, over any setting", () => {
    assert.deepInclude(find(executing(up(), { run: "r" }, true), "AutostopSet"), { idleMinutes: 1, down: true })
  })
  it("exec-24: without run there is no job", () => {
    const decided = executing(up(), {})
    assert.isUndefined(find(decided, "JobSubmitted"))
    assert.deepStrictEqual(find(decided, "OperationSucceeded")?.result, { jobId: null })
  })
})

describe("start", () => {
  const starting = (facts: ReadonlyArray<Said>, params: Omit<Parameters<typeof start>[1], "clusterName"> = {}) =>
    start(facts.length === 0 ? undefined : rowAfter(facts), { clusterName: name, ...params }, has, context)
  it("brings a STOPPED cluster back", () => {
    assert.deepStrictEqual(tags(starting(stopped)), ["OperationRequested", "StartRequested"])
  })
  it("start-05, start-12: does nothing on one that is UP, unless forced", () => {
    assert.deepStrictEqual(tags(starting(up())), [])
    assert.deepStrictEqual(tags(starting(up(), { force: true })), ["OperationRequested", "StartRequested"])
  })
  it("start-06: there is no such cluster", () => {
    assert.strictEqual(tags(starting([])), "ClusterDoesNotExist")
  })
  it("start-11: down without minutes is a ValueError", () => {
    const error = refusal(starting(stopped, { down: true }))
    assert.deepInclude(error, { _tag: "ValueError", hint: "Say them as idleMinutesToAutostop." })
  })
  it("start-13: a controller is a ValueError that says whose name it is, with minutes or without", () => {
    for (const minutes of [{ idleMinutesToAutostop: 5 }, {}]) {
      const error = refusal(start(undefined, { clusterName: controllers[0]!, ...minutes }, has, context))
      assert.deepInclude(error, { _tag: "ValueError", hint: "Choose another name." })
      assert.include(error.message, "is a name reserved for controllers")
    }
  })
})

describe("stop and down", () => {
  const params = { clusterName: name as string }
  it("end what is being done to the cluster, and say by what", () => {
    const decided = stop(rowAfter(asked()), params, has, context)
    assert.deepStrictEqual(tags(decided), ["OperationRequested", "OperationCancelled", "StopRequested"])
    assert.deepStrictEqual(tags(down(rowAfter(asked()), params, context)), ["OperationRequested", "OperationCancelled", "DownRequested"])
  })
  it("stopping twice is no error and no fact", () => {
    assert.deepStrictEqual(tags(stop(rowAfter(stopped), params, has, context)), [])
  })
  it("stop-07, down-06: there is no such cluster", () => {
    assert.strictEqual(tags(stop(undefined, params, has, context)), "ClusterDoesNotExist")
    assert.strictEqual(tags(down(undefined, params, context)), "ClusterDoesNotExist")
  })
  it("stop-12, down-10: a controller is not supported", () => {
    for (const clusterName of controllers) {
      assert.strictEqual(tags(stop(undefined, { clusterName }, has, context)), "NotSupportedError")
      assert.strictEqual(tags(down(undefined, { clusterName }, context)), "NotSupportedError")
    }
  })
})

describe("autostop", () => {
  const setting = (facts: ReadonlyArray<Said>, idleMinutes: number, isDown = false) =>
    autostop(rowAfter(facts), { clusterName: name, idleMinutes, down: isDown }, has, context)
  it("autostop-11: a negative number cancels, whatever down says", () => {
    assert.deepInclude(find(setting(up(), -7, true), "AutostopSet"), { idleMinutes: -1, down: false })
  })
  it("autostop-15: is refused unless the cluster is UP", () => {
    assert.deepInclude(refusal(setting(stopped, 5)), { _tag: "ClusterNotUpError", clusterStatus: "STOPPED" })
    assert.deepInclude(refusal(setting(asked(), 5)), { _tag: "ClusterNotUpError", clusterStatus: "INIT" })
  })
})

describe("cancel", () => {
  const facts: ReadonlyArray<Said> = [...up(), started()]
  const cancelling = (history: ReadonlyArray<Said>, params: { jobIds?: ReadonlyArray<number>; all?: boolean } = {}) =>
    cancel(rowAfter(history), jobsOf(worldOf(history).jobs, cluster), { clusterName: name, ...params }, context)
  it("takes the latest running job when none is named", () => {
    assert.deepStrictEqual(find(cancelling(facts), "JobCancelRequested")?.jobs as unknown, [1])
  })
  it("has nothing to do when all jobs are over", () => {
    assert.deepStrictEqual(tags(cancelling([...facts, ended()], { all: true })), [])
  })
  it("refuses a job that does not exist, and names with all", () => {
    assert.strictEqual(tags(cancelling(facts, { jobIds: [9] })), "JobDoesNotExist")
    assert.strictEqual(tags(cancelling(facts, { jobIds: [1], all: true })), "ValueError")
  })
  it("takes what has not begun also while a node is away, and refuses the rest there", () => {
    const away: Said = { _tag: "RuntimeLost", cluster, rank: 0, node: nodeId(0), reason: "no route to it" }
    assert.deepStrictEqual(find(cancelling([...up(), away], { all: true }), "JobCancelRequested")?.jobs as unknown, [1])
    assert.strictEqual(tags(cancelling([...facts, away], { all: true })), "ClusterNotUpError")
    assert.strictEqual(tags(cancelling([...up(), away])), "ClusterNotUpError")
  })
  it("is taken while the cluster is INIT, where its head answers: it ends the job", () => {
    const head: Said = { _tag: "RuntimeLost", cluster, rank: 0, node: nodeId(0), reason: "no route to it" }
    const worker: Said = { _tag: "RuntimeLost", cluster, rank: 1, node: nodeId(1), reason: "no route to it" }
    const gang: ReadonlyArray<Said> = [...up(2), started()]
    const raised: ReadonlyArray<Said> = [...gang, requested("launch", "r-2"), launchRequested({ numNodes: 2 }, "r-2")]
    for (const facts of [
      [...gang, worker],
      [...raised, worker]
    ])
      assert.deepStrictEqual(find(cancelling(facts), "JobCancelRequested")?.jobs as unknown, [1])
    assert.strictEqual(tags(cancelling([...gang, worker, head])), "ClusterNotUpError")
    const ending: ReadonlyArray<Said> = [requested("stop"), [{ _tag: "StopRequested", cluster, purge: false, lastUse: "" }, "r-stop"]]
    assert.strictEqual(tags(cancelling([...gang, worker, ...ending])), "ClusterNotUpError")
  })
})

describe("cancelling an operation", () => {
  const nobody = { program: null, pid: null, argv: [], user: null }
  it("ends a launch and keeps what it has", () => {
    const facts = asked()
    const operation = operationOf(worldOf(facts).operations, "r-launch")
    assert.deepStrictEqual(tags(cancelOperation(operation, rowAfter(facts), "r-launch", nobody)), ["OperationCancelled"])
  })
  it("says what machines it leaves, and may still get, at what price; nothing where there are none, or they go anyway", () => {
    const cancelled: Said = [{ _tag: "OperationCancelled", reason: "", by: null }, "r-launch"]
    const priced = { ...offer, cloud: "aws", region: "us-east-1", usdPerHour: 3.06 }
    const asks: Said = [{ _tag: "NodeRequested", cluster, token, ranks: [0, 1], offer: priced }, "r-launch"]
    const given = provisioned(2)[1]!
    const left = (...facts: ReadonlyArray<Said>) => leftOf(rowAfter([...asked({ numNodes: 2 }), ...facts, cancelled]))
    assert.isNull(left())
    assert.strictEqual(left(asks), "train may still get 2 nodes, $6.12 an hour. To end it: sky down train")
    assert.strictEqual(left(asks, given), "train keeps 1 node and may still get 1 node, $6.12 an hour. To end it: sky down train")
    assert.strictEqual(leftOf(rowAfter(up(2))), "train keeps 2 nodes. To end it: sky down train")
    const down: Said = [{ _tag: "DownRequested", cluster, purge: false, lastUse: "" }, "r-down"]
    assert.isNull(left(asks, given, down))
    assert.isNull(leftOf(undefined))
  })
  it("does nothing to one that has ended, and refuses one that nobody knows", () => {
    const facts = up()
    const operation = operationOf(worldOf(facts).operations, "r-launch")
    assert.deepStrictEqual(tags(cancelOperation(operation, rowAfter(facts), "r-launch", nobody)), [])
    assert.strictEqual(tags(cancelOperation(undefined, undefined, "x", nobody)), "OperationDoesNotExist")
  })
})

it("a run is named by its time, in UTC", () => {
  assert.strictEqual(runTimestampOf(Date.UTC(2026, 10, 25, 9, 5, 7, 42)), "sky-2026-11-25-09-05-07-042000")
  assert.strictEqual(runTimestampOf(Date.UTC(2026, 10, 25, 9, 5, 7, 42), 1012), "sky-2026-11-25-09-05-07-042012")
})
