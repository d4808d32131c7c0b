/**
 * A time as it is typed: without an offset it is local, which only we know; the daemon serves other time zones too. A day is its midnight.
 * Positions and ages go as they are.
 */
import { offsetOf } from "./render/time.ts"

const local = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?$/

export const withOffset = (at: string): string => {
  const [, day, clock = "00:00"] = local.exec(at.trim()) ?? []
  const time = new Date(`${day}T${clock}`)
  return Number.isNaN(time.getTime()) ? at : `${day} ${clock}${offsetOf(time)}`
}
