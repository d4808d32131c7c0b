/** Agents on machines: the line to one, and how a head reaches those of its workers. */
import type { Duplex } from "node:stream"
import * as Effect from "effect/Effect"
import { connected } from "../../../machine/connect.ts"
import type { CloudError, NodeRef } from "../Cloud.ts"
import { type Machines, transient } from "./Machines.ts"

const atOnce = 32

/** Once the program there says that it stands, which it says on stderr. */
export const whenConnected = (stream: Duplex) =>
  Effect.callback<Duplex, CloudError>((resume) => {
    let said = ""
    stream.on("said", (text: string) => {
      said += text
      if (said.split("\n").includes(connected)) resume(Effect.succeed(stream))
    })
    stream.once("close", () =>
      resume(Effect.fail(transient("NoAgent", stream.errored?.message ?? "the connection to the agent ended at once")))
    )
    return Effect.sync(() => stream.destroy())
  })

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
