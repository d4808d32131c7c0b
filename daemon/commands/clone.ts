/** Whether a new cluster's disk can begin as a copy of another one's, and of which. Refused before anything is made. Pure. */
import * as Result from "effect/Result"
import type { ClonedDisk, MachineWish, Offer, RecordedTask } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { machineNow } from "../../projections/machine-now.ts"
import { ClusterDoesNotExist, exiting, NotSupportedError, type SkydError } from "../../sdk/protocol/errors.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { alternativesOf } from "../../task/alternatives.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { copiedGib, diskGibDefault } from "../../task/disk.ts"
import { placedNeed } from "../../task/placed.ts"
import { plural } from "../../task/plural.ts"
import { present } from "../../task/present.ts"
import { dollars } from "../../task/price.ts"
import { numNodesOf } from "../../task/Task.ts"

interface CloneWish {
  readonly from: string
  readonly source: ClusterRow | undefined
  /** Of the cluster that is to be launched, where it is there already. */
  readonly target: ClusterRow | undefined
  readonly task: RecordedTask
  readonly clones: (cloud: string) => boolean
}

const not = (message: string, hint: string | null = null) => Result.fail<SkydError>(new NotSupportedError({ message, hint }))

export const clonedDisk = ({ clones, from, source, target, task }: CloneWish): Result.Result<ClonedDisk, SkydError> => {
  if (source === undefined)
    return Result.fail(
      new ClusterDoesNotExist({ cluster: from, message: `There is no cluster '${from}'.`, hint: "sky status lists the clusters." })
    )
  if (target !== undefined)
    return not(
      `${target.name} is there already: only a new cluster's disk begins as a copy of another one's.`,
      "Launch it under another name: -c NAME"
    )
  if (source.numNodes > 1 || numNodesOf(task) > 1)
    return not(
      `A disk is copied from one node to one: ${from} has ${plural(source.numNodes, "node")}, and ${plural(numNodesOf(task), "node")} ${numNodesOf(task) === 1 ? "is" : "are"} asked for.`
    )
  const { offer } = source
  const [head] = source.nodes
  if (offer !== null && !clones(offer.cloud))
    return not(`The disk of ${from} cannot be copied: ${cloudDisplay(offer.cloud)} does not do that.`)
  if (offer === null || head === undefined || statusOf(source) !== "STOPPED")
    return Result.mapError(
      not(`The disk of ${from} can be copied while it is STOPPED; it is ${statusOf(source)}.`, `Stop it first: sky stop ${from}`),
      (error) => exiting(error, exitCodes.conflict)
    )
  const gib = machineNow(source).diskGib ?? diskGibDefault
  const small = alternativesOf(task.resources).items.find(({ disk_size: size }) => size !== undefined && size < gib)
  if (small !== undefined)
    return not(`The disk of ${from} has ${gib} GiB, and disk_size asks for ${small.disk_size}.`, `Ask for ${gib} or more, or leave it out.`)
  const { id, log, name } = source
  const { host, node } = head
  return Result.succeed({
    cloud: offer.cloud,
    region: offer.region,
    cluster: id,
    clusterName: name,
    node,
    host,
    gib,
    ...(log !== null && { log })
  })
}

/** Only where the copied disk is. */
export const refuseElsewhere = (clone: ClonedDisk | undefined, { cloud }: Offer) =>
  clone === undefined || clone.cloud === cloud
    ? undefined
    : new NotSupportedError({
        message: `The disk of ${clone.clusterName} is on ${cloudDisplay(clone.cloud)}, and is not copied to ${cloudDisplay(cloud)}.`,
        hint: null
      })

/** The places where the disk can be; all, where it can be in none of them: each says why not. */
export const whereCopied = (clone: ClonedDisk | undefined, offers: ReadonlyArray<Offer>): ReadonlyArray<Offer> => {
  const some = offers.filter((offer) => refuseElsewhere(clone, offer) === undefined)
  return some.length === 0 ? offers : some
}

interface ClonePlan {
  readonly task: RecordedTask
  /** Where it is to go. */
  readonly offer: Offer
  /** As `Cloud` has it. */
  readonly usdPerHour: ((offer: Offer, machine: MachineWish) => number | null) | undefined
}

/** It has the usual size where none is asked for, and is paid for as long as the cluster is there. */
const grown = ({ gib }: ClonedDisk, { offer, task, usdPerHour }: ClonePlan): string => {
  const { disk_size: asked, disk_tier: diskTier } = placedNeed(task.resources, offer)
  const diskGib = copiedGib(gib, asked)
  if (diskGib === gib) return ""
  const usd = usdPerHour?.(offer, present<MachineWish>({ diskGib, diskTier })) ?? null
  const cost = usd === null ? "" : `, about ${dollars(usd)} an hour, off too`
  return ` and has ${diskGib} GiB${cost}${asked === undefined ? `: as large as that by --disk-size ${gib}` : ""}`
}

/** What a launch says of its disk, a sentence each. */
export const notesOfClone = (clone: ClonedDisk | undefined, plan: ClonePlan): ReadonlyArray<string> => {
  if (clone === undefined) return []
  const hasImage = alternativesOf(plan.task.resources).items.some(({ image_id: image }) => image !== undefined)
  return [
    `Its disk begins as a copy of that of ${clone.clusterName} (${clone.gib} GiB)${grown(clone, plan)}.`,
    ...(hasImage ? ["image_id is ignored: what is on the disk is what the machine starts from."] : [])
  ]
}
