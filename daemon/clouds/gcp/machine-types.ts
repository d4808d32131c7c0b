/** What a machine type's processor runs: its zone says it. */
import * as Cache from "effect/Cache"
import * as Effect from "effect/Effect"
import type { Arch } from "../../rented/arch.ts"
import { kept } from "../../rented/kept.ts"
import type { Gcp } from "./client.ts"

export const makeArchOf = (gcp: Gcp) => {
  const lookup = (key: string) => {
    const [zone = "", machineType = ""] = key.split(" ")
    return gcp.ask("machineTypes.get", zone, async ({ machineTypes, project }, options): Promise<Arch> => {
      const [found] = await (await machineTypes()).get({ project, zone, machineType }, options)
      return found.architecture === "ARM64" ? "arm64" : "x86_64"
    })
  }
  return Effect.map(kept(lookup, "1 day"), (cache) => (zone: string, type: string) => Cache.get(cache, `${zone} ${type}`))
}
