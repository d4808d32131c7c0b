/** Which clouds a task may go to, and what is said where it can go to none of them. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import type { Cloud } from "../../daemon/clouds/Cloud.ts"
import { choosePlace, nowhere } from "../../daemon/commands/places.ts"
import { planFor } from "../../daemon/places/dry-run.ts"
import { accessOf, offersFor } from "../../daemon/places/offers-for.ts"
import { CloudUserIdentityError, NotSupportedError, type SkydError } from "../../sdk/protocol/errors.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { Resources } from "../../task/Resources.ts"
import { offer } from "../fakes/facts.ts"

interface Fake {
  readonly isForbidden?: boolean
  readonly isMisset?: boolean
  readonly isSilent?: boolean
  readonly whyNot?: string
  readonly reason?: string
  readonly isLastResort?: boolean
  readonly usdPerHour?: number
  readonly hasSigns?: boolean
}
const clouds = (fakes: Readonly<Record<string, Fake>>) =>
  new Map(
    Object.entries(fakes).map(
      ([
        name,
        {
          isForbidden = false,
          isLastResort = false,
          hasSigns = false,
          isMisset = false,
          isSilent = false,
          reason = null,
          usdPerHour = 0,
          whyNot = null
        }
      ]) => {
        const offers = reason === null ? [{ ...offer, cloud: name, usdPerHour }] : []
        const said = {
          whyNot: Effect.succeed(whyNot),
          isForbidden: () => isForbidden,
          isMisset: () => isMisset,
          isSilent: () => isSilent,
          hasSigns: Effect.succeed(hasSigns)
        }
        const cloud = { name, isLastResort, ...said, offers: () => Effect.succeed({ offers, reason }) }
        return [name, cloud as unknown as Cloud]
      }
    )
  )
const asked = (fakes: Readonly<Record<string, Fake>>, resources: Resources = {}) =>
  Effect.gen(function* () {
    const all = clouds(fakes)
    const { offers, reason } = yield* offersFor(all, yield* accessOf(all), { run: "r", resources })
    return offers.length > 0 ? offers.map(({ cloud }) => cloud) : reason
  })

const local = { isLastResort: true }
const ssh = {}

describe("a task", () => {
  it.effect(
    "exits with 4 where all it may go to want credentials or rights, with 2 where what was written is wrong, with 8 where nobody answers, and with 7 where one may be had later",
    () =>
      Effect.gen(function* () {
        const code = (fakes: Readonly<Record<string, Fake>>) =>
          Effect.gen(function* () {
            const all = clouds(fakes)
            const any_of = Object.keys(fakes).map((cloud) => ({ cloud }))
            return nowhere(yield* offersFor(all, yield* accessOf(all), { run: "r", resources: { any_of } })).exitCode
          })
        const aws = { whyNot: "there are no credentials", isForbidden: true }
        assert.strictEqual(yield* code({ aws }), exitCodes.credentials)
        assert.strictEqual(yield* code({ aws, gcp: { whyNot: "its credentials may not", isForbidden: true } }), exitCodes.credentials)
        assert.strictEqual(yield* code({ aws, gcp: { whyNot: "GCP did not answer" } }), exitCodes.capacity)
        assert.strictEqual(yield* code({ aws, ssh: { reason: "all are taken" } }), exitCodes.capacity)
        const silent = { whyNot: "AWS did not answer within 10 s", isSilent: true }
        assert.strictEqual(yield* code({ aws: silent }), exitCodes.unreachable)
        assert.strictEqual(yield* code({ aws: silent, ssh: { reason: "all are taken" } }), exitCodes.capacity)
        const misset = { whyNot: "gcp.labels in config.yaml: no", isMisset: true }
        assert.strictEqual(yield* code({ gcp: misset }), exitCodes.usage)
        assert.strictEqual(yield* code({ aws, gcp: misset }), exitCodes.capacity)
        const azure = yield* offersFor(clouds({}), new Map(), { run: "r", resources: { cloud: "azure" } })
        assert.strictEqual(nowhere(azure).exitCode, exitCodes.usage)
      })
  )
  it("exits with 4 where the credentials of all its places are refused, and with 7 where one of them lacks something else", () => {
    const offers = ["aws", "gcp"].map((cloud) => ({ ...offer, cloud }))
    const code = (others: SkydError) =>
      Result.getOrThrow(Result.flip(choosePlace({ offers, reason: null }, ({ cloud }) => (cloud === "aws" ? expired : others)))).exitCode
    const expired = new CloudUserIdentityError({ message: "They have expired.", hint: null })
    assert.strictEqual(code(expired), exitCodes.credentials)
    assert.strictEqual(code(new NotSupportedError({ message: "It never stops.", hint: null })), exitCodes.capacity)
  })
  it.effect("goes to this machine where nothing else can be used", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* asked({ local, ssh: { whyNot: "there is no file" } }), ["local"])
    })
  )
  it.effect("says what was set up and cannot be used, where it goes to this machine for want of it", () =>
    Effect.gen(function* () {
      const aws = { whyNot: "RequestExpired: they have expired.", isForbidden: true, hasSigns: true }
      const found = (fakes: Readonly<Record<string, Fake>>, resources: Resources = {}, used: ReadonlyArray<string> = []) =>
        Effect.gen(function* () {
          const all = clouds(fakes)
          const access = yield* accessOf(all)
          const task = { run: "r", resources }
          const places = yield* offersFor(all, access, task, [], new Set(used))
          const offers = places.offers.length > 0 ? Result.succeed(places.offers) : Result.fail(nowhere(places))
          const question = { access, catalogs: () => [], clouds: all, more: {}, name: null, places, row: undefined, task }
          return planFor(offers, question)
        })
      const notes = (plan: Effect.Success<ReturnType<typeof found>>) => Result.getOrThrow(plan).notes
      const both = { local, aws, gcp: { whyNot: "GCP did not answer", hasSigns: true } }
      assert.deepStrictEqual(notes(yield* found(both)), [
        "AWS and GCP are set up and cannot be used now (AWS: RequestExpired: they have expired; GCP: GCP did not answer): sky check"
      ])
      assert.deepStrictEqual(notes(yield* found({ local, aws: { ...aws, hasSigns: false } })), [])
      assert.deepStrictEqual(notes(yield* found(both, { cloud: "local" })), [])
      assert.deepStrictEqual(notes(yield* found({ ...both, ssh })), [])
      // Where clusters are on it, that is where it was meant to go.
      const all = clouds({ local, aws })
      const refused = nowhere(yield* offersFor(all, yield* accessOf(all), { run: "r" }, [], new Set(["aws"])))
      assert.strictEqual(refused.exitCode, exitCodes.credentials)
      assert.include(refused.message, "AWS is not enabled: RequestExpired: they have expired")
      assert.include(refused.hint, "To run it on this machine instead: --infra local")
      assert.deepStrictEqual(notes(yield* found({ local, aws }, { cloud: "local" }, ["aws"])), [])
    })
  )
  it.effect("goes to what the user has set up, else to what it names", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* asked({ local, ssh }), ["ssh"])
      assert.deepStrictEqual(yield* asked({ local, ssh }, { cloud: "local" }), ["local"])
      assert.deepStrictEqual(yield* asked({ local, ssh }, { infra: "ssh" }), ["ssh"])
      assert.deepStrictEqual(yield* asked({ local, ssh: { reason: "all are taken" } }), "all are taken")
    })
  )
  it.effect("goes by its wishes in their order, and to each place once", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* asked({ local, ssh }, { ordered: [{ cloud: "local" }, { cloud: "ssh" }] }), ["local", "ssh"])
      assert.deepStrictEqual(yield* asked({ local, ssh }, { any_of: [{ cpus: 1 }, { cpus: 2 }] }), ["ssh"])
    })
  )
  it.effect("goes to the cheapest of the clouds that may have it, and by its own order first", () =>
    Effect.gen(function* () {
      const both = { aws: { usdPerHour: 3 }, gcp: { usdPerHour: 2 } }
      assert.deepStrictEqual(yield* asked(both), ["gcp", "aws"])
      assert.deepStrictEqual(yield* asked(both, { ordered: [{ cloud: "aws" }, { cpus: 2 }] }), ["aws", "gcp", "aws"])
    })
  )
  it.effect("is told why a cloud that it names cannot be used, and what each that was asked has not", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* asked({ local, ssh: { whyNot: "there is no file" } }, { cloud: "ssh" }),
        "SSH is not enabled: there is no file"
      )
      assert.strictEqual(yield* asked({ local }, { cloud: "azure" }), "this version does not use Azure")
      const reason = yield* asked(
        { local: { ...local, reason: "too small" }, ssh: { reason: "all are taken" } },
        { any_of: [{ cloud: "ssh" }, { cloud: "local" }] }
      )
      assert.strictEqual(reason, "all are taken; too small")
    })
  )
})
