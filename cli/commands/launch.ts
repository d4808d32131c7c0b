/** `sky launch`: a cluster, new or reused, and a task on it. What it costs is said before the question. */

import { commandLine } from "../../sdk/client/caller.ts"
import { redact } from "../../sdk/client/redact.ts"
import type { Session } from "../../sdk/client/Session.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { Launched } from "../../sdk/protocol/launch.ts"
import type { StatusAnswer } from "../../sdk/protocol/queries.ts"
import { launchAutostop } from "../../task/placed.ts"
import { plural } from "../../task/plural.ts"
import { numNodesOf, type Task } from "../../task/Task.ts"
import { againOf } from "../again.ts"
import { confirm } from "../ask.ts"
import { attach } from "../attach.ts"
import { stderr, stdout } from "../out.ts"
import { usageError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { besides, ignored, planTable, summary } from "../render/plan.ts"
import { clean, isColoured } from "../render/style.ts"
import type { Screen } from "../render/table.ts"
import { watchSetup } from "../setup-output.ts"
import { taskOf } from "../task/flags.ts"
import { carriedOnly } from "../task/notes.ts"
import { taskOptions, wholeNumber } from "../task/options.ts"
import { screen, type Verb, verb } from "../verb.ts"

const usage = "sky launch [-y] [-c CLUSTER] [-d] [-i MINUTES] [--down] [--dryrun] [-a] [TASK FLAGS] [FILE.yaml|COMMAND…]"

/** A new cluster may be paid for, and a stopped one comes back to life: both are asked for. One that is up is simply used. */
const ask = async (session: Session, { cluster, plan }: Launched): Promise<void> => {
  if (plan?.newCluster !== false) return confirm(`Launch a new cluster${cluster === null ? "" : ` '${clean(cluster)}'`}?`, true)
  const { clusters } = await session.call<StatusAnswer>("status", { clusterNames: [cluster] })
  const [own] = clusters
  if (own?.status === "STOPPED") await confirm(`Restart the stopped cluster '${clean(cluster!)}'?`, true)
  else if (own?.phase === null && own.nodes.length < own.numNodes)
    await confirm(`Ask for the ${plural(own.numNodes - own.nodes.length, "node")} that '${clean(cluster!)}' lacks?`, true)
}

const talk = (): Screen => ({ width: stderr.isTTY() ? stderr.columns() : undefined, colour: isColoured(stderr) })

const titleOf = (task: Task) => clean(task.name ?? "(unnamed)")

const fateOf = ({ down, idleMinutes }: ReturnType<typeof launchAutostop>): string | undefined =>
  idleMinutes === null ? undefined : `${down ? "goes" : "stops"} after ${plural(idleMinutes, "idle minute")}`

export const launch: Verb = verb(
  usage,
  {
    ...taskOptions,
    cluster: { type: "string", short: "c" },
    dryrun: { type: "boolean" },
    all: { type: "boolean", short: "a" },
    "detach-setup": { type: "boolean", short: "s" },
    "detach-run": { type: "boolean", short: "d" },
    "idle-minutes-to-autostop": { type: "string", short: "i" },
    down: { type: "boolean" },
    "retry-until-up": { type: "boolean", short: "r" },
    yes: { type: "boolean", short: "y" },
    "no-setup": { type: "boolean" },
    "clone-disk-from": { type: "string" },
    clone: { type: "string" }
  },
  async ({ flags, words, json, argv, connect }) => {
    const task = taskOf(words, flags)
    if (!json) stderr.write(carriedOnly(task))
    const idle = flags["idle-minutes-to-autostop"]
    const idleMinutes = idle === undefined ? undefined : wholeNumber("-i", idle, 0)
    const cloneDiskFrom = flags["clone-disk-from"] ?? flags.clone
    const params = {
      task,
      clusterName: flags.cluster ?? null,
      lastUse: commandLine(argv),
      ...(idleMinutes === undefined ? {} : { idleMinutesToAutostop: idleMinutes }),
      ...(flags.down ? { down: true } : {}),
      ...(flags["detach-setup"] ? { detachSetup: true } : {}),
      ...(flags["no-setup"] ? { noSetup: true } : {}),
      ...(cloneDiskFrom === undefined ? {} : { cloneDiskFrom }),
      ...(flags["retry-until-up"] ? { retryUntilUp: true } : {})
    }
    if (flags["no-setup"] && flags["detach-setup"]) throw usageError("--no-setup and --detach-setup exclude each other.")
    const session = connect()
    const planned = await session.call<Launched>("launch", { ...params, dryrun: true })
    // What no enabled cloud has is refused when it is meant: nothing is said of places then, and nothing asked.
    const isRefused = planned.plan?.enabled === false && !flags.dryrun
    const all = flags.all === true
    if (!json && planned.plan && !isRefused) {
      stderr.write(`Task ${titleOf(task)} ${summary(planned.plan, Date.now(), numNodesOf(task))}\n${ignored(planned, task)}`)
      if (!flags.dryrun) stderr.write(besides(planned.plan, talk(), all))
      const fate = fateOf(launchAutostop(params, task.resources, planned.plan.offer))
      if (fate !== undefined) stderr.write(`It ${fate}.\n`)
    }
    if (flags.dryrun) {
      stdout.write(json ? jsonLine(planned) : planned.plan ? planTable(planned.plan, screen(), Date.now(), all) : "")
      return exitCodes.ok
    }
    if (!flags.yes && !isRefused) await ask(session, planned)
    const clusterName = params.clusterName ?? planned.cluster
    return attach({
      session,
      method: "launch",
      params: { ...params, clusterName },
      json,
      detach: flags["detach-run"] === true,
      watch: (session, progress) => watchSetup(session, progress, json),
      again: againOf(argv, launch, redact(words), clusterName ?? "CLUSTER"),
      fate: fateOf(launchAutostop(params, task.resources, planned.plan?.offer ?? null))
    })
  }
)
