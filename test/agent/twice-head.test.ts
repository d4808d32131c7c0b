/** What a head has begun on another node is on its disk before: else, killed, it would be told of it anew and begin it again. */
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { writeFrame } from "../../agent/frames.ts"
import { Handed } from "../../agent/Handed.ts"
import { RemoteHost } from "../../agent/hosts.ts"
import { Ssh } from "../../agent/ssh.ts"
import { emptyState } from "../../agent/state.ts"
import { eventually } from "./harness.ts"

const folder = mkdtempSync(join(tmpdir(), "skyd-h-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it("a rank is started on a worker when the head has written down that it belongs there", async () => {
  const socket = join(folder, "worker.sock")
  let heard = ""
  const worker = createServer((connection) => {
    writeFrame(connection, "result", { id: "hello", value: {} })
    connection.setEncoding("utf8").on("data", (text: string) => (heard += text))
  })
  await new Promise<void>((listening) => worker.listen(socket, listening))
  const disk = Promise.withResolvers<void>()
  const peer = { rank: 1, node: "n-1", address: "127.0.1.2", socket }
  const store = { settled: disk.promise }
  // Of an agent before this one it is not known whether the worker was told of job 2.
  const handed = new Handed({ ...emptyState("c", "n"), jobs: { 2: { placement: [] } as never } })
  const head = { folder: { identity: { cluster: "c" } }, handed, journal: { id: "journal" }, poke() {}, ssh: new Ssh(folder), store }
  const host = new RemoteHost(peer, head as never)
  await eventually(() => heard.includes("rank.watch"))
  host.start("job-1", 1, () => ({ key: "job-1", rank: 1, script: "true" }) as never)
  host.end("job-2", 1)
  await eventually(() => heard.includes("rank.end"))
  expect(heard).not.toContain("rank.start")
  disk.resolve()
  await eventually(() => heard.includes("rank.start"))
  host.close()
  worker.close()
})
