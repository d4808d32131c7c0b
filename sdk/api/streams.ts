/** `tailLogs` and `events`: streams that go on over a daemon's restart without a gap and without a double. */
import type { Socket } from "node:net"
import { StringDecoder } from "node:string_decoder"
import type { Session } from "../client/Session.ts"
import { type Maybe, clusterName as nameOf, options, shown, wholeNumber, yesOrNo } from "./arguments.ts"
import { open, signalOf, type Waiting } from "./call.ts"
import { AbortError, ValueError } from "./exceptions.ts"
import { exceptionOf } from "./from-wire.ts"
import { jobsOn } from "./jobs.ts"
import { type Sink, Stream } from "./Stream.ts"

export interface TailOptions extends Waiting {
  /** The latest where nothing is said. */
  readonly jobId?: Maybe<number>
  /** Go on until the job has ended; true where nothing is said. Else what there is. */
  readonly follow?: Maybe<boolean>
  /** Only of this node of the job, from 0. */
  readonly rank?: Maybe<number>
}

/** A piece of a job's output as it was written: some lines, or a part of one. */
export interface LogText {
  /** The node of the job that wrote it, from 0. */
  readonly rank: number
  /** What the command line prints before each line of that node. */
  readonly prefix: string
  /** What is no UTF-8 comes as U+FFFD; `downloadLogs` gives the bytes. */
  readonly text: string
}

export interface EventsOptions extends Waiting {
  /** The position after which to begin. Where nothing is said: the beginning, or with `follow` now. */
  readonly after?: Maybe<number>
  /** Go on without end; false where nothing is said. */
  readonly follow?: Maybe<boolean>
  /** Only of clusters that had this name, past ones included. */
  readonly clusterName?: Maybe<string>
}

/** A fact of the log. docs/events.md tells every `event`. */
export interface RecordedEvent {
  /** Its position, from 1, without gaps. */
  readonly seq: number
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly stream: string
  /** The operation that it belongs to, if any. */
  readonly operation: string | null
  /** The position of the fact that it follows from; 0 from outside. */
  readonly causedBy: number
  readonly actor: { readonly kind: "user" | "daemon" | "agent"; readonly uid: number; readonly host: string }
  readonly event: { readonly _tag: string; readonly [field: string]: unknown }
}

/** A stream of what `read` pushes, on a connection of its own. */
const streamOf = <A>(what: string, waiting: Waiting, read: (session: Session, sink: Sink<A>) => Promise<unknown>): Stream<A> => {
  const signal = signalOf(waiting)
  return new Stream<A>((sink) => {
    let socket: Socket | undefined
    let held = false
    const abort = () => sink.fail(new AbortError(`No longer waiting for ${what}.`, { cause: signal?.reason }))
    if (signal?.aborted) {
      abort()
      return { hold: () => {}, close: () => {} }
    }
    let session: Session | undefined
    const fail = (cause: unknown) => sink.fail(exceptionOf(cause))
    try {
      session = open((made) => {
        socket = made
        // Not before it has greeted: one that does not hangs.
        made.once("data", () => {
          if (held) made.pause()
        })
      })
      signal?.addEventListener("abort", abort, { once: true })
      read(session, sink).then(sink.end, fail)
    } catch (cause) {
      fail(cause)
    }
    return {
      hold: (on) => {
        held = on
        if (on) socket?.pause()
        else socket?.resume()
      },
      close: () => {
        signal?.removeEventListener("abort", abort)
        session?.close()
      }
    }
  })
}

const fromZero = (value: Maybe<number>, name: string): number | undefined => {
  const number = wholeNumber(value, name)
  if (number !== undefined && number < 0) throw new ValueError(`${name} takes a number from 0 up, got ${shown(value)}.`)
  return number
}

/**
 * A job's output, as it comes. Ends with the job, and leaving the loop leaves the job alone.
 *
 * Throws `ValueError` (no such cluster, job or rank) and `ClusterNotUpError` (its logs cannot be read now) from the loop.
 *
 * @example for await (const { text } of sky.tailLogs("my-cluster")) process.stdout.write(text)
 */
export const tailLogs = (clusterName: string, tailOptions?: Maybe<TailOptions>): AsyncIterableIterator<LogText> & AsyncDisposable => {
  const given = options(tailOptions, ["jobId", "follow", "rank", "signal"], "tailLogs")
  const name = nameOf(clusterName)
  const asked = wholeNumber(given.jobId, "jobId")
  const follow = yesOrNo(given.follow, "follow") ?? true
  const rank = fromZero(given.rank, "rank") ?? null
  return streamOf<LogText>(`the logs of ${name}`, given, async (session, sink) => {
    // A number, so that after a reconnection it is the same job.
    const jobId = asked ?? (await jobsOn(session, name))[0]?.id ?? null
    const sources = new Map<number, { readonly prefix: string; readonly decoder: StringDecoder }>()
    const push = (rank: number, text: string) => {
      if (text !== "") sink.push({ rank, prefix: sources.get(rank)?.prefix ?? "", text })
    }
    const handlers = {
      onSource: ({ prefix, rank }: { readonly prefix: string; readonly rank: number }) => {
        push(rank, sources.get(rank)?.decoder.end() ?? "")
        sources.set(rank, { prefix, decoder: new StringDecoder("utf8") })
      },
      onLog: (rank: number, bytes: string | Buffer) =>
        push(rank, sources.get(rank)?.decoder.write(Buffer.from(bytes as string)) ?? String(bytes))
    }
    await session.call("logs", { clusterName: name, jobId, follow, rank }, handlers)
    for (const [rank, { decoder }] of sources) push(rank, decoder.end())
  })
}

/** Facts of one page. */
const pageSize = 1_000

/**
 * The facts of the log, oldest first. With `follow` it goes on as they are recorded, without a gap and without end, until the loop is left.
 *
 * @example for await (const { event } of sky.events({ follow: true })) if (event._tag === "JobEnded") console.log(event)
 */
export const events = (eventsOptions?: Maybe<EventsOptions>): AsyncIterableIterator<RecordedEvent> & AsyncDisposable => {
  const given = options(eventsOptions, ["after", "follow", "clusterName", "signal"], "events")
  const after = fromZero(given.after, "after")
  const of = given.clusterName === null || given.clusterName === undefined ? {} : { clusterName: nameOf(given.clusterName) }
  const page = (session: Session, params: object, onAt: (at: number) => void = () => {}) =>
    session.call<{ readonly events: ReadonlyArray<RecordedEvent> }>("events", { ...of, ...params }, { onAt })
  if (yesOrNo(given.follow, "follow"))
    return streamOf<RecordedEvent>("the log", given, async (session, sink) => {
      let from = after
      // Named, so that nothing is passed over if the connection drops before the first fact.
      if (from === undefined)
        await page(session, { limit: 0 }, (at) => {
          from = at
        })
      const onEvent = (event: unknown) => sink.push(event as RecordedEvent)
      await session.call("events.follow", { ...of, after: from }, { onEvent })
    })
  return streamOf<RecordedEvent>("the log", given, async (session, sink) => {
    // One name's facts are found by reading all of them, so they come at once.
    const limit = "clusterName" in of ? null : pageSize
    for (let from = after ?? 0; ; ) {
      const { events } = await page(session, { after: from, limit })
      for (const event of events) sink.push(event)
      if (limit === null || events.length < limit) return
      from = events.at(-1)!.seq
    }
  })
}
