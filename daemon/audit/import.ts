/**
 * An export becomes the log of an empty state folder: the same bytes under the same hashes, and nothing besides. It is built beside its
 * place and moved there when all of it is proven, so that nothing is left of one that fails.
 */
import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { freedKeysOf, keysOf } from "../../events/keys.ts"
import type { Recorded } from "../../events/Recorded.ts"
import { operations, runningCount } from "../../projections/operations.ts"
import type { AuditImportAnswer } from "../../sdk/protocol/audit.ts"
import { AuditError, RequestConflict } from "../../sdk/protocol/errors.ts"
import { pack } from "../log/chain.ts"
import { createHead, syncFolder } from "../log/head-file.ts"
import { markedIn, restsIn, workplaceIn, writeMark } from "../log/imports.ts"
import { placesOf, storeLayer } from "../log/LevelLog.ts"
import { type Entry, LogStore } from "../log/LogStore.ts"
import { empty } from "./Differ.ts"
import { type Lines, openLines, type RawLine } from "./Lines.ts"
import { Proof } from "./Proof.ts"
import { readLine, seqOf, wrongSeq } from "./why-not.ts"

/** Of one write. */
const batchEntries = 1000
/** What a daemon makes before it has a log; empty, they hold nothing of anybody. */
const made = ["run", "nodes", "trash"]

const refuse = (message: string, hint: string | null = null) => new AuditError({ message, hint })

/** The folder holds something that is not replaced. */
const taken = (message: string) =>
  new RequestConflict({ message, hint: "A log is imported into a folder of its own: set SKYD_HOME to a new one." })
const isTaken = ({ code = "" }: NodeJS.ErrnoException) => ["EEXIST", "ENOTEMPTY", "ENOTDIR"].includes(code)

/** Removes what imports left that were cut off, once it is known that nothing else is there but `own`. */
const clear = (home: string, own?: string): void => {
  const rests = [...restsIn(home)]
  // The store is moved to its place before its witness: one that waits there alone tells whose the store is.
  const isMoved = (rest: string) => existsSync(placesOf(rest).head) && !existsSync(placesOf(rest).store)
  if (rests.some(isMoved)) rests.unshift(placesOf(home).store)
  if (markedIn(home) !== "unclear") rests.push(placesOf(home).imported)
  const isNothing = (path: string) =>
    path === own || rests.includes(path) || (made.includes(basename(path)) && readdirSync(path).length === 0)
  const found = readdirSync(home).find((name) => !isNothing(join(home, name)))
  if (found !== undefined) throw taken(`The state folder ${home} is not empty: it holds '${found}'.`)
  for (const rest of rests) rmSync(rest, { recursive: true, force: true })
}

/**
 * To its place, unless somebody has begun something there meanwhile: of that nothing is replaced, and nothing of ours is left beside it.
 */
const moveTo = (home: string, folder: string, log: string): void => {
  clear(home, folder)
  const [from, to] = [placesOf(folder), placesOf(home)]
  writeMark(from.imported, log)
  // On disk before the log can be opened: nothing that is open in it is carried on.
  linkSync(from.imported, to.imported)
  try {
    syncFolder(home)
    renameSync(from.store, to.store)
    try {
      linkSync(from.head, to.head)
    } catch (cause) {
      renameSync(to.store, from.store)
      throw cause
    }
  } catch (cause) {
    rmSync(to.imported, { force: true })
    throw cause
  }
  syncFolder(home)
}

/** One by one: of a file system that takes nothing `recursive` only says that it has no such folder. Answers whether it was made. */
const make = (folder: string): boolean => {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return false
  make(dirname(folder))
  mkdirSync(folder, { mode: 0o700 })
  return true
}

/** The folder that it is built in. */
const workplace = (home: string) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        const isNew = make(home)
        clear(home)
        const folder = workplaceIn(home)
        mkdirSync(folder, { mode: 0o700 })
        return { folder, isNew }
      },
      catch: (cause) => (cause instanceof RequestConflict ? cause : refuse(`${home} cannot be written to: ${(cause as Error).message}`))
    }),
    ({ folder, isNew }) =>
      Effect.sync(() => {
        rmSync(folder, { recursive: true, force: true })
        if (isNew && readdirSync(home).length === 0) rmdirSync(home)
      })
  )

/** What was taken so far, and in which state that leaves the operations. */
class SoFar {
  readonly proof = new Proof(undefined)
  private state = operations.empty

  add(recorded: Recorded): void {
    this.state = operations.apply(this.state, recorded)
  }

  get open(): number {
    return runningCount(this.state)
  }
}

/** The entry that a line makes, or why it makes none. */
const entryOf = async (raw: RawLine, soFar: SoFar, lines: Lines): Promise<Entry> => {
  const { proof } = soFar
  const line = readLine(raw)
  if (typeof line === "string") throw refuse(line)
  const seq = seqOf(line.json)
  if (seq !== proof.at + 1) throw refuse(await wrongSeq(raw.number, seq, proof.at + 1, lines))
  const value = pack(line.hash, line.json)
  const result = proof.next({ seq, value })
  if (Result.isFailure(result)) throw refuse(`Line ${raw.number}: ${result.failure.message}`)
  soFar.add(result.success)
  return { seq, value, keys: keysOf(result.success), freed: freedKeysOf(result.success) }
}

const batch = (soFar: SoFar, lines: Lines) =>
  Effect.tryPromise({
    try: async () => {
      const entries: Array<Entry> = []
      while (entries.length < batchEntries) {
        const raw = lines.take() ?? (await lines.next())
        if (raw === undefined) break
        entries.push(await entryOf(raw, soFar, lines))
      }
      return entries
    },
    catch: (cause) => (cause instanceof AuditError ? cause : refuse(String(cause)))
  })

const write = Effect.fnUntraced(function* (folder: string, lines: Lines, onAt: (at: number) => void) {
  const soFar = new SoFar()
  const store = Context.get(yield* Layer.build(storeLayer(folder, true)), LogStore)
  for (let entries = yield* batch(soFar, lines); entries.length > 0; entries = yield* batch(soFar, lines)) {
    yield* store.write(entries)
    onAt(soFar.proof.at)
  }
  return soFar
})

export const importLog = Effect.fn("audit.import")(function* (home: string, lines: Lines, onAt: (at: number) => void = () => {}) {
  yield* openLines(lines)
  const { folder } = yield* workplace(home)
  const places = placesOf(folder)
  const { open, proof } = yield* Effect.scoped(write(folder, lines, onAt)).pipe(
    Effect.mapError((error) => (error instanceof AuditError ? error : refuse(`The log in ${home} cannot be written: ${error.message}`)))
  )
  const { head } = proof
  if (head === null) return yield* empty()
  yield* Effect.try({
    try: () => {
      createHead(places.head, { log: head.log, seq: head.seq, hash: proof.hash! })
      moveTo(home, folder, head.log)
    },
    catch: (cause) => {
      if (cause instanceof RequestConflict) return cause
      if (isTaken(cause as Error)) return taken(`Another log was begun in the state folder ${home} meanwhile.`)
      return refuse(`The log cannot be moved to its place in ${home}: ${(cause as Error).message}`)
    }
  })
  return { events: proof.at, head, open } satisfies AuditImportAnswer
}, Effect.scoped)
