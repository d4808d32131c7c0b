/** No rank of a job or a setup ran twice, each job ended as its script says or as somebody wished, and the log tells its end once. */
import { existsSync, readFileSync } from "node:fs"
import type { JobClosed, JobEnded, JobSubmitted } from "../../events/job.ts"
import type { Recorded } from "../../events/Recorded.ts"
import { exitCodeOf, ranFile, setUpFile } from "./deeds.ts"
import { deedOf } from "./Ledger.ts"

/** What a rank is recorded with that was ended because another failed. */
const killedCodes = [137, 143]

interface Job {
  readonly submitted: typeof JobSubmitted.Type
  cancelled: boolean
  readonly ends: Array<typeof JobEnded.Type | typeof JobClosed.Type>
}

const jobsIn = (facts: ReadonlyArray<Recorded>): ReadonlyArray<Job> => {
  const all = new Map<string, Job>()
  for (const { event } of facts) {
    if (event._tag === "JobSubmitted") all.set(`${event.cluster}/${event.job}`, { submitted: event, cancelled: false, ends: [] })
    if (event._tag === "JobCancelRequested") for (const id of event.jobs) all.get(`${event.cluster}/${id}`)!.cancelled = true
    if (event._tag === "JobEnded" || event._tag === "JobClosed") all.get(`${event.cluster}/${event.job}`)!.ends.push(event)
  }
  return [...all.values()]
}

/** How often each line stands there. */
const linesOf = (file: string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : []
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  return counts
}

const checkEnd = ({ cancelled, submitted }: Job, end: Job["ends"][number], ran: ReadonlyMap<string, number>): string | undefined => {
  const { reason, returnCodes, status } = end
  const n = deedOf(submitted.task)
  const code = exitCodeOf(n)
  const ranks = Array.from({ length: submitted.numNodes }, (_, rank) => ran.get(`${n} ${rank}`) ?? 0)
  const all = JSON.stringify({ status, returnCodes, reason, ranks, code })
  if (status === "CANCELLED") return cancelled ? undefined : `was cancelled by nobody: ${all}`
  if (status === "SUCCEEDED") {
    const right =
      code === 0 && returnCodes.length === ranks.length && returnCodes.every((each) => each === 0) && ranks.every((r) => r === 1)
    return right ? undefined : `succeeded, and should not have: ${all}`
  }
  if (status !== "FAILED" || !reason) return `ended without a reason: ${all}`
  if (/^the (cluster|head|machine|node)\b/.test(reason)) return undefined
  const failed = Number(/^exit (\d+)\b.* on rank \d+$/.exec(reason)?.[1])
  const right = failed === code && code !== 0 && returnCodes.every((each) => each === code || killedCodes.includes(each))
  return right ? undefined : `ended otherwise than its script: ${all}`
}

export const checkJobs = (facts: ReadonlyArray<Recorded>, folder: string): ReadonlyArray<string> => {
  const ran = linesOf(ranFile(folder))
  const twice = [...ran, ...linesOf(setUpFile(folder))].filter(([, times]) => times > 1)
  const jobs = jobsIn(facts)
  const known = new Set(jobs.map(({ submitted }) => deedOf(submitted.task)))
  const strangers = [...ran.keys()].filter((line) => !known.has(Number.parseInt(line, 10)))
  return [
    ...twice.map(([line, times]) => `'${line}' ran ${times} times`),
    ...strangers.map((line) => `'${line}' ran, and the log knows of no such job`),
    ...jobs.flatMap((job) => {
      const { ends, submitted } = job
      const name = `job ${submitted.job} of ${submitted.cluster.slice(-4)} (${submitted.task.name})`
      // A later word of the node changes nothing, but it is said once.
      const told = ends.filter(({ _tag }) => _tag === "JobEnded").length
      const wrong = ends[0] === undefined ? undefined : checkEnd(job, ends[0], ran)
      return [...(told > 1 ? [`${name} ended ${told} times`] : []), ...(wrong === undefined ? [] : [`${name} ${wrong}`])]
    })
  ]
}
