/** What a folder of the user's holds, without what its ignore rules leave out: the unit that is sent to nodes. */

import type { FileEntry } from "../../machine/FileEntry.ts"

export interface FileList {
  readonly root: string
  readonly entries: ReadonlyArray<FileEntry>
  readonly files: number
  readonly bytes: number
  /** Sockets, pipes and devices, which are not sent. */
  readonly others?: ReadonlyArray<string>
  /** One file that was named itself, not a folder. */
  readonly lone?: boolean
}

/** What is put, and the folder of a node that it goes into: relative to its home, or absolute. */
export interface Placed {
  readonly files: FileList
  readonly folder: string
}

/** As it lies at `target`: what a folder holds goes into that one, a lone file is called so. */
export const placedAt = (list: FileList, target: string): Placed => {
  if (!list.lone) return { files: list, folder: target }
  const at = target.lastIndexOf("/")
  const entries = list.entries.map((entry) => ({ ...entry, from: entry.path, path: target.slice(at + 1) }))
  return { files: { ...list, entries }, folder: at < 0 ? "" : target.slice(0, at) }
}
