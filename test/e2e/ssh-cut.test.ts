/**
 * A link that is cut for longer than it takes to find it dead, in the middle of all that goes over it: nothing is lost, nothing is done
 * twice.
 */
import { randomBytes } from "node:crypto"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { eventually, sleep } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { leasesOf, oursOn, SshHome, startMachines } from "./ssh-pool.ts"
import type { SshMachine } from "./sshd.ts"

/** A dead link is found after 8 s. */
const cutMs = 16_000
/** For longer than tries alone would bridge. */
const longMs = 70_000
const lines = 40

/** What has just happened when the link goes. */
const moments = ["NodeRequested", "NodeProvisioned", "RuntimeReady", "SetupStarted", "JobStarted"]

describeWithMachines("a link that is cut", () => {
  let machines: ReadonlyArray<SshMachine> = []
  beforeAll(async () => {
    machines = await startMachines(moments.length)
  }, 60_000)
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.end()))
  })

  const throughout = async (machine: SshMachine, moment: string) => {
    const home = new SshHome([machine])
    const work = join(home.path, "work")
    mkdirSync(work)
    for (let i = 0; i < 40; i++) writeFileSync(join(work, `${i}.bin`), randomBytes(400_000))
    const task = home.file(
      "task.yaml",
      `workdir: ${work}\nresources: {infra: ssh/rack}\nsetup: echo once >> ~/set-up; sleep 3\nrun: |\n  echo once >> ~/ran; cat *.bin | wc -c\n  for i in $(seq ${lines}); do echo "line $i."; sleep 0.2; done\n`
    )
    const launched = home.start("launch", "-y", "-c", "far", task)
    await home.until(moment)
    machine.cut()
    await sleep(cutMs)
    machine.heal()
    const { code, err, out } = await launched.ended
    expect({ moment, code, err }).toMatchObject({ code: 0 })
    const said = out.match(/line \d+\./g)
    expect(said).toEqual(Array.from({ length: lines }, (_, i) => `line ${i + 1}.`))
    expect(out).toContain(String(40 * 400_000))
    for (const file of ["set-up", "ran"]) expect(readFileSync(join(machine.home, file), "utf8")).toBe("once\n")
    expect((await home.sky("down", "-y", "far")).code).toBe(0)
    expect(leasesOf(machine)).toEqual([])
    await eventually(() => oursOn(machine).length === 0)
  }

  it("while machines are asked for, made ready, given files, set up, and at work: each launch ends as without it", async () => {
    await Promise.all(moments.map((moment, i) => throughout(machines[i]!, moment)))
  }, 180_000)

  it("for more than a minute while a big workdir is sent: the launch goes on by itself", async () => {
    const machine = machines[0]!
    const home = new SshHome([machine])
    const work = join(home.path, "work")
    mkdirSync(work)
    for (let i = 0; i < 64; i++) writeFileSync(join(work, `${i}.bin`), randomBytes(2_000_000))
    const task = home.file("task.yaml", `workdir: ${work}\nresources: {infra: ssh/rack}\nrun: cat *.bin | wc -c\n`)
    const launched = home.start("launch", "-y", "-c", "far", task)
    await home.until("RuntimeReady")
    machine.cut()
    await sleep(longMs)
    machine.heal()
    const { code, err, out } = await launched.ended
    expect({ code, err }).toMatchObject({ code: 0 })
    expect(out).toContain(String(64 * 2_000_000))
    expect((await home.sky("down", "-y", "far")).code).toBe(0)
    expect(leasesOf(machine)).toEqual([])
  }, 240_000)
})
