/** One thing in a folder that is copied to a node. */

/** Paths are relative to `root`, with `/`, in an order in which folders come before what they hold. */
export interface FileEntry {
  readonly path: string
  readonly kind: "file" | "folder" | "link"
  readonly mode: number
  /** Bytes; 0 for folders and links. */
  readonly size: number
  /** When it was changed, with its fraction. */
  readonly mtimeMs: number
  /** Where a link points, as written in it. */
  readonly target?: string
  /** Where it is below `root`, when it is called otherwise there. */
  readonly from?: string
}
