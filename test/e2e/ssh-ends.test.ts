/** How clusters over ssh end where somebody is missing: the daemon, or the machine. Whoever comes back finds that nothing runs on. */
import { afterAll, beforeAll, expect, it } from "vitest"
import { eventually, isAlive, kill } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { leasesOf, oursOn, SshHome, startMachine } from "./ssh-pool.ts"
import type { SshMachine } from "./sshd.ts"

describeWithMachines("a cluster over ssh", () => {
  let machines: ReadonlyArray<SshMachine> = []
  beforeAll(async () => {
    const settings = { environment: { SKYD_AGENT_MINUTE_MS: "2000" } }
    machines = await Promise.all([startMachine(settings), startMachine(settings)])
  }, 60_000)
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.end()))
  })

  it("that ends itself when idle gives its machines back though no daemon runs, and takes nothing from who has them next", async () => {
    const home = new SshHome(machines)
    expect(await home.launch("idle", "--num-nodes", "2", "-i", "1", "--down", "true")).toMatchObject({ code: 0 })
    await home.until("AutostopArmed")
    const pid = await home.daemonPid()
    kill(pid)
    await eventually(() => !isAlive(pid))
    for (const machine of machines) {
      await eventually(() => leasesOf(machine).length === 0)
      await eventually(() => oursOn(machine).length === 0)
    }
    const next = new SshHome(machines)
    expect(await next.launch("next", "--num-nodes", "2", "true")).toMatchObject({ code: 0 })
    await eventually(
      () => home.json("status"),
      (clusters) => clusters.length === 0
    )
    expect((await home.json("events")).some(({ event }: { event: { _tag: string } }) => event._tag === "AutostopFired")).toBe(true)
    expect(await next.sky("exec", "next", "--num-nodes", "2", "cat /dev/null")).toMatchObject({ code: 0 })
    expect(machines.map((machine) => leasesOf(machine).length)).toEqual([1, 1])
    expect((await next.sky("down", "-y", "next")).code).toBe(0)
  }, 120_000)

  it("whose machine is dead says so and what to do, and what was taken down meanwhile ends when the machine is back", async () => {
    const home = new SshHome(machines)
    expect((await home.launch("dead", "-d", "sleep 1000")).code).toBe(0)
    await home.until("JobStarted")
    const machine = machines.find((one) => leasesOf(one).length > 0)!
    await machine.powerOff()
    const lost = await eventually(
      () => home.status("dead"),
      (cluster) => cluster.status === "INIT"
    )
    expect(lost.reason).toContain("not known")
    const down = await home.sky("down", "-y", "dead")
    expect([down.code, down.err]).toEqual([1, expect.stringMatching(/tried again by itself[\s\S]*--purge/)])
    await machine.boot()
    await eventually(() => leasesOf(machine).length === 0)
    // Who gave it back ends a moment later.
    await eventually(() => oursOn(machine).length === 0)
    await eventually(
      () => home.json("status"),
      (clusters) => clusters.length === 0
    )
  }, 240_000)

  it("that was dropped by a purge while its machine was dead ends all the same when the machine is back, and others can have it", async () => {
    const [machine] = machines
    const home = new SshHome([machine!])
    expect((await home.launch("gone", "-d", "sleep 1000")).code).toBe(0)
    await home.until("JobStarted")
    machine!.cut()
    expect(await home.sky("down", "-y", "--purge", "gone")).toMatchObject({ code: 0 })
    expect(await home.json("status")).toEqual([])
    expect(leasesOf(machine!)).toHaveLength(1)
    machine!.heal()
    // Asked after half a minute, and then ever more seldom.
    await eventually(() => leasesOf(machine!).length === 0).catch(() => eventually(() => leasesOf(machine!).length === 0))
    await eventually(() => oursOn(machine!).length === 0)
    await home.until("NodeReleased")
    expect(await home.launch("next", "true")).toMatchObject({ code: 0 })
    expect((await home.sky("down", "-y", "next")).code).toBe(0)
  }, 180_000)
})
