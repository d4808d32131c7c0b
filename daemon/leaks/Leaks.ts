/**
 * What clouds hold under tags of ours and no cluster has. Found by the clouds' own word beside the log's, ended only after that is a fact,
 * or adopted, which is nothing but facts. One deed at a time; who asked for one may go away.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import { rowOf } from "../../projections/clusters.ts"
import { InternalError, RuntimeError, type SkydError } from "../../sdk/protocol/errors.ts"
import type { LeaksAdoptAnswer, LeaksEndAnswer } from "../../sdk/protocol/leaks.ts"
import { sentence } from "../../task/sentence.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import { Clouds } from "../clouds/Clouds.ts"
import { streamOf } from "../commands/decision.ts"
import { Identity } from "../life/Identity.ts"
import { EventLog } from "../log/EventLog.ts"
import { Reactors } from "../reactors/Reactors.ts"
import { accountsUnseen } from "./accounts.ts"
import { adopt, foundAs } from "./adopt.ts"
import { makeEndings, type RecordFacts } from "./endings.ts"
import { leakOf, nameIn } from "./history.ts"
import { isDropped, isKept, wasUsed } from "./known.ts"
import { type Held, isCalled, type Leak, withName } from "./Leak.ts"
import { lookAround } from "./look.ts"
import { unansweredElsewhere } from "./unanswered.ts"
import { leakView } from "./view.ts"

const atOnce = 8
const identityMaxMs = 5_000

interface LeaksFound {
  readonly leaks: ReadonlyArray<Leak>
  readonly silent: ReadonlyArray<string>
}

export class Leaks extends Context.Service<
  Leaks,
  {
    /** `all`: also of other logs. */
    readonly find: (all: boolean) => Effect.Effect<LeaksFound, SkydError>
    readonly end: (names: ReadonlyArray<string>) => Effect.Effect<LeaksEndAnswer, SkydError>
    readonly adopt: (name: string, as: string | null) => Effect.Effect<LeaksAdoptAnswer, SkydError>
  }
>()("skyd/daemon/leaks/Leaks") {
  static readonly layer = Layer.effect(
    Leaks,
    Effect.suspend(() => make)
  )
  /** Over a log that says nothing for certain. */
  static readonly refused = (refusal: SkydError) =>
    Layer.sync(Leaks, () => {
      const refuse = () => Effect.fail(refusal)
      return Leaks.of({ find: refuse, end: refuse, adopt: refuse })
    })
}

/** Machines first: a group goes when nothing is in it. */
const order: ReadonlyArray<Leak["thing"]["kind"]> = ["machine", "disk", "image", "snapshot", "group"]

