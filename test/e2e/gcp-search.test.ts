/** A launch on Compute Engine whose place has nothing: where it goes on, also from AWS, what is asked on the way, and that nothing stays behind. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { Moto, whyNoMoto } from "../tools/moto.ts"
import { GceMachines } from "./gce.ts"
import { eventually, Home, kill } from "./home.ts"
import { describeWithMachines } from "./netns.ts"

interface Place {
  readonly region: string
  readonly zone: string
}

const type = ["-t", "n2-standard-8"]

describeWithMachines("a search over Compute Engine", () => {
  let machines: GceMachines
  let home: Home
  beforeAll(async () => {
    machines = await GceMachines.start(2)
  })
  afterAll(async () => {
    await machines.end()
  })
  beforeEach(async () => {
    await machines.gce.strict("DELETE", "faults")
    await machines.gce.strict("PUT", "capacity", [])
    home = new Home(machines.gce.env)
  })

  const fault = (...rules: ReadonlyArray<object>) =>
    machines.gce.strict(
      "POST",
      "faults",
      rules.map((rule) => ({ action: "instances.bulkInsert", ...rule }))
    )
  /** As a dry run says it. */
  const planOf = async (...args: ReadonlyArray<string>): Promise<ReadonlyArray<Place>> => {
    const { plan } = await home.json("launch", "--dryrun", "-c", "one", ...args)
    await machines.gce.strict("DELETE", "calls")
    return [plan.offer, ...plan.next]
  }
  /** Where machines were asked for, in turn; each once. */
  const asked = async (): Promise<ReadonlyArray<string>> => {
    const zones = (await machines.gce.calls("instances.bulkInsert")).map(({ scope }) => scope.replace("zones/", ""))
    return zones.filter((zone, i) => zone !== zones[i - 1])
  }
  const live = async () => (await machines.gce.instances()).map(({ spot, zone }) => ({ spot, zone }))
  const regionsOf = (plan: ReadonlyArray<Place>) => [...new Set(plan.map(({ region }) => region))]
  const zonesOf = (plan: ReadonlyArray<Place>, region: string) => plan.filter((one) => one.region === region).map(({ zone }) => zone)
  const gone = async (name: string) => {
    expect(await home.sky("down", "-y", name)).toMatchObject({ code: 0 })
    expect(await machines.gce.instances()).toEqual([])
    expect(await machines.gce.strict("GET", "disks")).toEqual([])
  }

  it("goes from zone to zone and region to region in the order of the plan, past what has no quota, and says each step", async () => {
    const args = ["--infra", "gcp", ...type, "--num-nodes", "2"]
    const plan = await planOf(...args)
    const [first, second, third] = regionsOf(plan) as [string, string, string]
    const [a, b] = zonesOf(plan, first)
    const [c, d] = zonesOf(plan, third)
    await machines.gce.strict("PUT", "capacity", [
      { region: second, machineType: "n2-*", cpus: 0 },
      // Both begin, and one of them has no room after all.
      { zone: c, machineType: "n2-*", count: 1 }
    ])
    await fault(
      { match: { zone: a }, operationError: "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS" },
      { match: { zone: b }, reason: "quotaExceeded" }
    )
    const launched = await home.sky("launch", "-y", "-c", "one", ...args, "true")
    expect(launched).toMatchObject({ code: 0 })
    expect(await asked()).toEqual([a, b, c, d])
    expect(await live()).toEqual([
      { spot: false, zone: d },
      { spot: false, zone: d }
    ])
    const told = launched.out + launched.err
    expect(told).toContain(`GCP ${a}: no capacity (ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS)`)
    expect(told).toContain("no quota (quotaExceeded")
    expect(told).toContain(`the project's quota of N2_CPUS is 0 in ${second}`)
    await gone("one")
  }, 180_000)

  it("that loses a reply and its daemon in the middle makes each machine once", async () => {
    const args = ["--infra", "gcp", ...type, "--num-nodes", "2"]
    const [a, b] = (await planOf(...args)).map(({ zone }) => zone)
    await fault(
      { match: { zone: a }, operationError: "ZONE_RESOURCE_POOL_EXHAUSTED" },
      { match: { zone: b }, afterEffect: true, drop: true, delaySeconds: 1, times: 1 }
    )
    const launching = home.start("launch", "-y", "-c", "one", ...args, "-d", "true")
    await eventually(async () => (await live()).length > 0 && (await live()).every(({ zone }) => zone === b))
    kill(await home.daemonPid())
    expect(await launching.ended).toMatchObject({ code: 0 })
    expect((await live()).map(({ zone }) => zone)).toEqual([b, b])
    expect(await asked()).toEqual([a, b])
    await gone("one")
  }, 180_000)

  it("for spot machines goes by their own prices and room", async () => {
    const args = ["--infra", "gcp", ...type, "--use-spot"]
    const [a, b] = (await planOf(...args)) as unknown as readonly [Place, Place]
    await fault({ match: { zone: a.zone, spot: true }, operationError: "ZONE_RESOURCE_POOL_EXHAUSTED" })
    expect(await home.sky("launch", "-y", "-c", "one", ...args, "true")).toMatchObject({ code: 0 })
    expect(await asked()).toEqual([a.zone, b.zone])
    expect(await live()).toEqual([{ spot: true, zone: b.zone }])
    await gone("one")
  }, 120_000)

  it("ends with the cloud where the rights are missing or a quota holds for all regions, and names what it is", async () => {
    const args = ["--infra", "gcp", ...type]
    const [{ zone }] = (await planOf(...args)) as unknown as readonly [Place]
    for (const [rule, code, words] of [
      [
        { reason: "forbidden", message: "Required 'compute.instances.create' permission for 'projects/lab-1'" },
        4,
        "compute.instances.create"
      ],
      [
        { operationError: "QUOTA_EXCEEDED", message: "Quota 'CPUS_ALL_REGIONS' exceeded.  Limit: 4.0 globally." },
        7,
        "no quota (QUOTA_EXCEEDED: CPUS_ALL_REGIONS has a limit of 4)"
      ]
    ] as const) {
      await machines.gce.strict("DELETE", "calls")
      await machines.gce.strict("DELETE", "faults")
      await fault(rule)
      const launched = await home.sky("launch", "-y", "-c", "one", ...args, "true")
      expect(launched.code).toBe(code)
      expect(launched.err).toContain(words)
      expect(await asked()).toEqual([zone])
      expect(await home.json("status")).toEqual([])
      expect(await live()).toEqual([])
    }
  }, 120_000)

  it("that is waited out ends when there is room, and a start that finds none is refused by GCP's reason", async () => {
    const args = ["--infra", "gcp/us-central1/us-central1-b", ...type]
    await fault({ operationError: "ZONE_RESOURCE_POOL_EXHAUSTED" })
    const launching = home.start("launch", "-y", "-c", "one", ...args, "--retry-until-up", "true")
    await eventually(
      async () => (await home.json("status"))[0]?.reason ?? "",
      (reason: string) => reason.includes("asked again in")
    )
    await machines.gce.strict("DELETE", "faults")
    expect(await launching.ended).toMatchObject({ code: 0 })
    expect((await live()).map(({ zone }) => zone)).toEqual(["us-central1-b"])
    expect(await home.sky("stop", "-y", "one")).toMatchObject({ code: 0 })
    await machines.gce.strict("POST", "faults", { action: "instances.start", operationError: "ZONE_RESOURCE_POOL_EXHAUSTED" })
    const started = await home.sky("start", "-y", "one")
    expect([started.code, started.err]).toEqual([7, expect.stringContaining("ZONE_RESOURCE_POOL_EXHAUSTED")])
    expect((await home.json("status"))[0].status).toBe("STOPPED")
    await gone("one")
  }, 180_000)

  describe.skipIf(whyNoMoto !== null)("that began on AWS", () => {
    let moto: Moto
    beforeAll(async () => {
      moto = await Moto.start()
    }, 360_000)
    afterAll(async () => {
      await moto.end()
    })
    it("goes on here when AWS has nothing, in one launch", async () => {
      const both = new Home({ ...machines.gce.env, ...moto.env })
      await moto.strict("POST", "faults", { action: "RunInstances", code: "InsufficientInstanceCapacity" })
      const file = join(both.path, "task.yaml")
      const places = "[{infra: aws/us-east-1/us-east-1a}, {infra: aws/us-east-1/us-east-1b}, {infra: gcp/us-central1/us-central1-a}]"
      writeFileSync(file, `num_nodes: 2\nresources: {cpus: 8, ordered: ${places}}\nrun: echo on $(hostname)\n`)
      await eventually(async () => (await both.sky("check", "aws")).code === 0)
      const launched = await both.sky("launch", "-y", "-c", "one", file)
      expect(launched).toMatchObject({ code: 0 })
      expect(await both.json("queue", "one")).toMatchObject([{ status: "SUCCEEDED" }])
      const told = launched.out + launched.err
      for (const zone of ["us-east-1a", "us-east-1b"]) expect(told).toContain(`AWS ${zone}: no capacity (InsufficientInstanceCapacity)`)
      expect((await both.sky("status")).out).toContain("2x GCP(n2-standard-8)")
      expect((await live()).map(({ zone }) => zone)).toEqual(["us-central1-a", "us-central1-a"])
      expect(await moto.live()).toEqual([])
      expect(await both.sky("down", "-y", "one")).toMatchObject({ code: 0 })
      expect(await live()).toEqual([])
    }, 120_000)
  })
})
