/**
 * The log of a state folder: the store `log/` with `snapshots/` beside it and its witness `HEAD`, opened together. The witness is made first, and from then on the
 * store must be there: either one without the other is damage.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ValueError } from "../../sdk/protocol/errors.ts"
import { isOther } from "../in-its-place.ts"
import { createHead, emptyHead, readHead } from "./head-file.ts"
import * as LevelLogStore from "./LevelLogStore.ts"
import { LogDamaged } from "./LogDamaged.ts"
import { keptIn } from "./snapshot-files.ts"
import { fileWitness, Witness } from "./Witness.ts"

export const placesOf = (home: string) => ({ store: join(home, "log"), head: join(home, "HEAD"), snapshots: join(home, "snapshots") })

export const storeLayer = (home: string, createIfMissing: boolean) => {
  const { snapshots, store } = placesOf(home)
  return LevelLogStore.layer(store, { createIfMissing, snapshots })
}

const noFolder = (store: string) => `${store} is no folder, and the log belongs there.`

const damaged = (damage: LogDamaged["damage"], message: string) => new LogDamaged({ damage, seq: 0, message })

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
          : fileWitness(head, found.head, found.slot)
      })
      return Layer.effect(Witness, witness).pipe(Layer.provideMerge(storeLayer(home, createIfMissing)))
    })
  )
