/**
 * Whether what the user has named in `config.yaml` is there, in the regions that a launch may go to: said before a launch, in the words in
 * which a region refuses it. One region that has it is enough; where nobody says, a launch finds out.
 */
import * as Effect from "effect/Effect"
import { misnamed } from "../../rented/errors.ts"
import { keptOf } from "../../rented/kept.ts"
import { CloudError } from "../Cloud.ts"
import type { Aws } from "./client.ts"
import type { Groups } from "./groups.ts"
import { vpcsIn } from "./network.ts"
import type { AwsSettings } from "./settings.ts"
import { vpcFor } from "./subnets.ts"

type Names = Pick<AwsSettings, "securityGroupName" | "vpcName">

const keptFor = "5 minutes"
/** Who asks waits no longer for regions that do not answer. */
const lookMaxMs = 5_000

/** The last one had all but that. */
const byHowFar = ["VPCIdNotSpecified", "InvalidVpcID.NotFound", "InvalidGroup.NotFound"]
const farthest = (whys: ReadonlyArray<CloudError>) => whys.toSorted((a, b) => byHowFar.indexOf(b.code) - byHowFar.indexOf(a.code))[0]!

const inWords = (whys: ReadonlyArray<CloudError>): string => {
  const more = whys.length - 1
  return `${farthest(whys).message}${more === 0 ? "" : `; nor can ${more} more region${more === 1 ? "" : "s"} be used`}`
}

export const makeOwnNames = Effect.fn("OwnNames.make")(function* (aws: Aws, groups: Pick<Groups, "named">) {
  const whyNotAt = Effect.fn("OwnNames.whyNotAt")(function* (key: string) {
    const [region, vpcName, securityGroupName] = JSON.parse(key) as [string, string | null, string | null]
    const vpcId = vpcFor(yield* vpcsIn(aws, region), { vpcName }, region)
    if (vpcId instanceof CloudError) return vpcId
    if (securityGroupName === null) return null
    return yield* groups.named(region, vpcId, securityGroupName).pipe(
      Effect.as(null),
      Effect.catchIf(({ code, kind }) => kind === "Refused" && byHowFar.includes(code), Effect.succeed)
    )
  })
  const { of } = yield* keptOf(aws.fingerprint, whyNotAt, (why) => (why === null ? keptFor : 0))
  const whyNotIn = ({ securityGroupName, vpcName }: Names, region: string) =>
    of(JSON.stringify([region, vpcName, securityGroupName])).pipe(
      Effect.timeoutOrElse({ duration: lookMaxMs, orElse: () => Effect.succeed(null) }),
      Effect.orElseSucceed(() => null)
    )
  const isNamed = ({ securityGroupName, vpcName }: Names) => securityGroupName !== null || vpcName !== null
  return {
    /** Fails where none of the regions has it; the first one that has it is waited for, and no other. */
    areThere: Effect.fn("OwnNames.areThere")(function* (names: Names, regions: ReadonlyArray<string>) {
      if (!isNamed(names) || regions.length === 0) return
      const lacking = (region: string) =>
        Effect.flatMap(whyNotIn(names, region), (why) => (why === null ? Effect.fail("has it" as const) : Effect.succeed(why)))
      const whys = yield* Effect.orElseSucceed(Effect.forEach(regions, lacking, { concurrency: "unbounded" }), () => null)
      if (whys === null) return
      return yield* misnamed(farthest(whys).code, inWords(whys))
    }),
    /** Where some have it: which have not. */
    warnings: Effect.fn("OwnNames.warnings")(function* (names: Names, regions: ReadonlyArray<string>) {
      if (!isNamed(names)) return []
      const all = yield* Effect.forEach(regions, (region) => whyNotIn(names, region), { concurrency: "unbounded" })
      const whys = all.filter((why) => why !== null)
      return whys.length === 0 || whys.length === all.length ? [] : [inWords(whys)]
    })
  }
})
