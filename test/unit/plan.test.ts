/** Given facts, what is done next. */
import { assert, describe, it } from "@effect/vitest"
import { plan } from "../../daemon/reactors/plan.ts"
import { JournalId } from "../../events/ids.ts"
import {
  asked,
  cluster,
  ended,
  launchRequested,
  nodeId,
  operation,
  provisioned,
  ready,
  requested,
  rowAfter,
  type Said,
  started,
  succeeded,
  token,
  up,
  worldOf
} from "../fakes/facts.ts"

const next = (facts: ReadonlyArray<Said>) => plan(rowAfter(facts)!, worldOf(facts).jobs)
const launch = operation("r-launch")
const stopping: ReadonlyArray<Said> = [requested("stop"), [{ _tag: "StopRequested", cluster, purge: false, lastUse: "" }, "r-stop"]]
const cancelled: Said = [{ _tag: "OperationCancelled", reason: "superseded", by: null }, "r-launch"]

const otherJournal = JournalId.make("01HZZZZZZZZZZZZZZZZZZZZZJ2")

describe("the plan of a launch", () => {
  it("writes a token down before it asks for nodes", () => {
    assert.deepStrictEqual(next(asked({ numNodes: 2 })), { _tag: "RequestNodes", ranks: [0, 1] })
  })
  it("asks for a token again until it knows what became of it", () => {
    assert.deepStrictEqual(next([...asked(), provisioned()[0]!]), { _tag: "Provision", token })
  })
  it("asks only for the ranks that are missing", () => {
    const oneOfTwo = [...asked({ numNodes: 2 }), ...provisioned(1)]
    assert.deepStrictEqual(next(oneOfTwo), { _tag: "RequestNodes", ranks: [1] })
  })
  it("installs agents, syncs, sets up and submits, in this order", () => {
    const task = { workdir: "/w", setup: "s", run: "r" }
    const there = [...asked({ task }), ...provisioned()]
    assert.deepStrictEqual(next(there), { _tag: "InstallAgents", ranks: [0], operation: launch })
    const live = [...there, ...ready()]
    assert.deepStrictEqual(next(live), { _tag: "Sync", operation: launch })
    const synced: ReadonlyArray<Said> = [...live, [{ _tag: "WorkdirSynced", cluster, files: 1, bytes: 1 }, "r-launch"]]
    assert.deepStrictEqual(next(synced), { _tag: "BeginSetup", operation: launch })
    const settingUp: ReadonlyArray<Said> = [...synced, [{ _tag: "SetupStarted", cluster }, "r-launch"]]
    assert.isUndefined(next(settingUp))
    const setUp = (code: number): Said => [
      {
        _tag: "SetupEnded",
        cluster,
        entry: 1,
        observedAtMs: 1,
        returnCodes: [code],
        failedRank: code === 0 ? null : 0,
        lastLines: [],
        reason: null
      },
      "r-launch"
    ]
    assert.deepStrictEqual(next([...settingUp, setUp(0)]), { _tag: "Submit", operation: launch })
    assert.deepStrictEqual(next([...settingUp, setUp(3)]), { _tag: "FailSetup", operation: launch })
  })
  it("opens the ports that the cluster has not, once its nodes answer and before its files: those of the machines, and later ones, stay open", () => {
    const task = { workdir: "/w", run: "r", resources: { ports: ["8080-8082", 22] } }
    const relaunched = (...more: ReadonlyArray<Said>): ReadonlyArray<Said> => [
      ...up(),
      ...more,
      requested("launch", "r-2"),
      launchRequested({ task }, "r-2")
    ]
    const again = operation("r-2")
    assert.strictEqual(next(relaunched())?._tag, "InstallAgents")
    assert.deepStrictEqual(next([...relaunched(), ...ready(1, "r-2")]), { _tag: "OpenPorts", operation: again, ports: ["22", "8080-8082"] })
    const some: Said = { _tag: "PortsOpened", cluster, ports: ["8081"] }
    const rest = [...relaunched(some), ...ready(1, "r-2")]
    assert.deepStrictEqual(next(rest), { _tag: "OpenPorts", operation: again, ports: ["22", "8080", "8082"] })
    const opened: Said = [{ _tag: "PortsOpened", cluster, ports: ["22", "8080", "8082"] }, "r-2"]
    assert.deepStrictEqual(rowAfter([...rest, opened])!.machine.ports, ["22", "8080-8082"])
    assert.deepStrictEqual(next([...rest, opened]), { _tag: "Sync", operation: again })
    // Its own machines were made with them.
    const [first, ...nodes] = provisioned() as ReadonlyArray<readonly [object, string]>
    const made = [[{ ...first![0], machine: { ports: ["22", "8080-8082"] } }, "r-launch"], ...nodes] as ReadonlyArray<Said>
    assert.deepStrictEqual(next([...asked({ task }), ...made, ...ready()]), { _tag: "Sync", operation: launch })
  })
  it("copies mounts after the workdir and before setup, once; an exec copies none", () => {
    const task = { workdir: "/w", file_mounts: { "~/a": "/a", "~/b": "s3://b" }, setup: "s", run: "r" }
    const live = [...asked({ task }), ...provisioned(), ...ready()]
    assert.deepStrictEqual(next(live), { _tag: "Sync", operation: launch })
    const synced: ReadonlyArray<Said> = [...live, [{ _tag: "WorkdirSynced", cluster, files: 1, bytes: 1 }, "r-launch"]]
    assert.deepStrictEqual(next(synced), { _tag: "Mount", operation: launch })
    const mounted: ReadonlyArray<Said> = [...synced, [{ _tag: "FileMountsSynced", cluster, mounts: 1, files: 1, bytes: 1 }, "r-launch"]]
    assert.deepStrictEqual(next(mounted), { _tag: "BeginSetup", operation: launch })
    const exec: Said = [{ _tag: "ExecRequested", cluster, task, down: false, lastUse: "" }, "r-exec"]
    const executing: ReadonlyArray<Said> = [
      ...up(),
      requested("exec"),
      exec,
      [{ _tag: "WorkdirSynced", cluster, files: 1, bytes: 1 }, "r-exec"]
    ]
    assert.deepStrictEqual(next(executing), { _tag: "Submit", operation: operation("r-exec") })
  })
  it("launch-37: does not set up when it was told not to", () => {
    assert.deepStrictEqual(next([...asked({ task: { setup: "s", run: "r" }, noSetup: true }), ...provisioned(), ...ready()]), {
      _tag: "Submit",
      operation: launch
    })
  })
  it("arms autostop before anything can fail", () => {
    const facts: ReadonlyArray<Said> = [
      ...asked({ task: { workdir: "/w", run: "r" } }),
      [{ _tag: "AutostopSet", cluster, idleMinutes: 5, down: false }, "r-launch"],
      ...provisioned(),
      ...ready()
    ]
    assert.deepStrictEqual(next(facts), { _tag: "Arm", setting: 5 as never })
  })
  it("arms autostop again on a head that holds nothing of what the one before was told", () => {
    const facts: ReadonlyArray<Said> = [
      ...up(),
      { _tag: "AutostopSet", cluster, idleMinutes: 5, down: false },
      { _tag: "AutostopArmed", cluster, setting: (up().length + 1) as never }
    ]
    assert.isUndefined(next(facts))
    const another: Said = { _tag: "RuntimeReady", cluster, rank: 0, node: nodeId(0), journal: otherJournal, build: "b" }
    assert.deepStrictEqual(next([...facts, another]), { _tag: "Arm", setting: (up().length + 1) as never })
  })
  it("rests when the cluster is up", () => {
    assert.isUndefined(next(up()))
  })
})

