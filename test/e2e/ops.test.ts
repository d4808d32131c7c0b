/** Operations: listed while they run, cancelled on request, superseded by a stop or a down, and known after they ended. */
import { expect, it } from "vitest"
import { eventually, Home } from "./home.ts"

const home = new Home()
const slow = home.file("slow.yaml", "setup: sleep 30\nrun: echo never\n")
const ops = (
  ...args: ReadonlyArray<string>
): Promise<ReadonlyArray<{ id: string; method: string; status: string; detail: string | null }>> => home.json("ops", ...args)
const phaseOf = async (name: string) => (await home.json("status")).find((row: { name: string }) => row.name === name)?.phase

it("a launch that sets up is listed with what it does, and a second one with what it waits for", async () => {
  home.start("launch", "-y", "-c", "a", slow)
  await eventually(async () => (await phaseOf("a")) === "setup")
  home.start("launch", "-y", "-c", "a", slow)
  const [second, first] = await eventually(ops, (all) => all.length === 2)
  expect(first).toMatchObject({ method: "launch", status: "running", detail: expect.stringContaining("running setup") })
  expect(second).toMatchObject({ detail: "waits for 1 before it" })
})

it("cancelling one ends it, its setup and its client, and keeps the cluster; the next one then works", async () => {
  const [second, first] = await ops()
  expect((await home.sky("ops", "cancel", first!.id)).code).toBe(0)
  const all = await eventually(
    () => ops("-a"),
    (list) => list.some(({ id, status }) => id === first!.id && status === "cancelled")
  )
  expect(all.find(({ id }) => id === second!.id)).toMatchObject({ status: "running" })
  expect((await home.sky("ops", "cancel", "nobody")).code).toBe(5)
  expect((await home.sky("ops", "cancel", first!.id)).code).toBe(0)
})

it("a down supersedes what is left: the waiting client is told by what", async () => {
  const waiting = home.start("launch", "-y", "-c", "a", slow)
  await eventually(ops, (all) => all.length === 2)
  expect((await home.sky("down", "-y", "a")).code).toBe(0)
  expect(await waiting.ended).toMatchObject({ code: 6, err: expect.stringContaining("superseded by sky down a") })
  expect(await ops()).toEqual([])
})
