/**
 * Wish in, facts or a refusal out: decodes the wish, keeps its secrets apart, and has the log's writer ask the decider.
 * A request that was seen before is not decided again: it is followed.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { ClusterId, ClusterName, OperationId } from "../../events/ids.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { type OperationRow, operationOf } from "../../projections/operations.ts"
import { canonicalJson } from "../../sdk/protocol/digest.ts"
import { RequestConflict, type SkydError, ValueError } from "../../sdk/protocol/errors.ts"
import type { Launch } from "../../sdk/protocol/launch.ts"
import { type CommandName, commands } from "../../sdk/protocol/methods.ts"
import type { Caller } from "../../sdk/protocol/Wire.ts"
import { autoClusterName } from "../../task/cloud-names.ts"
import { needOf } from "../../task/Need.ts"
import { cut } from "../../task/sentence.ts"
import { Catalogs } from "../catalog/Catalogs.ts"
import { Clouds } from "../clouds/Clouds.ts"
import { requestedBy, withoutSecrets } from "../commands/caller.ts"
import type { Decided, Decision } from "../commands/decision.ts"
import { relativePathOf } from "../commands/mounts.ts"
import { splitSecrets } from "../commands/split-secrets.ts"
import { Disk } from "../home/Disk.ts"
import { Secrets } from "../home/Secrets.ts"
import { freshUlid } from "../Ids.ts"
import { inTurn } from "../in-turn.ts"
import { Identity } from "../life/Identity.ts"
import { EventTooLarge } from "../log/Acceptor.ts"
import { EventLog } from "../log/EventLog.ts"
import { withQuota } from "../places/no-quota.ts"
import { type Access, accessOf, cloudsWithClusters, offersFor } from "../places/offers-for.ts"
import { Abandoned } from "../reactors/Abandoned.ts"
import { Reactors } from "../reactors/Reactors.ts"
import { refuseClashes } from "../sync/clashes.ts"
import { FileLister } from "../sync/FileLister.ts"
import type { World } from "../World.ts"
import { decide, type Input, identitiesFor } from "./Deciders.ts"
import { decoder } from "./decode.ts"
import { knownIn } from "./known.ts"

interface Command {
  readonly method: CommandName
  readonly params: unknown
  readonly requestId: OperationId | undefined
  readonly caller: Caller | undefined
}

/** Either the answer, or the operation that will have it. */
type Dispatched =
  | { readonly _tag: "Answer"; readonly at: number; readonly cluster: string | null; readonly result: Readonly<Record<string, unknown>> }
  | { readonly _tag: "Operation"; readonly row: OperationRow }

export class Dispatcher extends Context.Service<
  Dispatcher,
  {
    readonly dispatch: (command: Command) => Effect.Effect<Dispatched, SkydError>
    readonly known: ReturnType<typeof knownIn>
  }
>()("skyd/daemon/requests/Dispatcher") {
  static readonly layer = Layer.effect(
    Dispatcher,
    Effect.suspend(() => make)
  )
}

type Params = Input<CommandName>["params"]

const decoders = Object.fromEntries(
  Object.entries(commands).map(([name, { params }]) => [name, decoder<unknown, unknown>(params, name)])
) as Readonly<Record<CommandName, (input: unknown) => Effect.Effect<unknown, SkydError>>>

