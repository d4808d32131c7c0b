/** One daemon and its world, to play a few requests in. */
import { Effect } from "effect"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import type { Event } from "../../events/Event.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { operationOf } from "../../projections/operations.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import type { SimCloud } from "../fakes/SimCloud.ts"
import { boot, type SimDaemon } from "./SimDaemon.ts"
import { makeWorld, settle, started } from "./world.ts"

interface Scene {
  readonly daemon: SimDaemon
  readonly world: SimCloud
  readonly disk: MemoryDisk
  /** Asks, and lets the dust settle. */
  readonly ask: (id: string, method: CommandName, params: object) => Effect.Effect<void>
  readonly row: () => ReturnType<typeof rowNamed>
  readonly outcome: (id: string) => unknown
}

export const scene = (play: (scene: Scene) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    const disk: MemoryDisk = []
    const world = yield* makeWorld
    const daemon = (yield* started(boot(disk, world)))!
    yield* play({
      daemon,
      world,
      disk,
      ask: (id, method, params) =>
        Effect.forkDetach(daemon.send(method, id, params), { startImmediately: true }).pipe(Effect.andThen(settle(daemon, 8))),
      row: () => rowNamed(daemon.log.world().clusters, "a"),
      outcome: (id) => operationOf(daemon.log.world().operations, id)?.outcome
    })
    yield* daemon.kill
  })

export const factsOf = (disk: MemoryDisk): ReadonlyArray<Event> =>
  disk.map(({ value }) => JSON.parse(Buffer.from(value.subarray(33)).toString()).event)
