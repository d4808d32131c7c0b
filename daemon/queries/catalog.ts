/** What the clouds offer, by their lists; and newer lists. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { CatalogReset, CatalogUpdate, CatalogView, GpusList, GpuView, Optimize } from "../../sdk/protocol/catalog.ts"
import { RuntimeError, type SkydError, ValueError } from "../../sdk/protocol/errors.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { needOf } from "../../task/Need.ts"
import { meantText, nearestTo } from "../../task/near.ts"
import { cut, sentence } from "../../task/sentence.ts"
import type { Catalog } from "../catalog/Catalog.ts"
import { type CatalogsShape, isListed, type ListedCloud, listedClouds } from "../catalog/Catalogs.ts"
import { updateCatalog } from "../catalog/update.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import { howToUse } from "../clouds/how-to-use.ts"
import { nowhere } from "../commands/places.ts"
import { gpusOn, matcher } from "../optimizer/gpus.ts"
import { planFor } from "../places/dry-run.ts"
import { withQuota } from "../places/no-quota.ts"
import { accessOf, completedBy, offersFor } from "../places/offers-for.ts"
import { noPool } from "./clouds.ts"
import { gpusHere, ownGpus } from "./own-gpus.ts"

const listedOf = (cloud: string, known: ReadonlyArray<string> = listedClouds): Result.Result<ListedCloud, SkydError> =>
  isListed(cloud)
    ? Result.succeed(cloud)
    : Result.fail(new ValueError({ message: `Nothing is known of what '${cut(cloud)}' offers.`, hint: `There are: ${known.join(", ")}.` }))

const allListed = (wanted: ReadonlyArray<string> | null | undefined): Result.Result<ReadonlyArray<ListedCloud>, SkydError> =>
  Result.all((wanted ?? listedClouds).map((cloud) => listedOf(cloud.toLowerCase())))

/** Made when it is first needed: that takes a twentieth of a start. */
let names: Intl.Collator | undefined
const byName = (a: string, b: string) => {
  names ??= new Intl.Collator("en", { numeric: true })
  return names.compare(a, b)
}
const usdOf = ({ spotUsdPerHour, usdPerHour }: GpuView) => usdPerHour ?? spotUsdPerHour ?? 0
const byKind = (a: GpuView, b: GpuView) => byName(a.accelerator, b.accelerator) || a.count - b.count || usdOf(a) - usdOf(b)

const viewIn = (catalogs: CatalogsShape, cloud: ListedCloud): CatalogView | null => {
  const about = catalogs.about(cloud)
  return about === undefined ? null : { ...about, source: about.source?.url ?? null }
}

const named = (text: string | null | undefined): Result.Result<(name: string) => boolean, SkydError> => {
  const matches = matcher(text ?? "")
  return matches === undefined
    ? Result.fail(new ValueError({ message: `'${cut(text ?? "")}' is no part of the name of an accelerator.`, hint: null }))
    : Result.succeed(matches)
}

/** The whole name: `europe-west1` is not `europe-west10`. `every`: of all clouds, where one was named. */
const regionIn = (
  catalogs: ReadonlyArray<Catalog>,
  asked: string | null | undefined,
  every: ReadonlyArray<Catalog>
): Result.Result<(region: string) => boolean, SkydError> => {
  if (asked === null || asked === undefined) return Result.succeed(() => true)
  const regions = catalogs.flatMap((catalog) => catalog.regions)
  const word = asked.toLowerCase()
  const isIt = (region: string) => region.toLowerCase() === word
  if (regions.some(isIt)) return Result.succeed(isIt)
  const others = every.filter((catalog) => catalog.regions.some(isIt)).map(({ cloud }) => cloudDisplay(cloud))
  const [only, ...more] = catalogs.map(({ cloud }) => cloudDisplay(cloud))
  const message = `${more.length === 0 ? `${only} has` : "There is"} no region '${cut(asked)}'${others.length === 0 ? "" : `: it is one of ${others.join(", ")}'s`}.`
  return Result.fail(new ValueError({ message, hint: meantText(nearestTo(asked, regions)) || `There are: ${regions.join(", ")}.` }))
}

