/** Asks clouds who their credentials are: before a command on a cluster that somebody owns, and before anything is done to its machines. */
import * as Effect from "effect/Effect"
import type * as Result from "effect/Result"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { CloudUserIdentityError, exiting } from "../../sdk/protocol/errors.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { inner } from "../../task/sentence.ts"
import { refuseOther } from "../commands/owner.ts"
import { type Cloud, CloudError } from "./Cloud.ts"

/** By cloud, as far as it was asked: the names, or why there are none. */
export type Identities = ReadonlyMap<string, Result.Result<ReadonlyArray<string> | null, CloudUserIdentityError>>

/** That nobody answered says nothing of them. */
const unreadable = ({ name }: Cloud, { kind, message }: CloudError) => {
  const isSilent = kind === "Transient"
  const error = new CloudUserIdentityError({
    message: `Who the credentials of ${cloudDisplay(name)} are cannot be told: ${inner(message)}.`,
    hint: isSilent ? `Nothing was done. Try again when it answers: sky check ${name}` : "Renew them, and see what is enabled: sky check"
  })
  return isSilent ? exiting(error, exitCodes.unreachable) : error
}

export const identitiesOf = Effect.fn("identitiesOf")(function* (clouds: ReadonlyMap<string, Cloud>, names: Iterable<string>) {
  const asked = [...new Set(names)].flatMap((name) => clouds.get(name) ?? [])
  const answers = yield* Effect.forEach(
    asked,
    (cloud) => Effect.result(Effect.mapError(cloud.identity, (error) => unreadable(cloud, error))),
    { concurrency: "unbounded" }
  )
  return new Map(asked.map(({ name }, i) => [name, answers[i]!])) satisfies Identities
})

type Owned = Pick<ClusterRow, "name" | "offer" | "owner">

/** Under another identity a cluster's machines look as if they were gone. */
export const asOwner = Effect.fn("asOwner")(function* (cloud: Cloud, row: Owned, identity: Cloud["identity"] = cloud.identity) {
  if (row.owner === null) return
  const refusal = refuseOther(row, yield* identity)
  if (refusal !== undefined)
    return yield* new CloudError({ kind: "Transient", code: refusal._tag, message: refusal.message, credentials: "other" })
})

/** The same, whatever is kept of who they are: before it is believed that a machine is gone. */
export const asOwnerNow = (cloud: Cloud, row: Owned) => asOwner(cloud, row, cloud.identityNow)
