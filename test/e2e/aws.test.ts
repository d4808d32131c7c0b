/** EC2, as moto has it, with real machines at the addresses of its instances: the same verbs as on local, from nothing there to nothing left. */
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { type StrictInstance, whyNoMoto } from "../tools/moto.ts"
import { use } from "./api.ts"
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

  it("down-02, resources-23, resources-25, resources-28: a gang is launched as its task says, with its workdir, runs, and is gone without a trace once it is down", async () => {
    const folder = join(home.path, "work")
    mkdirSync(folder)
    writeFileSync(join(folder, "data.txt"), "of the workdir\n")
    const task = `workdir: ${folder}\nnum_nodes: 2\nresources: {infra: aws/us-east-1, ports: 8080, labels: {team: red}, disk_size: 100, disk_tier: high, image_id: "skypilot:gpu-ubuntu-2004"}\nsetup: echo set up\nrun: |\n  cat data.txt\n  echo $(whoami) rank $SKYPILOT_NODE_RANK at $SKYPILOT_NODE_IPS\n`
    writeFileSync(join(folder, "task.yaml"), task)
    const launched = await home.sky("launch", "-y", "-c", "two", join(folder, "task.yaml"))
    expect(launched).toMatchObject({ code: 0 })
    const instances = await ec2.moto.live()
    expect(instances.map(({ instanceType }) => instanceType)).toEqual(["m6i.2xlarge", "m6i.2xlarge"])
    expect(instances[0]!.tags).toMatchObject({ Name: "two", team: "red", "skyd-cluster-name": "two", "skyd-ranks": "0-1" })
    const console = ec2.moto.client("us-east-1")
    const ofLog = { Filters: [{ Name: "tag-key", Values: ["skyd-log"] }] }
    expect((await console.describeVolumes(ofLog)).Volumes!.map(({ Size }) => Size)).toEqual([100, 100])
    const groups = (await console.describeSecurityGroups(ofLog)).SecurityGroups!
    expect(groups.flatMap(({ IpPermissions = [] }) => IpPermissions)).toContainEqual(
      expect.objectContaining({ FromPort: 8080, ToPort: 8080, IpProtocol: "tcp" })
    )
    // A tag of SkyPilot's is what is usual in the region now.
    const { params } = (await ec2.moto.calls("RunInstances")).find(({ status: answer }) => answer === 200)!
    const { Images = [] } = await console.describeImages({ ImageIds: [params["ImageId"]!] })
    expect(Images[0]?.Name).toContain("ubuntu-noble-24.04-amd64")
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
    const config = join(home.path, ".ssh/config")
    const said = execFileSync("ssh", ["-F", config, "two-worker1", "hostname"], { encoding: "utf8", env: home.env }).trim()
    expect(ec2.machines.map(({ hostname }) => hostname)).toContain(said)
    expect(await home.sky("down", "-y", "two")).toMatchObject({ code: 0 })
    expect(await ec2.moto.live()).toEqual([])
    expect((await ec2.moto.calls("RunInstances")).filter(({ status: answer }) => answer === 200)).toHaveLength(1)
    expect((await ec2.moto.calls("DeleteSecurityGroup")).filter(({ status: answer }) => answer === 200)).toHaveLength(1)
    expect((await console.describeVolumes(ofLog)).Volumes).toEqual([])
    expect((await console.describeSecurityGroups(ofLog)).SecurityGroups).toEqual([])
    expect((await console.describeKeyPairs({})).KeyPairs).toEqual([])
  }, 180_000)

  it("launch-40: the page's example runs, and its cluster is UP on AWS with V100:4", async () => {
    // Its credentials are those of the shell that starts the daemon.
    await home.sky("daemon", "start")
    const sky = use(home)
    const task = new sky.Task({ run: "echo hello SkyPilot" })
    task.setResources(new sky.Resources({ cloud: sky.AWS(), accelerators: "V100:4" }))
    const { jobId } = await sky.launch(task, { clusterName: "my-cluster" })
    expect(jobId).toBe(1)
    expect((await ec2.moto.live()).map(({ instanceType }) => instanceType)).toEqual(["p3.8xlarge"])
    // By the only one of NVIDIA's drivers that V100 has.
    expect((await ec2.moto.calls("RunInstances")).at(-1)!.params["ImageId"]).toBe("ami-0deeplearningproprietary2204")
    const [cluster] = await sky.status({ clusterNames: "my-cluster" })
    const { accelerators, cloud } = cluster!.handle!.launchedResources!
    expect([cluster!.status, String(cloud), accelerators]).toEqual(["UP", "AWS", { V100: 4 }])
    await sky.down("my-cluster")
    expect(await ec2.moto.live()).toEqual([])
  }, 180_000)

  it("stop-04: a cluster is stopped with its disk, started again with the same, and takes jobs", async () => {
    expect(await launch("one", "echo kept > ~/kept.txt")).toMatchObject({ code: 0 })
    const disks = async () => {
      const [{ instanceId }] = (await ec2.moto.live()) as [StrictInstance]
      const ofMachine = { Filters: [{ Name: "attachment.instance-id", Values: [instanceId] }] }
      return (await ec2.moto.client("us-east-1").describeVolumes(ofMachine)).Volumes!.map(({ VolumeId }) => VolumeId)
    }
    const before = await disks()
    expect(before).toHaveLength(1)
    expect(await home.sky("stop", "-y", "one")).toMatchObject({ code: 0 })
    expect((await ec2.moto.live()).map(({ state }) => state)).toEqual(["stopped"])
    expect((await status("one")).status).toBe("STOPPED")
    expect(await home.sky("start", "-y", "one")).toMatchObject({ code: 0 })
    expect(await disks()).toEqual(before)
    expect(await home.sky("exec", "one", "cat ~/kept.txt")).toMatchObject({ code: 0, out: expect.stringContaining("kept") })
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
    expect(await ec2.moto.live()).toEqual([])
  }, 180_000)

  it("launch-08: ports that a later launch asks for are opened, after a stop too, and told before; none is closed before the cluster is gone", async () => {
    const groups = async () => {
      const Filters = [{ Name: "tag-key", Values: ["skyd-cluster"] }]
      const { SecurityGroups = [] } = await ec2.moto.client("us-east-1").describeSecurityGroups({ Filters })
      return SecurityGroups.map(({ GroupId, IpPermissions = [] }) => ({
        id: GroupId!,
        open: IpPermissions.map(({ FromPort }) => FromPort).sort()
      }))
    }
    expect(await launch("one", "true")).toMatchObject({ code: 0 })
    expect(await groups()).toEqual([])
    const task = join(home.path, "task.yaml")
    writeFileSync(task, "resources: {ports: [8080, 8081], disk_size: 100, labels: {team: red}}\nrun: echo ran\n")
    const closed = await home.sky("exec", "one", task)
    expect(closed.err).toContain("The task does not fit one: requested ports 8080-8081, existing none.")
    const [opens, stays] = ["Opens ports 8080-8081 on one, to everybody.", "disk_size and labels are ignored: one is there already."]
    const dry = await home.sky("launch", "--dryrun", "-c", "one", task)
    for (const note of [opens, stays]) expect(dry.out).toContain(note)
    expect(await groups()).toEqual([])
    const opened = await home.sky("launch", "-y", "-c", "one", task)
    expect(opened).toMatchObject({ code: 0, out: expect.stringContaining("ran") })
    for (const note of [opens, stays]) expect(opened.err).toContain(note)
    expect(opened.err).toMatch(/Provisioned +ports 8080-8081 open/)
    const [group] = await groups()
    expect(group!.open).toEqual([8080])
    const [{ instanceId, region }] = (await ec2.moto.live()) as [StrictInstance]
    const { Reservations = [] } = await ec2.moto.client(region).describeInstances({ InstanceIds: [instanceId] })
    expect(Reservations[0]!.Instances![0]!.SecurityGroups!.map(({ GroupId }) => GroupId)).toContain(group!.id)
    expect(await home.sky("exec", "one", task)).toMatchObject({ code: 0 })
    expect(await home.sky("stop", "-y", "one")).toMatchObject({ code: 0 })
    expect(await launch("one", "--ports", "22", "true")).toMatchObject({ code: 0 })
    expect(await groups()).toEqual([{ id: group!.id, open: [22, 8080] }])
    expect((await status("one")).handle.launchedMachine.ports).toEqual(["22", "8080-8081"])
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
    expect([await ec2.moto.live(), await groups()]).toEqual([[], []])
  }, 180_000)

  it("where AWS may not be asked what there is, a launch says so while it waits, and so does a refresh, of what was known before", async () => {
    const fault = { action: "DescribeInstances", code: "UnauthorizedOperation", message: "You may not.", status: 403 }
    const why =
      "You may not (UnauthorizedOperation, DescribeInstances in us-east-1): allow them ec2:DescribeInstances; all that they may not: sky check aws"
    // Whether AWS can be used is asked before a place is.
    expect(await home.sky("check", "aws")).toMatchObject({ code: 0 })
    await ec2.moto.strict("POST", "faults", fault)
    const launching = home.start("launch", "-y", "-c", "one", "--infra", "aws/us-east-1", "-d", "true")
    await eventually(
      async () => (await home.json("status"))[0]?.reason as string | undefined,
      (reason) => reason?.includes(why) ?? false
    )
    // It is there, and no other place is asked as long as it is not seen.
    const [{ instanceId }] = (await ec2.moto.live()) as [StrictInstance]
    await launching.until(`${instanceId} is there, and cannot be seen: ${why}; trying again`)
    await ec2.moto.strict("DELETE", "faults")
    expect(await launching.ended).toMatchObject({ code: 0 })
    expect((await ec2.moto.live()).map((one) => one.instanceId)).toEqual([instanceId])
    await ec2.moto.strict("POST", "faults", fault)
    expect(await home.sky("status", "-r")).toMatchObject({ code: 0, err: expect.stringMatching(/^. Not seen now, .*: one: You may not/) })
    expect(await status("one")).toMatchObject({ status: "UP", reason: `as it was last seen: ${why}`, unseen: why })
    await ec2.moto.strict("DELETE", "faults")
    expect(await home.sky("status", "-r")).toMatchObject({ code: 0, err: "" })
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
  }, 120_000)

  it("with credentials that have expired an UP and a STOPPED cluster are told alike, and stop, start and down are exit 4 with the way to others", async () => {
    const { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret, ...rest } = ec2.moto.env
    home = new Home(rest)
    mkdirSync(join(home.path, ".aws"))
    const file = join(home.path, ".aws/credentials")
    const write = () => writeFileSync(file, `[default]\naws_access_key_id=${key}\naws_secret_access_key=${secret}\n`)
    write()
    for (const name of ["up", "off"]) expect(await launch(name, "-d", "true")).toMatchObject({ code: 0 })
    expect(await home.sky("stop", "-y", "off")).toMatchObject({ code: 0 })
    const reasonOf = async (...args: ReadonlyArray<string>) => (await home.json("status", ...args, "off"))[0].reason
    await ec2.moto.strict("POST", "faults", { action: "StartInstances", code: "RequestExpired", message: "Expired.", status: 400 })
    expect(await home.sky("start", "-y", "off")).toMatchObject({ code: 4 })
    expect(await reasonOf()).toMatch(/^it was not started .* ago: Expired/)
    await ec2.moto.strict("DELETE", "faults")
    expect([await reasonOf("-r"), await reasonOf()]).toEqual([null, null])
    const way = "run aws configure or aws sso login, or set AWS_PROFILE"
    const unseen = async (code: string) => {
      const rows: ReadonlyArray<{ readonly unseen?: string; readonly status: string }> = await home.json("status", "-r")
      expect(rows.map(({ status: word }) => word)).toEqual(["STOPPED", "UP"])
      for (const row of rows) expect(row.unseen).toMatch(new RegExp(`\\(${code}, DescribeInstances in us-east-1\\): ${way}`))
      const { err } = await home.sky("status", "-r")
      expect(err.replace(/\s+/g, " ")).toMatch(/Not seen now, and said as last seen: off, up: .*run aws configure or aws sso login/)
    }
    await ec2.moto.strict("POST", "faults", { action: "DescribeInstances", code: "RequestExpired", message: "Expired.", status: 400 })
    await unseen("RequestExpired")
    for (const args of [
      ["start", "-y", "off"],
      ["stop", "-y", "up"]
    ])
      expect(await home.sky(...args)).toMatchObject({ code: 4, err: expect.stringContaining(way) })
    await ec2.moto.strict("DELETE", "faults")
    rmSync(file)
    expect(await home.sky("down", "-y", "off")).toMatchObject({
      code: 4,
      err: expect.stringContaining(`CredentialsProviderError, DescribeInstances in us-east-1): ${way}`)
    })
    const { reason } = (await home.json("status", "up"))[0]
    expect(reason).toMatch(/^a stop was asked for, and waits: .*It is tried again by itself; to see that through: sky stop up$/)
    write()
    expect(await home.sky("down", "-y", "up")).toMatchObject({ code: 0 })
    // What was asked for before is tried again by itself.
    await eventually(
      () => ec2.moto.live(),
      (left) => left.length === 0
    )
  }, 120_000)

  it("a reply that is lost, and a daemon that is killed meanwhile, make no second instance", async () => {
    // What only asks for the right has its answer.
    expect(await home.sky("check", "aws")).toMatchObject({ code: 0 })
    await ec2.moto.strict("POST", "faults", { action: "RunInstances", afterEffect: true, drop: true, delaySeconds: 1, times: 1 })
    const launching = home.start("launch", "-y", "-c", "one", "--infra", "aws/us-east-1", "-d", "true")
    await eventually(async () => (await ec2.moto.live()).length > 0)
    kill(await home.daemonPid())
    expect(await launching.ended).toMatchObject({ code: 0 })
    expect(await ec2.moto.live()).toHaveLength(1)
    expect((await ec2.moto.calls("RunInstances")).length).toBeGreaterThan(1)
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
    expect(await ec2.moto.live()).toEqual([])
  }, 120_000)

  it("status-05, status-23, status-25: what is stopped, started or ended in the console is so after a look, and gone with its ports", async () => {
    expect(await launch("one", "--ports", "8080", "true")).toMatchObject({ code: 0 })
    expect(await home.sky("stop", "-y", "one")).toMatchObject({ code: 0 })
    const [{ instanceId, region }] = (await ec2.moto.live()) as [StrictInstance]
    const console = ec2.moto.client(region)
    await console.startInstances({ InstanceIds: [instanceId] })
    await eventually(
      async () => (await status("one")).status,
      (word) => word === "UP"
    )
    await console.stopInstances({ InstanceIds: [instanceId] })
    expect(await status("one")).toMatchObject({ status: "STOPPED", reason: expect.stringContaining("by a call to AWS") })
    await eventually(async () => (await ec2.moto.live())[0]!.state === "stopped")
    await console.startInstances({ InstanceIds: [instanceId] })
    await eventually(
      async () => (await status("one")).status,
      (word) => word === "UP"
    )
    const ran = await home.sky("exec", "one", "echo here")
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining("here") })
    await console.terminateInstances({ InstanceIds: [instanceId] })
    expect(await home.json("status", "-r")).toEqual([])
    const groups = await console.describeSecurityGroups({ Filters: [{ Name: "tag-key", Values: ["skyd-cluster"] }] })
    expect(groups.SecurityGroups).toEqual([])
    expect((await home.sky("why", "one")).out).toContain("by a call to AWS")
  }, 120_000)

  it("the disk of a stopped cluster is copied to a new one, in another region too, and nothing stays of what it was copied by", async () => {
    expect(await launch("one", "true")).toMatchObject({ code: 0 })
    const clone = (name: string, infra: string) =>
      home.sky("launch", "-y", "-c", name, "--infra", infra, "--clone-disk-from", "one", "echo copied")
    expect(await clone("two", "aws/us-east-1")).toMatchObject({ code: 6, err: expect.stringContaining("sky stop one") })
    expect(await home.sky("stop", "-y", "one")).toMatchObject({ code: 0 })
    expect(await clone("two", "aws/us-west-2")).toMatchObject({ code: 0, out: expect.stringContaining("copied") })
    const made = (await ec2.moto.calls("CopyImage")).find(({ status: answer }) => answer === 200)
    expect(made?.region).toBe("us-west-2")
    for (const region of ["us-east-1", "us-west-2"]) {
      const Filters = [{ Name: "tag-key", Values: ["skyd-log"] }]
      expect((await ec2.moto.client(region).describeImages({ Owners: ["self"], Filters })).Images).toEqual([])
      expect((await ec2.moto.client(region).describeSnapshots({ OwnerIds: ["self"], Filters })).Snapshots).toEqual([])
    }
    expect(await home.sky("down", "-y", "-a")).toMatchObject({ code: 0 })
    expect(await home.json("leaks")).toEqual([])
  }, 180_000)

  it("a disk that is copied to one region after another stays in none of them, nor with the cluster where it could not be removed before", async () => {
    const regions = ["us-east-1", "us-east-2", "us-west-2"]
    const copies = async (region: string) => {
      const Filters = [{ Name: "tag-key", Values: ["skyd-log"] }]
      const console = ec2.moto.client(region)
      const { Images = [] } = await console.describeImages({ Owners: ["self"], Filters })
      const { Snapshots = [] } = await console.describeSnapshots({ OwnerIds: ["self"], Filters })
      return [...Images.map(({ ImageId }) => ImageId), ...Snapshots.map(({ SnapshotId }) => SnapshotId)]
    }
    const counts = () => Promise.all(regions.map(async (region) => (await copies(region)).length))
    expect(await launch("one", "true")).toMatchObject({ code: 0 })
    expect(await home.sky("stop", "-y", "one")).toMatchObject({ code: 0 })
    const full = ["us-east-1", "us-east-2"].map((region) => ({
      action: "RunInstances",
      match: { region },
      code: "InsufficientInstanceCapacity"
    }))
    const clone = (name: string) => home.sky("launch", "-y", "-c", name, "--infra", "aws", "--clone-disk-from", "one", "true")
    await ec2.moto.strict("POST", "faults", full)
    expect(await clone("two")).toMatchObject({ code: 0 })
    const copied = (await ec2.moto.calls("CopyImage")).filter(({ status: answer }) => answer === 200)
    expect(copied.map(({ region }) => region)).toEqual(["us-east-2", "us-west-2"])
    expect(await counts()).toEqual([0, 0, 0])
    expect(await home.sky("down", "-y", "two")).toMatchObject({ code: 0 })
    const kept = { action: "DeregisterImage", match: { region: "us-east-2" }, code: "UnauthorizedOperation", status: 403 }
    await ec2.moto.strict("POST", "faults", [kept, ...full])
    expect(await clone("three")).toMatchObject({ code: 0 })
    expect(await counts()).toEqual([0, 2, 0])
    await ec2.moto.strict("DELETE", "faults")
    expect(await home.sky("down", "-y", "three")).toMatchObject({ code: 0 })
    expect(await counts()).toEqual([0, 0, 0])
    expect(await home.sky("down", "-y", "-a")).toMatchObject({ code: 0 })
  }, 240_000)

  it("resources-19, status-23: a spot machine is asked for as one, cannot be stopped, and is gone with its cluster when AWS takes it back", async () => {
    expect(await launch("cheap", "--use-spot", "-d", "sleep 1000")).toMatchObject({ code: 0 })
    const { params } = (await ec2.moto.calls("RunInstances")).find(({ status: answer }) => answer === 200)!
    expect(params["InstanceMarketOptions.MarketType"]).toBe("spot")
    const plan = (...flags: ReadonlyArray<string>) => home.sky("launch", "--dryrun", "--infra", "aws/us-east-1", ...flags, "true")
    const perHour = ({ out }: { readonly out: string }) => Number(/\$(\d+\.\d+) an hour/.exec(out)![1])
    expect(perHour(await plan("--use-spot"))).toBeLessThan(perHour(await plan()))
    const stopped = await home.sky("stop", "-y", "cheap")
    expect([stopped.code, stopped.err]).toEqual([2, expect.stringContaining("AWS ends a spot machine when it stops")])
    const [{ instanceId }] = (await ec2.moto.live()) as [StrictInstance]
    await ec2.moto.strict("POST", `instances/${instanceId}/interrupt`)
    // Nobody asks: that its agent is silent is enough to look.
    await eventually(
      async () => await home.json("status"),
      (rows) => rows.length === 0
    )
    expect((await home.sky("why", "cheap")).out).toContain("AWS took the spot machine back")
  }, 120_000)

  it("who follows a job on a spot machine that AWS takes back is told so, that the job failed with it, and what next", async () => {
    const launched = home.start("launch", "-y", "-c", "cheap", "--infra", "aws/us-east-1", "--use-spot", "echo; echo begun; sleep 1000")
    await launched.until("begun\n")
    const followed = home.start("logs", "cheap", "1")
    await followed.until("begun")
    const [{ instanceId }] = (await ec2.moto.live()) as [StrictInstance]
    await ec2.moto.strict("POST", `instances/${instanceId}/interrupt`)
    for (const { ended } of [launched, followed]) {
      const { code, err } = await ended
      expect([code, err]).toEqual([100, expect.stringMatching(/Job 1 of cheap is FAILED: .*AWS took the spot machine back/)])
      expect(err).toContain("cheap is gone. Launch it again: sky launch -y -c cheap --infra aws/us-east-1 --use-spot")
    }
    expect((await home.sky("why", "cheap")).out).toMatch(/job 1 FAILED: .*AWS took the spot machine back/)
  }, 120_000)

  it("a machine whose image was made of another cluster's belongs to its own", async () => {
    expect(await launch("first", "true")).toMatchObject({ code: 0 })
    const [first, second] = ec2.machines.map(({ address }) => ec2.homeAt(address)).sort((a) => (existsSync(join(a, ".skyd-node")) ? -1 : 1))
    mkdirSync(second!, { recursive: true })
    execFileSync("cp", ["-a", join(first!, ".skyd-node"), second!])
    expect(await launch("second", "echo its own")).toMatchObject({ code: 0, out: expect.stringContaining("its own") })
    expect(readdirSync(join(second!, ".skyd-node/nodes"))).toHaveLength(1)
    expect(await home.sky("exec", "first", "true")).toMatchObject({ code: 0 })
  }, 120_000)

  it("an error of AWS's is never the end of a cluster", async () => {
    expect(await launch("one", "true")).toMatchObject({ code: 0 })
    await ec2.moto.strict("POST", "faults", { action: "DescribeInstances", code: "UnauthorizedOperation" })
    expect((await status("one")).status).toBe("UP")
    await ec2.moto.strict("DELETE", "faults")
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
  }, 120_000)

  it("a machine that ends as it begins is told by AWS's reason, and takes its gang with it", async () => {
    const fault = { action: "RunInstances", stateReason: "Server.InsufficientInstanceCapacity" }
    await ec2.moto.strict("POST", "faults", fault)
    const launched = await home.sky("launch", "-y", "-c", "two", "--infra", "aws/us-east-1/us-east-1a", "--num-nodes", "2", "true")
    expect([launched.code, launched.err]).toEqual([7, expect.stringContaining("InsufficientInstanceCapacity")])
    expect(await ec2.moto.live()).toEqual([])
  }, 120_000)

  it("a gang that was stopped takes jobs of one node and of all, one right after the other, though its machines make their keys anew", async () => {
    const gang = (...args: ReadonlyArray<string>) => home.sky("launch", "-y", "-c", "two", ...args, "true")
    expect(await gang("--infra", "aws/us-east-1", "--num-nodes", "2")).toMatchObject({ code: 0 })
    expect(await home.sky("stop", "-y", "two")).toMatchObject({ code: 0 })
    expect(await gang()).toMatchObject({ code: 0 })
    expect(await gang("--num-nodes", "2")).toMatchObject({ code: 0 })
    expect(await home.sky("down", "-y", "two")).toMatchObject({ code: 0 })
  }, 180_000)

  it("throttled calls are made again, and what is not listed yet is waited for", async () => {
    await ec2.moto.strict("POST", "faults", [
      { action: "RunInstances", code: "RequestLimitExceeded", times: 2 },
      { action: "DescribeInstances", code: "RequestLimitExceeded", times: 1 }
    ])
    await ec2.moto.strict("PUT", "visibility", { seconds: 2, pendingSeconds: 1, stoppingSeconds: 1, shuttingDownSeconds: 1 })
    expect(await launch("one", "true")).toMatchObject({ code: 0 })
    expect(await home.sky("stop", "-y", "one")).toMatchObject({ code: 0 })
    expect(await home.sky("start", "-y", "one")).toMatchObject({ code: 0 })
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
    expect(await ec2.moto.live()).toEqual([])
    await ec2.give()
  }, 120_000)

  it("autostop-18: what the credentials may not do is named, and so is that they have expired", async () => {
    await ec2.moto.strict("POST", "faults", [
      { action: "RunInstances", code: "UnauthorizedOperation" },
      { action: "StopInstances", code: "UnauthorizedOperation" }
    ])
    const lacking = await home.sky("check", "aws")
    expect(lacking.out).toContain("its credentials may not ec2:RunInstances, ec2:StopInstances")
    expect((await launch("one", "true")).err).toContain("ec2:RunInstances")
    await ec2.moto.strict("DELETE", "faults")
    await eventually(async () => (await home.sky("check", "aws")).out.includes("aws: enabled"))
    expect(await launch("one", "true")).toMatchObject({ code: 0 })
    await home.sky("daemon", "stop")
    await ec2.moto.strict("POST", "faults", { action: "GetCallerIdentity", code: "ExpiredToken", status: 403 })
    expect((await home.sky("check", "aws")).out).toContain("ExpiredToken")
    const unsaid = await home.sky("autostop", "-y", "-i", "5", "one")
    expect([unsaid.code, unsaid.err]).toEqual([4, expect.stringMatching(/Who the credentials of AWS are cannot be told: .*ExpiredToken/)])
    await ec2.moto.strict("DELETE", "faults")
    await home.sky("daemon", "restart")
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
  }, 120_000)
})

