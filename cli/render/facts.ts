/**
 * Facts in words, one line each, and what a failed setup said last. Typed by the events themselves, so that a new one does not compile
 * until it is told here.
 */
import type { Event, EventTag } from "../../events/Event.ts"
import type { Recorded } from "../../events/Recorded.ts"
import type { MachineWish, Offer } from "../../events/values.ts"
import { actionText } from "../../projections/action-words.ts"
import { nothingLeft, offAgain, reachText } from "../../projections/refusals.ts"
import { commandLine } from "../../sdk/client/caller.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { copiedGib } from "../../task/disk.ts"
import { placeName } from "../../task/place.ts"
import { plural } from "../../task/plural.ts"
import { portsText } from "../../task/ports.ts"
import { priceText } from "../../task/price.ts"
import { clean, cleanText } from "./style.ts"
import { clock, localTime } from "./time.ts"

type Words = { readonly [T in EventTag]: (event: Extract<Event, { _tag: T }>) => string }

const because = (reason: string | null) => (reason ? `: ${reason}` : "")
const idle = (minutes: number, down: boolean) => `${plural(minutes, "idle minute")}${down ? " (down)" : ""}`
/** A reason names the exit code already. */
const outcome = ({ returnCodes, reason }: { readonly returnCodes: ReadonlyArray<number>; readonly reason: string | null }) =>
  because(reason) || (returnCodes.length > 0 ? ` (exit ${returnCodes.join(", ")})` : "")
/** Not once that is past: what came of it is told by other facts. */
const ahead = (atMs: number | undefined, what: string) => (atMs !== undefined && atMs > Date.now() ? `; ${what} ${clock(atMs)}` : "")
/** Of what was seen later than it was. */
const since = (atMs: number | undefined) => (atMs === undefined ? "" : ` since ${localTime(atMs).slice(0, 19)}`)
const price = (offer: Offer) =>
  `${priceText(offer)}${offer.usdPerHour === 0 ? "" : " each"}${offer.catalog === null ? "" : ` (price of ${clean(offer.catalog)})`}`

const leaked = ({ cloud, id, kind, region }: { cloud: string; id: string; kind: string; region: string | null }) =>
  `${kind} ${id} (${placeName({ cloud, region, zone: null })})`

const reach = { zone: "", region: " in all of its region", cloud: " in all of its cloud", everywhere: " everywhere" } as const

/** The name of a node is its token's, and its rank. */
const refused = (token: string, node: string | undefined) =>
  node === undefined ? "refused" : `the start of node ${node.slice(token.length + 1)} was refused`

const copied = ({ clone, diskGib }: MachineWish) =>
  clone === undefined
    ? ""
    : `, its disk of ${copiedGib(clone.gib, diskGib)} GiB a copy of ${clone.clusterName}'s${copiedGib(clone.gib, diskGib) === clone.gib ? "" : `, of ${clone.gib}`}`
const madeWith = (machine: MachineWish = {}) =>
  `${machine.ports?.length ? `, ${portsText(machine.ports)} open to everybody` : ""}${copied(machine)}`

