/** Every file of examples/, run as its own first lines say. */
import { describe, expect, it } from "vitest"
import { eventually, Home } from "./home.ts"

const home = new Home()

describe("examples", () => {
  it("hello.yaml says hello from its rank", async () => {
    expect(await home.sky("launch", "-y", "-c", "one", "examples/hello.yaml")).toMatchObject({
      code: 0,
      out: expect.stringContaining("hello from rank 0 of 1")
    })
  })
  it("failing.yaml ends with 100, and the queue says why", async () => {
    expect((await home.sky("exec", "one", "examples/failing.yaml")).code).toBe(100)
    expect((await home.sky("queue", "one")).out).toMatch(/FAILED.*exit 3 on rank 0/)
  })
  it("workdir/task.yaml finds its files", async () => {
    expect((await home.sky("exec", "one", "examples/workdir/task.yaml")).out).toMatch(/hello, \w+/)
  })
  it("mounts.yaml finds what was mounted, and its secret", async () => {
    const launched = await home.sky("launch", "-y", "-c", "m", "examples/mounts.yaml", "--secret", "GREETING_KEY=open-sesame")
    expect(launched).toMatchObject({ code: 0, out: expect.stringMatching(/inputs: [1-9]\d*, key of 11 characters/) })
    await home.sky("down", "-y", "m")
  })
  it("long.yaml is followed, left, found again and cancelled", async () => {
    const following = home.start("exec", "one", "examples/long.yaml")
    await following.until("step 1")
    following.child.kill("SIGINT")
    const { code, err } = await following.ended
    expect(code).toBe(130)
    expect(err).toContain("goes on")
    const [job] = await home.json("queue", "one")
    expect(job).toMatchObject({ name: "long", status: "RUNNING" })
    expect((await home.sky("logs", "one", "--no-follow")).out).toContain("step 1")
    expect((await home.sky("logs", "one", "--status", String(job.id))).code).toBe(101)
    expect((await home.sky("cancel", "-y", "one")).code).toBe(0)
    await eventually(async () => (await home.json("queue", "one"))[0].status === "CANCELLED")
    expect((await home.sky("logs", "one", "--status", String(job.id))).code).toBe(103)
  })
  it("two-nodes.yaml: each rank knows its rank and its peers", async () => {
    const { code, out } = await home.sky("launch", "-y", "-c", "two", "examples/two-nodes.yaml")
    expect(code).toBe(0)
    for (const rank of [0, 1]) expect(out).toMatch(new RegExp(`rank=${rank}.*rank ${rank} of 2`))
    expect(out.match(/peers: 127\.0\.1\.1 127\.0\.1\.2/g)).toHaveLength(2)
  })
})
