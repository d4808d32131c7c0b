/** What an SDK value was made from stays the caller's: it is neither frozen nor written to, and what becomes of it changes no value. */
import { describe, expect, it } from "vitest"
import { refused, sky } from "./sdk.ts"

const { Resources, SkyServiceSpec, Storage, Task } = sky
// biome-ignore lint/suspicious/noExplicitAny: what the types refuse, as JavaScript may give it
const any = (value: unknown): any => value

const given = () => ({
  accelerators: { V100: 1 },
  acceleratorArgs: { runtime_version: "2.12.0" },
  autostop: { idleMinutes: 5, down: true },
  imageId: { "us-east-1": "ami-1234567890abcdef0" },
  jobRecovery: { strategy: "FAILOVER", recoverOnExitCodes: [33] },
  labels: { team: "a" },
  ports: ["80"]
})

describe("what a caller gave", () => {
  it("can be changed as before, after a Resources was made of it", () => {
    const mine = given()
    const resources = new Resources({ cloud: sky.AWS(), ...mine })
    mine.accelerators.V100 = 8
    mine.acceleratorArgs.runtime_version = "2.13.0"
    mine.autostop.idleMinutes = 7
    mine.imageId["us-east-1"] = "ami-0000000000000000a"
    mine.jobRecovery.recoverOnExitCodes.push(34)
    mine.labels.team = "b"
    mine.ports.push("81")
    expect(resources).toEqual(new Resources({ cloud: sky.AWS(), ...given() }))
    expect(resources.toYamlConfig()).toEqual(new Resources({ cloud: sky.AWS(), ...given() }).toYamlConfig())
  })

  it("is not held by a service: a value that was checked stays good", () => {
    const headers = any({ a: "1" })
    const body = { deep: { list: [1] } }
    const made = () => new SkyServiceSpec({ readinessPath: "/", readinessHeaders: { a: "1" }, postData: { deep: { list: [1] } } })
    const service = new SkyServiceSpec({ readinessPath: "/", readinessHeaders: headers, postData: body })
    const section = any(service.toYamlConfig())
    const read = SkyServiceSpec.fromYamlConfig(section)
    headers.a = 7
    body.deep.list.push(2)
    section.readiness_probe.headers.a = 7
    for (const one of [service, read]) expect(one.toYamlConfig()).toEqual(made().toYamlConfig())
  })

  it("is not held by a task", () => {
    const [labels, secrets] = [any({ team: "a" }), any({ TOKEN: "t" })]
    const task = new Task({ secrets }).setResources(new Resources({ cpus: 2 })).setResourcesOverride({ labels })
    labels.team = secrets.TOKEN = 5
    expect(task.secrets).toEqual({ TOKEN: "t" })
    expect(task.resources).toEqual(new Resources({ cpus: 2, labels: { team: "a" } }))
  })

  it("can be an object that is watched by another library", () => {
    const watched = <A extends object>(value: A): A => new Proxy(value, {})
    expect(new Resources({ labels: watched({ team: "a" }) }).labels).toEqual({ team: "a" })
    const service = new SkyServiceSpec({ readinessPath: "/", postData: watched({ a: watched({ b: 1 }) }) })
    expect(service.toYamlConfig()).toMatchObject({ readiness_probe: { post_data: { a: { b: 1 } } } })
  })
})

it("what a task prints is a copy of it", () => {
  const task = new Task()
    .setResources(new Resources({ labels: { team: "a" } }))
    .setStorageMounts({ "/data": new Storage({ name: "bucket-a" }) })
  const printed = any(task.toJSON())
  printed.resources.labels.team = 5
  printed.file_mounts["/data"].name = 7
  expect(any(task.resources).labels).toEqual({ team: "a" })
  expect(task.storageMounts["/data"]!.name).toBe("bucket-a")
})

describe("of values that are carried", () => {
  const postData = (value: unknown) => new SkyServiceSpec({ readinessPath: "/", postData: any(value) })
  const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) })

  it("what is undefined is absent, as everywhere", () => {
    expect(postData({ a: undefined, b: 1 }).toYamlConfig()).toEqual(postData({ b: 1 }).toYamlConfig())
  })

  it("what JSON cannot say is told in the same words as of a request", async () => {
    const circle: Record<string, unknown> = {}
    circle["a"] = circle
    for (const [value, place, what] of [
      [{ a: [() => 1] }, ".a.0", "a function, which JSON cannot say"],
      [{ a: Number.NaN }, ".a", "NaN, which JSON cannot say"],
      [{ a: new Date(0) }, ".a", "a value of the kind Date, which JSON cannot say"],
      [{ x: circle }, ".x.a", "what it is in itself, which JSON cannot say"],
      ['{"a": 1e999}', "", "Infinity, which JSON cannot say"]
    ] as const) {
      expect((await refused(() => postData(value))).message).toMatch(new RegExp(`^SkyServiceSpec: postData${place}: .*is ${what}\\.$`))
      if (typeof value !== "string")
        expect((await refused(() => sky.rpc("status", { b: value }))).message).toBe(`rpc: b${place} is ${what}.`)
    }
  })

  it("what is too deep for others is told so by all", async () => {
    expect(postData(nested(32)).toYamlConfig()).toMatchObject({ readiness_probe: { post_data: nested(32) } })
    for (const act of [() => postData(nested(33)), () => postData(JSON.stringify(nested(33))), () => sky.rpc("status", any(nested(99)))])
      expect((await refused(act)).message).toMatch(/is more than \d\d levels deep\.$/)
  })
})
