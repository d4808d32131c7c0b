/** Task files, good and bad. Every complaint is one sentence with file and line, exit 2. */
import { execFileSync, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { plainCommand } from "../../../cli/task/entrypoint.ts"
import { applyFlags as overSource, taskOf } from "../../../cli/task/flags.ts"
import type { TaskFlags } from "../../../cli/task/options.ts"
import { refuse } from "../../../sdk/task/refuse.ts"

const folder = mkdtempSync(join(tmpdir(), "sky-yaml-"))
const file = (text: string, name = "bad.yaml") => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const load = (text: string, flags: TaskFlags = {}) => taskOf([file(text)], flags)
/** Flags over fields that no file has written. */
const applyFlags = (fields: Record<string, unknown>, flags: TaskFlags) =>
  overSource({ fields, complain: (_, message, hint, tag) => refuse(message, hint, tag) }, flags)
/** Files are named as they were given. */
const short = (message: string) => message.replaceAll(`${folder}/`, "")
const refusal = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    expect(error).toMatchObject({ exitCode: 2 })
    return short((error as Error).message)
  }
  throw new Error("it was accepted")
}

describe("a bad task file", () => {
  it.each([
    ["", "bad.yaml is empty."],
    ["# nothing\n", "bad.yaml is empty."],
    ["just text\n", "bad.yaml holds plain text, not the fields of a task."],
    ["- a\n- b\n", "bad.yaml holds a list, not the fields of a task."],
    ["run: a\n---\nrun: b\n", "bad.yaml holds 2 tasks, a pipeline: launch and exec take one task a file."],
    ["name: p\n---\nrun: a\n---\nrun: b\n", "bad.yaml holds 2 tasks, a pipeline: launch and exec take one task a file."],
    [
      "name: x\nrun: ls\nresources:\n  acelerators: A100\n",
      "bad.yaml, line 4: unknown field 'acelerators' in resources. Did you mean 'accelerators'?"
    ],
    ["run: ls\nvolumes:\n  /a: b\n", "bad.yaml, line 2: field 'volumes' is not supported yet."],
    ["workdir: {url: x, ref: main}\n", expect.stringMatching(/^bad\.yaml, line 1: workdir: .* is not supported yet/)],
    [
      "run: ls\nfile_mounts:\n  /m: {source: s3://b, mode: MOUNT_CACHED}\n",
      "bad.yaml, line 3: file_mounts./m.mode: 'MOUNT_CACHED' is not supported yet."
    ],
    [
      "service:\n  readiness_probe: /\n  load_balancing_policy: a\n",
      "bad.yaml, line 3: field 'load_balancing_policy' in service is not supported yet."
    ],
    ["service:\n  readiness_probe: /\n  ports: 80\n", "bad.yaml, line 3: field 'ports' in service is not supported yet."],
    ["resources:\n  autostop: {wait_for: none}\n", "bad.yaml, line 2: field 'wait_for' in resources.autostop is not supported yet."],
    ["ports: 80\n", "bad.yaml, line 1: unknown field 'ports'. Did you mean 'resources.ports'?"],
    ["resources:\n  any_of:\n  - {regin: a}\n", "bad.yaml, line 3: unknown field 'regin' in resources.any_of.0. Did you mean 'region'?"],
    [
      "resources:\n  ordered:\n  - cpus: 2\n  - cpus: 2\n    memory: x\n",
      expect.stringContaining("bad.yaml, line 5: resources.ordered.1.memory:")
    ],
    ["resources:\n  ordered:\n  - cpus: 2\n  - 7\n", expect.stringContaining("bad.yaml, line 4: resources.ordered.1:")],
    [
      "file_mounts:\n  /m:\n    name: b\n    source:\n    - a\n    - [b]\n",
      expect.stringContaining("bad.yaml, line 6: file_mounts./m.source.1")
    ],
    ["resources: {cloud: awz}\n", "bad.yaml, line 1: resources.cloud: unknown cloud 'awz'. Did you mean 'aws'?"],
    ["run: ls\nsetup: *q\n", expect.stringMatching(/^bad\.yaml, line 2: '\*q' stands for nothing/)],
    ["run: ls\nenvs:\n  A: *q\n", expect.stringMatching(/^bad\.yaml, line 3: /)],
    ["config: &a {b: *a}\n", "bad.yaml, line 1: '*a' stands for what it is in."],
    ["run: ls\nconfig:\n  <<: 3\n", "bad.yaml, line 3: << takes mappings."],
    ["run: ls\nenvs:\n  <<: [{A: 1}, 3]\n", "bad.yaml, line 3: << takes mappings."],
    ["nodes: 2\n", "bad.yaml, line 1: unknown field 'nodes'. Did you mean 'num_nodes'?"],
    ["resources:\n  disk: 2\n", "bad.yaml, line 2: unknown field 'disk' in resources. Did you mean 'disk_size' or 'disk_tier'?"],
    ["run: ls\nfile_mounts:\n  ~/m:\n    nam: b\n", "bad.yaml, line 4: unknown field 'nam' in file_mounts.~/m. Did you mean 'name'?"],
    ["file_mounts:\n  ~/m: true\n", "bad.yaml, line 2: file_mounts.~/m: expected text or a mapping, got a boolean: put it into quotes."],
    ["file_mounts:\n  ~: data\n", "bad.yaml, line 2: expected a name before the colon: put it into quotes."],
    ["service: {}\n", "bad.yaml, line 1: 'readiness_probe' in service is missing."],
    [
      "num_nodes: 010\n",
      "bad.yaml, line 1: '010' is read in two ways, by eight and by ten: write it without the zero in front, or put it into quotes."
    ],
    ["run: ls\nnum_nodes: 0\n", "bad.yaml, line 2: num_nodes: expected a whole number from 1 to 1024."],
    ["run: 3\n", "bad.yaml, line 1: run: expected text, got 3: put it into quotes."],
    ["run: true\n", "bad.yaml, line 1: run: expected text, got a boolean: put it into quotes."],
    ["setup: [a]\n", "bad.yaml, line 1: setup: expected text, got a list."],
    ["run: a\nrun: b\n", "bad.yaml, line 2: 'run' is there twice."],
    ['run: !!js/function "f"\n', "bad.yaml, line 1: unknown tag '!!js/function'."],
    ["acelerators: A100\n", "bad.yaml, line 1: unknown field 'acelerators'. Did you mean 'resources.accelerators'?"],
    ["cpus: 2\n", "bad.yaml, line 1: unknown field 'cpus'. Did you mean 'resources.cpus'?"],
    ["run: ls\nenvs:\n  a-b: x\n", "bad.yaml, line 3: 'a-b' is no name for an env: letters, digits and _ only."],
    ["envs:\n  A: [1]\n", "bad.yaml, line 2: env 'A': expected a plain value."],
    ["envs: 3\n", "bad.yaml, line 1: envs: expected a mapping of names to values."],
    ["resources:\n  cloud: mars\n", expect.stringContaining("bad.yaml, line 2: resources.cloud: unknown cloud 'mars'")]
  ])("%j", (text, message) => expect(refusal(() => load(text))).toEqual(message))

  it("may be nested too deeply to be read", () => {
    expect(refusal(() => load(`setup: ${"[".repeat(20_000)}\n`))).toBe(
      "bad.yaml, line 1: it is nested too deeply: a task is a few levels deep."
    )
  })

  it("says every mistake, each with its line", () => {
    expect(refusal(() => load("nam: x\nrun: ls\nnum_nodes: two\n")).split("\n")).toEqual([
      "bad.yaml, line 1: unknown field 'nam'. Did you mean 'name'?",
      expect.stringMatching(/^bad\.yaml, line 3: num_nodes: expected/)
    ])
  })

  it("that is no YAML names the line", () => expect(refusal(() => load("run: ls\n  x: [\n"))).toMatch(/^bad\.yaml, line \d: /))
  it("that blows up by aliases is refused", () => {
    const bomb = [
      "a: &a [x,x,x,x,x,x,x,x,x]",
      ..."bcdefghi".split("").map((c, i) => `${c}: &${c} [${Array(9).fill(`*${"abcdefgh"[i]}`).join(",")}]`)
    ]
    expect(refusal(() => load(bomb.join("\n")))).toBe(
      "bad.yaml, line 5: up to here its aliases stand for more than 10000 values: write out what is meant."
    )
  })
  it("that merges without end is refused", () => {
    const chain = Array.from({ length: 4_000 }, (_, i) => `  a${i}: &a${i} {${i === 0 ? "" : `<<: *a${i - 1}, `}x${i}: 1}`)
    expect(refusal(() => load(["run: ls", "config:", ...chain, "envs: {<<: *a3999}"].join("\n")))).toMatch(
      /^bad\.yaml, line \d+: up to here its aliases stand for more than/
    )
  })
  it("that is too large or not text is refused", () => {
    expect(refusal(() => load(`run: ${"x".repeat(256 * 1024)}`))).toContain("larger than 256 KiB")
    writeFileSync(join(folder, "binary.yaml"), Buffer.from([0x72, 0xff, 0xfe]))
    expect(refusal(() => taskOf([join(folder, "binary.yaml")], {}))).toContain("not UTF-8")
  })
})

