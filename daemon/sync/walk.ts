/**
 * Lists what a folder holds, by git's ignore rules: `.gitignore` at every level (also those above, when the folder lies within a
 * repository), `.git/info/exclude`, and `.skyignore`, same syntax and same levels. Both kinds are honoured; `.skyignore` comes after
 * `.gitignore`, so it may leave out more or take back in. `.git` itself is sent, and what git tracks is never ignored by git's rules.
 * Links stay links and are not followed, but for the folder itself. Sockets, pipes and devices are left out, and so is the daemon's own
 * state: it holds secrets, and nodes would hold nodes.
 */

import { readFileSync, realpathSync, type Stats } from "node:fs"
import { basename, dirname, join, relative } from "node:path"
import { type Inside, lstat, raw, readdir, readlink } from "../../machine/calls.ts"
import type { FileEntry } from "../../machine/FileEntry.ts"
import { PathError, pathError } from "../../machine/PathError.ts"
import type { GivenUp } from "../../machine/placing.ts"
import type { FileList } from "./FileList.ts"
import { isRepository, readExclude, repositoryOf, trackedThoughIgnored } from "./git-folder.ts"
import { type IgnoreRules, makeRules, parseRules } from "./IgnoreRules.ts"

const entriesMax = 1_000_000

interface Walk {
  readonly root: string
  /** The root's own path below the top that rules are relative to, with a `/` at its end; "" when it is the top. */
  readonly below: string
  /** Tracked against git's rules: files, and the folders on the way to them. */
  readonly tracked: ReadonlySet<string>
  /** Absolute. */
  readonly state: string | null
  readonly signal: GivenUp
  readonly entries: Array<FileEntry>
  /** What is no file, no folder and no link. */
  readonly others: Array<string>
}

interface Folder {
  /** Relative to the root; "" for itself. */
  readonly path: string
  readonly rules: IgnoreRules
  /** Left out by git's rules, and walked only for what is tracked in it. */
  readonly trackedOnly: boolean
}

const vanished = (error: NodeJS.ErrnoException) => error.code === "ENOENT" || error.code === "ENOTDIR"

const rulesIn = (folder: string, name: string, below: string): ReadonlyArray<string> => {
  try {
    return parseRules(readFileSync(raw(join(folder, name)), "utf8"), below)
  } catch (error) {
    if (vanished(error as NodeJS.ErrnoException) || (error as NodeJS.ErrnoException).code === "EISDIR") return []
    throw pathError(join(folder, name), error)
  }
}

/** The rules for what is in a folder: its parent's and its own. A repository within starts anew, as git has it. */
const enter = (walk: Walk, folder: Folder, inside: ReadonlyArray<Inside>): IgnoreRules => {
  const absolute = join(walk.root, folder.path)
  const below = (walk.below + folder.path).replace(/\/$/, "")
  const read = (name: string) => (inside.some((entry) => entry.name === name && entry.isFile) ? rulesIn(absolute, name, below) : [])
  const starts = inside.some(({ name }) => name === ".git") && isRepository(absolute)
  const git = read(".gitignore")
  const sky = read(".skyignore")
  if (!starts && git.length + sky.length === 0) return folder.rules
  const before = starts ? parseRules(readExclude(absolute), below) : folder.rules.git
  return makeRules({ git: [...before, ...git], sky: [...folder.rules.sky, ...sky] })
}

/** Null for what is not sent: sockets, pipes and devices, and what vanished. */
const entryOf = (walk: Walk, path: string): FileEntry | null => {
  const absolute = join(walk.root, path)
  try {
    const found = lstat(absolute)
    if (found === null) return null
    const said = { path, mode: found.mode & 0o7777, size: 0, mtimeMs: found.mtimeMs }
    if (found.isDirectory()) return { ...said, kind: "folder" }
    if (found.isFile()) return { ...said, kind: "file", size: found.size }
    if (found.isSymbolicLink()) return { ...said, kind: "link", target: readlink(absolute) }
    walk.others.push(path)
    return null
  } catch (error) {
    if (vanished(error as NodeJS.ErrnoException)) return null
    throw pathError(absolute, error)
  }
}

