/** A machine that is off: what is said of it while nobody is sure, and that an end of it does not wait for it. */
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest"
import { eventually } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { SshHome, startMachine } from "./ssh-pool.ts"
import type { SshMachine } from "./sshd.ts"

describeWithMachines("a machine that is off", () => {
  let machine: SshMachine
  beforeAll(async () => {
    machine = await startMachine()
  }, 60_000)
  afterAll(() => machine.end())

  it("is INIT with the reason for who asks now", async () => {
    const home = new SshHome([machine])
    expect((await home.launch("off", "true")).code).toBe(0)
    machine.cut()
    onTestFinished(() => machine.heal())
    expect(await home.status("off")).toMatchObject({ status: "INIT", reason: expect.stringMatching(/answers no more|no answer from/) })
    machine.heal()
    await eventually(
      () => home.status("off"),
      ({ status }) => status === "UP"
    )
    expect((await home.sky("down", "-y", "off")).code).toBe(0)
  }, 120_000)
})
