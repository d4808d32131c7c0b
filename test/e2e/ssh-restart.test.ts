/**
 * Machines of a gang that are restarted under it, and a link that is away for longer than a minute while somebody reads what a job says.
 */
import { afterAll, beforeAll, expect, it } from "vitest"
import { eventually, sleep } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { leasesOf, oursOn, SshHome, startMachines } from "./ssh-pool.ts"
import type { SshMachine } from "./sshd.ts"

const cutMs = 65_000
const lines = 320

describeWithMachines("a job over ssh", () => {
  let machines: ReadonlyArray<SshMachine> = []
  beforeAll(async () => {
    machines = await startMachines(3)
  }, 60_000)
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.end()))
  })

  it("of a gang fails with the reason where a machine of it is restarted, head or worker: nothing of it runs on, and the next one runs on all", async () => {
    const pair = machines.slice(0, 2)
    const home = new SshHome(pair)
    const jobsOn = (machine: SshMachine) => oursOn(machine).filter((words) => words.includes("sleep 1000"))
    const job = async (id: number) => (await home.json("queue", "gang")).find((one: { id: number }) => one.id === id)
    expect(await home.launch("gang", "--num-nodes", "2", "true")).toMatchObject({ code: 0 })
    const { host } = (await home.json("events"))
      .map(({ event }: { event: { _tag: string; rank: number; host: string } }) => event)
      .find(({ _tag, rank }: { _tag: string; rank: number }) => _tag === "NodeProvisioned" && rank === 0)
    const worker = pair.find(({ address }) => address !== host)!
    const head = pair.find(({ address }) => address === host)!
    let id = 1
    for (const restarted of [worker, head]) {
      expect((await home.sky("exec", "-d", "gang", "--num-nodes", "2", "sleep 1000")).code).toBe(0)
      id++
      await eventually(() => pair.every((machine) => jobsOn(machine).length > 0))
      await restarted.powerOff()
      await restarted.boot()
      const over = await eventually(
        () => job(id),
        ({ status }) => status === "FAILED"
      )
      expect(over.reason).toContain("the machine was restarted")
      await eventually(() => pair.every((machine) => jobsOn(machine).length === 0))
      // Each has to reach the other again, and until then it is INIT.
      await eventually(
        () => home.status("gang"),
        ({ status }) => status === "UP"
      )
      const ran = await home.sky("exec", "gang", "--num-nodes", "2", "echo again at $(hostname)")
      id++
      expect(ran).toMatchObject({ code: 0 })
      for (const { hostname } of pair) expect(ran.out).toContain(`again at ${hostname}`)
      expect((await home.status("gang")).status).toBe("UP")
    }
    expect((await home.sky("down", "-y", "gang")).code).toBe(0)
    expect(pair.flatMap(leasesOf)).toEqual([])
  }, 240_000)

  it("is read on where it was, no line lost or twice, when the link to it was away for longer than a minute", async () => {
    const machine = machines[2]!
    const home = new SshHome([machine])
    const script = `for i in $(seq ${lines}); do echo "line $i."; sleep 0.25; done`
    expect((await home.launch("far", "-d", script)).code).toBe(0)
    const read = home.start("logs", "far", "1")
    await read.until("line 8.")
    machine.cut()
    await sleep(cutMs)
    machine.heal()
    const { code, err, out } = await read.ended
    expect({ code, err }).toMatchObject({ code: 0 })
    expect(err).toContain("The logs of far go on when its head is reached again: it is INIT")
    expect(out.match(/line \d+\./g)).toEqual(Array.from({ length: lines }, (_, i) => `line ${i + 1}.`))
    expect((await home.sky("down", "-y", "far")).code).toBe(0)
    expect(leasesOf(machine)).toEqual([])
  }, 240_000)
})
