/** The user's own machines in a table. Pure. */
import type { MachineView } from "../../sdk/protocol/clouds.ts"
import { clean, glyph, widthOf } from "./style.ts"
import { type Row, type Screen, table } from "./table.ts"

const columns: ReadonlyArray<readonly [title: string, text: (machine: MachineView) => string]> = [
  ["POOL", ({ pool }) => pool],
  ["HOST", ({ host }) => host],
  ["STATUS", ({ clusterName, status }) => (status === "leased" && clusterName !== null ? `leased by ${clusterName}` : status)],
  ["CPUs", ({ cpus }) => String(cpus ?? "-")],
  ["MEM(GB)", ({ memoryGib }) => String(memoryGib ?? "-")],
  ["GPUS", ({ accelerators }) => (accelerators === null ? "-" : `${accelerators.name}:${accelerators.count}`)],
  ["NODE", ({ node }) => node ?? "-"]
]
/** Where it is narrow these go first, one by one: which machine it is and who has it stays. */
const leaving = ["NODE", "MEM(GB)", "CPUs", "GPUS"]
const shrinking = ["POOL", "STATUS", "HOST"]
const colours = { free: "green", leased: "yellow", unreachable: "red", unusable: "red" } as const

const saidOf = ({ clusterName, reason, status, warnings }: MachineView): ReadonlyArray<string> => {
  // That a cluster has it stands in the row.
  const why = reason === null || (status === "leased" && clusterName !== null) ? [] : [reason]
  return [...(status === "unreachable" && clusterName !== null ? [`leased by ${clusterName}`] : []), ...why, ...warnings]
}

const shownOn = (machines: ReadonlyArray<MachineView>, width: number) => {
  const widths = new Map(
    columns.map(([title, text]) => [title, Math.max(widthOf(title), ...machines.map((machine) => widthOf(clean(text(machine)))))])
  )
  const isWide = () => [...widths.values()].reduce((sum, one) => sum + one + 2, -2) > width
  for (const title of leaving) if (isWide()) widths.delete(title)
  return columns.filter(([title]) => widths.has(title))
}

export const machinesTable = (machines: ReadonlyArray<MachineView>, screen: Screen): string => {
  const shown = shownOn(machines, screen.width ?? Infinity)
  const rowOf = (machine: MachineView): Row => ({
    cells: shown.map(([title, text]) => {
      const cell = clean(text(machine))
      return title === "STATUS" ? { text: cell, colour: colours[machine.status] } : cell
    }),
    below: saidOf(machine).map((why) => `       ${glyph("why")} ${clean(why)}`)
  })
  return table(
    shown.map(([title]) => title),
    machines.map(rowOf),
    screen,
    ["CPUs", "MEM(GB)"],
    shrinking
  )
}
