/** Why the log of a job cannot be read, as its reader is told. */
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { conditionOf } from "../../projections/cluster-status.ts"
import { ClusterNotUpError, JobDoesNotExist, RuntimeError, ValueError } from "../../sdk/protocol/errors.ts"
import type { AgentError } from "../AgentLink.ts"
import type { CloudError } from "../clouds/Cloud.ts"

export const brokenOff = "its head breaks the connection off again and again."
/** What waiting does not mend: somebody has to see to it first. */
const standing = new Set(["HostKeyChanged", "PermissionDenied", "KeyUnusable", "BadTarget", "NoNode", "NotInPools", "PoolsFile"])
export const isStanding = ({ code }: CloudError) => standing.has(code)
export const cloudsWord = (error: CloudError) =>
  error.kind === "Refused" || isStanding(error) ? error.message : `its agent does not answer. ${error.message}`

const sentence = (row: ClusterRow, why: string) => `The logs of ${row.name} cannot be read: ${why}`

export const unread = (row: ClusterRow, why: string) => new RuntimeError({ message: sentence(row, why), hint: null })

/** Of what an agent refuses, what is wrong with the question keeps its name. The rest is between it and us. */
export const refused = (row: ClusterRow, { message, tag }: AgentError) => {
  const why = `${message}.`
  if (tag === "ValueError") return new ValueError({ message: sentence(row, why), hint: null })
  if (tag === "JobDoesNotExist") return new JobDoesNotExist({ message: sentence(row, why), hint: null })
  return unread(row, why)
}

const inWords = (row: ClusterRow) => {
  const { reason, status } = conditionOf(row)
  return `it is ${status}${reason === null ? "" : ` (${reason})`}.`
}

/** Of one that is asked for the first time. */
export const waiting = (row: ClusterRow) =>
  `${row.name} is not reached: ${conditionOf(row).status === "UP" ? "its head has not answered yet" : inWords(row).slice(0, -1)}; waiting`

/** Of one that was read a moment ago. */
export const goesOn = (row: ClusterRow) => `The logs of ${row.name} go on when its head is reached again: ${inWords(row)}`

export const notUp = (row: ClusterRow) => {
  const { status } = conditionOf(row)
  return new ClusterNotUpError({
    cluster: row.name,
    clusterStatus: status,
    message: sentence(row, inWords(row)),
    hint: status === "STOPPED" ? `Start it first: sky start ${row.name}` : null
  })
}
