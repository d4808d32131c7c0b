/**
 * One story (launch, exec, stop, start, cancel, down) with a crash at each point that the daemon reaches in it. Whatever the point, the
 * world ends as without the crash: same clusters, same jobs, same machines, setup once.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, Random } from "effect"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { jobsOf } from "../../projections/jobs.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import { points, type SimCloud } from "../fakes/SimCloud.ts"
import { boot, type SimDaemon } from "./SimDaemon.ts"
import { check, makeWorld, settle, started } from "./world.ts"

type Step = readonly [CommandName, object]

const stories: Readonly<Record<string, ReadonlyArray<Step>>> = {
  launch: [
    [
      "launch",
      {
        clusterName: "a",
        task: { setup: "0", run: "3 0", workdir: "/w", file_mounts: { "~/m": "/m" }, num_nodes: 2 },
        idleMinutesToAutostop: 5
      }
    ]
  ],
  "a launch whose setup fails": [["launch", { clusterName: "a", task: { setup: "7", run: "3 0" }, down: true }]],
  exec: [
    ["launch", { clusterName: "a", task: {} }],
    ["exec", { clusterName: "a", task: { run: "3 3" } }],
    ["exec", { clusterName: "a", task: { run: "1 0", workdir: "/w" }, down: true }]
  ],
  "a launch that opens ports": [
    ["launch", { clusterName: "a", task: { num_nodes: 2 } }],
    ["launch", { clusterName: "a", task: { run: "1 0", workdir: "/w", resources: { ports: [8080, "9000-9010"] } } }],
    ["stop", { clusterName: "a" }],
    ["launch", { clusterName: "a", task: { run: "1 0", resources: { ports: 8081 } } }]
  ],
  "stop and start": [
    ["launch", { clusterName: "a", task: { run: "99999 0", num_nodes: 2 } }],
    ["stop", { clusterName: "a" }],
    ["start", { clusterName: "a" }],
    ["exec", { clusterName: "a", task: { run: "1 0" } }]
  ],
  "cancel and down": [
    ["launch", { clusterName: "a", task: { run: "99999 0" } }],
    ["cancel", { clusterName: "a", all: true }],
    ["down", { clusterName: "a" }]
  ]
}

/** What must not depend on crashes. */
const summary = (daemon: SimDaemon, world: SimCloud) => {
  const { clusters, jobs } = daemon.log.world()
  return {
    clusters: [...HashMap.values(clusters.rows)].map((row) => ({
      name: row.name,
      status: statusOf(row),
      nodes: row.nodes.length,
      ports: row.machine.ports,
      autostop: row.autostop && { idleMinutes: row.autostop.idleMinutes, down: row.autostop.down },
      jobs: jobsOf(jobs, row.id).map(({ id, returnCodes, status }) => ({ id: id as number, status, returnCodes }))
    })),
    open: [...world.open.values()],
    machines: [...world.machines.values()].map(({ agent, state }) => ({ state, begun: agent.begun.size }))
  }
}

/** Plays a story; the daemon dies when it reaches its `deadly`-th point, and is started again. */
const play = Effect.fn("play")(function* (story: ReadonlyArray<Step>, deadly: number) {
  const disk: MemoryDisk = []
  const world = yield* makeWorld
  let reached = 0
  let dead = false
  world.at = () =>
    Effect.suspend(() => {
      if (reached++ !== deadly) return Effect.void
      dead = true
      return Effect.never
    })
  let daemon = yield* started(boot(disk, world), () => dead)
  if (daemon === undefined) {
    dead = false
    world.at = () => Effect.void
    daemon = (yield* started(boot(disk, world)))!
  }

  for (const [n, [method, params]] of story.entries()) {
    const send = (to: SimDaemon) => Effect.forkDetach(to.send(method, `r${n}`, params), { startImmediately: true })
    yield* send(daemon)
    yield* settle(daemon, 8)
    if (dead) {
      dead = false
      yield* daemon.kill
      world.at = () => Effect.void
      daemon = (yield* started(boot(disk, world)))!
      // The client says again what it was not answered, under the same id.
      yield* send(daemon)
      yield* settle(daemon, 8)
    }
  }
  check(daemon, world, disk)
  const seen = { summary: summary(daemon, world), points: world.reached }
  yield* daemon.kill
  return seen
})

describe("a crash at any point", () => {
  it.effect.each(Object.keys(stories).map((name) => ({ name })))(
    "of $name changes nothing in the end",
    ({ name }) =>
      Effect.gen(function* () {
        const whole = yield* play(stories[name]!, -1)
        assert.isAbove(whole.points.length, 12, "the story was not told")
        for (let deadly = 0; deadly < whole.points.length; deadly++) {
          const again = yield* play(stories[name]!, deadly)
          assert.deepStrictEqual(again.summary, whole.summary, `after a crash at point ${deadly}, ${whole.points[deadly]}`)
        }
      }).pipe(Random.withSeed(name)),
    240_000
  )
  it.effect("and between them the stories come to every point that there is", () =>
    Effect.gen(function* () {
      const told = yield* Effect.forEach(Object.values(stories), (story) => play(story, -1))
      assert.sameMembers([...new Set(told.flatMap((story) => story.points))], points)
    })
  )
})
