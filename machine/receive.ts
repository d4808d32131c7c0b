/**
 * `agent.cjs receive <base folder>`: takes files for a node. It is told which there are (`manifest.ts`), answers which of them it wants as one
 * line `{wants: [numbers]}`, takes their bytes (`file-frames.ts`) and answers `{ok: counts}`; or, at any time, `{error: {kind, code, message}}`
 * as `agent.cjs machine` does. Cut anywhere, nothing half is in its place, and the next one goes on with what is missing.
 */
import { closeSync, copyFileSync, fchmodSync, futimesSync, openSync, utimesSync, writeSync } from "node:fs"
import { join, resolve } from "node:path"
import { homeOf, nodeFiles } from "../sdk/agent/protocol.ts"
import { direct } from "./calls.ts"
import type { FileEntry } from "./FileEntry.ts"
import { eachBytes, type FileHead, nextFile } from "./file-frames.ts"
import { mustFind, places } from "./folder.ts"
import { Cut, Input } from "./Input.ts"
import { type Landing, landingOf, placeLanding, prepareLanding } from "./landing.ts"
import { machineError, refused } from "./MachineError.ts"
import { readEntries, readHeader } from "./manifest.ts"
import { at, clearWay, isThere, makeFolder, makeStaging, makeTarget, placeLink, removeStaging, replace } from "./placing.ts"

/** How long what still comes is read after an error, so that the sender gets to hear of it. */
const lingerMs = 10_000

/** What was sent, of what there is: the rest was there. */
export interface Received {
  readonly files: number
  readonly bytes: number
}

interface Taking {
  readonly input: Input
  readonly entries: ReadonlyArray<FileEntry>
  /** The target, absolute. */
  readonly into: string
  readonly staging: string
}

const say = (line: object) => void process.stdout.write(`${JSON.stringify(line)}\n`)

const never = new AbortController().signal

/** Folders and links are made, and files told apart: which are not there as they should be. */
const placeAllButFiles = async ({ entries, into, staging }: Taking): Promise<ReadonlyArray<number>> => {
  const wants: Array<number> = []
  for (const [index, entry] of entries.entries()) {
    const path = `${into}/${entry.path}`
    await at(path, async () => {
      if (entry.kind === "folder") await makeFolder(direct, path)
      else if (entry.kind === "link") await placeLink(direct, entry.target!, { path, staging, signal: never })
      else if (!(await isThere(direct, path, await clearWay(direct, path), entry))) wants.push(index)
    })
  }
  return wants
}

const writeAll = (fd: number, bytes: Buffer) => {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
}

const takeFile = async ({ entries, input, into, staging }: Taking, { index, mode, mtimeMs }: FileHead): Promise<number> => {
  const path = `${into}/${entries[index]!.path}`
  let size = 0
  const make = async (temp: string) => {
    const fd = openSync(temp, "wx", 0o600)
    try {
      await eachBytes(input, (bytes) => {
        writeAll(fd, bytes)
        size += bytes.length
      })
      // Whatever the umask; after the last byte, which takes some modes away.
      fchmodSync(fd, mode)
      futimesSync(fd, mtimeMs / 1000, mtimeMs / 1000)
    } finally {
      closeSync(fd)
    }
  }
  const again = (temp: string, first: string) => {
    copyFileSync(first, temp)
    utimesSync(temp, mtimeMs / 1000, mtimeMs / 1000)
  }
  await at(path, () => replace(direct, { path, staging, signal: never }, make, again))
  return size
}

const takeFiles = async (taking: Taking, wants: ReadonlyArray<number>): Promise<Received> => {
  const open = new Set(wants)
  let [files, bytes] = [0, 0]
  for (let next = await nextFile(taking.input); next !== null; next = await nextFile(taking.input)) {
    const index = typeof next === "number" ? next : next.index
    if (!open.delete(index)) throw refused("BadStream", "A file came that was not asked for.")
    if (typeof next === "number") continue
    bytes += await takeFile(taking, next)
    files += 1
  }
  if (open.size > 0) throw refused("BadStream", `${open.size} files did not come.`)
  return { files, bytes }
}

const take = async (input: Input, landing: Landing, entries: ReadonlyArray<FileEntry>, stagingPath: string): Promise<Received> => {
  const { base, target } = landing.place
  const staging = await at(stagingPath, () => makeStaging(direct, stagingPath))
  try {
    const into = await at(join(base, target), () => makeTarget(direct, base, target))
    const taking: Taking = { input, entries, into, staging }
    const wants = await placeAllButFiles(taking)
    say({ wants })
    const received = await takeFiles(taking, wants)
    for (const { kind, mode, path } of entries.toReversed()) {
      if (kind === "folder") await at(join(into, path), () => direct.chmod(join(into, path), mode))
    }
    return received
  } finally {
    await removeStaging(direct, staging)
  }
}

const receiveFor = async (base: string, input: Input): Promise<Received> => {
  const header = await readHeader(input)
  const entries = await readEntries(input, header)
  const { folder, identity } = await mustFind(places(base), header.node)
  const isUsers = identity.home !== undefined
  const landing = landingOf(header.target, homeOf(folder, identity), isUsers, header.lone ? entries[0]!.path : null)
  await at(landing.place.base, () => prepareLanding(landing, isUsers))
  const received = await take(input, landing, entries, join(folder, nodeFiles.incoming))
  await at(landing.link?.path ?? landing.place.base, () => placeLanding(landing))
  return received
}

export const receive = async (base: string): Promise<void> => {
  const input = new Input(process.stdin)
  process.stdout.on("error", () => process.exit(1))
  try {
    say({ ok: await receiveFor(resolve(base), input) })
  } catch (error) {
    if (error instanceof Cut) process.exit(1)
    const { code, kind, message } = machineError(error)
    say({ error: { kind, code, message } })
    setTimeout(() => process.exit(0), lingerMs).unref()
    await input.drain()
  }
  process.stdout.write("", () => process.exit(0))
}
