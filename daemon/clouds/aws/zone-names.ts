/** How the account calls the zones of its regions. Asked once, and kept: it never changes. */
import * as Effect from "effect/Effect"
import type { ZoneNames } from "./account-catalog.ts"
import type { Aws } from "./client.ts"

const atOnce = 8

export const makeZoneNames = (aws: Aws) =>
  Effect.sync(() => {
    const known = new Map<string, ZoneNames>()
    const learnOne = Effect.fn("ZoneNames.learnOne")(function* (region: string) {
      if (known.has(region)) return
      const { AvailabilityZones = [] } = yield* aws.ask(region, "DescribeAvailabilityZones", (ec2, asked) =>
        ec2.describeAvailabilityZones({}, asked)
      )
      known.set(
        region,
        AvailabilityZones.flatMap(({ OptInStatus, ZoneId: id, ZoneName: name, ZoneType = "availability-zone" }) =>
          id === undefined || name === undefined || ZoneType !== "availability-zone" || OptInStatus === "not-opted-in" ? [] : [{ id, name }]
        )
      )
    })
    return {
      known: (): ReadonlyMap<string, ZoneNames> => known,
      /** A region that does not answer keeps the list's own names. */
      learn: (regions: ReadonlyArray<string>) =>
        Effect.forEach(regions, (region) => Effect.ignore(learnOne(region)), { concurrency: atOnce, discard: true })
    }
  })
