/**
 * Nodes as EC2 has them. What EC2 does not list is gone only when it is missing
 * twice, a while apart, and EC2 has said then that it has none of that id.
 */
import type { Instance } from "@aws-sdk/client-ec2"
import * as Effect from "effect/Effect"
import { tokenOf } from "../../../events/ids.ts"
import { again } from "../../rented/again.ts"
import { isOurs, notOurs, orUnknown, statesBy } from "../../rented/found.ts"
import { makeMissed } from "../../rented/missed.ts"
import { besides, makeRentedNodes } from "../../rented/nodes.ts"
import type { CloudError, NodeRef, NodeState } from "../Cloud.ts"
import { unknownState } from "../unknown-state.ts"
import type { Aws } from "./client.ts"
import { isThrottled } from "./errors.ts"
import { type Found, foundIn } from "./found.ts"
import type { Groups } from "./groups.ts"
import type { Instances } from "./Instances.ts"
import { addressOf, phaseOf, reasonOf, stateOf } from "./states.ts"
import { tagIn, tagNames } from "./tags.ts"

interface NodesOptions {
  readonly aws: Aws
  readonly instances: Instances
  readonly groups: Groups
  readonly settings: Effect.Effect<{ readonly useInternalIps: boolean }, CloudError>
}

const atOnce = 8

export const makeNodes = ({ aws, groups, instances, settings }: NodesOptions) => {
  const missed = makeMissed()

  const idsOf = ({ instance }: Found) => ({ InstanceIds: [instance.InstanceId!] })
  /** By its id, and it is gone: there is nothing left of it that could be another's. */
  const isOver = ({ host }: NodeRef, { instance }: Found) => instance.InstanceId === host && phaseOf(instance) === "gone"
  const ours = (ref: NodeRef, found: Found | undefined) =>
    found === undefined || isOurs(ref, found.label) || isOver(ref, found) ? Effect.succeed(found) : Effect.fail(notOurs(ref, found.label))

  const find = Effect.fn("Nodes.find")(function* (ref: NodeRef) {
    const { host, node, region } = ref
    const some = yield* host === null ? instances.ofTokens(region!, [tokenOf(node)]) : instances.ofIds(region!, [host])
    return yield* ours(ref, foundIn(some, ref))
  })

  const { endsItself, isGone, look, must, start, stop, until } = makeRentedNodes<Instance, Found>({
    cloud: "AWS",
    missed,
    settings,
    placeOf: ({ region }) => region,
    find,
    listed: (ref) => Effect.flatMap(instances.ofLog(ref.region!, ref.tags.log), (list) => ours(ref, foundIn(list, ref))),
    isGone: ({ host, region }, isLong) => (isLong && host !== null ? instances.hasNone(region!, host) : Effect.succeed(isLong)),
    phaseOf,
    addressOf,
    whyOff: reasonOf,
    tellToStop: ({ region }, found, always) =>
      Effect.as(
        phaseOf(found.instance) === "running" || always
          ? aws.ask(region!, "StopInstances", (ec2, asked) => ec2.stopInstances(idsOf(found), asked))
          : Effect.void,
        Effect.void
      ),
    // A throttled call did nothing.
    tellToStart: ({ region }, found) =>
      again(
        aws.once(region!, "StartInstances", (ec2, asked) => ec2.startInstances(idsOf(found), asked)),
        ({ code }) => isThrottled(code)
      ).pipe(Effect.as(Effect.void)),
    // A one-time spot machine knows one end only.
    tellItsEnd: Effect.fn("Nodes.tellItsEnd")(function* (ref, down) {
      const found = yield* find(ref)
      const InstanceId = found?.instance.InstanceId ?? ref.host
      if (InstanceId === null || found?.instance.InstanceLifecycle === "spot") return
      const InstanceInitiatedShutdownBehavior = { Value: down ? "terminate" : "stop" }
      yield* aws.ask(ref.region!, "ModifyInstanceAttribute", (ec2, asked) =>
        ec2.modifyInstanceAttribute({ InstanceId, InstanceInitiatedShutdownBehavior }, asked)
      )
    })
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
        if (!isOurs(ref, found.label) && !isOver(ref, found)) return unknownState(ref, notOurs(ref, found.label).message)
        return stateOf(found.instance, ref, useInternalIps)
      })
      return yield* Effect.forEach(those, (ref) => orUnknown(ref, stateNow(ref)), { concurrency: atOnce })
    })
    return yield* statesBy(refs, { placeOf: ({ region }) => region, concurrency: "unbounded", ask: ofRegion })
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
    // Anybody can write what the tags of a machine name: by its own tags it is this cluster's, or it stays.
    const own = yield* groups.list(ref.region!, [
      { Name: "group-id", Values: [label.group] },
      { Name: `tag:${tagNames.cluster}`, Values: [ref.tags.cluster] }
    ])
    if (own.length > 0) yield* groups.remove(ref.region!, label.group)
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
    if (isOurs(ref, found.label)) yield* besides(removeGroup(ref, found))
  })

  return { look, must, query, start, stop, terminate, endsItself }
}
export type Nodes = ReturnType<typeof makeNodes>
