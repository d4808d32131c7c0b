/** What clients were told, held against the log: all of it is there, once, and says the same. */
import type { Recorded } from "../../events/Recorded.ts"
import type { Tale } from "./clients.ts"

/** What `sky` may end with in a storm: done, failed, no such cluster, conflict, no capacity, no daemon, the job failed or was cancelled. */
const exitCodes = [0, 1, 5, 6, 7, 8, 100, 103]
/** A machine of a pool is not stopped. */
const refusedCode = 2
const neverTags = ["InternalError", "ReadOnlyError", "RequestConflict", "AuditError", "BadFrame", "ValueError"]
/** These may find that there is nothing to do, which is no operation. */
const mayBeNothing = ["start", "stop", "cancel", "autostop"]

interface Operation {
  readonly facts: Array<Recorded>
  readonly ends: Array<string>
  readonly jobs: Array<number>
}

const ends = ["OperationSucceeded", "OperationFailed", "OperationCancelled"]

export const operationsIn = (facts: ReadonlyArray<Recorded>): ReadonlyMap<string, Operation> => {
  const all = new Map<string, Operation>()
  for (const fact of facts) {
    if (fact.operation === null) continue
    const { event } = fact
    const own = all.get(fact.operation) ?? { facts: [], ends: [], jobs: [] }
    all.set(fact.operation, own)
    own.facts.push(fact)
    if (ends.includes(event._tag)) own.ends.push(event._tag)
    if (event._tag === "JobSubmitted") own.jobs.push(event.job)
  }
  return all
}

/** Each is requested once, submits one job at the most, and ends once. */
export const checkOperations = (operations: ReadonlyMap<string, Operation>): ReadonlyArray<string> =>
  [...operations].flatMap(([id, { ends, facts, jobs }]) => {
    const requests = facts.filter(({ event }) => event._tag === "OperationRequested").length
    const wrong = requests !== 1 || ends.length !== 1 || jobs.length > 1
    return wrong ? [`operation ${id} was requested ${requests} times, has ${ends.length} ends and ${jobs.length} jobs`] : []
  })

const checkWire = ({ deed, endless, frames, requestId }: Tale, operations: ReadonlyMap<string, Operation>, head: number) => {
  const said: Array<string> = []
  const own = operations.get(requestId)
  if (endless) said.push("has no end")
  for (const { data, type } of frames) {
    if (data.at > head) said.push(`was told of position ${data.at}, and the log ends at ${head}`)
    if (type === "progress" && !own?.facts.some(({ seq }) => seq === data.at)) said.push(`was shown event ${data.at}, which is not its own`)
    if (type === "failure" && neverTags.includes(data.error.tag)) said.push(`failed: ${JSON.stringify(data.error)}`)
    if (type === "failure" && own?.ends.includes("OperationSucceeded")) said.push("was told of a failure, and the log of a success")
    if (type !== "result") continue
    if (own === undefined && !mayBeNothing.includes(deed.method)) said.push("was answered, and the log does not know it")
    if (own !== undefined && !own.ends.includes("OperationSucceeded")) said.push(`was answered, and ended as ${own.ends.join()}`)
    if (own !== undefined && (data.value.jobId ?? undefined) !== own.jobs[0])
      said.push(`was told of job ${data.value.jobId}, not ${own.jobs}`)
  }
  return said
}

const checkSky = ({ deed, endless, pid, ran }: Tale, operations: ReadonlyMap<string, Operation>) => {
  const own = [...operations.values()].filter(({ facts }) =>
    facts.some(({ event }) => event._tag === "OperationRequested" && event.pid === pid)
  )
  const said = endless ? ["has no end"] : []
  if (own.length > 1) said.push(`is ${own.length} operations`)
  const code = ran?.code ?? null
  // Killed: whatever has come of it, it has come once.
  if (code === null) return said
  if (!exitCodes.includes(code) && !(code === refusedCode && deed.method === "stop" && deed.cloud === "ssh"))
    said.push(`ended with ${code}: ${ran?.err}`)
  const done = code === 0 || code === 100
  if (done && own.length === 0 && !mayBeNothing.includes(deed.method)) said.push(`ended with ${code}, and the log does not know it`)
  if (done && own.some(({ ends }) => !ends.includes("OperationSucceeded")))
    said.push(`ended with ${code}, and the log says ${own[0]?.ends}`)
  return said
}

export const checkPromises = (
  tales: ReadonlyArray<Tale>,
  operations: ReadonlyMap<string, Operation>,
  head: number
): ReadonlyArray<string> =>
  tales.flatMap((tale) => {
    const said = tale.deed.by === "sky" ? checkSky(tale, operations) : checkWire(tale, operations, head)
    return said.map((what) => `${tale.deed.n} (${tale.deed.method} by ${tale.deed.by}) ${what}`)
  })
