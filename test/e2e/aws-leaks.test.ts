/** `sky leaks` on EC2, as moto has it, with real machines: a lost log's gang is a cluster again, and what is left behind is ended. */
import { rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { type StrictInstance, whyNoMoto } from "../tools/moto.ts"
import { Ec2 } from "./ec2.ts"
import { eventually, Home, kill } from "./home.ts"
import { whyNoMachines } from "./netns.ts"

describe.skipIf(whyNoMoto !== null || whyNoMachines !== null)("leaks on EC2", () => {
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
    home = new Home(ec2.moto.env)
  })
  const launch = (name: string, ...args: ReadonlyArray<string>) => home.sky("launch", "-y", "-c", name, "--infra", "aws/us-east-1", ...args)
  const logOf = async () => {
    await home.sky("status")
    return (await home.json("daemon", "status")).log as string
  }
  const made = async (kind: "disk" | "group", log: string) => {
    const tags = { "skyd-log": log, "skyd-cluster": "01HZZZZZZZZZZZZZZZZZZZZZZZ", "skyd-cluster-name": "old" }
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
    const console = ec2.moto.client("us-west-2")
    if (kind === "group")
      return (
        await console.createSecurityGroup({
          GroupName: "old",
          Description: "old",
          TagSpecifications: [{ ResourceType: "security-group", Tags }]
        })
      ).GroupId!
    const spec = { AvailabilityZone: "us-west-2a", Size: 8, TagSpecifications: [{ ResourceType: "volume" as const, Tags }] }
    return (await console.createVolume(spec)).VolumeId!
  }

  it("a gang whose log is lost is adopted: its jobs are read, it takes others, and goes without a trace", async () => {
    expect(await launch("two", "--num-nodes", "2", "--gpus", "none", "echo before")).toMatchObject({ code: 0 })
    expect(await home.json("leaks", "--all")).toEqual([])
    await home.json("daemon", "stop")
    for (const name of ["log", "HEAD", "snapshots"]) rmSync(join(home.state, name), { recursive: true })
    const all: ReadonlyArray<{ readonly id: string }> = await home.json("leaks", "--all")
    const live = await ec2.moto.live()
    expect(all.map(({ id }) => id).sort()).toEqual(live.map(({ instanceId }) => instanceId).sort())
    expect(all[0]).toMatchObject({ cloud: "aws", region: "us-east-1", clusterName: "two", state: "running", usdPerHour: 0.384 })
    expect(await home.sky("leaks", "--adopt", "-y", "two")).toMatchObject({ code: 0 })
    await eventually(
      async () => (await home.json("status"))[0],
      (row) => row.status === "UP" && row.numNodes === 2
    )
    expect(await home.sky("exec", "two", "--num-nodes", "2", "echo rank $SKYPILOT_NODE_RANK")).toMatchObject({
      code: 0,
      out: expect.stringContaining("rank 1")
    })
    // The number of the job that this log does not know is taken.
    expect((await home.json("queue", "two"))[0].id).toBe(2)
    expect(await home.sky("down", "-y", "two")).toMatchObject({ code: 0 })
    expect(await ec2.moto.live()).toEqual([])
  }, 180_000)

  it("a cluster whose end AWS refused is adopted after its purge: it takes jobs, and no autodown that it had ends it", async () => {
    expect(await launch("one", "-i", "30", "--down", "true")).toMatchObject({ code: 0 })
    await ec2.moto.strict("POST", "faults", { action: "TerminateInstances", code: "UnauthorizedOperation", status: 403 })
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 4, err: expect.stringContaining("TerminateInstances") })
    expect(await home.sky("down", "-y", "--purge", "one")).toMatchObject({ code: 0 })
    await ec2.moto.strict("DELETE", "faults")
    expect(await home.sky("leaks", "--adopt", "-y", "one")).toMatchObject({ code: 0 })
    await eventually(
      async () => (await home.json("status"))[0],
      (row) => row.status === "UP" && row.autostop === -1
    )
    const [{ instanceId, region }] = (await ec2.moto.live()) as [StrictInstance]
    const Attribute = "instanceInitiatedShutdownBehavior"
    await eventually(
      () => ec2.moto.client(region).describeInstanceAttribute({ InstanceId: instanceId, Attribute }),
      ({ InstanceInitiatedShutdownBehavior }) => InstanceInitiatedShutdownBehavior?.Value === "stop"
    )
    expect(await home.sky("exec", "one", "echo ran again")).toMatchObject({ code: 0, out: expect.stringContaining("ran again") })
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
  }, 120_000)

  it("a machine that a purge gave up on and that lost all its tags is listed by its id, and ended", async () => {
    expect(await launch("one", "true")).toMatchObject({ code: 0 })
    await ec2.moto.strict("POST", "faults", { action: "TerminateInstances", code: "UnauthorizedOperation", status: 403 })
    expect(await home.sky("down", "-y", "--purge", "one")).toMatchObject({ code: 0 })
    const [{ instanceId, region, tags }] = (await ec2.moto.live()) as [StrictInstance]
    await ec2.moto.client(region).deleteTags({ Resources: [instanceId], Tags: Object.keys(tags).map((Key) => ({ Key })) })
    const listed = await home.sky("leaks")
    expect(listed.out).toMatch(new RegExp(`machine +${instanceId} +one +aws/us-east-1 .*\\$0\\.38\n.*a purge gave up on it`))
    expect((await home.sky("leaks", "--terminate", "-y", instanceId)).err).toContain(`${instanceId} may still be there`)
    await ec2.moto.strict("DELETE", "faults")
    expect(await home.sky("leaks", "--terminate", "-y")).toMatchObject({ code: 0, err: expect.stringContaining("gone") })
    expect(await ec2.moto.live()).toEqual([])
    expect((await home.sky("leaks")).err).toContain("No leaks.")
  }, 120_000)

  it("credentials that have expired tell a folder that has made nothing yet that nothing is known, and what to do", async () => {
    const fault = { action: "*", code: "ExpiredToken", message: "The security token included in the request is expired", status: 403 }
    await ec2.moto.strict("POST", "faults", fault)
    const { code, err, out } = await home.sky("leaks")
    expect([code, out]).toEqual([1, ""])
    expect(err.replaceAll(/\s+/g, " ")).toContain(
      "There may be more: aws: The security token included in the request is expired (ExpiredToken"
    )
    expect(err).toContain("AWS_ACCESS_KEY_ID is set")
    expect(err).not.toContain("No leaks")
  }, 60_000)

  it("a cluster whose state folder is lost with its keys is adopted to be ended: that nobody is let in there is said at once", async () => {
    expect(await launch("one", "true")).toMatchObject({ code: 0 })
    await home.json("daemon", "stop")
    home = new Home(ec2.moto.env)
    expect(await home.sky("leaks", "--adopt", "-y", "one")).toMatchObject({ code: 0 })
    const shut = /permission denied \(publickey\).*that is not here: take what you need from its disk/s
    await eventually(
      async () => (await home.json("status"))[0].reason as string | null,
      (reason) => shut.test(reason ?? "")
    )
    const [ran, started] = [await home.sky("exec", "one", "true"), await home.sky("start", "-y", "one")]
    for (const { err } of [ran, started]) expect(err.replaceAll(/\s+/g, " ")).toMatch(shut)
    expect([ran.code, started.code]).toEqual([6, 4])
    expect(await home.sky("stop", "-y", "one")).toMatchObject({ code: 0 })
    expect(await home.sky("start", "-y", "one")).toMatchObject({ code: 4, err: expect.stringMatching(shut) })
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
    expect(await ec2.moto.live()).toEqual([])
  }, 120_000)

  it("disks and groups of clusters that are gone are listed in whatever region, and ended; what AWS keeps is told in its words", async () => {
    const log = await logOf()
    const [disk, group] = [await made("disk", log), await made("group", log)]
    const listed = await home.sky("leaks")
    expect(listed.out).toMatch(new RegExp(`disk +${disk} +old +aws/us-west-2 +.* -\n.*\ngroup +${group} +old +aws/us-west-2 +- +free`))
    await ec2.moto.strict("POST", "faults", {
      action: "DeleteSecurityGroup",
      code: "UnauthorizedOperation",
      message: "You may not.",
      status: 403
    })
    const ended = await home.sky("leaks", "--terminate", "-y")
    expect(ended.code).toBe(1)
    expect(ended.err).toContain(`${disk}`)
    expect(ended.err).toContain(`${group} may still be there: You may not (UnauthorizedOperation, DeleteSecurityGroup in us-west-2)`)
    await ec2.moto.strict("DELETE", "faults")
    expect((await home.sky("leaks")).out).toContain("its end failed: You may not")
    expect(await home.sky("leaks", "--terminate", "-y", group)).toMatchObject({ code: 0 })
    expect(await home.json("leaks")).toEqual([])
  }, 120_000)

  it("a region that does not answer is said, with exit code 1, and never that there is nothing", async () => {
    await logOf()
    await ec2.moto.strict("POST", "faults", {
      action: "Describe*",
      match: { region: "eu-west-1" },
      code: "UnauthorizedOperation",
      status: 403
    })
    const { code, err, out } = await home.sky("leaks")
    expect([code, out]).toEqual([1, ""])
    expect(err).toContain("There may be more: aws: eu-west-1 is not looked at")
    expect(err).not.toContain("No leaks")
  }, 60_000)

  it("a daemon that dies while it ends one has said so before, and the next one ends it", async () => {
    expect(await launch("one", "true")).toMatchObject({ code: 0 })
    await home.json("daemon", "stop")
    for (const name of ["log", "HEAD", "snapshots"]) rmSync(join(home.state, name), { recursive: true })
    const log = await logOf()
    // As if this log had made it, and had forgotten.
    const { instanceId } = (await ec2.moto.live())[0]!
    await ec2.moto.client("us-east-1").createTags({ Resources: [instanceId], Tags: [{ Key: "skyd-log", Value: log }] })
    await ec2.moto.strict("POST", "faults", { action: "TerminateInstances", code: "RequestLimitExceeded", status: 503 })
    const ending = home.start("leaks", "--terminate", "-y", instanceId)
    await eventually(
      async () => (await home.json("events")).at(-1).event._tag,
      (tag) => tag === "LeakEndRequested"
    )
    kill(await home.daemonPid())
    await ec2.moto.strict("DELETE", "faults")
    // Who asked waits for the next daemon, which has ended it by itself, and says so.
    expect(await ending.ended).toMatchObject({ code: 0, err: expect.stringContaining("gone") })
    expect(await ec2.moto.live()).toEqual([])
    const facts: ReadonlyArray<{ readonly event: { readonly _tag: string } }> = await home.json("events")
    const told = facts.map(({ event }) => event._tag).filter((tag) => tag.startsWith("Leak"))
    expect(told).toEqual(["LeakEndRequested", "LeakEnded"])
  }, 120_000)
})
