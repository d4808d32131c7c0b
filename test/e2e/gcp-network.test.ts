/** A launch on Compute Engine where no network lets in what is needed: the one that is made for it is said, and goes on being known. */
import { afterAll, beforeAll, expect, it } from "vitest"
import { GceMachines } from "./gce.ts"
import { Home } from "./home.ts"
import { describeWithMachines } from "./netns.ts"

describeWithMachines("a project whose networks let no ssh in", () => {
  let machines: GceMachines
  beforeAll(async () => {
    machines = await GceMachines.start(1)
  })
  afterAll(async () => {
    await machines.end()
  })

  it("is told in the launch, in events and in why that skyd-vpc was made, and from where it lets ssh in", async () => {
    await machines.gce.console("DELETE", "global/firewalls/default-allow-ssh")
    const home = new Home(machines.gce.env)
    const words =
      "made the network skyd-vpc, since none let in what is needed: it lets in its own machines, and ssh from anywhere, and stays"
    const launched = await home.sky("launch", "-y", "-c", "one", "--infra", "gcp/us-central1/us-central1-a", "true")
    expect(launched).toMatchObject({ code: 0 })
    const said = (text: string) => text.replaceAll(/\s+/g, " ").split(words).length - 1
    expect(said(launched.out + launched.err)).toBe(1)
    expect(said((await home.sky("events", "one")).out)).toBe(1)
    expect(said((await home.sky("why", "one")).out)).toBe(1)
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
    const { items } = await machines.gce.console("GET", "global/networks")
    expect(items.map(({ name }: { name: string }) => name).sort()).toEqual(["default", "skyd-vpc"])
  }, 120_000)
})
