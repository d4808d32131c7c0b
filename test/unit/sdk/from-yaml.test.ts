/** `sky.Task.fromYaml`: a file as a task, and what is said of one that is none. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { refused, sky } from "./sdk.ts"

const { Resources, Task } = sky
const { ValueError } = sky.exceptions
const folder = mkdtempSync(join(tmpdir(), "task-"))
const file = (name: string, text = "") => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe("Task.fromYaml", () => {
  it("task-23: is the task that the file describes", () => {
    const text = "name: train\nnum_nodes: 2\nresources:\n  accelerators: {V100: 4}\nenvs:\n  A: 1\nsetup: echo s\nrun: echo r\n"
    const byHand = new Task({ name: "train", numNodes: 2, envs: { A: "1" }, setup: "echo s", run: "echo r" })
    byHand.setResources(new Resources({ accelerators: "V100:4" }))
    expect(Task.fromYaml(file("task.yaml", text)).toYamlConfig()).toEqual(byHand.toYamlConfig())
    expect(Task.fromYaml(file("empty.yaml")).toYamlConfig()).toEqual({})
  })

  it("task-24: a file that loads as text is a ValueError that names the path", async () => {
    const path = file("words.yaml", "just words")
    const error = await refused(() => Task.fromYaml(path))
    expect(error).toBeInstanceOf(ValueError)
    expect(error.message).toContain(path)
  })

  it.each([
    ["bad syntax", "run: [", /line 1/],
    ["a list", "- run", /list/],
    ["an unknown key", "rum: x", /did you mean/i],
    ["a wrong type", "num_nodes: x", /num_nodes/],
    ["a pipeline", "run: a\n---\nrun: b", /2 tasks/],
    ["an env without a value", "envs:\n  A:", /no value/]
  ])("task-25: %s is a ValueError", async (_, text, says) => {
    const error = await refused(() => Task.fromYaml(file("bad.yaml", text)))
    expect(error).toBeInstanceOf(ValueError)
    expect(error.message).toMatch(says)
  })

  it("task-25: a missing file is a ValueError", async () => {
    expect(await refused(() => Task.fromYaml(join(folder, "none.yaml")))).toBeInstanceOf(ValueError)
  })

  it("waits for no pipe and reads no device", async () => {
    const pipe = join(folder, "pipe")
    execFileSync("mkfifo", [pipe])
    for (const [path, says] of [
      [pipe, "a pipe"],
      ["/dev/zero", "a device or a socket"],
      [folder, "a folder"]
    ] as const) {
      const error = await refused(() => Task.fromYaml(path))
      expect(error).toBeInstanceOf(ValueError)
      expect(error.message).toBe(`${path} is not a file but ${says}.`)
    }
  })

  it("says in words why a path leads to no file", async () => {
    const said = async (path: string) => {
      const error = await refused(() => Task.fromYaml(path))
      expect(error).toBeInstanceOf(ValueError)
      return error.message
    }
    const loop = join(folder, "loop.yaml")
    symlinkSync("loop.yaml", loop)
    expect(await said("a\0b.yaml")).toBe("a\\0b.yaml cannot be read: its name holds a zero byte.")
    expect(await said("")).toBe("The path of the task file is empty.")
    expect(await said(loop)).toBe(`${loop} cannot be read: it is a link that leads to itself.`)
    expect(await said("x".repeat(100_000))).toBe(`${"x".repeat(60)}… cannot be read: its name is too long.`)
  })

  it("a text that grows beyond all bounds with its envs is a ValueError", async () => {
    const text = `envs:\n  A: ${"x".repeat(60_000)}\nworkdir: ${"$A".repeat(60_000)}\n`
    expect(await refused(() => Task.fromYaml(file("grows.yaml", text)))).toBeInstanceOf(ValueError)
  })

  it("has nothing where the file has null, as a task that is made by hand", () => {
    const text = "name: ~\nrun: x\nworkdir:\nresources: ~\nnum_nodes: null\nservice:\n"
    expect(Task.fromYaml(file("nulls.yaml", text)).toYamlConfig()).toEqual(new Task({ run: "x", name: null }).toYamlConfig())
  })

  it("gives back whatever a valid file holds, and takes it again", () => {
    const text = "file_mounts:\n  /m: {name: bkt, _force_delete: true}\nservice:\n  readiness_probe: {path: /, post_data: '[1]'}\n"
    const task = Task.fromYaml(file("odd.yaml", text))
    expect(task.storageMounts["/m"]!.toYamlConfig()).toEqual({ name: "bkt", mode: "MOUNT", persistent: true, _force_delete: true })
    expect(task.service!.toYamlConfig()).toMatchObject({ readiness_probe: { path: "/", post_data: "[1]" } })
    const again = new Task().setStorageMounts(task.storageMounts).setService(task.service)
    expect([again.storageMounts, again.service]).toEqual([task.storageMounts, task.service])
    expect(again.toYamlConfig()).toMatchObject({ file_mounts: { "/m": { _force_delete: true } } })
  })

  it("an env without a value: the hint is about the file, for there is no command line", async () => {
    const { hint } = await refused(() => Task.fromYaml(file("null.yaml", "envs:\n  A:\n")))
    expect(hint).toMatch(/in the file/)
    expect(hint).not.toContain("--env")
  })
})
