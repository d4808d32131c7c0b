/**
 * Nodes and the machines that they are, whichever cloud has them: looked at, and followed until they are as they were told to be. A list
 * may say for a moment what was before.
 */
import * as Effect from "effect/Effect"
import type { NodeId } from "../../events/ids.ts"
import type { Accelerators } from "../../task/accelerators.ts"
import { CloudError, type NodeRef } from "../clouds/Cloud.ts"
import { begunInTurn } from "../in-turn.ts"
import { steadyMs } from "../steady-ms.ts"
import { later, passingBy, unseen } from "./errors.ts"
import type { Found, Label as NodeLabel } from "./found.ts"
import { listsEveryMs } from "./lists.ts"
import { type Missed, missingAfterMs } from "./missed.ts"
import { isOn, type Phase } from "./phases.ts"
import type { RentedSettings } from "./settings.ts"

/** From then on a machine that goes on as if it had not been told to end is told again. */
const obeysAfterMs = 30_000
/** By then what an earlier daemon had on its way has come, or never comes. */
const lateMs = 15_000

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
  /** Tells a machine that has begun to stop, if it has to be told: `always`, also one that is off. */
  readonly tellToStop: (ref: NodeRef, found: F, always: boolean) => Effect.Effect<Accepted, CloudError>
  /** Tells a machine that is off to start. */
  readonly tellToStart: (ref: NodeRef, found: F) => Effect.Effect<Accepted, CloudError>
  /** Tells a machine what its own shutdown means: that it is gone, or off. */
  readonly tellItsEnd: (ref: NodeRef, down: boolean) => Effect.Effect<void, CloudError>
}

/** What a cloud has said that it will do: until that is done, or has failed. */
type Accepted = Effect.Effect<unknown, CloudError>

/** Of the nodes of one cluster. */
const atOnce = 8
/** Before the rest of a cluster is waited for no longer. */
const besidesMaxMin = 2

/** The machine has ended: what its cluster leaves there beside it is cleared with the cluster, or listed by `sky leaks`, where it stays. */
export const besides = (removed: Effect.Effect<void, CloudError>): Effect.Effect<void> =>
  Effect.catch(Effect.timeout(removed, `${besidesMaxMin} minutes`), ({ message }) =>
    Effect.logInfo(`something of a cluster stays for now: ${message}`)
  )

export const makeRentedNodes = <I, F extends Found<I, Label>>(options: NodesOptions<I, F>) => {
  const { addressOf, cloud, listed, missed, phaseOf, placeOf, settings, tellItsEnd, tellToStart, tellToStop, whyOff } = options
  const nameOf = ({ host, node }: NodeRef) => host ?? node
  /** What a machine is told comes to its end before it is told the next. */
  const inTurn = begunInTurn<NodeId>()
  /** Told to start, and not seen to run. */
  const told = new Set<NodeId>()

  const find = (ref: NodeRef) =>
    Effect.tap(options.find(ref), (found) =>
      Effect.sync(() => {
        if (found === undefined) return
        missed.seen(ref.node)
        if (phaseOf(found.instance) === "gone") told.delete(ref.node)
      })
    )

  const isGone = Effect.fn("Nodes.isGone")(function* (ref: NodeRef) {
    return yield* options.isGone(ref, missed.isLong(ref.node, yield* steadyMs))
  })

  /** Null: it is gone, for certain. */
  const must = Effect.fn("Nodes.must")(function* (ref: NodeRef) {
    const found = yield* find(ref)
    if (found !== undefined) return found
    if (yield* isGone(ref)) {
      told.delete(ref.node)
      return null
    }
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

  const isOff = (one: I) => phaseOf(one) === "stopped" || phaseOf(one) === "gone"

  const stop = Effect.fn("Nodes.stop")(function* (ref: NodeRef) {
    // An earlier call is waited for: what it does comes after all that is seen now.
    yield* inTurn(ref.node, Effect.void)
    const mayBegin = ref.mayRun === true || told.has(ref.node)
    for (;;) {
      // What begins cannot be stopped yet.
      const found = yield* until(ref, (one) => phaseOf(one) !== "pending")
      if (found === null) return
      yield* yield* inTurn(ref.node, tellToStop(ref, found, mayBegin && phaseOf(found.instance) === "stopped"))
      told.delete(ref.node)
      yield* until(ref, isOff, (one) => phaseOf(one) === "running")
      if (ref.mayRun !== true) return
      yield* Effect.sleep(lateMs)
      const now = yield* until(ref, (one) => phaseOf(one) !== "pending")
      if (now === null || isOff(now.instance)) return
    }
  })

  /** `blind`: what is made of an error of who looks. */
  const whenUp = Effect.fn("Nodes.whenUp")(function* (ref: NodeRef, useInternalIps: boolean, blind: (error: CloudError) => CloudError) {
    const isThere = (one: I) => phaseOf(one) === "running" && addressOf(one, useInternalIps) !== null
    const sinceMs = yield* steadyMs
    for (;;) {
      const now = yield* Effect.mapError(
        until(ref, (one) => isThere(one) || !isOn(phaseOf(one))),
        blind
      )
      if (now !== null && isThere(now.instance)) {
        told.delete(ref.node)
        return { address: addressOf(now.instance, useInternalIps)! }
      }
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

  const begin = Effect.fn("Nodes.begin")(function* (ref: NodeRef, found: F) {
    told.add(ref.node)
    yield* yield* inTurn(ref.node, tellToStart(ref, found))
  })

  /**
   * Where it runs; nothing of what is on it is looked at. Refused is what it is told: who may not look at what was told cannot say what it
   * does. Of one that may have been told before only that there is no room for it is believed.
   */
  const start = Effect.fn("Nodes.start")(function* (ref: NodeRef) {
    const { useInternalIps } = yield* settings
    yield* inTurn(ref.node, Effect.void)
    const blind = unseen(`${nameOf(ref)} may have been told to start`)
    const before = until(ref, (one) => phaseOf(one) !== "stopping")
    const wasTold = ref.mayRun === true || told.has(ref.node)
    const found = yield* wasTold ? Effect.mapError(before, blind) : before
    if (found !== null && phaseOf(found.instance) === "stopped")
      yield* begin(ref, found).pipe(
        Effect.mapError((error) => (wasTold && error.want === undefined ? later(error) : error)),
        Effect.tapError(({ kind }) => Effect.sync(() => kind === "Refused" && told.delete(ref.node)))
      )
    return yield* whenUp(ref, useInternalIps, blind)
  })

  const endsItself = (refs: ReadonlyArray<NodeRef>, down: boolean) =>
    Effect.forEach(refs, (ref) => inTurn(ref.node, tellItsEnd(ref, down)), { concurrency: atOnce, discard: true })

  const look = (ref: NodeRef) =>
    Effect.map(
      find(ref),
      (found) =>
        found && {
          accelerators: found.label.accelerators,
          whyOff: isOn(phaseOf(found.instance)) ? null : whyOff(found.instance)
        }
    )

  return { find, isGone, must, until, stop, start, endsItself, look }
}
