/** The phases of an operation as lines: on the command line, and as the API's `streamLogs` shows them. */
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest"
import { asking } from "../../../cli/awaiting.ts"
import { makeProgress } from "../../../cli/render/Progress.ts"
import { planLine, terminal } from "../../../sdk/api/narrate.ts"
import type { Progress } from "../../../sdk/protocol/Wire.ts"

type Phase = readonly [phase: Progress["phase"], state: Progress["state"], atMs: number, detail?: string, mark?: "passing" | "news"]

const phases = (all: ReadonlyArray<Phase>) =>
  all.map(
    ([phase, state, atMs, detail = "", mark]) =>
      ({ id: 1, at: 1, operation: "o", cluster: "c", phase, state, atMs, detail, ...(mark && { [mark]: true }) }) as unknown as Progress
  )

const fresh: ReadonlyArray<Phase> = [
  ["provision", "running", 0],
  ["provision", "done", 1000],
  ["bootstrap", "done", 3500]
]
const again: ReadonlyArray<Phase> = [["bootstrap", "done", 3500]]
const kept: ReadonlyArray<Phase> = [
  ["provision", "running", 0, "1 node on AWS us-east-1a"],
  ["provision", "running", 500, "waiting for ssh", "passing"],
  ["provision", "running", 1000, "You are not authorized; trying again", "news"],
  ["provision", "done", 3500]
]
const throttled: ReadonlyArray<Phase> = [["autostop", "running", 0, "slow down; trying again", "news"]]
const lost: ReadonlyArray<Phase> = [
  ["bootstrap", "running", 500],
  ["bootstrap", "done", 3500]
]

const commandLine = async (all: ReadonlyArray<Phase>) => {
  const out: Array<string> = []
  const { take } = makeProgress(false, { write: (text: string) => out.push(text), isTTY: () => false, columns: () => 80 } as never)
  for (const phase of phases(all)) take(phase)
  return out.join("")
}
const api = async (all: ReadonlyArray<Phase>) => {
  const out: Array<unknown> = []
  vi.spyOn(process.stderr, "write").mockImplementation((text) => out.push(text) > 0)
  const { drained, onProgress } = terminal.handlers({} as never)
  for (const phase of phases(all)) onProgress?.(phase)
  await drained()
  return out.join("")
}
afterEach(() => void vi.restoreAllMocks())

describe.each([
  ["the command line", commandLine],
  ["the API", api]
])("%s", (_, shown) => {
  it("says how long an agent took to start on a new node", async () => expect(await shown(fresh)).toMatch(/Started +2\.5 s/))
  it("says nothing of an agent that ran before", async () => expect(await shown(again)).toBe(""))
  it("says once what keeps a phase, where no seconds are counted", async () => {
    expect((await shown(kept)).match(/You are not authorized; trying again/g)).toHaveLength(1)
    expect(await shown(kept)).not.toContain("waiting for ssh")
  })
  it("says what keeps a phase that nothing was said of before", async () =>
    expect(await shown(throttled)).toMatch(/^\S* ?Autostop:? +slow down; trying again\n$/))
  it("says that an agent was started that had to be tried for", async () => expect(await shown(lost)).toMatch(/Started +3\.0 s/))
})

it.each([true, false])("a question that takes long says what is asked, terminal: %s", (isTTY) => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const out: Array<string> = []
  const stream = { write: (text: string) => out.push(text), isTTY: () => isTTY, columns: () => 80 } as never
  const quick = asking("all clouds", false, stream)
  vi.advanceTimersByTime(1_000)
  quick()
  expect(out.join("").includes("all clouds")).toBe(isTTY)
  const slow = asking("all clouds what they hold", false, stream)
  vi.advanceTimersByTime(10_000)
  expect(out.join("")).toMatch(/Asking +all clouds what they hold/)
  slow()
  const said = out.length
  vi.advanceTimersByTime(10_000)
  expect(out).toHaveLength(said)
})

it("the seconds of what runs are seen however much there is to say of it", () => {
  const out: Array<string> = []
  const { end, run } = makeProgress(false, { write: (text: string) => out.push(text), isTTY: () => true, columns: () => 60 } as never)
  run("Starting", `waiting for ssh: ${"long words ".repeat(20)}`)
  end()
  expect(out[0]).toMatch(/waiting for ssh: long words .*… \(0 s\)$/)
})

it("a time that ends the words is not taken for how long it took", () => {
  const out: Array<string> = []
  const { line } = makeProgress(false, { write: (text: string) => out.push(text), isTTY: () => false, columns: () => 80 } as never)
  line("failed", "Provisioning", "no room anywhere; all are asked again in 1 min 0 s", 100)
  line("failed", "Provisioning", "no room", 100)
  expect(out).toEqual([expect.stringMatching(/ in 1 min 0 s \(0\.1 s\)\n$/), expect.stringMatching(/ no room {29,}\d\.\d s\n$/)])
})

it("what failed without having begun took no time: a wait that is told by its end has no other", async () => {
  expect(
    await commandLine([
      ["provision", "running", 0],
      ["provision", "failed", 2000],
      ["provision", "failed", 2000]
    ])
  ).toMatch(/2\.0 s\n.*[^s]\n$/)
})

it("the API sets the time that a phase took apart from its words", async () => {
  const where = "1 node on AWS us-east-1a, $12.24 an hour"
  const all: ReadonlyArray<Phase> = [
    ["provision", "running", 0],
    ["provision", "done", 1200, where]
  ]
  expect(await api(all)).toBe(`Provisioned ${where} (1.2 s)\n`)
})

it("a dry run of the API says on what machine, where, and for how much", () => {
  const gpus = { name: "A100", count: 8 }
  const place = { cloud: "aws", region: "us-east-1", zone: "us-east-1a", instanceType: "p4d.24xlarge", cpus: 96, memoryGib: 1152 }
  const offer = { ...place, accelerators: gpus, useSpot: true, usdPerHour: 7.5, catalog: "2026-07-20" }
  const plan = { offer, numNodes: 2, newCluster: true, enabled: true, considered: [], next: [], more: 0, mostUsdPerHour: 7.5, notes: [] }
  expect(planLine({ cluster: "c", jobId: null, handle: null, plan })).toBe(
    "Dry run: 2x AWS p4d.24xlarge[Spot] in us-east-1a (96 vCPUs, 1152 GiB, A100:8), $15.00 an hour (price of 2026-07-20), on a new cluster."
  )
})
