/** A network that config.yaml names and no region has: said by `sky check`, and by a launch before it asks for a machine. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Gce } from "../tools/gce.ts"
import { Moto, whyNoMoto } from "../tools/moto.ts"
import { Home } from "./home.ts"

const wrongIn = async (cloud: string, home: Home, words: string) => {
  mkdirSync(join(home.path, ".sky"))
  home.file(".sky/config.yaml", `${cloud}: {vpc_name: nope}\n`)
  const checked = await home.sky("check", cloud)
  expect(checked).toMatchObject({ code: 1 })
  expect(checked.out.replaceAll(/\s+/g, " ")).toContain(words)
  const launched = await home.sky("launch", "-y", "-c", "one", "--infra", cloud, "true")
  expect(launched).toMatchObject({ code: 2 })
  expect(launched.err.replaceAll(/\s+/g, " ")).toContain(words)
}

describe.skipIf(whyNoMoto !== null)("on EC2", () => {
  let moto: Moto
  beforeAll(async () => {
    moto = await Moto.start()
  }, 360_000)
  afterAll(() => moto?.end())

  it("a launch into a vpc_name that is nowhere is refused with 2, as sky check says it", async () => {
    await wrongIn("aws", new Home(moto.env), "has no VPC of the name 'nope' (aws.vpc_name in config.yaml); nor can")
    expect(await moto.instances()).toEqual([])
  }, 60_000)
})

describe("on Compute Engine", () => {
  let gce: Gce
  beforeAll(async () => {
    gce = await Gce.start()
  })
  afterAll(() => gce?.end())

  it("a launch into a vpc_name that is nowhere is refused with 2, as sky check says it", async () => {
    await wrongIn("gcp", new Home(gce.env), "the project has no VPC of the name 'nope' (gcp.vpc_name in config.yaml)")
    expect(await gce.instances()).toEqual([])
  }, 60_000)
})
