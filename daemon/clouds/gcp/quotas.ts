/**
 * What the project may have none of in a region. Only a known zero counts; how much of another quota is free the cloud itself says best.
 */
import * as Effect from "effect/Effect"
import type { Offer } from "../../../events/values.ts"
import { keptOf } from "../../rented/kept.ts"
import type { CloudError } from "../Cloud.ts"
import type { NoQuota } from "../Offered.ts"
import type { Gcp } from "./client.ts"

/** Of machines that are not of these families the plain quota of CPUs holds. */
const ownCpus = ["a2", "a3", "c2", "c2d", "c3", "c4", "m1", "m2", "m3", "n2", "n2d", "n4", "t2a", "t2d"]

/**
 * Those that a machine may be counted for: spot machines for the plain one as well, where the project was never given one of their own,
 * which then is 0.
 */
export const metricsOf = ({
  accelerators,
  instanceType,
  useSpot
}: Pick<Offer, "accelerators" | "instanceType" | "useSpot">): ReadonlyArray<string> => {
  if (accelerators !== null) {
    const gpu = `NVIDIA_${accelerators.name.toUpperCase().replaceAll("-", "_")}_GPUS`
    return useSpot ? [`PREEMPTIBLE_${gpu}`, gpu] : [gpu]
  }
  const family = instanceType?.split("-")[0] ?? ""
  const cpus = ownCpus.includes(family) ? `${family.toUpperCase()}_CPUS` : "CPUS"
  return useSpot ? ["PREEMPTIBLE_CPUS", cpus] : [cpus]
}
const everywhere = ({ accelerators }: Pick<Offer, "accelerators">) => (accelerators === null ? "CPUS_ALL_REGIONS" : "GPUS_ALL_REGIONS")

type Limits = ReadonlyMap<string, number>
/** Who has none asks for it, and is not to wait for us once he has it. */
const keptFor = "5 minutes"

export const makeNoQuota = (gcp: Gcp) => {
  const limitsOf = (quotas: ReadonlyArray<{ metric?: unknown; limit?: number | null }> | null | undefined): Limits =>
    new Map((quotas ?? []).flatMap(({ limit, metric }) => (limit == null ? [] : [[String(metric), limit] as const])))
  const lookup = (region: string) =>
    gcp.ask(region === "" ? "projects.get" : "regions.get", region, async ({ project, projects, regions }, options): Promise<Limits> => {
      const [found] =
        region === "" ? await (await projects()).get({ project }, options) : await (await regions()).get({ project, region }, options)
      return limitsOf(found.quotas)
    })
  return Effect.map(keptOf(gcp.fingerprint, lookup, keptFor), ({ of: limitsIn }) =>
    Effect.fn("Quotas.noQuota")(function* (offer: Offer): Effect.fn.Return<NoQuota | null, CloudError> {
      if (offer.region === null) return null
      const [all, own] = yield* Effect.all([limitsIn(""), limitsIn(offer.region)], { concurrency: "unbounded" })
      const name = everywhere(offer)
      // No machine is without CPUs, whatever its kind.
      const anyKind = offer.accelerators === null
      if (all.get(name) === 0) return { message: `the project's quota of ${name} is 0`, scope: "cloud", ...(anyKind && { anyKind }) }
      const metrics = metricsOf(offer)
      const isNone = metrics.every((one) => own.get(one) === 0)
      return isNone ? { message: `the project's quota of ${metrics.join(" and ")} is 0 in ${offer.region}`, scope: "region" } : null
    })
  )
}
