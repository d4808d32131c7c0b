/** Rendering without a terminal: pure functions in, text out. */
import { describe, expect, it } from "vitest"
import { gpuTable } from "../../../cli/render/gpus.ts"
import { forScripts } from "../../../cli/render/json.ts"
import { leaksTables } from "../../../cli/render/leaks.ts"
import { planTable, pricesOf, summary } from "../../../cli/render/plan.ts"
import { autostopCell, demandCell, resourcesCell } from "../../../cli/render/resources.ts"
import { clean, cleanText, cut, widthOf } from "../../../cli/render/style.ts"
import { table } from "../../../cli/render/table.ts"
import { ago, duration, took } from "../../../cli/render/time.ts"
import { makePrefixer } from "../../../sdk/client/Prefixer.ts"
import { offer } from "./answers.ts"

describe("a table", () => {
  const titles = ["NAME", "$/HR", "COMMAND"]
  const rows = [{ cells: ["train", "1.50", "sky launch -c train hello.yaml"], below: ["       └ waiting"] }, { cells: ["b", "12.00", "x"] }]

  it("has two spaces between columns and numbers on the right", () => {
    expect(table(titles, rows, { width: undefined, colour: false }, ["$/HR"])).toBe(
      "NAME    $/HR  COMMAND\ntrain   1.50  sky launch -c train hello.yaml\n       └ waiting\nb      12.00  x\n"
    )
  })

  it("is cut at the terminal's width, and never in a pipe", () => {
    const lines = table(titles, rows, { width: 20, colour: false }, ["$/HR"]).split("\n")
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(20)
    expect(lines[1]).toMatch(/^train {3}1\.50 {2}sky/)
  })

  it("keeps STATUS where it is narrow, and says what was cut", () => {
    const titles = ["NAME", "LAUNCHED", "RESOURCES", "STATUS", "AUTOSTOP", "COMMAND"]
    const cells = ["a-long-cluster-name", "3 mins ago", "1x local(cpus=2, mem=24)", "STOPPED", "10m (down)", "sky launch -c train x.yaml"]
    for (const width of [100, 80, 60, 40]) {
      const lines = table(titles, [{ cells }], { width, colour: false }).trimEnd().split("\n")
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(width)
      expect(lines[1]).toContain("STOPPED")
      expect(lines[1]).toMatch(/…|\.\.\./)
    }
    expect(table(["A", "B"], [{ cells: ["aaaaaaaa", "bbbbbbbb"] }], { width: 12, colour: false })).toMatch(/(…|\.\.\.)\n$/)
  })

  it("colours words and keeps the columns in line", () => {
    const coloured = table(["A", "B"], [{ cells: [{ text: "UP", colour: "green" }, "x"] }], {
      width: 40,
      colour: true
    })
    expect(coloured).toContain("\x1b[32mUP\x1b[0m  x")
  })

  it("counts wide and combining characters as a terminal does", () => {
    expect(widthOf("日本")).toBe(4)
    expect(widthOf("e\u0301")).toBe(1)
    expect(widthOf("└ …")).toBe(3)
    expect(widthOf(cut("日本語です", 5))).toBeLessThanOrEqual(5)
  })
})

describe("times", () => {
  it("are said in one unit, in two, and as what a step took", () => {
    expect(ago(0, 125_000)).toBe("2 mins ago")
    expect(ago(0, 40_000)).toBe("40 secs ago")
    expect(ago(0, 3_600_000)).toBe("1 hr ago")
    expect(ago(5_000, 0)).toBe("just now")
    expect(ago(null, 0)).toBe("-")
    expect(duration(302_000)).toBe("5m 2s")
    expect(duration(0)).toBe("0s")
    expect(took(312)).toBe("0.3 s")
    expect(took(11_520_000)).toBe("3 h 12 min")
  })

  it("are RFC 3339 for scripts, and durations are seconds", () => {
    expect(
      forScripts({ launchedAtMs: 0, endedAtMs: null, atMs: 1000, operation: { sinceMs: 0 }, waitMs: 1500, list: [{ retryAtMs: 0 }] })
    ).toEqual({
      launchedAt: "1970-01-01T00:00:00.000Z",
      endedAt: null,
      at: "1970-01-01T00:00:01.000Z",
      operation: { since: "1970-01-01T00:00:00.000Z" },
      wait: 1.5,
      list: [{ retryAt: "1970-01-01T00:00:00.000Z" }]
    })
  })
})

