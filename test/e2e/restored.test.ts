/** `log/`, `HEAD` and `snapshots/` are put back from an older backup while the node lives on, with the real daemon and real agents. */
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { eventually, Home } from "./home.ts"

const parts = ["log", "HEAD", "snapshots"]

const backup = (home: Home) => {
  for (const part of parts)
    if (existsSync(join(home.state, part))) cpSync(join(home.state, part), join(home.path, "backup", part), { recursive: true })
}
const putBack = (home: Home) => {
  for (const part of parts) {
    rmSync(join(home.state, part), { recursive: true, force: true })
    if (existsSync(join(home.path, "backup", part))) cpSync(join(home.path, "backup", part), join(home.state, part), { recursive: true })
  }
}

it("a job that is submitted after it runs, under a number of its own; those that the backup lacks are shown, and can be cancelled", async () => {
  const home = new Home()
  await home.sky("launch", "-y", "-c", "a", "echo L")
  await home.sky("daemon", "stop")
  backup(home)
  expect((await home.sky("exec", "a", "echo FIRST")).out).toContain("FIRST")
  await home.sky("exec", "-d", "a", "sleep 600")
  const jobs = (): Promise<ReadonlyArray<{ id: number; status: string }>> => home.json("queue", "a")
  await eventually(jobs, (all) => all.some(({ id, status }) => id === 3 && status === "RUNNING"))
  await home.sky("autostop", "-y", "-i", "60", "a")
  await home.sky("daemon", "stop")
  putBack(home)
  const ran = await home.sky("exec", "a", "echo SECOND; echo second >> ~/file")
  expect(ran.out).toContain("SECOND")
  expect(ran).toMatchObject({ code: 0, out: expect.not.stringContaining("FIRST") })
  expect(readFileSync(join(home.nodes()[0]!, "home/file"), "utf8")).toBe("second\n")
  const status = async () => Object.fromEntries((await jobs()).map((job) => [job.id, job.status]))
  expect(await status()).toEqual({ 1: "SUCCEEDED", 2: "SUCCEEDED", 3: "RUNNING", 4: "SUCCEEDED" })
  expect(await home.sky("logs", "a", "2")).toMatchObject({ code: 0, out: expect.stringContaining("FIRST") })
  expect(await home.sky("cancel", "-y", "a", "3")).toMatchObject({ code: 0 })
  await eventually(status, (all) => all[3] === "CANCELLED")
  await home.sky("down", "-y", "a")
})
