/** The decisions of an agent without an agent: scheduler, idleness, outcome, memory. Time is an argument. */
import * as fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { detachedSetupVariables, jobVariables, setupVariables } from "../../agent/environment.ts"
import { dueMs, type Idleness, onActivity, onSetting } from "../../agent/idleness.ts"
import { detachedSetupLog, runLog, runPrefix, setupPrefix } from "../../agent/log-files.ts"
import { describeFailure, firstFailure } from "../../agent/outcome.ts"
import { parseStat } from "../../agent/processes.ts"
import { type Placed, type Queued, schedule } from "../../agent/scheduler.ts"
import { emptyState, isTaken, take } from "../../agent/state.ts"
import { cleanUp, job } from "./harness.ts"

afterAll(cleanUp)

const v100 = (count: number) => ({ name: "V100", count })

describe("the scheduler", () => {
  const counts = fc.constantFrom(0.1, 0.25, 0.3, 0.5, 0.7, 1, 2, 3)
  const demand = fc.record({ numNodes: fc.integer({ min: 1, max: 3 }), count: fc.option(counts) })
  const queue = fc
    .array(demand, { maxLength: 20 })
    .map((all) => all.map(({ numNodes, count }, id): Queued => ({ id, numNodes, accelerators: count === null ? null : v100(count) })))
  const nodes = fc
    .array(fc.record({ cpus: fc.constantFrom(0.5, 1, 2, 4), count: fc.integer({ min: 0, max: 4 }) }), { minLength: 1, maxLength: 4 })
    .map((all) => all.map(({ cpus, count }, nodeRank) => ({ nodeRank, capacity: { cpus, accelerators: count > 0 ? v100(count) : null } })))

  const within = (all: ReadonlyArray<Placed>, node: { nodeRank: number; capacity: { cpus: number } }) => {
    const here = all.filter(({ nodeRank }) => nodeRank === node.nodeRank)
    const shares = new Map<number, number>()
    for (const { devices, share } of here) for (const device of devices) shares.set(device, (shares.get(device) ?? 0) + share)
    return here.length <= node.capacity.cpus / 0.5 && [...shares.values()].every((share) => share <= 10_000)
  }

  it("never gives more than there is, starts in order and only whole gangs on distinct nodes", () => {
    fc.assert(
      fc.property(queue, nodes, (jobs, all) => {
        const starts = schedule(jobs, all, [])
        expect(starts.map(({ id }) => id)).toEqual(jobs.slice(0, starts.length).map(({ id }) => id))
        const placed = starts.flatMap(({ placement }) => placement)
        expect(all.every((node) => within(placed, node))).toBe(true)
        for (const { id, placement } of starts) {
          expect(placement).toHaveLength(jobs[id]!.numNodes)
          expect([...new Set(placement.map(({ nodeRank }) => nodeRank))]).toEqual(
            placement.map(({ nodeRank }) => nodeRank).sort((a, b) => a - b)
          )
        }
      })
    )
  })

  it("starves nobody: with jobs ending in any order, all that can ever run do, in order", () => {
    fc.assert(
      fc.property(queue, nodes, fc.infiniteStream(fc.nat()), (jobs, all, choices) => {
        const possible = jobs.filter((one) => schedule([one], all, []).length === 1)
        let waiting = possible
        const running: Array<ReadonlyArray<Placed>> = []
        const order: Array<number> = []
        while (waiting.length > 0) {
          const starts = schedule(waiting, all, running.flat())
          for (const { id, placement } of starts) {
            order.push(id)
            running.push(placement)
          }
          waiting = waiting.slice(starts.length)
          expect(starts.length + running.length).toBeGreaterThan(0)
          running.splice((choices.next().value ?? 0) % running.length, 1)
        }
        expect(order).toEqual(possible.map(({ id }) => id))
      })
    )
  })

  it("puts fractions together, so that whole devices stay free", () => {
    const node = [{ nodeRank: 0, capacity: { cpus: 8, accelerators: v100(2) } }]
    const jobs = [0.3, 0.7, 1].map((count, id) => ({ id, numNodes: 1, accelerators: v100(count) }))
    expect(schedule(jobs, node, []).map(({ placement }) => placement[0]!.devices)).toEqual([[0], [0], [1]])
  })

  it("takes only nodes with that kind of accelerator", () => {
    const node = [{ nodeRank: 0, capacity: { cpus: 8, accelerators: { name: "T4", count: 2 } } }]
    expect(schedule([{ id: 1, numNodes: 1, accelerators: v100(1) }], node, [])).toEqual([])
  })
})