describe("a good task file", () => {
  it("may say the same thing many times by aliases, and merge them", () => {
    const rows = Array.from({ length: 200 }, (_, i) => `  k${i}: *a`)
    const { config, envs } = load(["config:", "  a: &a {x: 1, y: two}", ...rows, "envs: {<<: *a, y: 3}"].join("\n"))
    expect(config).toMatchObject({ k0: { x: 1, y: "two" }, k199: { x: 1, y: "two" } })
    expect(envs).toEqual({ x: "1", y: "3" })
  })
  it("keeps envs as they are written", () => {
    expect(load("envs:\n  A: 1.10\n  B: true\n  C: 007\n  D:\n  E: 'x'\nrun: ls\n", { env: ["D=given"] })).toEqual({
      run: "ls",
      envs: { A: "1.10", B: "true", C: "007", D: "given", E: "x" }
    })
  })

  it("may merge anchors", () => {
    expect(load("resources: &r\n  cpus: 2+\nrun: ls\n")).toEqual({ resources: { cpus: "2+" }, run: "ls" })
  })
})

describe("what to run", () => {
  const entry = (...words: Array<string>) => plainCommand(words) ?? taskOf(words, {})

  it("is a file or a command", () => {
    expect(entry(file("run: ls\n", "good.yaml"))).toEqual({ run: "ls" })
    expect(entry("echo", "hi")).toEqual({ name: "sky-cmd", run: "echo hi" })
    expect(entry(file("#!/bin/sh\necho hi\n", "train.sh"))).toMatchObject({ name: "sky-cmd" })
    expect(entry()).toEqual({})
    expect(entry("x".repeat(300))).toMatchObject({ name: "sky-cmd" })
  })

  it("that ends in .yaml must be there and be a file", () => {
    expect(refusal(() => entry("nowhere.yaml"))).toBe("There is no file 'nowhere.yaml'.")
    mkdirSync(join(folder, "dir.yaml"), { recursive: true })
    expect(refusal(() => entry(join(folder, "dir.yaml")))).toContain("is not a file")
  })

  it("is no link that leads nowhere, or to itself", () => {
    symlinkSync("loop.yaml", join(folder, "loop.yaml"))
    expect(refusal(() => entry(join(folder, "loop.yaml")))).toBe("loop.yaml is a link that leads nowhere.")
  })

  it("is never a path to a folder or a device; a command may share its name with a folder", () => {
    mkdirSync(join(folder, "make"), { recursive: true })
    expect(refusal(() => entry("."))).toBe(". is not a file but a folder.")
    expect(refusal(() => entry(join(folder, "make")))).toBe("make is not a file but a folder.")
    expect(refusal(() => entry("/dev/zero"))).toBe("/dev/zero is not a file but a device or a socket.")
    expect(entry("test")).toEqual({ name: "sky-cmd", run: "test" })
  })
})

