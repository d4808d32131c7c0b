/** A launch on EC2 whose place has nothing: where it goes on, what is asked on the way, and that nothing stays behind. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { whyNoMoto } from "../tools/moto.ts"
import { Ec2 } from "./ec2.ts"
import { eventually, Home, kill } from "./home.ts"
import { whyNoMachines } from "./netns.ts"

interface Place {
  readonly region: string
  readonly zone: string
}

const type = ["-t", "m6i.2xlarge"]
const standard = "L-1216C47A"

describe.skipIf(whyNoMoto !== null || whyNoMachines !== null)("a search over EC2", () => {
  let ec2: Ec2
  let home: Home
  beforeAll(async () => {
    ec2 = await Ec2.start(2)
  }, 360_000)
  afterAll(async () => {
    await ec2.end()
  })
  beforeEach(async () => {
    await ec2.moto.strict("DELETE", "faults")
    await ec2.moto.strict("PUT", "quotas", {})
    home = new Home(ec2.moto.env)
  })

  const fault = (...rules: ReadonlyArray<object>) =>
    ec2.moto.strict(
      "POST",
      "faults",
      rules.map((rule) => ({ action: "RunInstances", ...rule }))
    )
  /** As a dry run says it. */
  const planOf = async (...args: ReadonlyArray<string>): Promise<ReadonlyArray<Place>> => {
    const { plan } = await home.json("launch", "--dryrun", "-c", "one", ...args)
    await ec2.moto.strict("DELETE", "calls")
    return [plan.offer, ...plan.next]
  }
  /** Where machines were asked for, in turn; each once. */
  const asked = async (): Promise<ReadonlyArray<string>> => {
    const calls = await ec2.moto.calls("RunInstances")
    const zones = calls
      .filter(({ params }) => params["DryRun"] !== "true")
      .map(({ params }) => params["Placement.AvailabilityZone"] as string)
    return zones.filter((zone, i) => zone !== zones[i - 1])
  }
  const regionsOf = (plan: ReadonlyArray<Place>) => [...new Set(plan.map(({ region }) => region))]
  const zonesOf = (plan: ReadonlyArray<Place>, region: string) => plan.filter((one) => one.region === region).map(({ zone }) => zone)
  const gone = async (name: string) => {
    expect(await home.sky("down", "-y", name)).toMatchObject({ code: 0 })
    expect(await ec2.moto.live()).toEqual([])
  }

  it("goes from zone to zone and region to region in the order of the plan, past what has no quota, and says each step", async () => {
    const args = ["--infra", "aws", ...type, "--num-nodes", "2"]
    const plan = await planOf(...args)
    const [first, second, third] = regionsOf(plan) as [string, string, string]
    const [a, b] = zonesOf(plan, first)
    const [c, d] = zonesOf(plan, third)
    await ec2.moto.strict("PUT", "quotas", { [second]: { [standard]: 0 } })
    await fault(
      { match: { zone: a }, code: "InsufficientInstanceCapacity" },
      { match: { region: first }, code: "VcpuLimitExceeded" },
      // Both begin, and one of them has no room after all.
      { match: { zone: c }, stateReason: "Server.InsufficientInstanceCapacity" }
    )
    const launched = await home.sky("launch", "-y", "-c", "one", ...args, "true")
    expect(launched).toMatchObject({ code: 0 })
    expect(await asked()).toEqual([a, b, c, d])
    const live = await ec2.moto.live()
    expect(live.map(({ zone }) => zone)).toEqual([d, d])
    const told = launched.out + launched.err
    expect(told).toContain(`AWS ${a}: no capacity (InsufficientInstanceCapacity)`)
    expect(told).toContain("VcpuLimitExceeded")
    expect(told).toContain(`the account's quota of standard instances is 0 in ${second}`)
    await gone("one")
  }, 180_000)

  it("that loses a reply and its daemon in the middle makes each machine once", async () => {
    const args = ["--infra", "aws", ...type, "--num-nodes", "2"]
    const plan = await planOf(...args)
    const [a, b] = plan.map(({ zone }) => zone)
    await fault(
      { match: { zone: a }, code: "InsufficientInstanceCapacity" },
      { match: { zone: b }, afterEffect: true, drop: true, delaySeconds: 1, times: 2 }
    )
    const launching = home.start("launch", "-y", "-c", "one", ...args, "-d", "true")
    await eventually(async () => (await ec2.moto.live()).length > 0)
    kill(await home.daemonPid())
    expect(await launching.ended).toMatchObject({ code: 0 })
    expect((await ec2.moto.live()).map(({ zone }) => zone)).toEqual([b, b])
    expect(await asked()).toEqual([a, b])
    await gone("one")
  }, 180_000)

  it("for spot machines goes by their own prices and room", async () => {
    const args = ["--infra", "aws", ...type, "--use-spot"]
    const plan = await planOf(...args)
    const [a, b] = plan as [Place, Place]
    await fault({ match: { zone: a.zone, spot: true }, code: "InsufficientInstanceCapacity" })
    expect(await home.sky("launch", "-y", "-c", "one", ...args, "true")).toMatchObject({ code: 0 })
    expect(await asked()).toEqual([a.zone, b.zone])
    expect((await ec2.moto.live()).map(({ spot, zone }) => [spot, zone])).toEqual([[true, b.zone]])
    await gone("one")
  }, 120_000)

  it("ends with the cloud where the rights are missing, and names them", async () => {
    expect((await home.sky("check", "aws")).code).toBe(0)
    const args = ["--infra", "aws", ...type]
    const [{ zone }] = (await planOf(...args)) as [Place]
    await fault({ code: "UnauthorizedOperation" })
    const launched = await home.sky("launch", "-y", "-c", "one", ...args, "true")
    expect(launched.code).toBe(4)
    expect(launched.err).toMatch(/AWS: .*UnauthorizedOperation/)
    expect(launched.err).toContain("See what the credentials may not do: sky check aws")
    // What was seen before does not stand against it.
    expect(await home.sky("check", "aws")).toMatchObject({ code: 1, out: expect.stringContaining("may not ec2:RunInstances") })
    expect(await asked()).toEqual([zone])
    expect(await home.json("status")).toEqual([])
    expect(await ec2.moto.live()).toEqual([])
  }, 120_000)

  it("for a first spot machine, whose role may not be made, ends at once with the command that makes it", async () => {
    await planOf("--infra", "aws", "--use-spot", ...type)
    await fault({ match: { spot: true }, code: "AuthFailure.ServiceLinkedRoleCreationNotPermitted", status: 403 })
    const launched = await home.sky("launch", "-y", "-c", "one", "--infra", "aws", "--use-spot", ...type, "true")
    expect(launched.code).toBe(4)
    expect(launched.err).toContain("aws iam create-service-linked-role --aws-service-name spot.amazonaws.com")
    expect(await asked()).toHaveLength(1)
    expect(await home.json("status")).toEqual([])
  }, 120_000)

  it("for an image that is not there ends as a wrong wish, also for who waits it out", async () => {
    const args = ["--infra", "aws/us-east-1", "--image-id", "ami-0123456789abcdef0", ...type]
    for (const more of [[], ["--retry-until-up"]]) {
      const launched = await home.sky("launch", "-y", "-c", "one", ...args, ...more, "true")
      expect(launched).toMatchObject({ code: 2, err: expect.stringContaining("ami-0123456789abcdef0") })
    }
    expect(await ec2.moto.live()).toEqual([])
  }, 120_000)

  it("for a reason that nobody knows to be of room is tried in each zone, told in AWS's words, and not waited out", async () => {
    await fault({ code: "SomethingNew" })
    const args = ["--infra", "aws/us-east-1", ...type]
    const launched = await home.sky("launch", "-y", "-c", "one", ...args, "--retry-until-up", "true")
    expect(launched).toMatchObject({ code: 1, err: expect.stringContaining("SomethingNew, RunInstances in us-east-1") })
    expect(launched.err).not.toMatch(/wait it out|try again later/i)
    expect(new Set(await asked()).size).toBeGreaterThan(1)
    expect(await home.json("status")).toEqual([])
  }, 120_000)

  it("that is waited out ends when there is room", async () => {
    const args = ["--infra", "aws/us-east-1/us-east-1b", ...type]
    await fault({ code: "InsufficientInstanceCapacity" })
    const launching = home.start("launch", "-y", "-c", "one", ...args, "--retry-until-up", "true")
    await eventually(
      async () => (await home.json("status"))[0]?.reason ?? "",
      (reason: string) => /asked again in \d+ s/.test(reason)
    )
    await ec2.moto.strict("DELETE", "faults")
    expect(await launching.ended).toMatchObject({ code: 0 })
    expect((await ec2.moto.live()).map(({ zone }) => zone)).toEqual(["us-east-1b"])
    await gone("one")
  }, 180_000)
})
