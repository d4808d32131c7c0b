/**
 * A daemon that is killed while a cloud is at opening a port, of a launch that is cancelled: whether the port is open is known in the end,
 * and told, and it goes with the cluster.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { whyNoMoto } from "../tools/moto.ts"
import { Ec2 } from "./ec2.ts"
import { GceMachines } from "./gce.ts"
import { eventually, Home, kill } from "./home.ts"
import { describeWithMachines, whyNoMachines } from "./netns.ts"

/** Longer than a cancel and a kill take, and shorter than the cloud is given. */
const underWayS = 30
/** It may be a minute until it is known. */
const soonMs = 100_000

interface Cloud {
  readonly infra: string
  readonly env: NodeJS.ProcessEnv
  readonly fault: (rule: object) => Promise<unknown>
  readonly calm: () => Promise<unknown>
  /** Whether the request is on its way. */
  readonly isAsked: () => Promise<boolean>
  /** What lets everybody in, of clusters: their ports. */
  readonly open: () => Promise<ReadonlyArray<string>>
}

/** `until`: what the daemon lives to see. */
const cutShort = async (cloud: Cloud, rule: object, until: () => Promise<boolean>) => {
  const home = new Home(cloud.env)
  expect(await home.sky("launch", "-y", "-c", "one", "--infra", cloud.infra, "true")).toMatchObject({ code: 0 })
  await cloud.fault({ ...rule, times: 1 })
  const launching = home.start("launch", "-y", "-c", "one", "--ports", "7777", "true")
  await eventually(until)
  const { id } = (await home.json("ops")).find(({ method, status }: Record<string, string>) => method === "launch" && status === "running")
  const pid = await home.daemonPid()
  expect(await home.sky("ops", "cancel", id)).toMatchObject({ code: 0 })
  kill(pid)
  await launching.ended
  await cloud.calm()
  const reason = "cancelled on request; port 7777 may be open"
  expect((await home.sky("events", "one")).out).toContain(reason)
  expect((await home.sky("why", "one")).out).toContain(reason)
  return home
}
const machineOf = async (home: Home) => (await home.json("status"))[0].handle.launchedMachine
const goes = async (cloud: Cloud, home: Home) => {
  expect(await home.sky("leaks")).toMatchObject({ code: 0 })
  expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
  expect(await cloud.open()).toEqual([])
  expect(await home.sky("leaks")).toMatchObject({ code: 0 })
}

const isOpen = (cloud: Cloud) => async () => (await cloud.open()).length > 0

const isKnown = async (cloud: Cloud, rule: object, until: () => Promise<boolean>) => {
  const home = await cutShort(cloud, rule, until)
  await expect.poll(async () => (await machineOf(home))?.ports, { timeout: soonMs }).toEqual(["7777"])
  expect((await home.sky("events", "one")).out).toContain("port 7777 open")
  expect((await home.json("status"))[0].reason).toBeNull()
  expect(await cloud.open()).toEqual(["7777"])
  await goes(cloud, home)
}

describe.skipIf(whyNoMoto !== null || whyNoMachines !== null)("a port on EC2", () => {
  let ec2: Ec2
  let cloud: Cloud
  beforeAll(async () => {
    ec2 = await Ec2.start(1)
    const { moto } = ec2
    cloud = {
      infra: "aws/us-east-1",
      env: moto.env,
      fault: (rule) => moto.strict("POST", "faults", { action: "AuthorizeSecurityGroupIngress", ...rule }),
      calm: () => moto.strict("DELETE", "faults"),
      isAsked: async () => ((await moto.strict("GET", "faults")) as ReadonlyArray<{ readonly hits: number }>)[0]!.hits > 0,
      open: async () => {
        const Filters = [{ Name: "tag-key", Values: ["skyd-cluster"] }]
        const { SecurityGroups = [] } = await moto.client("us-east-1").describeSecurityGroups({ Filters })
        return SecurityGroups.flatMap(({ IpPermissions = [] }) => IpPermissions.map(({ FromPort }) => `${FromPort}`))
      }
    }
  }, 360_000)
  afterAll(async () => {
    await ec2.end()
  })
  it("that was opened, and whose answer did not come to its daemon, is known to be open", async () => {
    await isKnown(cloud, { afterEffect: true, delaySeconds: underWayS }, isOpen(cloud))
  }, 180_000)
})

describeWithMachines("a port on Compute Engine", () => {
  let machines: GceMachines
  let cloud: Cloud
  beforeAll(async () => {
    machines = await GceMachines.start(1)
    const { gce } = machines
    cloud = {
      infra: "gcp/us-central1/us-central1-a",
      env: gce.env,
      fault: (rule) => gce.strict("POST", "faults", { action: "firewalls.insert", ...rule }),
      calm: () => gce.strict("DELETE", "faults"),
      isAsked: async () => ((await gce.strict("GET", "faults")) as ReadonlyArray<{ readonly hits: number }>)[0]!.hits > 0,
      open: async () => {
        const { items } = await gce.console("GET", "global/firewalls")
        return items.flatMap(({ allowed, name }: { name: string; allowed: ReadonlyArray<{ ports: ReadonlyArray<string> }> }) =>
          name.startsWith("skyd-ports-") ? allowed.flatMap(({ ports }) => ports) : []
        )
      }
    }
  })
  afterAll(async () => {
    await machines.end()
  })
  it("that was opened, and whose answer did not come to its daemon, is known to be open", async () => {
    await isKnown(cloud, { afterEffect: true, delaySeconds: underWayS }, isOpen(cloud))
  }, 180_000)
  it("that is opened once its daemon is killed is known to be open, after a minute in which it may be", async () => {
    await isKnown(cloud, { delaySeconds: underWayS }, cloud.isAsked)
  }, 240_000)
  it("that is refused once its daemon is killed may be open for a minute, and is known not to be then", async () => {
    const home = await cutShort(cloud, { reason: "forbidden", delaySeconds: underWayS }, cloud.isAsked)
    const reason = async () => (await home.json("status"))[0].reason
    expect(await reason()).toBe("port 7777 may be open: its launch ended before the cloud had answered; it is asked again by itself")
    await expect.poll(reason, { timeout: soonMs }).toBeNull()
    expect((await home.sky("events", "one")).out).toContain("port 7777 not open")
    await goes(cloud, home)
  }, 240_000)
})
