/**
 * Ends every process of a job on this node: all that carry its mark in their environment, belong to the sessions or groups of
 * those, or descend from one seen. TERM, then KILL, until a scan is empty. The node's id is part of the mark: nodes of the
 * local cloud share a machine.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { environmentOf, isGone, type Process, pids, processOf } from "./processes.ts"

const graceMs = 10_000
const firstPauseMs = 5
const longestPauseMs = 250
/** A scan gives way to other work after so many processes. */
const slice = 200

export interface Mark {
  readonly node: string
  /** `<cluster>/<job>`, or `<cluster>/` for all of a cluster's. */
  readonly job: string
}

export const markedEnvironment = (mark: Mark) => ({ SKYD_JOB: mark.job, SKYD_NODE: mark.node })

const carries = (environment: string, mark: Mark) =>
  environment.includes(`\0SKYD_JOB=${mark.job}${mark.job.endsWith("/") ? "" : "\0"}`) && environment.includes(`\0SKYD_NODE=${mark.node}\0`)

/** What one scan after another has learned. */
class Tree {
  readonly seen = new Map<number, string>()
  readonly sessions = new Set<number>()
  readonly groups = new Set<number>()
  readonly #self = processOf("self")

  add(process: Process) {
    this.seen.set(process.pid, process.start)
    if (process.session !== this.#self?.session) this.sessions.add(process.session)
    if (process.group !== this.#self?.group) this.groups.add(process.group)
  }

  related(one: Process) {
    return this.seen.get(one.pid) === one.start || this.seen.has(one.parent) || this.sessions.has(one.session) || this.groups.has(one.group)
  }
}

const scan = async (mark: Mark, tree: Tree): Promise<ReadonlyArray<Process>> => {
  const others: Array<Process> = []
  const found: Array<Process> = []
  let looked = 0
  for (const pid of pids()) {
    if (++looked % slice === 0) await new Promise(setImmediate)
    const one = processOf(pid)
    if (one === null || isGone(one) || pid === process.pid || one.session === 0) continue
    if (!carries(environmentOf(pid), mark)) {
      others.push(one)
      continue
    }
    tree.add(one)
    found.push(one)
  }
  for (let grew = found.length > 0 || tree.seen.size > 0; grew; ) {
    grew = false
    for (const one of others.splice(0)) {
      if (!tree.related(one)) {
        others.push(one)
        continue
      }
      tree.add(one)
      found.push(one)
      grew = true
    }
  }
  return found
}

const signal = (target: Process, name: NodeJS.Signals) => {
  if (processOf(target.pid)?.start !== target.start) return
  try {
    process.kill(target.pid, name)
  } catch {
    // It ended by itself, or is another user's.
  }
}

/** Resolves when nothing of it is left. */
export const endProcesses = async (mark: Mark): Promise<void> => {
  const tree = new Tree()
  const asked = new Set<string>()
  const beganMs = performance.now()
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const found = await scan(mark, tree)
    if (found.length === 0) return
    const late = performance.now() - beganMs >= graceMs
    for (const one of found) {
      const id = `${one.pid}/${one.start}`
      if (late) signal(one, "SIGKILL")
      else if (!asked.has(id)) {
        asked.add(id)
        signal(one, "SIGTERM")
        signal(one, "SIGCONT")
      }
    }
    await sleep(pauseMs)
  }
}
