/** What a head that lost sight of a worker says again, and what comes after it, may arrive together. */
import * as fs from "node:fs"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { cleanUp, cluster, eventually, read } from "./harness.ts"

afterAll(cleanUp)

it("a rank that has ended does not run again when its start is said once more, close before it is to be forgotten", async () => {
  const { head, nodes } = await cluster({ nodes: 2 })
  const worker = nodes[1]!
  const journal = head.ready?.ok ? head.ready.hello.journal : ""
  // It would forget what it knows nothing of. From here on we are it.
  await head.kill()
  const order = { key: "job-9", rank: 1, head: journal, script: "echo ran >> ~/ran", environment: {}, secrets: {}, log: "sky_logs/9" }
  const client = await worker.client()
  client.call("rank.watch" as never, { head: journal } as never).catch(() => {})
  await client.call("rank.start" as never, order as never)
  await client.until(() => client.frames.find(({ data }) => (data.view as { quiet?: boolean } | undefined)?.quiet))
  const said = ["rank.start", "rank.forget"].map((method, id) => ({ type: "request", data: { id: `${id}`, method, params: order } }))
  client.socket.write(said.map((frame) => `${JSON.stringify(frame)}\n`).join(""))
  await client.until(() => client.frames.find(({ data }) => data.id === "1"))
  // What would run now has run by the time that another one has.
  await client.call("rank.start" as never, { ...order, key: "job-10", script: "touch ~/later" } as never)
  await eventually(() => fs.existsSync(worker.home("later")))
  expect(read(worker.home("ran"))).toBe("ran\n")
  expect(fs.readdirSync(join(worker.root, "agent/ranks"))).toEqual(["job-10.1"])
})