describe("idleness", () => {
  const minuteMs = 60_000
  const minutes = (n: number) => n * minuteMs
  const none: Idleness = { setting: null, idleSinceMs: 0 }
  const set = (setting: number, idleMinutes: number) => ({ setting, idleMinutes, down: false })
  const due = (idleness: Idleness, busy = false) => dueMs(idleness, busy, minuteMs)

  it("autostop-03: never fires while a job runs or waits", () => {
    expect(due(onSetting(none, set(1, 5), 0), true)).toBeNull()
  })
  it("autostop-04, launch-13: fires N minutes after the last busy moment, not before", () => {
    expect(due(onActivity(onSetting(none, set(1, 5), 0), minutes(30)))).toBe(minutes(35))
  })
  it("autostop-05, start-08: a start of the node sets it to zero", () => {
    const nearly = onSetting(none, set(1, 5), 0)
    expect(due(onActivity(nearly, minutes(4)))).toBe(minutes(9))
  })
  it("autostop-06: the first setting ever sets it to zero", () => {
    expect(due(onSetting(none, set(1, 30), minutes(60)))).toBe(minutes(90))
  })
  it("autostop-07: so does one after a cancelled one", () => {
    const cancelled = onSetting(onSetting(none, set(1, 5), 0), set(2, -1), minutes(1))
    expect(due(cancelled)).toBeNull()
    expect(due(onSetting(cancelled, set(3, 30), minutes(61)))).toBe(minutes(91))
  })
  it("autostop-08: one over an active one does not", () => {
    const active = onSetting(none, set(1, 30), 0)
    expect(due(onSetting(active, set(2, 25), minutes(20)))).toBe(minutes(25))
    expect(due(onSetting(active, set(2, 10), minutes(20)))).toBeLessThanOrEqual(minutes(20))
  })
  it("the same setting said again changes nothing", () => {
    const active = onSetting(none, set(1, 30), 0)
    expect(onSetting(active, set(1, 30), minutes(9))).toBe(active)
    const cancelled = onSetting(active, set(2, -1), minutes(9))
    expect(onSetting(cancelled, set(0, -1), minutes(10))).toBe(cancelled)
  })
  it("another setting holds also under a number that was given before: the log was put back from an older backup", () => {
    const active = onSetting(none, set(1, 30), 0)
    expect(due(onSetting(active, set(1, 5), minutes(4)))).toBe(minutes(5))
    expect(onSetting(active, { ...set(1, 30), down: true }, minutes(4)).setting).toMatchObject({ down: true })
  })
  it("autostop-12: 0 is due at once", () => {
    expect(due(onSetting(none, set(1, 0), minutes(3)))).toBe(minutes(3))
  })
})

