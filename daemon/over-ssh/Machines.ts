/**
 * Machines that are reached over ssh: made ready when something is to be done there, and asked as `agent.cjs machine`. What is known of one
 * is kept, and learned anew where it turns out wrong. Which machine a node is on, and how ssh gets there, its cloud says.
 */
import type { Duplex } from "node:stream"
import * as Effect from "effect/Effect"
import type { Answer } from "../../machine/answer.ts"
import type { MachineMethod, MachineMethods } from "../../machine/shapes.ts"
import { CloudError, type NodeRef } from "../clouds/Cloud.ts"
import { addressFor } from "../remote/addresses.ts"
import type { Ready } from "../remote/bootstrap.ts"
import type { Connections } from "../remote/Connections.ts"
import { type Ground, readWhere, whereScript } from "../remote/ground.ts"
import type { RemoteError } from "../remote/RemoteError.ts"
import type { Target } from "../remote/Target.ts"
import { cloudErrorOf, transient } from "./errors.ts"
import { whenConnected } from "./when-connected.ts"

/** `host`: as people call it. */
interface MachinesOptions<M extends { readonly host: string }> {
  readonly connections: Connections["Service"]
  readonly machineOf: (ref: NodeRef) => Effect.Effect<M, CloudError>
  /** What is known of a machine is kept under this. */
  readonly keyOf: (machine: M) => string
  /** How ssh gets there; `hostKey` is the only key that it may show, where one is given. */
  readonly targetOf: (machine: M, hostKey: string | null) => Effect.Effect<Target, RemoteError>
  /** Whatever is missing on the machine for it to be asked; it is looked at first, unless it was just now. */
  readonly bring: (machine: M, target: Target, ground?: Ground) => Effect.Effect<Ready, RemoteError>
}

/** What is known of others is learned anew. */
const readiesMax = 10_000
const answerMaxBytes = 64 * 1024 * 1024
/** Of a shell that finds no such program. */
const notThere: ReadonlyArray<number | null> = [126, 127]

