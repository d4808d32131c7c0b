/** What each rank is told to run, with the keys that name it. A detached setup is part of its job: it dies with it. */
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import type { NodeIdentity } from "../sdk/agent/node-folder.ts"
import type { JobSpec, Peer, SetupSpec } from "../sdk/agent/protocol.ts"
import { detachedSetupVariables, jobVariables, setupVariables } from "./environment.ts"
import type { Folder } from "./Folder.ts"
import { detachedSetupLog, runLog, setupLog } from "./log-files.ts"
import type { RankOrder } from "./rank-files.ts"
import type { Kept } from "./records.ts"
import type { Placed } from "./scheduler.ts"

export const jobKey = (id: number) => `job-${id}`
export const detachedSetupKey = (id: number) => `setup-of-${id}`
export const setupKey = (operation: string) => `setup-${operation}`

/** Secrets stand in a file of their own, removed with what needs them. Answers what the records hold in their place. */
export const keepSecrets = (folder: Folder, key: string, secrets: JobSpec["secrets"]) => {
  const hasSecrets = Object.keys(secrets ?? {}).length > 0
  if (hasSecrets) {
    fs.mkdirSync(dirname(folder.secrets(key)), { recursive: true, mode: 0o700 })
    fs.writeFileSync(folder.secrets(key), JSON.stringify(secrets), { mode: 0o600, flush: true })
  }
  return { secrets: {}, hasSecrets }
}

/** What is left of work that is over: its agent was killed before it could remove them. */
export const sweepSecrets = (folder: Folder, live: ReadonlySet<string>) => {
  const path = dirname(folder.secrets(""))
  if (!fs.existsSync(path)) return
  for (const name of fs.readdirSync(path)) if (!live.has(name.replace(/\.json$/, ""))) fs.rmSync(join(path, name), { force: true })
}

export const dropSecrets = (folder: Folder, key: string) => fs.rmSync(folder.secrets(key), { force: true })

/** `null`: it had some, and they are lost. */
export const secretsOf = (folder: Folder, key: string, { hasSecrets }: Kept<unknown>): Readonly<Record<string, string>> | null => {
  if (hasSecrets === false) return {}
  try {
    return JSON.parse(fs.readFileSync(folder.secrets(key), "utf8"))
  } catch (cause) {
    return hasSecrets === undefined && (cause as NodeJS.ErrnoException).code === "ENOENT" ? {} : null
  }
}

export const runOrder = (
  folder: Folder,
  peers: ReadonlyArray<Peer>,
  job: Kept<JobSpec>,
  placement: ReadonlyArray<Placed>,
  rank: number,
  accelerators: NodeIdentity["accelerators"]
): RankOrder => ({
  key: jobKey(job.id),
  rank,
  script: job.run,
  environment: { ...jobVariables({ ...folder.identity, accelerators }, peers, job, placement, rank), ...job.envs },
  secrets: secretsOf(folder, jobKey(job.id), job) ?? {},
  log: runLog(job.runTimestamp, peers.length, rank, placement[rank]!.nodeRank)
})

export const detachedSetupOrder = (folder: Folder, peers: ReadonlyArray<Peer>, job: Kept<JobSpec>, rank: number): RankOrder => ({
  key: detachedSetupKey(job.id),
  rank,
  script: job.setup ?? "",
  environment: { ...detachedSetupVariables(folder.identity, peers, job, rank), ...job.envs },
  secrets: secretsOf(folder, jobKey(job.id), job) ?? {},
  log: detachedSetupLog(job.runTimestamp, peers.length, rank)
})

export const setupOrder = (folder: Folder, peers: ReadonlyArray<Peer>, spec: Kept<SetupSpec>, rank: number): RankOrder => ({
  key: setupKey(spec.operation),
  rank,
  script: spec.script,
  environment: { ...setupVariables(folder.identity, peers, spec, rank), ...spec.envs },
  secrets: secretsOf(folder, setupKey(spec.operation), spec) ?? {},
  log: setupLog(spec.runTimestamp, rank)
})

export const selfPeer = ({ rank, node, address, socket }: NodeIdentity): Peer => ({ rank, node, address, socket })
