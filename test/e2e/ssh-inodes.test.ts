/** A machine whose disk has space and no inodes: who looks for space alone does not find out, so it is said, wherever it is met. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { eventually } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { leasesOf, SshHome, startMachine } from "./ssh-pool.ts"
import type { SshMachine } from "./sshd.ts"

const said = "its disk has no inodes left for more files (df -i)"

describeWithMachines("a machine with space and without inodes", () => {
  let machine: SshMachine
  beforeAll(async () => {
    machine = await startMachine({}, { homeMib: 200, homeInodes: 200 })
  }, 60_000)
  afterAll(() => machine.end())

  it("says so of a workdir, of a job and of itself; what runs goes on, and all is well when there are some again", async () => {
    const home = new SshHome([machine])
    const work = join(home.path, "work")
    mkdirSync(work)
    for (let i = 0; i < 300; i++) writeFileSync(join(work, `${i}.txt`), "")
    const launched = await home.launch("many", "--workdir", work, "true")
    expect(launched).toMatchObject({
      code: 1,
      err: expect.stringMatching(/sky_workdir\/\d+\.txt cannot be made: its disk has no inodes left/)
    })
    for (const name of readdirSync(join(machine.home, "sky_workdir"))) rmSync(join(machine.home, "sky_workdir", name))
    expect((await home.sky("exec", "-d", "many", "echo before; until [ -e ~/go ]; do sleep 0.1; done; echo after")).code).toBe(0)
    await eventually(async () => (await home.sky("logs", "many", "1", "--no-follow")).out.includes("before"))

    const filler = join(machine.home, "filler")
    const fill = () => {
      mkdirSync(filler, { recursive: true })
      expect(() => {
        for (let i = 0; ; i++) writeFileSync(join(filler, String(i)), "")
      }).toThrow("ENOSPC")
    }
    fill()
    expect(await home.sky("exec", "many", "true")).toMatchObject({ code: 100, err: expect.stringContaining(said) })
    rmSync(join(filler, "0"))
    writeFileSync(join(machine.home, "go"), "")
    expect((await home.sky("logs", "many", "1")).out).toMatch(/before\n.*after\n/)
    expect((await home.sky("down", "-y", "many")).code).toBe(0)
    expect(leasesOf(machine)).toEqual([])

    fill()
    expect((await home.sky("ssh", "ls")).out.replaceAll(/\s+/g, " ")).toContain("unusable")
    expect((await home.launch("none", "true")).err).toContain(said)
    rmSync(filler, { recursive: true })
    expect((await home.launch("one", "echo works again")).out).toContain("works again")
  }, 180_000)
})
