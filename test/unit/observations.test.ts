/** What is new in what a cloud says of nodes: also what somebody has done to them past us, in a console say. */
import { describe, expect, it } from "vitest"
import type { NodeState } from "../../daemon/clouds/Cloud.ts"
import { clusterView } from "../../daemon/queries/cluster-view.ts"
import { conclude } from "../../daemon/reactors/conclude.ts"
import { machineWish } from "../../daemon/reactors/machine-wish.ts"
import { observations } from "../../daemon/reactors/observations.ts"
import { plan } from "../../daemon/reactors/plan.ts"
import { refOf } from "../../daemon/reactors/raise-machines.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { unfinishedOf } from "../../projections/jobs.ts"
import {
  asked,
  cluster,
  journal,
  launchRequested,
  nodeId,
  offer,
  requested,
  rowAfter,
  type Said,
  submitted,
  succeeded,
  token,
  up,
  worldOf
} from "../fakes/facts.ts"

const nodes = [0, 1]
const stopped: ReadonlyArray<Said> = [
  ...up(2),
  requested("stop"),
  [{ _tag: "StopRequested", cluster, purge: false, lastUse: "" }, "r-stop"],
  ...nodes.map((rank): Said => ({ _tag: "NodeStopped", cluster, rank, node: nodeId(rank), reason: null })),
  succeeded("r-stop"),
  { _tag: "ClusterStopped", cluster, reason: "stopped on request" }
]
const said = (...states: ReadonlyArray<NodeState["state"]>): ReadonlyArray<NodeState> =>
  states.map((state, rank) => ({ rank, node: nodeId(rank), state, address: `10.0.0.${rank}`, reason: "said so", down: false }))
const seen = (facts: ReadonlyArray<Said>, states: ReadonlyArray<NodeState>, silent: ReadonlyArray<number> = [], nowMs = 3_600_000) =>
  observations(rowAfter(facts)!, states, { nowMs, silent: new Set(silent.map(nodeId)) })

describe("a cluster that was stopped", () => {
  it("is up again when somebody has started all of it, and is looked after as after a start of ours", () => {
    const news = seen(stopped, said("running", "running"))
    expect(news).toEqual(nodes.map((rank) => ({ _tag: "NodeStarting", cluster, rank, node: nodeId(rank) })))
    const after = [...stopped, ...news]
    expect(rowAfter(after)).toMatchObject({ wanted: "up", concluded: false, stoppedReason: null })
    expect(plan(rowAfter(after)!, worldOf(after).jobs)).toEqual({ _tag: "StartNodes", ranks: nodes, operation: null })
  })
  it.each([[said("running", "stopped")], [said("running", "unknown")], [said("stopped", "stopped")]])(
    "stays as it is when not all of it runs",
    (states) => {
      expect(seen(stopped, states)).toEqual([])
    }
  )
  it("and is told to start is not off because it is seen so: that may be older", () => {
    const starting = nodes.map((rank): Said => ({ _tag: "NodeStarting", cluster, rank, node: nodeId(rank) }))
    expect(seen([...stopped, ...starting], said("stopped", "stopped"))).toEqual([])
  })
  it("by a purge without its cloud's word is known to be off once its cloud says so", () => {
    const unsure = stopped.map(
      (fact): Said => ("_tag" in fact && fact._tag === "NodeStopped" && fact.rank === 0 ? { ...fact, confirmed: false } : fact)
    )
    const news = seen(unsure, said("stopped", "stopped"))
    expect(news).toEqual([{ _tag: "NodeStopped", cluster, rank: 0, node: nodeId(0), reason: "said so" }])
    expect(seen([...unsure, ...news], said("stopped", "stopped"))).toEqual([])
  })
  it("is gone with its last machine, and rests before", () => {
    const one = [...stopped, ...seen(stopped, said("missing", "stopped"))]
    expect(plan(rowAfter(one)!, worldOf(one).jobs)).toBeUndefined()
    expect(statusOf(rowAfter(one)!)).toBe("STOPPED")
    const none = [...one, ...seen(one, said("missing", "missing"))]
    expect(plan(rowAfter(none)!, worldOf(none).jobs)).toEqual({ _tag: "Conclude" })
    expect(conclude(rowAfter(none)!, []).events.at(-1)).toMatchObject({ _tag: "ClusterGone", reason: "its machines are gone: said so" })
  })
})

