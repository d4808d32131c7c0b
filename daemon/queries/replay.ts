/** The log played again: each fact with what it changed, as a stream. A slow reader holds it back; it keeps one world and no fact. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Semaphore from "effect/Semaphore"
import { RuntimeError, ValueError } from "../../sdk/protocol/errors.ts"
import type { Replay } from "../../sdk/protocol/replay.ts"
import type { Reply } from "../requests/Reply.ts"
import * as World from "../World.ts"
import { changesOf } from "./changes.ts"
import { about } from "./events.ts"
import { beginning, foldOn, type Readable } from "./fold.ts"
import { beyond } from "./past.ts"

/** Each holds a world for as long as its reader takes. */
const replaysMax = 4

export const sendReplay = Effect.fn("replay")(function* (
  id: string | number,
  params: Replay,
  reply: Pick<Reply, "send">,
  log: Readable,
  isDamaged: boolean
) {
  const head = log.world().at
  const after = params.after ?? 0
  const to = params.to ?? head
  if (to > head || after > head) return yield* beyond(Math.max(to, after + 1), head, isDamaged)
  if (after > to) return yield* new ValueError({ message: `There is nothing after ${after} and up to ${to}.`, hint: null })
  const keep = about(params)
  // Names are learned from the first event on, wherever the replay begins.
  const from = typeof params.clusterName === "string" ? World.empty : yield* beginning(log, after)
  let events = 0
  yield* foldOn(log, from, to, (before, recorded, world) => {
    if (!keep(recorded) || recorded.seq <= after) return undefined
    events += 1
    return reply.send({ type: "event", data: { id, event: { ...recorded, changes: changesOf(before, recorded, world) } } })
  })
  return { events }
})

/** The replays of one log. One too many is refused and does not wait: a reader may have stopped for good. */
export const replaying = (log: Readable, isDamaged: () => boolean) => {
  const places = Semaphore.makeUnsafe(replaysMax)
  return Effect.fnUntraced(function* (id: string | number, params: Replay, reply: Pick<Reply, "send">) {
    const answer = yield* places.withPermitsIfAvailable(1)(sendReplay(id, params, reply, log, isDamaged()))
    if (Option.isSome(answer)) return answer.value
    const message = `${replaysMax} replays are under way already, and each holds a whole state.`
    return yield* new RuntimeError({ message, hint: "Read one of them to its end, or leave it, and ask again." })
  })
}
