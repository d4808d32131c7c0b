/** A start on a file system that takes nothing: one sentence that says why and what to do, and all is well once that is done. */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { eventually, Home } from "./home.ts"

const isRoot = process.getuid?.() === 0
if (!isRoot) console.warn("NOT TESTED: file systems that are read-only or have no inodes left. Mounting them needs root.")

/** A file system of its own for the state; its daemon ends, and it goes, before the home does. */
const mounted = (options: string): Home => {
  const home = new Home()
  mkdirSync(home.state)
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=500m,mode=700,${options}`, "tmpfs", home.state])
  onTestFinished(async () => {
    await home.sky("down", "-a", "-y")
    await home.sky("daemon", "stop")
    execFileSync("umount", ["-l", home.state])
  })
  return home
}

const refused = async (home: Home, sentence: RegExp) => {
  const { code, err, out } = await home.sky("launch", "-y", "-c", "a", "true")
  expect([code, out]).toEqual([7, ""])
  expect(err.replaceAll(/\s+/g, " ")).toMatch(sentence)
  expect(err).not.toMatch(/E[A-Z]{4,}/)
}

describe.skipIf(!isRoot)("a start on a file system", () => {
  it("that is mounted read-only is refused, and changes nothing of what it holds", async () => {
    const home = mounted("rw")
    await home.sky("launch", "-y", "-c", "a", "echo first")
    // Its agent would hold files.
    await home.sky("down", "-y", "a")
    const before = (await home.json("events")).length
    await home.json("daemon", "stop")
    const witness = readFileSync(join(home.state, "HEAD"))
    // The daemon has answered, and may hold a file for a moment still.
    await eventually(() => spawnSync("mount", ["-o", "remount,ro", home.state]).status === 0)
    await refused(
      home,
      /^✗ The state folder \S+ cannot be written to: it is on a file system that is mounted read-only\. Mount it for writing/
    )
    expect(readFileSync(join(home.state, "HEAD"))).toEqual(witness)
    execFileSync("mount", ["-o", "remount,rw", home.state])
    expect((await home.json("events")).length).toBeGreaterThanOrEqual(before)
  })

  it("without inodes left for the state folder itself is refused too", async () => {
    const outer = new Home()
    const home = new Home({ SKYD_HOME: join(outer.path, "s", "state") })
    mkdirSync(outer.state)
    execFileSync("mount", ["-t", "tmpfs", "-o", "nr_inodes=1", "tmpfs", outer.state])
    onTestFinished(() => void execFileSync("umount", ["-l", outer.state]))
    const { code, err } = await home.sky("status")
    expect([code, err.replaceAll(/\s+/g, " ")]).toEqual([
      7,
      expect.stringMatching(/^✗ The state folder \S+ cannot be made: no space is left\. Free some/)
    ])
  })

  it("without inodes left is refused however many are missing, and begins once there are some", async () => {
    const home = mounted("nr_inodes=200")
    const filler = join(home.state, "filler")
    mkdirSync(filler)
    const fill = (leave: number) => {
      for (let i = statfsSync(home.state).ffree - leave; i > 0; i--) writeFileSync(join(filler, `${readdirSync(filler).length}`), "")
    }
    for (const leave of [0, 3, 6, 9]) {
      fill(leave)
      await refused(
        home,
        /^✗ The state folder \S+ cannot be written to: there is no space left on its disk, or no room for one more file\. Free some/
      )
      for (const name of readdirSync(home.state)) if (name !== "filler") rmSync(join(home.state, name), { recursive: true })
    }
    fill(4)
    await refused(home, /no room for one more file/)
    rmSync(filler, { recursive: true })
    expect((await home.sky("launch", "-y", "-c", "a", "echo begun")).out).toContain("begun")
  })

  it("that gets none left under a daemon: what begins something is refused, and a node can be stopped and ended", async () => {
    const home = mounted("nr_inodes=250")
    await home.sky("launch", "-y", "-d", "-c", "a", "sleep 600")
    const filler = join(home.state, "filler")
    mkdirSync(filler)
    const leave = (files: number) => {
      for (let i = statfsSync(home.state).ffree - files; i > 0; i--) writeFileSync(join(filler, `${readdirSync(filler).length}`), "")
    }
    for (const [files, needed, verb] of [
      [100, 128, ["launch", "-y", "-d", "true"]],
      [20, 32, ["exec", "-d", "a", "true"]],
      [0, 32, ["autostop", "-y", "a", "-i", "5"]]
    ] as const) {
      leave(files)
      const { code, err } = await home.sky(...verb)
      expect([code, err.replaceAll(/\s+/g, " ")]).toEqual([
        7,
        expect.stringMatching(new RegExp(`The disk of \\S+ takes \\d+ more files?, and ${verb[0]} needs ${needed}\\. Delete some: df -i`))
      ])
    }
    expect((await home.sky("status")).err.replaceAll(/\s+/g, " ")).toMatch(/takes 0 more files: a launch needs 128/)
    expect(await home.sky("stop", "-y", "a")).toMatchObject({ code: 0 })
    expect((await home.json("status"))[0].status).toBe("STOPPED")
    expect(await home.sky("down", "-y", "a")).toMatchObject({ code: 0 })
  })

  it("that is mounted read-only is no place for a new log either", async () => {
    const home = mounted("rw")
    await home.sky("status")
    const file = join(home.path, "saved.jsonl")
    await home.sky("audit", "export", file)
    const outer = new Home()
    mkdirSync(outer.state)
    execFileSync("mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", outer.state])
    onTestFinished(() => void execFileSync("umount", ["-l", outer.state]))
    const other = new Home({ SKYD_HOME: join(outer.state, "new", "state") })
    const { code, err } = await other.sky("audit", "import", file)
    expect([code, err.replaceAll(/\s+/g, " ")]).toEqual([
      7,
      expect.stringMatching(/^✗ The state folder \S+ cannot be written to: it is on a file system that is mounted read-only\./)
    ])
  })
})
