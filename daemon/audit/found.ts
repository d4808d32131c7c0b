/** The log of a state folder as it is found: by the daemon that holds it, or without one. */
import { existsSync, linkSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Damage } from "../../sdk/protocol/audit.ts"
import { AuditError, type ValueError } from "../../sdk/protocol/errors.ts"
import { explainUnwritable } from "../home/home.ts"
import { linkAsFound, stamp } from "../log/as-found.ts"
import { folderBeside, putBeside, unsoundIn } from "../log/beside.ts"
import { genesis } from "../log/chain.ts"
import { checkNext } from "../log/check-next.ts"
import type { Head } from "../log/head-file.ts"
import { openBeside, openToRead, placesOf, readSaid } from "../log/LevelLog.ts"
import { LogDamaged } from "../log/LogDamaged.ts"
import { LogLocked, type LogStore } from "../log/LogStore.ts"
import { keptIn } from "../log/snapshot-files.ts"
import { damageOf } from "./Proof.ts"
import { type FoundLog, unavailable } from "./walk.ts"

/** Under a witness of another log the store is taken by its own word. */
const witnessed = Effect.fnUntraced(function* (store: LogStore["Service"], said: Head | undefined) {
  const value = said && (yield* Effect.orElseSucceed(store.get(1), () => undefined))
  const first = said && value && checkNext({ at: 0, hash: genesis(said.log) }, { seq: 1, value }, said)
  return first && Result.isFailure(first) && first.failure.damage === "other-log"
    ? { store, said: undefined, damage: damageOf(first.failure) }
    : { store, said, damage: null }
})

/** Nothing of it can be read. */
const gone = (damage: LogDamaged): FoundLog => ({ store: undefined, said: undefined, damage: damageOf(damage) })

type Witness = Result.Result<{ readonly said: Head } | undefined, LogDamaged>
const foundIn = Effect.fnUntraced(function* (store: LogStore["Service"], witness: Witness, damage?: LogDamaged) {
  if (Result.isFailure(witness)) return { store, said: undefined, damage: damageOf(witness.failure) } satisfies FoundLog
  const found = yield* witnessed(store, witness.success?.said)
  return { ...found, damage: found.damage ?? (damage === undefined ? null : damageOf(damage)) } satisfies FoundLog
})

interface Answer {
  readonly damage: Damage | null
}

/** The daemon's, where LevelDB can be trusted with its files. Where not, what is on disk: it would end the daemon. */
export const inDaemon = <A extends Answer>(
  home: string,
  store: LogStore["Service"],
  use: (found: FoundLog) => Effect.Effect<A, AuditError | ValueError>
) =>
  Effect.gen(function* () {
    const folder = placesOf(home).store
    // Where it was taken away under the daemon, that still has what it opened.
    const isSound = !existsSync(join(folder, "CURRENT")) || (yield* unsoundIn(folder)).size === 0
    if (!isSound) return yield* onDisk(home, use)
    // Before the store: it never says more than that holds by then.
    const witness = yield* Effect.result(readSaid(home))
    return yield* use(yield* foundIn(store, witness, store.standsFor))
  }).pipe(Effect.catchTags({ LogLocked: unavailable, LogUnavailable: (error) => explainUnwritable(home, error) ?? unavailable(error) }))

const linksMax = 10

/**
 * What is on disk under a daemon that holds the store: that may read from memory what its files have lost. Second links to them are
 * opened as a store of their own, with the witness as it was before. A table that the daemon replaces meanwhile makes the links useless,
 * so they are made again.
 */
export const onDisk = <A extends Answer, E>(home: string, use: (found: FoundLog) => Effect.Effect<A, E>) =>
  Effect.scoped(
    Effect.gen(function* () {
      for (let tries = 1; ; tries++) {
        const witness = yield* Effect.result(readSaid(home))
        if (Result.isFailure(witness) && witness.failure.damage === "store-missing") return yield* use(gone(witness.failure))
        const folder = yield* folderBeside(home)
        // Before the events: none is kept of an event that is not on disk.
        const kept = yield* keptIn(placesOf(home).snapshots)
        yield* Effect.try({
          try: () => putBeside(placesOf(home).store, placesOf(folder).store, linkSync),
          catch: (cause) =>
            explainUnwritable(home, cause) ??
            new AuditError({
              message: `The files of the log cannot be looked at beside the daemon, which takes second links to them: ${(cause as Error).message}.`,
              hint: "Without a daemon it needs none: sky daemon stop, and ask again."
            })
        })
        const opened = yield* Effect.result(openBeside(home, folder))
        if (Result.isSuccess(opened)) {
          const { damage, store } = opened.success
          return yield* use(yield* foundIn({ ...store, snapshots: Effect.succeed(kept) }, witness, damage))
        }
        const { failure } = opened
        if (!(failure instanceof LogDamaged)) return yield* Effect.fail(failure)
        if (tries === linksMax) return yield* use(gone(failure))
      }
    })
  )

const open = Effect.fnUntraced(function* (home: string) {
  const before = yield* Effect.result(readSaid(home))
  if (Result.isFailure(before) && before.failure.damage === "store-missing") {
    return gone(before.failure)
  }
  if (Result.isSuccess(before)) {
    if (before.success === undefined) return yield* new AuditError({ message: `There is no log in ${home}.`, hint: null })
    if (!before.success.hasStore) return { store: undefined, said: before.success.said, damage: null } satisfies FoundLog
  }
  const opened = yield* Effect.result(openToRead(home))
  if (Result.isSuccess(opened)) {
    const { damage, store } = opened.success
    return yield* foundIn(store, yield* Effect.result(readSaid(home)), damage)
  }
  const { failure } = opened
  if (!(failure instanceof LogDamaged)) return yield* Effect.fail(failure)
  return gone(failure)
})

/** What a newer version wrote, and an index that says less than the events: no bytes of an event are at stake. */
const isReadable: ReadonlySet<string> = new Set(["unreadable", "index"])

/**
 * Without a daemon: the store is held only until the answer is there, and never made. Opening it may drop what cannot be read, so its
 * files are kept as they were found where the log turns out to be damaged; `told` learns where, or why they are not. An answer that did
 * not take all of the log, or none, leaves them to whoever opens the store next.
 */
export const withoutDaemon = <A extends Answer, E>(
  home: string,
  use: (found: FoundLog) => Effect.Effect<A, E>,
  told: (folder: string | null, whyNot?: string) => void = () => {}
) =>
  Effect.scoped(
    Effect.gen(function* () {
      let whyNot: string | undefined
      const asFound = linkAsFound(home, (why) => {
        whyNot = why
      })
      let isSound = false
      const whenSound = () => {
        isSound = true
      }
      const answer = yield* open(home).pipe(
        Effect.tapError((error) => Effect.sync(() => error instanceof LogLocked && asFound.release())),
        Effect.flatMap((found) => use({ ...found, whenSound }))
      )
      if (isSound) asFound.discard()
      else if (answer.damage !== null && !isReadable.has(answer.damage.kind)) {
        const kept = asFound.keep(stamp())
        asFound.settle()
        if (kept !== null || whyNot !== undefined) told(kept, whyNot)
      }
      return answer
    })
  )