describe("envs in a task's texts", () => {
  const large = "bad.yaml, line 3: workdir: with the envs in it, it is larger than 200 KiB."
  it.each([
    ["one text that no memory holds", 60_000, "$A".repeat(60_000)],
    ["one text", 9_000, "$A".repeat(50_000)]
  ])("come to no more than a task can be: %s", (_, chars, workdir) => {
    expect(refusal(() => load(`envs:\n  A: ${"x".repeat(chars)}\nworkdir: ${workdir}\n`))).toBe(large)
  })

  it("come to no more than a task can be: many texts, and keys", () => {
    const all = Array.from({ length: 1_000 }, (_, i) => `    h${i}: $A`).join("\n")
    const service = `service:\n  readiness_probe:\n   path: /\n   headers:\n${all}\n`
    expect(refusal(() => load(`envs:\n  A: ${"x".repeat(9_000)}\n${service}`))).toContain("service: with the envs in it")
    const keys = `file_mounts:\n  ${"$A".repeat(400)}: x\n`
    expect(refusal(() => load(`envs:\n  A: ${"x".repeat(60_000)}\n${keys}`))).toContain("file_mounts: with the envs in it")
  })

  it("in a workdir make no path that no folder can have, and a long one is not repeated", () => {
    expect(refusal(() => load(`workdir: ${"w/".repeat(50_000)}\n`))).toBe(
      "bad.yaml, line 1: workdir: is not shorter than 4096 bytes, as paths are."
    )
    expect(refusal(() => load(`workdir: ${"w".repeat(256)}\n`))).toContain("holds a name of more than 255 bytes")
  })
})

