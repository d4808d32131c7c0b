/**
 * Where a task may go: which clouds can be used, what they offer for it, and what each says of a place. Asked before a decision, which is
 * pure.
 */
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Result from "effect/Result"
import type { Offer, RecordedTask } from "../../events/values.ts"
import type { Clusters } from "../../projections/clusters.ts"
import { alternativesOf, together } from "../../task/alternatives.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import type { Need } from "../../task/Need.ts"
import type { Task } from "../../task/Task.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import { howToUse } from "../clouds/how-to-use.ts"
import type { Identities } from "../clouds/identities.ts"
import type { ClusterFeature, Offered } from "../clouds/Offered.ts"
import type { PlaceWords } from "../commands/place-checks.ts"
import { isBlocked } from "../optimizer/candidates.ts"
import { completed } from "../optimizer/completed.ts"
import { acrossClouds } from "../optimizer/optimize.ts"

/** Of each cloud: why it cannot be used now; null when it can. */
export type Access = ReadonlyMap<string, string | null>

export const accessOf = (clouds: ReadonlyMap<string, Cloud>): Effect.Effect<Access> =>
  Effect.forEach(clouds.values(), ({ name, whyNot = Effect.succeed(null) }) => Effect.map(whyNot, (why) => [name, why] as const), {
    concurrency: "unbounded"
  }).pipe(Effect.map((all) => new Map(all)))

const usable = (clouds: ReadonlyMap<string, Cloud>) =>
  `It can use: ${[...clouds.keys()].map(cloudDisplay).join(", ")}. Which are enabled: sky check`

export const whyNotIn = (access: Access) => (cloud: string) => access.get(cloud) ?? (access.has(cloud) ? null : "")
export const isEnabledIn = (access: Access) => (cloud: string) => access.get(cloud) === null
const enabledIn = (access: Access) => [...access].flatMap(([name, why]) => (why === null ? [name] : []))

export const completedBy = (clouds: ReadonlyMap<string, Cloud>, access: Access, task: RecordedTask) =>
  completed(task, (cloud) => clouds.get(cloud)?.catalog, enabledIn(access))

const instead = (cloud: string) =>
  `To run it ${cloud === "local" ? "on this machine" : `on ${cloudDisplay(cloud)}`} instead: --infra ${cloud}`

/** Clouds that were set up here and cannot be used now: what is taken instead of them, nobody has asked for. */
const setUpIn = (clouds: ReadonlyMap<string, Cloud>, access: Access) =>
  Effect.map(
    Effect.forEach(clouds.values(), ({ hasSigns = Effect.succeed(false), isLastResort, name }) =>
      Effect.map(hasSigns, (signs) => (signs && isLastResort !== true && access.get(name) != null ? [name] : []))
    ),
    (names) => names.flat()
  )

/** Where clusters are that cost, or that wait there. */
export const cloudsWithClusters = ({ rows }: Clusters): ReadonlySet<string> =>
  new Set([...HashMap.values(rows)].flatMap(({ nodes, offer, pending }) => (offer && nodes.length + pending.length > 0 ? offer.cloud : [])))

/**
 * What the clouds that a task may go to offer for it, in the order of its wishes; asked before the decision, which is pure.
 * `used`: clouds that clusters are on, which is where a task that names none is meant to go: their last resort is not taken instead.
 */
