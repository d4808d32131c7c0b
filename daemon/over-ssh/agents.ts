/** What a cloud of machines that are reached over ssh answers of the agents on them. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Cut } from "../../machine/Input.ts"
import { machineError } from "../../machine/MachineError.ts"
import { places, socketFrom } from "../../machine/places.ts"
import type { Peer } from "../../sdk/agent/protocol.ts"
import { inner } from "../../task/sentence.ts"
import { type Cloud, CloudError, type NodeRef } from "../clouds/Cloud.ts"
import { isOnlyHere } from "../remote/addresses.ts"
import { RemoteError } from "../remote/RemoteError.ts"
import { send } from "../sync/send.ts"
import { cloudErrorOf, refused } from "./errors.ts"
import type { Machines } from "./Machines.ts"

const atOnce = 32
const isRefusal = ({ kind }: CloudError) => kind === "Refused"
/** Said of a machine after "it has". */
export const noAddress = "no address but its own loopback, at which no other node reaches it"

/** As machines know it. */
export const plain = ({ node, rank, tags }: NodeRef) => ({ tags, rank, node })

/** Of a node that its head has no way to: jobs that need it wait with the reason, and the others run. */
const without = ({ address, node, rank }: NodeRef, problem: string): Peer => ({
  rank,
  node,
  address: address ?? "",
  socket: socketFrom(node),
  problem: inner(problem)
})

/** The head lets nobody choose what it runs on a worker: its key, made there, is let in to that worker's agent alone. */
const peersOf = Effect.fn("peersOf")(function* (machines: Machines, nodes: ReadonlyArray<NodeRef>) {
  const head = nodes.find(({ rank }) => rank === 0)
  // It is told so by nobody but itself.
  if (head === undefined || nodes.length === 1)
    return nodes.map(({ address, node, rank }): Peer => ({ rank, node, address: address ?? "", socket: socketFrom(node) }))
  const publicKey = yield* machines.ask(head, "headKey", plain(head)).pipe(
    Effect.map((made) => made.publicKey),
    Effect.catchIf(isRefusal, ({ message }) => Effect.succeed(new Error(message)))
  )
  const peerOf = Effect.fnUntraced(function* (ref: NodeRef) {
    const peer = yield* machines.ask(ref, "installAgent", plain(ref))
    // It was alone when it was had.
    if (isOnlyHere(peer.address)) return yield* refused("NoAddress", `${ref.host} has ${noAddress}`)
    if (ref === head) return peer
    if (publicKey instanceof Error) return without(ref, publicKey.message)
    yield* machines.ask(ref, "letIn", { ...plain(ref), publicKey })
    return { ...peer, ssh: { ...(yield* machines.addressOf(ref)), hostKey: ref.hostKey ?? "" } }
  })
  return yield* Effect.forEach(
    nodes,
    (ref) =>
      Effect.catchIf(
        peerOf(ref),
        () => ref !== head,
        ({ message }) => Effect.succeed(without(ref, message))
      ),
    { concurrency: atOnce }
  )
})

type Verbs = "peers" | "connectAgent" | "hostKey" | "login" | "journalAtRest" | "put"

export const agentsOver = (machines: Machines): Required<Pick<Cloud, Verbs>> => ({
  peers: (nodes) => peersOf(machines, nodes),
  connectAgent: (ref) => machines.dial(ref, (base) => places(base).socket(ref.node)),
  hostKey: machines.hostKey,
  login: machines.login,
  journalAtRest: (ref) => Effect.orElseSucceed(machines.ask(ref, "journalAtRest", plain(ref)), () => null),
  put: Effect.fn("overSsh.put")(function* (ref, placed, onProgress) {
    const opened = machines.open(ref, "receive", (base) => base)
    const opening = yield* Effect.forkScoped(Effect.tap(opened, (stream) => Effect.addFinalizer(() => Effect.sync(() => stream.destroy()))))
    const what = yield* placed
    const stream = yield* Fiber.join(opening)
    yield* Effect.tryPromise({
      try: (signal) => send(stream, plain(ref), what, { signal, ...(onProgress && { onProgress }) }),
      catch: (error) => {
        // What became of the line says more than what that did to the sync.
        if (stream.errored instanceof RemoteError) return cloudErrorOf(stream.errored)
        const { code, kind, message } = machineError(error)
        return new CloudError({ kind, code, message: `${ref.host ?? ref.node}: ${message}`, unreached: error instanceof Cut })
      }
    })
  }, Effect.scoped)
})
