/** What a launch says of the machines of a cluster that is there: the ports that it opens, and what of its task changes nothing. */
import { assert, describe, it } from "@effect/vitest"
import { notesOfMachines, notesOfPorts } from "../../daemon/commands/of-machines.ts"
import type { MachineWish, RecordedTask } from "../../events/values.ts"
import { asked, offer, rowAfter, up } from "../fakes/facts.ts"

type Asked = NonNullable<RecordedTask["resources"]>

const notes = (machine: MachineWish, resources: Asked, opens = true) =>
  notesOfMachines({ ...rowAfter(up())!, machine, offer: { ...offer, cloud: "aws", region: "r-1" } }, { resources }, opens)

describe("a launch on a cluster that is there", () => {
  it("says which ports it opens; nothing where they are open, or its cloud keeps none closed", () => {
    assert.deepStrictEqual(notes({ ports: ["8080"] }, { ports: [8080, 8081] }), ["Opens port 8081 on train, to everybody."])
    assert.deepStrictEqual(notes({ ports: ["8080-8090"] }, { ports: [8080, 8081] }), [])
    assert.deepStrictEqual(notes({}, { ports: [8080] }, false), [])
  })
  it("names in one line what its machines are not, and stay", () => {
    const machine: MachineWish = { diskGib: 100, diskTier: "high", images: { "r-1": "ami-1" }, labels: { team: "red" } }
    const other: Asked = { disk_size: 200, disk_tier: "low", image_id: { "r-1": "ami-2" }, labels: { team: "blue" } }
    assert.deepStrictEqual(notes(machine, other), ["disk_size, disk_tier, image_id and labels are ignored: train is there already."])
    const best = "disk_tier is ignored: train is there already."
    for (const machine of [{}, { diskTier: "low" }, { diskTier: "medium" }])
      assert.deepStrictEqual(notes(machine, { disk_tier: "best" }), [best])
    for (const diskTier of ["high", "best"]) assert.deepStrictEqual(notes({ diskTier }, { disk_tier: "best" }), [])
    assert.deepStrictEqual(notes({}, { disk_size: 100 }), ["disk_size is ignored: train is there already."])
  })
  it("is silent of what they are, of what it does not say, and of what is usual anywhere", () => {
    const machine: MachineWish = { diskGib: 100, diskTier: "high", images: { "*": "ami-1" }, labels: { team: "red", of: "us" } }
    assert.deepStrictEqual(notes(machine, { disk_size: "100", disk_tier: "high", image_id: { "r-1": "ami-1" }, labels: { of: "us" } }), [])
    assert.deepStrictEqual(notes(machine, {}), [])
    assert.deepStrictEqual(notes({}, { disk_tier: "medium", disk_size: 256, image_id: "skypilot:gpu-ubuntu-2204" }), [])
  })
  it("is silent of the size that was asked for, and of the one that came", () => {
    const row = { ...rowAfter(up())!, machine: { diskGib: 100 }, cameGib: 500, offer: { ...offer, cloud: "aws", region: "r-1" } }
    const said = (disk_size: number) => notesOfMachines(row, { resources: { disk_size } }, true)
    assert.deepStrictEqual([100, 500].flatMap(said), [])
    assert.deepStrictEqual(said(300), ["disk_size is ignored: train is there already."])
  })
  it("says nothing before there are machines", () => {
    assert.deepStrictEqual(notesOfMachines(rowAfter(asked())!, { resources: { ports: 80, disk_size: 100 } }, true), [])
  })
})

it("a new cluster's ports are said to be opened to everybody, where its cloud keeps them closed", () => {
  const task = { resources: { ports: [8080, "9000-9001"] } }
  assert.deepStrictEqual(notesOfPorts(offer, task, true), ["Opens ports 8080, 9000-9001, to everybody."])
  assert.deepStrictEqual(notesOfPorts(offer, task, false), [])
  assert.deepStrictEqual(notesOfPorts(offer, {}, true), [])
})
