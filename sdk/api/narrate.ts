/** What `streamLogs` shows, as the command line does where it is no terminal: phases and setup on stderr, the job's output on stdout. */

import { cloudDisplay } from "../../task/clouds.ts"
import { placeName } from "../../task/place.ts"
import { priceText } from "../../task/price.ts"
import type { Handlers } from "../client/Pending.ts"
import { makePrefixer } from "../client/Prefixer.ts"
import { phaseText, quiet } from "../client/phases.ts"
import type { Session } from "../client/Session.ts"
import { followSetup } from "../client/setup-output.ts"
import type { Launched } from "../protocol/launch.ts"
import type { Progress } from "../protocol/Wire.ts"

const says = (text: string) => void process.stderr.write(`${text}\n`)
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
/** The words may end in a time or a price themselves. */
const timed = (detail: string, time: string) => (detail === "" ? time : `${detail} (${time})`)
/** A name must not move the cursor. */
const clean = (text: string) => text.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, " ")

const phases = () => {
  const begunAtMs = new Map<string, number>()
  return ({ atMs, detail, news, phase, state }: Progress): void => {
    const sinceMs = begunAtMs.get(phase)
    if (state === "running") {
      begunAtMs.set(phase, sinceMs ?? atMs)
      if (phase === "queued" || news) says(`${phaseText(phase, false)}: ${clean(detail)}`)
      return
    }
    if (phase === "provision" && state === "done") begunAtMs.set("bootstrap", atMs)
    if (state === "failed") says(`Failed: ${phase} ${clean(detail)}`.trimEnd())
    // An agent starts once its node is there; that of a node which ran before is only looked after.
    else if (!quiet.includes(phase) && !(phase === "bootstrap" && sinceMs === undefined))
      says(`${phaseText(phase, true)} ${timed(clean(detail), seconds(atMs - (sinceMs ?? atMs)))}`)
  }
}

export interface Narrator {
  readonly handlers: (session: Session) => Handlers & { readonly drained: () => Promise<void> }
  readonly line: (text: string) => void
  /** A job's output, to its end. */
  readonly output: (session: Session, clusterName: string, jobId: number) => Promise<void>
}

const nothing = { onProgress: () => {}, drained: async () => {} }

export const silent: Narrator = { handlers: () => nothing, line: () => {}, output: async () => {} }

export const terminal: Narrator = {
  handlers: (session) => {
    const show = { take: phases(), print: (text: string) => void process.stderr.write(text), dress: (prefix: string) => prefix }
    const { drained, take } = followSetup(session, show)
    return { onProgress: take, drained }
  },
  line: says,
  output: async (session, clusterName, jobId) => {
    const lines = makePrefixer((bytes) => void process.stdout.write(bytes))
    try {
      await session.call(
        "logs",
        { clusterName, jobId, follow: true },
        { onSource: ({ prefix, rank }) => lines.source(rank, prefix), onLog: (rank, bytes) => lines.push(rank, bytes) }
      )
    } finally {
      lines.end()
    }
  }
}

export const planLine = ({ cluster, plan }: Launched): string => {
  if (plan === undefined) return "Dry run: the task fits."
  const { accelerators, catalog, cloud, cpus, instanceType, memoryGib, region, useSpot, zone } = plan.offer
  const type = `${instanceType}${useSpot ? "[Spot]" : ""}`
  const machine = instanceType === null ? placeName(plan.offer) : `${cloudDisplay(cloud)} ${type} in ${zone ?? region}`
  const gpus = accelerators === null ? "" : `, ${accelerators.name}:${accelerators.count}`
  const price = `${priceText(plan.offer, plan.numNodes)}${catalog === null ? "" : ` (price of ${catalog})`}`
  const where = !plan.enabled ? "a cloud that is not enabled" : plan.newCluster ? "a new cluster" : cluster
  return `Dry run: ${plan.numNodes}x ${machine} (${cpus} vCPUs, ${memoryGib} GiB${gpus}), ${price}, on ${where}.`
}
