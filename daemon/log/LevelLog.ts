/**
 * The log of a state folder: the store `log/` with `snapshots/` beside it and its witness `HEAD`, opened together. The witness is made
 * first, and from then on the store must be there: either one without the other is damage.
 */
import { existsSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { ValueError } from "../../sdk/protocol/errors.ts"
import { isMarked } from "./as-found.ts"
import { folderBeside, makeReadable, putBeside, unsoundIn } from "./beside.ts"
import { createHead, emptyHead, readHead } from "./head-file.ts"
import { isOther } from "./in-its-place.ts"
import * as LevelLogStore from "./LevelLogStore.ts"
import { LogDamaged } from "./LogDamaged.ts"
import { LogStore } from "./LogStore.ts"
import { keptIn } from "./snapshot-files.ts"
import { fileWitness, Witness } from "./Witness.ts"

export const placesOf = (home: string) => ({
  store: join(home, "log"),
  head: join(home, "HEAD"),
  snapshots: join(home, "snapshots"),
  /** Stands beside a log that was imported, until what its first start has to say is on disk. */
  imported: join(home, "imported")
})

export const storeLayer = (home: string, createIfMissing: boolean) => {
  const { snapshots, store } = placesOf(home)
  return LevelLogStore.layer(store, { createIfMissing, snapshots, multithreading: true })
}

const damaged = (damage: LogDamaged["damage"], message: string) => new LogDamaged({ damage, seq: 0, message })

const inWords = (store: string, parts: ReadonlyArray<readonly [string, string]>, what: string, why: (them: string) => string): string => {
  const own = parts.filter(([, misfit]) => misfit === what).map(([name]) => join(store, name))
  const isOne = own.length === 1
  return own.length === 0 ? "" : `${own.join(", ")} ${isOne ? "is" : "are"} not what was written: ${why(isOne ? "it" : "them")}.`
}

/** In a state folder for it, what was put beside the store: `damage` where a table that is part of it is not what was written. */
export const openBeside = Effect.fnUntraced(function* (home: string, folder: string) {
  const { store } = placesOf(home)
  const beside = placesOf(folder).store
  const { rescued, unsound } = yield* makeReadable(beside)
  const opened = yield* Layer.build(
    LevelLogStore.layer(beside, { createIfMissing: false, snapshots: placesOf(home).snapshots, rescued, multithreading: true })
  ).pipe(Effect.catchTag("LogDamaged", ({ damage, message }) => damaged(damage, message.replaceAll(beside, store))))
  // What a process that was killed had not yet made part of it, LevelDB has deleted, or written anew under the same number.
  const still = unsound.size === 0 ? unsound : yield* unsoundIn(beside)
  const parts = [...unsound].filter(([name]) => still.has(name))
  const sentences = [
    inWords(store, parts, "checksums", (them) => `checksums in ${them} do not fit`),
    inWords(store, parts, "length", (them) => `the length or the end of ${them} does not fit`)
  ]
  const damage = parts.length === 0 ? undefined : damaged("store-unreadable", sentences.filter(Boolean).join(" "))
  return { store: Context.get(opened, LogStore), damage }
})

/** What can be read of a store whose tables are not all what was written, while its lock is held; `undefined`: they are. */
const openUnsound = Effect.fnUntraced(function* (home: string) {
  const { store } = placesOf(home)
  if (!existsSync(join(store, "CURRENT")) || (yield* unsoundIn(store)).size === 0) return undefined
  const scope = yield* Scope.fork(yield* Effect.scope)
  const opened = yield* Effect.gen(function* () {
    const folder = yield* folderBeside(home)
    const beside = placesOf(folder).store
    putBeside(store, beside, symlinkSync)
    // The lock is one on the file that this leads to.
    symlinkSync(join(store, "LOCK"), join(beside, "LOCK"))
    return yield* openBeside(home, folder)
  }).pipe(Scope.provide(scope))
  if (opened.damage !== undefined) return opened
  yield* Scope.close(scope, Exit.void)
  return undefined
})

/** For who only reads: LevelDB sees nothing of a table but what was written. */
export const openToRead = Effect.fnUntraced(function* (home: string) {
  return (yield* openUnsound(home)) ?? { store: Context.get(yield* Layer.build(storeLayer(home, false)), LogStore), damage: undefined }
})

/** Before the store is opened to be written to. It takes a second for some 150 MB. */
export const checkTables = (home: string) =>
  Effect.scoped(Effect.flatMap(openUnsound(home), (unsound) => (unsound?.damage === undefined ? Effect.void : Effect.fail(unsound.damage))))

const noFolder = (store: string) => `${store} is no folder, and the log belongs there.`

/** What the witness says of the log, when both are where they belong; `undefined` where no log was begun. */
export const readSaid = Effect.fnUntraced(function* (home: string) {
  const { head, snapshots, store } = placesOf(home)
  const found = readHead(head)
  // LevelDB makes a folder, LOCK and LOG even where it refuses to open: only CURRENT tells that a store was made.
  const hasStore = existsSync(join(store, "CURRENT"))
  if (found === "torn") return yield* damaged("witness-torn", `The witness of the log, ${head}, is not what was written.`)
  if (found === "missing") {
    if (hasStore) return yield* damaged("witness-missing", `The witness of the log, ${head}, is gone.`)
    const last = (yield* keptIn(snapshots)).at(-1)
    if (last === undefined) return undefined
    return yield* damaged("store-missing", `The log in ${store} and its witness are gone: a snapshot holds its state at event ${last}.`)
  }
  if (!hasStore && found.head.seq > 0) {
    const why = isOther(store, "folder") ? ` ${noFolder(store)}` : ""
    return yield* damaged("store-missing", `The log in ${store} is gone: it held ${found.head.seq} events or more.${why}`)
  }
  return { said: found.head, hasStore }
})

/** Where no log was begun, what stands in its place is somebody else's, and no damage. */
const refuseOthers = Effect.fnUntraced(function* (home: string) {
  const { head, store } = placesOf(home)
  if (existsSync(join(store, "CURRENT"))) return
  const hint = "Move it away, or set SKYD_HOME to another folder."
  if (isOther(head, "file"))
    return yield* new ValueError({ message: `${head} is no file, and the witness of the log belongs there.`, hint })
  const witness = readHead(head)
  const isBegun = typeof witness === "string" ? witness === "torn" : witness.head.seq > 0
  if (!isBegun && isOther(store, "folder")) return yield* new ValueError({ message: noFolder(store), hint })
})

/** Whether the store may be made: only when nothing was ever acknowledged. */
const begin = Effect.fnUntraced(function* (home: string, newLogId: Effect.Effect<string>) {
  yield* refuseOthers(home)
  const found = yield* readSaid(home)
  if (found === undefined) createHead(placesOf(home).head, emptyHead(yield* newLogId))
  return found?.hasStore !== true
})

/** `newLogId`: for a state folder that holds no log yet. */
export const layer = (home: string, newLogId: Effect.Effect<string>) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { head } = placesOf(home)
      const createIfMissing = yield* begin(home, newLogId)
      const witness = Effect.suspend(() => {
        // Read again, now that the store is ours: who held it before may have gone on.
        const found = readHead(head)
        return typeof found === "string"
          ? Effect.fail(damaged("witness-torn", `${head} is ${found}.`))
          : fileWitness(head, found.head, found.slot, isMarked(home))
      })
      return Layer.effect(Witness, witness).pipe(Layer.provideMerge(storeLayer(home, createIfMissing)))
    })
  )