const make = Effect.gen(function* () {
  const clouds = yield* Clouds
  const log = yield* EventLog
  const { actor } = yield* Identity
  const scope = yield* Effect.scope
  const turn = Semaphore.makeUnsafe(1)
  /** To its end, whoever waits for it. */
  const alone = <A, E>(deed: Effect.Effect<A, E>) => Effect.flatMap(Effect.forkIn(turn.withPermits(1)(deed), scope), Fiber.join)
  const ownLog = () => log.world().clusters.log

  const record: RecordFacts = (cluster, decide, kind = "user") =>
    log
      .decide((world) =>
        Result.map(decide(world), (events) => {
          const said = events.map((event) => [streamOf(cluster), event] as const)
          return events.length === 0 ? undefined : { events: said, operation: null, causedBy: 0, actor: { ...actor, kind }, expect: [] }
        })
      )
      .pipe(
        Effect.mapError((error) => ("exitCode" in error ? error : new InternalError({ message: error.message, hint: "Try it again." })))
      )

  const find = Effect.fn("Leaks.find")(function* (all: boolean) {
    const before = log.world()
    const mayHave = ({ hasSigns = Effect.succeed(false), name }: Cloud) => Effect.map(hasSigns, (signs) => signs || wasUsed(before, name))
    const { held, silent } = yield* lookAround(clouds, all ? null : ownLog(), before, mayHave)
    const now = log.world()
    // Both wait for the same clouds to say whose the credentials are.
    const [unseen, elsewhere] = yield* Effect.all(
      [accountsUnseen(clouds, now.clusters, identityMaxMs), unansweredElsewhere(clouds, now, identityMaxMs)],
      { concurrency: "unbounded" }
    )
    // What went meanwhile was a cluster's, and so is what came.
    const loose = held.filter((one) => !isKept(before, one) && !isKept(now, one))
    const isOurs = (one: Held) => one.thing.tags.log === ownLog() || isDropped(before.clusters, one)
    const [own, others] = [loose.filter(isOurs), loose.filter((one) => !isOurs(one))]
    const nowMs = yield* Clock.currentTimeMillis
    const leaks = yield* Effect.forEach(
      Map.groupBy(own, ({ thing }) => thing.tags.cluster),
      ([cluster, those]) =>
        Effect.map(Stream.runCollect(log.readStream(streamOf(cluster), 1)), (facts) =>
          withName(those, nameIn(facts)).flatMap((one) => leakOf(one, facts, rowOf(now.clusters, cluster) !== undefined, nowMs) ?? [])
        ),
      { concurrency: atOnce }
    ).pipe(Effect.mapError(({ message }) => new RuntimeError({ message: sentence(message), hint: null })))
    const foreign = [...Map.groupBy(others, ({ thing }) => thing.tags.cluster).values()].flatMap((those) => withName(those, undefined))
    return {
      leaks: [...leaks.flat(), ...foreign.map((one) => ({ ...one, isOurs: false, reason: "it is another log's" }))],
      silent: [...silent, ...unseen, ...elsewhere]
    }
  })

  const { endOne, goneOf, goOn } = makeEndings({ clouds, log, record })
  const end = Effect.fn("Leaks.end")(function* (names: ReadonlyArray<string>) {
    const { leaks, silent } = yield* find(false)
    const meant = leaks.filter((leak) => names.some((name) => isCalled(leak, name)))
    const outcomes = yield* Effect.forEach(order, (kind) =>
      Effect.forEach(
        meant.filter(({ thing }) => thing.kind === kind),
        endOne,
        { concurrency: atOnce }
      )
    )
    const done = outcomes.flat().filter((outcome) => outcome !== null)
    const gone = names.flatMap((name) => (meant.some(({ id }) => id === name) ? [] : (goneOf(name) ?? [])))
    return {
      ended: [...gone.map(leakView), ...done.flatMap(({ kept, leak }) => (kept === null ? [leak] : []))],
      kept: done.flatMap(({ kept, leak }) => (kept === null ? [] : [{ leak, ...kept }])),
      notFound: names.filter((name) => ![...gone, ...meant].some((leak) => isCalled(leak, name))),
      silent
    }
  })

  const take = Effect.fn("Leaks.adopt")(function* (name: string, as: string | null) {
    const { leaks, silent } = yield* find(true)
    const found = foundAs(name, leaks)
    if (Result.isFailure(found) && silent.length > 0)
      return yield* new RuntimeError({ message: found.failure.message, hint: `Not all is known: ${silent.join("; ")}.` })
    const one = yield* Effect.fromResult(found)
    const { cloud, machines } = one
    const there = clouds.get(cloud)
    // The log holds it for good.
    const owner = yield* Effect.mapError(
      there?.identityNow ?? there?.identity ?? Effect.succeed(null),
      ({ message }) => new RuntimeError({ message: sentence(message), hint: null })
    )
    yield* record(machines[0]!.tags.cluster, (world) => adopt(world, { ...one, endByHand: clouds.get(cloud)?.endByHand }, as, owner))
    return { cluster: as ?? machines[0]!.tags.clusterName, nodes: machines.map(({ node }) => node as string) }
  })

  // Of this life's own whoever asked for them is told.
  if ((yield* Reactors).areOn) {
    const begun = [...HashMap.values(log.world().leakEnds.open)]
    const inOrder = begun.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
    for (const ending of inOrder) yield* Effect.forkIn(Effect.catchCause(goOn(ending, alone), Effect.logError), scope)
  }

  return Leaks.of({ find, end: (names) => alone(end(names)), adopt: (name, as) => alone(take(name, as)) })
})
