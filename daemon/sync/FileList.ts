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

/** The same as it lies at `target`: what a folder holds goes into that one, a lone file is called so. With the folder to put it into. */
export const placedAt = (list: FileList, target: string): readonly [list: FileList, folder: string] => {
  if (!list.lone) return [list, target]
  const at = target.lastIndexOf("/")
  const entries = list.entries.map((entry) => ({ ...entry, from: entry.path, path: target.slice(at + 1) }))
  return [{ ...list, entries }, at < 0 ? "" : target.slice(0, at)]
}
