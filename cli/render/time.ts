/** Times and counts in words. Pure: the caller says what time it is. */
import { lasting } from "../../task/lasting.ts"

const units = [
  ["day", 86_400],
  ["hr", 3_600],
  ["min", 60],
  ["sec", 1]
] as const

/** `2 mins ago`; `-` when unknown. */
export const ago = (atMs: number | null, nowMs: number): string => {
  if (atMs === null) return "-"
  const seconds = Math.floor((nowMs - atMs) / 1000)
  if (seconds < 1) return "just now"
  const [word, size] = units.find(([, size]) => seconds >= size)!
  const count = Math.floor(seconds / size)
  return `${count} ${word}${count === 1 ? "" : "s"} ago`
}

/** `5m 2s`, with the two largest units. */
export const duration = (ms: number): string => {
  let seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds === 0) return "0s"
  const parts: Array<string> = []
  for (const [unit, size] of units) {
    if (seconds >= size) parts.push(Math.floor(seconds / size) + unit[0]!)
    seconds %= size
    if (parts.length === 2) break
  }
  return parts.join(" ")
}

/** `0.3 s`, `41 s`, `3 min 12 s`, `3 h 12 min`: how long a step took. */
export const took = (ms: number): string => {
  const seconds = Math.max(0, ms) / 1000
  return seconds < 10 ? `${seconds.toFixed(1)} s` : lasting(ms)
}

/** Of the local time zone at that time: `+01:00`. */
export const offsetOf = (time: Date): string => {
  const minutes = -time.getTimezoneOffset()
  const two = (n: number) => String(Math.floor(Math.abs(n))).padStart(2, "0")
  return `${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`
}

/** `2026-11-26 10:02:11.123+01:00`: whole, so that typed again it means the same. */
export const localTime = (atMs: number): string => {
  const time = new Date(atMs)
  const offset = offsetOf(time)
  return `${new Date(atMs - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 23).replace("T", " ")}${offset}`
}

export const clock = (atMs: number): string => new Date(atMs).toTimeString().slice(0, 8)
