/** Nodes and the instances that they are: looked at, started, stopped and ended. */
import * as Effect from "effect/Effect"
import { passingBy } from "../../rented/errors.ts"
import { isOurs } from "../../rented/found.ts"
import { makeMissed } from "../../rented/missed.ts"
import { steadyMs } from "../../steady-ms.ts"
import { CloudError, type NodeRef } from "../Cloud.ts"
import type { Instance, Operation } from "./api.ts"
import type { Gcp, Google, Options } from "./client.ts"
import { type Found, foundIn, namedAs } from "./found.ts"
import { type Instances, pauseMs } from "./Instances.ts"
import { labelNames, labelOf, portsName } from "./names.ts"
import { begunAs, type Operations } from "./operations.ts"
import type { Ports } from "./ports.ts"
import { makeQuery } from "./query.ts"
import type { GcpSettings } from "./settings.ts"
import { addressOf, phaseOf } from "./states.ts"

/** A label that others write at the same time. */
export const staleTries = 5

export interface NodesOptions {
  readonly gcp: Gcp
  readonly instances: Instances
  readonly operations: Operations
  readonly ports: Ports
  readonly settings: Effect.Effect<Pick<GcpSettings, "selfDelete" | "useInternalIps">, CloudError>
}

export const makeNodes = ({ gcp, instances, operations, ports, settings }: NodesOptions) => {
  const missed = makeMissed()

  /** As it is now, wherever lists are; undefined: it is not to be seen. */
  const find = Effect.fn("Nodes.find")(function* (ref: NodeRef) {
    const found = namedAs(ref, ref.host === null ? undefined : yield* instances.named(ref.zone!, ref.host))
    if (found === undefined) return undefined
    missed.seen(ref.node)
    return found instanceof CloudError ? yield* found : found
  })

  /** Null: it is gone, for certain. */
  const must = Effect.fn("Nodes.must")(function* (ref: NodeRef) {
    const found = yield* find(ref)
    if (found !== undefined) return found
    const ended = (yield* operations.endings(ref.zone!, ref.host === null ? [] : [ref.host])).get(ref.host ?? "")
    if (ended !== undefined || missed.isLong(ref.node, yield* steadyMs)) return null
    return yield* passingBy("NotListed", `GCP does not show ${ref.host ?? ref.node} in ${ref.zone} at the moment`)
  })

  const until = Effect.fn("Nodes.until")(function* (ref: NodeRef, is: (instance: Instance) => boolean) {
    for (;;) {
      const listed = foundIn((yield* instances.ofLog(ref.tags.log)).instances, ref.node)
      const found = listed !== undefined && isOurs(ref, listed.label) ? listed : yield* must(ref)
      if (found === null || is(found.instance)) return found
      yield* Effect.sleep(pauseMs)
    }
  })

  type Call = (
    google: Google,
    place: { readonly project: string; readonly zone: string; readonly instance: string },
    options: Options
  ) => Promise<Operation>
  const told = (how: "ask" | "once", ref: NodeRef, { instance }: Found, what: string, call: Call) =>
    Effect.flatMap(
      gcp[how](`instances.${what}`, ref.zone!, (google, options) =>
        call(google, { project: google.project, zone: ref.zone!, instance: instance.name! }, options)
      ),
      operations.done
    )

  /**
   * What a shutdown of its own means is written on the machine itself: GCP stops one then in any case, and whoever sees it off knows the
   * rest.
   */
  const endsItself = Effect.fn("Nodes.endsItself")(function* (refs: ReadonlyArray<NodeRef>, down: boolean) {
    const value = down ? "down" : "stop"
    const mark = Effect.fnUntraced(function* (ref: NodeRef, tried: number): Effect.fn.Return<void, CloudError> {
      const found = yield* must(ref)
      if (found === null || found.instance.labels?.[labelNames.ends] === value) return
      const { labelFingerprint, labels } = found.instance
      const instancesSetLabelsRequestResource = {
        labels: { ...labels, [labelNames.ends]: value },
        ...(labelFingerprint != null && { labelFingerprint })
      }
      yield* told("ask", ref, found, "setLabels", async ({ instances: client }, place, options) =>
        begunAs(await (await client()).setLabels({ ...place, instancesSetLabelsRequestResource }, options))
      ).pipe(
        // Others have written a label meanwhile.
        Effect.catchIf(
          ({ code }) => code === "conditionNotMet" && tried < staleTries,
          () => mark(ref, tried + 1)
        )
      )
    })
    yield* Effect.forEach(refs, (ref) => mark(ref, 1), { concurrency: 8, discard: true })
  })

  const stop = Effect.fn("Nodes.stop")(function* (ref: NodeRef) {
    // What begins cannot be stopped yet.
    const found = yield* until(ref, (one) => phaseOf(one) !== "pending")
    if (found === null) return
    // Their contents end with the run in any case; GCP wants to be told that this is known.
    const discardLocalSsd = found.instance.disks?.some(({ type }) => type === "SCRATCH") ?? false
    // GCP will forget that we stopped it: what is labelled to end with its own shutdown, and off, would be taken for that then.
    if (found.label.endsItself) yield* Effect.ignore(endsItself([ref], false))
    if (phaseOf(found.instance) === "running")
      yield* told("ask", ref, found, "stop", async ({ instances: client }, place, options) =>
        begunAs(await (await client()).stop({ ...place, ...(discardLocalSsd && { discardLocalSsd }) }, options))
      )
    yield* until(ref, (one) => phaseOf(one) === "stopped")
  })

  /** Where it runs; nothing of what is on it is looked at. */
  const start = Effect.fn("Nodes.start")(function* (ref: NodeRef) {
    const { useInternalIps } = yield* settings
    const found = yield* until(ref, (one) => phaseOf(one) !== "stopping")
    if (found !== null && phaseOf(found.instance) === "stopped") {
      const isSuspended = found.instance.status === "SUSPENDED"
      yield* told("once", ref, found, isSuspended ? "resume" : "start", async ({ instances: client }, place, options) =>
        begunAs(isSuspended ? await (await client()).resume(place, options) : await (await client()).start(place, options))
      )
    }
    const now = yield* until(
      ref,
      (one) => (phaseOf(one) === "running" && addressOf(one, useInternalIps) !== null) || phaseOf(one) === "stopped"
    )
    if (now !== null && phaseOf(now.instance) === "running") return { address: addressOf(now.instance, useInternalIps)! }
    const name = ref.host ?? ref.node
    if (now === null) return yield* new CloudError({ kind: "Refused", code: "Missing", message: `${name} does not exist any more` })
    return yield* passingBy("NotStarted", `${name} does not start: it is off again`)
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
    if (found?.instance.tags?.items?.includes(portsName(ref.tags.cluster))) yield* closePorts(ref)
  })

  const look = (ref: NodeRef) =>
    Effect.map(find(ref), (found) => {
      if (found === undefined) return undefined
      const phase = phaseOf(found.instance)
      const whyOff = phase === "pending" || phase === "running" ? null : "stopped"
      return { accelerators: found.label.accelerators, whyOff }
    })

  const query = makeQuery({ instances, missed, operations, settings })
  return { look, must, query, start, stop, terminate, endsItself }
}
export type Nodes = ReturnType<typeof makeNodes>
