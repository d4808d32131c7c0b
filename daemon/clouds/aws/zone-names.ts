/** How the account calls the zones of its regions. Kept until the credentials are others: it never changes. */
import * as Effect from "effect/Effect"
import type { ZoneNames } from "./account-catalog.ts"
import type { Aws } from "./client.ts"

const atOnce = 8

export const makeZoneNames = (aws: Aws) =>
  Effect.sync(() => {
    let fingerprint = ""
    let ofAccount = new Map<string, ZoneNames>()
    const learnOne = Effect.fn("ZoneNames.learnOne")(function* (known: typeof ofAccount, region: string) {
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
      known: (): ReadonlyMap<string, ZoneNames> => ofAccount,
      /** A region that does not answer keeps the list's own names. */
      learn: Effect.fn("ZoneNames.learn")(function* (regions: ReadonlyArray<string>) {
        const now = yield* aws.fingerprint
        if (now !== fingerprint) {
          fingerprint = now
          ofAccount = new Map()
        }
        const known = ofAccount
        yield* Effect.forEach(regions, (region) => Effect.ignore(learnOne(known, region)), { concurrency: atOnce, discard: true })
      })
    }
  })
