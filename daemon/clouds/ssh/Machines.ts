/**
 * The machines of the pools, reached over ssh: looked at (by `sh` alone, nothing is put there), made ready when something is to be done there, and asked
 * as `agent.cjs machine`. What is known of one is kept for a while, and learned anew where it turns out wrong.
 */
import type { Duplex } from "node:stream"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Answer } from "../../../machine/answer.ts"
import type { MachineMethod, MachineMethods } from "../../../machine/shapes.ts"
import { bootstrap, lookAt, type Ready } from "../../remote/bootstrap.ts"
import type { Connections } from "../../remote/Connections.ts"
import type { Ground } from "../../remote/ground.ts"
import { RemoteError } from "../../remote/RemoteError.ts"
import { resolve } from "../../remote/resolve.ts"
import type { Target } from "../../remote/Target.ts"
import { CloudError, type NodeRef } from "../Cloud.ts"
import { type PoolMachine, PoolsError } from "./PoolMachine.ts"
import { type KnownPools, machinesOf } from "./pools.ts"

export interface MachinesOptions {
  readonly connections: Connections["Service"]
  readonly agentPath: string
  readonly pools: () => Promise<KnownPools>
}

export interface Reached {
  readonly target: Target
  readonly ground: Ground
  /** As it was shown. */
  readonly hostKey: string
}

/** What came of a look at a machine. */
export type Looked = PoolMachine & ({ readonly reached: Reached; readonly why: null } | { readonly reached: null; readonly why: string })
export type Found = PoolMachine & { readonly reached: Reached; readonly why: null }

const lookMaxMs = 15_000
/** So long a look at a machine holds for an offer. */
const lookedForMs = 60_000
const looksAtOnce = 64
const answerMaxBytes = 64 * 1024 * 1024
/** Of a shell that finds no such program. */
const notThere: ReadonlyArray<number | null> = [126, 127]

export const transient = (code: string, message: string) => new CloudError({ kind: "Transient", code, message })
export const refused = (code: string, message: string) => new CloudError({ kind: "Refused", code, message })

/** A machine that does not answer may do so later, and what is done about it is the user's to say: never final. */
const inWords = ({ kind, message }: RemoteError) => transient(kind, message)

const keyOf = ({ host, pool }: PoolMachine) => JSON.stringify([pool, host])

