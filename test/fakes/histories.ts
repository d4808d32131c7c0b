/** Random histories of one cluster, for properties. */
import fc from "fast-check"
import {
  asked,
  cluster,
  ended,
  nodeId,
  provisioned,
  ready,
  recorded,
  requested,
  type Said,
  started,
  submitted,
  succeeded,
  token,
  up
} from "./facts.ts"

/** Facts in any order, sensible or not: a fold may not throw on what a damaged or foreign history holds. */
const pool: ReadonlyArray<Said> = [
  ...asked({ task: { setup: "s", workdir: "/w", run: "r" } }),
  ...provisioned(2),
  ...ready(2),
  ...up(),
  submitted(2),
  started(),
  started(2, 3),
  ended(),
  ended(2, 4, "FAILED"),
  succeeded(),
  requested("stop"),
  { _tag: "StopRequested", cluster, purge: false, lastUse: "" },
  { _tag: "NodeStopped", cluster, rank: 0, node: nodeId(0), reason: null },
  { _tag: "NodeStarting", cluster, rank: 0, node: nodeId(0) },
  { _tag: "NodeStarted", cluster, rank: 0, node: nodeId(0), address: "127.0.1.1" },
  { _tag: "NodeRefused", cluster, token, node: nodeId(0), code: "c", message: "m" },
  { _tag: "NodeAbandoned", cluster, rank: 1, node: nodeId(1), reason: "r" },
  { _tag: "RestLeft", cluster, cloud: "gcp", message: "m" },
  { _tag: "NetworkMade", cluster, cloud: "gcp", network: "n", words: "made the network n" },
  { _tag: "PortsOpened", cluster, ports: ["8080", "9000-9010"] },
  { _tag: "PortsNotOpened", cluster, ports: ["8080"] },
  { _tag: "CredentialsAccepted", cluster },
  { _tag: "ClusterImported", cluster },
  { _tag: "ClusterStopped", cluster, reason: "r" },
  { _tag: "RuntimeLost", cluster, rank: 0, node: nodeId(0), reason: "r" },
  { _tag: "AutostopSet", cluster, idleMinutes: 5, down: true },
  { _tag: "AutostopFired", cluster, entry: 5, observedAtMs: 1, idleMinutes: 5, down: true, idleSinceMs: 1 },
  { _tag: "NodeReleased", cluster, rank: 0, node: nodeId(0), reason: null },
  { _tag: "ClusterGone", cluster, name: "train" as never, reason: "r" }
]
export const histories = fc.array(fc.constantFrom(...pool), { maxLength: 60 }).map((facts) => recorded(facts))
