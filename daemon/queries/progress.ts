/** What a fact of an operation means to the person who waits for it. Pure. */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { AutostopArmed } from "../../events/autostop.ts"
import type { RestLeft } from "../../events/cluster.ts"
import type { NodeAbandoned, NodeProvisioned, NodeRequested, NodeStopped } from "../../events/provision.ts"
import type { Recorded } from "../../events/Recorded.ts"
import type { ActiveOperation, ClusterRow } from "../../projections/ClusterRow.ts"
import { clusterOf, rowOf } from "../../projections/clusters.ts"
import { refusalText } from "../../projections/refusals.ts"
import type { Progress } from "../../sdk/protocol/Wire.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { lasting } from "../../task/lasting.ts"
import { placeName, placeText } from "../../task/place.ts"
import { plural } from "../../task/plural.ts"
import { portsText } from "../../task/ports.ts"
import { hasPrice, priceText } from "../../task/price.ts"
import { inner } from "../../task/sentence.ts"
import { autostopAt } from "../commands/autostop-at.ts"
import { phaseOf } from "../reactors/phase-of.ts"
import { sizeText } from "../sync/SyncTold.ts"
import type { World } from "../World.ts"
import { beforeIt } from "./operation-view.ts"

type Said = Pick<Progress, "phase" | "state" | "detail" | "news">

const nodes = (count: number) => plural(count, "node")
const said = (phase: Said["phase"], state: Said["state"], detail = ""): Said => ({ phase, state, detail })
const news = (phase: Said["phase"], detail: string): Said => ({ ...said(phase, "running", detail), news: true })

/** A launch with `down` sets a plain autostop until its setup has succeeded, and ends the cluster then. */
const armed = ({ setting }: typeof AutostopArmed.Type, row: ClusterRow | undefined, active: ActiveOperation | undefined) => {
  const set = row?.autostop
  if (!set || set.setting !== setting || set.idleMinutes < 0) return undefined
  const down = set.down || (active?.request?._tag === "LaunchRequested" && autostopAt(active.request, row?.offer ?? null).down)
  return said("autostop", "done", `${down ? "goes" : "stops"} after ${plural(set.idleMinutes, "idle minute")}`)
}

/** What was said of place and price before the question does not hold any more. */
const hasMoved = ({ refusals, rounds }: ClusterRow) => refusals.length > 0 || rounds > 0
const foundIn = ({ numNodes, offer }: ClusterRow) => {
  const place = offer === null ? "" : placeText(offer)
  return place === "" ? "" : ` on ${place}, ${priceText(offer!, numNodes)}`
}
/** Of a cluster that has some of its nodes, the rest. */
const asked = ({ ranks }: typeof NodeRequested.Type, row: ClusterRow | undefined) =>
  row === undefined || ranks.length >= row.numNodes ? nodes(ranks.length) : `${ranks.length} of ${nodes(row.numNodes)}`

/** The last one that was given of what was asked for together: told where the cluster has all its nodes by it. */
const provisioned = (row: ClusterRow, { diskGib, rank, token }: typeof NodeProvisioned.Type) => {
  const own = row.nodes.filter((node) => node.token === token)
  const isWhole = row.pending.length === 0 && row.nodes.length >= row.numNodes
  if (!isWhole || rank !== own.at(-1)?.rank) return undefined
  const count = own.length === row.nodes.length ? nodes(own.length) : `${own.length} of ${nodes(row.nodes.length)}`
  // Nobody has asked for that, and it costs as long as it is there.
  const disk = diskGib === undefined ? "" : `, each with a disk of ${diskGib} GiB: what it was made from is that large`
  return said("provision", "done", `${count}${hasMoved(row) ? foundIn(row) : ""}${disk}`)
}

/** Its place is that of what was asked last. */
const toldOf = ({ offer, refused, refusals }: ClusterRow) =>
  refusals.length > 0 ? refusalText(refusals.at(-1)!) : offer && refused ? refusalText({ offer, ...refused }) : ""
const soon = (ms: number) => `in ${lasting(Math.max(1000, ms))}`

/** Asked of what outlasts the cluster, which may be gone by now. */
const leftBehind = ({ cluster, node, rank, reason }: typeof NodeAbandoned.Type, { clusters, costs }: World) => {
  const machine = Option.getOrUndefined(HashMap.get(clusters.abandoned, node))
  const cost = Option.getOrUndefined(HashMap.get(costs.rows, cluster))
  const isRented = cost?.offer ? cost.offer.usdPerHour > 0 || !hasPrice(cost.offer) : false
  const where = isRented && machine ? `${machine.host} (${placeText(machine)}), ${priceText(cost!.offer!)}` : (machine?.host ?? "its cloud")
  const whoElse = isRented ? "" : ", or by who wants the machine"
  const then = machine === undefined ? "" : `. It is ended once that is reached${whoElse}`
  const look = isRented ? "; what is left: sky leaks" : ""
  return `node ${rank} may still be on ${where}: ${inner(reason)}${then}${look}; at once: sky down --unlogged ${cost?.name ?? ""}`
}