const words: Words = {
  LogCreated: ({ log }) => `the log begins: ${log}`,
  DaemonStarted: ({ version, pid }) => `daemon ${version} started, pid ${pid}`,
  DaemonStopped: ({ reason }) => `daemon stopped${because(reason)}`,
  OperationRequested: ({ method, argv }) => (argv.length > 0 ? `you asked: ${commandLine(argv)}` : `${method} was asked for`),
  OperationSucceeded: () => "done",
  OperationFailed: ({ error }) => `failed: ${error.message}`,
  OperationCancelled: ({ reason, by }) => `cancelled${by?.user ? ` by ${by.user}` : ""}${because(reason)}`,
  ClusterCreated: ({ name }) => `a new cluster: ${name}`,
  LaunchRequested: ({ numNodes, task }) => `launch of ${task.name ?? "a task"} on ${plural(numNodes, "node")}`,
  StartRequested: () => "start",
  ExecRequested: ({ task }) => `exec of ${task.name ?? "a task"}`,
  PlaceChosen: ({ offer, numNodes }) => `chosen: ${numNodes}x ${placeName(offer)}, ${price(offer)}`,
  PlacePassedOver: (event) => `passed over: ${reachText(event) || placeName(event.offer)}, ${event.code}, "${event.message}"`,
  PlacesExhausted: ({ message, retryAtMs }) => `no place gave it: ${message}${ahead(retryAtMs, "all are asked again at")}`,
  NodeRequested: ({ machine, offer, ranks, refusedAgain }) =>
    `${refusedAgain === undefined ? "" : "refused as before; "}asked ${placeName(offer)} for ${plural(ranks.length, "node")}${offer.instanceType === null ? "" : madeWith(machine)}`,
  NetworkMade: ({ words }) => words,
  NodeProvisioned: ({ rank, node, address, diskGib, host }) =>
    `node ${rank} is there: ${node}, ${host ?? address}${diskGib === undefined ? "" : `, with a disk of ${diskGib} GiB`}`,
  NodeRefused: ({ code, message, node, scope = "zone", token }) =>
    code === nothingLeft
      ? `nothing is left: ${message}`
      : code === offAgain
        ? `node ${node?.slice(token.length + 1)} ran again: ${message}`
        : `${refused(token, node)}${reach[scope]}: ${code}, "${message}"`,
  NodeStarting: ({ rank }) => `node ${rank} is being started`,
  NodeStarted: ({ rank, address }) => `node ${rank} runs again, ${address}`,
  NodeStopped: ({ endedAtMs, forGood, rank, reason }) =>
    `node ${rank} stopped${forGood ? " for good" : ""}${since(endedAtMs)}${because(reason?.replace(/^stopped: /, "") ?? null)}`,
  NodeReleased: ({ endedAtMs, rank, reason }) => `node ${rank} is gone${since(endedAtMs)}${because(reason)}`,
  RestLeft: ({ cloud, message }) => `what ${cloudDisplay(cloud)} has of it beside machines may still be there: ${message}`,
  NodeAbandoned: ({ rank, node, reason }) => `node ${rank} (${node}) may still exist${because(reason)}`,
  RequestAbandoned: ({ ranks, reason }) =>
    `${plural(ranks.length, "node")} that ${ranks.length === 1 ? "was" : "were"} asked for may exist${because(reason)}`,
  RuntimeReady: ({ rank, hostKey }) =>
    `node ${rank} answers${hostKey === undefined ? "" : ", with another host key, which your known_hosts has"}`,
  RuntimeLost: ({ rank, reason }) => `node ${rank} does not answer${because(reason)}`,
  PortsOpened: ({ ports }) => `${portsText(ports)} open`,
  PortsNotOpened: ({ ports }) => `${portsText(ports)} not open`,
  WorkdirSynced: ({ files, bytes }) => `workdir synced: ${plural(files, "file")}, ${bytes} bytes`,
  FileMountsSynced: ({ mounts, files, bytes }) => `${plural(mounts, "file mount")} synced: ${plural(files, "file")}, ${bytes} bytes`,
  SetupStarted: () => "setup started",
  SetupEnded: (event) => (event.failedRank === null ? "setup done" : `setup ended${outcome(event)}`),
  JobSubmitted: ({ job, task, numNodes }) => `job ${job}${task.name ? ` ${task.name}` : ""} submitted, ${plural(numNodes, "node")}`,
  JobSettingUp: ({ job }) => `job ${job} is set up`,
  JobStarted: ({ job }) => `job ${job} started`,
  JobCancelRequested: ({ jobs }) => `cancel of ${jobs.length === 1 ? "job" : "jobs"} ${jobs.join(", ")}`,
  JobEnded: (event) => `job ${event.job} ${event.status}${outcome(event)}`,
  JobClosed: ({ job, status, reason }) => `job ${job} ${status}${because(reason)}`,
  JournalGap: ({ from, to }) => `entries ${from} to ${to} of a node's journal are lost`,
  AutostopSet: ({ idleMinutes, down }) => (idleMinutes < 0 ? "autostop cancelled" : `autostop after ${idle(idleMinutes, down)}`),
  AutostopArmed: () => "the autostop setting has reached the node",
  AutostopFired: ({ idleMinutes, down, observedAtMs, past }) =>
    `autostop fired after ${idle(idleMinutes, down)}, by the node itself${past ? ` at ${clock(observedAtMs)}; it was started again since` : ""}`,
  StopRequested: ({ purge }) => `stop${purge ? " (purge)" : ""}`,
  DownRequested: ({ purge }) => `down${purge ? " (purge)" : ""}`,
  ClusterStopped: ({ reason }) => `cluster stopped${because(reason)}`,
  ClusterGone: ({ reason }) => `cluster gone${because(reason)}`,
  ClusterImported: () => "the log was imported: what was begun is given up",
  ClusterAdopted: ({ log, name, numNodes, offer }) =>
    `adopted: ${name}, ${numNodes}x ${placeName(offer)}, ${price(offer)}${log === undefined ? "" : `, of log ${log}`}`,
  LeakEndRequested: ({ reason, ...leak }) => `the end of ${leaked(leak)} was asked for${because(reason)}`,
  LeakEnded: (leak) => `${leaked(leak)} is gone`,
  LeakKept: ({ code, message, ...leak }) => `${leaked(leak)} may still be there: ${code}, "${message}"`,
  ActionFailed: ({ action, message, retryAtMs }) => `${actionText(action)} failed: ${message}${ahead(retryAtMs, "again at")}`,
  CredentialsAccepted: () => "its cloud takes the credentials again",
  ReactorFailed: ({ message, retryAtMs }) => `the daemon failed on it: ${message}${ahead(retryAtMs, "again at")}`
}

/** A daemon newer than us may know facts that we do not: their name is said. */
const say = ({ event, operation }: Pick<Recorded, "event" | "operation">): string => {
  const tell = words[event._tag] as ((event: Event) => string) | undefined
  // In a console, or by other tools: a daemon that does it has an operation.
  const whose = event._tag === "NodeStarting" && operation === null ? ", by nobody here" : ""
  return clean(`${tell?.(event) ?? event._tag}${whose}`)
}

export const eventLine = ({ seq, atMs, event, operation }: Recorded): string => {
  const lines = event._tag === "OperationFailed" ? cleanText(`failed: ${event.error.message}`).split("\n") : [say({ event, operation })]
  const below = event._tag === "SetupEnded" && event.failedRank !== null ? event.lastLines : lines.slice(1)
  return [
    `${String(seq).padStart(5)}  ${clock(atMs)}  ${clean(lines[0]!)}`,
    ...below.map((line) => `${" ".repeat(19)}${clean(line)}`)
  ].join("\n")
}
