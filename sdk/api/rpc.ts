/** `rpc`: whatever the socket answers and no function here asks. */
import { isPlain } from "../../task/unsaid.ts"
import { isStream } from "../protocol/streams.ts"
import { type Maybe, options, shown } from "./arguments.ts"
import { onSession, type Waiting } from "./call.ts"
import { ValueError } from "./exceptions.ts"
import { exceptionOfRequest } from "./from-wire.ts"
import { ownCopy, sayable } from "./sayable.ts"

export interface RpcOptions extends Waiting {
  /** Of a command: the same id is the same operation, however often it is sent. Made up where nothing is said. */
  readonly requestId?: Maybe<string>
}

const plain = (params: Maybe<object>): object => {
  if (params === null || params === undefined) return {}
  if (!isPlain(params)) throw new ValueError(`rpc takes its parameters as one object, got ${shown(params)}.`)
  return ownCopy(sayable(params, "rpc"))
}

/** What follows a stream here; the others are the command's alone. */
const followers: Readonly<Record<string, string>> = { logs: "sky.tailLogs", "events.follow": "sky.events" }

/**
 * One request to the daemon, by method and parameters as docs/protocol.md has them; the answer's value as it comes. For what has no
 * function of its own: `operations`, `replay.verify`, `audit.head`, `daemon.status`, …. A method that answers with a stream (`logs`,
 * `events.follow`, `replay`, `audit.export`) is a `ValueError`: ask `sky.tailLogs` or `sky.events`, or the command `sky rpc`, which writes
 * any stream.
 */
export const rpc = async (method: string, params?: Maybe<object>, rpcOptions?: Maybe<RpcOptions>): Promise<unknown> => {
  const { requestId, signal } = options(rpcOptions, ["requestId", "signal"], "rpc")
  if (typeof method !== "string") throw new ValueError(`rpc takes the name of a method, got ${shown(method)}.`)
  if (isStream(method)) {
    const follower = followers[method]
    throw new ValueError(
      `rpc takes one value, and ${method} answers with a stream: ask ${follower === undefined ? "" : `${follower}, or `}the command 'sky rpc ${method}'.`
    )
  }
  const what = { what: method, ...(requestId ? { operation: requestId } : {}) }
  const wish = plain(params)
  return onSession(what, { signal }, (session) => session.call(method, wish, {}, requestId ?? undefined), exceptionOfRequest)
}
