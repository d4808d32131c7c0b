/** A placed job's next step: its detached setup on every node, then its ranks; the first that fails takes its peers with it. */
import { capacityOf } from "./capacity.ts"
import { areOver, endAll, exitsOf, haveBegun, type Member, pidsOf, startAll } from "./gang.ts"
import type { Head } from "./Head.ts"
import { detachedSetupKey, detachedSetupOrder, jobKey, runOrder, secretsOf } from "./orders.ts"
import { describeFailure, type Exit, firstFailure } from "./outcome.ts"
import type { Job, JobEnded } from "./records.ts"
import { lostSecrets } from "./submission.ts"

const setupMembers = (head: Head, { spec }: Job): ReadonlyArray<Member> =>
  spec.setup === null
    ? []
    : head.hosts.map((host, rank) => ({
        host,
        key: detachedSetupKey(spec.id),
        rank,
        order: () => detachedSetupOrder(head.folder, head.peers, spec, rank)
      }))

const runMembers = (head: Head, { spec, placement }: Job): ReadonlyArray<Member> =>
  placement!.map(({ nodeRank }, rank) => ({
    host: head.hosts[nodeRank]!,
    key: jobKey(spec.id),
    rank,
    order: () => runOrder(head.folder, head.peers, spec, placement!, rank, capacityOf(head, nodeRank)?.accelerators ?? null)
  }))

const codes = (exits: ReadonlyArray<Exit>) => exits.map(({ code }) => code)

/** Nothing of it starts without its secrets. One that has begun on all its nodes goes on, though they are lost; another ends. */
const mayStart = (head: Head, job: Job) => {
  if (job.ending !== null || job.failing !== null) return false
  const { id } = job.spec
  if (secretsOf(head.folder, jobKey(id), job.spec) !== null) return true
  const ending = { status: "FAILED", reason: lostSecrets } as const
  if (job.pids === null) head.store.append({ type: "ending", jobs: [id], ending })
  return false
}

export const advanceJob = (head: Head, job: Job) => {
  const { id } = job.spec
  const setup = setupMembers(head, job)
  const finish = (status: JobEnded["status"], returnCodes: ReadonlyArray<number>, reason: string | null) =>
    head.reports.tell({ _tag: "JobEnded", job: id, status, returnCodes, reason }, pidsOf(setup))
  if (head.reports.isTellingEnd(id)) return
  if (job.placement === null) return finish(job.ending!.status, [], job.ending!.reason)
  const starts = mayStart(head, job)
  const run = runMembers(head, job)
  const hasRun = run.some(({ host, key, rank }) => host.view(key, rank) !== undefined)
  if (setup.length > 0 && !hasRun) {
    const exits = exitsOf(head, setup)
    if (!job.settingUp) head.reports.tell({ _tag: "JobSettingUp", job: id })
    if (job.ending !== null) endAll(setup)
    else if (starts) startAll(setup)
    if (!areOver(exits)) return
    if (job.ending !== null) return finish(job.ending.status, [], job.ending.reason)
    const failure = firstFailure(exits)
    if (failure !== null) return finish("FAILED_SETUP", codes(exits), `setup: ${describeFailure(failure.rank, failure.exit)}`)
  }
  if (starts) startAll(run)
  return advanceRun(head, job, run, finish)
}

const advanceRun = (
  head: Head,
  job: Job,
  run: ReadonlyArray<Member>,
  finish: (status: JobEnded["status"], returnCodes: ReadonlyArray<number>, reason: string | null) => void
) => {
  const exits = exitsOf(head, run)
  const failure = job.ending === null && job.failing === null ? firstFailure(exits) : null
  if (failure !== null) head.store.append({ type: "failing", job: job.spec.id, failing: { rank: failure.rank, ...failure.exit } })
  if (job.ending !== null || job.failing !== null) endAll(run.filter((_, rank) => exits[rank] === null))
  if (job.pids === null && haveBegun(head, run)) {
    const pids = pidsOf(run)
    const ranks = run.map(({ host, rank }) => ({ rank, node: host.peer.node, nodeRank: host.peer.rank, pid: pids[rank]! }))
    head.reports.tellSoon({ _tag: "JobStarted", job: job.spec.id, ranks }, areOver(exits))
  }
  if (!areOver(exits)) return
  if (job.ending !== null) finish(job.ending.status, codes(exits), job.ending.reason)
  else if (job.failing !== null) finish("FAILED", codes(exits), describeFailure(job.failing.rank, job.failing))
  else finish("SUCCEEDED", codes(exits), null)
}
