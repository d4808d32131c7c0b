/** Nodes and the instances that they are: looked at, started, stopped and ended. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { makeMissed } from "../../rented/missed.ts"
import { CloudError, type NodeRef, type NodeState, unknownState } from "../Cloud.ts"
import type { Instance, Operation } from "./api.ts"
import type { Gcp, Google, Options } from "./client.ts"
import { type Ending, endingsOf, inWords } from "./endings.ts"
import { isNotThere, passingBy } from "./errors.ts"
import { type Instances, type Listed, pauseMs } from "./Instances.ts"
import { type Label, labelNames, labelOf, portsName } from "./names.ts"
import type { Operations } from "./operations.ts"
import type { Ports } from "./ports.ts"
import { addressOf, phaseOf, stateOf } from "./states.ts"

export interface NodesOptions {
  readonly gcp: Gcp
  readonly instances: Instances
  readonly operations: Operations
  readonly ports: Ports
  readonly settings: Effect.Effect<{ readonly useInternalIps: boolean }, CloudError>
}

interface Found {
  readonly instance: Instance
  readonly label: Label
}

/** How machines ended that are off is asked once. */
const endingsMax = 10_000
const staleTries = 5

const notOurs = ({ node, tags }: NodeRef, { tags: its }: Label) =>
  new CloudError({
    kind: "Refused",
    code: "NotOurs",
    message: `Node ${node} belongs to cluster ${its.cluster} of log ${its.log}, not to ${tags.cluster} of ${tags.log}: nothing was done to it.`
  })
const isOurs = ({ tags }: NodeRef, { tags: its }: Label) => tags.log === its.log && tags.cluster === its.cluster

/** One list is looked at by everybody who waited for it. */
const indexes = new WeakMap<Listed, ReadonlyMap<string, Found>>()
const foundIn = (listed: Listed, node: string): Found | undefined => {
  const known = indexes.get(listed)
  if (known !== undefined) return known.get(node)
  const index = new Map<string, Found>()
  for (const instance of listed.instances) {
    const label = labelOf(instance)
    if (label !== null) index.set(label.node, { instance, label })
  }
  indexes.set(listed, index)
  return index.get(node)
}

