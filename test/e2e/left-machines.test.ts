/** Machines that no log knows any more: the first start of the next log names them, and they can be ended. */
import { cpSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { eventually, Home, isAlive } from "./home.ts"

const launch = (home: Home, name: string) => home.sky("launch", "-y", "-d", "-c", name, "sleep 600")
const told = async (home: Home, ...verb: ReadonlyArray<string>) => (await home.sky(...verb)).err.replaceAll(/\s+/g, " ")
const nodesOf = (home: Home) => readdirSync(join(home.state, "nodes"))
const parts = ["log", "HEAD", "snapshots"]
const removeLog = (home: Home) => {
  for (const name of parts) rmSync(join(home.state, name), { recursive: true })
}

it("a log that is gone with all that tells of it: its machines are named at once, and ended beside those that the new one knows", async () => {
  const home = new Home()
  await launch(home, "train")
  const agent = home.agentPid()
  const [lost] = nodesOf(home)
  await home.json("daemon", "stop")
  removeLog(home)
  const notice = `There are machines that the log does not know. There is still: train (local: ${lost}). sky down --unlogged CLUSTER ends them.`
  expect(await told(home, "status")).toContain(notice)
  // The name is free, since the new log knows nothing of it.
  await launch(home, "train")
  expect(await told(home, "queue")).toContain(notice)
  expect(await home.sky("down", "-y", "--unlogged", "train")).toMatchObject({
    code: 0,
    err: expect.stringContaining(`1 machine gone (${lost})`)
  })
  await eventually(() => !isAlive(agent))
  expect(nodesOf(home)).toHaveLength(1)
  expect(await told(home, "status")).toBe("")
  expect(await told(home, "down", "-y", "--unlogged", "train")).toContain("The log is sound")
  expect((await home.json("queue", "train"))[0].status).toBe("RUNNING")
})

it("a log that was put back from a backup with all that tells of it: what was launched since can be ended", async () => {
  const home = new Home()
  await launch(home, "old")
  await home.json("daemon", "stop")
  const backup = join(home.path, "backup")
  for (const name of parts) cpSync(join(home.state, name), join(backup, name), { recursive: true })
  const [known] = nodesOf(home)
  await launch(home, "new")
  await home.json("daemon", "stop")
  removeLog(home)
  cpSync(backup, home.state, { recursive: true })
  await home.sky("status")
  expect((await home.sky("down", "-y", "--unlogged", "old")).err).toContain("The log is sound")
  expect(await home.sky("down", "-y", "--unlogged", "new")).toMatchObject({ code: 0 })
  expect(nodesOf(home)).toEqual([known])
})

it("a log that is gone but for its snapshots is not begun anew before its machines are ended", async () => {
  const home = new Home()
  await launch(home, "train")
  const [lost] = nodesOf(home)
  await home.json("daemon", "stop")
  for (const name of ["log", "HEAD"]) rmSync(join(home.state, name), { recursive: true })
  const said = await told(home, "status")
  expect(said).toMatch(/The log in \S+ and its witness are gone: a snapshot holds its state at event \d+\./)
  expect(said).toContain(`There is still: train (local: ${lost}). sky down --unlogged CLUSTER ends what runs.`)
  expect(await home.sky("down", "-y", "--unlogged", "train")).toMatchObject({ code: 0 })
  await home.json("daemon", "stop")
  rmSync(join(home.state, "snapshots"), { recursive: true })
  expect(await told(home, "status")).not.toContain("✗")
})
