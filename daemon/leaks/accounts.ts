/** Accounts that clusters of this log are in and that the credentials of now do not see: what else is there nobody knows. */
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import type { Clusters } from "../../projections/clusters.ts"
import type { Clouds } from "../clouds/Clouds.ts"
import { refuseOther } from "../commands/owner.ts"
import { whoseNow } from "./whose.ts"

const namedMax = 3

const namesText = (names: ReadonlyArray<string>) => {
  const more = names.length - namedMax
  if (more > 0) return `${names.slice(0, namedMax).join(", ")} and ${more} more are`
  return `${names.join(", ")} ${names.length === 1 ? "is" : "are"}`
}

/** A sentence each, without its full stop. Of credentials that cannot be told, their cloud says more. */
export const accountsUnseen = Effect.fn("accountsUnseen")(function* (clouds: Clouds["Service"], { rows }: Clusters, waitMs: number) {
  const owned = [...HashMap.values(rows)].flatMap(({ name, offer, owner }) =>
    owner === null || offer === null ? [] : [{ name, owner, offer, cloud: offer.cloud }]
  )
  if (owned.length === 0) return []
  const who = yield* whoseNow(
    clouds,
    owned.map(({ cloud }) => cloud),
    waitMs
  )
  const apart = owned.flatMap((one) => {
    const now = who.get(one.cloud) ?? null
    return now === null || refuseOther(one, now) === undefined ? [] : [{ ...one, now }]
  })
  return [...Map.groupBy(apart, ({ cloud, owner }) => JSON.stringify([cloud, owner])).values()].map((those) => {
    const [{ cloud, now, owner }] = those as [(typeof apart)[number]]
    const names = namesText(those.map(({ name }) => name))
    return `${cloud}: the account of ${owner.join(", ")}, which ${names} in, is not looked at: the credentials are those of ${now.join(", ")}`
  })
})
