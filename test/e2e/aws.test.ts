/** EC2, as moto has it, with real machines at the addresses of its instances: the same verbs as on local, from nothing there to nothing left. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { whyNoMoto } from "../tools/moto.ts"
import { Ec2 } from "./ec2.ts"
import { eventually, Home, kill } from "./home.ts"
import { whyNoMachines } from "./netns.ts"

describe.skipIf(whyNoMoto !== null || whyNoMachines !== null)("clusters on EC2", () => {
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
    await ec2.moto.strict("DELETE", "calls")
    home = new Home(ec2.moto.env)
  })
  const launch = (name: string, ...args: ReadonlyArray<string>) => home.sky("launch", "-y", "-c", name, "--infra", "aws/us-east-1", ...args)
  const status = async (name: string) => (await home.json("status", "-r", name))[0]

  it("a gang is launched with its workdir, runs, and is gone without a trace once it is down", async () => {
    const folder = join(home.path, "work")
    mkdirSync(folder)
    writeFileSync(join(folder, "data.txt"), "of the workdir\n")
    const task = `workdir: ${folder}\nnum_nodes: 2\nresources: {infra: aws/us-east-1, ports: 8080, labels: {team: red}, disk_size: 100, disk_tier: high}\nsetup: echo set up\nrun: |\n  cat data.txt\n  echo $(whoami) rank $SKYPILOT_NODE_RANK at $SKYPILOT_NODE_IPS\n`
    writeFileSync(join(folder, "task.yaml"), task)
    const launched = await home.sky("launch", "-y", "-c", "two", join(folder, "task.yaml"))
    expect(launched).toMatchObject({ code: 0 })
    const instances = await ec2.moto.live()
    expect(instances.map(({ instanceType }) => instanceType)).toEqual(["m6i.2xlarge", "m6i.2xlarge"])
    expect(instances[0]!.tags).toMatchObject({ Name: "two", team: "red", "skyd-cluster-name": "two", "skyd-ranks": "0-1" })
    const events: ReadonlyArray<{ readonly event: { readonly _tag: string; readonly host: string; readonly address: string } }> =
      await home.json("events")
    const given = events.flatMap(({ event }) => (event._tag === "NodeProvisioned" ? [event] : []))
    expect(given.map(({ host }) => host).sort()).toEqual(instances.map(({ instanceId }) => instanceId).sort())
    const addresses = given.map(({ address }) => address)
    for (const rank of [0, 1]) expect(launched.out).toContain(`ubuntu rank ${rank} at ${addresses.join(" ")}`)
    expect(launched.out).toContain("of the workdir")
    expect(JSON.stringify(events)).not.toContain("PRIVATE KEY")
    expect((await home.sky("exec", "two", "exit 3")).code).toBe(100)
    expect((await home.sky("logs", "two", "1", "--no-follow")).out).toContain("rank 1 at")
    expect(await home.sky("down", "-y", "two")).toMatchObject({ code: 0 })
    expect(await ec2.moto.live()).toEqual([])
    expect((await ec2.moto.calls("RunInstances")).filter(({ status: answer }) => answer === 200)).toHaveLength(1)
    expect((await ec2.moto.calls("DeleteSecurityGroup")).filter(({ status: answer }) => answer === 200)).toHaveLength(1)
  }, 180_000)

  it("a cluster is stopped with its disk, started again, and takes jobs", async () => {
    expect(await launch("one", "echo kept > ~/kept.txt")).toMatchObject({ code: 0 })
    expect(await home.sky("stop", "-y", "one")).toMatchObject({ code: 0 })
    expect((await ec2.moto.live()).map(({ state }) => state)).toEqual(["stopped"])
    expect((await status("one")).status).toBe("STOPPED")
    expect(await home.sky("start", "-y", "one")).toMatchObject({ code: 0 })
    expect(await home.sky("exec", "one", "cat ~/kept.txt")).toMatchObject({ code: 0, out: expect.stringContaining("kept") })
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
    expect(await ec2.moto.live()).toEqual([])
  }, 180_000)

  it("a reply that is lost, and a daemon that is killed meanwhile, make no second instance", async () => {
    await ec2.moto.strict("POST", "faults", { action: "RunInstances", afterEffect: true, drop: true, delaySeconds: 1, times: 2 })
    const launching = home.start("launch", "-y", "-c", "one", "--infra", "aws/us-east-1", "-d", "true")
    await eventually(async () => (await ec2.moto.live()).length > 0)
    kill(await home.daemonPid())
    expect(await launching.ended).toMatchObject({ code: 0 })
    expect(await ec2.moto.live()).toHaveLength(1)
    expect((await ec2.moto.calls("RunInstances")).length).toBeGreaterThan(1)
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
    expect(await ec2.moto.live()).toEqual([])
  }, 120_000)
})
