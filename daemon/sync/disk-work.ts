/** What is done to the user's files, call by call: for threads on which nobody else waits. */
import { copyFiles, type Place } from "../../machine/copy-files.ts"
import type { FileEntry } from "../../machine/FileEntry.ts"
import type { GivenUp } from "../../machine/placing.ts"
import { type Batch, readBatch } from "./read-batch.ts"
import { type Purpose, walk } from "./walk.ts"

interface Copying {
  readonly root: string
  readonly entries: ReadonlyArray<FileEntry>
  readonly place: Place
}
interface Listing {
  readonly folder: string
  readonly purpose: Purpose
  readonly state: string | null
}

export const diskWork = {
  copy: ({ root, entries, place }: Copying, signal: GivenUp) => copyFiles(root, entries, place, signal),
  list: ({ folder, purpose, state }: Listing, signal: GivenUp) => walk(folder, purpose, state, signal),
  read: (batch: Batch) => readBatch(batch)
}

type DiskWork = typeof diskWork
export type DiskMethod = keyof DiskWork
export type Asked<M extends DiskMethod> = Parameters<DiskWork[M]>[0]
export type Answered<M extends DiskMethod> = ReturnType<DiskWork[M]>

/** To a thread. `givenUp` is one number that both see: not zero once nobody waits any more. */
export interface DiskQuestion<M extends DiskMethod = DiskMethod> {
  readonly method: M
  readonly asked: Asked<M>
  readonly givenUp: Int32Array
}
export type DiskAnswer = { readonly ok: unknown } | { readonly path: string; readonly message: string }