describe("a cluster whose machines went by themselves", () => {
  const gone = (facts: ReadonlyArray<Said>, reason: string) => {
    const released: Said = { _tag: "NodeReleased", cluster, rank: 0, node: nodeId(0), reason }
    return conclude(rowAfter([...facts, released])!, unfinishedOf(worldOf(facts).jobs, cluster)).events.map((event) =>
      "_tag" in event ? event : event[0]
    )
  }
  it("and its jobs say what took them", () => {
    const events = gone([...up(), submitted(1)], "terminated: AWS took the spot machine back")
    expect(events[0]).toMatchObject({
      _tag: "JobClosed",
      status: "FAILED",
      reason: "the cluster's machines are gone: terminated: AWS took the spot machine back"
    })
    expect(events.at(-1)).toMatchObject({ reason: "its machines are gone: terminated: AWS took the spot machine back" })
  })
  it("says that it was its autodown, where that was in force", () => {
    const set: Said = { _tag: "AutostopSet", cluster, idleMinutes: 5, down: true }
    const armed: Said = { _tag: "AutostopArmed", cluster, setting: (up().length + 1) as never }
    const last = (facts: ReadonlyArray<Said>) => gone([...up(), ...facts], "terminated: by itself").at(-1)
    expect(last([set, armed])).toMatchObject({ reason: "autodown after 5 idle minutes (terminated: by itself)" })
    expect(last([set])).toMatchObject({ reason: "its machines are gone: terminated: by itself" })
  })
  it("is asked about with what the log has in force: its autodown, and no other setting", () => {
    const setting = (up().length + 1) as never
    const isToEnd = (idleMinutes: number, down: boolean, ...more: ReadonlyArray<Said>) => {
      const row = rowAfter([...up(), { _tag: "AutostopSet", cluster, idleMinutes, down }, ...more])!
      return refOf(row, row.nodes[0]!, "log").endsItself === true
    }
    const armed: Said = { _tag: "AutostopArmed", cluster, setting }
    expect([isToEnd(5, true, armed), isToEnd(5, true), isToEnd(5, false, armed), isToEnd(-1, true, armed)]).toEqual([
      true,
      false,
      false,
      false
    ])
  })
})

describe("a node that runs", () => {
  it("at another address than it had is started anew, once its agent does not answer at the old one", () => {
    expect(seen(up(2), said("running", "running"))).toEqual([])
    expect(seen(up(2), said("running", "running"), [0])).toEqual([{ _tag: "NodeStarting", cluster, rank: 0, node: nodeId(0) }])
  })
})

describe("what machines are asked to be", () => {
  const task = {
    resources: {
      any_of: [
        { cloud: "gcp", disk_size: 10 },
        { cloud: "aws", disk_size: 500, disk_tier: "high", ports: ["80"] }
      ]
    }
  }
  const place = { ...offer, cloud: "aws", region: "us-east-1", zone: "us-east-1a" }
  it("is what the alternative says that the place meets", () => {
    const row = rowAfter([...asked().slice(0, 2), launchRequested({ task })])!
    expect(machineWish(row, place)).toEqual({ diskGib: 500, diskTier: "high", ports: ["80"] })
  })
  it("is what the others of the cluster are, where there are some", () => {
    const machine = { diskGib: 77 }
    const first: ReadonlyArray<Said> = [
      ...asked({ numNodes: 2 }).filter((fact) => !("_tag" in fact && fact._tag === "NodeRequested")),
      { _tag: "NodeRequested", cluster, token, ranks: [0], offer: place, machine },
      { _tag: "NodeProvisioned", cluster, token, rank: 0, node: nodeId(0), address: "10.0.0.1" }
    ]
    expect(machineWish(rowAfter(first)!, place)).toEqual(machine)
  })
})

