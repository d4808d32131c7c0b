/**
 * Who ends a cluster has to know what came of what was asked for, and asks for nothing more: no machine is made, and no disk copied, only
 * to be ended.
 */
import * as Effect from "effect/Effect"
import { askedTokens } from "../clouds/asked-tokens.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import { CloudError } from "../clouds/Cloud.ts"
import type { ProvisionRequest } from "../clouds/ProvisionRequest.ts"
import { butFor } from "./errors.ts"

const code = "NotAskedFor"

export const notAsked = (message: string) => new CloudError({ kind: "Refused", code, message })

export const askedNoMore = () => {
  /** An earlier daemon may have sent it. */
  const askedFor = askedTokens((isInherited) => ({ maySent: isInherited }))
  return {
    /** `parts`: all that the cloud is told. Once they are there, it may have been. */
    asking: <A>(request: ProvisionRequest, parts: Effect.Effect<A, CloudError>): Effect.Effect<A, CloudError> =>
      Effect.suspend(() => {
        const state = askedFor(request)
        if (request.isEnding === true && !state.maySent) return Effect.fail(notAsked("its cluster ends before anything was asked for"))
        return Effect.tap(parts, () =>
          Effect.sync(() => {
            state.maySent = true
          })
        )
      }),
    /** Its cloud's part knows whether it may have been, as soon as it does. */
    maySent: (request: ProvisionRequest, may: boolean) => {
      askedFor(request).maySent = may
    },
    /** Of one that may have been asked for, its cloud's part believes no refusal; this one is none of its cloud's. */
    believed:
      (provision: Cloud["provision"]): Cloud["provision"] =>
      (request) =>
        Effect.mapError(provision(request), (error) => (error.code === code ? butFor(error, { kind: "Refused" }) : error))
  }
}
