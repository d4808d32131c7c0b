/** The log is put back from an older backup while the node lives on: what it has and the log does not know is never taken for the log's. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import { whyOther } from "../../daemon/reactors/couriers/close-others.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { jobOf } from "../../projections/jobs.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import type { SimAgent } from "../fakes/SimAgent.ts"
import { boot, type SimDaemon } from "./SimDaemon.ts"
import { check, makeWorld, pass, settle, started } from "./world.ts"

const named = { clusterName: "a" }
const task = (run: string) => ({ ...named, task: { run } })

const ask = (daemon: SimDaemon, id: string, method: CommandName, params: object) =>
  Effect.forkDetach(daemon.send(method, id, params), { startImmediately: true }).pipe(Effect.andThen(settle(daemon, 8)))

const jobIn = (daemon: SimDaemon, id: number) => jobOf(daemon.log.world().jobs, rowNamed(daemon.log.world().clusters, "a")!.id, id)

interface Lost {
  readonly disk: MemoryDisk
  readonly agent: SimAgent
  /** The daemon over the backup. */
  readonly restored: Effect.Effect<SimDaemon, unknown>
}

/** A cluster with one job, a backup, and what `begin` does after it. */
const sinceBackup = (begin: (daemon: SimDaemon) => Effect.Effect<void>, play: (lost: Lost) => Effect.Effect<void, unknown>) =>
  Effect.gen(function* () {
    const disk: MemoryDisk = []
    const world = yield* makeWorld
    const first = (yield* started(boot(disk, world)))!
    yield* ask(first, "l", "launch", task("1 0"))
    yield* first.kill
    const backup = [...disk]
    const second = (yield* started(boot(disk, world)))!
    yield* begin(second)
    yield* second.kill
    disk.splice(0, disk.length, ...backup)
    const [{ agent }] = world.machines.values() as unknown as [{ agent: SimAgent }]
    let daemon: SimDaemon | undefined
    const restored = Effect.gen(function* () {
      daemon = (yield* started(boot(disk, world)))!
      return daemon
    })
    yield* play({ disk, agent, restored })
    yield* settle(daemon!, 8)
    check(daemon!, world, disk)
    yield* daemon!.kill
  })

describe("a log that was put back from an older backup", () => {
  it.effect("shows the jobs that its node has run and runs since, and gives the next one a number of its own", () =>
    sinceBackup(
      (daemon) => Effect.andThen(ask(daemon, "e2", "exec", task("1 0")), ask(daemon, "e3", "exec", task("99999 0"))),
      ({ agent, restored }) =>
        Effect.gen(function* () {
          const daemon = yield* restored
          assert.strictEqual(jobIn(daemon, 2)!.status, "SUCCEEDED")
          assert.strictEqual(jobIn(daemon, 3)!.status, "RUNNING")
          yield* ask(daemon, "again", "exec", task("1 7"))
          assert.deepInclude(jobIn(daemon, 4)!, { status: "FAILED", returnCodes: [7] })
          yield* ask(daemon, "c", "cancel", { ...named, jobIds: [3] })
          assert.strictEqual(jobIn(daemon, 3)!.status, "CANCELLED")
          assert.strictEqual(agent.outcome.get(3), "CANCELLED")
        })
    )
  )
  it.effect.each([
    ["has ended", "1 0", "SUCCEEDED"],
    ["still runs", "99999 0", undefined]
  ] as const)(
    "ends a job whose number its node has given to another one, which %s, with the reason, and takes nothing over from that",
    ([, run, outcome]) =>
      sinceBackup(
        (daemon) => ask(daemon, "e2", "exec", task(run)),
        ({ agent, restored }) =>
          Effect.gen(function* () {
            // The node is away when the daemon comes, so its jobs are not known when the next one is submitted.
            const journal = agent.journal.splice(agent.journal.findIndex(({ fact }) => "job" in fact && fact.job === 2))
            const daemon = yield* restored
            agent.journal.push(...journal)
            yield* ask(daemon, "e", "exec", task("1 7"))
            const { reason, returnCodes, status } = jobIn(daemon, 2)!
            assert.deepStrictEqual({ reason, returnCodes, status }, { reason: whyOther(2), returnCodes: [], status: "FAILED" })
            assert.strictEqual(agent.outcome.get(2), outcome)
            assert.strictEqual(agent.jobs.get(2)!.run, run)
            yield* ask(daemon, "next", "exec", task("1 7"))
            assert.deepInclude(jobIn(daemon, 3)!, { status: "FAILED", returnCodes: [7] })
            yield* pass(daemon, "1 second")
          })
      )
  )
  it.effect("holds for autostop: what was set since is taken back on the node", () =>
    sinceBackup(
      (daemon) => ask(daemon, "s", "autostop", { ...named, idleMinutes: 5 }),
      ({ agent, restored }) =>
        Effect.gen(function* () {
          assert.isAbove(agent.armed, 0)
          yield* settle(yield* restored, 8)
          assert.strictEqual(agent.armed, 0)
        })
    )
  )
})
