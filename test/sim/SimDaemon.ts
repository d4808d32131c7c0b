/**
 * The daemon of a simulation: real log, real deciders, real reactors; disk, cloud and time are the test's. It can be killed and started
 * again.
 */
import { Cause, Effect, Exit, HashMap, Layer, Scope } from "effect"
import { Background } from "../../daemon/Background.ts"
import type { Cloud } from "../../daemon/clouds/Cloud.ts"
import { Clouds } from "../../daemon/clouds/Clouds.ts"
import * as Daemon from "../../daemon/Daemon.ts"
import { Disk } from "../../daemon/home/Disk.ts"
import { Secrets, type SecretValues } from "../../daemon/home/Secrets.ts"
import { Identity } from "../../daemon/life/Identity.ts"
import * as Imported from "../../daemon/life/Imported.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import { LogStore } from "../../daemon/log/LogStore.ts"
import * as MemoryLogStore from "../../daemon/log/MemoryLogStore.ts"
import { Notices } from "../../daemon/Notices.ts"
import { Couriers } from "../../daemon/reactors/couriers/Couriers.ts"
import { Reactors } from "../../daemon/reactors/Reactors.ts"
import { Dispatcher } from "../../daemon/requests/Dispatcher.ts"
import { FileLister } from "../../daemon/sync/FileLister.ts"
import type { SyncError } from "../../daemon/sync/SyncError.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"

const identity = {
  home: "/sim",
  socket: "/sim/run/sock",
  version: "0",
  build: "0+0",
  pid: 1,
  user: "ann",
  actor: { kind: "daemon" as const, uid: 1, host: "sim" },
  startedAtMs: 0
}

/** What a daemon lives in. */
export interface SimWorld {
  readonly cloud: Cloud | Effect.Effect<Cloud>
  /** Where there are several, in place of the one. */
  readonly clouds?: ReadonlyArray<Cloud>
  readonly secrets: Map<string, SecretValues>
  readonly unreadable: SyncError | undefined
  readonly reach: (point: string) => Effect.Effect<void>
}

/** What it keeps of secrets outlives it, like its disk. */
export const secretsIn = (kept: Map<string, SecretValues>) =>
  Layer.succeed(Secrets, {
    digest: (text) => text,
    keep: (operation, values) => Effect.sync(() => void (Object.keys(values).length > 0 && kept.set(operation, values))),
    read: (operation) => Effect.sync(() => kept.get(operation) ?? null),
    forget: (operation) => Effect.sync(() => void kept.delete(operation)),
    waiting: Effect.sync(() => [...kept.keys()])
  })

/** A write can be the last thing that a daemon does, before or after it is on disk. */
const reachingStore = (disk: MemoryLogStore.MemoryDisk, world: SimWorld) =>
  Layer.effect(
    LogStore,
    Effect.gen(function* () {
      const store = yield* LogStore
      return LogStore.of({
        ...store,
        write: (entries) =>
          Effect.gen(function* () {
            yield* world.reach("log.write:before")
            yield* store.write(entries)
            yield* world.reach("log.write:after")
          })
      })
    })
  ).pipe(Layer.provideMerge(MemoryLogStore.layer(disk)))

export interface SimDaemon {
  readonly log: EventLog["Service"]
  /** Requests that ended in neither an answer nor a refusal. */
  readonly defects: ReadonlyArray<string>
  readonly send: (method: CommandName, requestId: string, params: object) => Effect.Effect<unknown>
  /** `sky status -r`, of clusters whose head has no agent: these are looked at only when somebody asks. */
  readonly refreshUnwatched: Effect.Effect<void>
  readonly failure: Effect.Effect<never>
  /** At once, in the middle of whatever it does. */
  readonly kill: Effect.Effect<void>
}

/** The first start over an imported log. */
export const afterImport = Layer.provideMerge(Layer.effectDiscard(Imported.settle), Reactors.on)

/** `reactors`: on, whatever became of the daemon before, unless the story is about just that. */
export const boot = Effect.fn("boot")(function* (
  disk: MemoryLogStore.MemoryDisk,
  world: SimWorld,
  reactors: Layer.Layer<Reactors, never, Clouds | EventLog | Identity | Notices> = Reactors.on
) {
  const scope = yield* Scope.make()
  const services = yield* Layer.buildWithScope(
    Layer.fresh(
      Daemon.core(reactors).pipe(
        Layer.provide([
          reachingStore(disk, world),
          secretsIn(world.secrets),
          Disk.endless,
          Notices.layer,
          Layer.effect(
            Clouds,
            Effect.map(Effect.isEffect(world.cloud) ? world.cloud : Effect.succeed(world.cloud), (cloud) => {
              return new Map((world.clouds ?? [cloud]).map((one) => [one.name, one]))
            })
          ),
          Layer.succeed(FileLister, () =>
            world.unreadable === undefined ? Effect.succeed({ root: "/w", entries: [], files: 1, bytes: 1 }) : Effect.fail(world.unreadable)
          )
        ]),
        Layer.provideMerge(Layer.succeed(Identity, identity))
      )
    ),
    scope
  )
  const within = <A, E>(work: Effect.Effect<A, E, Dispatcher | EventLog | Background | Couriers>) => Effect.provideContext(work, services)
  const log = yield* within(EventLog.use(Effect.succeed))
  const defects: Array<string> = []
  const daemon: SimDaemon = {
    log,
    defects,
    send: (method, requestId, params) =>
      within(
        Dispatcher.use((dispatcher) =>
          dispatcher.dispatch({ method, params, requestId: requestId as never, caller: { argv: ["sky", method], user: "ann" } })
        )
      ).pipe(
        Effect.tapCause((cause) =>
          Effect.sync(() => Cause.hasDies(cause) && defects.push(`${method} ${requestId}: ${Cause.pretty(cause)}`))
        ),
        Effect.exit
      ),
    refreshUnwatched: within(
      Couriers.use(({ observe }) => {
        const isWatched = ({ nodes }: ClusterRow) => nodes.some(({ rank, ready }) => rank === 0 && ready)
        const unwatched = [...HashMap.values(log.world().clusters.rows)].filter((row) => statusOf(row) === "INIT" && !isWatched(row))
        return Effect.forEach(unwatched, ({ id }) => observe(id), { discard: true })
      })
    ),
    failure: within(Background.use((background) => background.failure)),
    kill: Scope.close(scope, Exit.void)
  }
  return daemon
})
