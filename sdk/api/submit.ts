/** A launch or an exec on its way: what is asked, in which order, and what its end is. */
import type { Handlers } from "../client/Pending.ts"
import type { Session } from "../client/Session.ts"
import { ulid } from "../client/ulid.ts"
import type { Launched } from "../protocol/launch.ts"
import { type Awaited, onSession, type Waiting } from "./call.ts"
import { ClusterNotUpError, RuntimeError } from "./exceptions.ts"
import { exceptionOf } from "./from-wire.ts"
import { type Narrator, planLine, silent, terminal } from "./narrate.ts"
import { nodesOf, scriptOf } from "./per-rank.ts"
import { handleOf, type ResourceHandle } from "./ResourceHandle.ts"
import type { Task } from "./Task.ts"
import type { RunFunction } from "./task-arguments.ts"
import { untilOver } from "./until-over.ts"

/** What `launch` and `exec` resolve to. */
export interface LaunchResult {
  /** From 1; null when no job was submitted: there is nothing to run, or it was a dry run. */
  readonly jobId: number | null
  /** Null only after a dry run. */
  readonly handle: ResourceHandle | null
}

interface Params {
  readonly clusterName: string | null
  readonly dryrun: boolean
}

interface Work {
  readonly method: "launch" | "exec"
  readonly task: Task
  /** Without the task. */
  readonly params: Params
  readonly streamed: boolean
  readonly detached: boolean
}

/** Sends it under an id by which a wait that is left can name it. */
type Ask = (params: object, handlers?: Handlers) => Promise<Launched>

/**
 * What a task with a run function asks for, once its nodes are there to be named: a launch without anything to run makes them. Everything
 * that can be refused is refused before.
 */
const withScript = async (session: Session, run: RunFunction, { method, params, task }: Work, ask: Ask, signal: AbortSignal | null) => {
  const { numNodes } = task
  const fields = task.toYamlConfig()
  const trial = { ...params, task: { ...fields, run: ":" } }
  if (params.dryrun) return trial
  const { cluster } = await session.call<Launched>(method, { ...trial, dryrun: true })
  let clusterName = params.clusterName ?? cluster
  if (clusterName !== null) await nodesOf(session, clusterName, numNodes)
  if (method === "launch") {
    const { name, num_nodes, resources } = fields
    const bare = Object.entries({ name, num_nodes, resources }).filter(([, value]) => value !== undefined)
    clusterName = (await ask({ ...params, clusterName, task: Object.fromEntries(bare) })).cluster
  }
  const addresses = await nodesOf(session, clusterName!, numNodes)
  const script = scriptOf(run, addresses)
  signal?.throwIfAborted()
  return { ...params, clusterName, task: { ...fields, run: script } }
}

const follow = async (session: Session, { handle, jobId }: Launched, at: number, narrator: Narrator): Promise<void> => {
  try {
    await narrator.output(session, handle!.clusterName, jobId!)
  } catch (cause) {
    // The job may end all the same: with its cluster, or while its head does not answer.
    const error = exceptionOf(cause)
    if (!(error instanceof ClusterNotUpError || error instanceof RuntimeError)) throw error
    narrator.line(error.message)
  }
  await untilOver(session, handle!, jobId!, at)
}

export const submit = async (work: Work, waiting: Waiting): Promise<LaunchResult> => {
  const { method, params, task } = work
  const narrator = work.streamed ? terminal : silent
  const awaited: { what: string; operation?: string } = {
    what: `${method}${params.clusterName === null ? "" : ` of ${params.clusterName}`}`
  }
  return onSession(awaited satisfies Awaited, waiting, async (session, signal) => {
    const { drained, ...shown } = narrator.handlers(session)
    const ask: Ask = (asked, handlers = {}) => {
      awaited.operation = ulid()
      return session.call<Launched>(method, asked, { ...shown, ...handlers }, awaited.operation).finally(drained)
    }
    const { run } = task
    const asked = typeof run === "function" ? await withScript(session, run, work, ask, signal) : { ...params, task: task.toYamlConfig() }
    let at = 0
    const launched = await ask(asked, {
      onAt: (position) => {
        at = position
      }
    })
    if (params.dryrun) {
      narrator.line(planLine(launched))
      return { jobId: null, handle: null }
    }
    const { handle, jobId } = launched
    if (jobId !== null && handle !== null) {
      narrator.line(`Job ${jobId}${task.name ? ` of ${task.name}` : ""} on ${handle.clusterName}`)
      if (!work.detached) await follow(session, launched, at, narrator)
    }
    return { jobId, handle: handle && handleOf(handle) }
  })
}
