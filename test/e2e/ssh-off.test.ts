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
    expect(await home.status("off")).toMatchObject({
      status: "INIT",
      reason: expect.stringMatching(/answers no more|no answer from|no route to/)
    })
    machine.heal()
    await eventually(
      () => home.status("off"),
      ({ status }) => status === "UP"
    )
    expect((await home.sky("down", "-y", "off")).code).toBe(0)
  }, 120_000)

  it("keeps nobody who reads its log waiting without a word", async () => {
    const home = new SshHome([machine])
    expect((await home.launch("off", "echo out")).code).toBe(0)
    machine.cut()
    onTestFinished(() => machine.heal())
    const reading = home.start("logs", "off")
    await reading.until("off is not reached: ")
    machine.heal()
    expect(await reading.ended).toMatchObject({ code: 0, out: expect.stringContaining("out") })
    expect((await home.sky("down", "-y", "off")).code).toBe(0)
  }, 120_000)
})
