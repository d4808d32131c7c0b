/**
 * A made-up past: clusters that were launched, ran jobs and were stopped. Written through the daemon's own log, so a daemon that
 * starts on it replays it like any other, finds nothing to do and rests.
 */
import { mkdirSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Background } from "../daemon/Background.ts"
import { EventLog } from "../daemon/log/EventLog.ts"
import * as LevelLog from "../daemon/log/LevelLog.ts"
import type { Event } from "../events/Event.ts"
import type { OperationId } from "../events/ids.ts"
import type { Actor, Recorded, StreamName } from "../events/Recorded.ts"
import type { Offer } from "../events/values.ts"
import { ulid } from "../sdk/client/ulid.ts"

export const actor: Actor = { kind: "user", uid: 1000, host: "bench" }

const offer: Offer = {
  cloud: "local",
  region: null,
  zone: null,
  instanceType: null,
  cpus: 2,
  memoryGib: 8,
  accelerators: null,
  useSpot: false,
  usdPerHour: 0,
  catalog: null
}

type Said = readonly [StreamName, Event, OperationId | null]

/** The life of one cluster, from its launch to its stop, or to its end. */
export const lifeOf = (number: number, jobs: number, gone = false): ReadonlyArray<Said> => {
  const cluster = ulid() as never
  const journal = ulid() as never
  const token = ulid() as never
  const node = `${token}-0` as never
  const name = `past-${number}` as never
  const own = `cluster/${cluster}` as StreamName
  const copied = `journal/${journal}` as StreamName
  const task = { name: "train", run: "python train.py --epochs 3", envs: { SEED: "7" } }
  const lastUse = `sky launch -c ${name} train.yaml`
  const facts: Array<Said> = []
  let entry = 0
  const requested = (method: string): OperationId => {
    const id = ulid() as OperationId
    const who = { program: "sky", pid: 1, argv: [method, "-y", name], user: "bench" }
    facts.push([own, { _tag: "OperationRequested", requestId: id, method, clusterName: name, digest: "0".repeat(64), ...who }, id])
    return id
  }
  facts.push([own, { _tag: "ClusterCreated", cluster, name }, null])
  const launch = requested("launch")
  const wish = { task, numNodes: 1, idleMinutes: null, down: false, retryUntilUp: false, noSetup: false, detachSetup: false, lastUse }
  facts.push([own, { _tag: "LaunchRequested", cluster, ...wish }, launch])
  facts.push([own, { _tag: "PlaceChosen", cluster, offer, numNodes: 1 }, launch])
  facts.push([own, { _tag: "NodeRequested", cluster, token, ranks: [0], offer }, launch])
  facts.push([own, { _tag: "NodeProvisioned", cluster, token, rank: 0, node, address: "127.0.1.1" }, launch])
  facts.push([own, { _tag: "RuntimeReady", cluster, rank: 0, node, journal, build: "bench" }, launch])
  facts.push([own, { _tag: "OperationSucceeded", result: { jobId: 1 } }, launch])
  for (let id = 1; id <= jobs; id++) {
    const job = id as never
    const runTimestamp = "sky-2026-11-25-12-00-00-000000"
    facts.push([own, { _tag: "JobSubmitted", cluster, job, task, numNodes: 1, withSetup: false, user: "bench", runTimestamp }, launch])
    const ranks = [{ rank: 0, node, nodeRank: 0, pid: 4711 }]
    facts.push([copied, { _tag: "JobStarted", cluster, job, entry: ++entry, observedAtMs: 1, ranks }, null])
    const end = { status: "SUCCEEDED", returnCodes: [0], reason: null, observedAtMs: 2 } as const
    facts.push([copied, { _tag: "JobEnded", cluster, job, entry: ++entry, ...end }, null])
  }
  const stop = requested("stop")
  facts.push([own, { _tag: "StopRequested", cluster, purge: false, lastUse }, stop])
  facts.push([own, { _tag: "NodeStopped", cluster, rank: 0, node, reason: null }, stop])
  facts.push([own, { _tag: "ClusterStopped", cluster, reason: "stopped" }, stop])
  facts.push([own, { _tag: "OperationSucceeded", result: {} }, stop])
  if (gone) facts.push([own, { _tag: "ClusterGone", cluster, name, reason: "torn down on request" }, null])
  return facts
}

export interface Past {
  readonly clusters: number
  readonly jobs: number
  /** All but the last of so many are torn down in the end. */
  readonly goneBut?: number
}

/** Jobs as evenly as they go. */
const lives = function* ({ clusters, goneBut = clusters, jobs }: Past) {
  const share = (i: number) => Math.floor(((i + 1) * jobs) / clusters) - Math.floor((i * jobs) / clusters)
  for (let i = 0; i < clusters; i++) yield lifeOf(i, share(i), i < clusters - goneBut)
}

/** In envelopes, for folds. */
export const historyOf = (past: Past): ReadonlyArray<Recorded> =>
  [...lives(past)].flat().map(
    ([stream, event, operation], i): Recorded => ({
      seq: (i + 1) as never,
      atMs: i,
      stream,
      operation,
      causedBy: 0 as never,
      actor,
      event
    })
  )

/** The log of a state folder, open. */
export const logIn = (home: string) =>
  EventLog.layer(actor).pipe(Layer.provide([LevelLog.layer(home, Effect.sync(ulid)), Background.layer]))

/** How many events it wrote. */
export const writeHistory = (home: string, past: Past): Promise<number> => {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const write = Effect.gen(function* () {
    const log = yield* EventLog
    const live = (facts: ReturnType<typeof lifeOf>) =>
      log.append({
        events: facts.map(([stream, event, operation]) => (operation === null ? [stream, event] : [stream, event, operation]) as never),
        operation: null,
        causedBy: 0,
        actor,
        expect: []
      })
    yield* Effect.forEach(lives(past), live, { concurrency: 512, discard: true })
    return log.world().at
  })
  return Effect.runPromise(Effect.provide(write, logIn(home)))
}
