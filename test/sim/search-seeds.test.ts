/**
 * A seeded world of two clouds, in which two kinds of machines will do, whose zones, regions and quotas run out and come back, places that have no answer or whose answers are lost, gangs
 * that fall short, machines that are lost before they are up or may not be ended, and a daemon that is killed at random moments and
 * started again. Every search goes by the order of the plan, and nothing is left where a cluster is not. Time is virtual; a failing seed
 * replays.
 */
import { describe, it } from "@effect/vitest"
import { Effect, HashMap, Random } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import type { Offer } from "../../events/values.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { askAtRandom, first, pick, type Sent, seeds, steps } from "./requests.ts"
import { boot } from "./SimDaemon.ts"
import { checkPlaces, checkSearch, noRoom, places, refused, zones } from "./search.ts"
import { check, makeWorld, pass, settle, started, trace } from "./world.ts"

const busy = new CloudError({ kind: "Transient", code: "ServiceUnavailable", message: "ask later" })
const denied = new CloudError({ kind: "Refused", code: "UnauthorizedOperation", message: "you may not end machines" })
const lacks: ReadonlyArray<CloudError | null> = [
  null,
  busy,
  busy,
  noRoom,
  noRoom,
  refused("VcpuLimitExceeded", "region"),
  refused("GPUS_ALL_REGIONS", "cloud"),
  refused("UnauthorizedOperation", "cloud", true),
  refused("InvalidParameterValue", "everywhere")
]

/** Other accelerators that would do, in some of the places and dearer. */
const other = places
  .filter(({ cloud }) => cloud === "aws")
  .map((place) => ({ ...place, instanceType: "p4", accelerators: { name: "A100", count: 8 }, usdPerHour: 20 }))
const offered = [...places, ...other]

const simulate = Effect.gen(function* () {
  const disk: MemoryDisk = []
  const world = yield* makeWorld
  world.offered = offered
  world.mood = "moody"
  const keyOf = ({ instanceType, zone }: Offer) => `${zone} ${instanceType}`
  const lackIn = new Map<string, CloudError | null>()
  const withoutQuota = new Set<string | null>()
  const lostIn = new Set<string | null>()
  let left = 0
  world.lackAt = (place) => lackIn.get(keyOf(place)) ?? null
  world.lostAt = ({ zone }) => (lostIn.has(zone) ? busy : null)
  world.leftAt = () => left
  world.noQuotaAt = ({ region }) => (withoutQuota.has(region) ? "the quota is 0" : null)
  let daemon = (yield* started(boot(disk, world)))!
  const sent: Array<Sent> = []

  for (let n = 0; n < steps; n++) {
    for (const place of offered) if ((yield* Random.next) < 0.3) lackIn.set(keyOf(place), yield* pick(lacks))
    lostIn.clear()
    if ((yield* Random.next) < 0.2) lostIn.add(yield* pick(zones))
    left = yield* Random.nextIntBetween(0, 2)
    world.faults.clear()
    if ((yield* Random.next) < 0.15) world.faults.set("terminate", yield* pick([busy, denied]))
    withoutQuota.clear()
    if ((yield* Random.next) < 0.3) withoutQuota.add((yield* pick(places)).region)
    yield* askAtRandom(daemon, sent, n)
    if ((yield* Random.next) < 0.3) {
      const launch = { clusterName: yield* pick(["a", "b", "c"]), task: { run: "1 0", num_nodes: 2 }, retryUntilUp: true }
      yield* Effect.forkDetach(daemon.send("launch", `z${n}`, launch), { startImmediately: true })
    }
    yield* pass(daemon, `${yield* pick([4000, 8000, 8000, 60_000]).pipe(Effect.flatMap((most) => Random.nextIntBetween(0, most)))} millis`)
    const fate = yield* Random.next
    const searching = [...HashMap.values(daemon.log.world().clusters.rows)].filter(({ everUp, wanted }) => !everUp && wanted === "up")
    const machines = [...world.machines.entries()].filter(([, { cluster }]) => searching.some(({ id }) => id === cluster))
    if (fate < 0.2 && machines.length > 0) {
      const [node, { agent }] = yield* pick(machines)
      agent.endAll("FAILED", "the machine ended")
      agent.die()
      world.machines.delete(node)
    } else if (fate < 0.5) {
      // The daemon stops dead at one of the next points that it reaches.
      let left = yield* Random.nextIntBetween(0, 6)
      world.at = () => Effect.suspend(() => (left-- > 0 ? Effect.void : Effect.never))
      yield* pass(daemon, `${yield* Random.nextIntBetween(0, 3000)} millis`)
      yield* daemon.kill
      world.at = () => Effect.void
      daemon = (yield* started(boot(disk, world)))!
    }
  }

  world.mood = "calm"
  lackIn.clear()
  withoutQuota.clear()
  lostIn.clear()
  world.faults.clear()
  yield* settle(daemon)
  // Who looks at a cluster that is short of a node, or stopped, is a user.
  for (const row of HashMap.values(daemon.log.world().clusters.rows))
    if (row.everUp && row.nodes.length > 0 && row.nodes.length < row.numNodes)
      yield* Effect.forkDetach(daemon.send("start", `mend-${row.id}`, { clusterName: row.name }), { startImmediately: true })
  yield* settle(daemon)
  for (const row of HashMap.values(daemon.log.world().clusters.rows))
    if (statusOf(row) === "STOPPED")
      yield* Effect.forkDetach(daemon.send("down", `end-${row.id}`, { clusterName: row.name }), { startImmediately: true })
  yield* Effect.forkDetach(daemon.refreshUnwatched)
  yield* settle(daemon)
  if (process.env["SIM_TRACE"]) trace(disk)
  check(daemon, world, disk)
  checkSearch(disk, offered)
  checkPlaces(daemon, world)
  yield* daemon.kill
})

describe("searches for a place under crashes", () => {
  it.effect.each(Array.from({ length: seeds }, (_, i) => ({ seed: first + i })))(
    "seed $seed",
    ({ seed }) => simulate.pipe(Random.withSeed(String(seed))),
    120_000
  )
})
