/**
 * A log whose files are deleted, moved or replaced under the daemon that writes to them: it is said, nothing is begun, and all can be
 * saved.
 */
import { randomBytes } from "node:crypto"
import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { strikeAt } from "../damage/logs.ts"
import { Home } from "./home.ts"

const launched = async () => {
  const home = new Home()
  await home.sky("launch", "-y", "-d", "-c", "a", "sleep 600")
  return home
}
const sentence = (home: Home, place: string) =>
  `${join(home.state, place)} was deleted, moved or replaced under the daemon: what it records may be lost when it ends.`
const refused = async (home: Home, place: string) => {
  for (const verb of [
    ["exec", "-d", "a", "true"],
    ["launch", "-y", "-d", "true"]
  ]) {
    const { code, err } = await home.sky(...verb)
    expect([code, err]).toEqual([1, expect.stringContaining(`${sentence(home, place)} ${verb[0]} is not begun.`)])
  }
  const { code, err } = await home.sky("status")
  expect([code, err.replaceAll(/\s+/g, " ")]).toEqual([0, expect.stringContaining(`${sentence(home, place)} Move it back if you can.`)])
}

describe("under a daemon", () => {
  it("a log that was moved is missed, and all is well when it is moved back", async () => {
    const home = await launched()
    const [there, away] = [join(home.state, "log"), join(home.path, "away")]
    renameSync(there, away)
    await refused(home, "log")
    renameSync(away, there)
    expect((await home.sky("exec", "a", "echo back")).out).toContain("back")
    expect((await home.sky("status")).err).toBe("")
    await home.sky("daemon", "restart")
    expect((await home.json("queue", "a")).length).toBe(2)
  })

  it("a log that was deleted is exported whole, and what runs can be ended", async () => {
    const home = await launched()
    await home.json("daemon", "restart")
    const before = (await home.json("events")).length
    rmSync(join(home.state, "log"), { recursive: true })
    await refused(home, "log")
    expect(await home.sky("audit", "verify")).toMatchObject({
      code: 1,
      err: expect.stringContaining(`the daemon still has ${before} events: sky audit export FILE saves them.`)
    })
    // As a newer build asks that would take its place.
    expect(await home.json("rpc", "daemon.stop", '{"ifIdle":true}')).toMatchObject({ stopping: false })
    const file = join(home.path, "saved.jsonl")
    await home.sky("audit", "export", file)
    expect(readFileSync(file, "utf8").trimEnd().split("\n")).toHaveLength(before)
    const other = new Home()
    expect(await other.sky("audit", "import", file)).toMatchObject({ code: 0 })
    for (const verb of ["stop", "restart"]) {
      const { code, err } = await home.sky("daemon", verb)
      expect([code, err]).toEqual([
        1,
        expect.stringContaining("The daemon is not ended, for only it holds all of its log: sky audit export")
      ])
    }
    const { code, err } = await home.sky("down", "-y", "a")
    expect([code, err.replaceAll(/\s+/g, " ")]).toEqual([0, expect.stringContaining(sentence(home, "log"))])
    expect(home.nodes()).toEqual([])
    expect((await home.sky("daemon", "stop", "--force")).err).toContain("The daemon is stopped.")
  })

  it("a witness that was replaced is missed", async () => {
    const home = await launched()
    const head = join(home.state, "HEAD")
    copyFileSync(head, `${head}.copy`)
    renameSync(`${head}.copy`, head)
    await refused(home, "HEAD")
  })

  it("a witness that was overwritten in its place is missed", async () => {
    const home = new Home()
    await home.sky("launch", "-y", "-c", "a", "true")
    const witness = join(home.state, "HEAD")
    const { head } = (await home.json("daemon", "status")) as unknown as { head: number }
    // Its last word, which would mend it.
    await expect.poll(() => readFileSync(witness, "latin1")).toContain(` ${head} `)
    writeFileSync(witness, Buffer.alloc(8192, 7))
    await refused(home, "HEAD")
  })

  it("files that were put back from a backup, in a folder that stayed, are missed", async () => {
    const home = await launched()
    const current = join(home.state, "log", "CURRENT")
    copyFileSync(current, `${current}.copy`)
    renameSync(`${current}.copy`, current)
    await refused(home, "log/CURRENT")
  })

  it("a table that LevelDB would end it over is not read for an audit; where it is read, the next daemon only answers", async () => {
    const home = await launched()
    const words = randomBytes(45_000).toString("base64")
    await home.sky("exec", "-d", "a", `true ${words}`)
    await home.json("daemon", "restart")
    const pid = await home.daemonPid()
    strikeAt(home.state, words)
    expect(await home.sky("audit", "verify")).toMatchObject({ code: 1, err: expect.stringContaining(" is not what was written: ") })
    const file = join(home.path, "saved.jsonl")
    expect(await home.sky("audit", "export", file)).toMatchObject({ code: 1, err: expect.stringContaining(" are exported to ") })
    expect(await home.daemonPid()).toBe(pid)
    expect(readdirSync(join(home.state, "run")).filter((name) => name.startsWith("beside-"))).toEqual([])
    const { code, err, out } = await home.sky("events")
    expect([code, err]).toEqual([0, expect.stringContaining("The log is damaged: ")])
    expect(out.trimEnd().split("\n").length).toBeGreaterThan(5)
    expect(await home.daemonPid()).not.toBe(pid)
  })
})
