/** Servers that allow little, machines that two want at once, and a daemon that dies at each fact of a launch, an exec and a down. */
import { once } from "node:events"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { slowLineTo } from "../fakes/slow-line.ts"
import { eventually, isAlive, kill } from "./home.ts"
import type { SshdSettings } from "./machine-files.ts"
import { describeWithMachines } from "./netns.ts"
import { leasesOf, oursOn, SshHome, startMachine } from "./ssh-pool.ts"
import type { SshMachine } from "./sshd.ts"

const count = 3

describeWithMachines("a machine of a pool", () => {
  let machines: ReadonlyArray<SshMachine> = []
  beforeAll(async () => {
    machines = await Promise.all(Array.from({ length: count }, () => startMachine()))
  }, 60_000)
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.end()))
  })

  const few: ReadonlyArray<Partial<SshdSettings>> = [{ maxSessions: 1 }, { maxSessions: 2 }, { maxStartups: "1" }]
  it("whose server allows one session, two, or one login at a time does all that others do", async () => {
    const used = async (settings: Partial<SshdSettings>, machine: SshMachine) => {
      await machine.configure(settings)
      const home = new SshHome([machine])
      const work = home.file("data.txt", "of the workdir\n")
      const task = home.file(
        "task.yaml",
        `resources: {infra: ssh/rack}\nfile_mounts: {~/data.txt: ${work}}\nsetup: sleep 1\nrun: cat ~/data.txt; sleep 2\n`
      )
      const launched = await home.sky("launch", "-y", "-c", "few", task)
      expect({ settings, ...launched }).toMatchObject({ code: 0, out: expect.stringContaining("of the workdir") })
      const all = await Promise.all([1, 2, 3].map((n) => home.sky("exec", "few", `echo number ${n}; sleep 1`)))
      for (const [i, { code, out }] of all.entries())
        expect({ settings, code, out }).toMatchObject({ code: 0, out: expect.stringContaining(`number ${i + 1}`) })
      expect((await home.sky("down", "-y", "few")).code).toBe(0)
      expect(leasesOf(machine)).toEqual([])
      await machine.configure({ maxSessions: 10, maxStartups: "100:30:200" })
    }
    await Promise.all(few.map((settings, i) => used(settings, machines[i]!)))
  }, 120_000)

  it("that turns logins away while another one is under way is called again, straight and by a proxy command", async () => {
    const [machine, bastion] = machines
    const home = new SshHome([machine!])
    mkdirSync(join(home.path, ".ssh"))
    const way = `ssh -F /dev/null -i ${home.key} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -W %h:%p node@${bastion!.address}`
    writeFileSync(join(home.path, ".ssh/config"), `Host behind\n  HostName ${machine!.address}\n  ProxyCommand ${way}\n`)
    for (const [door, host] of [[machine!, machine!.address] as const, [bastion!, "behind"] as const]) {
      home.pool([host])
      await door.configure({ maxStartups: "1:100:1" })
      const first = connect({ host: door.address, port: 22 })
      await once(first, "data")
      const listed = home.sky("ssh", "ls")
      await eventually(() => /drop connection|MaxStartups/.test(door.log()))
      first.destroy()
      expect((await listed).out).toContain("free")
      await door.configure({ maxStartups: "100:30:200" })
    }
  }, 60_000)

  it("that the head of its gang does not reach is named by queue and why, with what was seen", async () => {
    const [head, worker] = machines
    head!.inside('ip route add unreachable "$1"', worker!.address)
    const home = new SshHome([head!, worker!])
    expect(await home.launch("cut", "-d", "--num-nodes", "2", "true")).toMatchObject({ code: 0 })
    const firstJob = async () => (await home.json("queue", "cut"))[0]
    const why = `the head does not reach node 1 (node@${worker!.address}, port 22: `
    const { reason } = await eventually(firstJob, (job) => job.reason?.includes(why))
    expect(reason).toMatch(/unreachable|No route/)
    expect((await home.sky("why", "cut")).out).toContain(`Its job 1 is PENDING: ${reason}.`)
    head!.inside('ip route del unreachable "$1"', worker!.address)
    expect(await eventually(firstJob, (job) => job.status === "SUCCEEDED")).toMatchObject({ reason: null })
    expect((await home.sky("down", "-y", "cut")).code).toBe(0)
  }, 120_000)

  it("that two state folders want at once is had by one of them, and the other is told by whom", async () => {
    const [machine] = machines
    const homes = [new SshHome([machine!]), new SshHome([machine!])]
    const launched = await Promise.all(homes.map((home, i) => home.launch(`of-${i}`, "true")))
    expect(launched.map(({ code }) => code).sort()).toEqual([0, 7])
    const winner = launched.findIndex(({ code }) => code === 0)
    expect(launched[1 - winner]!.err).toMatch(new RegExp(`leased by 'of-${winner}'|another cluster had it first`))
    expect(leasesOf(machine!)).toHaveLength(1)
    expect(await homes[1 - winner]!.json("status")).toEqual([])
    expect((await homes[winner]!.sky("down", "-y", `of-${winner}`)).code).toBe(0)
    expect((await homes[1 - winner]!.launch("mine", "true")).code).toBe(0)
    await homes[1 - winner]!.sky("down", "-y", "mine")
    expect(leasesOf(machine!)).toEqual([])
  }, 120_000)

  it("is launched on, used and given back by a daemon that is killed after each fact of it, and all is done once", async () => {
    const [machine] = machines
    // It dies more often than one may that still acts on its clusters.
    const home = new SshHome([machine!], { SKYD_DAEMON_MINUTE_MS: "0" })
    // It does not get far before it is killed.
    home.pool([`{ip: 127.0.0.1, ssh_port: ${await slowLineTo(machine!.address, 22, 20)}}`])
    let head = 0
    /** Asks until it is answered; whenever the log has grown, the daemon is killed. */
    const through = async (method: string, params: object) => {
      for (let kills = 0; ; kills++) {
        await home.sky("status")
        const pid = await home.daemonPid()
        const wire = home.socket().request(1, method, { clusterName: "hit", ...params }, { requestId: method })
        const follower = home.socket().request(1, "events.follow", { after: head })
        const news = follower.until(
          ({ data, type }) => type === "event" && data.event.seq > head && data.event.event._tag !== "DaemonStarted"
        )
        const first = await Promise.race([wire.answer(1), news])
        wire.socket.destroy()
        follower.socket.destroy()
        if (first.type !== "event") return { kills, answer: first }
        head = first.data.event.seq
        kill(pid)
        await eventually(() => !isAlive(pid))
      }
    }
    const done = { answer: { type: "result" } }
    const resources = { infra: "ssh/rack" }
    const launched = await through("launch", { task: { resources, setup: "echo once >> ~/set-up", run: "echo once >> ~/ran" } })
    expect(launched).toMatchObject(done)
    expect(launched.kills).toBeGreaterThan(5)
    expect(await through("exec", { task: { run: "echo once >> ~/again" } })).toMatchObject(done)
    const jobs = async () => (await home.json("queue", "hit")).map(({ status }: { readonly status: string }) => status)
    await eventually(jobs, (all) => all.every((status: string) => status === "SUCCEEDED"))
    for (const file of ["set-up", "ran", "again"]) expect(readFileSync(join(machine!.home, file), "utf8")).toBe("once\n")
    expect(await through("down", {})).toMatchObject(done)
    expect(leasesOf(machine!)).toEqual([])
    await eventually(() => oursOn(machine!).length === 0)
    expect(existsSync(join(machine!.home, "sky_workdir"))).toBe(false)
  }, 180_000)
})
