/** `sky.optimize`: the best place for a task, by programs. */
import { describe, expect, it } from "vitest"
import { refused, use } from "./api.ts"
import { Home } from "./home.ts"

const home = new Home()
const sky = use(home)
const asking = (fields: ConstructorParameters<typeof sky.Resources>[0], more: object = {}) =>
  new sky.Task({ run: "nvidia-smi", ...more }).setResources(new sky.Resources(fields))

describe("optimize", () => {
  it("answers the best place with its price, and the best of each other cloud, enabled or not", async () => {
    const found = await sky.optimize(asking({ accelerators: "A100:8" }), { quiet: true })
    expect(found).toMatchObject({ hourly: expect.closeTo(19.42, 2), enabled: false, priceOf: "2026-05-20" })
    expect(String(found.resources)).toBe("GCP(a2-highgpu-8g, {'A100': 8})")
    expect(found.considered.map(({ resources }) => String(resources.cloud))).toEqual(["GCP", "AWS"])
    const here = await sky.optimize(new sky.Task({ run: () => "never" }), { quiet: true })
    expect(here).toMatchObject({ hourly: 0, enabled: true, priceOf: null })
  })

  it("task-22: leaves out what is blocked, by the task and by the call", async () => {
    const blocked = new sky.Resources({ cloud: sky.GCP() })
    const byCall = await sky.optimize(asking({ accelerators: "A100:8" }), { quiet: true, blockedResources: [blocked] })
    expect(byCall.resources.instanceType).toBe("p4d.24xlarge")
    const byTask = await sky.optimize(asking({ accelerators: "A100:8" }, { blockedResources: new Set([blocked]) }), { quiet: true })
    expect(byTask.resources).toEqual(byCall.resources)
  })

  it("task-22: a launch leaves it out as well", async () => {
    const here = { blockedResources: new Set([new sky.Resources({ cloud: sky.Local() })]) }
    expect(await refused(() => sky.launch(asking({ cloud: sky.Local() }, here)))).toMatchObject({
      name: "ResourcesUnavailableError",
      message: expect.stringContaining("must not get")
    })
    expect(await sky.launch(asking({ accelerators: "A100:8" }, here), { dryrun: true })).toEqual({ jobId: null, handle: null })
    expect(await sky.status()).toEqual([])
  })

  it("is refused where nobody has it, with what is near, and where a type and accelerators do not go together", async () => {
    const nobody = await refused(() => sky.optimize(asking({ accelerators: "V100:3" }), { quiet: true }))
    expect(nobody).toMatchObject({ name: "ResourcesUnavailableError", hint: expect.stringContaining("V100 is had by 1, 2, 4, 8") })
    const odd = await refused(() =>
      sky.optimize(asking({ cloud: sky.AWS(), instanceType: "m6i.large", accelerators: "V100" }), { quiet: true })
    )
    expect(odd.name).toBe("ResourcesMismatchError")
    expect((await refused(() => sky.optimize(asking({}), { minimize: "FUN" as never }))).name).toBe("ValueError")
  })
})
