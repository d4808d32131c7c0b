/** `sky audit export FILE`: what becomes of the file, of one that is there already, and of what is none. */
import { execFileSync, spawn } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { createHead, emptyHead } from "../../daemon/log/head-file.ts"
import { change, filesOf } from "../damage/logs.ts"
import { Home, root } from "./home.ts"

const launched = async () => {
  const home = new Home()
  expect((await home.sky("launch", "-y", "-c", "train", "echo hi")).code).toBe(0)
  await home.sky("down", "-y", "train")
  return home
}

describe("an export", () => {
  it("is a file in whole or not at all", async () => {
    const home = await launched()
    expect(await home.sky("audit", "export", join(home.path, "no", "such"))).toMatchObject({
      code: 1,
      err: expect.stringContaining("cannot be written: its folder is not there")
    })
    mkdirSync(join(home.path, "folder"))
    expect((await home.sky("audit", "export", join(home.path, "folder"))).code).toBe(1)
    expect(readdirSync(home.path).filter((name) => name.endsWith(".part"))).toEqual([])
  })

  it("writes through a pipe, a device and a link, and replaces none", async () => {
    const home = await launched()
    const all = (await home.sky("audit", "export")).out
    const sky = `"${process.execPath}" "${join(root, "bin/sky.cjs")}"`
    const shell = (script: string) => execFileSync("/bin/bash", ["-c", script], { env: home.env, cwd: home.path, encoding: "utf8" })
    expect(shell(`${sky} audit export >(cat) 2>/dev/null | cat`)).toBe(all)
    expect(shell(`mkfifo pipe; cat pipe & ${sky} audit export pipe 2>/dev/null; wait; test -p pipe`)).toBe(all)
    expect(shell(`ln -s real link; : > real; ${sky} audit export link 2>/dev/null; test -L link; cat real`)).toBe(all)
    // By a link: a mistake here must not cost the machine its own.
    expect(shell(`ln -s /dev/null null; ${sky} audit export null 2>&1; test -L null`)).toMatch(/ events exported to null\./)
  })

  it("of a damaged log replaces no file, and writes none where nothing is proven", async () => {
    const home = await launched()
    const file = join(home.path, "log.jsonl")
    const other = join(home.path, "other.jsonl")
    await home.sky("audit", "export", file)
    const whole = readFileSync(file, "utf8")
    await home.sky("daemon", "stop")
    const wal = filesOf(home.state, ".log").at(-1)!
    change(wal, (bytes) => bytes.subarray(0, bytes.length - 50))
    const { code, err } = await home.sky("audit", "export", file)
    expect([code, err]).toEqual([
      1,
      expect.stringContaining(`${file} is there already, and a damaged log does not replace it: name another`)
    ])
    expect(JSON.parse((await home.sky("audit", "export", file, "-o", "json")).out).file).toBe(null)
    expect(readFileSync(file, "utf8")).toBe(whole)
    expect((await home.sky("audit", "export", other)).code).toBe(1)
    expect(whole.startsWith(readFileSync(other, "utf8"))).toBe(true)
    rmSync(join(home.state, "log"), { recursive: true })
    const nowhere = join(home.path, "nowhere.jsonl")
    expect(await home.sky("audit", "export", nowhere)).toMatchObject({ code: 1, err: expect.stringContaining("0 events are exported.") })
    expect((await home.sky("audit", "export", file)).err).toMatch(/^0 events are exported\.\n/)
    rmSync(join(home.state, "HEAD"))
    createHead(join(home.state, "HEAD"), emptyHead("7".repeat(26)))
    expect(await home.sky("audit", "export", nowhere)).toMatchObject({ code: 1, err: "✗ The log holds no events.\n" })
    expect(readFileSync(file, "utf8")).toBe(whole)
    expect(readdirSync(home.path).filter((name) => /nowhere|part/.test(name))).toEqual([])
  })

  it("is quiet when its reader goes", async () => {
    const home = await launched()
    for (const running of [true, false]) {
      if (!running) await home.sky("daemon", "stop")
      const child = spawn("/bin/sh", ["-c", `"${process.execPath}" "${join(root, "bin/sky.cjs")}" audit export | head -n 1`], {
        env: home.env,
        stdio: ["ignore", "ignore", "pipe"]
      })
      let said = ""
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        said += text
      })
      await new Promise((done) => child.once("close", done))
      expect(said).toBe("")
    }
  })
})
