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
export const retry = ["-r, --retry-until-up", "try again until there is capacity; a quota of 0 is not waited for"] as const
/** Values that come with a task, or with a look at it. */
export const values = [
  ["--env NAME[=VALUE]", "repeatable; a bare NAME is taken from here"],
  ["--env-file FILE", "envs, one a line; --env wins"],
  ["--secret NAME[=VALUE]", "an env that is in no log and never shown"],
  ["--secret-file FILE", "secrets, one a line; --secret wins"]
] as const
export const task = [
  ["-n, --name NAME", "the task's name"],
  ["--workdir DIR", "folder that is copied to ~/sky_workdir"],
  ["--infra CLOUD[/REGION[/ZONE]]", "where, * for any; none resets, here and below"],
  ["--cloud CLOUD", "where: aws, gcp, ssh or local"],
  ["--region REGION", "where, within the cloud"],
  ["--zone ZONE", "where, within the region"],
  ["-t, --instance-type TYPE", "the cloud's machine"],
  ["--gpus NAME[:COUNT]", "accelerators of each node"],
  ["--cpus N[+]", "vCPUs of each node"],
  ["--memory N[+]", "GiB of each node"],
  ["--use-spot", "machines that the cloud may take back"],
  ["--no-use-spot", "none of these, whatever the file says"],
  ["--image-id IMAGE", "the cloud's image, or docker:IMAGE"],
  ["--disk-size GIB", "of each node's disk"],
  ["--disk-tier TIER", "low, medium, high or best"],
  ["--ports PORT[-PORT]", "repeatable; in place of the file's"],
  ["--num-nodes N", "how many nodes"],
  ...values
] as const
export const detach = ["-d, --detach-run", "do not wait for the job"] as const
export const at = ["--at WHEN", "what was known then, whatever was true"] as const
export const when =
  "WHEN is a position (1234), a time (2026-11-26 10:02, local if it has no offset), an age (10m ago, 2 hours ago) or now.\nWith -o json it is an object, whose asOf says which moment it is."
export const dryrun = ["--dryrun", "only say what would be done"] as const
