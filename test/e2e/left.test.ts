/** What a client leaves by Ctrl-C or by hanging up: the daemon holds nothing of it, and the work goes on. */
import { expect, it } from "vitest"
import { eventually, Home, socketsOf } from "./home.ts"

const home = new Home()
const queue = (name: string) => home.json("queue", name)

it("logs of a job that says nothing cost the daemon nothing once they are left", async () => {
  await home.sky("launch", "-y", "-d", "-c", "a", "echo begun; sleep 600")
  const daemon = await home.daemonPid()
  const before = socketsOf(daemon)
  const readers = Array.from({ length: 8 }, () => home.start("logs", "a", "1"))
  for (const { until } of readers) await until("begun")
  expect(socketsOf(daemon)).toBeGreaterThanOrEqual(before + readers.length)
  for (const { child } of readers) child.kill("SIGINT")
  for (const { ended } of readers) expect((await ended).code).toBe(130)
  await eventually(
    () => socketsOf(daemon),
    (now) => now <= before
  )
  expect(await queue("a")).toMatchObject([{ status: "RUNNING" }])
})

it("a launch that is detached from in the very breath that asks for it is done all the same", async () => {
  const data = { id: 1, method: "launch", params: { clusterName: "b", task: { run: "true" } } }
  home.socket().send({ type: "request", data }, { type: "detach", data: { id: 1 } })
  await eventually(async () => (await home.sky("queue", "b", "-o", "json")).out.includes('"SUCCEEDED"'))
})
