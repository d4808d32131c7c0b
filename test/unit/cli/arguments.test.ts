/** The command line and what is kept of it. */

import { execFileSync } from "node:child_process"
import { parseArgs } from "node:util"
import { describe, expect, it } from "vitest"
import { cancel } from "../../../cli/commands/cancel.ts"
import { flagsOf, scripts } from "../../../cli/commands/completion.ts"
import { exec } from "../../../cli/commands/exec.ts"
import { launch } from "../../../cli/commands/launch.ts"
import { logs } from "../../../cli/commands/logs.ts"
import { queue } from "../../../cli/commands/queue.ts"
import { start } from "../../../cli/commands/start.ts"
import { status } from "../../../cli/commands/status.ts"
import { stop } from "../../../cli/commands/stop.ts"
import { explainFlags } from "../../../cli/explain.ts"
import { wantsJson } from "../../../cli/verb.ts"
import { commandLine } from "../../../sdk/client/caller.ts"
import { daemonEnvironment } from "../../../sdk/client/environment.ts"
import { findHome } from "../../../sdk/client/home.ts"
import * as rare from "../../../sdk/client/rare.ts"
import { redact } from "../../../sdk/client/redact.ts"
import { ulid } from "../../../sdk/client/ulid.ts"
import { isOlder } from "../../../sdk/protocol/build.ts"

describe("a command line", () => {
  it("is kept without its secrets", () => {
    expect(
      redact(["launch", "--env", "HF_TOKEN=abc", "--env=API_KEY=x=y", "--env", "PLAIN=1", "--secret", "X=1", "--", "--env", "TOKEN=t"])
    ).toEqual(["launch", "--env", "HF_TOKEN=***", "--env=API_KEY=***", "--env", "PLAIN=1", "--secret", "X=***", "--", "--env", "TOKEN=t"])
  })

  it("is shown so that it can be pasted", () => {
    expect(commandLine(["exec", "c", "echo 'hi' $X"])).toBe(`sky exec c 'echo '\\''hi'\\'' $X'`)
    expect(commandLine(["down", "train-*"])).toBe("sky down train-*")
  })

  it("asks for JSON before it is parsed", () => {
    expect(wantsJson(["status", "-o", "json"])).toBe(true)
    expect(wantsJson(["status", "--output=json", "--bad"])).toBe(true)
    expect(wantsJson(["status", "-ojson"])).toBe(true)
    expect(wantsJson(["exec", "c", "json"])).toBe(false)
  })

  it("with an unknown flag gets the nearest and the usage", () => {
    const explain = (args: Array<string>) => {
      try {
        parseArgs({ args, options: { workdir: { type: "string" }, yes: { type: "boolean", short: "y" } }, allowPositionals: true })
      } catch (error) {
        return explainFlags(error as NodeJS.ErrnoException, "sky x COMMAND…", ["workdir", "yes"])
      }
      return undefined
    }
    expect(explain(["--wrokdir", "."])).toMatchObject({ message: "Unknown flag '--wrokdir'. Did you mean '--workdir'?", exitCode: 2 })
    expect(explain(["--lr"])).toMatchObject({ hint: "Usage: sky x COMMAND…", message: expect.stringContaining("goes into quotes") })
    expect(explain(["--workdir"])).toMatchObject({ exitCode: 2, message: expect.stringContaining("--workdir") })
  })
})

describe("the help pages", () => {
  it.each(Object.entries({ launch, exec, status, queue, logs, cancel, stop, start }))(
    "know every flag that %s takes, and no other",
    (name, verb) => {
      const parsed = Object.keys(verb.options).filter((flag) => flag !== "all" || name !== "queue")
      const told = flagsOf(name)
        .filter((flag) => flag.startsWith("--"))
        .map((flag) => flag.slice(2))
      expect(new Set(told)).toEqual(new Set(parsed))
    }
  )

  it.each(Object.entries(scripts))("become a completion for %s that asks only a running daemon", (shell, script) => {
    expect(script()).toContain("sky complete-names 2>/dev/null")
    if (shell === "bash") execFileSync("bash", ["-n"], { input: script() })
  })
})

describe("the daemon's environment", () => {
  it("holds what reaches clouds and programs, and no checkout's folders", () => {
    const env = daemonEnvironment({
      PATH: "/a/node_modules/.bin:/usr/bin::/bin",
      HOME: "/h",
      https_proxy: "p",
      NO_PROXY: "n",
      AWS_PROFILE: "w",
      SKYD_HOME: "/s",
      SKYD_FAULT: "1",
      LC_ALL: "C",
      SECRET: "no",
      npm_config_x: "no"
    })
    expect(env).toEqual({
      PATH: "/usr/bin:/bin",
      HOME: "/h",
      https_proxy: "p",
      NO_PROXY: "n",
      AWS_PROFILE: "w",
      SKYD_FAULT: "1",
      LC_ALL: "C",
      UV_THREADPOOL_SIZE: "16"
    })
  })
})

describe("the state folder", () => {
  const find = (env: NodeJS.ProcessEnv) => findHome(() => rare, env).folder

  it("follows SKYD_HOME, then the XDG state folder, and never XDG_RUNTIME_DIR", () => {
    expect(find({ SKYD_HOME: "rel", XDG_RUNTIME_DIR: "/run" })).toBe(`${process.cwd()}/rel`)
    expect(find({ XDG_STATE_HOME: "/x", HOME: "/h" })).toBe("/x/skyd")
    expect(find({ XDG_STATE_HOME: "x", HOME: "/h" })).toBe("/h/.local/state/skyd")
  })

  it("whose socket path would be too long is refused by name", () => {
    expect(() => find({ SKYD_HOME: `/${"x".repeat(120)}` })).toThrow(
      expect.objectContaining({ exitCode: 2, hint: expect.stringContaining("SKYD_HOME") })
    )
  })
})

describe("ids and builds", () => {
  it("are ordered by time", () => {
    expect(ulid(1)).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
    expect(ulid(1) < ulid(1_000_000)).toBe(true)
    expect(isOlder("0.1.0+5", "0.1.0+6")).toBe(true)
    expect(isOlder("0.2.0+5", "0.1.0+6")).toBe(false)
    expect(isOlder("0.10.0+5", "0.9.0+6")).toBe(false)
    expect(isOlder("0.1.0+5", "0.1.0+5")).toBe(false)
  })
})
