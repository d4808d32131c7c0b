/** `sky.Resources`: the contract's value, over that of task/. */
import { describe, expect, it } from "vitest"
import { refused, sky } from "./sdk.ts"

const { ValueError } = sky.exceptions
const { Resources } = sky
// biome-ignore lint/suspicious/noExplicitAny: what the types refuse, as JavaScript may give it
const any = (value: unknown): any => value

describe("Resources", () => {
  it("resources-01, api-04: all fields are optional, null and absent are the same", () => {
    const empty = new Resources()
    const { diskSize, useSpot, ...rest } = empty
    expect(Object.values(rest).every((value) => value === null)).toBe(true)
    expect([useSpot, diskSize]).toEqual([false, 256])
    expect(empty.isEmpty()).toBe(true)
    const names =
      "cloud instanceType cpus memory accelerators acceleratorArgs useSpot spotRecovery region zone infra imageId diskSize diskTier ports labels"
    const nulls = new Resources(any(Object.fromEntries(names.split(" ").map((name) => [name, null]))))
    expect(nulls).toEqual(empty)
    expect(nulls.isEmpty()).toBe(true)
  })

  it("resources-02: is immutable, inside too", () => {
    const resources = new Resources({ accelerators: "V100:2", ports: [80], labels: { team: "a" } })
    for (const change of [
      () => Object.assign(resources, { cpus: "4" }),
      () => Object.assign(resources.accelerators!, { V100: 8 }),
      () => any(resources.ports).push("81"),
      () => Object.assign(resources.labels!, { team: "b" })
    ])
      expect(change).toThrow(TypeError)
    expect(resources).toEqual(new Resources({ accelerators: { V100: 2 }, ports: 80, labels: { team: "a" } }))
  })

  it("resources-03: copy makes a changed one and leaves the old one; null takes a field back", () => {
    const before = new Resources({ cloud: sky.AWS(), cpus: "4+", useSpot: true })
    const after = before.copy({ cpus: null, memory: 16, cloud: "gcp" })
    expect(after).toEqual(new Resources({ cloud: sky.GCP(), memory: "16", useSpot: true }))
    expect(before).toEqual(new Resources({ cloud: sky.AWS(), cpus: "4+", useSpot: true }))
    expect(before.copy()).toEqual(before)
    expect(before.copy({ cloud: null }).cloud).toBeNull()
    expect(new Resources({ infra: "aws/us-east-1" }).copy({ region: "us-west-2" })).toMatchObject({ region: "us-west-2" })
  })

  it("resources-03: a copy infers anew from what was said, on its own and out of a task", () => {
    const tpu = new Resources({ accelerators: "tpu-v2-8" })
    expect(tpu).toMatchObject({ cloud: sky.GCP(), acceleratorArgs: { runtime_version: "tpu-vm-base" } })
    const gpu = new Resources({ accelerators: "V100" })
    expect(tpu.copy({ accelerators: "V100" })).toEqual(gpu)
    const task = new sky.Task().setResources(tpu)
    expect(any(task.resources).copy({ accelerators: "V100" })).toEqual(gpu)
    expect(task.setResourcesOverride({ accelerators: "V100" }).resources).toEqual(gpu)
    const named = new Resources({ cloud: sky.GCP(), accelerators: "tpu-v2-8", acceleratorArgs: { tpu_vm: false } })
    expect(named.copy({ accelerators: "V100" })).toMatchObject({ cloud: sky.GCP(), acceleratorArgs: { tpu_vm: false } })
  })

  it("resources-03: an image that was said without a region goes along to another", () => {
    const image = "ami-1234567890abcdef0"
    const there = new Resources({ cloud: sky.AWS(), region: "us-east-1", imageId: image }).copy({ region: "us-west-2" })
    expect(there).toEqual(new Resources({ cloud: sky.AWS(), region: "us-west-2", imageId: image }))
  })

  it("holds autostop and jobRecovery, as a task file says them", async () => {
    const held = new Resources({ autostop: { idleMinutes: 10, down: true }, jobRecovery: { strategy: "failover", maxRestartsOnErrors: 3 } })
    expect(held).toMatchObject({
      autostop: { idleMinutes: 10, down: true },
      jobRecovery: { strategy: "FAILOVER", maxRestartsOnErrors: 3 }
    })
    expect(held.toYamlConfig()).toEqual({
      autostop: { idle_minutes: 10, down: true },
      job_recovery: { strategy: "FAILOVER", max_restarts_on_errors: 3 }
    })
    expect(held.copy()).toEqual(held)
    expect([new Resources({ autostop: "2h" }).autostop, new Resources().autostop]).toEqual([{ idleMinutes: 120, down: false }, null])
    expect(await refused(() => new Resources({ autostop: any({ minutes: 3 }) }))).toBeInstanceOf(TypeError)
  })

  it("resources-04: copy checks again", async () => {
    expect(await refused(() => new Resources().copy({ cpus: "x" }))).toBeInstanceOf(ValueError)
    expect(await refused(() => new Resources().copy(any({ cpu: 2 })))).toBeInstanceOf(TypeError)
  })

  it("resources-08: is launchable exactly when cloud and instance type are set", () => {
    const cloud = sky.AWS()
    const instanceType = "p3.2xlarge"
    expect(new Resources({ cloud, instanceType }).isLaunchable()).toBe(true)
    for (const some of [{}, { cloud }, { instanceType }]) expect(new Resources(some).isLaunchable()).toBe(false)
  })

  it("resources-09: the examples AWS p3.2xlarge and GCP n1-standard-16 are launchable", () => {
    expect(new Resources({ cloud: sky.clouds.AWS(), instanceType: "p3.2xlarge" }).isLaunchable()).toBe(true)
    expect(new Resources({ cloud: sky.clouds.GCP(), instanceType: "n1-standard-16" }).isLaunchable()).toBe(true)
  })

  it("resources-10: the example GCP n1-standard-8 with a V100 is launchable with one of it", () => {
    const resources = new Resources({ cloud: sky.GCP(), instanceType: "n1-standard-8", accelerators: "V100" })
    expect(resources.isLaunchable()).toBe(true)
    expect(resources.accelerators).toEqual({ V100: 1 })
  })

  it("resources-11: 'V100', 'V100:1' and {V100: 1} are equal values", () => {
    const [a, b, c] = (["V100", "V100:1", { V100: 1 }] as const).map((accelerators) => new Resources({ accelerators }))
    expect(b).toEqual(a)
    expect(c).toEqual(a)
    expect(c!.toYamlConfig()).toEqual(a!.toYamlConfig())
  })

  it.each([2, 2.5, "2", "2+"])("resources-14: cpus takes %j", (cpus) => {
    expect(new Resources({ cpus }).cpus).toBe(String(cpus))
  })
  it.each(["x", "2-", 0, -1, Number.NaN, true, "+"])("resources-14: cpus refuses %j", async (cpus) => {
    expect(await refused(() => new Resources({ cpus: any(cpus) }))).toBeInstanceOf(ValueError)
  })
  it.each([16, 16.5, "16", "16+"])("resources-15: memory takes %j GiB", (memory) => {
    expect(new Resources({ memory }).memory).toBe(String(memory))
  })
  it.each(["lots", 0, -1, Number.POSITIVE_INFINITY])("resources-15: memory refuses %j", async (memory) => {
    expect(await refused(() => new Resources({ memory: any(memory) }))).toBeInstanceOf(ValueError)
  })
  it.each(["V100:x", "V100:1:2", "", { V100: 1, A100: 1 }, 3])("resources-16: accelerators refuses %j", async (accelerators) => {
    expect(await refused(() => new Resources({ accelerators: any(accelerators) }))).toBeInstanceOf(ValueError)
  })
  it("resources-16, resources-17: accelerators takes a name, a name with a count, and a mapping", () => {
    expect(new Resources({ accelerators: "V100:2" })).toEqual(new Resources({ accelerators: { V100: 2 } }))
    expect(new Resources({ accelerators: { "tpu-v2-8": 1 } })).toEqual(new Resources({ accelerators: "tpu-v2-8" }))
  })
  it("resources-18: acceleratorArgs are held", () => {
    const acceleratorArgs = { tpu_vm: true, runtime_version: "tpu-vm-base" }
    expect(new Resources({ accelerators: "tpu-v2-8", acceleratorArgs }).acceleratorArgs).toEqual(acceleratorArgs)
  })
  it("resources-20: spotRecovery is a strategy and needs useSpot", async () => {
    expect(new Resources({ useSpot: true, spotRecovery: "failover" }).spotRecovery).toBe("FAILOVER")
    for (const bad of [{ spotRecovery: "FAILOVER" }, { useSpot: true, spotRecovery: "luck" }])
      expect(await refused(() => new Resources(bad))).toBeInstanceOf(ValueError)
  })
  it("imageId is one, or one a region", () => {
    const images = { "us-west1": "ami-1234567890abcdef0", "us-east1": "ami-1234567890abcdef0" }
    expect(new Resources({ cloud: sky.AWS(), imageId: images }).imageId).toEqual(images)
    expect(new Resources({ cloud: sky.GCP(), imageId: "projects/p/global/images/i" }).imageId).toBe("projects/p/global/images/i")
  })
  it.each(["low", "medium", "high", "best", sky.DiskTier.HIGH])("resources-26: diskTier takes %s", (diskTier) => {
    expect(new Resources({ diskTier }).diskTier).toBe(diskTier)
  })
  it("resources-26: another tier is a ValueError", async () => {
    expect(await refused(() => new Resources({ diskTier: "fast" }))).toBeInstanceOf(ValueError)
  })
  it.each([
    [8080, ["8080"]],
    ["8000-8002", ["8000-8002"]],
    [
      ["80", 443],
      ["80", "443"]
    ]
  ])("resources-27: ports takes %j", (ports, held) => {
    expect(new Resources({ ports: any(ports) }).ports).toEqual(held)
  })
  it.each([0, 65536, "a", "9-8", [1.5]])("resources-27: ports refuses %j", async (ports) => {
    expect(await refused(() => new Resources({ ports: any(ports) }))).toBeInstanceOf(ValueError)
  })

  it("prints as SkyPilot's does", () => {
    const resources = new Resources({ cloud: sky.AWS(), instanceType: "p3.2xlarge", accelerators: "V100", useSpot: true })
    expect(String(resources)).toBe("AWS(p3.2xlarge[Spot], {'V100': 1})")
  })

  it("says what fits and what is blocked", () => {
    const wanted = new Resources({ accelerators: "V100:2" })
    const launched = new Resources({ cloud: sky.AWS(), instanceType: "p3.16xlarge", accelerators: "V100:8" })
    expect(wanted.lessDemandingThan(launched)).toBe(true)
    expect(launched.lessDemandingThan(wanted)).toBe(false)
    expect(wanted.lessDemandingThan([launched, launched], 2)).toBe(true)
    expect(wanted.lessDemandingThan([launched], 2)).toBe(false)
    expect(launched.shouldBeBlockedBy(new Resources({ cloud: sky.AWS() }))).toBe(true)
    expect(launched.shouldBeBlockedBy(new Resources({ region: "us-east-1" }))).toBe(false)
  })

  it("is held against Resources only", async () => {
    const resources = new Resources()
    for (const [given, got] of [
      [5, "5"],
      [[5], "5"],
      [null, "nothing"],
      [[new Resources(), "aws"], "'aws'"]
    ] as const)
      expect(await refused(() => resources.lessDemandingThan(any(given)))).toMatchObject({
        name: "TypeError",
        message: `lessDemandingThan takes sky.Resources, an array or a Set of them, got ${got}.`
      })
    for (const [rest, message] of [
      [["x"], "requestedNumNodes takes a whole number, got 'x'."],
      [[0.5], "requestedNumNodes takes a whole number, got 0.5."],
      [[0], "requestedNumNodes takes a number from 1 up, got 0."],
      [[1, "no"], "checkPorts takes true or false, got 'no'."]
    ] as const)
      expect(await refused(() => resources.lessDemandingThan([resources], any(rest[0]), any(rest[1])))).toMatchObject({
        name: "ValueError",
        message
      })
    expect(resources.lessDemandingThan([resources], null, null)).toBe(true)
    const error = await refused(() => resources.shouldBeBlockedBy(any(null)))
    expect(error).toMatchObject({ name: "TypeError", message: "shouldBeBlockedBy takes a sky.Resources, got nothing." })
  })

  it("refuses in words of its own: instanceType, not instance_type", async () => {
    const { message } = await refused(() => new Resources({ instanceType: any(3) }))
    expect(message).toContain("instanceType")
  })

  it("refuses in one sentence, with one mark at its end", async () => {
    const { message } = await refused(() => new Resources({ cloud: "asw" }))
    expect(message).toBe("Resources: cloud: unknown cloud 'asw'. Did you mean 'aws'?")
    expect((await refused(() => new Resources({ cpus: "x" }))).message).toMatch(/[^.]\.$/)
  })
})
