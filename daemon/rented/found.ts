/** Nodes in a cloud's lists of machines: which machine is which, whose it is, and what each place says of those that are asked about. */
import * as Effect from "effect/Effect"
import { CloudError, type NodeRef, type NodeState, type Tags } from "../clouds/Cloud.ts"
import { unknownState } from "../clouds/unknown-state.ts"

export interface Label {
  readonly node: string
  readonly tags: Pick<Tags, "cluster" | "log">
}
export interface Found<Instance, L extends Label> {
  readonly instance: Instance
  readonly label: L
}

export const notOurs = ({ node, tags }: NodeRef, { tags: its }: Label) =>
  new CloudError({
    kind: "Refused",
    code: "NotOurs",
    message: `Node ${node} belongs to cluster ${its.cluster} of log ${its.log}, not to ${tags.cluster} of ${tags.log}: nothing was done to it.`
  })

export const isOurs = ({ tags }: NodeRef, { tags: its }: Label) => tags.log === its.log && tags.cluster === its.cluster

/** `isGone`: of several instances of a node the one that is there counts. */
export const finder = <Instance, L extends Label>(
  labelOf: (instance: Instance) => L | null,
  isGone: (instance: Instance) => boolean = () => false
) => {
  type Index = ReadonlyMap<string, Found<Instance, L>>
  /** One list is looked at by everybody who waited for it. */
  const indexes = new WeakMap<ReadonlyArray<Instance>, Index>()
  const asFound = (instance: Instance | undefined): Found<Instance, L> | undefined => {
    const label = instance === undefined ? null : labelOf(instance)
    return instance === undefined || label === null ? undefined : { instance, label }
  }
  const indexOf = (instances: ReadonlyArray<Instance>): Index => {
    const index = new Map<string, Found<Instance, L>>()
    for (const instance of instances) {
      const found = asFound(instance)
      if (found !== undefined && !(isGone(instance) && index.has(found.label.node))) index.set(found.label.node, found)
    }
    indexes.set(instances, index)
    return index
  }
  return {
    asFound,
    foundIn: (instances: ReadonlyArray<Instance>, node: string) => (indexes.get(instances) ?? indexOf(instances)).get(node)
  }
}

/** What is refused, or not answered, for one node says nothing of the others. */
export const orUnknown = (ref: NodeRef, state: Effect.Effect<NodeState, CloudError>): Effect.Effect<NodeState> =>
  Effect.catch(state, ({ message }) => Effect.succeed(unknownState(ref, message)))

interface Places {
  readonly placeOf: (ref: NodeRef) => string | null
  readonly concurrency: number | "unbounded"
  readonly ask: (place: string, refs: ReadonlyArray<NodeRef>) => Effect.Effect<ReadonlyArray<NodeState>, CloudError>
}

/** Each place for itself: of nodes where nobody answers nothing is known, and the others are told all the same. */
export const statesBy = Effect.fn("rented.statesBy")(function* (refs: ReadonlyArray<NodeRef>, { ask, concurrency, placeOf }: Places) {
  const states = yield* Effect.forEach(
    Map.groupBy(refs, (ref) => placeOf(ref) ?? ""),
    ([place, those]) =>
      Effect.map(
        Effect.catch(ask(place, those), ({ message }) => Effect.succeed(those.map((ref) => unknownState(ref, message)))),
        (found) => found.map((state, i) => [those[i]!, state] as const)
      ),
    { concurrency }
  )
  const byRef = new Map(states.flat())
  return refs.map((ref) => byRef.get(ref)!)
})
