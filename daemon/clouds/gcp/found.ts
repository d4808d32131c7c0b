/**
 * Instances as the nodes that they are: in lists by their labels. One that answers under the very name of a node is there, whatever labels
 * it has by now: Terraform and the console replace them all at once.
 */
import { tokenOf } from "../../../events/ids.ts"
import { type Found as FoundAs, finder, isOurs, notOurs } from "../../rented/found.ts"
import { CloudError, type NodeRef } from "../Cloud.ts"
import type { Instance } from "./api.ts"
import { acceleratorsOf, endsItself, isNameOf, type Label, labelOf, ownerIn } from "./names.ts"

export type Found = FoundAs<Instance, Label>
const { asFound, foundIn } = finder(labelOf)

export { foundIn }

/** By its name alone, which no second machine can have: nobody's labels say otherwise. */
const byName = (ref: NodeRef, instance: Instance): Found | CloudError => {
  const { node, rank, tags } = ref
  const its = { ...tags, ...ownerIn(instance.labels ?? {}) }
  const labelled = { node, tags: its }
  if (!isOurs(ref, labelled)) return notOurs(ref, labelled)
  const token = tokenOf(node)
  if (!isNameOf(instance.name ?? "", token, rank))
    return new CloudError({
      kind: "Refused",
      code: "NotOurs",
      message: `${instance.name} is there, without labels of skyd's, and whether it is node ${node} nobody can say: nothing was done to it.`
    })
  const label = { tags, folder: "", token, rank, node, accelerators: acceleratorsOf(instance), endsItself: endsItself(instance) }
  return { instance, label }
}

/** Of an instance that answered under the name of a node; the error says whose it is, where it is not that node. */
export const namedAs = (ref: NodeRef, instance: Instance | undefined): Found | CloudError | undefined => {
  if (instance === undefined) return undefined
  const found = asFound(instance)
  if (found === undefined) return byName(ref, instance)
  return isOurs(ref, found.label) ? found : notOurs(ref, found.label)
}

/** Whether its shutdown was to be its end the log knows, also where its labels do not say so any more. */
export const endingAs = (ref: NodeRef, { instance, label }: Found): Found => ({
  instance,
  label: { ...label, endsItself: endsItself(instance, ref.endsItself) }
})
