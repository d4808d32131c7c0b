/** What there is to pay for in all regions of the account, as far as tags tell that it is ours. */
import * as Effect from "effect/Effect"
import type { Cloud, Owned } from "../Cloud.ts"
import type { Access } from "./access.ts"
import type { Aws } from "./client.ts"
import type { Instances } from "./Instances.ts"
import { addressOf, phaseOf } from "./states.ts"
import { labelOf } from "./tags.ts"

const atOnce = 16

export interface OwnedOptions {
  readonly aws: Aws
  readonly access: Access
  readonly instances: Instances
  /** Null: nothing was ever begun from here. */
  readonly folder: Effect.Effect<string | null>
}

export const makeOwned = ({ access, aws, folder, instances }: OwnedOptions): Cloud["owned"] =>
  Effect.fn("AwsCloud.owned")(function* (log) {
    const own = yield* folder
    if (own === null) return { owned: [], unclear: [] }
    const { Regions = [] } = yield* aws.ask(yield* aws.home, "DescribeRegions", (ec2, asked) => ec2.describeRegions({}, asked))
    const regions = new Set([...access.regions(), ...Regions.flatMap(({ RegionName }) => RegionName ?? [])])
    const listed = yield* Effect.forEach(
      regions,
      (region) =>
        (log === null ? instances.ofFolder(region, own) : instances.ofLog(region, log)).pipe(
          Effect.map((found) => ({
            unclear: [],
            owned: found.flatMap((instance): ReadonlyArray<Owned> => {
              const label = labelOf(instance)
              const phase = phaseOf(instance)
              if (label === null || phase === "gone") return []
              const { node, rank, tags } = label
              const place = { region, zone: instance.Placement?.AvailabilityZone ?? null, host: instance.InstanceId ?? null, hostKey: null }
              const state = phase === "pending" || phase === "running" ? "running" : "stopped"
              return [{ tags, rank, node, address: addressOf(instance, false), ...place, state }]
            })
          })),
          Effect.catch(({ message }) => Effect.succeed({ owned: [], unclear: [`${region} is not looked at: ${message}`] }))
        ),
      { concurrency: atOnce }
    )
    return { owned: listed.flatMap(({ owned }) => owned), unclear: listed.flatMap(({ unclear }) => unclear) }
  })
