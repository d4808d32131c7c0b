/** The folder of one rank: the order, the scripts that are made of it, and what its supervisor writes there (claim, pid, exit). */
import * as fs from "node:fs"
import { join } from "node:path"
import { prologue } from "./script.ts"

/** Blank is no exit yet: its place is there before the job can fill the disk. */
const exitPlace = `${" ".repeat(8)}\n`

export interface RankOrder {
  readonly key: string
  readonly rank: number
  readonly script: string
  readonly environment: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
  /** Below HOME. */
  readonly log: string
  /** The journal of the head that gives it; none when it is this node's own. */
  readonly head?: string
}

export const readFrom = (folder: string, name: "claim" | "exit" | "order.json" | "pid"): string | null => {
  try {
    return fs.readFileSync(join(folder, name), "utf8").trim()
  } catch {
    return null
  }
}

export const writeOrder = (folder: string, order: RankOrder, workdir: string): void => {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  fs.writeFileSync(join(folder, "script"), order.script, { mode: 0o600 })
  // Whoever has been here before may have written its exit.
  const exit = join(folder, "exit")
  if (!fs.existsSync(exit)) fs.writeFileSync(exit, exitPlace, { mode: 0o600, flag: "wx" })
  fs.writeFileSync(join(folder, "main"), prologue(folder, workdir), { mode: 0o600 })
  fs.writeFileSync(join(folder, "order.json"), JSON.stringify(order), { mode: 0o600 })
}

/** What was ordered and nobody has claimed. */
export const unclaimedOrder = (folder: string): RankOrder | "never written" | null => {
  if (readFrom(folder, "claim") !== null) return null
  try {
    return JSON.parse(readFrom(folder, "order.json") ?? "")
  } catch {
    return "never written"
  }
}

/** Of a rank that an earlier agent started; a power cut may have torn its order. */
export const logIn = (folder: string): string | null => {
  try {
    return (JSON.parse(readFrom(folder, "order.json") ?? "") as RankOrder).log
  } catch {
    return null
  }
}
