/** The second links to the log's files: for who has to find out what happened, and gone when nothing did. */
import { spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { linkAsFound } from "../../daemon/log/as-found.ts"

const home = mkdtempSync(join(tmpdir(), "skyd-"))
afterAll(() => rmSync(home, { recursive: true }))
const put = (folder: string, file: string, text: string) => {
  mkdirSync(join(home, folder), { recursive: true })
  writeFileSync(join(home, folder, file), text)
}
const { pid: deadPid } = spawnSync("true")

it("what a daemon found that was killed before it knew is carried on, and goes with the first sound start", () => {
  put("log", "CURRENT", "now")
  put(`log.found-${deadPid}`, "CURRENT", "then")
  put(`log.found-${deadPid}`, "000007.log", "dropped since")
  const found = linkAsFound(home)!
  const own = `log.found-${process.pid}`
  expect(readdirSync(home).toSorted()).toEqual(["log", own])
  const text = (name: string) => readFileSync(join(home, own, name), "utf8")
  expect([text("CURRENT"), text("000007.log")]).toEqual(["then", "dropped since"])
  found.discard()
  expect(readdirSync(home)).toEqual(["log"])
})

it("what was taken over outlives one that found the store locked and opened nothing; its own links do not", () => {
  put(`log.found-${deadPid}`, "000007.log", "dropped since")
  const own = `log.found-${process.pid}`
  for (let tries = 1; tries <= 2; tries++) linkAsFound(home)!.release()
  expect(readFileSync(join(home, own, "000007.log"), "utf8")).toBe("dropped since")
  linkAsFound(home)!.discard()
  linkAsFound(home)!.release()
  expect(readdirSync(home)).toEqual(["log"])
})

it("a daemon that was killed and is a zombie still does not count as one that starts", async () => {
  // Whoever replaced the shell knows nothing of its child, and does not collect it.
  const parent = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 60"])
  const zombie = await new Promise<string>((done) => parent.stdout.once("data", (text) => done(String(text).trim())))
  while (!/ Z /.test(readFileSync(`/proc/${zombie}/stat`, "utf8"))) await new Promise(setImmediate)
  put(`log.found-${zombie}`, "CURRENT", "then")
  linkAsFound(home)!.discard()
  parent.kill("SIGKILL")
  expect(readdirSync(home)).toEqual(["log"])
})

it("what another daemon has found that still starts is left to it", () => {
  put(`log.found-${process.ppid}`, "CURRENT", "its own")
  linkAsFound(home)!.discard()
  expect(readdirSync(home).toSorted()).toEqual(["log", `log.found-${process.ppid}`])
})

it("a store whose files take no second link is opened all the same, and nothing is left beside it", () => {
  const home = mkdtempSync(join(tmpdir(), "skyd-f-"))
  mkdirSync(join(home, "log", "a-folder-that-is-none-of-ours"), { recursive: true })
  expect(linkAsFound(home)).toBeUndefined()
  expect(readdirSync(home)).toEqual(["log"])
  rmSync(home, { recursive: true })
})
