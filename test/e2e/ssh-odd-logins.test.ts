/** Gangs of users whose login files get in the way: what they set for Node is not ours, and what they read is said. */
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { eventually } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { leasesOf, oursOn, SshHome, startMachines } from "./ssh-pool.ts"
import type { SshMachine } from "./sshd.ts"

describeWithMachines("machines whose user's login files", () => {
  let machines: ReadonlyArray<SshMachine> = []
  beforeAll(async () => {
    machines = await startMachines(2)
  }, 60_000)
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.end()))
  })
  const logins = (text: string) => {
    for (const { home } of machines) writeFileSync(join(home, ".bashrc"), text)
  }

  it("set options for Node, find no programs and leave something behind are used all the same", async () => {
    logins("export NODE_OPTIONS='--require /nonexistent.js'\nPATH=/nonexistent\n/bin/sleep 1000 &\n")
    const home = new SshHome(machines)
    const run = "echo rank $SKYPILOT_NODE_RANK"
    const { code, err, out } = await home.launch("odd", "--num-nodes", "2", run)
    expect({ code, err }).toMatchObject({ code: 0 })
    expect(out).toContain("rank 0")
    expect(out).toContain("rank 1")
    expect((await home.sky("down", "-y", "odd")).code).toBe(0)
    for (const machine of machines) {
      expect(leasesOf(machine)).toEqual([])
      // What ended the node ends itself after that.
      await eventually(() => oursOn(machine).length === 0)
    }
  }, 120_000)

  it("read from the standard input are named as what is wrong, before anything is put there", async () => {
    logins("read -t 2 x\n")
    const home = new SshHome(machines)
    const { code, err } = await home.launch("odd", "true")
    expect({ code, err }).toMatchObject({ code: 7, err: expect.stringContaining("a login file there reads from the standard input") })
    expect((await home.sky("ssh", "ls")).out.replaceAll(/\s+/g, " ")).toContain("a login file there reads from the standard input")
    for (const machine of machines) rmSync(join(machine.home, ".bashrc"))
  }, 60_000)
})
