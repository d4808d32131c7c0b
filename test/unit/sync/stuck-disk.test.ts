/** A disk that does not answer, and a system that starts no thread, hold up nobody but who asked. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished, vi } from "vitest"

const scratch = () => {
  const folder = mkdtempSync(join(tmpdir(), "stuck-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
const ask = (folder: string) => ({ folder, purpose: "workdir" as const, state: null })

/** Anew for each test. */
const threads = async () => {
  vi.resetModules()
  return import("../../../daemon/sync/disk-threads.ts")
}

it("threads that cannot be started take no place from those that can", async () => {
  const { onDisk } = await threads()
  const own = process.getBuiltinModule
  const { Worker } = process.getBuiltinModule("node:worker_threads")
  let failures = 12
  const Failing = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      if (failures-- > 0) throw new Error("Worker initialization failure: EAGAIN")
      super(...args)
    }
  }
  process.getBuiltinModule = ((name: string) =>
    name === "node:worker_threads" ? { Worker: Failing } : own(name as never)) as typeof process.getBuiltinModule
  onTestFinished(() => {
    process.getBuiltinModule = own
  })
  const folder = scratch()
  for (let i = 0; i < 12; i++) await expect(onDisk("list", ask(folder))).rejects.toThrow("EAGAIN")
  expect((await onDisk("list", ask(folder))).files).toBe(0)
})

it("a file that nobody answers for is waited for by who asked alone, until he gives up; what came of it after that is told", async () => {
  const { onDisk } = await threads()
  const folder = scratch()
  // As a mount that is dead: who reads waits.
  execFileSync("mkfifo", [join(folder, "pipe")])
  const fds = Array.from({ length: 8 }, () => openSync(join(folder, "pipe"), "r+"))
  const giveUp = new AbortController()
  const closed: Array<number> = []
  const batch = { root: folder, files: [{ index: 0, path: "x", size: 2 }] }
  const stuck = fds.map((fd) =>
    onDisk("read", { ...batch, open: { fd, left: 2 } }, giveUp.signal, ({ files }) => void closed.push(files)).catch(
      (error) => error.message
    )
  )
  expect((await onDisk("list", ask(folder))).others).toEqual(["pipe"])
  giveUp.abort(new Error("enough"))
  expect(await Promise.all(stuck)).toEqual(stuck.map(() => "enough"))
  expect(closed).toEqual([])
  writeSync(fds[0]!, "12".repeat(fds.length))
  await vi.waitFor(() => expect(closed).toEqual(fds.map(() => 1)))
})
