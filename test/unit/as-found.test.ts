/** The second links to the log's files: for who has to find out what happened, and gone when nothing did. */
import { spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { linkAsFound } from "../../daemon/log/as-found.ts"

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "skyd-f-"))
})
afterEach(() => rmSync(home, { recursive: true }))
const put = (folder: string, file: string, text: string) => {
  mkdirSync(join(home, folder), { recursive: true })
  writeFileSync(join(home, folder, file), text)
}
const text = (folder: string, file: string) => readFileSync(join(home, folder, file), "utf8")
const names = () => readdirSync(home).toSorted()
const { pid: deadPid } = spawnSync("true")

it("are gone when the store is sound, with those of daemons that were killed before they knew", () => {
  put("log", "CURRENT", "now")
  put(`log.found-${deadPid}-a`, "CURRENT", "then")
  linkAsFound(home)!.discard()
  expect(names()).toEqual(["log"])
})

it("are kept of a damaged store, what was dropped before this start included", () => {
  put("log", "CURRENT", "now")
  put("log", "000009.log", "since")
  put(`log.found-${deadPid}-a`, "CURRENT", "then")
  put(`log.found-${deadPid}-a`, "000007.log", "dropped since")
  expect(linkAsFound(home)!.keep("now")).toBe(join(home, "log.damaged-now"))
  expect(names()).toEqual(["log", "log.damaged", "log.damaged-now"])
  expect(["CURRENT", "000007.log", "000009.log"].map((file) => text("log.damaged-now", file))).toEqual(["then", "dropped since", "since"])
})

it("are kept once of a store that stays damaged, and again of one that was sound in between", () => {
  put("log", "CURRENT", "bad")
  const kept = ["1", "2"].map((name) => basename(linkAsFound(home)!.keep(name)))
  expect(kept).toEqual(["log.damaged-1", "log.damaged-1"])
  expect(names()).toEqual(["log", "log.damaged", "log.damaged-1"])
  linkAsFound(home)!.discard()
  expect(names()).toEqual(["log", "log.damaged-1"])
  linkAsFound(home)!.keep("3")
  expect(names()).toEqual(["log", "log.damaged", "log.damaged-1", "log.damaged-3"])
})

it("are kept again when somebody has removed what was kept", () => {
  put("log", "CURRENT", "bad")
  rmSync(linkAsFound(home)!.keep("1"), { recursive: true })
  expect(basename(linkAsFound(home)!.keep("2"))).toBe("log.damaged-2")
  expect(text("log.damaged", "CURRENT")).toBe("bad")
})

it("of one that found the store held by another go with it, and those of the killed stay for the other", () => {
  put("log", "CURRENT", "now")
  put(`log.found-${deadPid}-a`, "000007.log", "dropped since")
  const holder = linkAsFound(home)!
  linkAsFound(home)!.release()
  expect(text(`log.found-${deadPid}-a`, "000007.log")).toBe("dropped since")
  holder.discard()
  expect(names()).toEqual(["log"])
})

it("that nobody could decide on wait in one folder for the next start", () => {
  put("log", "CURRENT", "now")
  for (const which of ["a", "b"]) {
    put(`log.found-${deadPid}-${which}`, which, "dropped since")
    linkAsFound(home)!.leave()
  }
  const [, left, ...more] = names()
  expect(more).toEqual([])
  expect(readdirSync(join(home, left!)).toSorted()).toEqual(["CURRENT", "a", "b"])
})

it("of a daemon that was killed and is a zombie still do not count as those of one that starts", async () => {
  put("log", "CURRENT", "now")
  // Whoever replaced the shell knows nothing of its child, and does not collect it.
  const parent = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 60"])
  const zombie = await new Promise<string>((done) => parent.stdout.once("data", (text) => done(String(text).trim())))
  while (!/ Z /.test(readFileSync(`/proc/${zombie}/stat`, "utf8"))) await new Promise(setImmediate)
  put(`log.found-${zombie}-a`, "CURRENT", "then")
  linkAsFound(home)!.discard()
  parent.kill("SIGKILL")
  expect(names()).toEqual(["log"])
})

it("of another daemon that still starts are left to it", () => {
  put("log", "CURRENT", "now")
  put(`log.found-${process.ppid}-a`, "CURRENT", "its own")
  linkAsFound(home)!.discard()
  expect(names()).toEqual(["log", `log.found-${process.ppid}-a`])
})

it("are not made of a store whose files take none: it is opened all the same, and nothing is left beside it", () => {
  mkdirSync(join(home, "log", "a-folder-that-is-none-of-ours"), { recursive: true })
  const whys: Array<string> = []
  expect(linkAsFound(home, (why) => whys.push(why))).toBeUndefined()
  expect(whys).toEqual([expect.stringContaining("EPERM")])
  expect(names()).toEqual(["log"])
})
