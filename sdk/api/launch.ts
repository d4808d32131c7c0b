/** `launch` and `exec`: a task on a cluster, and the wait for it. */
import { type Maybe, minutesToAutostop, clusterName as nameOf, options, shown, yesOrNo } from "./arguments.ts"
import { programName, type Waiting } from "./call.ts"
import { type Dag, oneTask } from "./Dag.ts"
import { OptimizeTarget } from "./enums.ts"
import { NotSupportedError, ValueError } from "./exceptions.ts"
import { type LaunchResult, submit } from "./submit.ts"
import type { Task } from "./Task.ts"

export interface ExecOptions extends Waiting {
  /** Only check; nothing is run. */
  readonly dryrun?: Maybe<boolean>
  /** Tear the cluster down once all jobs have finished, well or badly: after 1 idle minute, over any setting that is there. */
  readonly down?: Maybe<boolean>
  /** Show progress (on stderr) and the job's output (on stdout); true where nothing is said. */
  readonly streamLogs?: Maybe<boolean>
  /** There is one, which null means. */
  readonly backend?: Maybe<never>
  /** Resolve as soon as the job is submitted, and show none of its output. */
  readonly detachRun?: Maybe<boolean>
}

export interface LaunchOptions extends ExecOptions {
  /** Of the cluster that is made, or used again; made up where nothing is said. */
  readonly clusterName?: Maybe<string>
  /** Ask again and again until there is a place. */
  readonly retryUntilUp?: Maybe<boolean>
  /**
   * Stop the cluster after so many whole minutes without a job that waits, sets up or runs; 0 counts as 1. Where nothing is said, the
   * `autostop` of the task's resources holds; without one it is not stopped.
   */
  readonly idleMinutesToAutostop?: Maybe<number>
  /** Only plan; nothing is made. */
  readonly dryrun?: Maybe<boolean>
  /**
   * Tear the cluster down once all jobs have finished, well or badly: after `idleMinutesToAutostop`, else as long as its
   * resources say in `autostop`, else 1 idle minute. Errors in
   * provisioning, syncing or setting up never tear it down.
   */
  readonly down?: Maybe<boolean>
  /**
   * `COST` where nothing is said. A task says nowhere how long it runs: with `TIME` it is taken to run as long in each place, and what it
   * costs decides.
   */
  readonly optimizeTarget?: Maybe<OptimizeTarget>
  /** Make setup a part of the job: it goes on whatever becomes of the caller, and `tailLogs` shows it. */
  readonly detachSetup?: Maybe<boolean>
  /** Do not run setup. */
  readonly noSetup?: Maybe<boolean>
  /** A STOPPED cluster: the new one's disk begins as a copy of its. Both of one node, and on the same cloud: AWS or GCP. */
  readonly cloneDiskFrom?: Maybe<string>
}

const execNames = ["dryrun", "down", "streamLogs", "backend", "detachRun", "signal"] as const
const launchNames = [
  ...execNames,
  "clusterName",
  "retryUntilUp",
  "idleMinutesToAutostop",
  "optimizeTarget",
  "detachSetup",
  "noSetup",
  "cloneDiskFrom"
] as const

const refuseOther = ({ backend, optimizeTarget }: LaunchOptions) => {
  if (backend !== null && backend !== undefined) throw new NotSupportedError("There is one backend, the default one: leave backend out.")
  if (optimizeTarget !== null && optimizeTarget !== undefined && !Object.hasOwn(OptimizeTarget, optimizeTarget))
    throw new ValueError(`optimizeTarget is sky.OptimizeTarget.COST or TIME, got ${shown(optimizeTarget)}.`)
}

const askedOf = ({ down, dryrun }: ExecOptions) => ({
  dryrun: yesOrNo(dryrun, "dryrun") ?? false,
  down: yesOrNo(down, "down") ?? false
})

const shownOf = ({ detachRun, streamLogs }: ExecOptions) => ({
  streamed: yesOrNo(streamLogs, "streamLogs") ?? true,
  detached: yesOrNo(detachRun, "detachRun") ?? false
})

/**
 * Launches a cluster, or uses one that exists, and runs a task on it: provisions, syncs the workdir and the mounts, runs `setup`, submits
 * `run` as a job, and waits for its end. A job that fails is no error: `jobStatus` tells. A `run` function is evaluated when the nodes have
 * addresses.
 *
 * Rejects with `InvalidClusterNameError`; `ResourcesMismatchError` (the cluster that is there has less); `ResourcesUnavailableError` (no
 * place; see its `failoverHistory`); `StopFailoverError` (a place gave a part, which cannot be released: the cluster stays);
 * `NotSupportedError`; `CommandError` (setup, or a sync, fails: the cluster stays); `ClusterOwnerIdentityMismatchError`;
 * `CloudUserIdentityError`; `NoCloudAccessError`; `ValueError`.
 *
 * @example await sky.launch(new sky.Task({ run: "echo hello" }), { clusterName: "my-cluster" })
 */
export const launch = async (task: Task | Dag, launchOptions?: Maybe<LaunchOptions>): Promise<LaunchResult> => {
  const one = oneTask(task, "launch")
  const given = options(launchOptions, launchNames, "launch")
  const { cloneDiskFrom, clusterName, detachSetup, idleMinutesToAutostop, noSetup, retryUntilUp } = given
  const params = {
    clusterName: clusterName === null || clusterName === undefined ? null : nameOf(clusterName),
    idleMinutesToAutostop: minutesToAutostop(idleMinutesToAutostop),
    retryUntilUp: yesOrNo(retryUntilUp, "retryUntilUp") ?? false,
    ...askedOf(given),
    detachSetup: yesOrNo(detachSetup, "detachSetup") ?? false,
    noSetup: yesOrNo(noSetup, "noSetup") ?? false,
    blocked: one.blockedResources.map((pattern) => pattern.toYamlConfig()),
    cloneDiskFrom: cloneDiskFrom === null || cloneDiskFrom === undefined ? null : nameOf(cloneDiskFrom),
    lastUse: programName()
  }
  refuseOther(given)
  return submit({ method: "launch", task: one, params, ...shownOf(given) }, given)
}

/**
 * Runs a task on a cluster that is UP: syncs its workdir and submits `run` as a job, nothing else. The job waits in the queue until what it
 * asks is free; it has no terminal. Resolves when it has ended.
 *
 * Rejects with `ValueError` when there is no such cluster, and with `ClusterNotUpError`, which is one, when it is not UP;
 * `ResourcesMismatchError` (it can never give that); `CommandError` (a sync fails); `NotSupportedError`;
 * `ClusterOwnerIdentityMismatchError`; `CloudUserIdentityError`.
 */
export const exec = async (task: Task | Dag, clusterName: string, execOptions?: Maybe<ExecOptions>): Promise<LaunchResult> => {
  const one = oneTask(task, "exec")
  const name = nameOf(clusterName)
  const given = options(execOptions, execNames, "exec")
  const params = { clusterName: name, ...askedOf(given), lastUse: programName() }
  refuseOther(given)
  return submit({ method: "exec", task: one, params, ...shownOf(given) }, given)
}