describe("what is said of a job", () => {
  it("names rank, code and signal", () => {
    const exits = [{ code: 0, reason: null }, null, { code: 3, reason: null }]
    expect(firstFailure(exits)).toEqual({ rank: 2, exit: { code: 3, reason: null } })
    expect(firstFailure([null, { code: 0, reason: null }])).toBeNull()
    expect(describeFailure(1, { code: 143, reason: null })).toBe("exit 143 (SIGTERM) on rank 1")
    expect(describeFailure(1, { code: 255, reason: null })).toBe("exit 255 on rank 1")
    expect(describeFailure(1, { code: 1, reason: null, full: true })).toBe("exit 1 on rank 1: there is no space left on its disk")
    expect(describeFailure(1, { code: 137, reason: "its supervisor was killed" })).toBe("its supervisor was killed (rank 1)")
  })

  it("prefixes and log files follow the size of the cluster", () => {
    const of = { nodes: 2, rank: 0, nodeRank: 1, pid: 5, address: "10.0.0.2" }
    expect(runPrefix("t", of)).toBe("(worker1, rank=0, pid=5, ip=10.0.0.2) ")
    expect(runPrefix(null, { ...of, nodes: 1 })).toBe("(task, pid=5) ")
    expect(setupPrefix({ ...of, nodes: 1 })).toBe("(setup, pid=5) ")
    expect(setupPrefix({ ...of, rank: 1 })).toBe("(setup, rank=1, pid=5, ip=10.0.0.2) ")
    expect([runLog("ts", 1, 0, 0), runLog("ts", 2, 0, 1), detachedSetupLog("ts", 1, 0), detachedSetupLog("ts", 2, 0)]).toEqual(
      ["run.log", "0-worker1.log", "setup.log", "setup-head.log"].map((name) => `sky_logs/ts/tasks/${name}`)
    )
  })

  it("variables: a job on nodes with accelerators, and its setup", () => {
    const cluster = { clusterName: "c", cloud: "aws", region: "r", zone: "z", environment: { USER: "u" }, accelerators: { count: 4 } }
    const peers = [0, 1, 2].map((rank) => ({ rank, node: `n${rank}`, address: `10.0.0.${rank}`, socket: "" }))
    const spec = job(7, "", { numNodes: 2, accelerators: v100(0.5), runTimestamp: "sky-ts" })
    const placement = [0, 2].map((nodeRank) => ({ nodeRank, devices: [nodeRank], share: 5000 }))
    expect(jobVariables(cluster, peers, spec, placement, 1)).toMatchObject({
      SKYPILOT_NODE_RANK: "1",
      SKYPILOT_NODE_IPS: "10.0.0.0\n10.0.0.2",
      SKYPILOT_NUM_NODES: "2",
      SKYPILOT_NUM_GPUS_PER_NODE: "1",
      SKYPILOT_TASK_ID: "sky-ts_c_7",
      CUDA_VISIBLE_DEVICES: "2",
      SKY_NODE_IPS: "10.0.0.0\n10.0.0.2"
    })
    const setup = {
      SKYPILOT_SETUP_NODE_IPS: "10.0.0.0\n10.0.0.1\n10.0.0.2",
      SKYPILOT_SETUP_NODE_RANK: "2",
      SKYPILOT_SETUP_NUM_GPUS_PER_NODE: "1"
    }
    const detached = detachedSetupVariables(cluster, peers, spec, 2)
    expect(detached).toMatchObject({ ...setup, SKYPILOT_TASK_ID: "sky-ts_c_7" })
    expect(detached).not.toHaveProperty("CUDA_VISIBLE_DEVICES")
    const attached = { operation: "o", runTimestamp: "t", script: "", envs: {}, secrets: {}, accelerators: 1 }
    expect(setupVariables(cluster, peers, attached, 2)).toMatchObject(setup)
  })
})

describe("memory", () => {
  it("ids ever taken are ranges", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 })), (ids) => {
        const state = emptyState("c", "n")
        for (const id of ids) take(state, id)
        for (let id = 0; id <= 41; id++) expect(isTaken(state, id)).toBe(ids.includes(id))
        expect(state.taken.every(([first], index) => index === 0 || state.taken[index - 1]![1] + 1 < first)).toBe(true)
      })
    )
  })

  it("a process's name may look like anything", () => {
    expect(parseStat("7 (a) S 9 ) R 1 2 3 0 0 0 0 0 0 0 0 0 0 0 20 0 1 0 555 0 0")).toEqual({
      pid: 7,
      state: "R",
      parent: 1,
      group: 2,
      session: 3,
      start: "555"
    })
  })
})
