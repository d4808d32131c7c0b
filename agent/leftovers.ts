/**
 * Ends every process of a job on this node: all that carry its mark in their environment, belong to the sessions or groups of
 * those, or descend from one seen. TERM, then KILL, until a scan is empty. The node's folder is part of the mark: nodes of the
 * local cloud share a machine, and a copy of the folder has the id of its original.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { environmentOf, isGone, type Process, pids, processOf } from "./processes.ts"

const graceMs = 10_000
const firstPauseMs = 5
const longestPauseMs = 250
/** Of the time that ending takes, scans have at most a fifth. */
const pausePerScan = 4
/** A scan gives way to other work after so many processes. */
const slice = 200

export interface Mark {
  /** Of the node, absolute. */
  readonly folder: string
  /** `<cluster>/<job>`, or `<cluster>/` for all of a cluster's. */
  readonly job: string
}

export const markedEnvironment = (mark: Mark) => ({ SKYD_JOB: mark.job, SKYD_FOLDER: mark.folder })

/** A process with what its environment says. */
interface Marked {
  readonly process: Process
  readonly job: string
  readonly folder: string
}

const variable = (environment: string, name: string) => {
  const at = environment.indexOf(`\0${name}=`)
  return at < 0 ? "" : environment.slice(at + name.length + 2, environment.indexOf("\0", at + 1))
}

const readAll = async (): Promise<ReadonlyArray<Marked>> => {
  const all: Array<Marked> = []
  let looked = 0
  for (const pid of pids()) {
    if (++looked % slice === 0) await new Promise(setImmediate)
    const found = processOf(pid)
    // Session 0 is the kernel's own.
    if (found === null || isGone(found) || pid === process.pid || found.session === 0) continue
    const environment = environmentOf(pid)
    all.push({ process: found, job: variable(environment, "SKYD_JOB"), folder: variable(environment, "SKYD_FOLDER") })
  }
  return all
}

let next: Promise<ReadonlyArray<Marked>> | null = null

/** One look at /proc serves all who asked for one before it began. */
const snapshot = (): Promise<ReadonlyArray<Marked>> => {
  next ??= new Promise<void>(setImmediate).then(() => {
    next = null
    return readAll()
  })
  return next
}

/** What one scan after another has learned. */
class Tree {
  readonly #seen = new Map<number, string>()
  readonly #sessions = new Set<number>()
  readonly #groups = new Set<number>()
  readonly #self = processOf("self")

  add(process: Process) {
    this.#seen.set(process.pid, process.start)
    if (process.session !== this.#self?.session) this.#sessions.add(process.session)
    if (process.group !== this.#self?.group) this.#groups.add(process.group)
  }

  related(one: Process) {
    const { pid, start, parent, session, group } = one
    return this.#seen.get(pid) === start || this.#seen.has(parent) || this.#sessions.has(session) || this.#groups.has(group)
  }

  get isEmpty() {
    return this.#seen.size === 0
  }
}

const scan = async (mark: Mark, tree: Tree): Promise<ReadonlyArray<Process>> => {
  const found: Array<Process> = []
  let others: Array<Process> = []
  const add = (process: Process) => {
    tree.add(process)
    found.push(process)
  }
  for (const { process, job, folder } of await snapshot()) {
    const carries = folder === mark.folder && (mark.job.endsWith("/") ? job.startsWith(mark.job) : job === mark.job)
    if (carries) add(process)
    else others.push(process)
  }
  // Relatives of relatives, until none is new.
  for (let before = -1; before !== found.length && !tree.isEmpty; ) {
    before = found.length
    others = others.filter((one) => {
      const related = tree.related(one)
      if (related) add(one)
      return !related
    })
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
    const scanAtMs = performance.now()
    const found = await scan(mark, tree)
    if (found.length === 0) return
    const scanMs = performance.now() - scanAtMs
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
    await sleep(Math.max(pauseMs, pausePerScan * scanMs))
  }
}
