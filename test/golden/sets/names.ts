/** Names: what is one, what things are called on a cloud, and names made up. */
import { createHash } from "node:crypto"
import { detachedSetupVariables } from "../../../agent/environment.ts"
import { autoClusterName, cleanedUser, isUserHash, nameInHint, nameOnCloud, userAndHost, userHashOf } from "../../../task/cloud-names.ts"
import { clusterNamePattern, envNamePattern, taskNamePattern } from "../../../task/names.ts"
import type { Answer, GoldenCase, GoldenSet } from "../GoldenSet.ts"

const md5 = (text: string) => createHash("md5").update(text).digest("hex")

type Input = GoldenCase["in"]
const answers: Readonly<Record<string, (input: Input) => unknown>> = {
  name_on_cloud: ({ add_user_hash, display_name, max_length, user_hash }) =>
    nameOnCloud({ name: display_name, maxChars: max_length ?? null, userHash: add_user_hash === false ? undefined : user_hash, md5 }),
  task_name_valid: ({ name }) => name === null || taskNamePattern.test(name),
  env_name_valid: ({ name }) => envNamePattern.test(name),
  cleaned_username: ({ username }) => cleanedUser(username),
  auto_cluster_name: ({ username, uuid_hex }) => autoClusterName(uuid_hex, username),
  user_and_hostname_hash: ({ hostname, username }) => userAndHost(username, hostname, md5),
  user_hash_derived: ({ hostname, username }) => userHashOf(username, hostname, md5),
  user_hash_env: ({ env, file }) => (isUserHash(env) ? env : file),
  global_job_id: ({ cluster_name, job_id, job_timestamp }) => {
    const cluster = { clusterName: cluster_name, cloud: "local", region: null, zone: null, environment: {}, accelerators: null }
    const job = { id: Number(job_id), runTimestamp: job_timestamp, accelerators: null }
    return detachedSetupVariables(cluster as never, [], job as never, 0)["SKYPILOT_TASK_ID"]
  },
  name_in_hint: ({ cluster_name, cluster_name_on_cloud }) => nameInHint(cluster_name, cluster_name_on_cloud)
}

const answer = (input: Input): Answer => {
  if (input.op === "cluster_name_valid")
    return clusterNamePattern.test(input.name)
      ? { out: true }
      : { error: { classes: ["InvalidClusterNameError"], message: `Invalid cluster name '${input.name}'.` } }
  const find = answers[input.op]
  return find === undefined ? { error: { classes: [], message: `${input.op} is not ours` } } : { out: find(input) }
}

export const names: GoldenSet = {
  name: "names",
  answer,
  rules: [
    {
      name: "user-without-letters",
      covers: ({ in: input }, ours) =>
        input.op === "auto_cluster_name" && cleanedUser(input.username) === "" && "out" in ours && clusterNamePattern.test(String(ours.out))
    },
    {
      name: "no-managed-jobs",
      covers: ({ in: input }) => input.op === "global_job_id" && (input.is_managed_job === true || input.cluster_name === null)
    }
  ]
}