export const offersFor = Effect.fn("offersFor")(function* (
  clouds: ReadonlyMap<string, Cloud>,
  access: Access,
  task: Task,
  blocked: ReadonlyArray<Need> = [],
  used: ReadonlySet<string> = new Set()
) {
  const { resources = null } = Result.getOrElse(completedBy(clouds, access, task), () => task)
  const { items, kind } = alternativesOf(resources)
  const enabled = enabledIn(access)
  const usual = enabled.filter((name) => clouds.get(name)?.isLastResort !== true)
  const missed = usual.length > 0 || items.every(({ cloud }) => cloud !== undefined) ? [] : yield* setUpIn(clouds, access)
  const isHeld = missed.some((name) => used.has(name))
  const byItself = usual.length > 0 ? usual : isHeld ? missed : enabled
  const candidatesOf = ({ cloud }: Need) => (cloud !== undefined ? [cloud] : byItself)
  const ask = (name: string, needs: ReadonlyArray<Need>): Effect.Effect<Offered> => {
    const cloud = enabled.includes(name) ? clouds.get(name) : undefined
    if (cloud !== undefined) return cloud.offers({ ...task, resources: together({ kind, items: needs }) })
    const known = clouds.get(name)
    if (known === undefined) {
      const reason = `this version does not use ${cloudDisplay(name)}`
      return Effect.succeed({ offers: [], reason, off: true, isMistaken: true, hint: usable(clouds) })
    }
    const why = access.get(name)
    const isMistaken = known.isMisset?.() === true
    const hint = howToUse(known)
    const reason = `${cloudDisplay(name)} is not enabled${why ? `: ${why}` : ""}`
    const isForbidden = known.isForbidden?.() === true
    const isSilent = known.isSilent?.() === true
    const kinds = known.machines === undefined ? [] : null
    return Effect.succeed({
      offers: [],
      reason,
      off: true,
      isForbidden,
      isMistaken,
      isSilent,
      kinds,
      ...(hint === undefined ? {} : { hint })
    })
  }
  const wishes = kind === "ordered" ? items.map((item) => [item]) : [items]
  const groups = yield* Effect.forEach(
    wishes,
    (some) =>
      Effect.forEach(
        new Set(some.flatMap(candidatesOf)),
        (name) =>
          ask(
            name,
            some.filter((item) => candidatesOf(item).includes(name))
          ),
        { concurrency: "unbounded" }
      ),
    { concurrency: "unbounded" }
  )
  const answers = groups.flat()
  const best = acrossClouds(groups.map((group) => group.map(({ offers }) => offers)))
  const reasons = new Set(answers.flatMap(({ reason }) => reason ?? []))
  const lacks = answers.length > 0 && answers.every((answer) => answer.lacks === true)
  const way = answers.find((answer) => answer.hint !== undefined)?.hint
  const hint = isHeld && enabled.length > 0 ? `${way === undefined ? "" : `${way}. `}${instead(enabled[0]!)}` : way
  const open = best.filter((offer) => !isBlocked(offer, blocked))
  if (open.length === 0 && best.length > 0) reasons.add("what does is among what it must not get (blockedResources)")
  return {
    offers: open,
    reason: reasons.size === 0 ? null : [...reasons].join("; "),
    lacks,
    busy: answers.some(({ busy }) => busy === true),
    kinds: answers.some(({ kinds }) => kinds === null) ? null : answers.flatMap(({ kinds }) => kinds ?? []),
    off: answers.length > 0 && answers.every(({ off }) => off === true),
    isForbidden: answers.length > 0 && answers.every(({ isForbidden }) => isForbidden === true),
    isSilent: answers.length > 0 && answers.every(({ isSilent }) => isSilent === true),
    isMistaken: answers.length > 0 && answers.every(({ isMistaken }) => isMistaken === true),
    ...(missed.length > 0 && !isHeld ? { missed: missed.map((name) => ({ cloud: name, why: access.get(name) ?? "" })) } : {}),
    ...(hint === undefined ? {} : { hint })
  } satisfies Offered
})

/** What the cloud of a place says of it. */
export const ofPlace = ({
  clouds,
  identities
}: {
  readonly clouds: ReadonlyMap<string, Cloud>
  readonly identities: Identities
}): PlaceWords => ({
  identityOf: ({ cloud }: Offer) => identities.get(cloud) ?? Result.succeed(null),
  lackOf: (feature: ClusterFeature, offer: Offer) => clouds.get(offer.cloud)?.lackOf(feature, offer) ?? null,
  homeOnly: (offer: Offer) => clouds.get(offer.cloud)?.homeOnly ?? false
})
