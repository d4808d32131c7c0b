/**
 * `agent.cjs receive <base folder>`: takes files for a node. It is told which there are (`manifest.ts`), answers which of them it wants as
 * one line `{wants: [numbers]}`, takes their bytes (`file-frames.ts`), says how far it is by `{took: counts}`, and answers `{ok: counts}`;
 * or, at any time, `{error: {kind, code, message}}` as `agent.cjs machine` does. Cut anywhere, nothing half is in its place, and the next
 * one goes on with what is missing.
 */
import { closeSync, copyFileSync, fchmodSync, futimesSync, utimesSync } from "node:fs"
import { join, resolve } from "node:path"
import { finished } from "node:stream/promises"
import { homeOf, nodeFiles } from "../sdk/agent/node-folder.ts"
import { chmod, lstat, open, raw } from "./calls.ts"
import { writeAll } from "./copy-file.ts"
import type { FileEntry } from "./FileEntry.ts"
import { eachBytes, type FileHead, nextFile } from "./file-frames.ts"
import { mustFind } from "./folder.ts"
import { Cut, Input } from "./Input.ts"
import { type Landing, landingOf, placeLanding, prepareLanding } from "./landing.ts"
import { machineError, refused, transient } from "./MachineError.ts"
import { readEntries, readHeader } from "./manifest.ts"
import { places } from "./places.ts"
import { at, clearWay, isThere, makeFolder, makeStaging, makeTarget, onPath, placeLink, removeStaging, replace } from "./placing.ts"
import { say } from "./say.ts"

/** So often is it said how much has been taken. */
const sayEachBytes = 256 * 1024
const lingerMs = 10_000

/** What was sent, of what there is: the rest was there. */
export interface Received {
  readonly files: number
  readonly bytes: number
}

/** Said on the way there. */
export interface Took {
  readonly took: Received
}

interface Taking {
  readonly input: Input
  readonly entries: ReadonlyArray<FileEntry>
  /** The target, absolute. */
  readonly into: string
  readonly staging: string
  /** That were made, or made ours to fill. */
  readonly folders: Array<FileEntry>
}

const never = new AbortController().signal

/** Folders and links are made, and files told apart: which are not there as they should be. */
const placeAllButFiles = ({ entries, folders, into, staging }: Taking): ReadonlyArray<number> => {
  const wants: Array<number> = []
  for (const [index, entry] of entries.entries()) {
    const path = `${into}/${entry.path}`
    at(path, () => {
      if (entry.kind === "folder") {
        makeFolder(path)
        folders.push(entry)
      } else if (entry.kind === "link") placeLink(entry.target!, { path, staging, signal: never })
      else if (!isThere(path, clearWay(path), entry)) wants.push(index)
    })
  }
  return wants
}

const takeFile = ({ entries, input, into, staging }: Taking, { index, mode, mtimeMs }: FileHead, tell: (bytes: number) => void): void => {
  const path = `${into}/${entries[index]!.path}`
  const make = (temp: string) => {
    const fd = open(temp, "wx", 0o600)
    try {
      eachBytes(input, (bytes) => {
        writeAll(fd, bytes)
        tell(bytes.length)
      })
      // Whatever the umask; after the last byte, which takes some modes away.
      fchmodSync(fd, mode)
      futimesSync(fd, mtimeMs / 1000, mtimeMs / 1000)
    } finally {
      closeSync(fd)
    }
  }
  const again = (temp: string, first: string) => {
    // Its own mode may keep us from reading it.
    chmod(first, 0o600)
    copyFileSync(first, raw(temp))
    chmod(temp, mode)
    utimesSync(raw(temp), mtimeMs / 1000, mtimeMs / 1000)
  }
  at(path, () => replace({ path, staging, signal: never }, make, again))
}

const takeFiles = (taking: Taking, wants: ReadonlyArray<number>): Received => {
  const wanted = new Set(wants)
  let [files, bytes, said] = [0, 0, 0]
  const tell = (more: number) => {
    bytes += more
    if (bytes - said < sayEachBytes) return
    said = bytes
    say({ took: { files, bytes } } satisfies Took)
  }
  for (let next = nextFile(taking.input); next !== null; next = nextFile(taking.input)) {
    const index = typeof next === "number" ? next : next.index
    if (!wanted.delete(index)) throw refused("BadStream", "A file came that was not asked for.")
    if (typeof next === "number") continue
    takeFile(taking, next, tell)
    files += 1
  }
  if (wanted.size > 0) throw refused("BadStream", `${wanted.size} files did not come.`)
  return { files, bytes }
}

/** Those that were filled are ours alone until then: some have modes that do not let us write. */
const leaveFolders = ({ folders, into }: Taking): void => {
  for (const { mode, path } of folders.toReversed()) at(join(into, path), () => chmod(join(into, path), mode))
}

const take = (input: Input, landing: Landing, entries: ReadonlyArray<FileEntry>, stagingPath: string): Received => {
  const { base, target } = landing.place
  const staging = at(stagingPath, () => makeStaging(stagingPath))
  try {
    const into = at(join(base, target), () => makeTarget(base, target))
    const taking: Taking = { input, entries, into, staging, folders: [] }
    let isOvertaken = false
    try {
      const wants = placeAllButFiles(taking)
      say({ wants })
      return takeFiles(taking, wants)
    } catch (error) {
      isOvertaken = lstat(staging) === null
      throw error instanceof Cut || !isOvertaken
        ? error
        : transient("Overtaken", "Another sync to this node began before this one was done.")
    } finally {
      if (!isOvertaken) leaveFolders(taking)
    }
  } finally {
    removeStaging(staging)
  }
}

const receiveFor = async (base: string, input: Input): Promise<Received> => {
  const header = readHeader(input)
  const entries = readEntries(input, header)
  const { folder, identity } = await mustFind(places(base), header.node)
  const isUsers = identity.home !== undefined
  const landing = landingOf(header.target, homeOf(folder, identity), isUsers, header.lone ? entries[0]!.path : null)
  at(landing.place.base, () => prepareLanding(landing, isUsers))
  const received = take(input, landing, entries, join(folder, nodeFiles.incoming))
  await placeLanding(landing).catch((error) => Promise.reject(onPath(landing.link?.path ?? landing.place.base, error)))
  return received
}

/** What still comes is read, so that the sender gets to hear of an error. */
const linger = async () => {
  setTimeout(() => process.exit(0), lingerMs).unref()
  await finished(process.stdin.resume()).catch(() => undefined)
}

export const receive = async (base: string): Promise<void> => {
  try {
    say({ ok: await receiveFor(resolve(base), new Input()) })
  } catch (error) {
    if (error instanceof Cut) process.exit(1)
    const { code, kind, message } = machineError(error)
    say({ error: { kind, code, message } })
    await linger()
  }
  process.exit(0)
}
