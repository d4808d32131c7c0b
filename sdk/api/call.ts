/** One question or wish to the daemon, on a connection of its own that ends with it: a program that has its answers can end. */
import type { Socket } from "node:net"
import { basename } from "node:path"
import type { Handlers } from "../client/Pending.ts"
import * as rare from "../client/rare.ts"
import { openSession, type Session } from "../client/Session.ts"
import { ulid } from "../client/ulid.ts"
import type { CommandName, commands, MethodName } from "../protocol/methods.ts"
import type { Caller } from "../protocol/Wire.ts"
import { type Maybe, shown } from "./arguments.ts"
import { AbortError } from "./exceptions.ts"
import { exceptionOf } from "./from-wire.ts"
import { sayable } from "./sayable.ts"

/** What every call takes. */
export interface Waiting {
  /** Ends the waiting, with an `AbortError`. What was asked of the daemon goes on. */
  readonly signal?: Maybe<AbortSignal>
}

/** The program's own name, which stands in the COMMAND column. */
export const programName = (): string => (process.argv[1] === undefined ? "node" : basename(process.argv[1]))

const caller = (): Caller => {
  const user = process.env["USER"] || process.env["LOGNAME"]
  return { program: programName(), pid: process.pid, argv: [], ...(user ? { user } : {}) }
}

/** Whatever is asked goes through here: all of it arrives as it was given. */
export const open = (onSocket?: (socket: Socket) => void): Session => {
  const session = openSession({ rare: () => rare, caller, ...(onSocket === undefined ? {} : { onSocket }) })
  return {
    ...session,
    call: async (method, params = {}, handlers, requestId) => session.call(method, sayable(params, method), handlers, requestId)
  }
}

/** What is waited for, in words, and what `sky ops` calls it. */
export interface Awaited {
  readonly what: string
  /** Of what was asked last, if it is an operation. */
  readonly operation?: string
}

const left = ({ operation, what }: Awaited, cause: unknown): AbortError =>
  operation === undefined
    ? new AbortError(`No longer waiting for ${what}.`, { cause })
    : new AbortError(`No longer waiting for ${what}: what has begun of it goes on.`, {
        cause,
        hint: `Watch it: sky ops. End it: sky ops cancel ${operation}`,
        fields: { operation }
      })

/** Of whatever realm: what listens is enough. */
export const signalOf = ({ signal }: Waiting): AbortSignal | null => {
  if (signal === null || signal === undefined) return null
  if (typeof signal === "object" && typeof signal.addEventListener === "function") return signal
  throw new TypeError(`signal takes an AbortSignal, got ${shown(signal)}.`)
}

/** Runs `work` on a session that is closed however it ends. What the daemon says, and what ends the waiting, is one of `sky.exceptions`. */
export const onSession = async <A>(
  awaited: Awaited,
  waiting: Waiting,
  work: (session: Session, signal: AbortSignal | null) => Promise<A>,
  said = exceptionOf
): Promise<A> => {
  const signal = signalOf(waiting)
  if (signal?.aborted) throw new AbortError(`${awaited.what} was not begun.`, { cause: signal.reason })
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(left(awaited, signal?.reason))
  let session: Session | undefined
  try {
    session = open()
    signal?.addEventListener("abort", abort, { once: true })
    return await Promise.race([work(session, signal), aborted])
  } catch (cause) {
    throw said(cause)
  } finally {
    signal?.removeEventListener("abort", abort)
    session?.close()
  }
}

/** A question. */
export const ask = <A>(method: MethodName, params: object, waiting: Waiting = {}, handlers: Handlers = {}): Promise<A> =>
  onSession({ what: method }, waiting, (session) => session.call<A>(method, params, handlers))

type Params<M extends CommandName> = (typeof commands)[M]["params"]["Encoded"] & { readonly clusterName: string }
type Result<M extends CommandName> = (typeof commands)[M]["result"]["Encoded"]

/** A wish: an operation with an id of ours. */
export const wish = <M extends CommandName>(method: M, params: Params<M>, waiting: Waiting = {}): Promise<Result<M>> => {
  const operation = ulid()
  return onSession({ what: `${method} of ${params.clusterName}`, operation }, waiting, (session) =>
    session.call<Result<M>>(method, params, {}, operation)
  )
}
