/** `sky cost-report` and `sky.costReport` over a real daemon: clusters of now and before, whoever asks and whenever. */
import { describe, expect, it } from "vitest"
import { use } from "./api.ts"
import { Home } from "./home.ts"

const home = new Home()
const sky = use(home)

describe("what clusters have cost", () => {
  it("is known while they live and after they are gone, of a moment of the past, and by the next daemon too", {
    timeout: 60_000
  }, async () => {
    expect(await sky.costReport()).toEqual([])
    await home.sky("launch", "-y", "-c", "train", "--num-nodes", "2", "true")
    const [live] = await sky.costReport()
    expect(live).toMatchObject({ name: "train", status: "UP", numNodes: 2, totalCost: 0, usageIntervals: [[expect.any(Number), null]] })
    expect(live!.resources!.cloud).toBe(sky.Local())
    expect(live!.launchedAt).toBeCloseTo(Date.now() / 1000, -2)
    const { head } = await home.json("daemon", "status")
    await home.sky("down", "-y", "train")
    await home.sky("launch", "-y", "-c", "train", "true")
    const before = await home.json("cost-report")
    expect(before).toMatchObject([
      { name: "train", status: "UP", numNodes: 1, goneAt: null },
      { name: "train", id: live!.clusterHash, status: "TERMINATED", numNodes: 2, usdPerHour: 0, totalUsd: 0 }
    ])
    // The API has the record as SkyPilot's has it.
    expect((await sky.costReport()).map(({ status }) => status)).toEqual(["UP", null])
    await home.sky("daemon", "stop")
    const again = await home.json("cost-report")
    expect(again[1]).toEqual(before[1])
    expect((await home.sky("cost-report")).out).toMatch(/^train .* 2x local\(.*\) +TERMINATED +free +free\nAll of it was free\.$/m)
    const then = await home.json("cost-report", "--at", String(head))
    expect(then).toMatchObject({ asOf: { seq: head }, costs: [{ name: "train", status: "UP", numNodes: 2 }] })
    expect((await home.json("replay", "--verify")).difference).toBeNull()
    expect(await home.sky("cost-report", "nobody")).toMatchObject({ code: 5, out: "" })
    await home.sky("down", "-y", "-a")
  })
})
