/**
 * The daemon's connections to machines over ssh: see `KeptConnections.ts`. All are closed when the daemon ends. To ask again, and when, is
 * the callers' affair.
 */
import type { Duplex } from "node:stream"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Connection } from "./Connection.ts"
import { type KeepOptions, KeptConnections, type Span } from "./KeptConnections.ts"
import { RemoteError } from "./RemoteError.ts"
import type { Ran, RunOptions } from "./run.ts"
import type { Target } from "./Target.ts"

export class Connections extends Context.Service<
  Connections,
  {
    /** A script of ours to its end; interrupted, what it started there is ended as far as ssh lets. */
    readonly run: (target: Target, script: string, options?: Omit<RunOptions, "signal">) => Effect.Effect<Ran, RemoteError>
    /** A program there as a stream, which is the caller's to destroy. */
    readonly open: (target: Target, command: ReadonlyArray<string>, span?: Span) => Effect.Effect<Duplex, RemoteError>
    /** A Unix socket there; where its server makes none or nobody listens, `NotForwarded`. The caller's to destroy. */
    readonly dial: (target: Target, path: string) => Effect.Effect<Duplex, RemoteError>
    /** The key that the machine shows, `ssh-ed25519 AAAA…`: what to pin. */
    readonly hostKey: (target: Target) => Effect.Effect<string, RemoteError>
  }
>()("skyd/daemon/remote/Connections") {
  static readonly layer = (options: KeepOptions = {}) => Layer.effect(Connections, make(options))
}

const make = Effect.fnUntraced(function* (options: KeepOptions) {
  const kept = yield* Effect.acquireRelease(
    Effect.sync(() => new KeptConnections(options)),
    (kept) => Effect.sync(() => kept.close())
  )
  // Anything but a RemoteError is a defect of ours.
  const on = <A>(target: Target, work: (connection: Connection, signal: AbortSignal) => Promise<A>, span: Span = "ends") =>
    Effect.tryPromise({ try: (signal) => kept.use(target, (connection) => work(connection, signal), span), catch: (error) => error }).pipe(
      Effect.catch((error) => (error instanceof RemoteError ? Effect.fail(error) : Effect.die(error)))
    )
  return Connections.of({
    run: (target, script, options) => on(target, (connection, signal) => connection.run(script, { ...options, signal })),
    open: (target, command, span) => on(target, (connection, signal) => connection.open(command, signal), span),
    dial: (target, path) => on(target, (connection, signal) => connection.dial(path, signal)),
    hostKey: (target) => on(target, async (connection) => connection.hostKey)
  })
})
