/**
 * Lists what a folder holds, by git's ignore rules: `.gitignore` at every level (also those above, when the folder lies within a
 * repository), `.git/info/exclude`, and `.skyignore`, same syntax and same levels. Both kinds are honoured; `.skyignore` comes after
 * `.gitignore`, so it may leave out more or take back in. `.git` itself is sent, and what git tracks is never ignored by git's rules.
 * Links stay links and are not followed, but for the folder itself. Sockets, pipes and devices are left out, and so is the daemon's own
 * state: it holds secrets, and nodes would hold nodes.
 */

import type { Dirent, Stats } from "node:fs"
import { lstat, readdir, readFile, readlink, realpath } from "node:fs/promises"
import { basename, dirname, join, relative } from "node:path"
import * as Effect from "effect/Effect"
import type { FileEntry } from "../../machine/FileEntry.ts"
import type { FileList } from "./FileList.ts"
import { isRepository, readExclude, repositoryOf, trackedThoughIgnored } from "./git-folder.ts"
import { type IgnoreRules, makeRules, parseRules } from "./IgnoreRules.ts"
import { type Limit, makeLimit } from "./limit.ts"
import { SyncError, syncError } from "./SyncError.ts"

const entriesMax = 1_000_000
const width = 32

interface Walk {
  readonly root: string
  /** The root's own path below the top that rules are relative to, with a `/` at its end; "" when it is the top. */
  readonly below: string
  /** Tracked against git's rules: files, and the folders on the way to them. */
  readonly tracked: ReadonlySet<string>
  /** Absolute. */
  readonly state: string | null
  readonly signal: AbortSignal
  /** Runs work on the disk, not more than so many at a time. */
  readonly limit: Limit
  entries: number
}

interface Folder {
  /** Relative to the root; "" for itself. */
  readonly path: string
  readonly rules: IgnoreRules
  /** Left out by git's rules, and walked only for what is tracked in it. */
  readonly trackedOnly: boolean
}

const vanished = (error: NodeJS.ErrnoException) => error.code === "ENOENT" || error.code === "ENOTDIR"

const rulesIn = async (folder: string, name: string, below: string): Promise<ReadonlyArray<string>> => {
  const text = await readFile(join(folder, name), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (vanished(error) || error.code === "EISDIR") return ""
    throw error
  })
  return parseRules(text, below)
}

/** The rules for what is in a folder: its parent's and its own. A repository within starts anew, as git has it. */
const enter = async (walk: Walk, folder: Folder, inside: ReadonlyArray<Dirent>): Promise<IgnoreRules> => {
  const absolute = join(walk.root, folder.path)
  const below = (walk.below + folder.path).replace(/\/$/, "")
  const read = (name: string) => (inside.some((entry) => entry.name === name && entry.isFile()) ? rulesIn(absolute, name, below) : [])
  const starts = inside.some(({ name }) => name === ".git") && (await isRepository(absolute))
  const git = await read(".gitignore")
  const sky = await read(".skyignore")
  if (!starts && git.length + sky.length === 0) return folder.rules
  const before = starts ? parseRules(await readExclude(absolute), below) : folder.rules.git
  return makeRules({ git: [...before, ...git], sky: [...folder.rules.sky, ...sky] })
}

const entryOf = async (walk: Walk, path: string): Promise<FileEntry | null> => {
  const absolute = join(walk.root, path)
  try {
    const found = await lstat(absolute)
    const said = { path, mode: found.mode & 0o7777, size: 0, mtimeMs: found.mtimeMs }
    if (found.isDirectory()) return { ...said, kind: "folder" }
    if (found.isFile()) return { ...said, kind: "file", size: found.size }
    return found.isSymbolicLink() ? { ...said, kind: "link", target: await readlink(absolute) } : null
  } catch (error) {
    if (!vanished(error as NodeJS.ErrnoException)) throw syncError(absolute, error)
    if (!path.includes("\uFFFD")) return null
    throw new SyncError({ path, message: `The name of ${absolute} is not UTF-8: rename it, or leave it out by .skyignore.` })
  }
}

/** How an entry is treated; null when it is left out. */
const decide = (walk: Walk, folder: Folder, path: string, isFolder: boolean): { readonly trackedOnly: boolean } | null => {
  const by = folder.rules.leftOutBy(walk.below + path + (isFolder ? "/" : ""))
  if (path === ".git" || path.endsWith("/.git")) return by === "sky" || folder.trackedOnly ? null : { trackedOnly: false }
  if (by === null && !folder.trackedOnly) return { trackedOnly: false }
  return by === "sky" || !walk.tracked.has(path) ? null : { trackedOnly: true }
}

