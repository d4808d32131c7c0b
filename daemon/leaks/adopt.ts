/** Decides whether machines that no cluster has become one: as they were seen, and of whichever log. Pure. */
import * as Result from "effect/Result"
import type { Event } from "../../events/Event.ts"
import { type ClusterName, tokenOf } from "../../events/ids.ts"
import { rowNamed, rowOf } from "../../projections/clusters.ts"
import { ClusterDoesNotExist, NotSupportedError, RequestConflict, type SkydError, ValueError } from "../../sdk/protocol/errors.ts"
import { clusterNamePattern, isControllerName } from "../../task/names.ts"
import { nodesMax } from "../../task/Task.ts"
import type { Cloud, Owned } from "../clouds/Cloud.ts"
import { reservedName } from "../commands/checks.ts"
import type { World } from "../World.ts"
import { endHint, idOf } from "./end-hint.ts"
import { type Held, isCalled, type Leak } from "./Leak.ts"

interface Adoptable {
  readonly endByHand?: Cloud["endByHand"] | undefined
  /** What is another log's is not ended from here. */
  readonly isOurs: boolean
  /** By rank. */
  readonly machines: ReadonlyArray<Owned>
}

/** The cluster that was named. */
interface Asked extends Adoptable {
  readonly cloud: string
}

const refused = (message: string, hint: string) => Result.fail<SkydError>(new ValueError({ message, hint }))

/** The one cluster that is meant. */
export const foundAs = (asked: string, held: ReadonlyArray<Leak>): Result.Result<Asked, SkydError> => {
  const own = held.flatMap((one) => (one.thing.kind === "machine" && isCalled(one, asked) ? [{ ...one, machine: one.thing }] : []))
  // Who names one machine means all of its cluster.
  const keyOf = ({ cloud, thing: { tags } }: Held) => JSON.stringify([cloud, tags.log, tags.cluster])
  const keys = new Set(own.map(keyOf))
  if (keys.size === 0) {
    const message = `No machine is known that no cluster has and that is called '${asked}'.`
    return Result.fail(new ClusterDoesNotExist({ cluster: asked, message, hint: "All that there are: sky leaks --all" }))
  }
  if (keys.size > 1) {
    const each = [...new Map(own.map((one) => [keyOf(one), `${one.thing.tags.cluster} (${one.id})`])).values()]
    return refused(`There are several clusters '${asked}': ${each.join(", ")}.`, "Name one by its id: sky leaks --adopt ID")
  }
  const machines = held.flatMap((one) => (one.thing.kind === "machine" && keys.has(keyOf(one)) ? [one.thing] : []))
  return Result.succeed({ cloud: own[0]!.cloud, isOurs: own[0]!.isOurs, machines: machines.toSorted((a, b) => a.rank - b.rank) })
}

const factsOf = (machines: ReadonlyArray<Owned>, name: ClusterName, ownLog: string, owner: ReadonlyArray<string> | null) => {
  const [{ offer, tags }] = machines as readonly [Owned]
  const { cluster, log } = tags
  const adopted: Event = {
    _tag: "ClusterAdopted",
    cluster,
    name,
    ...(log === ownLog ? {} : { log }),
    offer: offer!,
    numNodes: Math.max(...machines.map(({ rank }) => rank)) + 1,
    ...(owner === null ? {} : { owner })
  }
  const nodes = machines.flatMap((machine): ReadonlyArray<Event> => {
    const { address, host, hostKey, node, rank, state } = machine
    const named = { ...(host === null ? {} : { host }), ...(hostKey === null ? {} : { hostKey }) }
    const given = { _tag: "NodeProvisioned", cluster, rank, node, token: tokenOf(node), address: address ?? "", ...named } as const
    return state === "running" ? [given] : [given, { _tag: "NodeStopped", cluster, rank, node, reason: "it was so when it was adopted" }]
  })
  // What they were told of their end by whoever had them holds no more.
  const endless: Event = { _tag: "AutostopSet", cluster, idleMinutes: -1, down: false }
  return [adopted, ...nodes, endless]
}

const namedMax = 5
/** What no cluster can be made of: anybody can write tags, and which machine is which node is told by them alone. */
const unfitIn = (found: Adoptable, name: string) => {
  const { machines } = found
  const endThat = (machine: Owned) => endHint("End it", found, [machine])
  const odd = machines.find((machine) => machine.odd !== undefined)
  if (odd !== undefined) return refused(`Which node of ${name} ${idOf(odd)} is cannot be told: ${odd.odd}.`, endThat(odd))
  const last = machines.at(-1)!
  if (last.rank >= nodesMax)
    return refused(`${idOf(last)} is rank ${last.rank} of ${name} by its tags: a cluster has at most ${nodesMax} nodes.`, endThat(last))
  const missing = Array.from({ length: last.rank }, (_, rank) => rank).filter((rank) => !machines.some((one) => one.rank === rank))
  if (missing.length === 0) return undefined
  const more = missing.length > namedMax ? ` and ${missing.length - namedMax} more` : ""
  const ranks = `rank${missing.length === 1 ? "" : "s"} ${missing.slice(0, namedMax).join(", ")}${more}`
  return refused(`${name} has no machine of ${ranks}, and one of rank ${last.rank}.`, endHint("End what is left of it", found, machines))
}

/** `as`: the name that it gets, where that is not the one it had. */
export const adopt = (
  { clusters }: World,
  found: Adoptable,
  as: string | null,
  owner: ReadonlyArray<string> | null
): Result.Result<ReadonlyArray<Event>, SkydError> => {
  const { machines } = found
  const [{ offer, tags }] = machines as readonly [Owned]
  const name = as ?? tags.clusterName
  if (isControllerName(name)) return refused(reservedName(name).message, reservedName(name).hint)
  if (!clusterNamePattern.test(name)) return refused(`Invalid cluster name '${name}'.`, "Give it another one: --as NAME")
  const row = rowOf(clusters, tags.cluster)
  if (row !== undefined)
    return refused(
      `${machines.map(({ node }) => node).join(", ")} stands beside the nodes of ${row.name}.`,
      endHint(machines.length === 1 ? "End it" : "End them", found, machines)
    )
  if (rowNamed(clusters, name) !== undefined) {
    const hint = `Give it another name: sky leaks --adopt ${tags.cluster} --as NAME`
    return Result.fail(new RequestConflict({ message: `There is a cluster '${name}' already.`, hint }))
  }
  const unfit = unfitIn(found, name)
  if (unfit !== undefined) return unfit
  const twice = machines.find(({ rank }, i) => machines[i - 1]?.rank === rank)
  if (twice !== undefined) return refused(`${name} has two machines of rank ${twice.rank}.`, endHint("End one of them", found, [twice]))
  const places = [...new Set(machines.map(({ region, zone }) => zone ?? region))]
  if (places.length > 1)
    return refused(
      `The machines of ${name} are in several places: ${places.join(", ")}.`,
      endHint(
        `End those that are not in ${places[0]}`,
        found,
        machines.filter(({ region, zone }) => (zone ?? region) !== places[0])
      )
    )
  if (offer === undefined)
    return Result.fail(new NotSupportedError({ message: `What the machines of ${name} are cannot be told.`, hint: null }))
  return Result.succeed(factsOf(machines, name as ClusterName, clusters.log, owner))
}