describe("a cluster whose machine shut itself down to end it, on a cloud that keeps what did so", () => {
  const endedBy = (rank: number) => said("stopped", "stopped").map((state) => ({ ...state, down: state.rank === rank }))
  const set = (idleMinutes: number, down = idleMinutes >= 0): Said => ({ _tag: "AutostopSet", cluster, idleMinutes, down })
  const armed = (before: ReadonlyArray<Said>): ReadonlyArray<Said> => [
    ...before,
    { _tag: "AutostopArmed", cluster, setting: before.length as never }
  ]
  const toEnd = armed([...up(2), set(5)])
  const isForGood = (facts: ReadonlyArray<Said>, nowMs?: number) =>
    seen(facts, endedBy(0), [], nowMs).some((event) => event._tag === "NodeStopped" && event.forGood === true)
  it("is torn down when that is seen: the head decides", () => {
    const news = seen(toEnd, endedBy(0))
    expect(news).toMatchObject([
      { _tag: "NodeStopped", rank: 0, forGood: true },
      { _tag: "NodeStopped", rank: 1 }
    ])
    const after = [...toEnd, ...news]
    expect(rowAfter(after)).toMatchObject({ wanted: "gone", wantedReason: "said so" })
    expect(plan(rowAfter(after)!, worldOf(after).jobs)).toEqual({ _tag: "ReleaseNodes", ranks: nodes })
  })
  it("is stopped where a worker alone did so, and kept where the user has asked for it meanwhile", () => {
    const after = [...toEnd, ...seen(toEnd, endedBy(1))]
    expect(rowAfter(after)).toMatchObject({ wanted: "up" })
    expect(plan(rowAfter(after)!, worldOf(after).jobs)).toEqual({ _tag: "Conclude" })
    const raised = [...toEnd, requested("launch", "r-2"), launchRequested({}, "r-2")]
    expect(rowAfter([...raised, ...seen(raised, endedBy(0))])).toMatchObject({ wanted: "up" })
  })
  it("is kept where the log knows of no autodown that its head could have: none, a stop, or one that its head was told to forget", () => {
    expect(isForGood(up(2))).toBe(false)
    expect(isForGood(armed([...up(2), set(5, false)]))).toBe(false)
    expect(isForGood(armed([...toEnd, set(-1)]))).toBe(false)
    // It may not have heard of that yet, nor the log that it has heard of its autodown.
    expect(isForGood([...toEnd, set(-1)])).toBe(true)
    expect(isForGood([...up(2), set(5)])).toBe(true)
  })
  it("is kept where its autodown was set too short a while ago: its head cannot have counted so far", () => {
    const long = armed([...up(2), set(1000)])
    const setAtMs = (up(2).length + 1) * 1000
    expect(isForGood(long, setAtMs + 1000)).toBe(false)
    expect(isForGood(long, 0)).toBe(false)
    expect(isForGood(long, setAtMs + 60_000_000)).toBe(true)
    // Where one takes the place of another its head counts on.
    expect(isForGood(armed([...armed([...up(2), set(5, false)]), set(0)]), setAtMs + 5_000)).toBe(true)
  })
})

describe("a machine that is off, and whose cloud has not said yet whether that was its end", () => {
  const off: NodeState = { rank: 0, node: nodeId(0), state: "unknown", address: null, reason: "not said yet", down: false, off: true }
  const viewAfter = (facts: ReadonlyArray<Said>) => clusterView(rowAfter(facts)!, worldOf(facts).jobs, 0, undefined, () => 0.04)

  it("is said to be off, once, and costs its disk alone: also where its agent was given up on before", () => {
    const before: Said = { _tag: "RuntimeLost", cluster, rank: 0, node: nodeId(0), reason: "its agent went away" }
    for (const facts of [up(), [...up(), before]]) {
      const news = seen(facts, [off], [0])
      expect(news).toMatchObject([{ _tag: "RuntimeLost", off: true, reason: expect.stringContaining("not said yet") }])
      expect(seen([...facts, ...news], [off], [0])).toEqual([])
      expect(viewAfter([...facts, ...news])).toMatchObject({
        status: "INIT",
        nodes: [{ state: "stopped" }],
        offDisks: { machines: 1, usdPerHour: 0.04 }
      })
    }
  })
  it("runs again once its agent answers", () => {
    const again: Said = { _tag: "RuntimeReady", cluster, rank: 0, node: nodeId(0), journal: journal as never, build: "b" }
    expect(viewAfter([...up(), ...seen(up(), [off], [0]), again])).toMatchObject({ status: "UP", nodes: [{ state: "running" }] })
  })
})
