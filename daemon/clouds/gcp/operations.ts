/**
 * Operations: what was accepted is done when its operation is, and well only when that has no errors. One is found again by the id of its
 * request.
 */
import * as Effect from "effect/Effect"
import type { CloudError } from "../Cloud.ts"
import { lastPart, type Operation } from "./api.ts"
import { type Gcp, waits } from "./client.ts"
import { endingsOf } from "./endings.ts"
import { isNotThere, isThere } from "./errors.ts"
import { failureOf } from "./operation-failure.ts"

/** What a call was accepted as, in the answer of Google's client. */
export const begunAs = ([begun]: ReadonlyArray<unknown>) => (begun as { readonly latestResponse: Operation }).latestResponse

/** Of names in one filter. */
const namesMax = 40

export const makeOperations = (gcp: Gcp) => {
  /** What an operation that is over has come to. */
  const wait = Effect.fn("Operations.wait")(function* (operation: Operation) {
    for (let now = operation; ; ) {
      if (now.status === "DONE") return now
      const [zone, name] = [lastPart(now.zone), now.name ?? ""]
      now = yield* gcp.ask(
        zone === "" ? "globalOperations.wait" : "zoneOperations.wait",
        zone,
        async ({ globalOperations, project, zoneOperations }) => {
          const [next] =
            zone === ""
              ? await (await globalOperations()).wait({ project, operation: name }, waits)
              : await (await zoneOperations()).wait({ project, zone, operation: name }, waits)
          return next
        }
      )
    }
  })

  const list = (zone: string, filter: string) =>
    gcp.ask("zoneOperations.list", zone, async ({ project, zoneOperations }, options) => {
      const found: Array<Operation> = []
      for await (const one of (await zoneOperations()).listAsync({ project, zone, filter }, options)) found.push(one)
      return found as ReadonlyArray<Operation>
    })

  const done = Effect.fn("Operations.done")(function* (operation: Operation) {
    const over = yield* wait(operation)
    const failure = failureOf(over)
    return failure === null ? over : yield* failure
  })
  const unless = (isFine: (code: string) => boolean) => (begun: Effect.Effect<Operation, CloudError>) =>
    Effect.catchIf(
      Effect.asVoid(Effect.flatMap(begun, done)),
      ({ code }) => isFine(code),
      () => Effect.void
    )

  /**
   * All that GCP remembers of instances of these names. By `eq` the API's filters are regular expressions, for the whole of a value; they
   * are not mixed with `=`.
   */
  const ofNames = Effect.fn("Operations.ofNames")(function* (zone: string, names: ReadonlyArray<string>) {
    const found: Array<Operation> = []
    for (let at = 0; at < names.length; at += namesMax)
      found.push(...(yield* list(zone, `targetLink eq ".*/instances/(${names.slice(at, at + namesMax).join("|")})"`)))
    return found as ReadonlyArray<Operation>
  })

  return {
    wait,
    /** Fails with what went wrong in it. */
    done,
    /** Until what is deleted is gone: that it was so already is as good. */
    gone: unless(isNotThere),
    /** Until what is made is there: that another one has made it is as good. */
    there: unless(isThere),
    /** The one that a request was accepted as: its `clientOperationId` is the id of the request, by the API's reference. */
    ofRequest: (zone: string, requestId: string) => Effect.map(list(zone, `clientOperationId = "${requestId}"`), (found) => found[0]),
    ofNames,
    /** How instances of these names ended. */
    endings: (zone: string, names: ReadonlyArray<string>) => Effect.map(ofNames(zone, names), endingsOf)
  }
}
export type Operations = ReturnType<typeof makeOperations>
