/** Machines of Compute Engine that go off while GCP says late, or no more, why: what was to end so ends, and what was suspended is kept. */
import { afterAll, beforeAll, expect, it } from "vitest"
import { GceMachines } from "./gce.ts"
import { eventually, Home } from "./home.ts"
import { describeWithMachines } from "./netns.ts"

const place = "gcp/us-central1/us-central1-a"
const laterS = 15 * 86_400

describeWithMachines("a cluster on Compute Engine that went to its end by itself", () => {
  let machines: GceMachines
  beforeAll(async () => {
    machines = await GceMachines.start(1, { SKYD_AGENT_MINUTE_MS: "1000" })
  })
  afterAll(async () => {
    await machines.end()
  })

  it("is said to be off while GCP has not said why, and deleted by the daemon that comes weeks later, when that is forgotten", async () => {
    const home = new Home(machines.gce.env)
    expect(await home.sky("launch", "-y", "-c", "tw", "--infra", place, "-i", "2", "--down", "true")).toMatchObject({ code: 0 })
    await machines.gce.strict("PUT", "visibility", { stopSeconds: 1, deleteSeconds: 1, operationListSeconds: 3 * laterS })
    await home.sky("daemon", "stop")
    const isOff = async () => (await machines.gce.instances()).every(({ status }) => status === "TERMINATED")
    await expect.poll(isOff, { timeout: 100_000, interval: 200 }).toBe(true)
    // GCP may be late in telling.
    const out = await eventually(
      async () => (await home.sky("status")).out,
      (said) => said.includes("which is off")
    )
    expect(out).toContain("About $0.04 an hour for the disk of tw, which is off.")
    expect(out).not.toMatch(/Start the cluster first|while tw runs/)
    await home.sky("daemon", "stop")
    // By the clock of GCP, which nobody here has.
    await machines.gce.strict("POST", "clock", { advanceSeconds: laterS })
    await eventually(
      async () => await home.json("status"),
      (rows) => rows.length === 0
    )
    expect(await machines.gce.instances()).toEqual([])
    expect(await machines.gce.strict("GET", "disks")).toEqual([])
    expect((await home.sky("why", "tw")).out).toContain("GCP has forgotten how, and its own shutdown was to be its end")
  }, 180_000)
})

describeWithMachines("a cluster on Compute Engine that its owner suspends", () => {
  let machines: GceMachines
  beforeAll(async () => {
    machines = await GceMachines.start(1, { SKYD_AGENT_MINUTE_MS: "1000" })
  })
  afterAll(async () => {
    await machines.end()
  })

  it("is kept, whatever ended it before: it is stopped, and starts again", async () => {
    const home = new Home(machines.gce.env)
    const becomes = (status: string) =>
      expect
        .poll(async () => (await machines.gce.instances()).map((one) => one.status), { timeout: 60_000, interval: 200 })
        .toEqual([status])
    expect(await home.sky("launch", "-y", "-c", "tw", "--infra", place, "true")).toMatchObject({ code: 0 })
    const [one] = await machines.gce.instances()
    await machines.gce.strict("POST", `instances/${one!.name}/shutdown`)
    await becomes("TERMINATED")
    const isStopped = () =>
      eventually(
        async () => (await home.json("status", "-r"))[0],
        (row) => row?.status === "STOPPED"
      )
    await isStopped()
    expect(await home.sky("start", "-y", "-i", "1000", "--down", "tw")).toMatchObject({ code: 0 })
    expect((await machines.gce.instances())[0]!.labels).toMatchObject({ "skyd-ends": "down" })
    await machines.gce.console("POST", `zones/us-central1-a/instances/${one!.name}/suspend`)
    await becomes("SUSPENDED")
    await isStopped()
    expect((await home.sky("why", "tw")).out).toContain("suspended by a call to GCP of")
    expect(await home.sky("start", "-y", "tw")).toMatchObject({ code: 0 })
    await becomes("RUNNING")
    expect((await home.sky("down", "-y", "tw")).code).toBe(0)
  }, 180_000)
})
