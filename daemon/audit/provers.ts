/**
 * Runs of a long log are proven by threads, so that a daemon goes on answering and every core helps. A run crosses as one block of
 * bytes. Where the bundle of the threads is not there, as in a checkout that was not built, it is done in place.
 */
import { existsSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import type { Worker } from "node:worker_threads"
import * as Effect from "effect/Effect"
import type { Head } from "../log/head-file.ts"
import type { Stored } from "../log/LogStore.ts"
import { type Proven, proveRun, type Run } from "./prove-run.ts"

/** Below that, threads start later than they would have ended. */
const longLogEvents = 20_000
const threadsMax = 4
/** So many that what is read while the threads start is enough for them all. */
const runsPerThread = 8

export interface Provers {
  readonly prove: (run: Run) => Effect.Effect<Proven>
  /** How many runs may be on their way. */
  readonly width: number
}

/** A run as it crosses. */
export interface Packed {
  readonly said: { readonly log: string; readonly seq: number; readonly hash: Uint8Array } | undefined
  readonly at: number
  readonly hash: Uint8Array | undefined
  readonly seqs: Float64Array
  readonly ends: Uint32Array
  readonly bytes: Uint8Array
}

const packed = ({ at, hash, said, values }: Run): Packed => {
  const seqs = new Float64Array(values.length)
  const ends = new Uint32Array(values.length)
  const bytes = new Uint8Array(values.reduce((size, { value }) => size + value.length, 0))
  let [i, end] = [0, 0]
  for (const { seq, value } of values) {
    bytes.set(value, end)
    end += value.length
    seqs[i] = seq
    ends[i++] = end
  }
  return { said, at, hash, seqs, ends, bytes }
}

const bufferOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export const unpacked = ({ at, bytes, ends, hash, said, seqs }: Packed): Run => {
  const head: Head | undefined = said && { ...said, hash: bufferOf(said.hash) }
  const values: Array<Stored> = []
  let from = 0
  for (const [i, to] of ends.entries()) {
    values.push({ seq: seqs[i]!, value: bytes.subarray(from, to) })
    from = to
  }
  return { said: head, at, hash: hash && bufferOf(hash), values }
}

const inPlace: Provers = { prove: (run) => Effect.sync(() => proveRun(run)), width: 1 }

/** Answers come in the order in which it was asked. */
class Thread {
  private readonly worker: Worker
  private readonly asked: Array<PromiseWithResolvers<Proven>> = []

  constructor(program: string) {
    // Loaded only here: few daemons ever need one.
    const threads = process.getBuiltinModule("node:worker_threads")
    this.worker = new threads.Worker(program)
    this.worker.on("message", (proven: Proven) => this.asked.shift()?.resolve(proven))
    this.worker.on("error", (error) => {
      for (const { reject } of this.asked.splice(0)) reject(error)
    })
  }
  get load(): number {
    return this.asked.length
  }
  prove(run: Run): Promise<Proven> {
    const answer = Promise.withResolvers<Proven>()
    this.asked.push(answer)
    const message = packed(run)
    this.worker.postMessage(message, [message.bytes.buffer as ArrayBuffer])
    return answer.promise
  }
  end(): Promise<number> {
    return this.worker.terminate()
  }
}

const program = typeof __dirname === "undefined" ? "" : join(__dirname, "prover.cjs")

/** For a log of so many events. */
export const provers = (events: number) =>
  events < longLogEvents || !existsSync(program)
    ? Effect.succeed(inPlace)
    : Effect.map(
        Effect.acquireRelease(
          Effect.sync(() => Array.from({ length: Math.min(threadsMax, availableParallelism()) }, () => new Thread(program))),
          (threads) => Effect.promise(() => Promise.all(threads.map((thread) => thread.end())))
        ),
        (threads): Provers => ({
          prove: (run) => Effect.promise(() => threads.reduce((idlest, next) => (next.load < idlest.load ? next : idlest)).prove(run)),
          width: threads.length * runsPerThread
        })
      )
