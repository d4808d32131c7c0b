/** The log of a state folder as it is found: by the daemon that holds it, or without one. */
import { existsSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { isAlive } from "../../sdk/is-alive.ts"
import type { Damage } from "../../sdk/protocol/audit.ts"
import { AuditError } from "../../sdk/protocol/errors.ts"
import { linkAll, linkAsFound } from "../log/as-found.ts"
import { genesis } from "../log/chain.ts"
import { checkNext } from "../log/check-next.ts"
import type { Head } from "../log/head-file.ts"
import { placesOf, readSaid, storeLayer } from "../log/LevelLog.ts"
import { LogDamaged } from "../log/LogDamaged.ts"
import { LogLocked, LogStore } from "../log/LogStore.ts"
import { keptIn } from "../log/snapshot-files.ts"
import { damageOf } from "./Proof.ts"
import type { Found } from "./walk.ts"

/** Under a witness of another log the store is taken by its own word. */
const witnessed = Effect.fnUntraced(function* (store: LogStore["Service"], said: Head | undefined) {
  const value = said && (yield* Effect.orElseSucceed(store.get(1), () => undefined))
  const first = said && value && checkNext({ at: 0, hash: genesis(said.log) }, { seq: 1, value }, said)
  return first && Result.isFailure(first) && first.failure.damage === "other-log"
    ? { store, said: undefined, damage: damageOf(first.failure) }
    : { store, said, damage: null }
})

/** The daemon's. The witness is read first: it never says more than the store holds by then. */
export const inDaemon = Effect.fnUntraced(function* (home: string, store: LogStore["Service"]) {
  const said = yield* Effect.result(readSaid(home))
  if (Result.isFailure(said)) return { store, said: undefined, damage: damageOf(said.failure) } satisfies Found
  return (yield* witnessed(store, said.success?.said)) satisfies Found
})

const linksMax = 10
const links = "audit-"

/** The links of those that were killed hold the space of what the store has long deleted. */
const clearRests = (run: string): void => {
  for (const name of existsSync(run) ? readdirSync(run) : []) {
    if (name.startsWith(links) && !isAlive(Number(name.slice(links.length)))) rmSync(join(run, name), { recursive: true, force: true })
  }
}

/**
 * What is on disk under a daemon that holds the store: that may read from memory what its files have lost. Second links to them are
 * opened as a store of their own, which LevelDB never writes to, with the witness as it was before. A table that the daemon replaces
 * meanwhile makes the links useless, so they are made again.
 */
export const onDisk = <A extends Answer, E>(home: string, use: (found: Found) => Effect.Effect<A, E>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const folder = join(home, "run", `${links}${process.pid}`)
      yield* Effect.sync(() => clearRests(join(home, "run")))
      const clear = Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
      yield* Effect.addFinalizer(() => clear)
      for (let tries = 1; ; tries++) {
        yield* clear
        const witness = yield* Effect.result(readSaid(home))
        const damage = Result.isFailure(witness) ? damageOf(witness.failure) : null
        const said = Result.isSuccess(witness) ? witness.success?.said : undefined
        if (damage?.kind === "store-missing") return yield* use({ store: undefined, said, damage })
        // Before the events: none is kept of an event that is not on disk.
        const kept = yield* keptIn(placesOf(home).snapshots)
        yield* Effect.try({
          try: () => linkAll(placesOf(home).store, placesOf(folder).store),
          catch: (cause) =>
            new AuditError({
              message: `The files of the log cannot be looked at beside the daemon, which takes second links to them: ${(cause as Error).message}.`,
              hint: "Without a daemon it needs none: sky daemon stop, and ask again."
            })
        })
        const opened = yield* Effect.result(Layer.build(storeLayer(folder, false)))
        if (Result.isSuccess(opened)) {
          const store = { ...Context.get(opened.success, LogStore), snapshots: Effect.succeed(kept) }
          const found = yield* witnessed(store, said)
          return yield* use({ ...found, damage: damage ?? found.damage })
        }
        const { failure } = opened
        if (!(failure instanceof LogDamaged)) return yield* Effect.fail(failure)
        if (tries < linksMax) continue
        const message = failure.message.replaceAll(placesOf(folder).store, placesOf(home).store)
        return yield* use({ store: undefined, said: undefined, damage: { ...damageOf(failure), message } })
      }
    })
  )

const open = Effect.fnUntraced(function* (home: string) {
  const before = yield* Effect.result(readSaid(home))
  if (Result.isFailure(before) && before.failure.damage === "store-missing") {
    return { store: undefined, said: undefined, damage: damageOf(before.failure) } satisfies Found
  }
  if (Result.isSuccess(before)) {
    if (before.success === undefined) return yield* new AuditError({ message: `There is no log in ${home}.`, hint: null })
    if (!before.success.hasStore) return { store: undefined, said: before.success.said, damage: null } satisfies Found
  }
  const opened = yield* Effect.result(Layer.build(storeLayer(home, false)))
  if (Result.isSuccess(opened)) return yield* inDaemon(home, Context.get(opened.success, LogStore))
  const { failure } = opened
  if (!(failure instanceof LogDamaged)) return yield* Effect.fail(failure)
  return { store: undefined, said: undefined, damage: damageOf(failure) } satisfies Found
})

/** What a newer version wrote, and an index that says less than the events: no bytes of an event are at stake. */
const isReadable: ReadonlySet<string> = new Set(["unreadable", "index"])

interface Answer {
  readonly damage: Damage | null
}

/**
 * Without a daemon: the store is held only until the answer is there, and never made. Opening it may drop what cannot be read, so its
 * files are kept as they were found where the log turns out to be damaged; `told` learns where, or why they are not. An answer that did
 * not take all of the log, or none, leaves them to whoever opens the store next.
 */
export const withoutDaemon = <A extends Answer, E>(
  home: string,
  use: (found: Found) => Effect.Effect<A, E>,
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
        const kept = asFound.keep(new Date().toISOString().replaceAll(/[:.]/g, "-"))
        asFound.settle()
        if (kept !== null || whyNot !== undefined) told(kept, whyNot)
      }
      return answer
    })
  )
