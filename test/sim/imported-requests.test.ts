/** What a cluster was asked for while it was up, in an imported log: no job is begun or cancelled by the import, and a setting holds. */
import { assert, describe, it } from "@effect/vitest"
import { notBegun } from "../../daemon/reactors/couriers/deliveries.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { jobOf } from "../../projections/jobs.ts"
import type { SimCloud } from "../fakes/SimCloud.ts"
import { type Ask, assertFailed, endAll, imported, type Later, launch, outcomeIn, rowIn } from "./import.ts"

const long = { run: "99999 0" }
const exec: Ask = ["e", "exec", { clusterName: "a", task: long }]
const autostop: Ask = ["i", "autostop", { clusterName: "a", idleMinutes: 7 }]

const headOf = (world: SimCloud) => [...world.machines.values()].find(({ agent }) => agent.rank === 0)!.agent
/** Its head never heard of the job: the daemon died before it told it. */
const untold = (job: number) => (world: SimCloud) => headOf(world).forget(job)

const jobIn = ({ daemon }: Later, job: number) => jobOf(daemon.log.world().jobs, rowNamed(daemon.log.world().clusters, "a")!.id, job)

describe("an imported log", () => {
  it.effect.each([
    ["an exec", [launch, exec], 2],
    ["a launch", [["l", "launch", { clusterName: "a", task: long }]], 1]
  ] as const)("that was cut when %s had submitted its job has that job run on, and its result is read", ([, asked, job]) =>
    imported(
      asked,
      "JobSubmitted",
      () => {},
      (later) => {
        assert.deepStrictEqual(outcomeIn(later, asked.at(-1)![0]), { _tag: "succeeded", result: { jobId: job } })
        assert.deepInclude(jobIn(later, job), { status: "RUNNING", reason: null })
        assert.strictEqual(headOf(later.world).begun.get(`job ${job}`), 1)
      }
    )
  )
  it.effect.each([
    ["an exec", [launch, exec], 2],
    ["a launch", [launch], 1]
  ] as const)("that was cut when %s had submitted a job that no node has never begins it", ([, asked, job]) =>
    imported(asked, "JobSubmitted", untold(job), (later) => {
      assert.deepStrictEqual(outcomeIn(later, asked.at(-1)![0]), { _tag: "succeeded", result: { jobId: job } })
      assert.deepInclude(jobIn(later, job), { status: "FAILED", returnCodes: [], reason: notBegun })
      assert.isUndefined(headOf(later.world).begun.get(`job ${job}`))
    })
  )
  it.effect("that was cut when a launch was about to open ports says that they may be open, and looks", () => {
    const opening: Ask = ["p", "launch", { clusterName: "a", task: { run: "1 0", resources: { ports: 8080 } } }]
    return imported(
      [launch, opening],
      "RuntimeReady",
      () => {},
      (later) => {
        const outcome = outcomeIn(later, "p")
        const message = "launch of a was open when the log was imported, and is not carried on; port 8080 may be open."
        assert.deepNestedInclude(outcome, { _tag: "failed", "error.message": message })
        assert.deepStrictEqual(rowIn(later)!.machine.ports, ["8080"])
      }
    )
  })
  it.effect("begins no job that was waiting for its node, though its request had ended", () =>
    imported([launch, exec], "OperationSucceeded", untold(2), (later) => {
      assert.deepInclude(jobIn(later, 2), { status: "FAILED", reason: notBegun })
      assert.isUndefined(headOf(later.world).begun.get("job 2"))
    })
  )
  it.effect("sets what an exec had decided with its job, and ends nothing before that is over", () =>
    imported(
      [launch, ["e", "exec", { clusterName: "a", task: long, down: true }]],
      "JobSubmitted",
      () => {},
      (later) => {
        assert.deepInclude(rowIn(later)!.autostop, { idleMinutes: 1, down: true })
        assert.strictEqual(headOf(later.world).armed, rowIn(later)!.autostop!.setting)
        assert.strictEqual(statusOf(rowIn(later)!), "UP")
      }
    )
  )
  it.effect("that was cut during a cancel cancels nothing", () =>
    imported(
      [launch, exec, ["c", "cancel", { clusterName: "a", jobIds: [2] }]],
      "JobCancelRequested",
      (world) => headOf(world).revive(2),
      (later) => {
        assertFailed(later, "c", "cancel")
        assert.deepInclude(jobIn(later, 2), { status: "RUNNING", cancelRequested: false })
        assert.isUndefined(headOf(later.world).outcome.get(2))
      }
    )
  )
  it.effect("holds for autostop: its last setting is given to the node, and its request ends with that", () =>
    imported(
      [launch, ["before", "autostop", { clusterName: "a", idleMinutes: 5 }], autostop],
      "AutostopSet",
      () => {},
      (later) => {
        assert.deepStrictEqual(outcomeIn(later, "i"), { _tag: "succeeded", result: { idleMinutes: 7, down: false } })
        assert.deepInclude(rowIn(later)!.autostop, { idleMinutes: 7 })
        assert.strictEqual(headOf(later.world).armed, rowIn(later)!.autostop!.setting)
      }
    )
  )
  it.effect("that was cut before the setting of an autostop keeps the one before", () =>
    imported(
      [launch, ["before", "autostop", { clusterName: "a", idleMinutes: 5 }], autostop],
      "OperationRequested",
      () => {},
      (later) => {
        assertFailed(later, "i", "autostop")
        assert.deepInclude(rowIn(later)!.autostop, { idleMinutes: 5 })
      }
    )
  )
  it.effect("that was cut during an autostop ends it with its cluster, when that is gone", () =>
    imported([launch, autostop], "AutostopSet", endAll, (later) => {
      assert.isUndefined(rowIn(later))
      assert.deepStrictEqual(outcomeIn(later, "i"), { _tag: "cancelled", reason: "a was torn down: its machines are gone" })
    })
  )
})
