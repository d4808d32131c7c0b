/**
 * A search for a place with a crash at each point that the daemon reaches in it: whatever the point, the same places are asked in the same
 * order, the cluster comes to be in the same one, and nothing is left in any other.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { operationOf } from "../../projections/operations.ts"
import type { SimCloud } from "../fakes/SimCloud.ts"
import { boot, type SimDaemon } from "./SimDaemon.ts"
import { asked, checkPlaces, checkSearch, noRoom, places, refused, roomIn, told } from "./search.ts"
import { check, makeWorld, settle, started } from "./world.ts"

const launch = { clusterName: "a", task: { run: "1 0", num_nodes: 2 } }

interface Story {
  readonly params: object
  /** How the clouds are; `lost`: of the first gang the second node ends before its agent answers. */
  readonly set: (world: SimCloud, disk: MemoryDisk) => void
  readonly lost?: boolean
}

const stories: Readonly<Record<string, Story>> = {
  "that ends in the last place": {
    params: launch,
    set: (world) => {
      world.lackAt = roomIn("us-west-2a")
      world.noQuotaAt = ({ zone }) => (zone === "us-central1-b" ? "the quota is 0" : null)
    }
  },
  "that finds none": {
    params: launch,
    set: (world) => {
      world.lackAt = ({ cloud }) => (cloud === "gcp" ? refused("GPUS_ALL_REGIONS", "cloud") : noRoom)
    }
  },
  "that has to wait": {
    params: { ...launch, retryUntilUp: true },
    // There is room again once all were asked.
    set: (world, disk) => {
      world.lackAt = () => (told(disk, "PlacesExhausted").length === 0 ? noRoom : null)
    }
  },
  "that has to wait twice, and is refused in the same words": {
    params: { ...launch, retryUntilUp: true },
    set: (world, disk) => {
      world.lackAt = (place) => (told(disk, "PlacesExhausted").length < 2 ? noRoom : roomIn("us-east-1b")(place))
    }
  },
  "for a gang that was half given": {
    params: launch,
    set: (world) => {
      world.lackAt = (_, nodes) => (nodes === 1 ? noRoom : null)
    },
    lost: true
  }
}

const summary = (daemon: SimDaemon, world: SimCloud, disk: MemoryDisk) => {
  const { clusters, operations } = daemon.log.world()
  const row = rowNamed(clusters, "a")
  return {
    asked: asked(disk),
    rounds: told(disk, "PlacesExhausted").length,
    place: row?.offer ?? null,
    nodes: row?.nodes.length ?? 0,
    machines: world.machines.size,
    outcome: operationOf(operations, "r")?.outcome
  }
}

const play = Effect.fn("play")(function* ({ lost = false, params, set }: Story, deadly: number) {
  const disk: MemoryDisk = []
  const world = yield* makeWorld
  world.offered = places
  set(world, disk)
  let reached = 0
  let dead = false
  let isLost = !lost
  const happen = (point: string) => {
    if (isLost || point !== "cloud.installAgent:before") return
    isLost = true
    world.machines.delete([...world.machines.keys()].find((node) => node.endsWith("-1"))!)
  }
  world.at = (point) =>
    Effect.suspend(() => {
      happen(point)
      if (reached++ !== deadly) return Effect.void
      dead = true
      return Effect.never
    })
  const again = Effect.gen(function* () {
    dead = false
    world.at = (point) => Effect.sync(() => happen(point))
    return (yield* started(boot(disk, world)))!
  })
  let daemon = (yield* started(boot(disk, world), () => dead)) ?? (yield* again)
  const send = () => Effect.forkDetach(daemon.send("launch", "r", params), { startImmediately: true })
  yield* send()
  yield* settle(daemon, 45)
  if (dead) {
    yield* daemon.kill
    daemon = yield* again
    yield* send()
    yield* settle(daemon, 45)
  }
  check(daemon, world, disk)
  checkSearch(disk, places)
  checkPlaces(daemon, world)
  const seen = { summary: summary(daemon, world, disk), points: world.reached }
  yield* daemon.kill
  return seen
})

describe("a crash at any point of a search", () => {
  it.effect.each(Object.keys(stories).map((name) => ({ name })))(
    "$name changes nothing in the end",
    ({ name }) =>
      Effect.gen(function* () {
        const whole = yield* play(stories[name]!, -1)
        assert.isAbove(whole.summary.asked.length, 2, "the story was not told")
        for (let deadly = 0; deadly < whole.points.length; deadly++) {
          const again = yield* play(stories[name]!, deadly)
          assert.deepStrictEqual(again.summary, whole.summary, `after a crash at point ${deadly}, ${whole.points[deadly]}`)
        }
      }).pipe(Random.withSeed(name)),
    240_000
  )
})
