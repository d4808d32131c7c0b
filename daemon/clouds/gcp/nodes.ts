/** Nodes as Compute Engine has them. */
import * as Effect from "effect/Effect"
import { isOurs } from "../../rented/found.ts"
import { makeMissed } from "../../rented/missed.ts"
import { besides, makeRentedNodes } from "../../rented/nodes.ts"
import { CloudError, type NodeRef } from "../Cloud.ts"
import type { Instance, Operation } from "./api.ts"
import type { Gcp, Google, Options } from "./client.ts"
import { isOver } from "./endings.ts"
import { type Found, foundIn, namedAs } from "./found.ts"
import type { Instances } from "./Instances.ts"
import { endsAs, endsItself as isItsEnd, labelNames, labelOf, portsName } from "./names.ts"
import { begunAs, type Operations, staleTries } from "./operations.ts"
import type { Ports } from "./ports.ts"
import { makeQuery } from "./query.ts"
import type { GcpSettings } from "./settings.ts"
import { addressOf, phaseOf } from "./states.ts"

interface NodesOptions {
  readonly gcp: Gcp
  readonly instances: Instances
  readonly operations: Operations
  readonly ports: Ports
  readonly settings: Effect.Effect<Pick<GcpSettings, "selfDelete" | "useInternalIps">, CloudError>
}

export const makeNodes = ({ gcp, instances, operations, ports, settings }: NodesOptions) => {
  const missed = makeMissed()

  type Call = (
    google: Google,
    place: { readonly project: string; readonly zone: string; readonly instance: string },
    options: Options
  ) => Promise<Operation>
  /** Told what to do, and until that is done. */
  const tell = (how: "ask" | "once", ref: NodeRef, { instance }: Found, what: string, call: Call) =>
    Effect.map(
      gcp[how](`instances.${what}`, ref.zone!, (google, options) =>
        call(google, { project: google.project, zone: ref.zone!, instance: instance.name! }, options)
      ),
      operations.done
    )

  /**
   * What a shutdown of its own means is written on the machine itself: GCP stops one then in any case, and whoever sees it off knows the
   * rest.
   */
  const mark = Effect.fn("Nodes.mark")(function* (ref: NodeRef, down: boolean, tried: number): Effect.fn.Return<void, CloudError> {
    const value = endsAs(down)
    const found = yield* must(ref)
    if (found === null || found.instance.labels?.[labelNames.ends] === value) return
    const { labelFingerprint, labels } = found.instance
    const instancesSetLabelsRequestResource = {
      labels: { ...labels, [labelNames.ends]: value },
      ...(labelFingerprint != null && { labelFingerprint })
    }
    yield* tell("ask", ref, found, "setLabels", async ({ instances: client }, place, options) =>
      begunAs(await (await client()).setLabels({ ...place, instancesSetLabelsRequestResource }, options))
    ).pipe(
      Effect.flatten,
      // Others have written a label meanwhile.
      Effect.catchIf(
        ({ code }) => code === "conditionNotMet" && tried < staleTries,
        () => mark(ref, down, tried + 1)
      )
    )
  })

  const { endsItself, look, must, start, stop } = makeRentedNodes<Instance, Found>({
    cloud: "GCP",
    missed,
    settings,
    placeOf: ({ zone }) => zone,
    // As it is now, wherever lists are.
    find: Effect.fn("Nodes.find")(function* (ref) {
      const found = namedAs(ref, ref.host === null ? undefined : yield* instances.named(ref.zone!, ref.host))
      return found instanceof CloudError ? yield* found : found
    }),
    listed: (ref) =>
      Effect.map(instances.ofLog(ref.tags.log), (list) => {
        const found = foundIn(list.instances, ref.node)
        return found !== undefined && isOurs(ref, found.label) ? found : undefined
      }),
    isGone: ({ host, zone }, isLong) =>
      host === null ? Effect.succeed(isLong) : Effect.map(operations.endings(zone!, [host]), (ends) => isLong || isOver(ends.get(host))),
    phaseOf,
    addressOf,
    whyOff: () => "stopped",
    tellToStop: Effect.fn("Nodes.tellToStop")(function* (ref, found, always) {
      // Their contents end with the run in any case; GCP wants to be told that this is known.
      const discardLocalSsd = found.instance.disks?.some(({ type }) => type === "SCRATCH") ?? false
      // GCP will forget that we stopped it: what is labelled to end with its own shutdown, and off, would be taken for that then.
      if (isItsEnd(found.instance, ref.endsItself)) yield* Effect.ignore(mark(ref, false, 1))
      if (phaseOf(found.instance) !== "running" && !always) return Effect.void
      return yield* tell("ask", ref, found, "stop", async ({ instances: client }, place, options) =>
        begunAs(await (await client()).stop({ ...place, ...(discardLocalSsd && { discardLocalSsd }) }, options))
      )
    }),
    tellToStart: (ref, found) => {
      const isSuspended = found.instance.status === "SUSPENDED"
      return tell("once", ref, found, isSuspended ? "resume" : "start", async ({ instances: client }, place, options) =>
        begunAs(isSuspended ? await (await client()).resume(place, options) : await (await client()).start(place, options))
      )
    },
    tellItsEnd: (ref, down) => mark(ref, down, 1)
  })

  /** The last machine of a cluster takes the cluster's own rule with it. */
  const closePorts = Effect.fn("Nodes.closePorts")(function* ({ node, tags }: NodeRef) {
    const { instances: listed } = yield* instances.ofLog(tags.log)
    const others = listed.some((one) => {
      const label = labelOf(one)
      return label?.tags.cluster === tags.cluster && label.node !== node
    })
    if (!others) yield* ports.close(tags.cluster)
  })

  const terminate = Effect.fn("Nodes.terminate")(function* (ref: NodeRef) {
    const found = yield* must(ref)
    if (found !== null)
      yield* operations.gone(
        gcp.ask("instances.delete", ref.zone!, async ({ instances: client, project }, options) =>
          begunAs(await (await client()).delete({ project, zone: ref.zone!, instance: found.instance.name! }, options))
        )
      )
    if (found?.instance.tags?.items?.includes(portsName(ref.tags.cluster))) yield* besides(closePorts(ref))
  })

  const query = makeQuery({ gcp, instances, missed, operations, settings })
  return { look, must, query, start, stop, terminate, endsItself }
}
export type Nodes = ReturnType<typeof makeNodes>
