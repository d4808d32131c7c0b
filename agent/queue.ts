/** The head's queue between the pure scheduler and the nodes: what is taken, what starts next, what may be forgotten. */
import { advanceJob } from "./advance-job.ts"
import { capacityOf } from "./capacity.ts"
import type { Head } from "./Head.ts"
import { detachedSetupKey, jobKey, setupKey } from "./orders.ts"
import type { State } from "./records.ts"
import { canEverFit, type Placed, schedule } from "./scheduler.ts"

const jobOf = (key: string) => (key.startsWith("job-") ? Number(key.slice("job-".length)) : null)

/** A place is free again when nothing of its job is left there, which is later than the job's end. */
const busyPlaces = (head: Head): ReadonlyArray<Placed> => {
  const { jobs, endedJobs } = head.store.state
  const running = Object.values(jobs).flatMap((job) => job.placement ?? [])
  const closing = head.hosts.flatMap((host) =>
    host.views().flatMap(({ key, rank, quiet }) => (quiet ? [] : (endedJobs[jobOf(key) ?? -1]?.placement[rank] ?? [])))
  )
  return [...running, ...closing]
}

export const startQueued = (head: Head) => {
  const { jobs } = head.store.state
  const pending = Object.values(jobs).filter((job) => job.placement === null && job.ending === null)
  if (pending.length === 0) return
  const nodes = head.hosts.flatMap(({ lost, peer: { rank } }) => {
    const capacity = lost ? undefined : capacityOf(head, rank)
    return capacity === undefined ? [] : [{ nodeRank: rank, capacity }]
  })
  const queue = pending.map(({ spec }) => ({ id: spec.id, numNodes: spec.numNodes, accelerators: spec.accelerators }))
  const hopeless =
    nodes.length < head.peers.length
      ? []
      : queue.filter(
          (job) =>
            !canEverFit(
              job,
              nodes.map(({ capacity }) => capacity)
            )
        )
  for (const { id } of hopeless) {
    const reason = "the cluster can never give what the job asks for"
    head.store.append({ type: "ending", jobs: [id], ending: { status: "FAILED", reason } })
    advanceJob(head, jobs[id]!)
  }
  const possible = queue.filter((job) => !hopeless.includes(job))
  for (const { id, placement } of schedule(possible, nodes, busyPlaces(head))) {
    head.store.append({ type: "placed", job: id, placement })
    advanceJob(head, jobs[id]!)
  }
}

/** Work with a part on a node that another one replaces: that part would begin again while the others go on. */
export const endBroken = ({ store }: Head, replaced: ReadonlySet<number>) => {
  if (replaced.size === 0) return
  const { jobs, setups } = store.state
  const reason = "one of its nodes was lost"
  const broken = Object.values(jobs).filter(
    ({ placement, pids, spec }) =>
      placement?.some(({ nodeRank }) => replaced.has(nodeRank)) || (placement && pids === null && spec.setup !== null)
  )
  store.append({ type: "ending", jobs: broken.map(({ spec }) => spec.id), ending: { status: "FAILED", reason } })
  // Setups run on every node.
  store.append({ type: "endingSetup", operations: Object.keys(setups), reason })
}

/** Machines that are gone: whatever had a part on them ends, and nothing new is put there. */
export const lose = (head: Head, nodes: ReadonlyArray<string>) => {
  const fresh = head.hosts.filter(({ lost, peer }) => !lost && nodes.includes(peer.node) && peer.rank !== head.folder.identity.rank)
  for (const host of fresh) host.lost = true
  endBroken(head, new Set(fresh.map(({ peer }) => peer.rank)))
  head.poke()
}

export const liveKeys = ({ jobs, setups }: Pick<State, "jobs" | "setups">) =>
  new Set([...Object.keys(jobs).flatMap((id) => [jobKey(Number(id)), detachedSetupKey(Number(id))]), ...Object.keys(setups).map(setupKey)])

/** Ranks whose end is in the journal, when nothing of them is left. */
export const forgetEnded = (head: Head) => {
  const live = liveKeys(head.store.state)
  for (const host of head.hosts)
    for (const { key, rank, quiet } of host.views()) {
      if (quiet && !live.has(key)) host.forget(key, rank)
    }
}
