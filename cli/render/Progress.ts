/**
 * The phases of an operation, on stderr. On a terminal the running one is a line that counts its seconds; everywhere a phase becomes
 * one line with its duration when it ends. Whatever else is printed meanwhile must go through `above`.
 */
import { phaseText, quiet } from "../../sdk/client/phases.ts"
import type { Progress as Phase } from "../../sdk/protocol/Wire.ts"
import { lasting } from "../../task/lasting.ts"
import { stderr } from "../out.ts"
import { clean, cut, type Glyph, glyph, isColoured, isLive, paint, widthOf } from "./style.ts"
import { took } from "./time.ts"

/** Not said when it fails: the failure itself says it. */
const saidByFailure: ReadonlyArray<string> = ["setup"]
const colours = { done: "green", failed: "red", running: "blue" } as const
const labelWidth = 13
const detailWidth = 36
const tickMs = 1_000

export interface Progress {
  readonly take: (phase: Phase) => void
  /** A running line for what takes long and has no phases. */
  readonly run: (label: string, detail?: string) => void
  readonly line: (kind: keyof typeof colours & Glyph, label: string, detail: string, ms?: number) => void
  /** Prints whole lines over the running one, and when silent too. */
  readonly above: (text: string) => void
  /** The running line goes away, until the next `run`. */
  readonly end: () => void
}

const pad = (text: string, width: number) => text + " ".repeat(Math.max(0, width - widthOf(text)))
/** Words that are longer than their column may end in a time themselves: the phase's own is set apart from them. */
const columns = (label: string, detail: string, time: string) =>
  `${pad(label, labelWidth)} ${time && widthOf(detail) > detailWidth ? `${detail} (${time})` : `${pad(detail, detailWidth)} ${time.padStart(5)}`}`.trimEnd()

export const makeProgress = (silent = false, stream = stderr): Progress => {
  const colour = isColoured(stream)
  const live = isLive(stream) && !silent
  const begunAtMs = new Map<string, number>()
  let current: { readonly label: string; readonly detail: string; readonly sinceMs: number } | undefined
  let timer: NodeJS.Timeout | undefined
  let drawn = false

  const mark = (kind: keyof typeof colours) => paint(colours[kind], glyph(kind), colour)

  const clear = () => {
    if (drawn) stream.write("\r\x1b[K")
    drawn = false
  }

  const draw = () => {
    if (!live || current === undefined) return
    const time = lasting(Date.now() - current.sinceMs)
    const width = stream.columns() - 3
    // The seconds show that it goes on: long words give way to them.
    const detail = cut(current.detail, width - labelWidth - widthOf(time) - 4)
    stream.write(`\r\x1b[K${mark("running")} ${cut(columns(current.label, detail, time), width)}`)
    drawn = true
  }

  const above = (text: string) => {
    clear()
    stream.write(text)
    draw()
  }

  const run = (label: string, detail = "") => {
    current = { label, detail: clean(detail), sinceMs: current?.label === label ? current.sinceMs : Date.now() }
    draw()
    if (live) timer ??= setInterval(draw, tickMs).unref()
  }

  const line: Progress["line"] = (kind, label, detail, ms) =>
    silent || above(`${mark(kind)} ${columns(label, clean(detail), ms! >= 0 ? took(ms!) : "")}\n`)

  const take = ({ phase, state, detail, atMs, cluster, news }: Phase) => {
    const key = `${cluster}/${phase}`
    const done = state === "done"
    const label = phaseText(phase, done)
    const sinceMs = begunAtMs.get(key)
    if (state === "running") {
      begunAtMs.set(key, sinceMs ?? atMs)
      // Where no seconds are counted, a wait of unknown length is said as it begins, and what keeps a phase as it is known.
      if ((phase === "queued" || news) && !live) line("running", label, detail)
      run(label, detail)
      return
    }
    begunAtMs.delete(key)
    // An agent starts once its node is there; that of a node which ran before is only looked after.
    if (phase === "provision" && done) begunAtMs.set(`${cluster}/bootstrap`, atMs)
    current = undefined
    if ((done ? quiet : saidByFailure).includes(phase) || (done && phase === "bootstrap" && sinceMs === undefined)) clear()
    // What was not seen to begin took no time to fail; a time below zero is not told.
    else line(state, label, detail, atMs - (sinceMs ?? (done ? atMs : atMs + 1)))
  }

  const end = () => {
    current = undefined
    clearInterval(timer)
    timer = undefined
    clear()
  }

  return { take, run, line, above, end }
}
