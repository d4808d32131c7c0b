/** One rank, without an agent around it. */
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it, vi } from "vitest"
import { Folder } from "../../agent/Folder.ts"
import { Rank } from "../../agent/Rank.ts"
import type { NodeIdentity } from "../../sdk/agent/node-folder.ts"

const root = fs.mkdtempSync(join(tmpdir(), "skyd-r-"))
afterAll(() => fs.rmSync(root, { recursive: true, force: true }))

it("whose folder is removed as it runs ends for that reason, not as one that never started", async () => {
  const identity: Partial<NodeIdentity> = { cluster: "c", node: "n", environment: { PATH: process.env["PATH"]! } }
  fs.writeFileSync(join(root, "node.json"), JSON.stringify(identity))
  const exit = await new Promise((resolve) => {
    const rank: Rank = new Rank(new Folder(root), "job-2", 0, () => {
      if (rank.exit !== null) return resolve(rank.exit)
      fs.rmSync(rank.folder, { recursive: true })
      process.kill(rank.pid!, "SIGKILL")
    })
    rank.start({ key: "job-2", rank: 0, script: "sleep 60", environment: {}, secrets: {}, log: "log" })
  })
  expect(exit).toEqual({ code: 137, reason: "its folder on the node was removed" })
})

it("that has not come to its claim yet is looked at again, where the folder cannot be watched", async () => {
  const identity: Partial<NodeIdentity> = { cluster: "c", node: "n", environment: { PATH: process.env["PATH"]! } }
  fs.writeFileSync(join(root, "node.json"), JSON.stringify(identity))
  const go = join(root, "go")
  const childProcess = process.getBuiltinModule("node:child_process")
  const { spawn } = childProcess
  const slow = (command: string, [flag = "", script = "", ...rest]: ReadonlyArray<string>, options: object) =>
    spawn(command, [flag, `until test -e ${go}; do sleep 0.01; done\n${script}`, ...rest], options)
  const spy = vi.spyOn(childProcess, "spawn").mockImplementation(slow as never)
  const exit = await new Promise((resolve) => {
    const rank: Rank = new Rank(new Folder(root), "job-1", 0, () => {
      if (rank.exit !== null) resolve(rank.exit)
    })
    rank.start({ key: "job-1", rank: 0, script: "exit 3", environment: {}, secrets: {}, log: "log" })
    rank.look()
    fs.writeFileSync(go, "")
  })
  spy.mockRestore()
  expect(exit).toEqual({ code: 3, reason: null })
})
