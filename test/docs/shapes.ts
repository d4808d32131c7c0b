/** What of a frame is always the same: keys and kinds, and the words that stand for something. */
import type { Frame } from "./play.ts"

const same = ["id", "type", "phase", "state", "tag", "message", "status", "exitCode", "jobId", "cluster", "text"]

const shapeOf = (value: unknown, key = ""): unknown => {
  if (Array.isArray(value)) return value.map((item) => shapeOf(item))
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shapeOf(item, name)]))
  const isFresh = typeof value === "string" && /^[0-9A-Z]{26}(-\d+)?$|^\{"hash"/.test(value)
  return same.includes(key) && !isFresh ? value : typeof value
}

/** Machines differ in what they have. */
const machine = /"(memoryGib|cpus|accelerators)":("number"|"object"|\{[^}]*\})/g
export const shapes = (frames: ReadonlyArray<Frame>) =>
  frames.map((frame) => JSON.parse(JSON.stringify(shapeOf(frame)).replaceAll(machine, '"$1":"any"')))
