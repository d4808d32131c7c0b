/** What a help page is made of, and the flags and notes that several of them share. */
export interface Page {
  readonly usage: string
  readonly summary: string
  /** What the flags alone do not tell. */
  readonly note?: string
  readonly flags: ReadonlyArray<readonly [flag: string, text: string]>
  readonly examples: readonly [string, string]
}

export const ownFlags =
  "Flags stand before COMMAND: what follows its first word is its own. A file or a quoted command may be followed by flags."

export const onlyOne = "Without CLUSTER: the only one there is, if you say yes to it. With -y nothing is chosen for you: name it, or -a."

export const yes = ["-y, --yes", "do not ask"] as const
export const all = ["-a, --all", "all clusters"] as const
export const idle = ["-i, --idle-minutes-to-autostop N", "stop after N idle minutes"] as const
export const retry = ["-r, --retry-until-up", "try again until there is capacity"] as const
export const task = [
  ["-n, --name NAME", "the task's name"],
  ["--workdir DIR", "folder that is copied to ~/sky_workdir"],
  ["--cloud CLOUD", "where: local"],
  ["--gpus NAME[:COUNT]", "accelerators of each node; none resets"],
  ["--cpus N[+]", "vCPUs of each node; none resets"],
  ["--memory N[+]", "GiB of each node; none resets"],
  ["--num-nodes N", "how many nodes"],
  ["--env NAME[=VALUE]", "repeatable; a bare NAME is taken from here"],
  ["--env-file FILE", "envs, one a line; --env wins"]
] as const
export const detach = ["-d, --detach-run", "do not wait for the job"] as const
export const at = ["--at WHEN", "what was known then, whatever was true"] as const
export const when =
  "WHEN is a position (1234), a time (2026-11-26 10:02, local if it has no offset) or an age (10m ago, 2 hours ago).\nWith -o json it is an object, whose asOf says which moment it is."
export const dryrun = ["--dryrun", "only say what would be done"] as const
