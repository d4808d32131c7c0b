/**
 * Nodes and the machines that they are, whichever cloud has them: looked at, and followed until they are as they were told to be. A list
 * may say for a moment what was before.
 */
import * as Effect from "effect/Effect"
import type { Accelerators } from "../../task/accelerators.ts"
import { CloudError, type NodeRef } from "../clouds/Cloud.ts"
import { steadyMs } from "../steady-ms.ts"
import { passingBy } from "./errors.ts"
import type { Found, Label as NodeLabel } from "./found.ts"
import { listsEveryMs } from "./lists.ts"
import { type Missed, missingAfterMs } from "./missed.ts"
import { isOn, type Phase } from "./phases.ts"
import type { RentedSettings } from "./settings.ts"

/** From then on a machine that goes on as if it had not been told to end is told again. */
const obeysAfterMs = 30_000

interface Label extends NodeLabel {
  readonly accelerators: Accelerators | null
}

interface NodesOptions<I, F extends Found<I, Label>> {
  /** As people call it. */
  readonly cloud: string
  readonly missed: Missed
  readonly settings: Effect.Effect<Pick<RentedSettings, "useInternalIps">, CloudError>
  /** Where its machine is looked for. */
  readonly placeOf: (ref: NodeRef) => string | null
  /** Its machine as it is now; undefined: it is not to be seen. Refused where it is somebody else's. */
  readonly find: (ref: NodeRef) => Effect.Effect<F | undefined, CloudError>
  /** As a list says that everybody waits for. */
  readonly listed: (ref: NodeRef) => Effect.Effect<F | undefined, CloudError>
  /** Whether one that is not to be seen is gone, for certain. `isLong`: it was missed a while ago as well. */
  readonly isGone: (ref: NodeRef, isLong: boolean) => Effect.Effect<boolean, CloudError>
  readonly phaseOf: (instance: I) => Phase
  readonly addressOf: (instance: I, useInternalIps: boolean) => string | null
  /** Of one that is off, in words. */
  readonly whyOff: (instance: I) => string
  /** Tells a machine that has begun to stop, if it has to be told. */
  readonly tellToStop: (ref: NodeRef, found: F) => Effect.Effect<void, CloudError>
  /** Tells a machine that is off to start. */
  readonly tellToStart: (ref: NodeRef, found: F) => Effect.Effect<void, CloudError>
}

/** Before the rest of a cluster is waited for no longer. */
const besidesMaxMin = 2

/** The machine has ended: what its cluster leaves there beside it is cleared with the cluster, or listed by `sky leaks`, where it stays. */
export const besides = (removed: Effect.Effect<void, CloudError>): Effect.Effect<void> =>
  Effect.catch(Effect.timeout(removed, `${besidesMaxMin} minutes`), ({ message }) =>
    Effect.logInfo(`something of a cluster stays for now: ${message}`)
  )

export const makeRentedNodes = <I, F extends Found<I, Label>>(options: NodesOptions<I, F>) => {
  const { addressOf, cloud, listed, missed, phaseOf, placeOf, settings, tellToStart, tellToStop, whyOff } = options
  const nameOf = ({ host, node }: NodeRef) => host ?? node

  const find = (ref: NodeRef) => Effect.tap(options.find(ref), (found) => Effect.sync(() => found !== undefined && missed.seen(ref.node)))

  const isGone = Effect.fn("Nodes.isGone")(function* (ref: NodeRef) {
    return yield* options.isGone(ref, missed.isLong(ref.node, yield* steadyMs))
  })

  /** Null: it is gone, for certain. */
  const must = Effect.fn("Nodes.must")(function* (ref: NodeRef) {
    const found = yield* find(ref)
    if (found !== undefined) return found
    if (yield* isGone(ref)) return null
    return yield* passingBy("NotListed", `${cloud} does not list ${nameOf(ref)} in ${placeOf(ref)} at the moment`)
  })

  /** `isUnmoved`: it is as it was before it was told what to do. */
  const until = Effect.fn("Nodes.until")(function* (
    ref: NodeRef,
    is: (instance: I) => boolean,
    isUnmoved: (instance: I) => boolean = () => false
  ) {
    const sinceMs = yield* steadyMs
    for (;;) {
      const found = (yield* listed(ref)) ?? (yield* must(ref))
      if (found === null || is(found.instance)) return found
      if (isUnmoved(found.instance) && (yield* steadyMs) - sinceMs > obeysAfterMs)
        return yield* passingBy("NotDone", `${cloud} was told to end ${nameOf(ref)}, and it is ${phaseOf(found.instance)} as before`)
      yield* Effect.sleep(listsEveryMs)
    }
  })

  const stop = Effect.fn("Nodes.stop")(function* (ref: NodeRef) {
    // What begins cannot be stopped yet.
    const found = yield* until(ref, (one) => phaseOf(one) !== "pending")
    if (found === null) return
    yield* tellToStop(ref, found)
    const isOff = (one: I) => phaseOf(one) === "stopped" || phaseOf(one) === "gone"
    yield* until(ref, isOff, (one) => phaseOf(one) === "running")
  })

  /** Where it runs; nothing of what is on it is looked at. */
  const start = Effect.fn("Nodes.start")(function* (ref: NodeRef) {
    const { useInternalIps } = yield* settings
    const found = yield* until(ref, (one) => phaseOf(one) !== "stopping")
    if (found !== null && phaseOf(found.instance) === "stopped") yield* tellToStart(ref, found)
    const isThere = (one: I) => phaseOf(one) === "running" && addressOf(one, useInternalIps) !== null
    const sinceMs = yield* steadyMs
    for (;;) {
      const now = yield* until(ref, (one) => isThere(one) || !isOn(phaseOf(one)))
      if (now !== null && isThere(now.instance)) return { address: addressOf(now.instance, useInternalIps)! }
      if (now === null || phaseOf(now.instance) === "gone")
        return yield* new CloudError({
          kind: "Refused",
          code: "Missing",
          message: `${nameOf(ref)} does not exist any more: ${now === null ? `${cloud} does not list it` : whyOff(now.instance)}`
        })
      if ((yield* steadyMs) - sinceMs > missingAfterMs)
        return yield* passingBy("NotStarted", `${nameOf(ref)} does not start: ${whyOff(now.instance)}`)
      yield* Effect.sleep(listsEveryMs)
    }
  })

  const look = (ref: NodeRef) =>
    Effect.map(
      find(ref),
      (found) =>
        found && {
          accelerators: found.label.accelerators,
          whyOff: isOn(phaseOf(found.instance)) ? null : whyOff(found.instance)
        }
    )

  return { find, isGone, must, until, stop, start, look }
}
