/** The same log gives the same state: folded at once, in pieces, or from its JSON; and no order of facts breaks a fold. */
import { assert, describe, it } from "@effect/vitest"
import { Equal, HashMap } from "effect"
import fc from "fast-check"
import { plan } from "../../daemon/reactors/plan.ts"
import * as World from "../../daemon/World.ts"
import type { Event } from "../../events/Event.ts"
import { JobId } from "../../events/ids.ts"
import type { Recorded } from "../../events/Recorded.ts"
import { conditionOf } from "../../projections/cluster-status.ts"
import { clusters, rowOf } from "../../projections/clusters.ts"
import { costs } from "../../projections/costs.ts"
import { isOver, jobOf, jobs, jobsOf, unfinishedOf } from "../../projections/jobs.ts"
import { operationOf, operations, runningCount } from "../../projections/operations.ts"
import { fold } from "../../projections/Projection.ts"
import { asked, cluster, nodeId, requested, rowAfter, type Said, succeeded, token, up, worldOf } from "../fakes/facts.ts"
import { histories } from "../fakes/histories.ts"

const projections = { clusters, jobs, operations, costs }

it("a node keeps what its machine is found by again, where its cloud says it", () => {
  const hostKey = "ssh-ed25519 AAAA"
  const given = (more: object) =>
    ({ _tag: "NodeProvisioned", cluster, token, rank: 0, node: nodeId(0), address: "10.0.0.4", ...more }) as Said
  assert.deepInclude(rowAfter([...asked(), given({ host: "box", hostKey })])!.nodes[0], { address: "10.0.0.4", host: "box", hostKey })
  assert.deepInclude(rowAfter([...asked(), given({})])!.nodes[0], { host: null, hostKey: null })
  const ready = (more: object) =>
    ({ _tag: "RuntimeReady", cluster, rank: 0, node: nodeId(0), journal: "j", build: "b", ...more }) as unknown as Said
  const had = [...asked(), given({ host: "box", hostKey })]
  assert.deepInclude(rowAfter([...had, ready({})])!.nodes[0], { hostKey })
  assert.deepInclude(rowAfter([...had, ready({ hostKey: "ssh-ed25519 BBBB" }), ready({})])!.nodes[0], { hostKey: "ssh-ed25519 BBBB" })
})

describe("every projection", () => {
  it.each(Object.keys(projections))("%s gives the same state at once, in pieces and from JSON", (name) => {
    const projection = projections[name as keyof typeof projections] as typeof clusters
    fc.assert(
      fc.property(histories, fc.nat(), (log, cut) => {
        const middle = log.length === 0 ? 0 : cut % log.length
        const atOnce = fold(projection, log)
        assert.isTrue(Equal.equals(atOnce, fold(projection, log.slice(middle), fold(projection, log.slice(0, middle)))))
        assert.isTrue(Equal.equals(atOnce, fold(projection, JSON.parse(JSON.stringify(log)) as ReadonlyArray<Recorded>)))
      })
    )
  })
  it("a status and a plan follow from every state", () => {
    fc.assert(
      fc.property(histories, (log) => {
        const world = log.reduce(World.apply, World.empty)
        for (const row of HashMap.values(world.clusters.rows)) {
          assert.include(["INIT", "UP", "STOPPED"], conditionOf(row).status)
          plan(row, world.jobs)
        }
      })
    )
  })
  it("an operation that ended once stays as it ended", () => {
    const failed: Said = [{ _tag: "OperationCancelled", reason: "too late", by: null }, "r-launch"]
    const { operations } = worldOf([...up(), failed])
    assert.strictEqual(operationOf(operations, "r-launch")?.outcome._tag, "succeeded")
    assert.strictEqual(runningCount(operations), 0)
  })
  it("the last 1,000 operations that ended are kept, and all that run", () => {
    const ended = Array.from({ length: 1003 }, (_, i) => [requested("exec", `r-${i}`), succeeded(`r-${i}`)]).flat()
    const { operations } = worldOf([requested("launch", "r-runs"), ...ended])
    assert.deepStrictEqual(
      ["r-0", "r-2", "r-3", "r-1002", "r-runs"].map((id) => operationOf(operations, id)?.outcome._tag),
      [undefined, undefined, "succeeded", "succeeded", "running"]
    )
    assert.strictEqual(runningCount(operations), 1)
    assert.strictEqual(HashMap.size(operations.rows), 1001)
  })
  it("a job that its node tells of and that was never submitted here has a row and keeps its number", () => {
    const at = { cluster, job: JobId.make(7), entry: 1, observedAtMs: 9 }
    const began: Said = { _tag: "JobStarted", ...at, ranks: [] }
    const world = worldOf([...up(), began])
    assert.deepInclude(jobOf(world.jobs, cluster, 7), { status: "RUNNING", startedAtMs: 9, operation: null })
    assert.strictEqual(rowOf(world.clusters, cluster)!.lastJob, 7)
    const over = worldOf([...up(), began, { _tag: "JobEnded", ...at, entry: 2, status: "SUCCEEDED", returnCodes: [0], reason: null }])
    assert.deepInclude(jobOf(over.jobs, cluster, 7), { status: "SUCCEEDED", endedAtMs: 9 })
    assert.deepStrictEqual(
      unfinishedOf(over.jobs, cluster).map(({ id }) => id as number),
      [1]
    )
  })
  it("a job that ended once stays as it ended", () => {
    fc.assert(
      fc.property(histories, (log) => {
        let world = World.empty
        const over = new Map<number, string>()
        for (const fact of log) {
          world = World.apply(world, fact)
          if ((fact.event as Event)._tag === "ClusterGone" || (fact.event as Event)._tag === "JobSubmitted") over.clear()
          for (const job of jobsOf(world.jobs, cluster)) {
            const before = over.get(job.id)
            if (before !== undefined) assert.strictEqual(job.status, before)
            if (isOver(job)) over.set(job.id, job.status)
          }
        }
      })
    )
  })
})
