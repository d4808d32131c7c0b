/**
 * What an agent remembers, as a fold over its own records (agent/records.jsonl). A head's jobs and setups, a node's ranks.
 * Pure but for changing `state` in place; applying a record twice changes nothing, since the journal is folded in as well.
 */
import type { JournalFact } from "../sdk/agent/protocol.ts"
import type { JobEnded, Record, State } from "./records.ts"

/** Jobs and setups that ended and can still be shown. */
const endedKept = 10_000

export const emptyState = (cluster: string, node: string): State => ({
  cluster,
  node,
  marker: null,
  boot: null,
  startedMs: 0,
  startedEntry: 0,
  halted: false,
  exited: false,
  fired: false,
  peers: [],
  capacities: {},
  taken: [],
  jobs: {},
  setups: {},
  endedJobs: {},
  endedSetups: {},
  ranks: {},
  head: null,
  setting: null,
  idleSinceMs: 0,
  idleBoot: null
})

export const isTaken = (state: State, id: number) => state.taken.some(([first, last]) => first <= id && id <= last)

/** The run that was taken under this number; undefined when that is not known any more. */
export const runOf = ({ endedJobs, jobs }: State, id: number) => (jobs[id] ?? endedJobs[id])?.spec.runTimestamp

export const take = (state: State, id: number) => {
  if (isTaken(state, id)) return
  state.taken.push([id, id])
  state.taken.sort((a, b) => a[0] - b[0])
  state.taken = state.taken.reduce<Array<[number, number]>>((ranges, range) => {
    const before = ranges.at(-1)
    if (before !== undefined && before[1] + 1 >= range[0]) before[1] = Math.max(before[1], range[1])
    else ranges.push(range)
    return ranges
  }, [])
}

const keepNewest = (table: { [key: string]: unknown }) => {
  const keys = Object.keys(table)
  if (keys.length > endedKept) delete table[keys[0]!]
}

/** Of one that the journal knows and a power cut took from the records: it still runs only once. */
const rememberEnd = (state: State, fact: JobEnded) => {
  const { job: id, runTimestamp } = fact
  take(state, id)
  if (runTimestamp === undefined || state.endedJobs[id] !== undefined) return
  const spec = { id, name: null, runTimestamp, setup: false }
  state.endedJobs[id] = { spec, placement: [], pids: [], setupPids: [], fact }
  keepNewest(state.endedJobs)
}

const tell = (state: State, fact: JournalFact, setupPids: ReadonlyArray<number>) => {
  if (fact._tag === "AutostopFired") {
    state.fired = true
    return
  }
  if (fact._tag === "SetupEnded") {
    const setup = state.setups[fact.operation]
    delete state.setups[fact.operation]
    // One that the journal knows and a power cut took from the records still runs only once.
    state.endedSetups[fact.operation] ??= { runTimestamp: setup?.spec.runTimestamp ?? "unknown", setupPids, fact }
    return keepNewest(state.endedSetups)
  }
  const job = state.jobs[fact.job]
  if (job === undefined) {
    if (fact._tag === "JobEnded") rememberEnd(state, fact)
    return
  }
  if (fact._tag === "JobSettingUp") job.settingUp = true
  if (fact._tag === "JobStarted") job.pids = fact.ranks.map(({ pid }) => pid)
  if (fact._tag !== "JobEnded") return
  const { id, name, runTimestamp, numNodes, setup } = job.spec
  const spec = { id, name, runTimestamp, numNodes, setup: setup !== null }
  state.endedJobs[id] = { spec, placement: job.placement ?? [], pids: job.pids ?? [], setupPids, fact }
  delete state.jobs[id]
  keepNewest(state.endedJobs)
}

export const rankKey = (key: string, rank: number) => `${key}.${rank}`

const applyRank = (state: State, record: Extract<Record, { readonly type: "planned" | "endingRank" | "forgotten" }>) => {
  const { key, rank } = record
  const known = state.ranks[rankKey(key, rank)]
  if (record.type === "planned") state.ranks[rankKey(key, rank)] = { key, rank, ending: record.ending }
  else if (record.type === "forgotten") delete state.ranks[rankKey(key, rank)]
  else if (known !== undefined) known.ending = true
}

const applyWork = (state: State, record: Record) => {
  switch (record.type) {
    case "submitted":
      for (const spec of record.jobs) {
        if (isTaken(state, spec.id)) continue
        take(state, spec.id)
        state.jobs[spec.id] = { spec, placement: null, ending: null, failing: null, settingUp: false, pids: null }
      }
      break
    case "placed":
      if (state.jobs[record.job] !== undefined) state.jobs[record.job]!.placement = record.placement
      break
    case "ending":
      for (const id of record.jobs) if (state.jobs[id] !== undefined) state.jobs[id].ending ??= record.ending
      break
    case "failing":
      if (state.jobs[record.job] !== undefined) state.jobs[record.job]!.failing ??= record.failing
      break
    case "setup":
      if (state.endedSetups[record.spec.operation] === undefined)
        state.setups[record.spec.operation] ??= { spec: record.spec, ending: null }
      break
    case "endingSetup":
      for (const id of record.operations) if (state.setups[id] !== undefined) state.setups[id].ending ??= record.reason
      break
    case "told":
      tell(state, record.fact, record.setupPids ?? [])
  }
}

export const apply = (state: State, record: Record): State => {
  switch (record.type) {
    case "state":
      // An older agent's may lack what came later.
      return { ...emptyState(record.state.cluster, record.state.node), ...record.state }
    case "started":
      if (state.marker !== record.marker || state.exited || state.boot !== record.boot) {
        state.startedMs = record.atMs ?? 0
        state.startedEntry = record.entry ?? 0
      }
      if (state.marker !== record.marker || state.exited) {
        state.halted = false
        state.fired = false
      }
      state.exited = false
      state.marker = record.marker
      state.boot = record.boot
      break
    case "exited":
      state.exited = true
      break
    case "halted":
      state.halted = true
      break
    case "resumed":
      state.halted = false
      break
    case "heeded":
      state.head = record.head
      break
    case "peers":
      state.peers = record.peers
      break
    case "capacity":
      state.capacities[record.rank] = record.capacity
      break
    case "planned":
    case "endingRank":
    case "forgotten":
      applyRank(state, record)
      break
    case "autostop":
      state.setting = record.setting
      state.idleSinceMs = record.idleSinceMs
      state.idleBoot = record.boot
      break
    case "active":
      state.idleSinceMs = record.idleSinceMs
      state.idleBoot = record.boot
      break
    default:
      applyWork(state, record)
  }
  return state
}
