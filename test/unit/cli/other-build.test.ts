/** What the client does about a daemon that is older, newer, absent, or cannot start. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { submits } from "./answers.ts"
import { fakeDaemon } from "./fake-daemon.ts"
import { bundle, sky } from "./sky.ts"

let dist: string
beforeAll(async () => {
  dist = await bundle()
})

describe("a daemon of another build", () => {
  /** Stands in for the next daemon: what starts it is written down, and it refuses. */
  const refusing = async (line: string) => {
    const folder = await bundle()
    mkdirSync(join(folder, "..", "bin"), { recursive: true })
    writeFileSync(
      join(folder, "..", "bin", "skyd.cjs"),
      `const fs=require("fs");fs.writeFileSync(${JSON.stringify(join(folder, "started"))},JSON.stringify({argv:process.argv.slice(2),env:process.env,cwd:process.cwd()}));${line}`
    )
    return folder
  }
  const no = `fs.writeSync(3,JSON.stringify({ok:false,error:{tag:"DamagedLog",message:"The log is damaged.",hint:"Do this.",exitCode:1}})+"\\n")`

  it("that is older is asked to make room before a change, and used while it is busy", async () => {
    const folder = await refusing(no)
    await using daemon = await fakeDaemon(
      { ...submits, "daemon.stop": (_, reply) => reply.result({ stopping: false, runningJobs: 0 }) },
      "0.1.0+1"
    )
    expect((await sky(folder, daemon.home, ["exec", "-d", "c", "x"])).code).toBe(0)
    expect(daemon.asked.map(({ method, params }) => [method, params.ifIdle])).toEqual([
      ["daemon.stop", true],
      ["exec", undefined]
    ])
  })

  it("that is newer is used as it is", async () => {
    await using daemon = await fakeDaemon(submits, "0.2.0+1")
    expect((await sky(dist, daemon.home, ["exec", "-d", "c", "x"])).code).toBe(0)
    expect(daemon.asked.map(({ method }) => method)).toEqual(["exec"])
  })

  it("that cannot start says why, and gets only what it needs of our environment", async () => {
    const folder = await refusing(no)
    const home = join(mkdtempSync(join(tmpdir(), "sky-")), "state")
    expect(await sky(folder, home, ["status"], { FOO: "1", AWS_PROFILE: "w" })).toEqual({
      code: 1,
      out: "",
      err: "✗ The log is damaged.\n  Do this.\n"
    })
    const started = JSON.parse(readFileSync(join(folder, "started"), "utf8"))
    expect(started).toMatchObject({ argv: ["run", "--home", home, "--ready-fd", "3"], cwd: "/" })
    expect(started.env).toMatchObject({ AWS_PROFILE: "w", UV_THREADPOOL_SIZE: "16" })
    expect(started.env).not.toHaveProperty("FOO")
    expect(started.env).not.toHaveProperty("SKYD_HOME")
  })

  it("that dies is known by its last words, exit 8", async () => {
    const folder = await refusing(`fs.appendFileSync(process.argv[4]+"/daemon.log",'{"message":"no space left"}\\n')`)
    const home = join(mkdtempSync(join(tmpdir(), "sky-")), "state")
    expect(await sky(folder, home, ["status"])).toMatchObject({ code: 8, err: expect.stringContaining("no space left") })
  })

  it("that is ended by a signal as it starts is started once more, and nothing older is said to be its word", async () => {
    const dies = `fs.appendFileSync(process.argv[4]+"/tries","x");if(fs.readFileSync(process.argv[4]+"/tries").length<TRIES)process.kill(process.pid,"SIGKILL");`
    const startedBy = async (tries: number) => {
      const folder = await refusing(dies.replace("TRIES", String(tries)) + no)
      const home = mkdtempSync(join(tmpdir(), "sky-"))
      writeFileSync(join(home, "daemon.log"), '{"message":"ending: asked to stop"}\n')
      return { ...(await sky(folder, home, ["status"])), tries: readFileSync(join(home, "tries"), "utf8") }
    }
    expect(await startedBy(2)).toMatchObject({ code: 1, err: expect.stringContaining("The log is damaged."), tries: "xx" })
    expect(await startedBy(9)).toMatchObject({
      code: 8,
      err: expect.stringContaining("The daemon ended as it started: SIGKILL"),
      tries: "xx"
    })
  })

  it("is not started by completion, daemon status and daemon stop", async () => {
    const home = join(mkdtempSync(join(tmpdir(), "sky-")), "state")
    expect(await sky(dist, home, ["complete-names"])).toEqual({ code: 0, out: "", err: "" })
    expect(await sky(dist, home, ["daemon", "status"])).toMatchObject({ code: 8, err: expect.stringContaining("not running") })
    expect(await sky(dist, home, ["daemon", "stop"])).toMatchObject({ code: 0, err: "The daemon is not running.\n" })
  })
})
