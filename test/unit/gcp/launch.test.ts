/** What Compute Engine is told of a machine: the same for the same request, however often, and all that a task asked for. */
import { describe, expect, it } from "vitest"
import { gcpLabelProblem } from "../../../daemon/catalog/labels.ts"
import { CloudError } from "../../../daemon/clouds/Cloud.ts"
import type { BulkInsert } from "../../../daemon/clouds/gcp/api.ts"
import { diskType } from "../../../daemon/clouds/gcp/disk.ts"
import { familyFor } from "../../../daemon/clouds/gcp/images.ts"
import { bulkBody, instanceBody, type Parts, requestId } from "../../../daemon/clouds/gcp/instance-body.ts"
import { instanceName, labelOf, portsName } from "../../../daemon/clouds/gcp/names.ts"
import { metricsOf } from "../../../daemon/clouds/gcp/quotas.ts"
import { ClusterId, ClusterName, NodeToken } from "../../../events/ids.ts"

const token = NodeToken.make("01HZZZZZZZZZZZZZZZABCDEFGH")
const cluster = ClusterId.make("01HZZZZZZZZZZZZZZZZZZZZZZC")
const offer = {
  cloud: "gcp",
  region: "us-central1",
  zone: "us-central1-a",
  instanceType: "n1-standard-8",
  cpus: 8,
  memoryGib: 30,
  accelerators: { name: "T4", count: 2 },
  useSpot: false,
  usdPerHour: 1,
  catalog: null
}
const parts = (changes: Partial<Parts["request"]> = {}, more: Partial<Parts> = {}): Parts => ({
  request: {
    tags: { log: "01HZZZZZZZZZZZZZZZZZZZZZZL", cluster, clusterName: ClusterName.make("Train_1") },
    token,
    ranks: [0, 3],
    offer,
    ...changes
  },
  project: "lab-1",
  root: { link: "projects/ubuntu-os-cloud/global/images/ubuntu-1", kind: "image", gib: 10 },
  place: { network: "default", subnetwork: "default" },
  portsTag: null,
  folder: "01HZZZZZZZZZZZZZZZZZZZZZZF",
  sshKeys: "ubuntu:ssh-ed25519 AAAA",
  userData: "#cloud-config\n{}",
  labels: { team: "blue" },
  useInternalIps: false,
  serviceAccount: null,
  ...more
})
const body = (changes: Partial<Parts["request"]> = {}, more: Partial<Parts> = {}): BulkInsert => {
  const made = bulkBody(parts(changes, more), [0, 3])
  if (made instanceof CloudError) throw made
  return made
}
const cpu = { ...offer, accelerators: null, instanceType: "n2-standard-8" }
const metadataIn = ({ instanceProperties }: BulkInsert) =>
  Object.fromEntries(instanceProperties!.metadata!.items!.map(({ key, value }) => [key, value]))

