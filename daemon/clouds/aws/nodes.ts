/**
 * Nodes and the instances that they are: looked at, started, stopped and ended. What EC2 does not list is gone only when it is missing
 * twice, a while apart, and EC2 has said then that it has none of that id.
 */
import type { Instance } from "@aws-sdk/client-ec2"
import * as Effect from "effect/Effect"
import { tokenOf } from "../../../events/ids.ts"
import { passingBy } from "../../rented/errors.ts"
import { isOurs, notOurs, statesBy } from "../../rented/found.ts"
import { makeMissed, missingAfterMs } from "../../rented/missed.ts"
import { steadyMs } from "../../steady-ms.ts"
import { CloudError, type NodeRef, type NodeState, unknownState } from "../Cloud.ts"
import type { Aws } from "./client.ts"
import { type Found, foundIn } from "./found.ts"
import type { Groups } from "./groups.ts"
import { type Instances, pauseMs } from "./Instances.ts"
import { addressOf, phaseOf, reasonOf, stateOf } from "./states.ts"
import { tagIn, tagNames } from "./tags.ts"

/** From then on an instance that goes on as if it had not been told to end is told again. */
const obeysAfterMs = 30_000

interface NodesOptions {
  readonly aws: Aws
  readonly instances: Instances
  readonly groups: Groups
  readonly settings: Effect.Effect<{ readonly useInternalIps: boolean }, CloudError>
}

const atOnce = 8

