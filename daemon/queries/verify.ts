/** Whether the log gives the state that is held: it is folded from nothing and compared value by value. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import { whyUnsound } from "../log/sound.ts"
import * as World from "../World.ts"
import { damaged, foldOn, type Readable, type Visit } from "./fold.ts"

const unreadable = <A>(read: Effect.Effect<A, { readonly message: string }>) => Effect.mapError(read, ({ message }) => damaged(message))

/** A state that somebody relies on, at a position that it knows. */
interface Held {
  readonly of: string
  readonly world: World.World
}

/** Values that are compared before others have their turn. */
const comparedPerTurn = 20_000
/** Of a value that is shown. */
const shownMax = 500

type Lookup = { readonly keys: ReadonlyArray<string>; readonly get: (key: string) => unknown }

const lookupOf = (value: unknown): Lookup | undefined => {
  if (HashMap.isHashMap(value)) {
    const map = value as HashMap.HashMap<unknown, unknown>
    const named = new Map([...HashMap.keys(map)].map((key) => [String(key), key]))
    return { keys: [...named.keys()], get: (key) => Option.getOrUndefined(HashMap.get(map, named.get(key))) }
  }
  if (typeof value !== "object" || value === null) return undefined
  return { keys: Object.keys(value), get: (key) => (value as Readonly<Record<string, unknown>>)[key] }
}

/** One step for each value that is no map, list or struct: a difference, or none. */
function* compared(
  expected: unknown,
  found: unknown,
  path: string
): Generator<readonly [path: string, expected: unknown, found: unknown] | undefined> {
  if (expected === found) return yield undefined
  const left = lookupOf(expected)
  const right = lookupOf(found)
  if (left === undefined || right === undefined || Array.isArray(expected) !== Array.isArray(found)) return yield [path, expected, found]
  // A field that is undefined is not in the log's JSON.
  for (const key of new Set([...left.keys, ...right.keys]))
    yield* compared(left.get(key), right.get(key), path === "" ? key : `${path}.${key}`)
}

const shown = (value: unknown): string | null => {
  const text: string | undefined = JSON.stringify(value)
  return text === undefined ? null : text.length > shownMax ? `${text.slice(0, shownMax)}…` : text
}

/** The first difference, or null. */
const compare = Effect.fn("compare")(function* (expected: World.World, { of, world }: Held) {
  let steps = 0
  for (const step of compared(expected, world, "")) {
    if (step !== undefined) return { of, path: step[0], expected: shown(step[1]), found: shown(step[2]) }
    steps += 1
    if (steps % comparedPerTurn === 0) yield* Effect.yieldNow
  }
  return null
})

/** What no schema allows is no state of the log, however it folds: `audit verify` says the same. */
const mustBeSound: Visit = (_, recorded) => {
  const why = whyUnsound(recorded)
  return why === undefined ? undefined : Effect.fail(damaged(why))
}

/** Each state that is kept, and the live one, is compared with the fold at its own position; one of them at a time is in memory. */
export const verify = Effect.fn("replay.verify")(function* (log: Readable) {
  const begun = yield* Clock.currentTimeNanos
  const live: Held = { of: "the live state", world: log.world() }
  let world = World.empty
  let difference: Effect.Success<ReturnType<typeof compare>> = null
  for (const seq of (yield* unreadable(log.keptAt)).filter((at) => at <= live.world.at)) {
    const kept = yield* unreadable(log.kept(seq))
    // One that is of other code or rotten is not relied on.
    if (kept?.at !== seq) continue
    world = yield* foldOn(log, world, seq, mustBeSound)
    difference ??= yield* compare(world, { of: `the snapshot at event ${seq}`, world: kept })
  }
  world = yield* foldOn(log, world, live.world.at, mustBeSound)
  difference ??= yield* compare(world, live)
  const tookMs = Number(((yield* Clock.currentTimeNanos) - begun) / 1_000_000n)
  return { events: world.at, tookMs, difference }
})
