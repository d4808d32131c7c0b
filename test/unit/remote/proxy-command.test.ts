/** The user's proxy command never outlives us. */
import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, it, vi } from "vitest"
import { targetAt } from "../../fakes/ssh-keys.ts"

const isAlive = (pid: number) => {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))
  } catch {
    return false
  }
}
const source = (path: string) => JSON.stringify(new URL(`../../../daemon/${path}`, import.meta.url).href)

it.each([
  ["as it exits", "process.exit(3)"],
  [
    "as it leaves while a disk holds it",
    `process.getActiveResourcesInfo = () => ["FSReqCallback"]; (await import(${source("leave.ts")})).leave(3)`
  ],
  ["as it fails", "throw new Error('enough')"]
])("a daemon ends it with all that it started: %s", async (_, end) => {
  const pids = join(mkdtempSync(join(tmpdir(), "proxy-")), "pids")
  // It takes no end of its stdin for its own, as ssh does whose link is dead.
  const proxyCommand = `sh -c 'sleep 1000 & echo $$ $! >${pids}; wait'`
  const program = `
    const { openRoute } = await import(${source("remote/route.ts")})
    await openRoute(${JSON.stringify(targetAt({ proxyCommand }))}, null, 1000)
    const { existsSync, readFileSync } = await import("node:fs")
    while (!existsSync(${JSON.stringify(pids)}) || !readFileSync(${JSON.stringify(pids)}, "utf8").endsWith("\\n")) await new Promise((next) => setTimeout(next, 5))
    ${end}`
  await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]).catch(() => undefined)
  expect(existsSync(pids)).toBe(true)
  const [shell, child] = readFileSync(pids, "utf8").trim().split(" ").map(Number)
  await vi.waitFor(() => expect([isAlive(shell!), isAlive(child!)]).toEqual([false, false]))
})
