/** Instances as the nodes that they are, in a list. */
import { CloudError, type NodeRef } from "../Cloud.ts"
import type { Instance } from "./api.ts"
import type { Listed } from "./Instances.ts"
import { type Label, labelOf } from "./names.ts"

export interface Found {
  readonly instance: Instance
  readonly label: Label
}

export const asFound = (instance: Instance | undefined): Found | undefined => {
  const label = instance === undefined ? null : labelOf(instance)
  return instance === undefined || label === null ? undefined : { instance, label }
}

export const notOurs = ({ node, tags }: NodeRef, { tags: its }: Label) =>
  new CloudError({
    kind: "Refused",
    code: "NotOurs",
    message: `Node ${node} belongs to cluster ${its.cluster} of log ${its.log}, not to ${tags.cluster} of ${tags.log}: nothing was done to it.`
  })
export const isOurs = ({ tags }: NodeRef, { tags: its }: Label) => tags.log === its.log && tags.cluster === its.cluster

/** One list is looked at by everybody who waited for it. */
const indexes = new WeakMap<Listed, ReadonlyMap<string, Found>>()
export const foundIn = (listed: Listed, node: string): Found | undefined => {
  const known = indexes.get(listed)
  if (known !== undefined) return known.get(node)
  const index = new Map<string, Found>()
  for (const instance of listed.instances) {
    const found = asFound(instance)
    if (found !== undefined) index.set(found.label.node, found)
  }
  indexes.set(listed, index)
  return index.get(node)
}