/** `row`: its cluster is there, and removes it in the end. */
const restLeft = ({ cloud, message }: typeof RestLeft.Type, row: ClusterRow | undefined) =>
  `what ${cloudDisplay(cloud)} has of it beside machines may still be there: ${inner(message)}. ${
    row === undefined
      ? "To see what: sky leaks; to remove it, once that is allowed: sky leaks --terminate"
      : `It is removed with the cluster: sky down ${row.name}`
  }`

/** Of a stop by a purge. Its cluster is there, so it is looked at. */
const notConfirmed = ({ node, reason }: typeof NodeStopped.Type, row: ClusterRow) => {
  const { host, rank } = row.nodes.find((one) => one.node === node)!
  const place = row.offer
  const where = place === null ? "" : ` on ${host ?? "its cloud"}${host === null ? "" : ` (${placeText(place)})`}, ${priceText(place)}`
  const look = `Whether it does is looked at by itself; now: sky status -r ${row.name}; in the end: sky down ${row.name}`
  return `node ${rank} may still run${where}: ${inner(reason ?? "")}. ${look}`
}

const meaning = (recorded: Recorded, world: World): Said | undefined => {
  const { event } = recorded
  const id = clusterOf(recorded)
  const row = id === undefined ? undefined : rowOf(world.clusters, id)
  const active = row?.operations.find(({ id: own }) => own === recorded.operation)
  switch (event._tag) {
    case "OperationRequested": {
      const before = row && beforeIt(row, event.requestId).at(-1)
      return before && said("queued", "running", `for the ${before.method} before it; to end that: sky ops cancel ${before.id}`)
    }
    case "NodeRequested":
      return said("provision", "running", `${asked(event, row)} on ${placeName(event.offer)}`)
    case "NetworkMade":
      return news("provision", event.words)
    case "NodeProvisioned":
      return row && provisioned(row, event)
    case "NodeStarted": {
      // Others may have run all the time.
      const begun = row?.nodes.filter(({ ready }) => !ready) ?? []
      return row?.nodes.every(({ state }) => state === "running") && event.rank === begun.at(-1)?.rank
        ? said("provision", "done", `${nodes(begun.length)} started`)
        : undefined
    }
    case "NodeRefused":
      return said("provision", "failed", row && event.node === undefined ? toldOf(row) : event.message)
    case "PlacePassedOver":
      // What the place lacks was known before anything was asked, and others of its cloud may have it.
      return event.code === "NotSupportedError"
        ? news("provision", `passed over${event.offer.useSpot ? " (spot)" : ""}: ${refusalText(event)}`)
        : said("provision", "failed", refusalText(event))
    case "PlacesExhausted":
      return said("provision", "failed", `${event.message}; all are asked again ${soon(event.retryAtMs - recorded.atMs)}`)
    case "RuntimeReady": {
      const done = row?.nodes.every(({ rank, ready }) => ready && (active?.readyRanks.includes(rank) ?? true))
      return done && event.rank === (active?.readyRanks ?? [event.rank]).at(-1)
        ? said("bootstrap", "done", `agent on ${nodes(row?.nodes.length ?? 0)}`)
        : undefined
    }
    case "AutostopArmed":
      return armed(event, row, active)
    case "PortsOpened":
      return said("provision", "done", `${portsText(event.ports)} open`)
    case "WorkdirSynced":
      return said("sync", "done", sizeText("workdir", event))
    case "FileMountsSynced":
      return said("sync", "done", sizeText(plural(event.mounts, "file mount"), event))
    case "SetupStarted":
      return said("setup", "running")
    case "SetupEnded":
      return event.failedRank === null && event.reason === null ? said("setup", "done") : said("setup", "failed", event.reason ?? "")
    case "JobSubmitted":
      return said("submit", "done", `job ${event.job}`)
    case "JobCancelRequested":
      return said("cancel", "running", event.jobs.join(", "))
    case "StopRequested":
      return said("stop", "running")
    case "NodeAbandoned":
      return said("down", "failed", leftBehind(event, world))
    case "RestLeft":
      return said("down", "failed", restLeft(event, row))
    case "NodeStopped":
      return event.confirmed === false && row ? said("stop", "failed", notConfirmed(event, row)) : undefined
    case "DownRequested":
      return said("down", "running")
    case "ActionFailed": {
      const phase = phaseOf(event.action)
      // An operation that ends by it says so itself.
      if (event.retryAtMs === undefined || active === undefined) return said(phase, "running", event.message)
      return news(phase, `${inner(event.message)}; trying again`)
    }
    default:
      return undefined
  }
}

export const progressOf = (recorded: Recorded, world: World, cluster: string): Omit<Progress, "id"> | undefined => {
  const what = meaning(recorded, world)
  if (what === undefined || recorded.operation === null) return undefined
  return { at: recorded.seq, operation: recorded.operation, atMs: recorded.atMs, cluster, ...what }
}
