/**
 * Which moment `at` means: a position, a time or an age. Pure. A time brings its offset, for the daemon has no time zone of the
 * caller's; an age counts back from the daemon's clock, which has stamped the facts, and `now` is what that shows.
 */
import * as Result from "effect/Result"
import { ValueError } from "../../sdk/protocol/errors.ts"

type When = { readonly seq: number } | { readonly atMs: number }

const hint = "Say a position (1234), a time (2026-11-26T10:02:11Z, 2026-11-26 10:02+01:00), an age (10m ago, 3 days ago) or now."
const shownMax = 64

const time = /^(\d{4}-\d\d-\d\d)(?:[Tt ]((?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?) ?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?$/
const age = /^(\d+(?:\.\d+)?) ?(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?) ago$/i
/** By the first letter. A day has 24 hours, also where a clock is put forward or back. */
const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** `Date` takes the 31st of November for the 1st of December. */
const isDay = (day: string): boolean => {
  const midnight = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day)
}

export const readWhen = (at: string | number, nowMs: number): Result.Result<When, ValueError> => {
  const text = String(at).trim()
  const shown = text.length > shownMax ? `${text.slice(0, shownMax)}…` : text
  const refuse = (message: string, way: string | null = hint) => Result.fail(new ValueError({ message, hint: way }))
  if (/^\d+$/.test(text)) {
    const seq = Number(text)
    return Number.isSafeInteger(seq) ? Result.succeed({ seq }) : refuse(`'${shown}' is larger than any position.`, null)
  }
  if (/^now$/i.test(text)) return Result.succeed({ atMs: nowMs })
  const [, count, unit] = age.exec(text) ?? []
  const [, day, clock, offset] = time.exec(text) ?? []
  if (day === undefined && count === undefined) return refuse(`'${shown}' is neither a position nor a time.`)
  if (day !== undefined && !isDay(day)) return refuse(`There is no day ${day}.`)
  if (day !== undefined && clock === undefined) return refuse(`'${shown}' is a whole day: say a time of day, too.`)
  if (day !== undefined && offset === undefined) return refuse(`'${shown}' does not say its offset from UTC.`)
  const atMs =
    count === undefined
      ? Date.parse(`${day}T${clock}${offset!.toUpperCase()}`)
      : Math.trunc(nowMs - Number(count) * unitMs[unit![0]!.toLowerCase()]!)
  return atMs > nowMs ? refuse(`'${shown}' is in the future: nothing is known of it yet.`, null) : Result.succeed({ atMs })
}