describe("the plan of an end", () => {
  it("settles an unresolved token even when stopping: an unknown machine cannot be released", () => {
    assert.deepStrictEqual(next([...asked(), provisioned()[0]!, cancelled, ...stopping]), { _tag: "Provision", token })
  })
  it("stops running nodes, then says that the cluster is stopped, then rests", () => {
    const facts = [...up(2), ...stopping]
    assert.deepStrictEqual(next(facts), { _tag: "StopNodes", ranks: [0, 1] })
    const one: ReadonlyArray<Said> = [...facts, { _tag: "NodeStopped", cluster, rank: 0, node: nodeId(0), reason: null }]
    assert.deepStrictEqual(next(one), { _tag: "StopNodes", ranks: [1] })
    const both: ReadonlyArray<Said> = [...one, { _tag: "NodeStopped", cluster, rank: 1, node: nodeId(1), reason: null }]
    assert.deepStrictEqual(next(both), { _tag: "Conclude" })
    assert.isUndefined(next([...both, succeeded("r-stop"), { _tag: "ClusterStopped", cluster, reason: "x" }]))
  })
  it("releases every node of a cluster that is to be torn down", () => {
    const facts: ReadonlyArray<Said> = [...up(), [{ _tag: "DownRequested", cluster, purge: false, lastUse: "" }, "r-down"]]
    assert.deepStrictEqual(next(facts), { _tag: "ReleaseNodes", ranks: [0] })
    const released: ReadonlyArray<Said> = [...facts, { _tag: "NodeReleased", cluster, rank: 0, node: nodeId(0), reason: null }]
    assert.deepStrictEqual(next(released), { _tag: "Conclude" })
  })
  it("autostop fired: the cluster is wanted stopped, and is not started again", () => {
    const fired: Said = { _tag: "AutostopFired", cluster, entry: 9, observedAtMs: 1, idleMinutes: 1, down: false, idleSinceMs: 1 }
    assert.deepStrictEqual(next([...up(), fired]), { _tag: "StopNodes", ranks: [0] })
    assert.deepStrictEqual(next([...up(), { ...(fired as object), down: true } as Said]), { _tag: "ReleaseNodes", ranks: [0] })
  })
  it("a node seen stopped stops the whole cluster", () => {
    const facts: ReadonlyArray<Said> = [
      ...up(2),
      { _tag: "NodeStopped", cluster, rank: 1, node: nodeId(1), reason: "the machine was restarted" }
    ]
    assert.deepStrictEqual(next(facts), { _tag: "StopNodes", ranks: [0] })
  })
})

