/** Whose a cluster is: it belongs to the identity that launched it, and commands of another are refused. Pure. */
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { ClusterOwnerIdentityMismatchError } from "../../sdk/protocol/errors.ts"
import { cloudDisplay } from "../../task/clouds.ts"

type Names = ReadonlyArray<string>

/** SkyPilot's rule: equal in any one place. Another role or user of the same account is as good as the owner. */
const isOwner = (owner: Names, identity: Names) => owner.some((name, place) => name === identity[place])

/** `identity`: who the credentials of its cloud are now. */
export const refuseOther = ({ name, offer, owner }: Pick<ClusterRow, "name" | "offer" | "owner">, identity: Names | null) =>
  owner === null || identity === null || isOwner(owner, identity)
    ? undefined
    : new ClusterOwnerIdentityMismatchError({
        cluster: name,
        owner,
        identity,
        message: `${name} belongs to ${owner.join(", ")}, and the credentials of ${cloudDisplay(offer?.cloud ?? "its cloud")} are those of ${identity.join(", ")}.`,
        hint: `Go back to the credentials of its owner. To drop its record without the cloud's word: sky down --purge ${name}`
      })