describe("what the daemon sends", () => {
  it("cannot move the cursor or turn the text around", () => {
    expect(clean("a\x1b[2Jb\x1b]0;title\x07c\x07\u202ed\ne")).toBe("abcd e")
    expect(cleanText("one\r\n\x1b[31mtwo\x1b[0m")).toBe("one\ntwo")
  })

  it("is one cell", () => {
    expect(resourcesCell({ numNodes: 1, resources: offer })).toBe("1x local(cpus=2, mem=23)")
    const aws = { ...offer, cloud: "aws", instanceType: "p4d.24xlarge", accelerators: { name: "A100", count: 8 }, useSpot: true }
    expect(resourcesCell({ numNodes: 2, resources: aws })).toBe("2x AWS(p4d.24xlarge[Spot], A100:8)")
    expect(demandCell({ numNodes: 1, accelerators: { name: "GPU", count: 1 } })).toBe("1x[GPU:1]")
    expect(autostopCell({ autostop: 10, toDown: true })).toBe("10m (down)")
    expect(autostopCell({ autostop: -1, toDown: false })).toBe("-")
  })

  it("says what a launch costs", () => {
    const nowMs = Date.parse("2026-11-26")
    const plan = { newCluster: true, enabled: true, considered: [], next: [], more: 0, mostUsdPerHour: 0, notes: [] }
    expect(summary({ ...plan, offer, numNodes: 1 }, nowMs)).toMatch(/1 node . local \(this machine\) . free/)
    expect(summary({ ...plan, offer: { ...offer, cloud: "aws", region: "us-east-1", usdPerHour: 21.96 }, numNodes: 2 }, nowMs)).toMatch(
      /2 nodes . AWS us-east-1 . \$43\.92 an hour/
    )
    const priced = { ...offer, cloud: "aws", region: "us-east-1", usdPerHour: 1, catalog: "2026-07-20" }
    expect(summary({ ...plan, offer: priced, numNodes: 1 }, nowMs)).toMatch(/\$1\.00 an hour \(price of 2026-07-20, 4 months old\)$/)
    expect(summary({ ...plan, offer: priced, numNodes: 1 }, Date.parse("2026-08-01"))).toMatch(/an hour \(price of 2026-07-20\)$/)
    // On a cluster that is there, of which a task may want less.
    expect(summary({ ...plan, newCluster: false, offer, numNodes: 2 }, nowMs, 1)).toMatch(/1 of 2 nodes . local/)
    expect(summary({ ...plan, newCluster: false, offer, numNodes: 2 }, nowMs, 2)).toMatch(/. 2 nodes . local/)
  })

  it("keeps a list in a note of a plan a list", () => {
    const plan = { newCluster: true, enabled: true, considered: [offer], next: [], more: 0, mostUsdPerHour: 0, offer, numNodes: 1 }
    const text = planTable(
      { ...plan, notes: ["none of the 2 pools\n  rack: 0 of 1\x1b[2J\n  desk: 0 of 2"] },
      { width: undefined, colour: false },
      0
    )
    expect(text).toContain("none of the 2 pools\n  rack: 0 of 1\n  desk: 0 of 2\n")
  })

  it("keeps what is chosen and its price on a narrow terminal", () => {
    const gcp = { ...offer, cloud: "gcp", region: "europe-west4", zone: "europe-west4-a", instanceType: "a2-highgpu-8g", usdPerHour: 19.42 }
    const plan = {
      offer: gcp,
      numNodes: 1,
      newCluster: true,
      enabled: false,
      considered: [gcp],
      next: [],
      more: 0,
      mostUsdPerHour: 0,
      notes: []
    }
    const rowAt = (width: number | undefined) => planTable(plan, { width, colour: false }, 0).split("\n")[1]!
    expect(rowAt(undefined)).toMatch(/ a2-highgpu-8g .* 19\.42 {2}\S+ chosen, not enabled$/)
    expect(rowAt(80)).toMatch(/^GCP europe-west4-a +a2-highgpu-8g .* 19\.42 {2}\S+ chosen, not enabled$/)
    expect(rowAt(60)).toMatch(/^GCP europe-west4-a +a2-highgpu-8g .*19\.42 {2}\S+ chosen$/)
    expect(rowAt(50)).toMatch(/^GCP europe-west4-a +a2-highgpu-8g +19\.42 {2}\S+( chosen)?$/)
    for (const width of [80, 60, 50, 40]) expect(widthOf(rowAt(width))).toBeLessThanOrEqual(width)
  })

  it("keeps of accelerators what they are, their machine and both prices on a narrow terminal, where to if that was asked, and all of it in a pipe", () => {
    const row = { cloud: "aws", accelerator: "V100-32GB", count: 8, instanceType: "p3dn.24xlarge", cpus: 96, memoryGib: 768 }
    const priced = { ...row, deviceGib: 32, usdPerHour: 31.212, spotUsdPerHour: 4.058, region: "ap-southeast-2", catalog: "2026-07-20" }
    const rowAt = (width: number | undefined, allRegions = false) =>
      gpuTable([priced], { width, colour: false }, allRegions).split("\n")[1]!
    expect(rowAt(undefined)).toMatch(/^V100-32GB +8 +AWS +p3dn\.24xlarge +32GB +96 +768GB +\$ 31\.212 +\$ 4\.058 +ap-southeast-2$/)
    expect(rowAt(80)).toMatch(/^V100-32GB +8 +AWS +p3dn\.24xlarge +96 +\$ 31\.212 +\$ 4\.058 +ap-southeast-2$/)
    expect(rowAt(60)).toMatch(/^V100-32GB +8 +AWS +p3dn\.24xlarge +31\.21 +4\.06$/)
    expect(rowAt(50)).toMatch(/^V100-32GB +8 +AWS +p3dn\.24xlarge +31\.21 +4\.06$/)
    expect(rowAt(50, true)).toMatch(/^ +8 +p3dn\.24xlarge +31\.21 +4\.06 +ap-southeast-2$/)
    for (const width of [80, 50]) expect(widthOf(rowAt(width))).toBeLessThanOrEqual(width)
  })

  it("tells of each list how old it is", () => {
    const lists = [
      { cloud: "gcp", date: "2026-05-20" },
      { cloud: "aws", date: "2026-07-20" }
    ]
    const at = (day: string) => pricesOf(lists, Date.parse(day))
    expect(at("2026-11-27")).toBe("Prices of 2026-05-20 (GCP), 6 months old; 2026-07-20 (AWS), 4 months old: sky catalog update.\n")
    expect(at("2026-07-21")).toBe("Prices of 2026-05-20 (GCP), 2 months old; 2026-07-20 (AWS): sky catalog update.\n")
    expect(pricesOf(lists.slice(1), Date.parse("2026-07-21"))).toBe("Prices of 2026-07-20.\n")
  })

  it("calls what a firewall leaves as its cloud does: a rule, or a group", () => {
    const shown = (called: object) => {
      const leak = {
        kind: "group",
        ...called,
        cloud: "far",
        region: null,
        id: "ports",
        clusterName: "old",
        state: null,
        usdPerHour: null,
        madeAtMs: null
      }
      return leaksTables([{ ...leak, isOurs: true, reason: "its cluster is gone" } as never], { width: 100, colour: false }, 0)
    }
    expect(shown({ kindThere: "rule" })).toMatch(/^rule +ports/m)
    expect(shown({})).toMatch(/^group +ports/m)
  })
  it("never cuts the id by which a leak is ended", () => {
    const leak = {
      ...{ kind: "machine" as const, id: "i-0123456789abcdef0", cloud: "aws", region: "us-east-1", clusterName: "training-run" },
      ...{ clusterId: "01HZZZZZZZZZZZZZZZZZZZZZZZ", log: "01ARZ3NDEKTSV4RRFFQ69G5FAV", isOurs: true, state: "running" as const },
      ...{ madeAtMs: 0, usdPerHour: 0.384, reason: "its cluster is gone" }
    }
    for (const width of [80, 50, 40]) {
      const [, row] = leaksTables([leak], { width, colour: false }, Date.now()).split("\n")
      expect(row).toContain(leak.id)
      expect(widthOf(row!)).toBeLessThanOrEqual(width)
    }
  })

  it("tells prices below a cent", () => {
    const nano = { ...offer, cloud: "aws", instanceType: "t4g.nano", usdPerHour: 0.0042, catalog: "2026-07-20" }
    const plan = {
      offer: nano,
      numNodes: 1,
      newCluster: true,
      enabled: true,
      considered: [nano],
      next: [],
      more: 0,
      mostUsdPerHour: 0,
      notes: []
    }
    const shown = planTable(plan, { width: undefined, colour: false }, Date.parse("2026-07-21"))
    expect(shown).toMatch(/ 0\.0042 {2}\S+ chosen\n1 node: \$0\.0042 an hour\. Prices of 2026-07-20\.\n/)
  })
})

