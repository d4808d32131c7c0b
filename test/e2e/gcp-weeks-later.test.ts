/** An autodown on Compute Engine while no daemon runs, for longer than GCP remembers why a machine is off. */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { GceMachines } from "./gce.ts"
import { eventually, Home, kill, root } from "./home.ts"
import { describeWithMachines } from "./netns.ts"

const place = "gcp/us-central1/us-central1-a"
const laterS = 15 * 86_400
/** Loaded before a daemon: whatever it asks for the time. */
const laterClock = `
  const Now = Date
  globalThis.Date = class extends Now {
    constructor(...given) {
      if (given.length === 0) super(Date.now())
      else super(...given)
    }
    static now() {
      return Now.now() + ${laterS * 1000}
    }
  }
`

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
    await home.sky("daemon", "stop")
    const isOff = async () => (await machines.gce.instances()).every(({ status }) => status === "TERMINATED")
    await expect.poll(isOff, { timeout: 100_000, interval: 200 }).toBe(true)
    await machines.gce.strict("POST", "clock", { advanceSeconds: laterS })
    // By this daemon's clock that was just now: GCP may be late in telling.
    const out = await eventually(
      async () => (await home.sky("status")).out,
      (said) => said.includes("which is off")
    )
    expect(out).toContain("About $0.04 an hour for the disk of tw, which is off.")
    expect(out).not.toMatch(/Start the cluster first|while tw runs/)
    await home.sky("daemon", "stop")
    const args = ["-r", home.file("clock.cjs", laterClock), join(root, "bin/skyd.cjs"), "run", "--home", home.state]
    const daemon = spawn(process.execPath, args, { env: home.env, stdio: "ignore" })
    try {
      // The commands start none of their own.
      await eventually(async () => (await home.sky("daemon", "status")).code === 0)
      await eventually(
        async () => await home.json("status"),
        (rows) => rows.length === 0
      )
      expect(await machines.gce.instances()).toEqual([])
      expect(await machines.gce.strict("GET", "disks")).toEqual([])
      expect((await home.sky("why", "tw")).out).toContain("GCP has forgotten how, and its own shutdown was to be its end")
    } finally {
      kill(daemon.pid!)
    }
  }, 180_000)
})