export const makeNodes = ({ aws, groups, instances, settings }: NodesOptions) => {
  const missed = makeMissed()

  const find = Effect.fn("Nodes.find")(function* (ref: NodeRef) {
    const { host, node, region } = ref
    const found = foundIn(yield* host === null ? instances.ofTokens(region!, [tokenOf(node)]) : instances.ofIds(region!, [host]), ref)
    if (found === undefined) return undefined
    missed.seen(node)
    return isOurs(ref, found.label) ? found : yield* notOurs(ref, found.label)
  })

  /** Whether what was not listed is gone, for certain. */
  const isGone = Effect.fn("Nodes.isGone")(function* ({ host, node, region }: NodeRef) {
    return missed.isLong(node, yield* steadyMs) && (host === null || (yield* instances.hasNone(region!, host)))
  })

  /** Null: it is gone, for certain. */
  const must = Effect.fn("Nodes.must")(function* (ref: NodeRef) {
    const found = yield* find(ref)
    if (found !== undefined) return found
    if (yield* isGone(ref)) return null
    return yield* passingBy("NotListed", `AWS does not list ${ref.host ?? ref.node} in ${ref.region} at the moment`)
  })

  /** `isUnmoved`: it is as it was before it was told what to do. */
  const until = Effect.fn("Nodes.until")(function* (
    ref: NodeRef,
    is: (instance: Instance) => boolean,
    isUnmoved: (instance: Instance) => boolean = () => false
  ) {
    const sinceMs = yield* steadyMs
    for (;;) {
      const listed = foundIn(yield* instances.ofLog(ref.region!, ref.tags.log), ref)
      if (listed !== undefined && !isOurs(ref, listed.label)) return yield* notOurs(ref, listed.label)
      const found = listed ?? (yield* must(ref))
      if (found === null || is(found.instance)) return found
      if (isUnmoved(found.instance) && (yield* steadyMs) - sinceMs > obeysAfterMs)
        return yield* passingBy("NotDone", `AWS was told to end ${ref.host ?? ref.node}, and it is ${phaseOf(found.instance)} as before`)
      yield* Effect.sleep(pauseMs)
    }
  })

  const query = Effect.fn("Nodes.query")(function* (refs: ReadonlyArray<NodeRef>) {
    const { useInternalIps } = yield* settings
    const ofRegion = Effect.fnUntraced(function* (region: string, those: ReadonlyArray<NodeRef>) {
      const logs = new Set(those.map(({ tags }) => tags.log))
      const lists = yield* Effect.forEach(logs, (log) => instances.ofLog(region, log))
      const listedAs = (ref: NodeRef) => lists.map((list) => foundIn(list, ref)).find((found) => found !== undefined)
      const unlisted = those.filter((ref) => listedAs(ref) === undefined)
      const nameless = unlisted.filter(({ host }) => host === null)
      const ids = yield* instances.ofIds(
        region,
        unlisted.flatMap(({ host }) => host ?? [])
      )
      const tokens = yield* instances.ofTokens(region, [...new Set(nameless.map(({ node }) => tokenOf(node)))])
      const stateNow = Effect.fnUntraced(function* (ref: NodeRef): Effect.fn.Return<NodeState, CloudError> {
        const found = listedAs(ref) ?? foundIn(ids, ref) ?? foundIn(tokens, ref)
        if (found === undefined) {
          if (!(yield* isGone(ref))) return unknownState(ref, `AWS does not list ${ref.host ?? ref.node} at the moment`)
          return { ...unknownState(ref, "AWS does not list it any more"), state: "missing" }
        }
        missed.seen(ref.node)
        if (!isOurs(ref, found.label)) return unknownState(ref, notOurs(ref, found.label).message)
        return stateOf(found.instance, ref, useInternalIps)
      })
      const told = (ref: NodeRef) => Effect.catch(stateNow(ref), ({ message }) => Effect.succeed(unknownState(ref, message)))
      return yield* Effect.forEach(those, told, { concurrency: atOnce })
    })
    return yield* statesBy(refs, { placeOf: ({ region }) => region, concurrency: "unbounded", ask: ofRegion })
  })

  const idsOf = ({ instance }: Found) => ({ InstanceIds: [instance.InstanceId!] })

  const stop = Effect.fn("Nodes.stop")(function* (ref: NodeRef) {
    // What begins cannot be stopped yet.
    const found = yield* until(ref, (one) => phaseOf(one) !== "pending")
    if (found === null) return
    const phase = phaseOf(found.instance)
    if (phase === "running") yield* aws.ask(ref.region!, "StopInstances", (ec2, asked) => ec2.stopInstances(idsOf(found), asked))
    const isOff = (one: Instance) => phaseOf(one) === "stopped" || phaseOf(one) === "gone"
    yield* until(ref, isOff, (one) => phaseOf(one) === "running")
  })

  /** Where it runs; nothing of what is on it is looked at. */
  const start = Effect.fn("Nodes.start")(function* (ref: NodeRef) {
    const { useInternalIps } = yield* settings
    const found = yield* until(ref, (one) => phaseOf(one) !== "stopping")
    if (found !== null && phaseOf(found.instance) === "stopped")
      yield* aws.once(ref.region!, "StartInstances", (ec2, asked) => ec2.startInstances(idsOf(found), asked))
    const isThere = (one: Instance) => phaseOf(one) === "running" && addressOf(one, useInternalIps) !== null
    const isOff = (one: Instance) => ["stopping", "stopped", "gone"].includes(phaseOf(one))
    // The list may say for a moment what was before.
    const sinceMs = yield* steadyMs
    for (;;) {
      const now = yield* until(ref, (one) => isThere(one) || isOff(one))
      if (now !== null && isThere(now.instance)) return { address: addressOf(now.instance, useInternalIps)! }
      if (now === null || phaseOf(now.instance) === "gone")
        return yield* new CloudError({
          kind: "Refused",
          code: "Missing",
          message: `${ref.host ?? ref.node} does not exist any more: ${now === null ? "AWS does not list it" : reasonOf(now.instance)}`
        })
      if ((yield* steadyMs) - sinceMs > missingAfterMs)
        return yield* passingBy("NotStarted", `${ref.host ?? ref.node} does not start: ${reasonOf(now.instance)}`)
      yield* Effect.sleep(pauseMs)
    }
  })

  /** The last machine of a cluster takes the cluster's own group with it. Those that are still there keep it until they go. */
  const removeGroup = Effect.fn("Nodes.removeGroup")(function* (ref: NodeRef, { instance, label }: Found) {
    if (label.group === null) return
    const listed = yield* instances.ofLog(ref.region!, ref.tags.log)
    const isLast = listed.every(
      (one) => tagIn(one.Tags, tagNames.group) !== label.group || one.InstanceId === instance.InstanceId || phaseOf(one) === "gone"
    )
    if (!isLast) return
    yield* until(ref, ({ State }) => State?.Name === "terminated")
    yield* groups.remove(ref.region!, label.group)
  })

  const terminate = Effect.fn("Nodes.terminate")(function* (ref: NodeRef) {
    const found = yield* must(ref)
    if (found === null) return
    if (phaseOf(found.instance) !== "gone") {
      yield* aws.ask(ref.region!, "TerminateInstances", (ec2, asked) => ec2.terminateInstances(idsOf(found), asked))
      yield* until(
        ref,
        (one) => phaseOf(one) === "gone",
        () => true
      )
    }
    yield* removeGroup(ref, found)
  })

  /** A one-time spot machine knows one end only. */
  const endsItself = Effect.fn("Nodes.endsItself")(function* (refs: ReadonlyArray<NodeRef>, down: boolean) {
    const behavior = { InstanceInitiatedShutdownBehavior: { Value: down ? "terminate" : "stop" } }
    const tell = Effect.fnUntraced(function* (ref: NodeRef) {
      const found = yield* find(ref)
      const InstanceId = found?.instance.InstanceId ?? ref.host
      if (InstanceId === null || found?.instance.InstanceLifecycle === "spot") return
      yield* aws.ask(ref.region!, "ModifyInstanceAttribute", (ec2, asked) =>
        ec2.modifyInstanceAttribute({ InstanceId, ...behavior }, asked)
      )
    })
    yield* Effect.forEach(refs, tell, { concurrency: atOnce, discard: true })
  })

  const look = (ref: NodeRef) =>
    Effect.map(find(ref), (found) => {
      if (found === undefined) return undefined
      const phase = phaseOf(found.instance)
      return {
        accelerators: found.label.accelerators,
        whyOff: phase === "pending" || phase === "running" ? null : reasonOf(found.instance)
      }
    })

  return { look, must, query, start, stop, terminate, endsItself }
}
export type Nodes = ReturnType<typeof makeNodes>
