/** What the resources of a task file do, through the real client on the local cloud. */
import { describe, expect, it } from "vitest"
import { Home } from "./home.ts"

const home = new Home()
const yaml = (name: string, text: string) => home.file(`${name}.yaml`, text)
const launch = (file: string, ...flags: ReadonlyArray<string>) => home.sky("launch", "-y", ...flags, file)

describe("a task file's resources", () => {
  it("on a cloud that is not enabled are refused, with its name and nothing made", async () => {
    const { code, err } = await launch(yaml("aws", "resources:\n  infra: aws/us-east-1\nrun: echo\n"), "-c", "far")
    expect(code).toBe(4)
    expect(err).toContain("AWS is not enabled")
    expect(await home.json("status")).toEqual([])
  })

  it("that no cloud here could ever meet are not supported, and say what is missing", async () => {
    const { code, err } = await launch(yaml("spot", "resources:\n  use_spot: true\nrun: echo\n"), "-c", "spot")
    expect(code).toBe(2)
    expect(err).toContain("no spot instances")
  })

  it("resources-31: with a region, zone, type or image that no enabled cloud has are a ValueError", async () => {
    const request = async (resources: object) =>
      (await home.socket().request(1, "launch", { clusterName: "no", task: { resources } }).answer(1)).data
    for (const resources of [
      { region: "nowhere" },
      { zone: "nowhere-1a" },
      { instance_type: "big" },
      { cloud: "local", region: "here" },
      { cloud: "aws", image_id: "ami-1" }
    ])
      expect((await request(resources)).error, JSON.stringify(resources)).toMatchObject({ tag: "ValueError", exitCode: 2 })
    expect(await home.json("status")).toEqual([])
  })

  it("with a mistyped cloud or a bad value name file and line", async () => {
    const { code, err } = await launch(yaml("typo", "run: echo\nresources:\n  any_of:\n    - cloud: awss\n"), "-c", "typo")
    expect(code).toBe(2)
    expect(err).toContain("Did you mean 'aws'?")
    expect(err).toMatch(/typo\.yaml, line \d/)
  })

  it("run on the first alternative that this machine meets, with every field that asks nothing of it", async () => {
    const text = `
resources:
  ordered:
    - infra: aws/us-east-1
    - cpus: 1+
  disk_size: 512GB
  disk_tier: best
  ports: [8080, 9000-9010]
  labels: { team: research }
  autostop: { idle_minutes: 30, down: true }
run: echo here
`
    const { code, out } = await launch(yaml("any", text), "-c", "any")
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining("here") })
    expect((await home.json("status", "any"))[0]).toMatchObject({ status: "UP", autostop: 30, toDown: true })
    expect((await launch(`${home.path}/any.yaml`, "-c", "any", "-i", "7")).code).toBe(0)
    expect((await home.json("status", "any"))[0]).toMatchObject({ autostop: 7, toDown: true })
  })

  it("that its cluster is not are refused, naming both", async () => {
    const { code, err } = await home.sky("exec", "any", yaml("other", "resources:\n  cloud: gcp\nrun: echo\n"))
    expect(code).toBe(6)
    expect(err).toContain("requested GCP, existing Local")
    const image = await home.sky("launch", "-y", "-c", "any", "--image-id", "ami-1", "true")
    expect(image).toMatchObject({ code: 6, err: expect.stringContaining("requested the image ami-1, existing the usual image") })
    const fresh = await home.sky("launch", "-y", "-c", "fresh", "--image-id", "ami-1", "true")
    expect(fresh).toMatchObject({
      code: 2,
      err: expect.stringContaining("an image of a cloud needs the cloud: name it (--cloud aws, say)")
    })
  })
})
