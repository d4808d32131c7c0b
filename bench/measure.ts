/**
 * Times and their medians. Figures of two programs are only compared when they were taken in turns, in the same minute:
 * on a shared machine the minute matters more than the code.
 */
import { spawnSync } from "node:child_process"

export const rounds = 15
export const node = process.execPath
export const floorArgs = ["-e", "0"] as const

export const median = (values: ReadonlyArray<number>): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!

/** Wall time of a program that must succeed. */
export const wallMs = (args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = process.env): number => {
  const startNs = process.hrtime.bigint()
  const { status, stderr } = spawnSync(node, args, { env, stdio: ["ignore", "ignore", "pipe"] })
  const tookMs = Number(process.hrtime.bigint() - startNs) / 1e6
  if (status !== 0) throw new Error(`${args.join(" ")}: exit ${status}: ${stderr}`)
  return tookMs
}

export const floorMs = (): number => wallMs(floorArgs)

/** Medians of several measurements, taken in turns, after one turn that does not count. */
export const inTurns = async <K extends string>(
  runs: Readonly<Record<K, () => number | Promise<number>>>,
  times: number = rounds
): Promise<Record<K, number>> => {
  const names = Object.keys(runs) as Array<K>
  const taken = new Map<K, Array<number>>(names.map((name) => [name, []]))
  for (let i = 0; i <= times; i++) {
    for (const name of names) {
      const value = await runs[name]()
      if (i > 0) taken.get(name)!.push(value)
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(taken.get(name)!)])) as Record<K, number>
}

/** One line of the report: the figure that the budget is about, and what it was taken from. */
export interface Figure {
  readonly what: string
  readonly value: number
  readonly budget: number
  /** The budget is the least, not the most. */
  readonly atLeast?: boolean
  readonly unit: string
  readonly detail: string
}

export interface Bench {
  readonly name: string
  readonly run: () => Promise<ReadonlyArray<Figure>>
}

const digits = (value: number, unit: string) => (unit === "×" || value < 10 ? value.toFixed(2) : Math.round(value).toLocaleString("en-US"))

export const printed = ({ atLeast = false, budget, detail, unit, value, what }: Figure): string => {
  const met = atLeast ? value >= budget : value <= budget
  const figure = `${digits(value, unit)} ${unit}`.padStart(18)
  return `${what.padEnd(46)}${figure}  ${met ? "ok    " : "missed"} ${atLeast ? "≥" : "≤"} ${budget.toLocaleString("en-US")} ${unit}   ${detail}`
}

export const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`
