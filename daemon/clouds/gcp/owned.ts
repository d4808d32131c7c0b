/** What there is to pay for in all zones of the project, as far as labels tell that it is ours. */
import * as Effect from "effect/Effect"
import type { Cloud, Owned } from "../Cloud.ts"
import { lastPart } from "./api.ts"
import type { Instances } from "./Instances.ts"
import { labelOf } from "./names.ts"
import { addressOf, phaseOf } from "./states.ts"

export interface OwnedOptions {
  readonly instances: Instances
  /** Null: nothing was ever begun from here. */
  readonly folder: Effect.Effect<string | null>
}

export const regionOf = (zone: string): string => zone.replace(/-[a-z]+$/, "")

export const makeOwned = ({ folder, instances }: OwnedOptions): Cloud["owned"] =>
  Effect.fn("GcpCloud.owned")(function* (log) {
    const own = yield* folder
    if (own === null) return { owned: [], unclear: [] }
    const { instances: listed, silent } = yield* log === null ? instances.ofFolder(own) : instances.ofLog(log)
    const owned = listed.flatMap((instance): ReadonlyArray<Owned> => {
      const label = labelOf(instance)
      if (label === null) return []
      const zone = lastPart(instance.zone)
      const { node, rank, tags } = label
      const place = { region: regionOf(zone), zone, host: instance.name ?? null, hostKey: null }
      const state = phaseOf(instance) === "pending" || phaseOf(instance) === "running" ? "running" : "stopped"
      return [{ tags, rank, node, address: addressOf(instance, false), ...place, state }]
    })
    return { owned, unclear: [...silent].map(([zone, why]) => `${zone} is not looked at: ${why}`) }
  })
