/** The command line and what is kept of it. */

import { execFileSync } from "node:child_process"
import { parseArgs } from "node:util"
import { describe, expect, it } from "vitest"
import { againOf } from "../../../cli/again.ts"
import { cancel } from "../../../cli/commands/cancel.ts"
import { flagsOf, scripts } from "../../../cli/commands/completion.ts"
import { execTask as exec } from "../../../cli/commands/exec-task.ts"
import { launch } from "../../../cli/commands/launch.ts"
import { logs } from "../../../cli/commands/logs.ts"
import { queue } from "../../../cli/commands/queue.ts"
import { replay } from "../../../cli/commands/replay.ts"
import { start } from "../../../cli/commands/start.ts"
import { status } from "../../../cli/commands/status.ts"
import { stop } from "../../../cli/commands/stop.ts"
import { explainFlags } from "../../../cli/explain.ts"
import { wantsJson } from "../../../cli/render/error.ts"
import { ownPart } from "../../../cli/verb.ts"
import { commandLine } from "../../../sdk/client/caller.ts"
import { daemonEnvironment } from "../../../sdk/client/environment.ts"
import { redact } from "../../../sdk/client/redact.ts"
import { ulid } from "../../../sdk/client/ulid.ts"
import { isOlder } from "../../../sdk/protocol/build.ts"

describe("a command line", () => {
  it("is kept without its secrets", () => {
    expect(
      redact(["launch", "--env", "HF_TOKEN=abc", "--env=API_KEY=x=y", "--env", "PLAIN=1", "--secret", "X=1", "--", "--env", "TOKEN=t"])
    ).toEqual(["launch", "--env", "HF_TOKEN=***", "--env=API_KEY=***", "--env", "PLAIN=1", "--secret", "X=***", "--", "--env", "TOKEN=***"])
    expect(redact(["exec", "c", "cd x; HF_TOKEN='a b' python --api-key=1 --lr=2", "DB_PASSWORD=a b"])).toEqual([
      "exec",
      "c",
      "cd x; HF_TOKEN=*** python --api-key=*** --lr=2",
      "DB_PASSWORD=***"
    ])
  })

  it("is shown so that it can be pasted", () => {
    expect(commandLine(["exec", "c", "echo 'hi' $X"])).toBe(`sky exec c 'echo '\\''hi'\\'' $X'`)
    expect(commandLine(["down", "train-*", "b?"])).toBe("sky down 'train-*' 'b?'")
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
    expect(explain(["--lr"])).toMatchObject({ hint: "Usage: sky x COMMAND…", message: expect.stringContaining("after its first word") })
    expect(explain(["--workdir"])).toMatchObject({ exitCode: 2, message: expect.stringContaining("--workdir") })
  })
})

describe("a command to run", () => {
  it.each([
    ["exec c df -h", "exec c"],
    ["exec -d c df -h", "exec -d c"],
    ["exec c -d --env A=1 df -d", "exec c -d --env A=1"],
    ["exec c file.yaml -d", "exec c file.yaml -d"],
    ["launch x.yaml -y -c name", "launch x.yaml -y -c name"],
    ["launch -yc name python x.py -y", "launch -yc name"],
    ["launch --cluster=name python -c 1", "launch --cluster=name"],
    ["exec c -- -x", "exec c"],
    ["status -a x", "status -a x"]
  ])("begins at its first word: %s", (line, own) => {
    const argv = line.split(" ")
    expect(argv.slice(0, ownPart(argv)).join(" ")).toBe(own)
  })

  it("in quotes is whole: flags may follow", () => {
    const argv = ["launch", "echo hi", "-c", "name", "-y"]
    expect(ownPart(argv)).toBe(5)
  })

  it("comes after flags whose values are known", () => {
    for (const { options } of [launch, exec]) {
      for (const [name, { type, short }] of Object.entries(options)) {
        for (const flag of [`--${name}`, ...(short ? [`-${short}`] : [])]) {
          const taken = ownPart(["launch", flag, "word", "other"])
          expect([flag, taken]).toEqual([flag, type === "string" ? 3 : 2])
        }
      }
    }
  })

  it("is said again with the flags of its task, quoted", () => {
    const words = ["python", "x.py", "--lr", "a b"]
    const argv = ["launch", "-y", "-c", "t", "-i", "5", "--cpus", "2", "--env", "A=1", "-n", "me", "--workdir=.", ...words]
    expect(againOf(argv, launch, words, "t")).toBe("sky exec --env A=1 --name me --workdir . t python x.py --lr 'a b'")
    expect(againOf(["launch", "x.yaml", "-y", "--env", "A=1"], launch, ["x.yaml"], "t")).toBe("sky exec --env A=1 t x.yaml")
    expect(againOf(["launch", "-yd", "x.yaml"], launch, ["x.yaml"], "t")).toBe("sky exec -d t x.yaml")
    const onRack = (...words: ReadonlyArray<string>) => againOf(["launch", "--infra", "ssh/rack", ...words], launch, words, "t")
    expect([onRack("true"), onRack("x.yaml")]).toEqual(["sky exec t true", "sky exec --infra ssh/rack t x.yaml"])
    expect(againOf(["launch", "-y"], launch, [], "t")).toBeUndefined()
  })
})

describe("the help pages", () => {
  it.each(Object.entries({ launch, exec, status, queue, logs, cancel, stop, start, replay }))(
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
    if (shell === "fish") expect(script()).toContain("-s d -l detach-run -d 'do not wait for the job'")
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