const make = Effect.gen(function* () {
  const log = yield* EventLog
  const secrets = yield* Secrets
  const identity = yield* Identity
  const clouds = yield* Clouds
  const { all: catalogs } = yield* Catalogs
  const disk = yield* Disk
  const reactors = yield* Reactors
  const { endNow } = yield* Abandoned
  const list = yield* FileLister
  const turn = inTurn<OperationId>()

  const known = knownIn(log)

  const attach = (row: OperationRow, digest: string) =>
    row.digest === digest
      ? Effect.succeed<Dispatched>({ _tag: "Operation", row })
      : Effect.fail(
          new RequestConflict({
            message: `The request id ${row.id} was used for another request (${row.method}).`,
            hint: "Send each new request under a new id."
          })
        )

  /** Decided by the log's one writer on all that was accepted, so nobody gets in between. */
  const record = Effect.fn("Dispatcher.record")(function* (id: OperationId, name: string, decide: (world: World) => Decided) {
    let result: Decision["result"] = {}
    const facts = yield* log
      .decide((world) =>
        Result.map(decide(world), ({ events, expect, result: answer }) => {
          result = answer
          const actor = { ...identity.actor, kind: "user" as const }
          return events.length === 0 ? undefined : { events, operation: id, causedBy: 0, actor, expect }
        })
      )
      .pipe(
        // Held against the very world that it was decided on.
        Effect.catchTag("KeyMoved", Effect.die),
        Effect.catchIf(
          (error): error is EventTooLarge => error instanceof EventTooLarge,
          ({ message }) => Effect.fail(new ValueError({ message, hint: "Put large texts into files of the workdir." }))
        )
      )
    const world = log.world()
    const dispatched: Dispatched =
      facts.length === 0
        ? { _tag: "Answer", at: world.at, cluster: name, result }
        : { _tag: "Operation", row: operationOf(world.operations, id)! }
    return dispatched
  })

  /** What a purge has left on a machine is nobody's: it does not stand in the way of who wants that. */
  const placesFor = Effect.fn("Dispatcher.placesFor")(function* (access: Access, { blocked, dryrun, task }: Launch, isNew: boolean) {
    const find = offersFor(clouds, access, task, (blocked ?? []).map(needOf), cloudsWithClusters(log.world().clusters))
    const found = yield* find
    const places = found.offers.length === 0 && found.busy && (yield* endNow) ? yield* find : found
    return dryrun && isNew ? yield* withQuota(clouds, places) : places
  })

  const begin = Effect.fn("Dispatcher.begin")(function* (id: OperationId, method: CommandName, decoded: Params, caller: Caller) {
    const digest = secrets.digest(`${method} ${canonicalJson(decoded)}`)
    const before = yield* known(id)
    yield* reactors.allow(method, before)
    if (before !== undefined) return yield* attach(before, digest)
    yield* disk.allow(method)
    if (method === "launch" && "task" in decoded) yield* refuseClashes(decoded.task, list)
    const split = "task" in decoded ? splitSecrets(decoded.task, secrets.digest) : { recorded: {}, secrets: {} }
    const fresh = (yield* freshUlid) as ClusterId
    const user = caller.user ?? identity.user
    const name = decoded.clusterName ?? autoClusterName(fresh.slice(-4).toLowerCase(), user)
    const access = yield* accessOf(clouds)
    const isNew = rowNamed(log.world().clusters, name) === undefined
    const places = method === "launch" && "task" in decoded ? yield* placesFor(access, decoded, isNew) : { offers: [], reason: null }
    const context = {
      requested: requestedBy(caller, { requestId: id, method, clusterName: name as ClusterName, digest }, Object.values(split.secrets)),
      nowMs: Math.trunc(yield* Clock.currentTimeMillis),
      user
    }
    const said = "lastUse" in decoded && typeof decoded.lastUse === "string" ? decoded.lastUse : ""
    const wish = { ...decoded, lastUse: cut(withoutSecrets(said, Object.values(split.secrets))) }
    const row = rowNamed(log.world().clusters, name)
    const identities = yield* identitiesFor(method, { clouds, params: wish, places, row })
    const input = { params: wish, context, name, fresh, task: split.recorded, clouds, access, places, identities, catalogs }
    const decideOn = (world: World): Decided => decide(method, { ...input, row: rowNamed(world.clusters, name), world })
    const forget = secrets.forget(id)
    return yield* secrets.keep(id, split.secrets).pipe(
      Effect.andThen(record(id, name, decideOn)),
      Effect.tap(({ _tag }) => (_tag === "Answer" ? forget : Effect.void)),
      Effect.tapCause((cause) => (Cause.hasInterrupts(cause) ? Effect.void : forget))
    )
  })

  return Dispatcher.of({
    known,
    dispatch: Effect.fn("Dispatcher.dispatch")(function* ({ caller = {}, method, params, requestId }) {
      const decoded = (yield* decoders[method](params ?? {})) as Params
      const relative = "task" in decoded ? relativePathOf(decoded.task) : undefined
      if (relative !== undefined) {
        return yield* new ValueError({
          message: `${method}: task.${cut(relative[0])}: '${cut(relative[1])}' is not absolute.`,
          hint: "The daemon has no working folder of yours."
        })
      }
      const id = requestId ?? ((yield* freshUlid) as OperationId)
      // Who comes second under one id finds what the first has recorded, or nothing of it: no secrets, no decision on what it has changed.
      return yield* turn(id, begin(id, method, decoded, caller))
    })
  })
})