describe("a request for machines", () => {
  it("carries a service account only where machines are to end themselves, with the right to Compute Engine and nothing else", () => {
    expect(body().instanceProperties!.serviceAccounts).toBeUndefined()
    expect(body({}, { serviceAccount: "node@lab-1.iam.gserviceaccount.com" }).instanceProperties!.serviceAccounts).toEqual([
      { email: "node@lab-1.iam.gserviceaccount.com", scopes: ["https://www.googleapis.com/auth/compute"] }
    ])
  })
  it("has the same id and names whenever it is made again, and others for other ranks", () => {
    expect(body()).toEqual(body())
    expect(requestId(token, [0, 3])).toBe(requestId(token, [0, 3]))
    expect(requestId(token, [0, 3])).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(new Set([requestId(token, [0, 3]), requestId(token, [0, 1]), requestId(token, [0, 3], 1)]).size).toBe(3)
  })
  it("asks for all of them or none, by names that only they can have", () => {
    expect(body()).toMatchObject({ count: 2, minCount: 2 })
    expect(Object.keys(body().perInstanceProperties!)).toEqual(["train-1-zzabcdefgh-0", "train-1-zzabcdefgh-3"])
  })
  it("names a type, a card and a disk by their names, and the rest by where it is", () => {
    expect(body().instanceProperties).toMatchObject({
      machineType: "n1-standard-8",
      guestAccelerators: [{ acceleratorType: "nvidia-tesla-t4", acceleratorCount: 2 }],
      scheduling: { onHostMaintenance: "TERMINATE" },
      networkInterfaces: [
        { subnetwork: "projects/lab-1/regions/us-central1/subnetworks/default", accessConfigs: [{ type: "ONE_TO_ONE_NAT" }] }
      ]
    })
    expect(metadataIn(body())).toMatchObject({ "install-nvidia-driver": "True", "skyd-accelerators": "T4:2" })
  })
  it("asks for no card that comes with its machine, and is refused where one would be missing", () => {
    const a100 = { ...offer, instanceType: "a2-highgpu-1g", accelerators: { name: "A100", count: 1 } }
    expect(body({ offer: a100 }).instanceProperties).not.toHaveProperty("guestAccelerators")
    expect(body({ offer: a100 }).instanceProperties).toMatchObject({ scheduling: { onHostMaintenance: "TERMINATE" } })
    expect(bulkBody(parts({ offer: { ...offer, accelerators: { name: "M9", count: 1 } } }), [0])).toMatchObject({ kind: "Refused" })
  })
  it("lets in our key alone, and whose it is stands on it and on its disk", () => {
    expect(metadataIn(body())).toMatchObject({
      "enable-oslogin": "FALSE",
      "block-project-ssh-keys": "TRUE",
      "ssh-keys": "ubuntu:ssh-ed25519 AAAA"
    })
    const { disks, labels } = body({ machine: { labels: { owner: "ann" } } }).instanceProperties!
    expect(labels).toMatchObject({ team: "blue", owner: "ann", "skyd-log": "01hzzzzzzzzzzzzzzzzzzzzzzl", "skyd-ends": "stop" })
    expect(disks![0]).toMatchObject({ autoDelete: true, initializeParams: { labels } })
  })
  it("of a spot machine is taken back for good, and does not begin again by itself", () => {
    expect(body({ offer: { ...cpu, useSpot: true } }).instanceProperties!.scheduling).toEqual({
      provisioningModel: "SPOT",
      instanceTerminationAction: "DELETE",
      onHostMaintenance: "TERMINATE",
      automaticRestart: false
    })
    expect(body({ offer: cpu }).instanceProperties).not.toHaveProperty("scheduling")
  })
  it("of a machine that cannot be moved while it runs is begun again where its host is mended", () => {
    for (const instanceType of ["h3-standard-88", "c3-standard-192-metal"])
      expect(body({ offer: { ...cpu, instanceType } }).instanceProperties!.scheduling).toMatchObject({ onHostMaintenance: "TERMINATE" })
  })
  it("has a disk of 256 GiB, or what is asked", () => {
    const disk = (machine: { diskGib?: number; diskTier?: string }) =>
      body({ machine, offer: cpu }).instanceProperties!.disks![0]!.initializeParams
    expect(disk({})).toMatchObject({ diskSizeGb: "256", diskType: "pd-balanced" })
    expect(disk({ diskGib: 50, diskTier: "high" })).toMatchObject({ diskSizeGb: "50", diskType: "pd-ssd" })
  })
  it("has no address outside where the user wants none, and a tag where it opens ports", () => {
    const { networkInterfaces, tags } = body({}, { useInternalIps: true, portsTag: portsName(cluster) }).instanceProperties!
    expect(networkInterfaces![0]).not.toHaveProperty("accessConfigs")
    expect(tags).toEqual({ items: ["skyd-ports-01hzzzzzzzzzzzzzzzzzzzzzzc"] })
  })
  it("from a machine that was kept is made one by one, with the disks of that", () => {
    const root = { link: "projects/lab-1/global/machineImages/kept", kind: "machine" as const, gib: 0 }
    const made = instanceBody(parts({}, { root }), 3)
    expect(made).toMatchObject({
      name: "train-1-zzabcdefgh-3",
      sourceMachineImage: root.link,
      machineType: "zones/us-central1-a/machineTypes/n1-standard-8",
      guestAccelerators: [{ acceleratorType: "zones/us-central1-a/acceleratorTypes/nvidia-tesla-t4" }]
    })
    expect(made).not.toHaveProperty("disks")
    for (const machine of [{ diskGib: 2000 }, { diskTier: "high" }])
      expect(instanceBody(parts({ machine }, { root }), 3)).toMatchObject({ kind: "Refused", scope: "everywhere" })
  })
})

describe("an instance", () => {
  const { instanceProperties } = body()
  const instance = { name: "train-1-zzabcdefgh-3", labels: instanceProperties!.labels!, metadata: instanceProperties!.metadata! }
  it("tells whose it is and which rank it has, ids and names as they were", () => {
    expect(labelOf(instance)).toEqual({
      tags: { log: "01HZZZZZZZZZZZZZZZZZZZZZZL", cluster, clusterName: "Train_1" },
      folder: "01HZZZZZZZZZZZZZZZZZZZZZZF",
      token,
      rank: 3,
      node: `${token}-3`,
      accelerators: { name: "T4", count: 2 },
      endsItself: false
    })
    expect(labelOf({ ...instance, labels: { ...instance.labels, "skyd-ends": "down" } })).toMatchObject({ endsItself: true })
  })
  it("of somebody else is nobody's", () => {
    expect(labelOf({ name: "web-1", labels: { team: "blue" } })).toBeNull()
  })
  it.each([
    ["train", "train-zzabcdefgh-0"],
    ["Big_One.v2", "big-one-v2-zzabcdefgh-0"],
    [`a${"b".repeat(80)}`, `a${"b".repeat(35)}-zzabcdefgh-0`],
    ["9-lives", "lives-zzabcdefgh-0"]
  ])("of the cluster %s is called %s", (name, called) => {
    expect(instanceName(name, token, 0)).toBe(called)
    expect(instanceName(name, token, 9999).length).toBeLessThanOrEqual(63)
  })
})

