/**
 * Ports of a cluster that is there: its machines get the tag that its rule holds for, by which the last of them takes the rule with it, and
 * then the rule gets them. Cut short anywhere it goes on where it was.
 */
import * as Effect from "effect/Effect"
import type { CloudError, NodeRef } from "../Cloud.ts"
import { type Instance, lastPart } from "./api.ts"
import type { Gcp } from "./client.ts"
import { portsName } from "./names.ts"
import type { Nodes } from "./nodes.ts"
import { begunAs, type Operations, staleTries } from "./operations.ts"
import type { Ports } from "./ports.ts"

const atOnce = 8

interface OpenPortsOptions {
  readonly gcp: Gcp
  readonly nodes: Nodes
  readonly operations: Operations
  readonly ports: Ports
}

export const makeOpenPorts = ({ gcp, nodes, operations, ports }: OpenPortsOptions) => {
  const setTags = (zone: string, { name, tags }: Instance, items: ReadonlyArray<string>) =>
    Effect.flatMap(
      gcp.ask("instances.setTags", zone, async ({ instances, project }, options) => {
        const fingerprint = tags?.fingerprint
        const tagsResource = { items: [...items], ...(fingerprint != null && { fingerprint }) }
        return begunAs(await (await instances()).setTags({ project, zone, instance: name!, tagsResource }, options))
      }),
      operations.done
    )

  /** The network that it is in; null where it is gone: that is said by who looks at its cluster. */
  const tag = Effect.fn("OpenPorts.tag")(function* (ref: NodeRef, tried = 1): Effect.fn.Return<string | null, CloudError> {
    const found = yield* nodes.must(ref)
    if (found === null) return null
    const { instance } = found
    const [name, items] = [portsName(ref.tags.cluster), instance.tags?.items ?? []]
    if (!items.includes(name)) {
      const set = Effect.as(setTags(ref.zone!, instance, [...items, name]), true)
      // Others have set one meanwhile.
      const isSet = yield* Effect.catchIf(
        set,
        ({ code }) => code === "conditionNotMet" && tried < staleTries,
        () => Effect.succeed(false)
      )
      if (!isSet) return yield* tag(ref, tried + 1)
    }
    return lastPart(instance.networkInterfaces?.[0]?.network)
  })

  return Effect.fn("OpenPorts")(function* (refs: ReadonlyArray<NodeRef>, open: ReadonlyArray<string>) {
    const networks = yield* Effect.forEach(refs, (ref) => tag(ref), { concurrency: atOnce })
    const network = networks.find((one) => one !== null)
    if (network !== undefined) yield* ports.add(refs[0]!.tags, network!, open)
  })
}