export const makeNodes = ({ gcp, instances, operations, ports, settings }: NodesOptions) => {
  const missed = makeMissed()

  /** How those ended that are off or gone, by their names. */
  const endings = new Map<string, Ending | undefined>()
  const endedKey = ({ lastStopTimestamp, name }: Instance) => `${name} ${lastStopTimestamp}`
  const endingsIn = (zone: string, names: ReadonlyArray<string>) =>
    names.length === 0 ? Effect.succeed<ReadonlyMap<string, Ending>>(new Map()) : Effect.map(operations.ofInstances(zone, names), endingsOf)
  const learn = Effect.fn("Nodes.learn")(function* (zone: string, off: ReadonlyArray<Instance>) {
    const news = off.filter((one) => !endings.has(endedKey(one)))
    const found = yield* endingsIn(
      zone,
      news.map(({ name }) => name!)
    )
    for (const one of news) endings.set(endedKey(one), found.get(one.name!))
    for (const old of endings.keys()) if (endings.size > endingsMax) endings.delete(old)
  })

  /** As it is now, wherever lists are; undefined: it is not to be seen. */
  const find = Effect.fn("Nodes.find")(function* (ref: NodeRef) {
    const instance = ref.host === null ? undefined : yield* instances.named(ref.zone!, ref.host)
    const label = instance === undefined ? null : labelOf(instance)
    if (instance === undefined || label === null) return undefined
    missed.seen(ref.node)
    return isOurs(ref, label) ? { instance, label } : yield* notOurs(ref, label)
  })

  /** Null: it is gone, for certain. */
  const must = Effect.fn("Nodes.must")(function* (ref: NodeRef) {
    const found = yield* find(ref)
    if (found !== undefined) return found
    const ended = (yield* endingsIn(ref.zone!, ref.host === null ? [] : [ref.host])).get(ref.host ?? "")
    if (ended !== undefined || missed.isLong(ref.node, yield* Clock.currentTimeMillis)) return null
    return yield* passingBy("NotListed", `GCP does not show ${ref.host ?? ref.node} in ${ref.zone} at the moment`)
  })

  const until = Effect.fn("Nodes.until")(function* (ref: NodeRef, is: (instance: Instance) => boolean) {
    for (;;) {
      const listed = foundIn(yield* instances.ofLog(ref.tags.log), ref.node)
      const found = listed !== undefined && isOurs(ref, listed.label) && is(listed.instance) ? listed : yield* must(ref)
      if (found === null || is(found.instance)) return found
      yield* Effect.sleep(pauseMs)
    }
  })

  const unlisted = (ref: NodeRef, ending: Ending | undefined, nowMs: number): NodeState => {
    const gone = (reason: string): NodeState => ({
      ...unknownState(ref, reason),
      state: "missing",
      ...(ending && { endedAtMs: ending.atMs })
    })
    if (ending !== undefined) return gone(`deleted: ${inWords(ending)}`)
    if (missed.isLong(ref.node, nowMs)) return gone("GCP does not list it any more")
    return unknownState(ref, `GCP does not list ${ref.host ?? ref.node} at the moment`)
  }

  const query = Effect.fn("Nodes.query")(function* (refs: ReadonlyArray<NodeRef>) {
    const { useInternalIps } = yield* settings
    const nowMs = yield* Clock.currentTimeMillis
    const logs = [...new Set(refs.map(({ tags }) => tags.log))]
    const lists = yield* Effect.forEach(logs, (log) => instances.ofLog(log), { concurrency: "unbounded" })
    const byNode = (node: string) => lists.map((list) => foundIn(list, node)).find((found) => found !== undefined)
    const silentOf = ({ zone }: NodeRef) => lists.map(({ silent }) => silent.get(zone ?? "")).find((why) => why !== undefined)
    const inZone = Effect.fnUntraced(function* (zone: string, those: ReadonlyArray<NodeRef>) {
      // One of another log is in none of these lists.
      const strangers = those.filter((ref) => byNode(ref.node) === undefined && silentOf(ref) === undefined)
      const named = yield* Effect.forEach(
        strangers,
        (ref) => (ref.host === null ? Effect.succeed(undefined) : instances.named(zone, ref.host)),
        { concurrency: 8 }
      )
      const alone = new Map(strangers.map((ref, i) => [ref, named[i]]))
      const foundOf = (ref: NodeRef): Found | undefined => {
        const instance = alone.get(ref)
        const label = instance === undefined ? null : labelOf(instance)
        return byNode(ref.node) ?? (instance === undefined || label === null ? undefined : { instance, label })
      }
      const off = those.flatMap((ref) => foundOf(ref)?.instance ?? []).filter((one) => phaseOf(one) === "stopped")
      yield* learn(zone, off)
      const ended = yield* endingsIn(
        zone,
        strangers.flatMap((ref) => (foundOf(ref) === undefined && ref.host !== null ? [ref.host] : []))
      )
      return those.map((ref): NodeState => {
        const found = foundOf(ref)
        const silent = silentOf(ref)
        if (found === undefined)
          return silent === undefined ? unlisted(ref, ended.get(ref.host ?? ""), nowMs) : unknownState(ref, `${zone}: ${silent}`)
        missed.seen(ref.node)
        if (!isOurs(ref, found.label)) return unknownState(ref, notOurs(ref, found.label).message)
        return stateOf(found.instance, found.label, endings.get(endedKey(found.instance)), useInternalIps)
      })
    })
    const zones = Map.groupBy(refs, ({ zone }) => zone ?? "")
    const states = yield* Effect.forEach(
      zones,
      ([zone, those]) =>
        Effect.map(
          Effect.catch(inZone(zone, those), ({ message }) => Effect.succeed(those.map((ref) => unknownState(ref, message)))),
          (found) => found.map((state, i) => [those[i]!, state] as const)
        ),
      { concurrency: 8 }
    )
    const byRef = new Map(states.flat())
    return refs.map((ref) => byRef.get(ref)!)
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
  const latest = ([made]: ReadonlyArray<unknown>) => (made as { readonly latestResponse: Operation }).latestResponse

  const stop = Effect.fn("Nodes.stop")(function* (ref: NodeRef) {
    // What begins cannot be stopped yet.
    const found = yield* until(ref, (one) => phaseOf(one) !== "pending")
    if (found === null) return
    // Their contents end with the run in any case; GCP wants to be told that this is known.
    const discardLocalSsd = found.instance.disks?.some(({ type }) => type === "SCRATCH") ?? false
    if (phaseOf(found.instance) === "running")
      yield* told("ask", ref, found, "stop", async ({ instances: client }, place, options) =>
        latest(await (await client()).stop({ ...place, ...(discardLocalSsd && { discardLocalSsd }) }, options))
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
        latest(isSuspended ? await (await client()).resume(place, options) : await (await client()).start(place, options))
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
      yield* told("ask", ref, found, "delete", async ({ instances: client }, place, options) =>
        latest(await (await client()).delete(place, options))
      ).pipe(
        Effect.catchIf(
          ({ code }) => isNotThere(code),
          () => Effect.void
        )
      )
    const hasPorts = found === null || (found.instance.tags?.items ?? []).includes(portsName(ref.tags.cluster))
    if (hasPorts) yield* closePorts(ref)
  })

  /** What a shutdown of its own means is written on the machine itself: GCP stops one then in any case, and whoever sees it off knows the rest. */
  const endsItself = Effect.fn("Nodes.endsItself")(function* (refs: ReadonlyArray<NodeRef>, down: boolean) {
    const value = down ? "down" : "stop"
    const mark = Effect.fnUntraced(function* (ref: NodeRef, tried: number): Effect.fn.Return<void, CloudError> {
      const found = yield* find(ref)
      if (found === undefined || found.instance.labels?.[labelNames.ends] === value) return
      const { labelFingerprint, labels } = found.instance
      const instancesSetLabelsRequestResource = {
        labels: { ...labels, [labelNames.ends]: value },
        ...(labelFingerprint != null && { labelFingerprint })
      }
      yield* told("ask", ref, found, "setLabels", async ({ instances: client }, place, options) =>
        latest(await (await client()).setLabels({ ...place, instancesSetLabelsRequestResource }, options))
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

  const look = (ref: NodeRef) =>
    Effect.map(find(ref), (found) => {
      if (found === undefined) return undefined
      const phase = phaseOf(found.instance)
      const whyOff = phase === "pending" || phase === "running" ? null : "stopped"
      return { accelerators: found.label.accelerators, whyOff }
    })

  return { look, query, start, stop, terminate, endsItself }
}
export type Nodes = ReturnType<typeof makeNodes>
