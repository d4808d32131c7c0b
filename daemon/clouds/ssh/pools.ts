/**
 * The user's own machines, as `ssh_node_pools.yaml` names them: in the state folder, else where SkyPilot has it. Read anew when it has
 * changed.
 */
import { stat } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { inTime, readSmall, stampOf } from "../../home/small-file.ts"
import { type PoolMachine, type Pools, PoolsError } from "./PoolMachine.ts"

export const poolsFile = "ssh_node_pools.yaml"

export interface KnownPools {
  /** Null: there is none. */
  readonly file: string | null
  readonly pools: Pools
  /** Of each pool that cannot be used: what is wrong with it, a sentence. */
  readonly faults: ReadonlyMap<string, string>
  /** A sentence, where others may read what is secret in it. */
  readonly warning: string | null
}

const none: KnownPools = { file: null, pools: new Map(), faults: new Map(), warning: null }
const readableByOthers = 0o077

const poolsFiles = (home: string): ReadonlyArray<string> => [
  join(home, poolsFile),
  join(process.env["HOME"] || homedir(), ".sky", poolsFile)
]

const notRead = (file: string, { code, message }: NodeJS.ErrnoException) =>
  new PoolsError(code === undefined ? `${file} ${message}.` : `${file} cannot be read: ${message}`)

const statOf = (file: string) =>
  inTime(`${file}/`, () => stat(file)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null
    throw notRead(file, error)
  })

const read = async (file: string, mode: number): Promise<KnownPools> => {
  const text = await readSmall(file).catch((error: Error) => {
    throw notRead(file, error)
  })
  // What reads YAML is loaded by those who have such a file.
  const { parsePools } = await import("./parse-pools.ts")
  const { faults, pools } = parsePools(text, file)
  const hasPassword = [...pools.values()].flat().some(({ login }) => login.password !== undefined)
  const warning =
    hasPassword && (mode & readableByOthers) !== 0 ? `${file} holds a password, and others can read it: chmod 600 ${file}` : null
  return { file, pools, faults, warning }
}

/** `home`: the state folder. Rejects with a `PoolsError`. */
export const openPools = (home: string): (() => Promise<KnownPools>) => {
  let last: { readonly seen: string; readonly known: Promise<KnownPools> } | undefined
  return async () => {
    for (const file of poolsFiles(home)) {
      const found = await statOf(file)
      if (found === null) continue
      const seen = `${file} ${stampOf(found)}`
      if (last?.seen !== seen) last = { seen, known: read(file, found.mode) }
      return last.known
    }
    return none
  }
}

export const machinesOf = ({ pools }: KnownPools, pool: string | null = null): ReadonlyArray<PoolMachine> =>
  pool === null ? [...pools.values()].flat() : (pools.get(pool) ?? [])