describe("the plan at rest", () => {
  it("heals an agent that went away", () => {
    const lost: Said = { _tag: "RuntimeLost", cluster, rank: 0, node: nodeId(0), reason: "gone" }
    assert.deepStrictEqual(next([...up(), lost]), { _tag: "InstallAgents", ranks: [0], operation: null })
  })
  it("ends a cancel when its jobs are over, and not before", () => {
    const cancelling: ReadonlyArray<Said> = [
      ...up(),
      started(),
      requested("cancel"),
      [{ _tag: "JobCancelRequested", cluster, jobs: [1 as never] }, "r-cancel"]
    ]
    assert.isUndefined(next(cancelling))
    assert.deepStrictEqual(next([...cancelling, ended(1, 2, "CANCELLED")]), {
      _tag: "EndRequests",
      operations: [operation("r-cancel")]
    })
  })
  it("a second launch waits for the first", () => {
    const second: ReadonlyArray<Said> = [...asked(), requested("launch", "r-2"), ...provisioned(), ...ready()]
    assert.deepStrictEqual(next(second), { _tag: "Submit", operation: launch })
  })
})

it("a start begins what is off, though its cloud does not say why; nobody else does", () => {
  const off: Said = { _tag: "RuntimeLost", cluster, rank: 0, node: nodeId(0), reason: "GCP does not say yet why it is off", off: true }
  const params = { retryUntilUp: false, lastUse: "", idleMinutes: null, down: false, force: false }
  const start: ReadonlyArray<Said> = [requested("start"), [{ _tag: "StartRequested", cluster, ...params }, "r-start"]]
  assert.deepStrictEqual(next([...up(), off, ...start]), { _tag: "BeginStart", ranks: [0] })
  assert.deepStrictEqual(next([...up(), off]), { _tag: "InstallAgents", ranks: [0], operation: null })
})
