/** Why the log of a job cannot be read, as its reader is told. */
import type { JobClosed } from "../../events/job.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { conditionOf } from "../../projections/cluster-status.ts"
import { ClusterDoesNotExist, ClusterNotUpError, exiting, JobDoesNotExist, RuntimeError, ValueError } from "../../sdk/protocol/errors.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { inner, sentence } from "../../task/sentence.ts"
import type { CloudError } from "../clouds/Cloud.ts"
import type { AgentError } from "../reactors/couriers/AgentLink.ts"

export const brokenOff = "its head breaks the connection off again and again."
/** It is handed over by the courier, which is kept from it at the moment. */
export const notYet = (job: number) => `its head does not have job ${job} yet.`
/** What waiting does not mend: somebody has to see to it first. */
const standing = new Set(["HostKeyChanged", "PermissionDenied", "KeyUnusable", "BadTarget", "NoNode", "NotInPools", "PoolsFile"])
export const isStanding = ({ code }: CloudError) => standing.has(code)
export const cloudsWord = (error: CloudError) =>
  error.kind === "Refused" || isStanding(error) ? error.message : `its agent does not answer. ${error.message}`

const cannotBeRead = (row: ClusterRow, why: string) => `The logs of ${row.name} cannot be read: ${why}`

export const unread = (row: ClusterRow, why: string) => new RuntimeError({ message: cannotBeRead(row, why), hint: null })

/** Of what an agent refuses, what is wrong with the question keeps its name. The rest is between it and us. */
export const refused = (row: ClusterRow, { message, tag }: AgentError) => {
  const why = sentence(message)
  if (tag === "ValueError") return new ValueError({ message: cannotBeRead(row, why), hint: null })
  if (tag === "JobDoesNotExist") return new JobDoesNotExist({ message: cannotBeRead(row, why), hint: null })
  return unread(row, why)
}

const inWords = (row: ClusterRow) => {
  const { reason, status } = conditionOf(row)
  return `it is ${status}${reason === null ? "" : ` (${inner(reason)})`}.`
}

/** Of one that is asked for the first time. */
export const waiting = (row: ClusterRow) =>
  `${row.name} is not reached: ${conditionOf(row).status === "UP" ? "its head has not answered yet" : inWords(row).slice(0, -1)}; waiting`

/** Of one that was read a moment ago. */
export const goesOn = (row: ClusterRow) => `The logs of ${row.name} go on when its head is reached again: ${inWords(row)}`

/** A bare name would make an empty cluster, and elsewhere: the recorded command says what it was, where no other came after it. */
const launchAgain = (lastUse: string, name: string) => {
  if (lastUse.startsWith("sky launch ")) return `Launch it again: ${lastUse}`
  return `Launch it again as before: sky launch -c ${name} and its task${lastUse === "" ? "" : `; used last by: ${lastUse}`}`
}

/** The cluster went, or stopped, with the job whose log was followed. */
export const wentWith = ({ lastUse, name }: ClusterRow, now: ClusterRow | undefined, { job, reason, status }: typeof JobClosed.Type) => {
  const again = now === undefined ? `${name} is gone. ${launchAgain(lastUse, name)}` : `Start ${name} again: sky start ${name}`
  const because = reason === null ? "" : `: ${inner(reason)}`
  return exiting(new RuntimeError({ message: `Job ${job} of ${name} is ${status}${because}.`, hint: again }), exitCodes.jobFailed)
}

/** `now`: what it has become since its log was asked for. */
export const notUp = (row: ClusterRow, now: ClusterRow | undefined) => {
  if (now === undefined) return new ClusterDoesNotExist({ cluster: row.name, message: cannotBeRead(row, "it is gone."), hint: null })
  const { status } = conditionOf(now)
  // It has come up as the wait for it ended.
  if (status === "UP") return unread(row, "its head has not answered yet.")
  return new ClusterNotUpError({
    cluster: row.name,
    clusterStatus: status,
    message: cannotBeRead(row, inWords(now)),
    hint: status === "STOPPED" ? `Start it first: sky start ${row.name}` : null
  })
}
