/** What EC2 is told of a machine: the same for the same request, however often, and all that a task asked for. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { openCatalogs } from "../../../daemon/catalog/Catalogs.ts"
import { rootDisk } from "../../../daemon/clouds/aws/disk.ts"
import { familyFor, newestOf } from "../../../daemon/clouds/aws/images.ts"
import { clientToken, launchInput, type Parts, userDataMaxBytes } from "../../../daemon/clouds/aws/launch-input.ts"
import { chooseSubnet, type NetworkOf } from "../../../daemon/clouds/aws/subnets.ts"
import { labelOf } from "../../../daemon/clouds/aws/tags.ts"
import { CloudError } from "../../../daemon/clouds/Cloud.ts"
import { hostKeyFor, keyOfSeed, ourKey } from "../../../daemon/over-ssh/our-keys.ts"
import { ranksOf, ranksText } from "../../../daemon/rented/ranks.ts"
import { userData } from "../../../daemon/rented/user-data.ts"
import { ClusterId, ClusterName, NodeToken } from "../../../events/ids.ts"
import { root } from "../../arch/sources.ts"

const tempFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), "skyd-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}
const publicOf = (file: string) =>
  execFileSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" }).trim().split(" ").slice(0, 2).join(" ")

const token = NodeToken.make("01HZZZZZZZZZZZZZZZZZZZZZZZ")
const login = keyOfSeed(Buffer.alloc(32, 1), "user")
const offer = {
  cloud: "aws",
  region: "us-east-1",
  zone: "us-east-1a",
  instanceType: "p3.2xlarge",
  cpus: 8,
  memoryGib: 61,
  accelerators: { name: "V100", count: 1 },
  useSpot: false,
  usdPerHour: 3,
  catalog: null
}
const parts = (changes: Partial<Parts["request"]> = {}): Parts => ({
  request: {
    tags: { log: "l", cluster: ClusterId.make("01HZZZZZZZZZZZZZZZZZZZZZZC"), clusterName: ClusterName.make("train") },
    token,
    ranks: [0, 1, 2, 3],
    offer,
    ...changes
  },
  root: { imageId: "ami-1", device: "/dev/xvda", gib: 30 },
  subnet: { vpcId: "vpc-1", subnetId: "subnet-1" },
  groups: ["sg-1"],
  ownGroup: null,
  folder: "f",
  userData: userData(login, hostKeyFor(login, token)),
  tags: { team: "blue", Name: "by-config" },
  useInternalIps: false
})
const input = (changes: Partial<Parts["request"]> = {}) => {
  const made = launchInput(parts(changes))
  if (made instanceof CloudError) throw made
  return made
}
const tagsIn = ({ TagSpecifications }: ReturnType<typeof input>) =>
  Object.fromEntries(TagSpecifications[0]!.Tags!.map(({ Key, Value }) => [Key, Value]))

describe("a request for machines", () => {
  it("is the same whenever it is made again, and another one for other ranks", () => {
    expect(input()).toEqual(input())
    expect(clientToken(token, [0, 1])).not.toBe(clientToken(token, [0, 2]))
    expect(clientToken(token, [0, 1]).length).toBeLessThanOrEqual(64)
  })
  it("asks for all of them or none, in one zone, with addresses, and tags their disks", () => {
    const made = input()
    expect(made).toMatchObject({ MinCount: 4, MaxCount: 4, Placement: { AvailabilityZone: "us-east-1a" }, ImageId: "ami-1" })
    expect(made.NetworkInterfaces).toMatchObject([{ SubnetId: "subnet-1", Groups: ["sg-1"], AssociatePublicIpAddress: true }])
    expect(made.TagSpecifications.map(({ ResourceType }) => ResourceType)).toEqual(["instance", "volume"])
    expect(made.InstanceInitiatedShutdownBehavior).toBe("stop")
  })
  it("carries the task's labels and the user's tags, and ours", () => {
    expect(tagsIn(input({ machine: { labels: { owner: "ann" } } }))).toMatchObject({
      owner: "ann",
      team: "blue",
      Name: "by-config",
      "skyd-log": "l"
    })
  })
  it("is refused with a tag that passes for one of ours, whoever set it, and says of all of ours what they are", () => {
    for (const key of ["skyd-log", "skyd-group", "Skyd-New"])
      for (const made of [launchInput(parts({ machine: { labels: { [key]: "x" } } })), launchInput({ ...parts(), tags: { [key]: "x" } })])
        expect(made).toMatchObject({ kind: "Refused", scope: "everywhere", message: expect.stringContaining(`'${key}'`) })
    const plain = tagsIn(input({ offer: { ...offer, accelerators: null } }))
    expect(plain).toMatchObject({ "skyd-group": "", "skyd-accelerators": "" })
    const Tags = Object.entries(plain).map(([Key, Value]) => ({ Key, Value: `${Value}` }))
    expect(labelOf({ AmiLaunchIndex: 0, Tags })).toMatchObject({ group: null, accelerators: null })
  })
  it("is refused with more tags than a machine may have, those of the task and of the user together", () => {
    const some = (name: string) => Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`${name}${i}`, "v"]))
    expect(launchInput({ ...parts({ machine: { labels: some("a") } }), tags: some("b") })).toMatchObject({
      kind: "Refused",
      scope: "everywhere",
      message: "AWS takes 40 tags beside those of skyd, and not 42"
    })
  })
  it("tells each machine's rank by its place in the launch", () => {
    const Tags = input({ ranks: [2, 5] }).TagSpecifications[0]!.Tags
    expect([0, 1].map((AmiLaunchIndex) => labelOf({ AmiLaunchIndex, Tags })?.node)).toEqual([`${token}-2`, `${token}-5`])
    expect(labelOf({ AmiLaunchIndex: 0, Tags })).toMatchObject({ tags: { clusterName: "train" }, accelerators: { name: "V100", count: 1 } })
    expect(labelOf({ AmiLaunchIndex: 0, Tags: [{ Key: "Name", Value: "x" }] })).toBeNull()
  })
  it("resources-19: of a spot machine ends with it, and of no other", () => {
    const made = input({ offer: { ...offer, useSpot: true } })
    expect(made.InstanceMarketOptions).toMatchObject({ MarketType: "spot", SpotOptions: { SpotInstanceType: "one-time" } })
    expect(made.InstanceInitiatedShutdownBehavior).toBe("terminate")
    expect(input().InstanceMarketOptions).toBeUndefined()
  })
  it("resources-25: has a disk of 256 GiB, or what is asked, which is refused where its image needs more", () => {
    const disk = (machine: { diskGib?: number; diskTier?: string }) => input({ machine }).BlockDeviceMappings[0]
    expect(disk({})).toMatchObject({ DeviceName: "/dev/xvda", Ebs: { VolumeSize: 256, VolumeType: "gp3", Iops: 3500, Throughput: 218 } })
    expect(disk({ diskGib: 30, diskTier: "high" })?.Ebs).toMatchObject({ VolumeSize: 30, Iops: 7000, Throughput: 437 })
    expect(launchInput(parts({ machine: { diskGib: 29 } }))).toMatchObject({
      scope: "everywhere",
      message: "the image ami-1 needs 30 GiB, disk_size is 29"
    })
    // Of the one that nobody has asked for.
    expect(launchInput({ ...parts(), root: { imageId: "ami-1", device: "/dev/xvda", gib: 500 } })).toMatchObject({
      BlockDeviceMappings: [{ Ebs: { VolumeSize: 500 } }]
    })
  })
  it("is refused where a tag cannot hold its ranks, or EC2 its user data", () => {
    const scattered = Array.from({ length: 200 }, (_, i) => i * 2)
    expect(launchInput(parts({ ranks: scattered }))).toMatchObject({ scope: "everywhere" })
    expect(launchInput({ ...parts(), userData: "x".repeat(userDataMaxBytes + 1) })).toMatchObject({ code: "InvalidUserData.Malformed" })
  })
})

describe("ranks as a tag", () => {
  it.each([[[0]], [[0, 1, 2]], [[0, 2, 3, 9]], [[7]]])("%j come back", (ranks) => {
    expect(ranksOf(ranksText(ranks))).toEqual(ranks)
  })
  it.each(["", "x", "0-4000000000", "5000000", "1024", "0-1023,0", "2-1", "-1", "0-", "1e3", "0-1-2"])(
    "'%s' is none that we have written",
    (text) => {
      expect(ranksOf(text)).toBeNull()
    }
  )
  it("go as far as a cluster does", () => {
    expect(ranksOf("0-1023")).toHaveLength(1024)
  })
})

describe("the root disk", () => {
  it("is what SkyPilot's tiers are", () => {
    expect(rootDisk("low", 100)).toMatchObject({ VolumeType: "standard", VolumeSize: 100, DeleteOnTermination: true })
    expect(rootDisk("best", 100)).toEqual(rootDisk("high", 100))
    // What EC2 has of the old kind ends there, and starts nothing from others that are as slow.
    expect(rootDisk("low", 2000)).toMatchObject({ VolumeType: "gp3" })
    expect(rootDisk("high", 8)).toMatchObject({ Iops: 4000 })
  })
})

describe("user data", () => {
  it("is YAML that lets our key in, brings the host's own, and fits", () => {
    const text = userData(login, hostKeyFor(login, token))
    const config = JSON.parse(text.slice(text.indexOf("\n")))
    expect(text.startsWith("#cloud-config\n")).toBe(true)
    expect(config.users).toMatchObject([{ name: "ubuntu", sudo: "ALL=(ALL) NOPASSWD:ALL", ssh_authorized_keys: [login.public] }])
    expect(config.ssh_keys.ed25519_public).toBe(hostKeyFor(login, token).public)
    expect(Buffer.byteLength(text)).toBeLessThan(userDataMaxBytes / 4)
  })
})

describe("keys of ours", () => {
  it("are keys to OpenSSH, and the same for the same request", () => {
    const folder = tempFolder()
    const host = hostKeyFor(login, token)
    writeFileSync(join(folder, "key"), host.private, { mode: 0o600 })
    expect(publicOf(join(folder, "key"))).toBe(host.public)
    expect(hostKeyFor(login, token)).toEqual(host)
    expect(hostKeyFor(login, "another").public).not.toBe(host.public)
  })
  it("lie in the state folder for their user alone; two that make one at a time have the same", async () => {
    const folder = tempFolder()
    const [a, b] = await Promise.all([ourKey(folder), ourKey(folder)])
    expect(a).toEqual(b)
    expect(await ourKey(folder)).toEqual(a)
    expect(publicOf(a.file)).toBe(a.public)
  })
})

describe("an image", () => {
  const images = [
    { ImageId: "old", Name: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260101", CreationDate: "2026-01-01" },
    { ImageId: "new", Name: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260301", CreationDate: "2026-03-01" },
    { ImageId: "jammy", Name: "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20260901", CreationDate: "2026-09-01" }
  ]
  it("is the newest of the first name that there is", () => {
    const cpu = familyFor({ accelerators: null }, "x86_64")!
    expect(newestOf(images, cpu)?.ImageId).toBe("new")
    expect(newestOf(images.slice(2), cpu)?.ImageId).toBe("jammy")
    expect(newestOf([], cpu)).toBeUndefined()
  })
  it("has NVIDIA's driver for GPUs, Neuron's for Trainium, and is ARM's where the processor is", () => {
    const first = (name: string, arch: "arm64" | "x86_64" = "x86_64") => familyFor({ accelerators: { name, count: 1 } }, arch)?.names[0]
    expect(first("H100")).toMatch(/Base OSS Nvidia Driver GPU AMI \(Ubuntu 24.04\)/)
    expect(first("T4g", "arm64")).toContain("ARM64 Base OSS")
    expect(first("Trainium")).toContain("Neuron")
    expect(familyFor({ accelerators: null }, "arm64")?.names[0]).toContain("arm64")
  })
  it("has a driver for each accelerator of the list, or there is none and that is known", () => {
    const { acceleratorNames } = openCatalogs(join(root, "daemon/catalog"), join(root, "none")).of("aws")!
    const byDriver = Map.groupBy(acceleratorNames, (name) => {
      const names = familyFor({ accelerators: { name, count: 1 } }, "x86_64")?.names[0] ?? "none"
      return /OSS|Proprietary|Neuron|none/.exec(names)![0]
    })
    // NVIDIA's open driver begins with Turing, and its last one for older chips ends before Maxwell.
    expect(byDriver.get("Proprietary")).toEqual(["M60", "V100", "V100-32GB"])
    expect(byDriver.get("Neuron")).toEqual(["Inferentia", "Inferentia2", "Trainium"])
    const other = ["Gaudi HL-205", "K80", "Qualcomm AI100", "Radeon Pro V520", "Virtex UltraScale (VU9P)", "Virtex UltraScale+ (VU47P)"]
    expect(byDriver.get("none")).toEqual(other)
    expect(byDriver.get("OSS")).toEqual(acceleratorNames.filter((name) => /^([ABHL]\d|T4|RTX)/.test(name)))
  })
})

describe("a subnet", () => {
  const subnet = (id: string, zone: string, more = {}) => ({
    SubnetId: id,
    VpcId: "vpc-d",
    AvailabilityZone: zone,
    State: "available" as const,
    AvailableIpAddressCount: 100,
    ...more
  })
  const internet = { VpcId: "vpc-d", Associations: [{ Main: true }], Routes: [{ GatewayId: "igw-1" }] }
  const network: NetworkOf = {
    vpcs: [
      { VpcId: "vpc-d", IsDefault: true },
      { VpcId: "vpc-x", Tags: [{ Key: "Name", Value: "lab" }] }
    ],
    subnets: [
      subnet("s-b", "z1"),
      subnet("s-a", "z1", { AvailableIpAddressCount: 1 }),
      subnet("s-private", "z1"),
      subnet("s-x", "z2", { VpcId: "vpc-x", MapPublicIpOnLaunch: true })
    ],
    routeTables: [internet, { VpcId: "vpc-d", Associations: [{ SubnetId: "s-private" }], Routes: [{ NatGatewayId: "nat-1" }] }]
  }
  const plain = { vpcName: null, useInternalIps: false, securityGroupName: null, labels: {}, sshProxyCommand: null }
  const at = (zone: string, count = 1) => ({ count, region: "r", zone })
  it("is one of the default VPC with a way to the internet and room for all, always the same", () => {
    expect(chooseSubnet(network, plain, at("z1"))).toEqual({ vpcId: "vpc-d", subnetId: "s-a" })
    expect(chooseSubnet(network, plain, at("z1", 8))).toEqual({ vpcId: "vpc-d", subnetId: "s-b" })
    expect(chooseSubnet(network, plain, at("z1", 500))).toMatchObject({ code: "InsufficientFreeAddressesInSubnet", scope: "zone" })
  })
  it("is a private one where the user wants no public addresses", () => {
    expect(chooseSubnet(network, { ...plain, useInternalIps: true }, at("z1"))).toMatchObject({ subnetId: "s-private" })
  })
  it("is of the VPC that config.yaml names, which there must be", () => {
    expect(chooseSubnet(network, { ...plain, vpcName: "lab" }, at("z2"))).toMatchObject({ subnetId: "s-x" })
    expect(chooseSubnet(network, { ...plain, vpcName: "none" }, at("z2"))).toMatchObject({ kind: "Refused", scope: "region" })
  })
  it("that a zone has none of keeps nobody from the other zones", () => {
    expect(chooseSubnet(network, plain, at("z9"))).toMatchObject({ kind: "Refused", scope: "zone" })
    expect(chooseSubnet({ ...network, vpcs: [] }, plain, at("z1"))).toMatchObject({ code: "VPCIdNotSpecified", scope: "region" })
  })
})
