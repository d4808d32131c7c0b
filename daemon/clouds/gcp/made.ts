/** What of a request for machines is there: found by the names that follow from its token, and told from others' by its labels. */
import * as Effect from "effect/Effect"
import { later, unseen } from "../../rented/errors.ts"
import type { ProvisionRequest } from "../ProvisionRequest.ts"
import type { Instance } from "./api.ts"
import type { Gcp } from "./client.ts"
import type { Instances } from "./Instances.ts"
import { instanceName, labelOf } from "./names.ts"
import { begunAs, type Operations } from "./operations.ts"
import type { Unmake } from "./requests.ts"

const atOnce = 16

export const namesOf = ({ tags, token }: ProvisionRequest, ranks: ReadonlyArray<number>) =>
  ranks.map((rank) => instanceName(tags.clusterName, token, rank))

export const isOurs = ({ tags, token }: ProvisionRequest, instance: Instance) => {
  const label = labelOf(instance)
  return label !== null && label.token === token && label.tags.cluster === tags.cluster
}

interface MadeOptions {
  readonly gcp: Gcp
  readonly instances: Instances
  readonly operations: Operations
}

export const makeMade = ({ gcp, instances, operations }: MadeOptions) => {
  const remove = (zone: string, names: ReadonlyArray<string>) =>
    Effect.forEach(
      names,
      (name) =>
        Effect.mapError(
          operations.gone(
            gcp.ask("instances.delete", zone, async ({ instances: client, project }, options) =>
              begunAs(await (await client()).delete({ project, zone, instance: name }, options))
            )
          ),
          later
        ),
      { concurrency: atOnce, discard: true }
    )

  /** Asked one by one: a list may lack what was made a moment ago, and a zone of it may be silent. */
  const named = ({ offer }: ProvisionRequest, names: ReadonlyArray<string>) =>
    Effect.mapError(
      Effect.forEach(names, (name) => instances.named(offer.zone!, name), { concurrency: atOnce }),
      unseen("what GCP was asked for may be there")
    )
  /** For each name what is there and ours. */
  const namedOurs = (wish: ProvisionRequest, names: ReadonlyArray<string>) =>
    Effect.map(named(wish, names), (found) => found.map((one) => (one !== undefined && isOurs(wish, one) ? one : undefined)))

  const unmake: Unmake = Effect.fn("Provision.unmake")(function* (wish, ranks) {
    const there = yield* namedOurs(wish, namesOf(wish, ranks))
    yield* remove(
      wish.offer.zone!,
      there.flatMap((one) => one?.name ?? [])
    )
  })

  return { named, namedOurs, remove, unmake }
}
