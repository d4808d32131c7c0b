/** The best place for a task: what users are told of it, and what holds whatever is asked. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import { planElsewhere, planNotEnabled } from "../../../daemon/optimizer/all-lists.ts"
import { placesOf } from "../../../daemon/optimizer/blocks.ts"
import type { Candidate } from "../../../daemon/optimizer/candidates.ts"
import { optimize, type Wish } from "../../../daemon/optimizer/optimize.ts"
import { leftOut } from "../../../daemon/optimizer/unmet-wishes.ts"
import { alternativesOf } from "../../../task/alternatives.ts"
import { meets } from "../../../task/amounts.ts"
import { shouldBeBlockedBy } from "../../../task/fit.ts"
import type { Need } from "../../../task/Need.ts"
import { needOfPlace } from "../../../task/placed.ts"
import type { Resources } from "../../../task/Resources.ts"
import { packed } from "./packed.ts"

const plan = (resources: Resources, more: Partial<Wish> = {}) =>
  optimize({ needs: alternativesOf(resources), numNodes: 1, ...more }, packed.all())
const chosen = (resources: Resources, more: Partial<Wish> = {}) => plan(resources, more).ranked[0]?.offer
const placeOf = ({ offer }: Candidate) => offer.zone ?? offer.region

describe("the optimizer", () => {
  it("launch-27: takes the cheapest place that fits, on whatever cloud", () => {
    assert.deepInclude(chosen({ accelerators: "V100:4" }), { cloud: "gcp", instanceType: "n1-highmem-32", region: "us-central1" })
    assert.deepInclude(chosen({ cpus: "4+" }), { cloud: "aws", instanceType: "m6i.xlarge", usdPerHour: 0.192, catalog: "2026-07-20" })
  })

  it("task-02: takes a machine with 8 vCPUs where nothing is asked", () => {
    assert.deepInclude(chosen({ cloud: "aws" }), { instanceType: "m6i.2xlarge", cpus: 8 })
    assert.deepInclude(chosen({ cloud: "gcp" }), { instanceType: "n2-standard-8", cpus: 8 })
  })

  it("resources-12: has all that is asked of one machine", () => {
    const offer = chosen({ cpus: "2+", memory: "16+", accelerators: "V100" })!
    assert.isTrue(offer.cpus >= 2 && offer.memoryGib >= 16)
    assert.deepStrictEqual(offer.accelerators, { name: "V100", count: 1 })
  })

  it("resources-13: chooses cloud and type where they are not named, and else takes exactly those", () => {
    const free = plan({ accelerators: "V100" }).ranked.map(({ offer }) => offer.cloud)
    assert.deepStrictEqual([...new Set(free)].sort(), ["aws", "gcp"])
    const named = plan({ cloud: "aws", instance_type: "p3.8xlarge" }).ranked.map(({ offer }) => [offer.cloud, offer.instanceType].join(" "))
    assert.deepStrictEqual([...new Set(named)], ["aws p3.8xlarge"])
  })

  it("resources-21: goes anywhere, or only where it is told to, whatever comes next", () => {
    assert.isAbove(new Set(plan({ accelerators: "T4" }).ranked.map(placeOf)).size, 20)
    const inRegion = plan({ cloud: "aws", region: "eu-west-1", accelerators: "T4", use_spot: true }).ranked.map(placeOf)
    assert.deepStrictEqual(inRegion, ["eu-west-1a", "eu-west-1b", "eu-west-1c"])
    assert.deepStrictEqual(plan({ cloud: "gcp", region: "us-central1", zone: "us-central1-b", accelerators: "T4" }).ranked.map(placeOf), [
      "us-central1-b"
    ])
  })

  it("launch-28: for the time, takes the place where it runs shorter, though it is dearer; of equals the cheaper", () => {
    const hours = ({ accelerators }: { accelerators: { name: string } | null }) => (accelerators?.name === "A100" ? 1 : 3)
    const both: Resources = { any_of: [{ accelerators: "T4" }, { accelerators: "A100" }] }
    assert.strictEqual(chosen(both, { hours })?.accelerators?.name, "T4")
    assert.strictEqual(chosen(both, { hours, minimize: "TIME" })?.accelerators?.name, "A100")
    assert.strictEqual(chosen({ accelerators: "V100" }, { minimize: "TIME" })?.usdPerHour, chosen({ accelerators: "V100" })?.usdPerHour)
  })

  it("task-29, task-30: takes the cheapest of a set, and goes by the order of a list before the price, and by the price within each wish", () => {
    assert.strictEqual(chosen({ accelerators: { A100: 8, T4: 1 } })?.accelerators?.name, "T4")
    const offers = plan({ accelerators: ["A100:8", "T4"] }).ranked.map(({ offer }) => offer)
    const from = offers.findIndex(({ accelerators }) => accelerators?.name === "T4")
    assert.isAbove(from, 0)
    assert.isTrue(offers.slice(from).every(({ accelerators }) => accelerators?.name === "T4"))
    for (const some of [offers.slice(0, from), offers.slice(from)])
      assert.deepStrictEqual(
        some,
        some.toSorted((a, b) => a.usdPerHour - b.usdPerHour)
      )
  })

  it("finds a whole region, which is asked zone by zone; spot machines, and all of GCP, are found by zone", () => {
    const [first] = plan({ cloud: "aws" }).ranked
    assert.isNull(first!.offer.zone)
    assert.deepStrictEqual(
      placesOf([first!]),
      first!.zones.map((zone) => ({ ...first!.offer, zone }))
    )
    assert.isTrue(plan({ cloud: "aws", use_spot: true }).ranked.every(({ offer }) => offer.zone !== null))
    assert.isTrue(plan({ cloud: "gcp" }).ranked.every(({ offer }) => offer.zone !== null))
  })

  it("places what came after SkyPilot's tables on the machines that have it", () => {
    for (const [asked, type] of [
      ["H100:8", "a3-highgpu-8g"],
      ["H200:8", "a3-ultragpu-8g"],
      ["B200:8", "a4-highgpu-8g"]
    ] as const)
      assert.strictEqual(chosen({ cloud: "gcp", accelerators: asked })?.instanceType, type)
  })

  it("goes only where there is an image", () => {
    const found = plan({ cloud: "aws", image_id: { "us-west-2": "ami-1", "eu-west-1": "ami-2" } }).ranked.map(placeOf)
    assert.deepStrictEqual(found, ["us-west-2", "eu-west-1"])
  })

  it("says what is near to what nobody has, and which machine is there where the usual ones are not", () => {
    assert.includeMembers([...plan({ accelerators: "V100:3" }).looks.flatMap(({ near }) => near)], ["V100:4", "V100-32GB:8"])
    const [look] = plan({ cloud: "gcp", region: "northamerica-south1" }).looks
    assert.match(look?.lacks ?? "", /^none of its usual machines is in northamerica-south1\. Name the instance type, as [\w-]+$/)
  })

  it.each([
    [{ cpus: "7" }, "cpus: 7 means exactly that, 7+ at least that."],
    [{ memory: 100, cpus: "4+" }, "memory: 100 means exactly that, 100+ at least that."],
    [{ cpus: "1000+" }, "No machine of AWS or GCP has more than 896 vCPUs or 32768 GiB of memory."],
    [{ cpus: "1000" }, "No machine of AWS or GCP has more than 896 vCPUs or 32768 GiB of memory."],
    [{ memory: "30000+" }, "Usual machines are not like that. One of AWS's that is: -t u7in-32tb.224xlarge"],
    [{ cloud: "gcp", memory: "3000+" }, "Usual machines are not like that. One of GCP's that is: -t n1-ultramem-160"],
    // TPUs are machines of their own, and are not launched.
    [{ cloud: "gcp", image_id: { "northamerica-south1": "x" } }, "Usual machines are not like that. One of GCP's that is: -t e2-highcpu-8"],
    [{ cloud: "azure", cpus: "1000+" }, null],
    [{ accelerators: "A100:8", cpus: "300+" }, "Machines with A100:8: sky show-gpus A100:8"],
    [{ accelerators: "A100", cpus: "300+" }, "Machines with A100:1: sky show-gpus A100:1"],
    [{ accelerators: "A10g:3" }, "A10G is had by 1, 4, 8: sky show-gpus A10G"],
    [{ accelerators: "Gaudi HL-205:1" }, "Gaudi HL-205 is had by 8: sky show-gpus 'Gaudi HL-205'"],
    [{ accelerators: "H100:9" }, "H100 is had by 1, 2, 4, 8: sky show-gpus H100"],
    [{ accelerators: "HI00:8" }, "Did you mean 'H100'? All there is: sky show-gpus -a"],
    [{ cloud: "aws", region: "us-west-1", accelerators: "V100:4" }, "Where there is: sky show-gpus V100 --all-regions"],
    [{ cloud: "aws", instance_type: "c9g.xlarge", use_spot: true }, "There is no c9g.xlarge as spot."],
    [{ cloud: "aws", region: "eu-south-2", instance_type: "p3.2xlarge" }, "There is no p3.2xlarge there."],
    [{ accelerators: "V100:3" }, "V100 is had by 1, 2, 4, 8: sky show-gpus V100"],
    [{ cloud: "aws", region: "us-east-1", accelerators: "V100:3" }, "There is V100:4, V100:8, V100-32GB:8. All there is: sky show-gpus -a"]
  ])("says of %o, which nobody has, how to go on", (resources, hint) => {
    const found = planElsewhere({ resources }, packed.all())
    assert.strictEqual(Result.isFailure(found) ? found.failure.hint : null, hint)
  })

  it("says of a cloud that is enabled nothing by its list: that was asked, and others are named in its place", () => {
    const not = (resources: Resources) => planNotEnabled({ resources }, packed.all(), (cloud) => cloud === "aws")
    // GCP alone has one kind that is spelled so; which one is meant is not told by what is enabled.
    const unclear = not({ accelerators: "V10" })
    assert.include(unclear !== undefined && Result.isFailure(unclear) ? unclear.failure.message : "", "'V10' is ambiguous")
    const clouds = (resources: Resources) => {
      const found = not(resources)
      return found && (Result.isSuccess(found) ? [...new Set(found.success.ranked.map(({ offer }) => offer.cloud))] : found.failure.message)
    }
    assert.deepStrictEqual(clouds({ accelerators: "V100" }), ["gcp"])
    assert.isUndefined(clouds({ cloud: "aws", image_id: "docker:ubuntu" }))
    assert.isUndefined(clouds({ region: "us-east-1" }))
    assert.strictEqual(clouds({ accelerators: "V100:3" }), "AWS and GCP have no V100:3.")
  })

  it("reads the lists for what is left out only where something is", () => {
    const here = { ...plan({ accelerators: "V100:8" }).ranked[0]!.offer }
    const unread = () => assert.fail("read")
    const needs = (resources: Resources) => alternativesOf(resources).items
    assert.deepStrictEqual(
      leftOut(needs({ any_of: [{ accelerators: "V100:8" }, { accelerators: "V100:8", cpus: "8+" }] }), [here], unread, () => null),
      []
    )
    assert.deepStrictEqual(
      leftOut(needs({ cpus: 2 }), [], unread, () => null),
      []
    )
    const out = leftOut(needs({ accelerators: ["V100:8", "V100:3", "T4"] }), [here], packed.all, () => null)
    assert.deepStrictEqual(out, ["Left out: V100:3 (AWS and GCP have none; there is V100:4, V100:8, V100-32GB:8)."])
  })

  it("says why a cloud that has what is left out cannot be used now", () => {
    const here = { ...plan({ cloud: "aws", accelerators: "V100:8" }).ranked[0]!.offer }
    const needs = alternativesOf({ any_of: [{ accelerators: "V100:8" }, { cloud: "gcp", accelerators: "V100:8" }] }).items
    const whyNot = (why: string) => leftOut(needs, [here], packed.all, (cloud) => (cloud === "gcp" ? why : null))
    const words = (why: string) => [`Left out: GCP V100:8 (GCP has it, and is not enabled${why}).`]
    assert.deepStrictEqual(whyNot("GCP did not answer within 10 s"), words(": GCP did not answer within 10 s"))
    assert.deepStrictEqual(whyNot("there are no credentials: run gcloud"), words(": there are no credentials"))
    assert.deepStrictEqual(whyNot(""), words(""))
  })

  it("leaves the zones of a region that are blocked out, and the region when all of them are", () => {
    const blocked = ["us-east-1a", "us-east-1b"].map((zone) => ({ cloud: "aws", zone }))
    const [first] = plan({ cloud: "aws", region: "us-east-1" }, { blocked }).ranked
    assert.deepStrictEqual(first?.zones, ["us-east-1d", "us-east-1e", "us-east-1f"])
    const all = first!.zones.map((zone) => ({ cloud: "aws", zone }))
    assert.deepStrictEqual(plan({ cloud: "aws", region: "us-east-1" }, { blocked: [...blocked, ...all] }).ranked, [])
  })
})

const catalogs = packed.all()
const kinds = [
  ...new Set(
    catalogs
      .flatMap(({ attachable, types }) => [...attachable, ...types.flatMap(({ accelerators }) => accelerators ?? [])])
      .map(({ count, name }) => `${name}:${count}`)
  )
].filter((kind) => !kind.startsWith("tpu-"))
const regions = catalogs.flatMap(({ cloud, regions }) => regions.map((region) => ({ cloud, region })))

const amount = (least: ReadonlyArray<number>) =>
  fc.tuple(fc.constantFrom(...least), fc.constantFrom("", "+")).map(([n, sign]) => `${n}${sign}`)
const need = fc.record(
  {
    accelerators: fc.constantFrom(...kinds).map((kind) => ({ [kind.split(":")[0]!]: Number(kind.split(":")[1]) })),
    cpus: amount([2, 4, 8, 16, 32, 96]),
    memory: amount([8, 16, 64, 256]),
    use_spot: fc.boolean()
  },
  { requiredKeys: [] }
) as fc.Arbitrary<Need>
const where = fc.oneof(fc.constantFrom<Need>({ cloud: "aws" }, { cloud: "gcp" }), fc.constantFrom<Need>(...regions))
const best = (need: Need, blocked: ReadonlyArray<Need> = []) =>
  optimize({ needs: { kind: "one", items: [need] }, numNodes: 1, blocked }, catalogs).ranked

describe("whatever is asked", () => {
  it("the choice is never dearer than any machine of any place that has the accelerators", () => {
    fc.assert(
      fc.property(need, (asked) => {
        const [first, ...others] = best(asked)
        assert.isTrue(others.every(({ offer }) => offer.usdPerHour >= first!.offer.usdPerHour))
        const [kind] = Object.entries(asked.accelerators ?? {})
        if (kind === undefined) return
        const aws = catalogs[0]!
        for (const { accelerators, memoryGib, name, vcpus } of aws.types) {
          if (accelerators?.name !== kind[0] || accelerators.count !== kind[1]) continue
          if (!meets(vcpus!, asked.cpus) || !meets(memoryGib!, asked.memory, vcpus!)) continue
          const usd = aws.usdPerHour({ instanceType: name, useSpot: asked.use_spot ?? false })
          if (usd !== undefined) assert.isAtMost(first!.offer.usdPerHour, usd)
        }
      })
    )
  })

  it("resources-05: each place has what was asked for", () => {
    fc.assert(
      fc.property(need, (asked) => {
        for (const { offer } of best(asked)) {
          assert.isTrue(meets(offer.cpus, asked.cpus) && meets(offer.memoryGib, asked.memory, offer.cpus))
          assert.strictEqual(offer.useSpot, asked.use_spot ?? false)
          if (asked.accelerators) assert.deepStrictEqual({ [offer.accelerators!.name]: offer.accelerators!.count }, asked.accelerators)
        }
      })
    )
  })

  it("task-22: a blocked place is never chosen", () => {
    fc.assert(
      fc.property(need, fc.array(where, { maxLength: 4 }), (asked, blocked) => {
        for (const { offer, zones } of best(asked, blocked))
          for (const zone of zones) assert.isFalse(blocked.some((pattern) => shouldBeBlockedBy(needOfPlace({ ...offer, zone }), pattern)))
      })
    )
  })

  it("to name a place, or to block one, never makes it cheaper", () => {
    fc.assert(
      fc.property(need, where, ({ use_spot: _, ...asked }, place) => {
        const [free] = best(asked)
        for (const [tied] of [best({ ...asked, ...place }), best(asked, [place])]) {
          if (tied === undefined) continue
          assert.isAtLeast(tied.offer.usdPerHour, free!.offer.usdPerHour - 1e-9)
        }
      })
    )
  })

  it("to ask for more CPUs or memory never makes it cheaper", () => {
    const sizes = [1, 2, 3, 4, 8, 12, 16, 30, 32, 64, 96, 128]
    const two = fc
      .tuple(fc.constantFrom(...sizes), fc.constantFrom(...sizes))
      .map((pair) => [...pair].sort((a, b) => a - b) as [number, number])
    fc.assert(
      fc.property(need, two, fc.constantFrom("cpus", "memory"), ({ use_spot: _, ...asked }, [less, more], what) => {
        const [small] = best({ ...asked, [what]: `${less}+` })
        const [large] = best({ ...asked, [what]: `${more}+` })
        if (large !== undefined) assert.isAtLeast(large.offer.usdPerHour, small!.offer.usdPerHour - 1e-9)
      })
    )
  })

  it("to ask machines with accelerators for CPUs or memory too never makes them cheaper where they come as they are", () => {
    fc.assert(
      fc.property(need, ({ accelerators, use_spot = false, ...amounts }) => {
        if (accelerators === undefined) return
        const [free] = best({ cloud: "aws", accelerators, use_spot })
        const [tied] = best({ cloud: "aws", accelerators, use_spot, ...amounts })
        if (tied !== undefined) assert.isAtLeast(tied.offer.usdPerHour, free!.offer.usdPerHour - 1e-9)
      })
    )
  })
})
