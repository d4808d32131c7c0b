/** The user's own machines in a table. Pure. */
import type { MachineView } from "../../sdk/protocol/clouds.ts"
import { clean, glyph } from "./style.ts"
import { type Row, type Screen, table } from "./table.ts"

const titles = ["POOL", "HOST", "STATUS", "CPUs", "MEM(GB)", "GPUS", "NODE"]
/** What a machine has is what it is chosen for. */
const shrinking = ["NODE", "STATUS", "POOL", "HOST"]
const colours = { free: "green", leased: "yellow", unreachable: "red" } as const

const rowOf = ({ accelerators, clusterName, cpus, host, memoryGib, node, pool, reason, status, warnings = [] }: MachineView): Row => {
  const said = clusterName === null && reason !== null ? [reason] : warnings
  const gpus = accelerators === null ? "-" : `${accelerators.name}:${accelerators.count}`
  const text = clusterName === null ? status : `leased by ${clusterName}`
  return {
    cells: [
      clean(pool),
      clean(host),
      { text: clean(text), colour: colours[status] },
      cpus === null ? "-" : String(cpus),
      memoryGib === null ? "-" : String(memoryGib),
      clean(gpus),
      clean(node ?? "-")
    ],
    below: said.map((why) => `       ${glyph("why")} ${clean(why)}`)
  }
}

export const machinesTable = (machines: ReadonlyArray<MachineView>, screen: Screen): string =>
  table(titles, machines.map(rowOf), screen, ["CPUs", "MEM(GB)"], shrinking)
