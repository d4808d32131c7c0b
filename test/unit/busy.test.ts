/** A launch that the user's own machines could have, were they free: that is what is said, and not what others would cost. */
import { assert, it } from "@effect/vitest"
import { Result } from "effect"
import type { Cloud } from "../../daemon/clouds/Cloud.ts"
import type { Offered } from "../../daemon/clouds/Offered.ts"
import type { Context } from "../../daemon/commands/decision.ts"
import { decide, type Input } from "../../daemon/requests/Deciders.ts"
import { empty } from "../../daemon/World.ts"
import { ClusterId } from "../../events/ids.ts"
import { name, requested } from "../fakes/facts.ts"
import { packed } from "./catalog/packed.ts"

const context: Context = { requested: (requested("launch", "r-now") as readonly [never, string])[0], nowMs: 90_000, user: "ann" }
const none: Offered = { offers: [], reason: "ssh/rack has no machine", hint: "Your machines: sky ssh ls rack" }
const launched = (places: Offered, dryrun: boolean, task = { run: "r", resources: {} }) => {
  const input = {
    params: { clusterName: name, dryrun },
    row: undefined,
    world: empty,
    ...{ context, name, places, task },
    fresh: ClusterId.make("01HZZZZZZZZZZZZZZZZZZZZZZ2"),
    clouds: new Map([["ssh", { name: "ssh" } as Cloud]]),
    access: new Map([["ssh", null]]),
    identities: new Map(),
    catalogs: () => packed.all()
  }
  return decide("launch", input as unknown as Input<"launch">)
}
const refusal = (...asked: Parameters<typeof launched>) => Result.getOrThrow(Result.flip(launched(...asked)))

it("is refused with the user's way on, tried and meant", () => {
  for (const dryrun of [true, false])
    assert.deepInclude(refusal({ ...none, busy: true }, dryrun), {
      _tag: "ResourcesUnavailableError",
      message: "No place fits the task: ssh/rack has no machine.",
      hint: "Your machines: sky ssh ls rack"
    })
})
it("ends with one full stop, whatever the reason ends with", () => {
  const { message } = refusal({ ...none, reason: "/pools, line 2: 'hosts' is to be a list.", busy: true }, false)
  assert.match(message, /is to be a list\.$/)
})
it("names who else has it where none of them would do, and what a dry run shows says why", () => {
  assert.match(
    refusal(none, false).hint!,
    /^Your machines: sky ssh ls rack\. \w+ has it from \$0\.\d\d an hour \(price of \d{4}-\d\d-\d\d\), but is not enabled/
  )
  const { plan } = Result.getOrThrow(launched(none, true)).result as { plan: { enabled: boolean; notes: ReadonlyArray<string> } }
  assert.deepInclude(plan, { enabled: false })
  assert.strictEqual(plan.notes[0], "No place fits the task: ssh/rack has no machine.")
})
it("is shown by a dry run where none of its clouds is enabled, without a word that no place fits", () => {
  const off: Offered = { ...none, reason: "Azure is not enabled; GCP is not enabled", off: true }
  const task = {
    run: "r",
    resources: {
      any_of: [
        { infra: "azure", accelerators: "V100:4" },
        { infra: "gcp", accelerators: "T4:4" }
      ]
    }
  }
  const { plan } = Result.getOrThrow(launched(off, true, task)).result as { plan: { notes: ReadonlyArray<string> } }
  assert.deepStrictEqual(
    plan.notes.filter((note) => note.includes("Azure") || note.includes("No place")),
    ["Left out: Azure V100:4 (Azure is not enabled)."]
  )
})
it("says no more than that where it has to be theirs", () => {
  const task = { run: "r", resources: { cloud: "ssh" } }
  assert.strictEqual(refusal(none, false, task).hint, "Your machines: sky ssh ls rack")
})
