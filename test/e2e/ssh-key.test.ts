/**
 * A machine that shows another host key than the recorded one: nothing is said to it, until the user's own known_hosts has that very key.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest"
import { eventually } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { leasesOf, SshHome, startMachine } from "./ssh-pool.ts"
import type { SshMachine } from "./sshd.ts"

describeWithMachines("a machine with another host key", () => {
  let machine: SshMachine
  beforeAll(async () => {
    machine = await startMachine()
  }, 60_000)
  afterAll(() => machine.end())

  let home: SshHome
  beforeEach(async () => {
    home = new SshHome([machine])
    expect((await home.launch("hk", "true")).code).toBe(0)
    await machine.changeHostKey()
    machine.breakConnections()
    await home.until("RuntimeLost")
  }, 60_000)
  const advice = () => `If it was installed anew: ssh ${machine.address}, then the same command again; else find out who answers there`
  /** As `ssh` does when the user says yes. */
  const vouch = () => {
    mkdirSync(join(home.path, ".ssh"), { recursive: true, mode: 0o700 })
    writeFileSync(join(home.path, ".ssh/known_hosts"), `${machine.address} ${machine.hostKey}\n`)
  }

  it("is INIT with what to do, and given back once the user's known_hosts has the key", async () => {
    expect(await home.status("hk")).toMatchObject({ status: "INIT", reason: expect.stringContaining(advice()) })
    const [listed] = await home.json("ssh", "ls")
    expect(listed).toMatchObject({ status: "unreachable", clusterName: "hk", reason: expect.stringContaining("changed: it was SHA256:") })
    const refused = await home.sky("down", "-y", "hk")
    expect([refused.code === 0, refused.err.replaceAll(/\s+/g, " ")]).toEqual([false, expect.stringContaining(advice())])
    vouch()
    expect((await home.sky("down", "-y", "hk")).code).toBe(0)
    expect(leasesOf(machine)).toEqual([])
  }, 120_000)

  it("goes on under its new key, which is a fact", async () => {
    vouch()
    expect((await home.sky("start", "-y", "hk")).code).toBe(0)
    expect((await home.sky("exec", "hk", "true")).code).toBe(0)
    const keys = (await home.json("events")).flatMap(({ event }: { event: { hostKey?: string } }) => event.hostKey ?? [])
    expect(keys.at(-1)).toBe(machine.hostKey)
    const known = join(home.state, "ssh/hk.known_hosts")
    await eventually(
      () => readFileSync(known, "utf8"),
      (text) => text.includes(machine.hostKey)
    )
    expect((await home.json("ssh", "ls"))[0]).toMatchObject({ status: "leased", clusterName: "hk" })
    expect((await home.sky("down", "-y", "hk")).code).toBe(0)
  }, 120_000)

  it("whose cluster was purged is free once the key is vouched for", async () => {
    expect((await home.sky("down", "-y", "--purge", "hk")).code).toBe(0)
    expect(leasesOf(machine)).toHaveLength(1)
    vouch()
    await eventually(
      () => leasesOf(machine),
      (left) => left.length === 0
    )
  }, 120_000)
})
