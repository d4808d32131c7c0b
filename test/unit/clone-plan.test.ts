/** What a launch with a copy of another cluster's disk says before it is meant: where it may go, and what its disk is. */
import { assert, it } from "@effect/vitest"
import { Result } from "effect"
import type { Cloud } from "../../daemon/clouds/Cloud.ts"
import type { Context } from "../../daemon/commands/decision.ts"
import { decide, type Input } from "../../daemon/requests/Deciders.ts"
import { ClusterId } from "../../events/ids.ts"
import type { Offer } from "../../events/values.ts"
import type { Plan } from "../../sdk/protocol/launch.ts"
import { cluster, name, nodeId, offer, requested, type Said, up, worldOf } from "../fakes/facts.ts"
import { packed } from "./catalog/packed.ts"

const context: Context = { requested: (requested("launch", "r-now") as readonly [never, string])[0], nowMs: 90_000, user: "ann" }
const at = (cloud: string, region: string, usdPerHour: number): Offer => ({ ...offer, cloud, region, usdPerHour })
const here = at("aws", "us-east-1", 0.38)
const stopped: ReadonlyArray<Said> = [
  ...up().map((said): Said => {
    const moved = (event: object) => ("offer" in event ? { ...event, offer: here } : event)
    return ("_tag" in said ? moved(said) : [moved(said[0]), said[1]]) as Said
  }),
  { _tag: "StopRequested", cluster, purge: false, lastUse: "sky stop" },
  { _tag: "NodeStopped", cluster, rank: 0, node: nodeId(0), reason: null },
  { _tag: "ClusterStopped", cluster, reason: "stopped on request" }
]
const diskUsdPerHour: Cloud["diskUsdPerHour"] = (_, { diskGib = 0 }) => diskGib / 10_000
const cloud = (own: string) => ({ name: own, clonesDisks: true, lackOf: () => null, diskUsdPerHour }) as unknown as Cloud
/** Of another size than the usual one. */
const sized = (diskGib: number): ReadonlyArray<Said> =>
  stopped.map((said): Said => {
    const of = (event: object) => ("_tag" in event && event._tag === "NodeProvisioned" ? { ...event, diskGib } : event)
    return ("_tag" in said ? of(said) : [of(said[0]), said[1]]) as Said
  })
const planOf = (resources: object, source = stopped): Plan => {
  const task = { run: "r", resources }
  const offers = [here, at("gcp", "us-central1", 0.39), at("aws", "us-west-2", 0.4), at("gcp", "europe-west1", 0.62)]
  const input = {
    params: { clusterName: "new", dryrun: true, cloneDiskFrom: name, task },
    row: undefined,
    world: worldOf(source),
    ...{ context, name: "new", places: { offers, reason: null }, task },
    fresh: ClusterId.make("01HZZZZZZZZZZZZZZZZZZZZZZ2"),
    clouds: new Map(["aws", "gcp"].map((own) => [own, cloud(own)])),
    access: new Map(["aws", "gcp"].map((own) => [own, null])),
    identities: new Map(),
    catalogs: () => packed.all()
  }
  const { plan } = Result.getOrThrow(decide("launch", input as unknown as Input<"launch">)).result as { readonly plan: Plan }
  return plan
}

it("goes, and goes on, only where the disk can be copied to", () => {
  const { considered, mostUsdPerHour, next, offer: chosen } = planOf({})
  assert.deepStrictEqual(
    [chosen, ...next].map(({ region }) => region),
    ["us-east-1", "us-west-2"]
  )
  assert.deepStrictEqual([considered.length, mostUsdPerHour], [1, 0.4])
})
it("says that the disk is a copy, and that an image is of no use beside it", () => {
  assert.deepStrictEqual(planOf({}).notes, [`Its disk begins as a copy of that of ${name} (256 GiB).`])
  assert.deepStrictEqual(planOf({ image_id: "docker:ubuntu" }).notes, [
    `Its disk begins as a copy of that of ${name} (256 GiB).`,
    "image_id is ignored: what is on the disk is what the machine starts from."
  ])
})
it("says how large the copy's disk is where that of the other one has another size, what that costs, and how to have it as it was", () => {
  const [usual] = planOf({}, sized(30)).notes
  assert.strictEqual(
    usual,
    `Its disk begins as a copy of that of ${name} (30 GiB) and has 256 GiB, about $0.03 an hour, off too: as large as that by --disk-size 30.`
  )
  const [asked] = planOf({ disk_size: 100 }, sized(30)).notes
  assert.strictEqual(asked, `Its disk begins as a copy of that of ${name} (30 GiB) and has 100 GiB, about $0.01 an hour, off too.`)
  const same = `Its disk begins as a copy of that of ${name} (300 GiB).`
  assert.deepStrictEqual([planOf({}, sized(300)).notes, planOf({ disk_size: 300 }, sized(300)).notes], [[same], [same]])
})
