/**
 * Which jobs of a `submit` are taken. One that cannot be taken is no reason to refuse the others: it is recorded in a harmless
 * shape and ends as FAILED, so that the daemon hears of it like of any other end.
 */
import type { AgentMethods, JobSpec } from "../sdk/agent/protocol.ts"
import type { Folder } from "./Folder.ts"
import { valueError } from "./failures.ts"
import { jobKey, keepSecrets } from "./orders.ts"
import type { Kept, State } from "./records.ts"
import { isTaken, runOf } from "./state.ts"

export type Submitted = AgentMethods["submit"][1]
type Answered = Omit<Submitted, "others">

const nameMaxLength = 200
const safeName = /^\w[\w.:-]*$/

/** Fit for a file's name. */
export const isSafeName = (name: unknown) => typeof name === "string" && name.length <= nameMaxLength && safeName.test(name)

/** Never run without them. */
export const lostSecrets = "its secrets are lost: neither skyd nor its node has them; submit it again"

const isId = (id: unknown): id is number => Number.isSafeInteger(id) && (id as number) >= 1
const isText = (text: unknown) => typeof text === "string"

export const areVariables = (variables: unknown) =>
  typeof variables === "object" &&
  variables !== null &&
  Object.entries(variables).every(
    ([name, value]) => name !== "" && !/[=\0]/.test(name) && typeof value === "string" && !value.includes("\0")
  )

const areAccelerators = (wanted: JobSpec["accelerators"]) =>
  wanted === null || (typeof wanted === "object" && isText(wanted.name) && Number.isFinite(wanted.count) && wanted.count >= 0)

const checkJob = ({ id, name, numNodes, runTimestamp, run, setup, accelerators, envs, refusal, secrets }: JobSpec) => {
  if (!isId(id) || !isId(numNodes)) throw valueError("a job needs a whole id and numNodes")
  if (!isSafeName(runTimestamp) || !isText(run)) throw valueError("a job needs a runTimestamp and a run text")
  if ((name !== null && !isText(name)) || (setup !== null && !isText(setup))) throw valueError("a job's name and setup are texts or null")
  if (secrets === null) throw valueError(refusal ?? lostSecrets)
  if (!areAccelerators(accelerators)) throw valueError("a job's accelerators are a name and a count, or null")
  if (!areVariables(envs) || !areVariables(secrets)) throw valueError("a job's envs and secrets are texts by name, without NUL characters")
}

const harmless = (id: number, runTimestamp: unknown): JobSpec => ({
  id,
  name: null,
  runTimestamp: isSafeName(runTimestamp) ? (runTimestamp as string) : "refused",
  numNodes: 1,
  accelerators: null,
  setup: null,
  run: "",
  envs: {},
  secrets: {}
})

/** Those that were never seen, each once; what has no id of its own is among them. */
export const freshOf = (state: State, jobs: ReadonlyArray<JobSpec>): ReadonlyArray<JobSpec> => {
  const seen = new Set<unknown>()
  return jobs.filter((job) => {
    const id = job?.id
    if (!isId(id)) return true
    if (seen.has(id) || isTaken(state, id)) return false
    seen.add(id)
    return true
  })
}

/** Numbers under which another job was taken than the one that is submitted: said again, a job keeps its run's timestamp. */
export const othersOf = (state: State, jobs: ReadonlyArray<JobSpec>): ReadonlyArray<number> =>
  jobs.flatMap((job) =>
    isId(job?.id) && isSafeName(job.runTimestamp) && isTaken(state, job.id) && runOf(state, job.id) !== job.runTimestamp ? [job.id] : []
  )

/** Keeps the secrets of those that are taken. */
export const sortOut = (folder: Folder, fresh: ReadonlyArray<JobSpec>): Answered & { readonly specs: ReadonlyArray<Kept<JobSpec>> } => {
  const taken: Array<number> = []
  const refused: Array<Answered["refused"][number]> = []
  const specs = fresh.flatMap((job): ReadonlyArray<Kept<JobSpec>> => {
    try {
      checkJob(job)
      const kept = keepSecrets(folder, jobKey(job.id), job.secrets)
      taken.push(job.id)
      return [{ ...job, ...kept }]
    } catch (cause) {
      const id = job?.id
      refused.push({ id: isId(id) ? id : 0, message: `it was refused: ${(cause as Error).message}` })
      return isId(id) ? [harmless(id, job.runTimestamp)] : []
    }
  })
  return { taken, refused, specs }
}
