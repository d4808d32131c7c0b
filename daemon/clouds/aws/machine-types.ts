/** What a type's processor runs: EC2 says it. */
import * as Cache from "effect/Cache"
import * as Effect from "effect/Effect"
import type { Arch } from "../../rented/arch.ts"
import { kept } from "../../rented/kept.ts"
import type { CloudError } from "../Cloud.ts"
import type { Aws } from "./client.ts"
import { noSuchType, refusedBy } from "./errors.ts"

export const makeArchOf = (aws: Aws) => {
  const lookup = Effect.fn("Types.lookup")(function* (key: string) {
    const [region = "", type = ""] = key.split(" ")
    const { InstanceTypes = [] } = yield* aws.ask(region, "DescribeInstanceTypes", (ec2, asked) =>
      ec2.describeInstanceTypes({ Filters: [{ Name: "instance-type", Values: [type] }] }, asked)
    )
    const archs: ReadonlyArray<string> = InstanceTypes[0]?.ProcessorInfo?.SupportedArchitectures ?? []
    if (archs.length === 0) return yield* refusedBy(noSuchType, `there is no instance type ${type} in ${region}`)
    return archs.includes("arm64") && !archs.includes("x86_64") ? ("arm64" as const) : ("x86_64" as const)
  })
  return Effect.map(
    kept(lookup, "1 day"),
    (cache) =>
      (region: string, type: string): Effect.Effect<Arch, CloudError> =>
        Cache.get(cache, `${region} ${type}`)
  )
}
