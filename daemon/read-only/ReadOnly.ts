/**
 * The daemon over a damaged log: it answers questions from what can be proven, says what still runs, and ends a cluster when told to.
 * Nothing is repaired, dropped or recorded. The wiring, like `Daemon.ts`.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { ReadOnlyError } from "../../sdk/protocol/errors.ts"
import { CloudError } from "../clouds/Cloud.ts"
import { Clouds, cloudOf } from "../clouds/Clouds.ts"
import { patient } from "../clouds/patient.ts"
import { catalogs, clouds } from "../Daemon.ts"
import * as IpcServer from "../ipc/IpcServer.ts"
import { Leaks } from "../leaks/Leaks.ts"
import { Lifecycle } from "../life/Lifecycle.ts"
import { EventLog } from "../log/EventLog.ts"
import { readHead } from "../log/head-file.ts"
import { openToRead, placesOf } from "../log/LevelLog.ts"
import * as LevelLogStore from "../log/LevelLogStore.ts"
import type { LogDamaged } from "../log/LogDamaged.ts"
import { LogStore } from "../log/LogStore.ts"
import * as MemoryLogStore from "../log/MemoryLogStore.ts"
import { Notices } from "../Notices.ts"
import { Queries } from "../queries/Queries.ts"
import { AgentLink } from "../reactors/couriers/AgentLink.ts"
import { Couriers } from "../reactors/couriers/Couriers.ts"
import { unasked } from "../reactors/observe.ts"
import { Reactors } from "../reactors/Reactors.ts"
import { refOf } from "../reactors/raise-machines.ts"
import { Operations } from "../requests/Operations.ts"
import { Requests } from "../requests/Requests.ts"
import * as ProvenLog from "./ProvenLog.ts"
import { endByTags, inWords, machinesOf } from "./to-pay-for.ts"
import { Unlogged } from "./Unlogged.ts"

/** How long a start may wait for the clouds' word on what still runs. */
const lookMaxMs = 2000

export const guardOf = (home: string) => join(home, "run", "guard")

/** The store where it opens. Where it does not, nothing can be proven, and an empty store of our own is the guard of the single daemon. */
export const storeOf = (home: string) =>
  Layer.effect(
    LogStore,
    openToRead(home).pipe(
      Effect.map(({ store }) => store),
      Effect.catchTag("LogDamaged", (standsFor) =>
        Layer.build(LevelLogStore.layer(guardOf(home))).pipe(
          Effect.andThen(Layer.build(MemoryLogStore.layer())),
          Effect.map((empty) => LogStore.of({ ...Context.get(empty, LogStore), standsFor }))
        )
      )
    )
  )

/** Jobs' output can still be read from the nodes that are known. */
const couriers = Layer.effect(
  Couriers,
  Effect.gen(function* () {
    const log = yield* EventLog
    const clouds = yield* Clouds
    const unused = () => Effect.die("nothing is done over a damaged log")
    return Couriers.of({
      install: unused,
      arm: unused,
      halt: unused,
      activity: unused,
      observe: () => Effect.succeed(unasked),
      untilTold: () => Effect.void,
      introduce: () => Effect.void,
      unreached: () => Effect.succeed([]),
      connect: (row) => {
        const cloud = cloudOf(clouds, row)
        const head = row.nodes.find(({ rank }) => rank === 0)
        if (cloud === undefined || head === undefined) {
          return Effect.fail(new CloudError({ kind: "Transient", code: "NoHead", message: `${row.name} has no head node` }))
        }
        return Effect.map(cloud.connectAgent(refOf(row, head, log.world().clusters.log)), (stream) => new AgentLink(stream))
      }
    })
  })
)

const beginAnew = (home: string) => {
  const left = Object.values(placesOf(home)).filter((path) => existsSync(path))
  return `To begin anew, stop the daemon and move away ${left.join(", ")}, or set SKYD_HOME to another folder.`
}

/** `asFound`: where the files lie as they were before they were opened. */
export const layer = (home: string, agentPath: string, damage: LogDamaged, asFound: string | null) => {
  const witness = readHead(placesOf(home).head)
  // A witness of another log says nothing of this one.
  const said = typeof witness === "string" || damage.damage === "other-log" ? undefined : witness.head
  const refusal = new ReadOnlyError({
    message: `The log is damaged, so nothing is changed: ${damage.message}`,
    hint: "sky status says what still runs; sky down --unlogged CLUSTER ends it."
  })
  /** By the log's own word, as far as that is proven, and by its witness's: where they are two, either may be the one that ran here. */
  const logIds = (log: EventLog["Service"]) => [
    ...new Set([log.world().clusters.log, typeof witness === "string" ? "" : witness.head.log].filter((id) => id !== ""))
  ]
  /** Says what is damaged and what there still is; again when something of it was ended. */
  const tell = Effect.gen(function* () {
    const log = yield* EventLog
    const notices = yield* Notices
    const proven = log.world().at
    const say = (there: ReadonlyArray<string>) =>
      notices.set(
        "damage",
        [
          `The log is damaged: ${damage.message}`,
          `Nothing was repaired or dropped; from here on skyd only answers, from ${proven === 0 ? "nothing: no event is proven" : `events 1 to ${proven}`}.`,
          ...there,
          proven === 0 ? beginAnew(home) : "sky audit export FILE saves what is proven.",
          ...(asFound === null ? [] : [`The files as they were found are kept: ${asFound}`])
        ].join(" ")
      )
    const way = "sky down --unlogged CLUSTER ends what runs."
    say([way])
    const all = yield* machinesOf(yield* Clouds, logIds(log))
    say([inWords(all), ...(all.found.length > 0 ? [way] : [])])
    yield* Effect.logError(notices.list().join(" "))
  })
  const unlogged = Layer.effect(
    Unlogged,
    Effect.gen(function* () {
      const services = yield* Effect.context<Clouds | EventLog | Notices>()
      const clouds = yield* Clouds
      const log = yield* EventLog
      const scope = yield* Effect.scope
      // A cloud that hangs does not keep the others from being asked about.
      yield* Effect.timeoutOption(Fiber.join(yield* Effect.forkScoped(tell)), lookMaxMs)
      return Unlogged.of({
        end: (name) => Effect.ensuring(endByTags(clouds, logIds(log), name), Effect.forkIn(Effect.provideContext(tell, services), scope))
      })
    })
  )
  return IpcServer.layer.pipe(
    Layer.provideMerge(Requests.layer),
    Layer.provideMerge(Layer.merge(Layer.succeed(Operations, { run: () => Effect.fail(refusal) }), Queries.layer)),
    Layer.provideMerge(Layer.mergeAll(couriers, Reactors.off, unlogged, Leaks.refused(refusal))),
    Layer.provideMerge(Layer.mergeAll(Layer.effect(EventLog, ProvenLog.make(said)), Lifecycle.layer, Notices.layer)),
    Layer.provideMerge(patient),
    Layer.provide(Layer.provideMerge(clouds(home, agentPath), catalogs(home, agentPath))),
    Layer.provideMerge(storeOf(home))
  )
}
