/** A cluster of which nothing is known yet but that it was made. Pure. */
import type { ClusterId, ClusterName } from "../events/ids.ts"
import { Seq } from "../events/ids.ts"
import type { ClusterRow } from "./ClusterRow.ts"
import { notSearched } from "./search-facts.ts"

export const blank = (id: ClusterId, name: ClusterName, atMs: number, seq: Seq): ClusterRow => ({
  id,
  name,
  log: null,
  createdAtMs: atMs,
  launchedAtMs: atMs,
  lastUse: "",
  wanted: "up",
  wantedReason: null,
  wantedSinceMs: atMs,
  createdSeq: seq,
  concluded: false,
  purge: false,
  everUp: false,
  numNodes: 1,
  offer: null,
  machine: {},
  cameGib: null,
  asked: [],
  asksPorts: false,
  portsInDoubt: null,
  owner: null,
  pending: [],
  refused: null,
  ...notSearched,
  nodes: [],
  lost: [],
  journal: null,
  autostop: null,
  armed: Seq.make(0),
  inForce: null,
  idleFromMs: null,
  notArmed: null,
  operations: [],
  lastJob: 0,
  stoppedReason: null,
  trouble: null,
  lastSeq: Seq.make(0)
})