/** `used`: clouds that clusters are on. */
export const catalogAnswers = (
  clouds: ReadonlyMap<string, Cloud>,
  catalogs: CatalogsShape,
  used: () => ReadonlySet<string> = () => new Set()
) => ({
  optimize: Effect.fnUntraced(function* ({ blocked: patterns, minimize, task }: typeof Optimize.Type) {
    const blocked = (patterns ?? []).map(needOf)
    const access = yield* accessOf(clouds)
    const places = yield* withQuota(clouds, yield* offersFor(clouds, access, task, blocked, used()))
    const offers = Result.flatMap(completedBy(clouds, access, task), () =>
      places.offers.length === 0 ? Result.fail(nowhere(places)) : Result.succeed(places.offers)
    )
    const more = { blocked, ...(minimize ? { minimize } : {}) }
    const question = { access, catalogs: catalogs.all, clouds, more, name: null, places, row: undefined, task }
    return { plan: yield* Effect.fromResult(planFor(offers, question)) }
  }),
  "gpus.list": Effect.fnUntraced(function* ({ allRegions, cloud, count, name, region }: GpusList) {
    const isNamed = yield* Effect.fromResult(named(name))
    const isWanted = (kind: string, has: number) => isNamed(kind) && has >= (count ?? 1)
    if (cloud?.toLowerCase() === "ssh") {
      const ssh = clouds.get("ssh")
      const why = yield* ssh?.whyNot ?? Effect.succeed(null)
      if (why !== null)
        return yield* new RuntimeError({ message: sentence(`SSH is not enabled: ${why}`), hint: (ssh && howToUse(ssh)) ?? null })
      const pools = clouds.get("ssh")?.catalog?.regions ?? []
      if (region && !pools.includes(region)) return yield* noPool(region, pools)
      return { gpus: [], prices: [], ...(yield* ownGpus(clouds.get("ssh"), region ?? null, true, isWanted)) }
    }
    const here = yield* gpusHere(clouds.get("local"), isWanted)
    if (cloud?.toLowerCase() === "local" && region)
      return yield* new ValueError({ message: `The local cloud is this machine: it has no region '${cut(region)}'.`, hint: null })
    if (cloud?.toLowerCase() === "local") return { gpus: [], prices: [], own: here, ownReason: null }
    const asked = cloud ? [yield* Effect.fromResult(listedOf(cloud.toLowerCase(), [...listedClouds, "ssh", "local"]))] : listedClouds
    const some = asked.flatMap((one) => catalogs.of(one) ?? [])
    if (some.length === 0)
      return yield* new RuntimeError({
        message: "No list of offers can be read: skyd is not installed as a whole.",
        hint: "Install it anew."
      })
    const isRegion = yield* Effect.fromResult(regionIn(some, region, catalogs.all()))
    const filter = { isNamed, isRegion, count: count ?? null, allRegions: allRegions ?? false }
    const gpus = some.flatMap((catalog) => gpusOn(catalog, filter)).sort(byKind)
    const { own, ownReason } = cloud ? { own: [], ownReason: null } : yield* ownGpus(clouds.get("ssh"), null, false, isWanted)
    return { gpus, own: cloud ? [] : [...here, ...own], ownReason, prices: some.map(({ cloud, date }) => ({ cloud, date })) }
  }),
  "catalog.list": () => Effect.sync(() => ({ catalogs: listedClouds.flatMap((cloud) => viewIn(catalogs, cloud) ?? []) })),
  "catalog.update": Effect.fnUntraced(function* ({ clouds: wanted, from = null, sha256 = null }: CatalogUpdate) {
    const asked = yield* Effect.fromResult(allListed(wanted))
    if (from !== null && asked.length !== 1)
      return yield* new ValueError({ message: "A list is of one cloud.", hint: `Name it: ${listedClouds.join(", ")}.` })
    if (from !== null && !/^(https?:\/\/|\/)/i.test(from))
      return yield* new ValueError({
        message: `A list is had by http, by https or from an absolute path, not from '${cut(from)}'.`,
        hint: null
      })
    if (sha256 !== null && from === null)
      return yield* new ValueError({
        message: "A sha256 is of a list that is named beside it.",
        hint: "Name the list too: --from URL|FILE."
      })
    if (sha256 !== null && !/^[0-9a-f]{64}$/i.test(sha256))
      return yield* new ValueError({ message: `A sha256 is 64 hexadecimal digits, not '${cut(sha256)}'.`, hint: null })
    const nowMs = yield* Clock.currentTimeMillis
    const updates = yield* Effect.forEach(asked, (cloud) =>
      Effect.map(
        Effect.promise((signal) => updateCatalog(catalogs, { cloud, from, sha256 }, nowMs, signal)),
        (updated) => ({ ...updated, catalog: viewIn(catalogs, cloud) })
      )
    )
    return { updates }
  }),
  "catalog.reset": Effect.fnUntraced(function* ({ clouds: wanted }: CatalogReset) {
    const asked = yield* Effect.fromResult(allListed(wanted))
    const resetOf = (cloud: ListedCloud) => {
      try {
        return { status: catalogs.reset(cloud) ? ("reset" as const) : ("unchanged" as const), reason: null }
      } catch (error) {
        return { status: "failed" as const, reason: `it cannot be removed: ${(error as Error).message}` }
      }
    }
    return { resets: asked.map((cloud) => ({ cloud, ...resetOf(cloud), catalog: viewIn(catalogs, cloud) })) }
  })
})
