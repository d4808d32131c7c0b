/** What all clouds hold, asked side by side. What one cannot tell is said: it is never taken for nothing. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ClusterId } from "../../events/ids.ts"
import { inner } from "../../task/sentence.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import type { Clouds } from "../clouds/Clouds.ts"
import type { World } from "../World.ts"
import { hadIn, isNodeOfAny, nodesIn } from "./known.ts"
import { type Held, heldMachine } from "./Leak.ts"

interface Looked {
  readonly held: ReadonlyArray<Held>
  /** A sentence each, without its full stop. */
  readonly silent: ReadonlyArray<string>
}

const namedMax = 3

const isCluster = Schema.is(ClusterId)

const taggedBy = (cloud: Cloud, log: string | null, { clusters }: World) =>
  cloud.tagged?.(log, nodesIn(clusters, cloud.name)) ??
  Effect.map(cloud.owned(log, hadIn(clusters)), (holdings) => ({ ...holdings, remnants: [] }))

const oddText = (odd: ReadonlyArray<Held>): ReadonlyArray<string> => {
  if (odd.length === 0) return []
  const more = odd.length > namedMax ? ` and ${odd.length - namedMax} more` : ""
  const named = odd.slice(0, namedMax).map(({ id }) => id)
  return [`the tags of ${named.join(", ")}${more} name no cluster`]
}

const lookAt = Effect.fnUntraced(function* (cloud: Cloud, log: string | null, world: World) {
  const { owned, remnants, unclear } = yield* taggedBy(cloud, log, world)
  const all = [
    ...owned.map((machine) => heldMachine(cloud.name, machine)),
    ...remnants.map((thing): Held => ({ cloud: cloud.name, id: thing.id, thing }))
  ]
  // Anybody can write tags.
  const [odd, held] = [all.filter(({ thing }) => !isCluster(thing.tags.cluster)), all.filter(({ thing }) => isCluster(thing.tags.cluster))]
  return { held, unclear: [...unclear, ...oddText(odd.filter((one) => !isNodeOfAny(world.clusters, one)))] }
})

/** Who may not make machines may see them all the same, and so may who has a mistake in `config.yaml`, which is of those to be made. */
const mayLook = (cloud: Cloud) =>
  cloud.isForbidden?.() === true || cloud.isMisset?.() === true
    ? Effect.match(cloud.identity, { onSuccess: (names) => names !== null, onFailure: () => false })
    : Effect.succeed(false)

/** `log`: null: of any. `mayHave`: of a cloud that cannot be asked, whether something may be there. */
export const lookAround = (
  clouds: Clouds["Service"],
  log: string | null,
  world: World,
  mayHave: (cloud: Cloud) => Effect.Effect<boolean>
) =>
  Effect.forEach(
    [...clouds.values()],
    Effect.fnUntraced(function* (cloud) {
      const why = yield* cloud.whyNot ?? Effect.succeed(null)
      if (why !== null && !(yield* mayHave(cloud))) return { held: [], silent: [] }
      if (why !== null && !(yield* mayLook(cloud))) return { held: [], silent: [`${cloud.name}: ${inner(why)}`] }
      return yield* lookAt(cloud, log, world).pipe(
        Effect.catch(({ message }) => Effect.succeed({ held: [], unclear: [message] })),
        Effect.map(({ held, unclear }): Looked => ({ held, silent: unclear.map((what) => `${cloud.name}: ${inner(what)}`) }))
      )
    }),
    { concurrency: "unbounded" }
  ).pipe(Effect.map((all): Looked => ({ held: all.flatMap(({ held }) => held), silent: all.flatMap(({ silent }) => silent) })))
