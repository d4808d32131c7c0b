/** Two clouds with regions and zones that run out of room, and what must hold of any search for a place in them. */
import { isDeepStrictEqual } from "node:util"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import { placesOf } from "../../daemon/optimizer/blocks.ts"
import type { Event } from "../../events/Event.ts"
import type { Recorded } from "../../events/Recorded.ts"
import type { Offer, RefusalScope, RefusalWant } from "../../events/values.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { operationOf } from "../../projections/operations.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import { offer } from "../fakes/facts.ts"
import type { SimCloud } from "../fakes/SimCloud.ts"
import { boot, type SimDaemon } from "./SimDaemon.ts"
import { factsOf } from "./scene.ts"
import { makeWorld, settle, started } from "./world.ts"

const region = (cloud: string, name: string, zones: string, usdPerHour: number, useSpot = false) => ({
  offer: { ...offer, cloud, region: name, zone: null, instanceType: cloud === "aws" ? "p3" : "n1", useSpot, usdPerHour },
  zones: [...zones].map((zone) => (cloud === "aws" ? `${name}${zone}` : `${name}-${zone}`))
})

/** Cheapest first, as an optimizer has them. */
export const places = placesOf([
  region("gcp", "us-central1", "ab", 2.95),
  region("aws", "us-east-1", "abc", 3.06),
  region("aws", "us-west-2", "a", 3.06)
])
export const zones = places.map(({ zone }) => zone)
export const spot = placesOf([region("aws", "us-east-1", "ab", 1, true)])

export const refused = (code: string, scope?: RefusalScope, anyKind?: boolean, want?: RefusalWant) =>
  new CloudError({
    kind: "Refused",
    code,
    message: `We have none: ${code}.`,
    ...(scope === undefined ? {} : { scope }),
    ...(anyKind === undefined ? {} : { anyKind }),
    ...(want === undefined ? {} : { want })
  })
export const noRoom = refused("InsufficientInstanceCapacity", undefined, undefined, "room")

/** All zones but these have no room. */
export const roomIn =
  (...given: ReadonlyArray<string>) =>
  ({ zone }: Offer) =>
    given.includes(zone ?? "") ? null : noRoom

export const recordedIn = (disk: MemoryDisk): ReadonlyArray<Recorded> =>
  disk.map(({ value }) => JSON.parse(Buffer.from(value.subarray(33)).toString()))
export const asked = (disk: MemoryDisk): ReadonlyArray<string | null> =>
  factsOf(disk).flatMap((event) => (event._tag === "NodeRequested" ? [event.offer.zone] : []))
export const told = <T extends Event["_tag"]>(disk: MemoryDisk, tag: T) =>
  factsOf(disk).filter((event): event is Extract<Event, { _tag: T }> => event._tag === tag)

interface Stage {
  readonly daemon: SimDaemon
  readonly world: SimCloud
  readonly disk: MemoryDisk
  readonly send: (id: string, method: CommandName, params: object) => Effect.Effect<void>
  /** Asks, and lets the dust settle. */
  readonly ask: (id: string, method: CommandName, params: object) => Effect.Effect<void>
  readonly row: () => ReturnType<typeof rowNamed>
  readonly outcome: (id: string) => unknown
}

/** `isClosed`: what no such cluster is ever asked of. */
export const search = (
  play: (stage: Stage) => Effect.Effect<void>,
  offered: ReadonlyArray<Offer> = places,
  isClosed: (place: Offer) => boolean = () => false
) =>
  Effect.gen(function* () {
    const disk: MemoryDisk = []
    const world = yield* makeWorld
    world.offered = offered
    const daemon = (yield* started(boot(disk, world)))!
    const send = (id: string, method: CommandName, params: object) =>
      Effect.asVoid(Effect.forkDetach(daemon.send(method, id, params), { startImmediately: true }))
    yield* play({
      daemon,
      world,
      disk,
      send,
      ask: (id, method, params) => Effect.andThen(send(id, method, params), settle(daemon, 8)),
      row: () => rowNamed(daemon.log.world().clusters, "a"),
      outcome: (id) => operationOf(daemon.log.world().operations, id)?.outcome
    })
    checkSearch(
      disk,
      offered.filter((place) => !isClosed(place))
    )
    checkPlaces(daemon, world)
    yield* daemon.kill
  })

