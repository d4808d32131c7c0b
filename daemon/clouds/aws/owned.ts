/** What there is to pay for in all regions of the account, as far as tags tell whose it is. A region that does not answer is named. */
import type { Instance } from "@aws-sdk/client-ec2"
import * as Effect from "effect/Effect"
import type { ClusterId, ClusterName, NodeId, NodeToken } from "../../../events/ids.ts"
import type { Offer } from "../../../events/values.ts"
import { passingBy } from "../../rented/errors.ts"
import { type Unlooked, unlookedTexts } from "../../rented/unlooked.ts"
import type { Cloud, CloudError, NodeRef, Owned } from "../Cloud.ts"
import type { KnownNodes } from "../Remnant.ts"
import type { Access } from "./access.ts"
import type { Aws } from "./client.ts"
import { fromLog } from "./found.ts"
import type { Instances } from "./Instances.ts"
import type { Remnants } from "./remnants.ts"
import { addressOf, phaseOf } from "./states.ts"
import { type Label, labelOf, oddIn, ownerOf, tagIn, tagNames } from "./tags.ts"
import { withRight, withWayOn } from "./way-on.ts"

const atOnce = 16
/** Those that answer are told of then. */
const regionMaxMs = 20_000

interface OwnedOptions {
  readonly aws: Aws
  readonly access: Access
  readonly instances: Instances
  readonly remnants: Remnants
  readonly settings: Effect.Effect<{ readonly useInternalIps: boolean }, CloudError>
  /** Null: nothing was ever begun from here. */
  readonly folder: Effect.Effect<string | null>
  /** The key that a machine of this token shows, if this folder has made it. */
  readonly hostKeyOf: (token: NodeToken) => Effect.Effect<string>
  readonly offerOf: (instance: Instance, region: string, label: Pick<Label, "accelerators">) => Offer
}

const nobody: KnownNodes = { had: [], dropped: [] }
const wayOn = (error: CloudError, call: string) => withWayOn(withRight(error, call), process.env)

export const makeOwned = ({ access, aws, folder, hostKeyOf, instances, offerOf, remnants, settings }: OwnedOptions) => {
  const regions = Effect.gen(function* () {
    const { Regions = [] } = yield* aws
      .ask(yield* aws.home, "DescribeRegions", (ec2, asked) => ec2.describeRegions({}, asked))
      .pipe(Effect.mapError((error) => wayOn(error, "DescribeRegions")))
    return [...new Set([...access.regions(), ...Regions.flatMap(({ RegionName }) => RegionName ?? [])])]
  })
  const everywhere = Effect.fnUntraced(function* <A>(look: (region: string) => Effect.Effect<A, CloudError>) {
    const late = Effect.fail(passingBy("NoAnswer", `it did not answer within ${regionMaxMs / 1000} s`))
    const answers = yield* Effect.forEach(
      yield* regions,
      (region) =>
        Effect.timeoutOrElse(look(region), { duration: regionMaxMs, orElse: () => late }).pipe(
          Effect.mapBoth({
            onSuccess: (found) => ({ found: [found], unlooked: [] }),
            onFailure: (error): Unlooked => ({ place: region, what: null, why: wayOn(error, "DescribeInstances").message })
          }),
          Effect.catch((one) => Effect.succeed({ found: [], unlooked: [one] }))
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
  const machinesIn = Effect.fnUntraced(function* (region: string, listed: ReadonlyArray<Instance>, { dropped, had } = nobody) {
    const own = yield* folder
    const { useInternalIps } = yield* settings
    const there = listed.filter((instance) => phaseOf(instance) !== "gone")
    const refs = new Map([...had, ...dropped].map((ref): [string | null | undefined, NodeRef] => [ref.host, ref]))
    return yield* Effect.forEach(
      there,
      Effect.fnUntraced(function* (instance): Effect.fn.Return<Owned> {
        const ref = refs.get(instance.InstanceId)
        const label = labelOf(instance) ?? (ref === undefined ? null : fromLog(ref, instance))
        const { accelerators, node, rank, tags } = label ?? nameless(instance)
        const hostKey = ref?.hostKey ?? (label?.folder === own ? yield* hostKeyOf(label!.token) : null)
        const place = { region, zone: instance.Placement?.AvailabilityZone ?? null, host: instance.InstanceId ?? null, hostKey }
        const state = phaseOf(instance) === "pending" || phaseOf(instance) === "running" ? "running" : "stopped"
        const offer = offerOf(instance, region, { accelerators })
        const odd = label === null ? { odd: oddIn(instance) ?? "its tags cannot be read" } : {}
        return { tags, rank, node, address: addressOf(instance, useInternalIps), ...place, state, offer, ...odd }
      })
    )
  })

  const owned: Cloud["owned"] = Effect.fn("AwsCloud.owned")(function* (log) {
    const own = yield* folder
    if (own === null) return { owned: [], unclear: [] }
    const { found, unlooked } = yield* everywhere((region) =>
      Effect.flatMap(log === null ? instances.ofFolder(region, own) : instances.ofLog(region, log), (listed) => machinesIn(region, listed))
    )
    return { owned: found.flat(), unclear: unlookedTexts(unlooked, "region") }
  })
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
  return { owned, tagged }
}