describe("a job's log", () => {
  const run = (feed: (lines: ReturnType<typeof makePrefixer>) => void) => {
    const chunks: Array<Buffer> = []
    const lines = makePrefixer((bytes) => chunks.push(Buffer.from(bytes as string)))
    feed(lines)
    const open = lines.end()
    return { bytes: Buffer.concat(chunks), text: Buffer.concat(chunks).toString(), open, writes: chunks.length }
  }

  it("is written through at once for one rank, prefixed at line starts only", () => {
    const { text, open, writes } = run((lines) => {
      lines.source(0, "(a) ")
      lines.push(0, "one\ntw")
      lines.push(0, "o\r50%\rdone")
    })
    expect(text).toBe("(a) one\n(a) two\r50%\rdone")
    expect(open).toBe(true)
    expect(writes).toBe(2)
  })

  it("does not mix the lines of several ranks", () => {
    const { text } = run((lines) => {
      lines.source(0, "(0) ")
      lines.source(1, "(1) ")
      lines.push(0, "a")
      lines.push(1, "b\nc")
      lines.push(0, "A\n")
      lines.push(1, "C")
    })
    expect(text).toBe("(1) b\n(0) aA\n(1) cC")
  })

  it("begins a new line when a second rank appears in the middle of one", () => {
    const { text } = run((lines) => {
      lines.source(0, "(0) ")
      lines.push(0, "half")
      lines.source(1, "(1) ")
      lines.push(1, "x\n")
      lines.push(0, "rest\n")
    })
    expect(text).toBe("(0) half\n(1) x\n(0) rest\n")
  })

  it("prints the whole of a setup before the run of the same rank begins, under its own prefix", () => {
    const { text } = run((lines) => {
      lines.source(0, "(setup 0) ")
      lines.source(1, "(setup 1) ")
      lines.push(0, "no newline")
      lines.push(1, "done\n")
      lines.source(0, "(0) ")
      lines.push(0, "run\n")
    })
    expect(text).toBe("(setup 1) done\n(setup 0) no newline\n(0) run\n")
  })

  it("keeps bytes that are not UTF-8, empty lines and a prefix that is not ASCII", () => {
    const raw = Buffer.from([0xff, 0x0a, 0x0a, 0xc3, 0x28, 0x0a])
    const { bytes, open } = run((lines) => {
      lines.source(0, "(é) ")
      lines.push(0, raw)
    })
    const prefix = Buffer.from("(é) ")
    expect(bytes).toEqual(Buffer.concat([prefix, raw.subarray(0, 2), prefix, raw.subarray(2, 3), prefix, raw.subarray(3)]))
    expect(open).toBe(false)
  })
})
