/** Locks that are taken from the living: by one who found a dead one's, and is so slow that the folder he removes is the next one's. */
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import type * as actual from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { addLine, keyLine } from "../../machine/authorized-keys.ts"
import { at } from "./scratch-home.ts"

type Step = (name: "mkdir" | "open" | "readFile" | "rename" | "rm", path: string) => Promise<void> | undefined
const hooks = vi.hoisted(() => ({ before: (() => undefined) as Step, after: (() => undefined) as Step }))

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof actual>()
  const told =
    (name: Parameters<Step>[0]) =>
    async (path: string, ...rest: ReadonlyArray<unknown>) => {
      await hooks.before(name, path)
      const answer = await (real[name] as (...all: ReadonlyArray<unknown>) => Promise<unknown>)(path, ...rest)
      await hooks.after(name, path)
      return answer
    }
  return { ...real, mkdir: told("mkdir"), open: told("open"), readFile: told("readFile"), rename: told("rename"), rm: told("rm") }
})

const line = (node: string) => keyLine(["/usr/bin/node"], `ssh-ed25519 ${Buffer.alloc(51, 7).toString("base64")}`, node)
const signal = () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { promise, resolve }
}

let scratch: string
let file: string
beforeEach(() => {
  ;({ file, scratch } = at)
  mkdirSync(join(scratch, ".ssh"))
  writeFileSync(file, "# mine\n")
})
afterEach(() => {
  hooks.before = hooks.after = () => undefined
})
const isWritten = (path: string) => path.startsWith(`${file}.lock/`)
const mustHoldBoth = () => {
  expect(readFileSync(file, "utf8").trim().split("\n").sort()).toEqual(["# mine", line("n-1"), line("n-2")].sort())
  expect(readdirSync(join(scratch, ".ssh"))).toEqual(["authorized_keys"])
}

it("loses neither line when the folder was taken from the first before there was anything in it", async () => {
  const secondHasRead = signal()
  const firstWentOn = signal()
  let second: Promise<unknown> | null = null
  let opened = 0
  let reads = 0
  hooks.before = async (name, path) => {
    if (name === "open" && isWritten(path) && ++opened === 1) {
      rmdirSync(`${file}.lock`)
      second = addLine(line("n-2"), "n-2")
      await secondHasRead.promise
    }
    // The first is in the second's folder now, and tries to take the lock again where it notices.
    if (name === "mkdir" && reads === 1 && opened === 2) firstWentOn.resolve()
    if (name === "rename") await firstWentOn.promise
  }
  hooks.after = async (name, path) => {
    if (name !== "readFile" || path !== file) return
    if (++reads === 1) secondHasRead.resolve()
    else firstWentOn.resolve()
  }
  await addLine(line("n-1"), "n-1")
  await second
  mustHoldBoth()
})

it("loses neither line when the lock was taken from the first while it wrote", async () => {
  let second: Promise<unknown> | null = null
  hooks.before = async (name, path) => {
    if (name !== "rename" || second !== null || !isWritten(path)) return
    rmSync(`${file}.lock`, { recursive: true })
    second = addLine(line("n-2"), "n-2")
    await second
  }
  await addLine(line("n-1"), "n-1")
  mustHoldBoth()
})

it("waits its turn when somebody lay down in a dead one's folder while it was removed", async () => {
  mkdirSync(`${file}.lock`)
  utimesSync(`${file}.lock`, 1, 1)
  let second: Promise<unknown> | null = null
  hooks.before = async (name, path) => {
    if (name !== "rm" || path !== `${file}.lock` || second !== null) return
    rmdirSync(path)
    second = addLine(line("n-2"), "n-2")
    throw Object.assign(new Error("directory not empty"), { code: "ENOTEMPTY" })
  }
  await addLine(line("n-1"), "n-1")
  await second
  mustHoldBoth()
})
