/**
 * A store put together beside another one from its files, to be opened in its stead: LevelDB deletes and makes files there, and the other
 * one stays as it is. Of a table that is not what was written there is a copy that LevelDB can read the rest of.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { isAlive } from "../../sdk/is-alive.ts"
import { endsAsTable, readable } from "./blocks.ts"
import { LogUnavailable } from "./LogStore.ts"
import { Rescued } from "./rescue.ts"

const prefix = "beside-"
const codeOf = (cause: unknown) => (cause as NodeJS.ErrnoException).code
const remove = (path: string) => rmSync(path, { recursive: true, force: true })

/** A state folder for it, until it is closed. Those of processes that were killed hold the space of what their stores have long deleted. */
export const folderBeside = (home: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const run = join(home, "run")
      mkdirSync(run, { recursive: true, mode: 0o700 })
      for (const name of readdirSync(run)) {
        if (name.startsWith(prefix) && !isAlive(Number.parseInt(name.slice(prefix.length), 10))) remove(join(run, name))
      }
      return mkdtempSync(join(run, `${prefix}${process.pid}-`))
    }),
    (folder) => Effect.sync(() => remove(folder))
  )

const numberIn = (name: string, kind: RegExp): number | undefined => {
  const found = kind.exec(name)
  return found === null ? undefined : Number(found[1])
}
const table = /^(\d+)\.(?:ldb|sst)$/
const namesIn = (store: string) =>
  readdirSync(store, { withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map(({ name }) => name)

/** As the daemon may replace files meanwhile, one that has gone is left out. */
export const putBeside = (store: string, to: string, link: (from: string, to: string) => void): void => {
  mkdirSync(to, { recursive: true, mode: 0o700 })
  const names = namesIn(store)
  const oldest = Math.min(...names.map((name) => numberIn(name, /^(\d+)\.log$/) ?? Number.POSITIVE_INFINITY))
  const put = (name: string, how: (from: string, to: string) => void) => {
    try {
      how(join(store, name), join(to, name))
    } catch (cause) {
      if (codeOf(cause) !== "ENOENT") throw cause
    }
  }
  // First: a table that it names was complete by then, and one that is written just now is none of the copy's.
  const isLead = (name: string) => name === "CURRENT" || name.startsWith("MANIFEST-")
  for (const name of names.filter(isLead)) put(name, copyFileSync)
  for (const name of names) {
    // LevelDB would write over a file whose number it takes for a free one; all of those are newer than the oldest of its logs.
    const isNew = oldest < (numberIn(name, table) ?? 0) || oldest === Number.POSITIVE_INFINITY
    if (table.test(name)) put(name, isNew ? copyFileSync : link)
    else if (name.endsWith(".log")) put(name, link)
  }
}

/** What a disk cannot read is not what was written either. */
const unsoundTable = (path: string) => {
  try {
    const table = readFileSync(path)
    const copy = readable(table)
    return copy && { table, copy }
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return undefined
    if (codeOf(cause) !== "EIO") throw cause
    const copy = Buffer.alloc(statSync(path).size)
    return { table: copy, copy }
  }
}

/** The tables that are not what was written, and what does not fit; `told` is given a copy of each that LevelDB can read the rest of. */
export const unsoundIn = Effect.fnUntraced(function* (store: string, told: (name: string, table: Buffer, copy: Buffer) => void = () => {}) {
  const unsound = new Map<string, "checksums" | "length">()
  const look = (name: string) => {
    const found = unsoundTable(join(store, name))
    if (found === undefined) return
    unsound.set(name, endsAsTable(found.table) ? "checksums" : "length")
    told(name, found.table, found.copy)
  }
  const failed = (cause: unknown) => new LogUnavailable({ operation: "read", message: `${(cause as Error).message}.` })
  const names = yield* Effect.try({ try: () => namesIn(store).filter((name) => table.test(name)), catch: failed })
  for (const name of names) {
    yield* Effect.try({ try: () => look(name), catch: failed })
    // Others have their turn.
    yield* Effect.yieldNow
  }
  return unsound
})

/** In a store that was put beside another one. */
export const makeReadable = Effect.fnUntraced(function* (store: string) {
  const rescued = new Rescued()
  const unsound = yield* unsoundIn(store, (name, table, copy) => {
    remove(join(store, name))
    writeFileSync(join(store, name), copy, { mode: 0o600 })
    rescued.add(table)
  })
  return { unsound, rescued }
})