it("one mistake is one complaint", () =>
  expect(refusal(() => load("num_nodes: 1e400\n"))).toBe("bad.yaml, line 1: num_nodes: expected a whole number, got Infinity."))

describe("flags over a task", () => {
  it("win, and none resets", () => {
    process.env.FROM_HERE = "yes"
    const envFile = file("A=file\nB=file\n", "env")
    const task = applyFlags(
      { name: "x", run: "ls", resources: { accelerators: "A100", cpus: 2 }, envs: { A: null, Z: "z" } },
      { name: "y", gpus: "none", "num-nodes": "3", env: ["A=flag", "FROM_HERE"], "env-file": envFile, workdir: folder }
    )
    expect(task).toEqual({
      name: "y",
      run: "ls",
      num_nodes: 3,
      workdir: folder,
      resources: { accelerators: null, cpus: 2 },
      envs: { A: "flag", B: "file", Z: "z", FROM_HERE: "yes" }
    })
  })

  it("are looked at together with the others", () => {
    const task = applyFlags({}, { cloud: "aws", region: "us-east-1", "image-id": "ami-1" })
    expect(task.resources).toEqual({ cloud: "aws", region: "us-east-1", image_id: "ami-1" })
    const several = { "use-spot": true, "image-id": "docker:a", gpus: "tpu-v2-8" }
    expect(refusal(() => applyFlags({}, several))).toContain("a docker image cannot be used on TPUs")
  })

  it("are refused by name, value and form", () => {
    expect(refusal(() => applyFlags({}, { gpus: "A100:x" }))).toContain("--gpus A100:x: expected")
    const empty = "--gpus is empty: name a GPU, or leave it out; --gpus none takes back what the file asks for."
    for (const gpus of ["", " "]) expect(refusal(() => applyFlags({}, { gpus }))).toBe(empty)
    expect(refusal(() => applyFlags({}, { cpus: "two" }))).toContain("--cpus two: expected a positive number")
    expect(refusal(() => applyFlags({}, { memory: "0" }))).toContain("--memory 0: expected")
    expect(refusal(() => applyFlags({}, { ports: ["80", "no"] }))).toContain("--ports 80,no: 'no' is no port")
    expect(refusal(() => applyFlags({}, { "disk-tier": "fast" }))).toContain("--disk-tier fast: ")
    expect(refusal(() => applyFlags({}, { "disk-tier": "ultra" }))).toBe(
      "--disk-tier ultra: 'ultra' is not supported yet: there are low, medium, high, best."
    )
    expect(refusal(() => applyFlags({}, { "use-spot": true, "no-use-spot": true }))).toContain("exclude each other")
    expect(refusal(() => applyFlags({}, { name: "a b" }))).toContain("--name takes")
    expect(refusal(() => applyFlags({}, { cloud: "mars" }))).toContain("--cloud mars: ")
    expect(refusal(() => applyFlags({}, { "num-nodes": "1.5" }))).toBe("--num-nodes takes a whole number from 1 to 1024, not '1.5'.")
  })

  it("name the line of an env file that is no NAME=value, and say why a file cannot be read", () => {
    const env = (text: string) => applyFlags({}, { "env-file": file(text, "envs") }).envs
    expect(env("# x\n\nexport A=1\nB='x\ny'\nC=\n")).toEqual({ A: "1", B: "x\ny", C: "" })
    expect(refusal(() => env("A=1\noops\n"))).toBe("envs, line 2: expected NAME=value.")
    expect(refusal(() => env("A=1\n1B=2\n"))).toBe("envs, line 2: expected NAME=value.")
    expect(refusal(() => env('A="x\nB=1\n'))).toContain('line 1: the " is never closed')
    expect(refusal(() => applyFlags({}, { "env-file": "/nowhere" }))).toBe("--env-file /nowhere cannot be read: there is no such file.")
  })

  it("read no device without an end, take a pipe, and no more than a task holds", () => {
    for (const flag of ["env-file", "secret-file"] as const)
      expect(refusal(() => applyFlags({}, { [flag]: "/dev/zero" }))).toBe(
        `--${flag} /dev/zero is larger than 256 KiB: no task takes so much.`
      )
    expect(applyFlags({ run: "ls" }, { "env-file": "/dev/null" })).toEqual({ run: "ls" })
    expect(refusal(() => applyFlags({}, { "env-file": folder }))).toContain("cannot be read: it is a folder.")
    const pipe = join(folder, "pipe")
    execFileSync("mkfifo", [pipe])
    const writer = spawn("sh", ["-c", `printf 'A=1\\n' > ${pipe}`])
    expect(applyFlags({}, { "env-file": pipe }).envs).toEqual({ A: "1" })
    writer.kill()
  })

  it("leave no env without a value and no workdir that is none", () => {
    expect(refusal(() => applyFlags({ envs: { X: null } }, {}))).toBe("env 'X' has no value.")
    expect(refusal(() => applyFlags({}, { env: ["NOT_SET_HERE"] }))).toContain("env 'NOT_SET_HERE' has no value")
    expect(refusal(() => applyFlags({}, { env: ["1=x"] }))).toContain("is no name")
    expect(refusal(() => applyFlags({}, { workdir: "/nowhere" }))).toContain("does not exist")
    expect(refusal(() => applyFlags({}, { workdir: file("x", "plain") }))).toContain("is not a folder")
    expect(refusal(() => applyFlags({}, { "num-nodes": "0" }))).toBe("--num-nodes takes a whole number from 1 to 1024, not '0'.")
  })
})