export const makeMachines = ({ agentPath, connections, pools }: MachinesOptions) => {
  const targets = new Map<string, { readonly atMs: number; readonly target: Target }>()
  const looks = new Map<string, { readonly atMs: number; readonly reached: Reached }>()
  const readies = new Map<string, Ready>()

  const known = Effect.tryPromise({
    try: pools,
    catch: (error) => transient("PoolsFile", error instanceof PoolsError ? error.message : String(error))
  })

  /** Logs in as the files say now: the pools file, and ssh's own configuration. */
  const targetOf = Effect.fn("Machines.targetOf")(function* (machine: PoolMachine, hostKey: string | null) {
    const key = JSON.stringify(machine)
    const nowMs = yield* Clock.currentTimeMillis
    const kept = targets.get(key)
    if (kept !== undefined && nowMs - kept.atMs < lookedForMs) return { ...kept.target, hostKey }
    const target = yield* Effect.tryPromise({
      try: () => resolve(machine.name, machine.login),
      catch: (error) => error
    }).pipe(Effect.catch((error) => (error instanceof RemoteError ? Effect.fail(error) : Effect.die(error))))
    targets.set(key, { atMs: nowMs, target })
    return { ...target, hostKey }
  })

  /** The machine of a node, as the pools file has it now. */
  const machineOf = Effect.fn("Machines.machineOf")(function* ({ host, region }: NodeRef) {
    const found = yield* known
    const machine = machinesOf(found, region).find((one) => one.host === host)
    if (machine !== undefined) return machine
    const where = found.file === null ? "there is no ssh_node_pools.yaml any more" : `the pool '${region}' of ${found.file} has it no more`
    return yield* transient("NotInPools", `how to log in to ${host} is not known: ${where}`)
  })

  const reach = Effect.fn("Machines.reach")(function* (machine: PoolMachine) {
    const target = yield* targetOf(machine, null)
    const ground = yield* lookAt(connections, target)
    const reached: Reached = { target, ground, hostKey: yield* connections.hostKey(target) }
    looks.set(keyOf(machine), { atMs: yield* Clock.currentTimeMillis, reached })
    return reached
  })

  const look = (machine: PoolMachine): Effect.Effect<Looked> =>
    reach(machine).pipe(
      Effect.mapError(({ message }) => message),
      Effect.timeoutOrElse({
        duration: lookMaxMs,
        orElse: () => Effect.fail(`no answer from ${machine.host} within ${lookMaxMs / 1000} s`)
      }),
      Effect.match({
        onSuccess: (reached): Looked => ({ ...machine, reached, why: null }),
        onFailure: (why): Looked => ({ ...machine, reached: null, why })
      })
    )

  /** All of them at once; with `isFresh` none by what was seen before. */
  const lookAll = Effect.fn("Machines.lookAll")(function* (machines: ReadonlyArray<PoolMachine>, isFresh: boolean) {
    const nowMs = yield* Clock.currentTimeMillis
    return yield* Effect.forEach(
      machines,
      (machine) => {
        const kept = looks.get(keyOf(machine))
        return !isFresh && kept !== undefined && nowMs - kept.atMs < lookedForMs
          ? Effect.succeed<Looked>({ ...machine, reached: kept.reached, why: null })
          : look(machine)
      },
      { concurrency: looksAtOnce }
    )
  })

  /** Whatever it takes to ask it. */
  const makeReady = Effect.fn("Machines.makeReady")(function* (machine: PoolMachine, target: Target) {
    const ready = yield* bootstrap(connections, target, agentPath)
    readies.set(keyOf(machine), ready)
    return ready
  })

  const askOnce = Effect.fn("Machines.askOnce")(function* <M extends MachineMethod>(
    target: Target,
    { agent, base, node }: Ready,
    method: M,
    params: MachineMethods[M][0]
  ) {
    const ran = yield* connections
      .run(target, 'exec "$1" "$2" machine "$3"', {
        args: [node, agent, base],
        input: JSON.stringify({ method, params }),
        maxOutput: answerMaxBytes
      })
      .pipe(Effect.mapError(inWords))
    if (notThere.includes(ran.code) || /Cannot find module/.test(ran.stderr)) return "not there" as const
    const answer = yield* Effect.try({
      try: () => JSON.parse(ran.stdout.toString()) as Answer<M>,
      catch: () =>
        transient("NoSense", `${target.name} did not answer '${method}': ${ran.stderr.trim().split("\n").at(-1) || "it said nothing"}`)
    })
    return "ok" in answer ? answer : yield* new CloudError(answer.error)
  })

  /** `isNew`: what is there is looked at first, and what is missing is brought. */
  const askOn = Effect.fn("Machines.askOn")(function* <M extends MachineMethod>(
    machine: PoolMachine,
    hostKey: string | null,
    method: M,
    params: MachineMethods[M][0],
    isNew = false
  ) {
    const target = yield* Effect.mapError(targetOf(machine, hostKey), inWords)
    const prepare = Effect.mapError(makeReady(machine, target), inWords)
    const kept = isNew ? undefined : readies.get(keyOf(machine))
    const first = yield* askOnce(target, kept ?? (yield* prepare), method, params)
    const answer = first === "not there" && kept !== undefined ? yield* askOnce(target, yield* prepare, method, params) : first
    if (answer === "not there") return yield* transient("NoAgent", `our agent's program does not start on ${machine.host}`)
    return answer.ok as MachineMethods[M][1]
  })

  const ask = Effect.fn("Machines.ask")(function* <M extends MachineMethod>(
    ref: NodeRef,
    method: M,
    params: MachineMethods[M][0],
    isNew = false
  ) {
    return yield* askOn(yield* machineOf(ref), ref.hostKey, method, params, isNew)
  })

  const readyFor = Effect.fn("Machines.readyFor")(function* (ref: NodeRef) {
    const machine = yield* machineOf(ref)
    const target = yield* Effect.mapError(targetOf(machine, ref.hostKey), inWords)
    return { target, ready: readies.get(keyOf(machine)) ?? (yield* Effect.mapError(makeReady(machine, target), inWords)) }
  })

  /** A subcommand of the agent's program as a stream; `argument` is made of the folder of all of ours there. */
  const open = Effect.fn("Machines.open")(function* (ref: NodeRef, name: "connect" | "receive", argument: (base: string) => string) {
    const { ready, target } = yield* readyFor(ref)
    const { agent, base, node } = ready
    const stream: Duplex = yield* Effect.mapError(connections.open(target, [node, agent, name, argument(base)]), inWords)
    return stream
  })

  /** For others of its cluster: by its own word, where it gives one. */
  const addressOf = Effect.fn("Machines.addressOf")(function* (ref: NodeRef) {
    const { ready, target } = yield* readyFor(ref)
    const { address, port, user } = ready.ground
    return address === null ? { user, host: target.host, port: target.port } : { user, host: address, port: port ?? target.port }
  })

  return {
    known,
    addressOf,
    lookAll,
    ask,
    askOn,
    open,
    /** What it is known to be: seen by others as it is, from the next look on. */
    forget: (machine: Pick<PoolMachine, "pool" | "host">) => looks.delete(keyOf(machine as PoolMachine))
  }
}
export type Machines = ReturnType<typeof makeMachines>
