/** A machine whose disk fills up: what needs room fails with that as its reason, and what ends something goes on. */
import { randomBytes } from "node:crypto"
import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { eventually } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { leasesOf, oursOn, SshHome, startMachine } from "./ssh-pool.ts"
import type { SshMachine } from "./sshd.ts"

const mib = 1024 * 1024

describeWithMachines("a machine with a full disk", () => {
  let machine: SshMachine
  beforeAll(async () => {
    machine = await startMachine({}, { homeMib: 170 })
  }, 60_000)
  afterAll(() => machine.end())

  const filler = () => join(machine.home, "filler")
  const fill = () => {
    for (let size = mib; size > 0; size = Math.floor(size / 2)) {
      try {
        for (;;) appendFileSync(filler(), Buffer.alloc(size))
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "ENOSPC") throw cause
      }
    }
  }
  const nothingLeft = async () => {
    expect(leasesOf(machine)).toEqual([])
    await eventually(() => oursOn(machine).length === 0)
    expect(readdirSync(join(machine.home, ".skyd-node/nodes"))).toEqual([])
  }

  it("says so where a workdir does not fit, keeps no half of a file, and goes on when it does", async () => {
    const home = new SshHome([machine])
    const work = join(home.path, "work")
    mkdirSync(work)
    for (let i = 0; i < 5; i++) writeFileSync(join(work, `${i}.bin`), randomBytes(12 * mib))
    const launched = await home.launch("big", "--workdir", work, "true")
    expect(launched.code).toBe(1)
    expect(launched.err).toMatch(/There is no space left for \S+sky_workdir\/\d\.bin/)
    for (let i = 1; i < 5; i++) rmSync(join(work, `${i}.bin`))
    for (const name of readdirSync(join(machine.home, "sky_workdir"))) rmSync(join(machine.home, "sky_workdir", name))
    expect(await home.launch("big", "--workdir", work, "wc -c *.bin")).toMatchObject({
      code: 0,
      out: expect.stringContaining(String(12 * mib))
    })
    expect((await home.sky("down", "-y", "big")).code).toBe(0)
    await nothingLeft()
  }, 180_000)

  it("leaves a gap in a log that says that it is one, on a line of its own", async () => {
    const home = new SshHome([machine])
    const spill = "dd if=/dev/zero of=$HOME/filler bs=1M count=200 2>/dev/null"
    const loud = `${spill}; for i in $(seq 2000); do echo "line $i xxxxxxxxxxxxxxxxxxxxxxxx"; done; sleep 2; rm $HOME/filler; sleep 2; echo after`
    const ran = await home.launch("gap", loud)
    const said = ran.out.replaceAll(/^\(.*?\) /gm, "")
    expect(said).toMatch(/^\[skyd: no space was left on the disk for about \d s: .*\]\nafter\n/m)
    expect((await home.sky("down", "-y", "gap")).code).toBe(0)
    await nothingLeft()
  }, 120_000)

  it("is told how a setup and a job ended that filled it, runs the next one, and is given back while there is no room at all", async () => {
    const home = new SshHome([machine])
    const spill = "dd if=/dev/zero of=$HOME/filler bs=1M count=200 2>/dev/null"
    const launched = home.start(
      "launch",
      "-y",
      "-c",
      "full",
      "--infra",
      "ssh/rack",
      home.file("t.yaml", `setup: ${spill} || exit 3\nrun: "true"\n`)
    )
    const { code, err } = await launched.ended
    expect([code, err]).toEqual([1, expect.stringContaining("setup failed: exit 3 on rank 0")])
    rmSync(filler(), { force: true })
    const ran = await home.sky("exec", "full", `echo before; ${spill}; echo said; exit 4`)
    expect(ran).toMatchObject({
      code: 100,
      out: expect.stringContaining("before"),
      err: expect.stringContaining("exit 4 on rank 0: there is no space left on its disk")
    })
    rmSync(filler(), { force: true })
    expect(await home.sky("exec", "full", "echo room again")).toMatchObject({ code: 0, out: expect.stringContaining("room again") })
    fill()
    // Each needs some of the room that the agent has put by for what it writes down.
    for (let i = 0; i < 6; i++) {
      const more = await home.sky("exec", "full", "echo more")
      expect(more).toMatchObject({ code: 100, err: expect.stringContaining("no space left on") })
    }
    expect((await home.json("status", "full"))[0].status).toBe("UP")
    expect((await home.sky("down", "-y", "full")).code).toBe(0)
    rmSync(filler(), { force: true })
    await nothingLeft()
  }, 180_000)

  it("gives a launch nothing, which has the next one; where there is no other it is named, and what to mend", async () => {
    const other = await startMachine()
    const home = new SshHome([machine, other])
    try {
      fill()
      expect((await home.launch("two", "true")).code).toBe(0)
      expect([leasesOf(machine).length, leasesOf(other).length]).toEqual([0, 1])
      const alone = new SshHome([machine])
      const { code, err } = await alone.launch("one", "true")
      expect([code, err]).toEqual([7, expect.stringContaining(`${machine.address}: there is no room on its disk (`)])
      expect(err).toContain("Mend that first")
      expect(await alone.json("status")).toEqual([])
      rmSync(filler(), { force: true })
      expect((await alone.launch("one", "true")).code).toBe(0)
      expect((await alone.sky("down", "-y", "one")).code).toBe(0)
      expect((await home.sky("down", "-y", "two")).code).toBe(0)
      await nothingLeft()
    } finally {
      rmSync(filler(), { force: true })
      await other.end()
    }
  }, 180_000)
})
