/** What one's own machines have of accelerators, in sum. */
import { expect, it } from "vitest"
import type { OwnMachine } from "../../../daemon/clouds/OwnMachine.ts"
import { ownGpusOf } from "../../../daemon/queries/own-gpus.ts"

const machine = (pool: string, count: number, status: OwnMachine["status"], name = "A100"): OwnMachine => ({
  ...{ pool, host: `${pool}-${count}`, status, clusterName: null, reason: null, cpus: 8, memoryGib: 32, node: null, warnings: [] },
  accelerators: status === "unreachable" ? null : { name, count }
})

it("is told by pool and kind, all of it and what is free; who is away may have more", () => {
  const machines = [
    machine("rack", 8, "free"),
    machine("rack", 1, "leased"),
    machine("rack", 8, "leased"),
    machine("rack", 2, "free", "L4"),
    machine("desk", 1, "unusable"),
    machine("desk", 1, "unreachable")
  ]
  expect(ownGpusOf(machines, (name) => name === "A100")).toEqual({
    own: [
      { cloud: "ssh", region: "rack", accelerator: "A100", counts: [1, 8], total: 17, free: 8 },
      { cloud: "ssh", region: "desk", accelerator: "A100", counts: [1], total: 1, free: 0 }
    ],
    ownReason: "1 of 6 machines is not reached"
  })
})