export const makeMachines = <Machine extends { readonly host: string }>({
  bring,
  connections,
  keyOf,
  machineOf,
  targetOf
}: MachinesOptions<Machine>) => {
  const readies = new Map<string, Ready>()

  /** Whatever it takes to ask it. `ground`: as it was seen just now. */
  const makeReady = Effect.fn("Machines.makeReady")(function* (machine: Machine, target: Target, ground?: Ground) {
    const ready = yield* bring(machine, target, ground)
    const key = keyOf(machine)
    // The newest last.
    readies.delete(key)
    readies.set(key, ready)
    for (const old of readies.keys()) if (readies.size > readiesMax) readies.delete(old)
    return ready
  })

  const askOnce = Effect.fn("Machines.askOnce")(function* <M extends MachineMethod>(
    machine: Machine,
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
      .pipe(Effect.mapError(cloudErrorOf))
    const said = ran.stderr.trim().split("\n").at(-1)
    if (notThere.includes(ran.code) || ran.stderr.includes(`Cannot find module '${agent}'`)) return { missing: said ?? "" }
    const answer = yield* Effect.try({
      try: () => JSON.parse(ran.stdout.toString()) as Answer<M>,
      catch: () => transient("NoSense", `${machine.host} did not answer '${method}': ${said || "it said nothing"}`)
    })
    if ("ok" in answer) return answer
    const { code, kind, message } = answer.error
    // What a machine says of itself says nothing of which it is.
    return yield* new CloudError({ kind, code, message: `${machine.host}: ${message}` })
  })

  /** What is missing there is brought. */
  const askOn = Effect.fn("Machines.askOn")(function* <M extends MachineMethod>(
    machine: Machine,
    hostKey: string | null,
    method: M,
    params: MachineMethods[M][0]
  ) {
    const target = yield* Effect.mapError(targetOf(machine, hostKey), cloudErrorOf)
    const prepare = Effect.mapError(makeReady(machine, target), cloudErrorOf)
    const first = yield* askOnce(machine, target, readies.get(keyOf(machine)) ?? (yield* prepare), method, params)
    // Also just after a look: another daemon may have swept there.
    const answer = "missing" in first ? yield* askOnce(machine, target, yield* prepare, method, params) : first
    if ("missing" in answer)
      return yield* transient("NoAgent", `our agent's program does not start on ${machine.host}${answer.missing && `: ${answer.missing}`}`)
    return answer.ok as MachineMethods[M][1]
  })

  const ask = Effect.fn("Machines.ask")(function* <M extends MachineMethod>(ref: NodeRef, method: M, params: MachineMethods[M][0]) {
    return yield* askOn(yield* machineOf(ref), ref.hostKey, method, params)
  })

  const readyFor = Effect.fn("Machines.readyFor")(function* (ref: NodeRef) {
    const machine = yield* machineOf(ref)
    const target = yield* Effect.mapError(targetOf(machine, ref.hostKey), cloudErrorOf)
    return { target, ready: readies.get(keyOf(machine)) ?? (yield* Effect.mapError(makeReady(machine, target), cloudErrorOf)) }
  })

  /** A subcommand of the agent's program as a stream; `argument` is made of the folder of all of ours there. */
  const open = Effect.fn("Machines.open")(function* (ref: NodeRef, name: "connect" | "receive", argument: (base: string) => string) {
    const { ready, target } = yield* readyFor(ref)
    const { agent, base, node } = ready
    const stream: Duplex = yield* Effect.mapError(
      connections.open(target, [node, agent, name, argument(base)], name === "connect" ? "lasts" : "ends"),
      cloudErrorOf
    )
    return stream
  })

  /** The agent's socket; by a program where the server makes no connection to it: the program says so where nobody listens. */
  const dial = Effect.fn("Machines.dial")(function* (ref: NodeRef, path: (base: string) => string) {
    const { ready, target } = yield* readyFor(ref)
    return yield* connections
      .dial(target, path(ready.base))
      .pipe(
        Effect.catch((error) =>
          error.kind === "NotForwarded" ? Effect.flatMap(open(ref, "connect", path), whenConnected) : Effect.fail(cloudErrorOf(error))
        )
      )
  })

  /** By the keys that they show to us; one that is not reached stays as it is. */
  const seen = (jump: Target | null): Effect.Effect<Target | null> =>
    jump === null
      ? Effect.succeed(null)
      : Effect.zipWith(
          Effect.orElseSucceed(connections.hostKey(jump), () => null),
          seen(jump.proxyJump),
          (hostKey, proxyJump) => ({ ...jump, hostKey, proxyJump })
        )

  const login = Effect.fn("Machines.login")(function* (ref: NodeRef) {
    const machine = yield* machineOf(ref)
    const target = yield* Effect.mapError(targetOf(machine, ref.hostKey), cloudErrorOf)
    return { ...target, password: null, proxyJump: yield* seen(target.proxyJump) }
  })

  const hostKey = Effect.fn("Machines.hostKey")(function* (ref: NodeRef) {
    const machine = yield* machineOf(ref)
    return yield* Effect.mapError(Effect.flatMap(targetOf(machine, ref.hostKey), connections.hostKey), cloudErrorOf)
  })

  /** For others of its cluster, as it is now: a lease of its network may give it another one. */
  const addressOf = Effect.fn("Machines.addressOf")(function* (ref: NodeRef) {
    const machine = yield* machineOf(ref)
    const target = yield* Effect.mapError(targetOf(machine, ref.hostKey), cloudErrorOf)
    const { stdout } = yield* Effect.mapError(connections.run(target, whereScript), cloudErrorOf)
    const where = readWhere(stdout.toString())
    return { user: where.user || target.user, host: addressFor(where, target.host) ?? target.host, port: where.port ?? target.port }
  })

  return {
    addressOf,
    login,
    hostKey,
    ask,
    askOn,
    /** What is missing there is brought. */
    readyFor,
    makeReady,
    open,
    dial,
    /** Nothing of what is known holds any more. */
    clear: () => readies.clear()
  }
}
export type Machines = Omit<ReturnType<typeof makeMachines>, "askOn" | "makeReady">
