/** How a head reaches the agents of its workers. */
import * as Effect from "effect/Effect"
import type { NodeRef } from "../Cloud.ts"
import type { Machines } from "./Machines.ts"

const atOnce = 32

/** As machines know it. */
export const plain = ({ node, rank, tags }: NodeRef) => ({ tags, rank, node })

/** The head lets nobody choose what it runs on a worker: its key, made there, is let in to that worker's agent alone. */
export const peersOf = Effect.fn("peersOf")(function* (machines: Machines, nodes: ReadonlyArray<NodeRef>) {
  const head = nodes.find(({ rank }) => rank === 0)
  const isGang = head !== undefined && nodes.length > 1
  const publicKey = isGang ? (yield* machines.ask(head, "headKey", plain(head))).publicKey : ""
  return yield* Effect.forEach(
    nodes,
    (ref) =>
      Effect.gen(function* () {
        const peer = yield* machines.ask(ref, "installAgent", plain(ref))
        if (!isGang || ref === head) return peer
        yield* machines.ask(ref, "letIn", { ...plain(ref), publicKey })
        return { ...peer, ssh: { ...(yield* machines.addressOf(ref)), hostKey: ref.hostKey ?? "" } }
      }),
    { concurrency: atOnce }
  )
})
