/** The daemon's wall clock jumps a day, forward and back, while it works and while it is away: nothing fires, waits or counts by it. */
import { type ChildProcess, spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { eventually, Home, kill, root } from "./home.ts"

const dayMs = 86_400_000
const home = new Home()
const offset = join(home.path, "offset")
const shift = (ms: number) => writeFileSync(offset, String(ms))
/** Loaded before the daemon. */
const clock = home.file(
  "clock.cjs",
  `const { readFileSync } = require("node:fs"), real = Date.now; Date.now = () => real() + Number(readFileSync(${JSON.stringify(offset)}, "utf8"))`
)
const daemons: Array<ChildProcess> = []
afterAll(() => {
  for (const { pid } of daemons) kill(pid!)
})
const start = async () => {
  const args = ["-r", clock, join(root, "bin/skyd.cjs"), "run", "--home", home.state]
  daemons.push(spawn(process.execPath, args, { env: home.env, stdio: "ignore" }))
  await eventually(async () => (await home.sky("daemon", "status")).code === 0)
}
const until = (file: string) => `until test -e ${join(home.path, file)}; do sleep 0.05; done`
const touch = (file: string) => writeFileSync(join(home.path, file), "")
const jobOf = async (id: number) => (await home.json("queue", "a")).find((job: { id: number }) => job.id === id)
/** What people read has no negative age or duration. */
const tables = async () => {
  const said = [await home.sky("status"), await home.sky("queue", "a"), await home.sky("ops", "-a"), await home.sky("daemon", "status")]
  for (const { code, out } of said) expect([code, out]).toEqual([0, expect.not.stringMatching(/(^|\s)-\d/m)])
  return said[0]!.out
}

describe("a wall clock", () => {
  it.each([
    ["forward", dayMs],
    ["back", -dayMs]
  ])("put %s a day: what runs goes on, what is asked is done, and the cluster stays up", async (way, ms) => {
    shift(0)
    if (daemons.length === 0) await start()
    await home.sky("launch", "-y", "-c", "a", "-i", "5", "true")
    await home.sky("exec", "-d", "a", until(way))
    const { id } = await eventually(async () => (await home.json("queue", "a"))[0])
    await eventually(async () => (await jobOf(id)).status === "RUNNING")
    shift(ms)
    expect((await home.sky("exec", "a", "echo there")).out).toContain("there")
    touch(way)
    await eventually(async () => (await jobOf(id)).status === "SUCCEEDED")
    expect((await home.sky("launch", "-y", "-c", way, "echo new")).out).toContain("new")
    expect(await tables()).toMatch(/^a .* UP /m)
    shift(0)
    expect((await home.sky("exec", "a", "echo back")).out).toContain("back")
    await tables()
  })
  it("put back while no daemon runs: the next one takes up what there is, and a stop and a down are done", async () => {
    shift(dayMs)
    await home.sky("exec", "-d", "a", until("last"))
    await home.sky("daemon", "stop")
    shift(-dayMs)
    await start()
    touch("last")
    await eventually(async () => (await home.json("queue", "a"))[0].status === "SUCCEEDED")
    expect(await tables()).toMatch(/^a .* UP /m)
    expect((await home.sky("stop", "-y", "forward")).code).toBe(0)
    expect((await home.sky("down", "-y", "back")).code).toBe(0)
    expect((await home.sky("replay", "--verify")).code).toBe(0)
  })
})
