/** A gang on a real cloud's machines whose worker is lost while its head lives: it comes up again with another one, at another address. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { whyNoMoto } from "../tools/moto.ts"
import { Ec2 } from "./ec2.ts"
import { GceMachines } from "./gce.ts"
import { eventually, Home } from "./home.ts"
import { describeWithMachines, whyNoMachines } from "./netns.ts"

interface Node {
  readonly rank: number
  readonly address: string
}
const run = "echo rank $SKYPILOT_NODE_RANK of $SKYPILOT_NODE_IPS"

/** `lose`: ends the machine at this address, as its cloud or somebody at the console does. */
const comesUpAgain = async (
  home: Home,
  where: ReadonlyArray<string>,
  again: "launch" | "start",
  lose: (address: string) => Promise<unknown>
) => {
  const gang = ["-y", "-c", "gang", "--num-nodes", "2", "--infra", ...where]
  expect(await home.sky("launch", ...gang, "true")).toMatchObject({ code: 0 })
  const nodes = async (): Promise<ReadonlyArray<Node>> => (await home.json("status", "gang"))[0].nodes
  const at = async (rank: number) => (await nodes()).find((node) => node.rank === rank)!.address
  const [head, before] = [await at(0), await at(1)]
  const following = home.sky("exec", "gang", "--num-nodes", "2", "sleep 1000")
  await eventually(async () => (await home.json("queue", "gang"))[0].status === "RUNNING")
  await lose(before)
  await eventually(
    async () => (await home.json("status", "-r", "gang"))[0].reason as string | null,
    (reason) => reason?.includes("1 node of 2 missing") ?? false
  )
  expect(await following).toMatchObject({ code: 100, err: expect.stringContaining("one of its nodes was lost") })
  const raised = again === "start" ? await home.sky("start", "-y", "gang") : await home.sky("launch", ...gang, run)
  expect([raised.code, raised.err]).toEqual([0, expect.anything()])
  const after = await at(1)
  expect(await at(0)).toBe(head)
  expect(after).not.toBe(before)
  const ran = again === "start" ? await home.sky("exec", "gang", "--num-nodes", "2", run) : raised
  expect(ran).toMatchObject({ code: 0 })
  for (const rank of [0, 1]) expect(ran.out).toContain(`rank ${rank} of ${head} ${after}`)
  expect((await home.json("status", "-r", "gang"))[0].status).toBe("UP")
  expect(await home.sky("down", "-y", "gang")).toMatchObject({ code: 0 })
}

describe.skipIf(whyNoMoto !== null || whyNoMachines !== null)("a gang on EC2", () => {
  let ec2: Ec2
  beforeAll(async () => {
    ec2 = await Ec2.start(3)
  }, 360_000)
  afterAll(async () => {
    await ec2.end()
  })
  beforeEach(() => ec2.give())
  it.each(["start", "launch"] as const)(
    "whose worker was ended in the console is brought up again by sky %s",
    async (again) => {
      await comesUpAgain(new Home(ec2.moto.env), ["aws/us-east-1"], again, async (address) => {
        const { instanceId, region } = (await ec2.moto.live()).find(({ privateIp }) => privateIp === address)!
        await ec2.moto.client(region).terminateInstances({ InstanceIds: [instanceId] })
        const others = ec2.machines.map((machine) => machine.address).filter((other) => other !== address)
        await ec2.moto.strict("PUT", "addresses", { pool: others })
      })
    },
    180_000
  )
})

describeWithMachines("a gang on Compute Engine", () => {
  let machines: GceMachines
  beforeAll(async () => {
    machines = await GceMachines.start(3)
  }, 60_000)
  afterAll(async () => {
    await machines.end()
  })
  it("whose spot worker GCP took back is brought up again by sky start", async () => {
    await comesUpAgain(new Home(machines.gce.env), ["gcp/us-central1/us-central1-a", "--use-spot"], "start", async (address) => {
      const { name } = (await machines.gce.instances()).find(({ internalIp }) => internalIp === address)!
      // It stops for a while before it is gone: that stops no cluster.
      await machines.gce.strict("PUT", "visibility", { stopSeconds: 4, deleteSeconds: 1 })
      await machines.gce.strict("POST", `instances/${name}/preempt`)
      const others = machines.machines.map((machine) => machine.address).filter((other) => other !== address)
      await machines.gce.strict("PUT", "addresses", { internal: others, external: others })
    })
  }, 240_000)
})