/** How an entry is treated; null when it is left out. */
const decide = (walk: Walk, folder: Folder, path: string, isFolder: boolean): { readonly trackedOnly: boolean } | null => {
  const by = folder.rules.leftOutBy(walk.below + path + (isFolder ? "/" : ""))
  if (path === ".git" || path.endsWith("/.git")) return by === "sky" || folder.trackedOnly ? null : { trackedOnly: false }
  if (by === null && !folder.trackedOnly) return { trackedOnly: false }
  return by === "sky" || !walk.tracked.has(path) ? null : { trackedOnly: true }
}

const walkEntry = (walk: Walk, folder: Folder, { isFolder, name }: Inside): void => {
  walk.signal.throwIfAborted()
  const path = folder.path + name
  if (walk.state !== null && join(walk.root, path) === walk.state) return
  const treated = decide(walk, folder, path, isFolder)
  const entry = treated && entryOf(walk, path)
  if (entry === null) return
  if (walk.entries.push(entry) > entriesMax) {
    const message = `${walk.root} holds more than ${entriesMax} files: leave out what the task does not need by .skyignore.`
    throw new PathError(walk.root, message)
  }
  if (entry.kind !== "folder") return
  // Nothing of git's own is subject to its rules, or to ours once it is sent.
  const rules = name === ".git" ? makeRules({ git: [], sky: [] }) : folder.rules
  walkFolder(walk, { path: `${path}/`, rules, trackedOnly: treated!.trackedOnly })
}

const insideOf = (walk: Walk, folder: Folder): ReadonlyArray<Inside> => {
  const absolute = join(walk.root, folder.path)
  try {
    return readdir(absolute)
  } catch (error) {
    if (vanished(error as NodeJS.ErrnoException) && folder.path !== "") return []
    throw pathError(absolute, error)
  }
}

const walkFolder = (walk: Walk, folder: Folder): void => {
  const inside = insideOf(walk, folder)
  const rules = enter(walk, folder, inside)
  for (const each of inside) walkEntry(walk, { ...folder, rules }, each)
}

/** Rules from the repository's top down to above the root; none where they would leave out the root itself, which the user named. */
const rulesAbove = (root: string, top: string): IgnoreRules => {
  const names = relative(top, root).split("/")
  const above = names.map((_, depth) => names.slice(0, depth).join("/"))
  const git = [...parseRules(readExclude(top), ""), ...above.flatMap((below) => rulesIn(join(top, below), ".gitignore", below))]
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

const resolved = (path: string) => {
  try {
    return realpathSync(path)
  } catch {
    return null
  }
}

/** `stateFolder`: the daemon's own, if it has one. */
export const walk = (folder: string, purpose: Purpose, stateFolder: string | null, signal: GivenUp): FileList => {
  const root = resolved(folder)
  const field = purpose === "workdir" ? "workdir" : "file_mounts"
  if (root === null) throw new PathError(folder, `${folder} does not exist: check the ${field} of the task.`)
  const state = stateFolder === null ? null : resolved(stateFolder)
  if (state !== null && `${root}/`.startsWith(`${state}/`)) {
    const other = purpose === "workdir" ? "workdir" : "source in file_mounts"
    const message = `${folder} is the state folder of skyd, or lies in it (${state}): it holds secrets and is not sent. Choose another ${other}.`
    throw new PathError(folder, message)
  }
  const found = lstat(root)
  if (purpose === "mount" && found?.isFile()) return lone(root, found)
  if (!found?.isDirectory()) {
    const what = purpose === "workdir" ? "is not a folder: a workdir must be one" : "is no file and no folder"
    throw new PathError(folder, `${folder} ${what}.`)
  }
  const top = repositoryOf(root) ?? root
  const below = top === root ? "" : `${relative(top, root)}/`
  const rules = top === root ? makeRules({ git: [], sky: [] }) : rulesAbove(root, top)
  const tracked = withParents(isRepository(top) ? trackedThoughIgnored(root) : [])
  const entries: Array<FileEntry> = []
  const others: Array<string> = []
  walkFolder({ root, below, tracked, state, signal, entries, others }, { path: "", rules, trackedOnly: false })
  const files = entries.filter(({ kind }) => kind === "file")
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  return { root, entries, files: files.length, bytes, ...(others.length > 0 && { others }) }
}
