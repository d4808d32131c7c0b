/**
 * How the daemon's last lives ended, by its own stream of the log: a life begins with `DaemonStarted`, and one that was not ended
 * by somebody's wish has no `DaemonStopped`. Nothing beside the log is kept of it.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { daemonStream, type Recorded } from "../../events/Recorded.ts"
import { EventLog } from "../log/EventLog.ts"
import { readerVersion } from "../log/read-record.ts"
import { Identity } from "./Identity.ts"

/** Tests shorten a minute. */
const minuteMs = Number(process.env["SKYD_DAEMON_MINUTE_MS"] ?? 60_000)
/** Positions that are looked at first, which hold the end of a life that was ended; more, where none of them is older than a minute. */
const reachFirst = 16
const reachFactor = 8

/** A clock that was put back or forward makes lives look far away: then nothing is concluded from them. */
const isFar = (atMs: number, nowMs: number) => Math.abs(nowMs - atMs) >= minuteMs
/** Nothing before such a fact counts. */
const isOver = ({ atMs, event }: Recorded, nowMs: number) => event._tag === "DaemonStopped" || isFar(atMs, nowMs)

/** Lives in a row, up to now, that ended within a minute and by nobody's wish. A life ended at the latest when the next one began. Pure. */
export const untimelyEnds = (own: ReadonlyArray<Recorded>, nowMs: number): number => {
  const lives = own
    .slice(own.findLastIndex(({ event }) => event._tag === "DaemonStopped") + 1)
    .filter(({ event }) => event._tag === "DaemonStarted")
  const ends = lives.map(({ atMs }, index) => ({ atMs, endMs: lives[index + 1]?.atMs ?? nowMs }))
  const last = ends.findLastIndex(({ atMs, endMs }) => isFar(endMs, nowMs) || atMs - nowMs >= minuteMs)
  return ends.length - 1 - last
}

const before = Effect.fnUntraced(function* (nowMs: number) {
  const log = yield* EventLog
  const { at } = log.world()
  for (let reach = reachFirst; ; reach *= reachFactor) {
    const own = yield* Stream.runCollect(log.readStream(daemonStream, Math.max(1, at - reach)))
    if (reach >= at || own.some((fact) => isOver(fact, nowMs))) return untimelyEnds(own, nowMs)
  }
})

/** Records that a life begins; answers how many before it ended untimely, and the position of its beginning. */
export const begin = Effect.gen(function* () {
  const log = yield* EventLog
  const { actor, pid, version } = yield* Identity
  const ends = yield* before(yield* Clock.currentTimeMillis).pipe(
    // The events are proven: what cannot be read is the index, and that is not worth the start.
    Effect.catch(({ message }) => Effect.as(Effect.logError(`the last lives of the daemon are not counted: ${message}`), 0))
  )
  const started = { _tag: "DaemonStarted" as const, version, minReader: readerVersion, pid }
  const [fact] = yield* log.append({ events: [[daemonStream, started]], operation: null, causedBy: 0, actor, expect: [] })
  return { ends, since: fact!.seq }
}).pipe(Effect.orDie)
