/** What there is to pay for in all regions of the account, as far as tags tell whose it is. A region that does not answer is named. */
import type { Instance } from "@aws-sdk/client-ec2"
import * as Effect from "effect/Effect"
import type { ClusterId, ClusterName, NodeId } from "../../../events/ids.ts"
import type { Offer } from "../../../events/values.ts"
import { passingBy } from "../../rented/errors.ts"
import { type ListedMachine, makeHoldings, type OwnedOptions } from "../../rented/owned.ts"
import type { Cloud, CloudError } from "../Cloud.ts"
import type { Access } from "./access.ts"
import type { Aws } from "./client.ts"
import type { Instances } from "./Instances.ts"
import type { Remnants } from "./remnants.ts"
import { addressOf, phaseOf } from "./states.ts"
import { type Label, labelOf, oddIn, ownerOf, tagIn, tagNames } from "./tags.ts"

const atOnce = 16
/** Those that answer are told of then. */
const regionMaxMs = 20_000

interface AwsOwnedOptions extends OwnedOptions {
  readonly aws: Aws
  readonly access: Access
  readonly instances: Instances
  readonly remnants: Remnants
  readonly offerOf: (instance: Instance, region: string, label: Pick<Label, "accelerators">) => Offer
}

export const makeOwned = ({ access, aws, instances, offerOf, remnants, ...options }: AwsOwnedOptions) => {
  const { machines: holdingsOf, owned } = makeHoldings(options)
  const regions = Effect.gen(function* () {
    const { Regions = [] } = yield* aws.ask(yield* aws.home, "DescribeRegions", (ec2, asked) => ec2.describeRegions({}, asked))
    return [...new Set([...access.regions(), ...Regions.flatMap(({ RegionName }) => RegionName ?? [])])]
  })
  const everywhere = Effect.fnUntraced(function* <A>(look: (region: string) => Effect.Effect<A, CloudError>) {
    const late = Effect.fail(passingBy("NoAnswer", `it did not answer within ${regionMaxMs / 1000} s`))
    const answers = yield* Effect.forEach(
      yield* regions,
      (region) =>
        Effect.timeoutOrElse(look(region), { duration: regionMaxMs, orElse: () => late }).pipe(
          Effect.catch(({ message }) => Effect.succeed(`${region} is not looked at: ${message}`))
        ),
      { concurrency: atOnce }
    )
    return {
      found: answers.filter((answer): answer is Exclude<typeof answer, string> => typeof answer !== "string"),
      unclear: answers.filter((answer) => typeof answer === "string")
    }
  })

  /** What is left of its tags tells less than a node, and all the same that it is one of ours. */
  const nameless = ({ InstanceId, Tags }: Instance) => {
    const cluster = (tagIn(Tags, tagNames.cluster) ?? "") as ClusterId
    const tags = ownerOf(Tags) ?? { log: tagIn(Tags, tagNames.log) ?? "", cluster, clusterName: cluster as string as ClusterName }
    return { tags, rank: 0, node: InstanceId as NodeId, accelerators: null }
  }
  const machineIn =
    (region: string) =>
    (instance: Instance, useInternalIps: boolean): ListedMachine => {
      const label = labelOf(instance)
      const { accelerators, node, rank, tags } = label ?? nameless(instance)
      return {
        tags,
        rank,
        node,
        made: label,
        address: addressOf(instance, useInternalIps),
        region,
        zone: instance.Placement?.AvailabilityZone ?? null,
        host: instance.InstanceId ?? null,
        phase: phaseOf(instance),
        offer: offerOf(instance, region, { accelerators }),
        ...(label === null && { odd: oddIn(instance) ?? "its tags cannot be read" })
      }
    }
  const machinesIn = (region: string, listed: ReadonlyArray<Instance>) =>
    holdingsOf(
      listed.filter((instance) => phaseOf(instance) !== "gone"),
      machineIn(region)
    )

  const tagged: NonNullable<Cloud["tagged"]> = Effect.fn("AwsCloud.tagged")(function* (log) {
    const machines = (region: string) =>
      Effect.flatMap(log === null ? instances.ofAnyone(region) : instances.ofLog(region, log), (listed) => machinesIn(region, listed))
    // Who may not list disks is told of machines all the same.
    const rest = (region: string) =>
      Effect.catch(
        Effect.map(remnants.of(region, log), (some) => ({ some, unclear: [] as ReadonlyArray<string> })),
        ({ message }) => Effect.succeed({ some: [], unclear: [`disks and groups of ${region} are not looked at: ${message}`] })
      )
    const { found, unclear } = yield* everywhere((region) => Effect.all([machines(region), rest(region)], { concurrency: "unbounded" }))
    return {
      owned: found.flatMap(([owned]) => owned),
      remnants: found.flatMap(([, { some }]) => some),
      unclear: [...unclear, ...found.flatMap(([, others]) => others.unclear)]
    }
  })
  return {
    owned: owned((of) => {
      const list = (region: string) => ("log" in of ? instances.ofLog(region, of.log) : instances.ofFolder(region, of.folder))
      return Effect.map(
        everywhere((region) => Effect.flatMap(list(region), (listed) => machinesIn(region, listed))),
        ({ found, unclear }) => ({ owned: found.flat(), unclear })
      )
    }),
    tagged
  }
}
