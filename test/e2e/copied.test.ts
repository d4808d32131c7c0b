/** A copy of a state folder beside its original: commands on the copy end nothing that runs in the original. */
import { execFileSync } from "node:child_process"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { eventually, Home, isAlive, processesOf } from "./home.ts"

const nodesOf = ({ state }: Home) => processesOf(join(state, "nodes"))

/** With two nodes at work, and a second job in the queue. */
const copied = async (whatIsGone: ReadonlyArray<string>) => {
  const [home, copy] = [new Home(), new Home()]
  expect((await home.sky("launch", "-y", "-d", "-c", "k", "--num-nodes", "2", "exec sleep 600")).code).toBe(0)
  await home.sky("exec", "-d", "k", "--num-nodes", "2", "--cpus", "4", `echo again >> ${home.path}/ran; exec sleep 601`)
  await eventually(
    () => home.json("queue", "k"),
    ([job]) => job.status === "RUNNING"
  )
  execFileSync("cp", ["-a", home.state, copy.state])
  for (const name of whatIsGone) rmSync(join(copy.state, name), { recursive: true })
  const running = nodesOf(home)
  expect(running.length).toBeGreaterThan(3)
  const isUntouched = async () => {
    expect(running.filter((pid) => !isAlive(pid))).toEqual([])
    expect((await home.json("queue", "k")).map(({ status }: { status: string }) => status)).toContain("RUNNING")
  }
  return { home, copy, isUntouched }
}

it("of a damaged folder: its nodes are said to be stopped, and taken down there alone", async () => {
  const { copy, home, isUntouched } = await copied(["log"])
  await copy.sky("status")
  expect((await copy.sky("down", "-y", "--unlogged", "k")).code).toBe(0)
  expect(copy.nodes()).toEqual([])
  await isUntouched()
  expect(home.nodes()).toHaveLength(2)
})

it("of a sound folder: its daemon finds the cluster stopped, starts it anew, and takes it down there alone", async () => {
  const { copy, home, isUntouched } = await copied([])
  await eventually(
    () => copy.json("status", "-r"),
    ([row]) => row.status === "STOPPED"
  )
  expect(nodesOf(copy)).toEqual([])
  await isUntouched()
  expect((await copy.sky("start", "-y", "k")).code).toBe(0)
  expect((await copy.sky("exec", "k", "echo from the copy")).out).toContain("from the copy")
  await isUntouched()
  expect((await copy.sky("down", "-y", "k")).code).toBe(0)
  await isUntouched()
  expect(home.nodes()).toHaveLength(2)
})
