/** The log itself: pages of it, and what follows, without a gap. */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { Recorded } from "../../events/Recorded.ts"
import { clusterOf } from "../../projections/clusters.ts"
import { pageMaxBytes } from "../../sdk/protocol/Wire.ts"
import type { EventLog } from "../log/EventLog.ts"
import type { Notices } from "../Notices.ts"
import type { Reply } from "../requests/Reply.ts"
import { damaged } from "./fold.ts"

const limitDefault = Number.MAX_SAFE_INTEGER
/** What `tail` may hold in memory. */
const tailMax = 100_000

interface Filter {
  readonly after?: number | null
  readonly limit?: number | null
  readonly tail?: number | null
  readonly clusterName?: string | null
  readonly operation?: string | null
}

/** Keeps the facts about clusters that had this name, past ones included: a name is learned from its `ClusterCreated`. */
export const about = ({ clusterName, operation }: Filter) => {
  const ids = new Set<string>()
  return (recorded: Recorded): boolean => {
    const { event } = recorded
    if ((event._tag === "ClusterCreated" || event._tag === "ClusterAdopted") && event.name === clusterName) ids.add(event.cluster)
    if (typeof operation === "string" && recorded.operation !== operation) return false
    return typeof clusterName !== "string" || ids.has(clusterOf(recorded) ?? "")
  }
}

export const sendEvents = Effect.fn("events")(function* (id: string | number, filter: Filter, reply: Reply, log: EventLog["Service"]) {
  const at = log.world().at
  const keep = about(filter)
  const filtered = typeof filter.clusterName === "string" || typeof filter.operation === "string"
  const tail = filter.tail === undefined || filter.tail === null ? null : Math.min(filter.tail, tailMax)
  const after = filter.after ?? (tail !== null && !filtered ? Math.max(0, at - tail) : 0)
  const limit = tail === null ? (filter.limit ?? limitDefault) : limitDefault
  const pages = pager(id, at, reply)
  /** Only the last ones are wanted: nothing can be sent before the end is seen. */
  const last: Array<Recorded> = []
  // Names are learned from the first event on, wherever the page begins.
  yield* log.read(filtered ? 1 : after + 1, at).pipe(
    Stream.filter((recorded) => keep(recorded) && recorded.seq > after),
    Stream.take(limit),
    Stream.runForEach((recorded) => {
      if (tail === null) return pages.add(recorded)
      last.push(recorded)
      if (last.length > tail) last.shift()
      return Effect.void
    }),
    // What is sound before it is told.
    Effect.tapError(() => pages.cut),
    Effect.mapError(({ message }) => damaged(message))
  )
  for (const recorded of last) yield* pages.add(recorded)
  yield* pages.end
})

/** Sends what is added in pages that fit a frame. */
const pager = (id: string | number, at: number, reply: Reply) => {
  let page: Array<Recorded> = []
  let bytes = 0
  const flush = (more: boolean) => {
    const data = { id, at, value: { events: page }, ...(more ? { more } : {}) }
    page = []
    bytes = 0
    return reply.send({ type: "result", data })
  }
  return {
    add: Effect.fnUntraced(function* (recorded: Recorded) {
      const size = Buffer.byteLength(JSON.stringify(recorded))
      if (bytes + size > pageMaxBytes && page.length > 0) yield* flush(true)
      page.push(recorded)
      bytes += size
    }),
    cut: Effect.suspend(() => (page.length === 0 ? Effect.void : flush(true))),
    end: Effect.suspend(() => flush(false))
  }
}

/**
 * Without end: the past from a position on, then each group as it is on disk. A slow reader reads from the disk, not from memory.
 * Notices are pages of the answer.
 */
export const followEvents = Effect.fn("events.follow")(function* (
  id: string | number,
  filter: Filter,
  reply: Reply,
  { log, notices }: { readonly log: EventLog["Service"]; readonly notices: Notices["Service"] }
) {
  const keep = about(filter)
  const moved = yield* Queue.sliding<void>(1)
  const wake = () => void Queue.offerUnsafe(moved, undefined)
  const untold = [...notices.list()]
  const stops = [
    log.follow(wake),
    notices.follow((text) => {
      untold.push(text)
      wake()
    })
  ]
  const first = filter.after ?? log.world().at
  let cursor = typeof filter.clusterName === "string" ? 0 : first
  const tell = Effect.suspend(() => {
    if (untold.length === 0) return Effect.void
    const value = { notices: untold.splice(0) }
    return reply.send({ type: "result", data: { id, at: Math.max(first, cursor), value, more: true } })
  })
  const catchUp = Effect.suspend(() =>
    log.read(cursor + 1, log.world().at).pipe(
      Stream.runForEach((recorded) => {
        cursor = recorded.seq
        const wanted = keep(recorded) && recorded.seq > first
        return wanted ? reply.send({ type: "event", data: { id, event: recorded } }) : Effect.void
      }),
      Effect.mapError(({ message }) => damaged(message))
    )
  )
  yield* Effect.ensuring(
    Effect.forever(Effect.all([tell, catchUp, Queue.take(moved)], { discard: true })),
    Effect.sync(() => {
      for (const stop of stops) stop()
    })
  )
})