describe.skipIf(whyNoMoto !== null || whyNoMachines !== null)("a cluster on EC2 that is idle", () => {
  let ec2: Ec2
  beforeAll(async () => {
    ec2 = await Ec2.start(2, { SKYD_AGENT_MINUTE_MS: "1000" })
  }, 360_000)
  afterAll(async () => {
    await ec2.end()
  })

  const status = async (home: Home, name: string) => (await home.json("status", name))[0]

  it.each([
    ["stops its machines by itself, while no daemon runs", [], "stopped"],
    ["ends its machines for good, and nothing stays to be paid for", ["--down"], "terminated"]
  ] as const)(
    "%s",
    async (_, flags, state) => {
      const home = new Home(ec2.moto.env)
      const args = ["launch", "-y", "-c", "two", "--num-nodes", "2", "--infra", "aws/us-east-1", "-i", "3", ...flags, "true"]
      expect(await home.sky(...args)).toMatchObject({ code: 0 })
      const own = (await ec2.moto.live()).map(({ instanceId }) => instanceId)
      expect(own).toHaveLength(2)
      if (state === "stopped") await home.sky("daemon", "stop")
      const isOver = async () =>
        (await ec2.moto.instances()).filter((one) => own.includes(one.instanceId)).every((one) => one.state === state)
      await eventually(isOver)
      const rows = await eventually(
        async () => await home.json("status", "-r"),
        (found) => (state === "stopped" ? found[0]?.status === "STOPPED" : found.length === 0)
      )
      const told = (await ec2.moto.calls("ModifyInstanceAttribute")).slice(-2).map(({ params }) => JSON.stringify(params))
      for (const one of told) expect(one).toContain(state === "stopped" ? '"stop"' : '"terminate"')
      if (state === "stopped") {
        expect(rows[0].reason).toMatch(/idle|by itself/)
        expect(await home.sky("start", "-y", "two")).toMatchObject({ code: 0 })
        // It is in the node's own journal, which is read now.
        const told: ReadonlyArray<{ readonly event: { readonly _tag: string; readonly past?: boolean } }> = await eventually(
          async () => await home.json("events", "two"),
          (events) => events.some(({ event }: { readonly event: { readonly _tag: string } }) => event._tag === "AutostopFired")
        )
        expect(told.find(({ event }) => event._tag === "AutostopFired")!.event.past).toBe(true)
        expect(told.map(({ event }) => event._tag)).not.toContain("JournalGap")
        expect((await status(home, "two")).status).toBe("UP")
      }
      expect(await home.sky("down", "-y", "-a")).toMatchObject({ code: 0 })
      expect(await ec2.moto.live()).toEqual([])
    },
    120_000
  )
})
