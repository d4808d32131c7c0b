import * as fs from "node:fs"
import { afterAll, expect, it } from "vitest"
import { cleanUp, cluster, Follower, job, read, eventually } from "./harness.ts"
afterAll(cleanUp)
it.skip("halt with unreachable worker", async () => {
  const { nodes, head } = await cluster({ nodes: 2 })
  const follower = await Follower.of(head)
  const client = await head.client()
  await client.call("submit", { jobs: [job(1, "sleep 60", { numNodes: 2 })] })
  await follower.fact("JobStarted", 1)
  await nodes[1]!.kill()
  const t = performance.now()
  console.log(await client.call("halt", { reason: "stop" }), performance.now() - t, JSON.stringify(follower.facts.at(-1)))
}, 60_000)
it("fuzz", async () => {
  const { nodes, head } = await cluster({ nodes: 2, cpus: 2 })
  const N = 120
  const ids = Array.from({ length: N }, (_, i) => i + 1)
  const specs = ids.map((id) => job(id, `echo ${id} >> ~/ran; sleep 0.0${id % 7}; exit ${id % 5 === 0 ? 3 : 0}`, { numNodes: 1 + (id % 2), setup: id % 4 === 0 ? `echo ${id} >> ~/setup` : null }))
  const submit = async () => { try { const c = await head.client(); await c.call("submit", { jobs: specs }); c.socket.destroy() } catch {} }
  await submit()
  let kills = 0
  const ended = () => { try { return fs.readFileSync(head.root + "/agent/journal.jsonl", "utf8").split("JobEnded").length - 1 } catch { return 0 } }
  const t = Date.now()
  while (ended() < N && Date.now() - t < 150_000) {
    await new Promise((r) => setTimeout(r, Math.random() * 90))
    const node = nodes[Math.random() < 0.5 ? 0 : 1]!
    await node.kill(Math.random() < 0.2 ? "SIGTERM" : "SIGKILL"); kills++
    if (Math.random() < 0.3) await new Promise((r) => setTimeout(r, Math.random() * 300))
    await node.start()
    if (node === head) submit()
  }
  const f = await Follower.of(head)
  await eventually(() => f.facts.filter((x) => x._tag === "JobEnded").length >= N, 20_000)
  const ends = f.facts.filter((x) => x._tag === "JobEnded")
  expect(new Set(ends.map((x: any) => x.job)).size).toBe(N)
  expect(ends.length).toBe(N)
  expect(f.entries.map((e) => e.n)).toEqual(f.entries.map((_, i) => i + 1))
  const odd = ends.filter((x: any) => x.reason !== null && !/^exit 3/.test(x.reason))
  console.log("kills", kills, "ms", Date.now() - t, "odd", JSON.stringify(odd))
  const runs = nodes.map((n) => read(n.home("ran")).trim().split("\n").map(Number))
  for (const r of runs) expect(new Set(r).size).toBe(r.length)
  const setups = nodes.map((n) => read(n.home("setup")).trim().split("\n").map(Number))
  for (const r of setups) { expect(new Set(r).size).toBe(r.length); expect(r.length).toBe(N / 4) }
  for (const id of ids) { const c = runs.filter((r) => r.includes(id)).length; if (id % 5 !== 0) expect([id, c]).toEqual([id, 1 + (id % 2)]) }
  await eventually(() => nodes.every((n) => fs.readdirSync(n.root + "/agent/ranks").length === 0))
}, 240_000)
