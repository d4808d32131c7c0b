/**
 * The system's calls on files, as the rules of placing make them: off the thread where others wait in this program; in this very moment
 * where nobody does, which for many small files takes a fraction of the time.
 */
import * as fs from "node:fs"
import * as promises from "node:fs/promises"

type May<A> = A | Promise<A>

export interface Calls {
  readonly chmod: (path: string, mode: number) => May<void>
  /** Null where nothing is. */
  readonly lstat: (path: string) => May<fs.Stats | null>
  readonly mkdir: (path: string, options: { readonly mode: number }) => May<unknown>
  readonly readlink: (path: string) => May<string>
  readonly rename: (from: string, to: string) => May<void>
  readonly rm: (path: string, options: { readonly recursive: true; readonly force: true; readonly maxRetries: number }) => May<void>
  readonly rmdir: (path: string) => May<void>
  readonly symlink: (target: string, path: string) => May<void>
  readonly unlink: (path: string) => May<void>
}

export const patient: Calls = {
  ...promises,
  lstat: (path) =>
    promises.lstat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return null
      throw error
    })
}

export const direct: Calls = {
  chmod: fs.chmodSync,
  lstat: (path) => fs.lstatSync(path, { throwIfNoEntry: false }) ?? null,
  mkdir: fs.mkdirSync,
  readlink: (path) => fs.readlinkSync(path),
  rename: fs.renameSync,
  rm: fs.rmSync,
  rmdir: (path) => fs.rmdirSync(path),
  symlink: fs.symlinkSync,
  unlink: fs.unlinkSync
}
