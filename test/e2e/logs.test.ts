/** A log that is followed while the head's agent is killed: each line once, from where the window begins. */
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { eventually, Home, kill, socketsOf, type Wire } from "./home.ts"

const home = new Home()
const inHome = (file: string) => join(home.nodes()[0]!, "home", file)
const touch = (file: string) => writeFileSync(inHome(file), "")
const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `${from + i}\n`).join("")
const text = (wire: Wire) => wire.frames.flatMap(({ type, data }) => (type === "log" ? [data.text] : [])).join("")
const prefixes = (wire: Wire) => wire.frames.flatMap(({ type, data }) => (type === "source" ? [data.prefix.replace(/\d+/, "N")] : []))
/** Writes the lines, says so, and waits. */
const step = (from: number, to: number) => `seq ${from} ${to}; touch ~/${to}; until test -e ~/after-${to}; do sleep 0.02; done`

/** The agent's end, with lines that only the next one can read. */
const killAgentAfter = async (written: number, then: number) => {
  const pid = home.agentPid()
  kill(pid, "SIGSTOP")
  touch(`after-${written}`)
  await eventually(() => existsSync(inHome(`${then}`)))
  kill(pid)
}

it("of an agent that hangs, asked for and left again, leaves no connection open", async () => {
  await home.sky("launch", "-y", "-c", "hung", "true")
  const [daemon, agent] = [await home.daemonPid(), home.agentPid()]
  const wire = home.socket()
  wire.request("hello", "status")
  await wire.answer("hello")
  const ids = Array.from({ length: 10 }, (_, i) => i)
  const before = socketsOf(daemon)
  kill(agent, "SIGSTOP")
  for (const id of ids) wire.request(id, "logs", { clusterName: "hung" })
  await eventually(() => socketsOf(daemon) >= before + ids.length)
  wire.send(...ids.map((id) => ({ type: "detach", data: { id } })))
  await eventually(() => socketsOf(daemon) <= before)
  kill(agent, "SIGCONT")
  await home.sky("down", "-y", "hung")
})

describe("a log whose agent is killed in the middle", () => {
  it("shows each line once to those who follow it, all of it or from its tail", async () => {
    await home.sky("launch", "-y", "-c", "a", "true")
    await home.sky("exec", "-d", "a", [step(1, 9), step(10, 14), "seq 15 16"].join("; "))
    await eventually(() => existsSync(inHome("9")))
    const follow = (tail: object) => home.socket().request(1, "logs", { clusterName: "a", jobId: 2, ...tail })
    const [all, last, none] = [follow({}), follow({ tail: 3 }), follow({ tail: 0 })]
    const printed = home.start("logs", "--tail", "3", "a", "2")
    for (const wire of [all, last]) await wire.until(() => text(wire).endsWith("9\n"))
    await none.until(({ type }) => type === "source")
    await printed.until(" 9\n")
    await killAgentAfter(9, 14)
    for (const wire of [all, last, none]) await wire.until(() => text(wire).endsWith("14\n"))
    touch("after-14")
    for (const [wire, first] of [
      [all, 1],
      [last, 7],
      [none, 10]
    ] as const) {
      expect((await wire.answer(1)).data.value).toMatchObject({ status: "SUCCEEDED" })
      expect(text(wire)).toBe(lines(first, 16))
      expect(prefixes(wire)).toEqual(["(sky-cmd, pid=N) "])
    }
    expect((await printed.ended).out.replace(/^\(sky-cmd, pid=\d+\) /gm, "")).toBe(lines(7, 16))
  })

  it("also over the two files of a job with a detached setup", async () => {
    const run = `until test -e ~/begin; do sleep 0.02; done; ${step(41, 49)}; seq 50 54; touch ~/54`
    const task = home.file("detached.yaml", `setup: ${step(21, 29)}; seq 30 34; touch ~/34\nrun: ${run}\n`)
    await home.sky("launch", "-y", "-d", "-s", "-c", "a", task)
    await eventually(() => existsSync(inHome("29")))
    const follow = (tail: object) => home.socket().request(1, "logs", { clusterName: "a", jobId: 3, ...tail })
    const wires = [follow({}), follow({ tail: 3 })]
    const untilAll = (end: string) => Promise.all(wires.map((wire) => wire.until(() => text(wire).endsWith(end))))
    await untilAll("29\n")
    await killAgentAfter(29, 34)
    await Promise.all(wires.map((wire) => wire.until(() => prefixes(wire).length === 2)))
    touch("begin")
    await untilAll("49\n")
    await killAgentAfter(49, 54)
    for (const [wire, first] of [
      [wires[0]!, 21],
      [wires[1]!, 27]
    ] as const) {
      expect((await wire.answer(1)).data.value).toMatchObject({ status: "SUCCEEDED" })
      expect(text(wire)).toBe(lines(first, 34) + lines(41, 54))
      expect(prefixes(wire)).toEqual(["(setup, pid=N) ", "(task, pid=N) "])
    }
  })
})
