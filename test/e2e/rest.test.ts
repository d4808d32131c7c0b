/** What a cloud keeps of a cluster beside its machines, and may not be removed with it: the machines are gone all the same, and who ends it is told. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { whyNoMoto } from "../tools/moto.ts"
import { Ec2 } from "./ec2.ts"
import { GceMachines } from "./gce.ts"
import { Home } from "./home.ts"
import { describeWithMachines, whyNoMachines } from "./netns.ts"

/** Its machine has ended, and costs nothing more; what stays is said, listed at once, and removed once that is allowed. */
const goesAllTheSame = async (home: Home, why: string, calm: () => Promise<unknown>) => {
  const down = await home.sky("down", "-y", "one")
  expect(down).toMatchObject({ code: 0, err: expect.stringMatching(new RegExp(`may still be there: .*${why}.*sky leaks`)) })
  expect(down.err).toContain("gone")
  expect(await home.json("status")).toEqual([])
  const [cost] = await home.json("cost-report", "-a")
  expect(cost).toMatchObject({ name: "one", status: "TERMINATED" })
  const facts: ReadonlyArray<{ readonly event: { readonly _tag: string } }> = await home.json("events")
  expect(facts.map(({ event }) => event._tag).filter((tag) => /^(NodeReleased|RestLeft|ClusterGone)$/.test(tag))).toEqual([
    "NodeReleased",
    "RestLeft",
    "ClusterGone"
  ])
  expect(await home.json("leaks")).toMatchObject([
    { kind: "group", clusterName: "one", isOurs: true, reason: expect.stringContaining("its removal failed") }
  ])
  await calm()
  expect(await home.sky("leaks", "--terminate", "-y", "one")).toMatchObject({ code: 0 })
  expect(await home.json("leaks")).toEqual([])
}

describe.skipIf(whyNoMoto !== null || whyNoMachines !== null)("a cluster on EC2 whose group may not be deleted", () => {
  let ec2: Ec2
  let home: Home
  beforeAll(async () => {
    ec2 = await Ec2.start(1)
  }, 360_000)
  afterAll(() => ec2.end())
  beforeEach(() => {
    home = new Home(ec2.moto.env)
  })

  it("is gone with its machine, and its group is named", async () => {
    const calm = () => ec2.moto.strict("DELETE", "faults")
    expect(await home.sky("launch", "-y", "-c", "one", "--infra", "aws/us-east-1", "--ports", "8080", "true")).toMatchObject({ code: 0 })
    await ec2.moto.strict("POST", "faults", {
      action: "DeleteSecurityGroup",
      code: "UnauthorizedOperation",
      message: "You may not.",
      status: 403
    })
    await goesAllTheSame(home, "You may not", calm)
    expect(await ec2.moto.live()).toEqual([])
  }, 120_000)
})

describeWithMachines("a cluster on Compute Engine whose rule may not be deleted", () => {
  let machines: GceMachines
  let home: Home
  beforeAll(async () => {
    machines = await GceMachines.start(1)
  })
  afterAll(() => machines.end())
  beforeEach(() => {
    home = new Home(machines.gce.env)
  })

  it("is gone with its machine, and its rule is named", async () => {
    const calm = () => machines.gce.strict("DELETE", "faults")
    const place = "gcp/us-central1/us-central1-a"
    expect(await home.sky("launch", "-y", "-c", "one", "--infra", place, "--ports", "8080", "true")).toMatchObject({ code: 0 })
    await machines.gce.strict("POST", "faults", { action: "firewalls.delete", reason: "forbidden" })
    await goesAllTheSame(home, "firewalls.delete", calm)
    expect(await machines.gce.instances()).toEqual([])
  }, 120_000)
})
