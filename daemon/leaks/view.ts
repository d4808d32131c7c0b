/** A leak as it crosses the socket. Pure. */
import { decodeTime } from "ulid"
import { tokenOf } from "../../events/ids.ts"
import type { LeakView } from "../../sdk/protocol/leaks.ts"
import { hasPrice } from "../../task/price.ts"
import type { Leak } from "./Leak.ts"

/** The token of a machine says when it was asked for. */
const askedAtMs = (node: string): number | null => {
  try {
    return decodeTime(tokenOf(node))
  } catch {
    return null
  }
}

const priceOf = (thing: Leak["thing"]): number | null => {
  if (thing.kind === "group") return 0
  if (thing.kind !== "machine" || thing.state !== "running" || thing.offer === undefined) return null
  return hasPrice(thing.offer) ? thing.offer.usdPerHour : null
}

export const leakView = ({ cloud, id, isOurs, reason, thing }: Leak): LeakView => {
  const { kind, region, tags } = thing
  const isMachine = thing.kind === "machine"
  return {
    kind,
    ...(thing.kind !== "machine" && thing.kindThere !== undefined && { kindThere: thing.kindThere }),
    id,
    cloud,
    region,
    clusterName: tags.clusterName,
    clusterId: tags.cluster,
    log: tags.log,
    isOurs,
    state: isMachine ? thing.state : null,
    madeAtMs: isMachine ? askedAtMs(thing.node) : thing.madeAtMs,
    usdPerHour: priceOf(thing),
    reason
  }
}
