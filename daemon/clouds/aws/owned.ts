/** What there is to pay for in all regions of the account, as far as tags tell whose it is. A region that does not answer is named. */
import type { Instance } from "@aws-sdk/client-ec2"
import * as Effect from "effect/Effect"
import type { ClusterId, ClusterName, NodeId } from "../../../events/ids.ts"
import type { Offer } from "../../../events/values.ts"
import { passingBy } from "../../rented/errors.ts"
import { type ListedMachine, makeHoldings, type OwnedOptions } from "../../rented/owned.ts"
import { type Unlooked, unlookedTexts } from "../../rented/unlooked.ts"
import type { Cloud, CloudError, NodeRef } from "../Cloud.ts"
import type { KnownNodes } from "../Remnant.ts"
import type { Access } from "./access.ts"
import type { Aws } from "./client.ts"
import { fromLog } from "./found.ts"
import type { Instances } from "./Instances.ts"
import type { Remnants } from "./remnants.ts"
import { addressOf, phaseOf } from "./states.ts"
import { type Label, labelOf, oddIn, ownerOf, tagIn, tagNames } from "./tags.ts"

/** All regions that there are: one round of those that do not answer ends before who asks gives up. */
const atOnce = 48
/** Those that answer are told of then. */
const regionMaxMs = 20_000

interface AwsOwnedOptions extends OwnedOptions {
  readonly aws: Aws
  readonly access: Access
  readonly instances: Instances
  readonly remnants: Remnants
  readonly offerOf: (instance: Instance, region: string, label: Pick<Label, "accelerators">) => Offer
}

const nobody: KnownNodes = { had: [], dropped: [] }

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
          Effect.match({
            onSuccess: (found): { found: ReadonlyArray<A>; unlooked: ReadonlyArray<Unlooked> } => ({ found: [found], unlooked: [] }),
            onFailure: ({ message: why }) => ({ found: [], unlooked: [{ place: region, what: null, why }] })
          })
        ),
      { concurrency: atOnce }
    )
    return { found: answers.flatMap(({ found }) => found), unlooked: answers.flatMap(({ unlooked }) => unlooked) }
  })

  /** What is left of its tags tells less than a node, and all the same that it is one of ours. */
  const nameless = ({ InstanceId, Tags }: Instance) => {
    const cluster = (tagIn(Tags, tagNames.cluster) ?? "") as ClusterId
    const tags = ownerOf(Tags) ?? { log: tagIn(Tags, tagNames.log) ?? "", cluster, clusterName: cluster as string as ClusterName }
    return { tags, rank: 0, node: InstanceId as NodeId, accelerators: null }
  }
  const machinesIn = (region: string, listed: ReadonlyArray<Instance>, { dropped, had } = nobody) => {
    const refs = new Map([...had, ...dropped].map((ref): [string | null | undefined, NodeRef] => [ref.host, ref]))
    const machineOf = (instance: Instance, useInternalIps: boolean): ListedMachine => {
      const ref = refs.get(instance.InstanceId)
      const label = labelOf(instance) ?? (ref === undefined ? null : fromLog(ref, instance))
      const { accelerators, node, rank, tags } = label ?? nameless(instance)
      return {
        tags,
        rank,
        node,
        made: label,
        recordedKey: ref?.hostKey ?? null,
        address: addressOf(instance, useInternalIps),
        region,
        zone: instance.Placement?.AvailabilityZone ?? null,
        host: instance.InstanceId ?? null,
        phase: phaseOf(instance),
        offer: offerOf(instance, region, { accelerators }),
        ...(label === null && { odd: oddIn(instance) ?? "its tags cannot be read" })
      }
    }
    return holdingsOf(
      listed.filter((instance) => phaseOf(instance) !== "gone"),
      machineOf
    )
  }

  const tagged: NonNullable<Cloud["tagged"]> = Effect.fn("AwsCloud.tagged")(function* (log, known = nobody) {
    const machines = Effect.fnUntraced(function* (region: string) {
      const listed = yield* log === null ? instances.ofAnyone(region) : instances.ofLog(region, log)
      const ids = known.dropped.flatMap(({ host, region: its }) => (its === region && host !== null ? [host] : []))
      const unlisted = ids.filter((id) => !listed.some(({ InstanceId }) => InstanceId === id))
      return yield* machinesIn(region, [...listed, ...(yield* instances.ofIds(region, unlisted))], known)
    })
    const { found, unlooked } = yield* everywhere((region) =>
      Effect.all([machines(region), remnants.of(region, log)], { concurrency: "unbounded" })
    )
    return {
      owned: found.flatMap(([owned]) => owned),
      remnants: found.flatMap(([, { some }]) => some),
      unclear: unlookedTexts([...unlooked, ...found.flatMap(([, rest]) => rest.unlooked)], "region")
    }
  })
  return {
    owned: owned((of) => {
      const list = (region: string) => ("log" in of ? instances.ofLog(region, of.log) : instances.ofFolder(region, of.folder))
      return Effect.map(
        everywhere((region) => Effect.flatMap(list(region), (listed) => machinesIn(region, listed))),
        ({ found, unlooked }) => ({ owned: found.flat(), unclear: unlookedTexts(unlooked, "region") })
      )
    }),
    tagged
  }
}
