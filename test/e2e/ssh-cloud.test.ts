/** The user's own machines, behind OpenSSH: the same verbs as on local, from nothing there to nothing left. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest"
import { eventually } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { leasesOf, SshHome, startMachines } from "./ssh-pool.ts"
import type { SshMachine } from "./sshd.ts"

describeWithMachines("machines of a pool", () => {
  let machines: ReadonlyArray<SshMachine> = []
  beforeAll(async () => {
    machines = await startMachines(2)
  }, 60_000)
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.end()))
  })

  let home: SshHome
  beforeEach(() => {
    home = new SshHome(machines)
  })
  const leases = () => machines.flatMap(leasesOf)
  /** The only node that there was. */
  const given = async () => {
    const all: ReadonlyArray<{ readonly event: { readonly _tag: string; readonly host: string; readonly hostKey: string } }> =
      await home.json("events")
    const { event } = all.find((one) => one.event._tag === "NodeProvisioned")!
    return { ...event, machine: machines.find(({ address }) => address === event.host)! }
  }

  it("a launch brings what is missing, syncs, sets up and runs; jobs, queue and logs are as on local; down leaves nothing", async () => {
    const folder = join(home.path, "work")
    mkdirSync(folder)
    writeFileSync(join(folder, "data.txt"), "of the workdir\n")
    writeFileSync(
      join(folder, "task.yaml"),
      `name: t\nworkdir: ${folder}\nfile_mounts: {~/mounted.txt: ${join(folder, "data.txt")}}\nresources: {infra: ssh/rack}\nsetup: echo set up\nrun: |\n  cat data.txt ~/mounted.txt\n  hostname; whoami; echo $HOME rank $SKYPILOT_NODE_RANK of $SKYPILOT_NUM_NODES on $SKYPILOT_NODE_IPS\n`
    )
    const launched = await home.sky("launch", "-y", "-c", "one", join(folder, "task.yaml"))
    expect(launched).toMatchObject({ code: 0 })
    const first = machines[0]!
    const said = launched.out.replaceAll(/^\(.*?\) /gm, "")
    expect(said).toContain(`of the workdir\nof the workdir\n${first.hostname}\nnode\n/home/node rank 0 of 1 on ${first.address}\n`)
    expect(launched.err).toContain("ssh/rack")
    expect((await home.sky("exec", "one", "exit 3")).code).toBe(100)
    const jobs = await home.json("queue", "one")
    expect(jobs.map(({ status }: { status: string }) => status)).toEqual(["FAILED", "SUCCEEDED"])
    expect((await home.sky("logs", "one", "1", "--no-follow")).out).toContain("rank 0 of 1")
    expect((await home.sky("status")).out).toContain("1x ssh/rack(cpus=")
    expect((await home.sky("ssh", "ls")).out).toMatch(/leased by one[\s\S]*free/)
    const stopped = await home.sky("stop", "-y", "one")
    expect([stopped.code, stopped.err]).toEqual([2, expect.stringContaining("one cannot be stopped: machines of an ssh pool")])
    expect((await home.sky("start", "-y", "one")).code).toBe(0)
    expect((await home.sky("down", "-y", "one")).code).toBe(0)
    expect(leases()).toEqual([])
    expect(readdirSync(join(first.home, ".skyd-node/nodes"))).toEqual([])
    expect(first.inside("ps -e -o args | grep -c '[s]kyd-node' || true").trim()).toBe("0")
  }, 120_000)

  it("a gang runs on both, and no third node is to be had", async () => {
    const launched = await home.launch("two", "--num-nodes", "2", "echo rank $SKYPILOT_NODE_RANK at $(hostname)")
    expect(launched).toMatchObject({ code: 0 })
    for (const [rank, { hostname }] of machines.entries()) expect(launched.out).toContain(`rank ${rank} at ${hostname}`)
    const more = await home.launch("more", "true")
    expect([more.code, more.err]).toEqual([7, expect.stringContaining("leased by 'two'")])
    expect((await home.sky("check", "ssh")).out).toContain("ssh: enabled (2 machines)")
    expect((await home.sky("down", "-y", "two")).code).toBe(0)
    expect(leases()).toEqual([])
  }, 120_000)

  it("one that is cut off is INIT and says why; its job goes on, and it is UP when it is back", async () => {
    expect((await home.launch("far", "-d", "sleep 1000")).code).toBe(0)
    const queued = async () => (await home.json("queue", "far"))[0].status
    await eventually(queued, (status) => status === "RUNNING")
    const { machine } = await given()
    machine.cut()
    const lost = await eventually(
      () => home.status("far"),
      (cluster) => cluster.status === "INIT"
    )
    expect(lost.reason).not.toBeNull()
    expect((await home.sky("check", "ssh")).code).toBe(1)
    machine.heal()
    await eventually(
      () => home.status("far"),
      (cluster) => cluster.status === "UP"
    )
    expect(await queued()).toBe("RUNNING")
    expect((await home.sky("down", "-y", "far")).code).toBe(0)
  }, 180_000)

  it("one that was restarted has lost its job, runs the next one, and was never stopped", async () => {
    expect((await home.launch("again", "-d", "sleep 1000")).code).toBe(0)
    const first = async () => (await home.json("queue", "again")).find(({ id }: { id: number }) => id === 1)
    await eventually(first, ({ status }) => status === "RUNNING")
    const { machine } = await given()
    await machine.powerOff()
    await machine.boot()
    const over = await eventually(first, ({ status }) => status === "FAILED")
    expect(over.reason).toContain("the machine was restarted")
    await eventually(
      () => home.status("again"),
      (cluster) => cluster.status === "UP"
    )
    expect(await home.sky("exec", "again", "echo here again")).toMatchObject({ code: 0, out: expect.stringContaining("here again") })
    const tags = (await home.json("events")).map(({ event }: { event: { _tag: string } }) => event._tag)
    expect(tags).not.toContain("NodeStopped")
    expect((await home.sky("down", "-y", "again")).code).toBe(0)
    expect(leases()).toEqual([])
  }, 180_000)

  it("one whose agent is killed gets another one, without anybody asking for anything", async () => {
    expect((await home.launch("mended", "-d", "sleep 1000")).code).toBe(0)
    const { machine } = await given()
    const pid = () => machine.inside("cat /home/node/.skyd-node/nodes/*/agent/pid").split(" ")[0]!
    const before = pid()
    machine.inside('kill -9 "$1"', before)
    await eventually(() => pid() !== before)
    expect((await home.json("queue", "mended"))[0].status).toBe("RUNNING")
    expect((await home.sky("down", "-y", "mended")).code).toBe(0)
  }, 120_000)

  it("one whose key changed is not spoken to, and is given up by a purge", async () => {
    expect((await home.launch("odd", "true")).code).toBe(0)
    const { hostKey, machine } = await given()
    expect(hostKey).toBe(machine.hostKey)
    await machine.changeHostKey()
    machine.inside("pkill -f '[s]shd.*: node' || true")
    const lost = await eventually(
      () => home.status("odd"),
      (cluster) => /host key/.test(cluster.reason ?? "")
    )
    expect(lost.reason).toContain("the host key of")
    const down = await home.sky("down", "-y", "--purge", "odd")
    expect(down.code).toBe(0)
  }, 120_000)
})
