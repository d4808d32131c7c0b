/** How a head reaches the agents of its workers. */
import * as Effect from "effect/Effect"
import { socketFrom } from "../../../machine/folder.ts"
import type { Peer } from "../../../sdk/agent/protocol.ts"
import { isOnlyHere } from "../../remote/addresses.ts"
import type { NodeRef } from "../Cloud.ts"
import { refused } from "./errors.ts"
import type { Machines } from "./Machines.ts"
import { noAddress } from "./offers.ts"

const atOnce = 32

/** As machines know it. */
export const plain = ({ node, rank, tags }: NodeRef) => ({ tags, rank, node })

/** The head lets nobody choose what it runs on a worker: its key, made there, is let in to that worker's agent alone. */
export const peersOf = Effect.fn("peersOf")(function* (machines: Machines, nodes: ReadonlyArray<NodeRef>) {
  const head = nodes.find(({ rank }) => rank === 0)
  // It is told so by nobody but itself.
  if (head === undefined || nodes.length === 1)
    return nodes.map(({ address, node, rank }): Peer => ({ rank, node, address: address ?? "", socket: socketFrom(node) }))
  const { publicKey } = yield* machines.ask(head, "headKey", plain(head))
  return yield* Effect.forEach(
    nodes,
    (ref) =>
      Effect.gen(function* () {
        const peer = yield* machines.ask(ref, "installAgent", plain(ref))
        // It was alone when it was had.
        if (isOnlyHere(peer.address)) return yield* refused("NoAddress", `${ref.host} has ${noAddress}`)
        if (ref === head) return peer
        yield* machines.ask(ref, "letIn", { ...plain(ref), publicKey })
        return { ...peer, ssh: { ...(yield* machines.addressOf(ref)), hostKey: ref.hostKey ?? "" } }
      }),
    { concurrency: atOnce }
  )
})