/** Every node is where its cluster is. */
export const checkPlaces = (daemon: SimDaemon, world: SimCloud) => {
  const { clusters } = daemon.log.world()
  for (const row of [...clusters.rows].map(([, one]) => one))
    for (const { node } of row.nodes) assert.deepStrictEqual(world.machines.get(node)?.offer, row.offer, `${node} is elsewhere`)
}

const isReached = ({ offer: at, anyKind, scope = "zone" }: { offer: Offer; scope?: RefusalScope; anyKind?: boolean }, one: Offer) => {
  const kind = anyKind === true || (at.instanceType === one.instanceType && at.useSpot === one.useSpot)
  const names = { zone: ["cloud", "region", "zone"], region: ["cloud", "region"], cloud: ["cloud"], everywhere: [] } as const
  return scope === "everywhere" || (kind && names[scope].every((name) => at[name] === one[name]))
}

type Told = Parameters<typeof isReached>[0]
interface Searched {
  at: Offer | undefined
  refusals: Array<Told>
  /** Those of the round before. */
  before: ReadonlyArray<Told>
  /** Launches that wait for it. */
  readonly launches: Set<string | null>
}

/**
 * Whatever happened: a place is chosen when all before it were refused in this round, and is asked where it was chosen. What was refused in
 * the round before need not be chosen again, and what is refused again is not told again.
 */
export const checkSearch = (disk: MemoryDisk, offered: ReadonlyArray<Offer>) => {
  const searches = new Map<string, Searched>()
  const tokens = new Map<string, Offer>()
  for (const { event, operation } of recordedIn(disk)) {
    if (event._tag === "OperationSucceeded" || event._tag === "OperationFailed" || event._tag === "OperationCancelled")
      for (const { launches } of searches.values()) launches.delete(operation)
    if (!("cluster" in event)) continue
    const own: Searched = searches.get(event.cluster) ?? { at: undefined, refusals: [], before: [], launches: new Set() }
    searches.set(event.cluster, own)
    const choose = (place: Offer) => {
      const open = offered.filter((one) => !own.refusals.some((refusal) => isReached(refusal, one)))
      assert.deepStrictEqual(place, open[0], "not the best of those that are left")
      own.at = place
    }
    const knownAt = (place: Offer | undefined): Told | undefined => own.before.find(({ offer }) => isDeepStrictEqual(offer, place))
    if ("refusedAgain" in event && event.refusedAgain !== undefined) {
      const before = knownAt(tokens.get(event.refusedAgain))
      assert.isDefined(before, "refused again, and never before")
      own.refusals.push(before!)
    }
    switch (event._tag) {
      case "PlaceChosen":
        choose(event.offer)
        break
      case "NodeRequested":
        if (knownAt(event.offer) !== undefined && !isDeepStrictEqual(event.offer, own.at)) choose(event.offer)
        assert.deepStrictEqual(event.offer, own.at, "asked elsewhere than chosen")
        tokens.set(event.token, event.offer)
        break
      case "RequestAbandoned":
        tokens.delete(event.token)
        break
      case "PlacePassedOver":
        own.refusals.push(event)
        break
      case "NodeRefused": {
        const at = event.node === undefined ? tokens.get(event.token) : undefined
        if (at !== undefined) own.refusals.push({ ...event, offer: at })
        break
      }
      case "LaunchRequested":
      case "StartRequested":
        if (own.launches.size === 0) Object.assign(own, { refusals: [], before: [] })
        if (event._tag === "LaunchRequested") own.launches.add(operation)
        break
      case "StopRequested":
      case "DownRequested":
        Object.assign(own, { refusals: [], before: [] })
        break
      case "PlacesExhausted":
        Object.assign(own, { refusals: [], before: own.refusals })
    }
  }
}

export const named = { clusterName: "a" }
export const launch = { ...named, task: { run: "1 0", num_nodes: 2 } }
export const retrying = { ...launch, retryUntilUp: true }

/** The worker of a cluster that is up ends, and that is seen. */
export const loseWorker = ({ daemon, world }: Pick<Stage, "daemon" | "world">) =>
  Effect.gen(function* () {
    const lost = [...world.machines.keys()].find((node) => node.endsWith("-1"))!
    world.machines.get(lost)!.agent.die()
    world.machines.delete(lost)
    yield* settle(daemon, 8)
  })
