/**
 * Which instance a node is: the one that the log has by its id, whatever others have made of its tags. Tags may be lost, or copied to a
 * second instance, as the console's "Launch more like this" does; by them alone a node is found only where the log has no id.
 */
import type { Instance } from "@aws-sdk/client-ec2"
import { tokenOf } from "../../../events/ids.ts"
import { parseAccelerator } from "../../../task/accelerators.ts"
import { type Found as FoundAs, finder } from "../../rented/found.ts"
import type { NodeRef } from "../Cloud.ts"
import { phaseOf } from "./states.ts"
import { type Label, labelOf, tagIn, tagNames } from "./tags.ts"

export type Found = FoundAs<Instance, Label>

const { foundIn: byTags } = finder<Instance, Label>(labelOf, (instance) => phaseOf(instance) === "gone")

/** What its tags say no more the log does. Other owners' tags stay what they are. */
export const fromLog = ({ node, rank, tags }: NodeRef, { Tags }: Instance): Label => {
  const of = (name: keyof typeof tagNames) => tagIn(Tags, tagNames[name])
  return {
    tags: { ...tags, log: of("log") ?? tags.log, cluster: (of("cluster") ?? tags.cluster) as typeof tags.cluster },
    folder: of("folder") ?? "",
    token: tokenOf(node),
    ranks: [rank],
    rank,
    node,
    group: of("group") ?? null,
    accelerators: parseAccelerator(of("accelerators") ?? "") ?? null
  }
}

/** One list is looked at by everybody who waited for it. */
const indexes = new WeakMap<ReadonlyArray<Instance>, ReadonlyMap<string | undefined, Instance>>()
const byId = (instances: ReadonlyArray<Instance>, id: string): Instance | undefined => {
  const index = indexes.get(instances) ?? new Map(instances.map((one) => [one.InstanceId, one]))
  indexes.set(instances, index)
  return index.get(id)
}

export const foundIn = (instances: ReadonlyArray<Instance>, ref: NodeRef): Found | undefined => {
  if (ref.host === null) return byTags(instances, ref.node)
  const instance = byId(instances, ref.host)
  return instance && { instance, label: labelOf(instance) ?? fromLog(ref, instance) }
}