const walkEntry = async (walk: Walk, folder: Folder, dirent: Dirent): Promise<ReadonlyArray<FileEntry>> => {
  const path = folder.path + dirent.name
  if (join(walk.root, path) === walk.state) return []
  const found = await walk.limit(async () => {
    walk.signal.throwIfAborted()
    const treated = decide(walk, folder, path, dirent.isDirectory())
    const entry = treated && (await entryOf(walk, path))
    return entry && { entry, ...treated }
  })
  if (!found) return []
  if (++walk.entries > entriesMax) {
    const message = `${walk.root} holds more than ${entriesMax} files: leave out what the task does not need by .skyignore.`
    throw new SyncError({ path: walk.root, message })
  }
  if (found.entry.kind !== "folder") return [found.entry]
  // Nothing of git's own is subject to its rules, or to ours once it is sent.
  const rules = dirent.name === ".git" ? makeRules({ git: [], sky: [] }) : folder.rules
  return [found.entry, ...(await walkFolder(walk, { path: `${path}/`, rules, trackedOnly: found.trackedOnly }))]
}

const walkFolder = async (walk: Walk, folder: Folder): Promise<ReadonlyArray<FileEntry>> => {
  const dirents = await walk.limit(() =>
    readdir(join(walk.root, folder.path), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (vanished(error) && folder.path !== "") return []
      throw syncError(join(walk.root, folder.path), error)
    })
  )
  dirents.sort((a, b) => (a.name < b.name ? -1 : 1))
  const rules = await walk.limit(() => enter(walk, folder, dirents))
  const inside = await Promise.all(dirents.map((dirent) => walkEntry(walk, { ...folder, rules }, dirent)))
  return inside.flat()
}

/** Rules from the repository's top down to above the root; none where they would leave out the root itself, which the user named. */
const rulesAbove = async (root: string, top: string): Promise<IgnoreRules> => {
  const names = relative(top, root).split("/")
  let git = parseRules(await readExclude(top), "")
  for (let depth = 0; depth < names.length; depth++) {
    const below = names.slice(0, depth).join("/")
    git = [...git, ...(await rulesIn(join(top, below), ".gitignore", below))]
  }
  const rules = makeRules({ git, sky: [] })
  return rules.leftOutBy(`${names.join("/")}/`) === null ? rules : makeRules({ git: [], sky: [] })
}

const withParents = (paths: ReadonlyArray<string>): ReadonlySet<string> => {
  const all = new Set(paths)
  for (const path of paths) {
    for (let end = path.lastIndexOf("/"); end > 0 && !all.has(path.slice(0, end)); end = path.lastIndexOf("/", end - 1))
      all.add(path.slice(0, end))
  }
  return all
}

/** What a folder or a file is listed for. */
export type Purpose = "workdir" | "mount"

/** A file that was named itself is sent, whatever the rules around it say. */
const lone = (path: string, { mode, mtimeMs, size }: Stats): FileList => {
  const entry: FileEntry = { path: basename(path), kind: "file", mode: mode & 0o7777, size, mtimeMs }
  return { root: dirname(path), entries: [entry], files: 1, bytes: size, lone: true }
}

const resolved = (path: string) => realpath(path).catch(() => null)

const list = async (folder: string, purpose: Purpose, stateFolder: string | null, signal: AbortSignal): Promise<FileList> => {
  const root = await resolved(folder)
  const field = purpose === "workdir" ? "workdir" : "file_mounts"
  if (root === null) throw new SyncError({ path: folder, message: `${folder} does not exist: check the ${field} of the task.` })
  const state = stateFolder === null ? null : await resolved(stateFolder)
  if (state !== null && `${root}/`.startsWith(`${state}/`)) {
    const other = purpose === "workdir" ? "workdir" : "source in file_mounts"
    const message = `${folder} is the state folder of skyd, or lies in it (${state}): it holds secrets and is not sent. Choose another ${other}.`
    throw new SyncError({ path: folder, message })
  }
  const found = await lstat(root)
  if (purpose === "mount" && found.isFile()) return lone(root, found)
  if (!found.isDirectory()) {
    const what = purpose === "workdir" ? "is not a folder: a workdir must be one" : "is no file and no folder"
    throw new SyncError({ path: folder, message: `${folder} ${what}.` })
  }
  const top = (await repositoryOf(root)) ?? root
  const below = top === root ? "" : `${relative(top, root)}/`
  const rules = top === root ? makeRules({ git: [], sky: [] }) : await rulesAbove(root, top)
  const tracked = withParents((await isRepository(top)) ? await trackedThoughIgnored(root) : [])
  const failed = new AbortController()
  const walk: Walk = { root, below, tracked, state, signal: AbortSignal.any([signal, failed.signal]), limit: makeLimit(width), entries: 0 }
  const entries = await walkFolder(walk, { path: "", rules, trackedOnly: false }).catch((error) => {
    failed.abort()
    throw error
  })
  const files = entries.filter(({ kind }) => kind === "file")
  return { root, entries, files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) }
}

/** `state`: the daemon's own folder, if it has one. */
export const makeLister = (state: string | null) =>
  Effect.fn("listFiles")((root: string, purpose: Purpose = "workdir") =>
    Effect.tryPromise({ try: (signal) => list(root, purpose, state, signal), catch: (error) => syncError(root, error) })
  )

export const listFiles = makeLister(null)
