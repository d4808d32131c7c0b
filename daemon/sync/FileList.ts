/** What a folder of the user's holds, without what its ignore rules leave out: the unit that is sent to nodes. */

/** Paths are relative to `root`, with `/`, in an order in which folders come before what they hold. */
export interface FileEntry {
  readonly path: string
  readonly kind: "file" | "folder" | "link"
  readonly mode: number
  /** Bytes; 0 for folders and links. */
  readonly size: number
  /** Where a link points, as written in it. */
  readonly target?: string
  /** Where it is below `root`, when it is called otherwise there. */
  readonly from?: string
}

export interface FileList {
  readonly root: string
  readonly entries: ReadonlyArray<FileEntry>
  readonly files: number
  readonly bytes: number
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
