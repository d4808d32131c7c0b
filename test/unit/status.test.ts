/** Status is computed from what is wanted and what exists, at any moment of the log. */
import { assert, describe, it } from "@effect/vitest"
import { clusterView } from "../../daemon/queries/cluster-view.ts"
import { conditionOf } from "../../projections/cluster-status.ts"
import {
  asked,
  cluster,
  launchRequested,
  nodeId,
  offer,
  provisioned,
  ready,
  requested,
  rowAfter,
  type Said,
  token,
  up,
  worldOf
} from "../fakes/facts.ts"

const stateAfter = (facts: ReadonlyArray<Said>) => conditionOf(rowAfter(facts)!)
const words = (facts: ReadonlyArray<Said>) => {
  const { phase, reason, status } = stateAfter(facts)
  return [status, phase, reason]
}

describe("status", () => {
  it("status-14, status-19: INIT while a launch goes on, with its phase and what it waits for", () => {
    assert.deepStrictEqual(words(asked({ numNodes: 2 })), ["INIT", "provision", "asking for 2 nodes"])
    assert.deepStrictEqual(words([...asked(), provisioned()[0]!]), ["INIT", "provision", "waiting for 1 node from local"])
    assert.deepStrictEqual(words([...asked(), ...provisioned()]), ["INIT", "bootstrap", "waiting for the agent on the head"])
    const setup: Said = [{ _tag: "SetupStarted", cluster }, "r-launch"]
    assert.deepStrictEqual(words([...asked({ task: { setup: "s" } }), ...provisioned(), ...ready(), setup]), [
      "INIT",
      "setup",
      "running setup on 1 node"
    ])
  })
  it("status-19: INIT while autostop is set on a node, which has what it had before until then", () => {
    const set: Said = [{ _tag: "AutostopSet", cluster, idleMinutes: 5, down: false }, "r-again"]
    const seen = (facts: ReadonlyArray<Said>) => {
      const { autostop, reason, status } = clusterView(rowAfter(facts)!, worldOf(facts).jobs, 9)
      return [status, reason, autostop]
    }
    const again: ReadonlyArray<Said> = [
      ...up(),
      requested("launch", "r-again"),
      launchRequested({}, "r-again"),
      set,
      ...ready(1, "r-again")
    ]
    assert.deepStrictEqual(seen(again), ["INIT", "setting autostop: stopping after 5 idle minutes", -1])
    assert.deepStrictEqual(seen([...asked(), set, ...provisioned(), ...ready()]), [
      "INIT",
      "setting autostop: stopping after 5 idle minutes",
      -1
    ])
    assert.deepStrictEqual(seen([...asked(), set, provisioned()[0]!]), ["INIT", "waiting for 1 node from local", 5])
  })
  it("status-19: UP once the launch has ended and every agent answered", () => {
    assert.deepStrictEqual(words(up(2)), ["UP", null, null])
  })
  it("tells what its cloud calls the machine of each node, where it is a machine of its own", () => {
    const nodes = (facts: ReadonlyArray<Said>) => clusterView(rowAfter(facts)!, worldOf(facts).jobs, 9).nodes
    assert.notProperty(nodes(up())[0], "host")
    const own: Said = [
      {
        _tag: "NodeProvisioned",
        cluster,
        token,
        rank: 0,
        node: nodeId(0),
        address: "203.0.113.7",
        host: "i-0abc",
        hostKey: "ssh-ed25519 A"
      },
      "r-launch"
    ]
    assert.strictEqual(nodes([...asked(), provisioned()[0]!, own])[0]!.host, "i-0abc")
  })
  it("what is off and to be gone waits to be deleted, and says for what", () => {
    const fired: Said = { _tag: "AutostopFired", cluster, idleMinutes: 2, down: true, idleSinceMs: 1, observedAtMs: 5, entry: 1 }
    const off: Said = { _tag: "NodeStopped", cluster, rank: 0, node: nodeId(0), reason: null }
    const failed: Said = { _tag: "ActionFailed", cluster, action: "ReleaseNodes", message: "you may not", retryAtMs: 1 }
    assert.deepStrictEqual(words([...up(), fired]), ["INIT", "down", "idle for 2 minutes"])
    assert.deepStrictEqual(words([...up(), fired, off]), ["INIT", "down", "it is off, and waits to be deleted: idle for 2 minutes"])
    assert.deepStrictEqual(words([...up(), fired, off, failed]), ["INIT", "down", "it is off, and waits to be deleted: you may not"])
    const view = (facts: ReadonlyArray<Said>) => clusterView(rowAfter(facts)!, worldOf(facts).jobs, 9, undefined, () => 0.0351)
    assert.notProperty(view([...up(), fired]), "offDisks")
    assert.deepInclude(view([...up(), fired, off, failed]), {
      offDisks: { machines: 1, usdPerHour: 0.0351 },
      reason:
        "it is off, and waits to be deleted: you may not; its disk costs about $0.04 an hour until then. It is tried again by itself; to see that through: sky down train"
    })
  })
  it("what a purge called stopped without its cloud's word may run, which is said with its price, and is not called off", () => {
    const place = {
      ...offer,
      cloud: "aws",
      region: "us-east-1",
      zone: "us-east-1b",
      instanceType: "m6i.2xlarge",
      usdPerHour: 0.38
    } as const
    const on = (said: Said): Said => {
      const [event, id] = "_tag" in said ? [said, null] : said
      const moved = "offer" in event ? { ...event, offer: place } : event
      return id === null ? moved : [moved, id]
    }
    const left: ReadonlyArray<Said> = [
      ...up().map(on),
      [{ _tag: "StopRequested", cluster, purge: true, lastUse: "" }, "r-stop"],
      { _tag: "NodeStopped", cluster, rank: 0, node: nodeId(0), reason: "not confirmed by the cloud: you may not", confirmed: false },
      { _tag: "ClusterStopped", cluster, reason: "stopped on request" }
    ]
    const view = (all: ReadonlyArray<Said>) => clusterView(rowAfter(all)!, worldOf(all).jobs, 9, undefined, () => 0.11)
    assert.deepInclude(view(left), {
      status: "STOPPED",
      reason: "stopped by a purge, not confirmed by the cloud: its machine may still run, $0.38 an hour",
      mayRun: { machines: 1, usdPerHour: 0.38 }
    })
    assert.notProperty(view(left), "offDisks")
    const seenOff: Said = { _tag: "NodeStopped", cluster, rank: 0, node: nodeId(0), reason: null }
    assert.deepInclude(view([...left, seenOff]), { reason: "stopped on request", offDisks: { machines: 1, usdPerHour: 0.11 } })
    assert.notProperty(view([...left, seenOff]), "mayRun")
  })
  it.each(["stop", "down"] as const)("a %s that its cloud refuses waits, and says that it goes on by itself", (method) => {
    const asked = { _tag: method === "stop" ? "StopRequested" : "DownRequested", cluster, purge: false, lastUse: "" } as const
    const action = method === "stop" ? "StopNodes" : "ReleaseNodes"
    const failed: Said = { _tag: "ActionFailed", cluster, action, message: "you may not", retryAtMs: 1 }
    const facts: ReadonlyArray<Said> = [...up(), requested(method), [asked, `r-${method}`], failed]
    const whole = [...facts.slice(0, -1), { ...failed, message: "It is another's: nothing was done to it." }]
    assert.include(clusterView(rowAfter(whole)!, worldOf(whole).jobs, 9).reason, "nothing was done to it. It is tried again by itself")
    assert.deepStrictEqual(words(facts), ["INIT", method, `a ${method} was asked for, and waits: you may not`])
    assert.strictEqual(
      clusterView(rowAfter(facts)!, worldOf(facts).jobs, 9).reason,
      `a ${method} was asked for, and waits: you may not. It is tried again by itself; to see that through: sky ${method} train`
    )
  })
  it("why a start failed is told of a STOPPED cluster as what was, with how long ago", () => {
    const off: Said = { _tag: "NodeStopped", cluster, rank: 0, node: nodeId(0), reason: null }
    const stop: ReadonlyArray<Said> = [{ _tag: "StopRequested", cluster, purge: false, lastUse: "" }, off]
    const stopped: ReadonlyArray<Said> = [...up(), ...stop, { _tag: "ClusterStopped", cluster, reason: "stopped on request" }]
    assert.deepStrictEqual(words(stopped), ["STOPPED", null, "stopped on request"])
    const start: Said = [
      { _tag: "StartRequested", cluster, retryUntilUp: false, lastUse: "", idleMinutes: null, down: false, force: false },
      "r-start"
    ]
    const refused: ReadonlyArray<Said> = [
      requested("start"),
      start,
      { _tag: "NodeStarting", cluster, rank: 0, node: nodeId(0) },
      {
        _tag: "NodeRefused",
        cluster,
        token,
        node: nodeId(0),
        code: "authError",
        message: "Invalid Credentials",
        scope: "cloud",
        credentials: "invalid"
      },
      [{ _tag: "OperationFailed", error: { tag: "E", message: "", hint: null, exitCode: 4, fields: {} } }, "r-start"],
      { _tag: "ClusterStopped", cluster, reason: "Invalid Credentials" }
    ]
    const startedAtMs = (stopped.length + 2) * 1000
    const facts = [...stopped, ...refused]
    const reasonAt = (nowMs: number) => conditionOf(rowAfter(facts)!, nowMs).reason
    assert.strictEqual(reasonAt(startedAtMs + 5 * 60_000), "it was not started 5 min 0 s ago: Invalid Credentials")
    assert.strictEqual(conditionOf(rowAfter(facts)!).reason, "it was not started: Invalid Credentials")
    // Its cloud has told of its machines since: what it said of the credentials is not so any more.
    assert.deepStrictEqual(words([...facts, { _tag: "CredentialsAccepted", cluster }]), ["STOPPED", null, null])
  })
  it("status-20: a relaunch makes it INIT until it has completed", () => {
    const again: ReadonlyArray<Said> = [
      ...up(),
      ...asked()
        .slice(1, 3)
        .map((said) => ("_tag" in said ? said : ([said[0], "r-2"] as const)))
    ]
    const relaunch = again.map((said, i): Said => (i === up().length ? requested("launch", "r-2") : said))
    assert.strictEqual(stateAfter(relaunch).status, "INIT")
    assert.strictEqual(stateAfter([...relaunch, [{ _tag: "OperationSucceeded", result: {} }, "r-2"]]).status, "UP")
  })
  it("status-17: INIT with the reason when an agent or a node is missing", () => {
    const lost: Said = { _tag: "RuntimeLost", cluster, rank: 0, node: nodeId(0), reason: "its agent went away" }
    assert.deepStrictEqual(words([...up(), lost]), ["INIT", null, "the head: its agent went away"])
    const released: Said = { _tag: "NodeReleased", cluster, rank: 1, node: nodeId(1), reason: "missing" }
    assert.include(stateAfter([...up(2), released]).reason, "1 node of 2 missing")
    const taken: Said = { _tag: "NodeReleased", cluster, rank: 1, node: nodeId(1), reason: "GCP took the spot machine back" }
    assert.include(stateAfter([...up(2), taken]).reason, "1 node of 2 missing (worker 1: GCP took the spot machine back)")
  })
  it("status-17: what a launch that is over has left running says that nobody works on it, and both ways on", () => {
    const cancelled: Said = [{ _tag: "OperationCancelled", reason: "", by: null }, "r-launch"]
    const ways = "To end it: sky down train; to go on: sky launch or sky start train"
    const [request, ...came] = provisioned(2)
    const asking = [...asked({ numNodes: 2 }), request!]
    assert.deepStrictEqual(words([...asking, cancelled]), [
      "INIT",
      null,
      `nobody works on it any more, and 2 nodes from local may still come. ${ways}`
    ])
    const there = [...asking, cancelled, ...came]
    const ended = "nobody works on it any more: its launch ended before the agent on"
    assert.deepStrictEqual(words(there), ["INIT", null, `${ended} the head, worker 1 answered. ${ways}`])
    const failed: Said = { _tag: "ActionFailed", cluster, action: "InstallAgents", message: "nobody answers on port 22", retryAtMs: 1 }
    assert.deepStrictEqual(words([...asking, ...came, failed, cancelled]), [
      "INIT",
      null,
      `${ended} the head, worker 1 answered (nobody answers on port 22). ${ways}`
    ])
    const [head] = ready(2)
    assert.deepStrictEqual(words([...asking, ...came, head!, cancelled])[2], `${ended} worker 1 answered. ${ways}`)
  })
  it("status-17: a cluster that was UP and lost one node names it beside another that is silent, and what is still asked for", () => {
    const released: Said = { _tag: "NodeReleased", cluster, rank: 1, node: nodeId(1), reason: "missing" }
    const lost: Said = { _tag: "RuntimeLost", cluster, rank: 0, node: nodeId(0), reason: "its agent went away" }
    const missing = "1 node of 2 missing (worker 1: missing); bring it up again with: sky launch or sky start train"
    assert.deepStrictEqual(words([...up(2), released, lost]), ["INIT", null, `the head: its agent went away; ${missing}`])
    const again: ReadonlyArray<Said> = [
      requested("start"),
      [{ _tag: "NodeRequested", cluster, token, ranks: [1], offer }, "r-start"],
      [{ _tag: "OperationCancelled", reason: "", by: null }, "r-start"]
    ]
    assert.deepStrictEqual(words([...up(2), released, ...again]), ["INIT", null, "waiting for 1 node from local"])
  })
  it("status-21: STOPPED when all nodes are, with the reason; INIT on the way", () => {
    const stopping: ReadonlyArray<Said> = [...up(), { _tag: "StopRequested", cluster, purge: false, lastUse: "" }]
    assert.deepStrictEqual(words(stopping), ["INIT", "stop", "being stopped"])
    const stopped: ReadonlyArray<Said> = [
      ...stopping,
      { _tag: "NodeStopped", cluster, rank: 0, node: nodeId(0), reason: null },
      { _tag: "ClusterStopped", cluster, reason: "stopped on request" }
    ]
    assert.deepStrictEqual(words(stopped), ["STOPPED", null, "stopped on request"])
  })
  it("status-21: STOPPED by itself says so from the moment that its last node is", () => {
    const fired: Said = { _tag: "AutostopFired", cluster, entry: 9, observedAtMs: 1, idleMinutes: 1, down: false, idleSinceMs: 1 }
    const off: Said = { _tag: "NodeStopped", cluster, rank: 0, node: nodeId(0), reason: null }
    assert.deepStrictEqual(words([...up(), fired, off]), ["STOPPED", null, "idle for 1 minute"])
  })
  it("says what went wrong last, until something goes right", () => {
    const failed: Said = { _tag: "ActionFailed", cluster, action: "InstallAgents", message: "connection refused", retryAtMs: 1 }
    assert.deepStrictEqual(words([...asked(), ...provisioned(), failed]), ["INIT", "bootstrap", "connection refused"])
    assert.notInclude(words([...asked(), ...provisioned(), failed, ...ready()]), "connection refused")
  })
  it("forgets a sync that failed when the operation ends that it was for, and nothing else", () => {
    const exec: Said = requested("exec")
    const failed = (action: string): Said => [{ _tag: "ActionFailed", cluster, action, message: "no such file", retryAtMs: 1 }, "r-exec"]
    const over = (id: string): Said => [{ _tag: "OperationCancelled", reason: "r", by: null }, id]
    assert.deepStrictEqual(words([...up(), exec, failed("Sync"), over("r-other")]), ["UP", null, "no such file"])
    assert.deepStrictEqual(words([...up(), exec, failed("Sync"), over("r-exec")]), ["UP", null, null])
    assert.deepStrictEqual(words([...up(), exec, failed("Arm"), over("r-exec")]), ["UP", null, "no such file"])
  })
})
