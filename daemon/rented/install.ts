/** An agent on a machine that has just begun: it is waited for until ssh answers there, told whose it is, and given our program. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type NodeToken, tokenOf } from "../../events/ids.ts"
import { offAgain } from "../../projections/refusals.ts"
import type { Accelerators } from "../../task/accelerators.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { inner } from "../../task/sentence.ts"
import { CloudError, type NodeRef } from "../clouds/Cloud.ts"
import { Waiting } from "../clouds/Waiting.ts"
import { plain } from "../over-ssh/agents.ts"
import type { Machines } from "../over-ssh/Machines.ts"
import { addressFor } from "../remote/addresses.ts"
import type { Kind } from "../remote/RemoteError.ts"
import { steadyMs } from "../steady-ms.ts"
import { butFor, later, refusedForAny } from "./errors.ts"

/** From the first answer on it is a matter of seconds. */
const readyMaxMs = 2 * 60_000
const pauseMs = 1_000
/** One that another folder has made may not know us yet as it boots; longer than that it does not know us at all. */
const strangeMaxMs = 10_000
/** Between looks at what became of one that does not answer. */
const looksMs = 10_000
/** Of a machine that is on its way up: nobody listens yet, or does not know the user yet. */
const early: ReadonlyArray<string> = [
  "ConnectionRefused",
  "NoAnswer",
  "NoRoute",
  "ProxyFailed",
  "ConnectionLost",
  "NotSsh",
  "PermissionDenied"
] satisfies ReadonlyArray<Kind>

/** What its cloud says of a machine. */
export interface Seen {
  readonly accelerators: Accelerators | null
  /** Why it is off, in words; null where it runs or begins to. */
  readonly whyOff: string | null
}

interface InstallOptions {
  readonly cloud: string
  readonly machines: Machines
  /** Undefined: it is not listed now. */
  readonly look: (ref: NodeRef) => Effect.Effect<Seen | undefined, CloudError>
  readonly folder: Effect.Effect<string>
  /** The key that a machine of this token shows, if this folder has made it. */
  readonly hostKeyOf: (token: NodeToken) => Effect.Effect<string>
}

/** Of a machine that has run: it lets in whom it was told to at its first start. */
const isShut = "KeyLost"

export const makeInstall = ({ cloud, folder, hostKeyOf, look, machines }: InstallOptions) => {
  const whyShut = (message: string) =>
    `${inner(message)}. It lets in the key of the state folder that has made it alone, and that is not here: take what you need from its disk by ${cloudDisplay(cloud)}'s own means, and end it with sky down`
  const orStrange = Effect.fnUntraced(function* (ref: NodeRef, error: CloudError) {
    const isOurs = error.code !== ("PermissionDenied" satisfies Kind) || ref.hostKey === (yield* hostKeyOf(tokenOf(ref.node)))
    return isOurs ? error : butFor(refusedForAny(isShut, whyShut(error.message), "cloud"), { keyLost: true })
  })

  type Off = (ref: NodeRef, why: string) => Pick<CloudError, "code" | "message">
  const isOff: Off = ({ node }, why) => ({
    code: "Stopped",
    message: `Node ${node} is off (${why}), and ${cloudDisplay(cloud)} has not said yet what becomes of it; it is looked at again`
  })
  /** It was started. */
  const isOffAgain: Off = (_, why) => ({ code: offAgain, message: `its machine was started, ran, and is off again (${why})` })

  /** Refused where it does not run. */
  const running = Effect.fn("Install.running")(function* (ref: NodeRef, off = isOff) {
    const seen = yield* look(ref)
    if (seen === undefined || seen.whyOff === null) return seen?.accelerators ?? null
    return yield* new CloudError({ kind: "Refused", ...off(ref, seen.whyOff) })
  })

  /** Until it is so, or the machine is off. */
  const whenUp = Effect.fn("Install.whenUp")(function* <A>(
    ref: NodeRef,
    work: Effect.Effect<A, CloudError>,
    { off = isOff, patienceMs = 0 } = {}
  ) {
    const waiting = yield* Waiting
    yield* Effect.addFinalizer(() => Effect.sync(() => waiting.over(ref.node)))
    const sinceMs = yield* Clock.currentTimeMillis
    const say = (what: string) => waiting.begun(ref.node, what, sinceMs)
    say(`waiting for ssh on ${ref.address ?? ref.host ?? ref.node}`)
    const beganMs = yield* steadyMs
    for (let lookedMs = beganMs; ; ) {
      const tried = yield* Effect.result(work)
      if (tried._tag === "Success") return tried.success
      const nowMs = yield* steadyMs
      const failure = yield* orStrange(ref, tried.failure)
      if (failure.keyLost && nowMs - beganMs >= patienceMs) return yield* failure
      if (!early.includes(tried.failure.code) || nowMs - beganMs > readyMaxMs) return yield* tried.failure
      if (nowMs - lookedMs > looksMs) {
        lookedMs = nowMs
        yield* running(ref, off)
      }
      say(`waiting for ssh: ${tried.failure.message}`)
      yield* Effect.sleep(pauseMs)
    }
  }, Effect.scoped)

  const claim = Effect.fn("Install.claim")(function* (ref: NodeRef, accelerators: Accelerators | null) {
    const { ready, target } = yield* machines.readyFor(ref)
    const { cpus, home, lease, machine, memoryGib } = ready.ground
    // It came with the image: the machine that was copied had a node, whose agent would go on here.
    if (lease !== null && lease !== "unreadable" && lease.node !== ref.node) {
      const { cluster, clusterName, log, node, rank } = lease
      yield* machines.ask(ref, "terminate", { tags: { log, cluster, clusterName }, rank, node })
    }
    yield* machines.ask(ref, "provision", {
      tags: ref.tags,
      token: tokenOf(ref.node),
      ranks: [{ rank: ref.rank, address: addressFor(ready.ground, target.host) ?? target.host }],
      offer: { cloud, region: ref.region, zone: ref.zone, cpus, memoryGib, accelerators },
      home,
      machine,
      survivesReboot: true,
      powersOff: true,
      exclusive: true,
      stateFolder: yield* folder
    })
  })

  return {
    install: Effect.fn("Install")(function* (ref: NodeRef) {
      const accelerators = yield* running(ref)
      yield* whenUp(ref, claim(ref, accelerators))
      return yield* machines.ask(ref, "installAgent", { ...plain(ref), comesBack: true })
    }),
    /** What is on a machine that was stopped begins anew. One that nobody ever was on has nothing to, and one that is shut runs as well. */
    restart: (ref: NodeRef) =>
      whenUp(
        ref,
        Effect.catchIf(
          machines.ask(ref, "start", { ...plain(ref), anew: true }),
          ({ code }) => code === "Missing",
          () => Effect.void
        ),
        { off: isOffAgain, patienceMs: strangeMaxMs }
      ).pipe(
        Effect.catchIf(
          ({ keyLost }) => keyLost === true,
          () => Effect.void
        ),
        // It was started, whoever may not look at it now.
        Effect.mapError((error) => (error.code === offAgain ? error : later(error)))
      )
  }
}
