/** What stands below the table of clusters: what is paid for now. */
import { describe, expect, it } from "vitest"
import { bill, rate } from "../../../cli/render/bill.ts"
import type { ClusterView } from "../../../sdk/protocol/rows.ts"

const cluster = (name: string, states: ReadonlyArray<string>, usdPerHour = 2) =>
  ({
    name,
    numNodes: 2,
    resources: { usdPerHour, instanceType: null, catalog: null },
    nodes: states.map((state, rank) => ({ rank, state }))
  }) as unknown as ClusterView

describe("the sum below the clusters", () => {
  it("is of the machines that there are, and not of those that are asked for", () => {
    expect(bill([cluster("half", ["running"]), cluster("searching", [])])).toBe("$2.00 an hour while half runs.\n")
    expect(bill([cluster("a", ["running", "starting"]), cluster("b", ["running"])])).toBe("$6.00 an hour while a, b run.\n")
  })
  it("says beside it what may run, since its cloud was asked for it and has not answered", () => {
    const asking = (name: string, machines: number, usdPerHour: number) => ({ ...cluster(name, []), askedFor: { machines, usdPerHour } })
    const one = asking("big", 1, 0.78)
    expect(bill([one])).toBe("Up to $0.78 an hour for what is asked for and not answered yet: 1 machine of big may run.\n")
    expect(bill([cluster("half", ["running"]), one, asking("wide", 2, 4), asking("free", 2, 0)])).toBe(
      "$2.00 an hour while half runs.\nUp to $4.78 an hour for what is asked for and not answered yet: 1 machine of big, 2 machines of wide may run.\n"
    )
  })
  it("and what a purge called stopped without its cloud's word", () => {
    const unsure = { ...cluster("xa", ["stopped"]), mayRun: { machines: 1, usdPerHour: 0.38 } }
    expect(bill([unsure])).toBe("Up to $0.38 an hour for what a purge called stopped without its cloud's word: 1 machine of xa may run.\n")
  })
  it("names those whose price no list has, which are not free", () => {
    const unlisted = {
      ...cluster("odd", ["running"], 0),
      resources: { usdPerHour: 0, instanceType: "m99.huge", catalog: null }
    } as ClusterView
    expect(bill([unlisted])).toBe("What odd costs an hour is not known: no list has it.\n")
    expect(bill([cluster("half", ["running"]), unlisted])).toBe(
      "$2.00 an hour while half runs.\nWhat odd costs an hour is not known: no list has it.\n"
    )
    expect(bill([{ ...unlisted, nodes: [{ ...unlisted.nodes[0]!, state: "stopped" }] }])).toBe("")
    expect(rate([unlisted, cluster("half", [])])).toBe(" ($4.00 an hour; what odd costs is not known)")
  })
  it("says what the disks of machines cost that are off, and not that those run", () => {
    const off = { ...cluster("kept", ["stopped", "stopped"]), offDisks: { machines: 2, usdPerHour: 0.0702 } }
    expect(bill([off])).toBe("About $0.07 an hour for the disks of kept, which is off.\n")
    const one = { ...cluster("lone", ["stopped"]), offDisks: { machines: 1, usdPerHour: 0.0351 } }
    expect(bill([one])).toBe("About $0.04 an hour for the disk of lone, which is off.\n")
    expect(bill([cluster("half", ["running"]), off, one])).toBe(
      "$2.00 an hour while half runs.\nAbout $0.11 an hour for the disks of kept, lone, which are off.\n"
    )
  })
  it("is not there where nothing is paid for", () => {
    expect(bill([cluster("searching", []), cluster("stopped", ["stopped", "stopped"]), cluster("free", ["running"], 0)])).toBe("")
  })
})
