/**
 * Agents and Nodes that were brought to this machine and that nobody uses any more. Who uses one touches it; what was not touched for a
 * day, and what no process, key or start of the machine names, goes. Who wanted it all the same brings it again.
 */
import { readdir, readFile, rm, stat, utimes } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import type { Places } from "./places.ts"

const unusedForMs = 24 * 3_600_000

interface Program {
  /** By which it is used. */
  readonly path: string
  /** What goes with it. */
  readonly remains: string
}

const list = (folder: string) => readdir(folder).catch((): ReadonlyArray<string> => [])

const brought = async (at: Places): Promise<ReadonlyArray<Program>> => {
  const { agents, programs } = at
  const files = (await list(agents)).filter((name) => name.endsWith(".cjs")).map((name) => join(agents, name))
  return [
    ...files.map((path) => ({ path, remains: path })),
    ...(await list(programs)).map((name) => ({ path: at.program(name), remains: join(programs, name) }))
  ]
}

/** All that names programs which are used. */
const mentions = async (at: Places): Promise<string> => {
  const pids = (await list("/proc")).filter((name) => /^\d+$/.test(name))
  const files = [...pids.map((pid) => `/proc/${pid}/cmdline`), join(homedir(), ".ssh/authorized_keys"), at.comesBack]
  return (await Promise.all(files.map((path) => readFile(path, "utf8").catch(() => "")))).join("\n")
}

/** Ours first: who sweeps beside us sees that it is used. */
export const sweepPrograms = async (at: Places, ...ours: ReadonlyArray<string>): Promise<void> => {
  const all = await brought(at)
  const now = new Date()
  for (const { path } of all.filter(({ path }) => ours.includes(path))) await utimes(path, now, now).catch(() => {})
  const ages = await Promise.all(
    all.map(({ path }) =>
      stat(path).then(
        ({ mtimeMs }) => now.getTime() - mtimeMs,
        () => Number.POSITIVE_INFINITY
      )
    )
  )
  const old = all.filter(({ path }, index) => !ours.includes(path) && ages[index]! > unusedForMs)
  if (old.length === 0) return
  const uses = await mentions(at)
  for (const { path, remains } of old) if (!uses.includes(path)) await rm(remains, { recursive: true, force: true })
}
