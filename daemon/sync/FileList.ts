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
}

export interface FileList {
  readonly root: string
  readonly entries: ReadonlyArray<FileEntry>
  readonly files: number
  readonly bytes: number
}