describe("labels", () => {
  it("are what GCP takes, or a sentence", () => {
    expect(gcpLabelProblem({ team: "red-1", größe: "l_1", empty: "" })).toBeUndefined()
    expect(gcpLabelProblem({ Team: "red" })).toContain("'Team: red'")
    expect(gcpLabelProblem({ team: "a b" })).toContain("'team: a b'")
    expect(gcpLabelProblem({ team: "a".repeat(64) })).toContain("at most 63")
  })
  it("of ours are nobody else's, and as many as there may be are left for them", () => {
    expect(gcpLabelProblem({ "skyd-ends": "down" })).toBe("GCP gets no label 'skyd-ends' of yours: what begins with skyd- is skyd's own")
    const some = (count: number, name = "l") => Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}${i}`, "v"]))
    expect(gcpLabelProblem(some(59))).toBeUndefined()
    expect(gcpLabelProblem(some(60))).toBe("GCP takes 59 labels beside those of skyd, and not 60")
    const labels = some(59)
    const most = bulkBody({ ...parts(), labels }, [0])
    expect(Object.keys((most as ReturnType<typeof body>).instanceProperties!.labels!)).toHaveLength(64)
    for (const machine of [{ labels: { one: "more" } }, { labels: { "skyd-ends": "down" } }])
      expect(bulkBody({ ...parts({ machine }), labels }, [0])).toMatchObject({ kind: "Refused", scope: "cloud" })
  })
  it("that GCP does not take are a refusal of GCP's, for another cloud may take them", () => {
    expect(bulkBody(parts({ machine: { labels: { Team: "Blue" } } }), [0])).toMatchObject({ kind: "Refused", scope: "cloud" })
  })
})

describe("the boot disk", () => {
  const root = { link: "projects/p/global/images/large", kind: "image", gib: 50 } as const
  const sizeOf = (machine: object, more = root) =>
    body({ machine }, { root: more }).instanceProperties!.disks![0]!.initializeParams!.diskSizeGb
  it("is as large as was asked, and never larger without a word: an image that does not fit on it refuses it", () => {
    expect(bulkBody(parts({ machine: { diskGib: 49 } }, { root }), [0])).toMatchObject({
      kind: "Refused",
      code: "DISK_SMALLER_THAN_IMAGE",
      message: "the image projects/p/global/images/large needs 50 GiB, disk_size is 49"
    })
    expect(sizeOf({ diskGib: 50 })).toBe("50")
    expect(sizeOf({})).toBe("256")
    expect(sizeOf({}, { ...root, gib: 300 } as never)).toBe("300")
  })
  it.each([
    ["low", "n2-standard-8", "pd-standard"],
    [undefined, "n2-standard-8", "pd-balanced"],
    ["high", "n1-standard-8", "pd-ssd"],
    ["best", "n2-standard-8", "pd-ssd"],
    ["low", "g2-standard-4", "pd-balanced"],
    ["low", "a3-highgpu-8g", "pd-balanced"],
    ["low", "a2-highgpu-1g", "pd-standard"],
    ["high", "a3-ultragpu-8g", "hyperdisk-balanced"],
    ["low", "n4-standard-8", "hyperdisk-balanced"],
    [undefined, "c4-standard-8", "hyperdisk-balanced"],
    [undefined, "a4-highgpu-8g", "hyperdisk-balanced"]
  ] as const)("of the tier %s on %s is %s", (tier, type, disk) => {
    expect(diskType(tier, type)).toBe(disk)
  })
})

describe("an image", () => {
  it("is Ubuntu, ARM's where the processor is, and NVIDIA's where there are GPUs", () => {
    expect(familyFor({ accelerators: null }, "x86_64").names[0]).toBe("ubuntu-2404-lts-amd64")
    expect(familyFor({ accelerators: null }, "arm64").names[0]).toBe("ubuntu-2404-lts-arm64")
    expect(familyFor(offer, "x86_64").project).toBe("deeplearning-platform-release")
  })
})

it.each([
  ["n2-standard-8", null, false, "N2_CPUS"],
  ["e2-standard-8", null, false, "CPUS"],
  ["n1-standard-8", null, false, "CPUS"],
  ["n2-standard-8", null, true, "PREEMPTIBLE_CPUS N2_CPUS"],
  ["n1-standard-8", "T4", false, "NVIDIA_T4_GPUS"],
  ["n1-standard-8", "T4", true, "PREEMPTIBLE_NVIDIA_T4_GPUS NVIDIA_T4_GPUS"],
  ["a2-ultragpu-1g", "A100-80GB", false, "NVIDIA_A100_80GB_GPUS"]
] as const)("%s with %s (spot: %s) counts for %s", (instanceType, name, useSpot, metric) => {
  expect(metricsOf({ instanceType, accelerators: name === null ? null : { name, count: 1 }, useSpot }).join(" ")).toBe(metric)
})
