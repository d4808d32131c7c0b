/** Files that come to no end where a file of the user's is expected: nobody waits for them, least of all the end of the daemon. */
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { eventually, Home } from "./home.ts"

const isThere = (pid: number) => existsSync(`/proc/${pid}`)

it("a pools file and a key that are pipes are said to be no files, and the daemon ends", async () => {
  const home = new Home()
  const [pools, key] = [join(home.state, "ssh_node_pools.yaml"), join(home.path, "key")]
  mkdirSync(home.state, { mode: 0o700 })
  execFileSync("mkfifo", [pools, key])
  const listed = await home.sky("ssh", "ls")
  expect([listed.code, listed.err]).toEqual([1, expect.stringContaining("ssh_node_pools.yaml is no regular file")])
  execFileSync("rm", [pools])
  writeFileSync(pools, `rack:\n  identity_file: ${key}\n  hosts: [127.0.0.1]\n`)
  expect((await home.sky("check", "ssh")).out).toContain(`he key ${key} is no regular file`)
  const pid = await home.daemonPid()
  expect((await home.sky("daemon", "stop")).code).toBe(0)
  await eventually(() => !isThere(pid))
}, 60_000)

it("a thread that waits for a disk for ever does not keep the daemon from its end", async () => {
  const home = new Home()
  const pipe = join(home.path, "pipe")
  execFileSync("mkfifo", [pipe])
  const hold = home.file("hold.cjs", `if (process.argv[2] === "run") require("node:fs").readFile(${JSON.stringify(pipe)}, () => {})\n`)
  home.env["NODE_OPTIONS"] = `--require ${hold}`
  expect((await home.sky("daemon", "start")).code).toBe(0)
  const pid = await home.daemonPid()
  expect((await home.sky("daemon", "stop")).code).toBe(0)
  await eventually(() => !isThere(pid))
  expect(readFileSync(join(home.state, "daemon.log"), "utf8")).toContain("ending: asked to stop")
}, 60_000)
