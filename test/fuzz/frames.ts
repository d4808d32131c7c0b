/**
 * Frames that a daemon must survive: random bytes, JSON of random shape, and requests made from our own schemas with one place
 * changed. All of it by seed.
 */
import { Arbitrary, Effect } from "effect"
import { methods } from "../../sdk/protocol/methods.ts"
import { Caller, Hello } from "../../sdk/protocol/Wire.ts"
import type { Dice } from "./dice.ts"

export interface FrameSource {
  /** One frame with its end of line; random bytes may hold more, or none. */
  readonly next: () => Buffer
}

const sampleCount = 300
/** Frames that are nearly, or just, too long are rare: they cost what a thousand others do. */
const longShare = 0.0005
const longChars = [300_000, 1_048_000, 1_048_600, 2_500_000]

const words = [
  "\u0000",
  "\ud800",
  "\udc00x",
  "__proto__",
  "constructor",
  "é\u2028",
  "😀",
  "-",
  "..",
  "/",
  "*",
  "a",
  "train",
  "\n",
  "'\"\\",
  ""
]
const numbers = [0, -0, -1, 1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 53), 1e300, 5e-324, 7]
/** JSON that no JavaScript value prints. */
const raw = ["1e999", "-1e999", "1E400", '"\\ud800"', '"\\u0000"', "0.1e-400", "123456789012345678901234567890"]
const types = ["request", "request", "request", "request", "hello", "detach", "ping", "error", "close", "data", "connect", "result", ""]

type Json = unknown

/** Stands for a value that is nested so deep that nothing that recurses should touch it. */
const deep = "@deep"
const depths = [10, 1000, 20_000, 20_000, 200_000]

const randomText = (d: Dice): string => {
  if (d.chance(longShare)) return "x".repeat(d.pick(longChars))
  return d.chance(0.5) ? d.pick(words) : Array.from({ length: d.below(12) }, () => String.fromCodePoint(d.below(0x2fff))).join("")
}

const randomKey = (d: Dice): string =>
  d.chance(0.4) ? d.pick(["__proto__", "constructor", "toString", "id", "method", "params", "task", "envs", "type", "data"]) : randomText(d)

/** An object with that key as its own, `__proto__` included. */
const withKey = (object: object, key: string, value: Json): object =>
  Object.defineProperty({ ...object }, key, { value, enumerable: true, configurable: true, writable: true })

const randomJson = (d: Dice, depth = 4): Json => {
  if (depth === 0 || d.chance(0.5))
    return d.pick<() => Json>([() => null, () => d.chance(0.5), () => d.pick(numbers), () => randomText(d)])()
  if (d.chance(0.002)) return deep
  const size = d.below(4)
  if (d.chance(0.4)) return Array.from({ length: size }, () => randomJson(d, depth - 1))
  let object = {}
  for (let i = 0; i < size; i++) object = withKey(object, randomKey(d), randomJson(d, depth - 1))
  return object
}

const printDeep = (d: Dice): string => {
  const depth = d.pick(depths)
  const [open, close] = d.pick([
    ["[", "]"],
    ['{"a":', "}"]
  ] as const)
  return `${open.repeat(depth)}1${close.repeat(depth)}`
}

/** One of the places that look so. */
const replaceOne = (text: string, pattern: RegExp, by: (found: string) => string, d: Dice): string => {
  const places = [...text.matchAll(pattern)]
  if (places.length === 0) return text
  const { 0: found, index } = d.pick(places)
  return text.slice(0, index) + by(found) + text.slice(index + found.length)
}

const print = (value: Json, d: Dice): string => {
  let text = JSON.stringify(value).replaceAll(`"${deep}"`, () => printDeep(d))
  if (text.length > 10_000) return text
  if (d.chance(0.05)) text = replaceOne(text, /:(null|true|false|-?\d[\d.e+-]*|"[^"\\]*")/g, () => `:${d.pick(raw)}`, d)
  // The same key twice: the last one counts.
  if (d.chance(0.05)) text = replaceOne(text, /"\w+":/g, (key) => `${key}${d.pick(raw)},${key}`, d)
  return text
}

/** One place of it is another value, gone, or has a key more. */
const mutated = (value: Json, d: Dice): Json => {
  const isInner = typeof value === "object" && value !== null && Object.keys(value).length > 0
  if (!isInner || d.chance(0.2)) {
    if (typeof value === "object" && value !== null && !Array.isArray(value) && d.chance(0.5))
      return withKey(value, randomKey(d), randomJson(d, 2))
    return randomJson(d, 2)
  }
  if (Array.isArray(value)) return value.with(d.below(value.length), mutated(value[d.below(value.length)], d))
  const key = d.pick(Object.keys(value))
  const inner = (value as Record<string, Json>)[key]
  if (d.chance(0.15)) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
  return withKey(value, key, mutated(inner, d))
}

const samplesOf = (schema: unknown, seed: number): Promise<ReadonlyArray<Json>> =>
  Effect.runPromise(
    Arbitrary.sampleEffect(Arbitrary.schema(schema as typeof Hello), { count: sampleCount, seed, size: 6, maxDiscards: 1_000_000 })
  )

/** It goes out to where lists are published. */
const outward = "catalog.update"

/** Without `skip`, which a run cannot go on after. `names`: clusters that may exist. */
export const frameSource = async (
  d: Dice,
  seed: number,
  names: ReadonlyArray<string>,
  skip: ReadonlyArray<string> = []
): Promise<FrameSource> => {
  const known = Object.keys(methods).filter((method) => method !== outward && !skip.includes(method))
  const params = new Map<string, ReadonlyArray<Json>>()
  for (const method of known) params.set(method, await samplesOf(methods[method as keyof typeof methods].params, seed))
  const callers = await samplesOf(Caller, seed)
  const hellos = await samplesOf(Hello, seed)
  let count = 0

  const request = () => {
    const method = d.pick(known)
    let sample = d.pick(params.get(method)!) as Record<string, Json>
    // Names that a schema makes up hit nothing.
    if ("clusterName" in sample && d.chance(0.9)) sample = { ...sample, clusterName: d.pick(names) }
    if ("clusterNames" in sample && d.chance(0.5)) sample = { ...sample, clusterNames: [d.pick(names), "*"] }
    const { task } = sample as { readonly task?: object }
    if (task !== undefined && d.chance(0.2))
      sample = { ...sample, task: { ...task, envs: { MY_TOKEN: randomText(d), PLAIN: randomText(d) } } }
    const requestId = `f${d.chance(0.05) ? d.below(count) : count}`
    const rest = { ...(d.chance(0.9) ? { requestId } : {}), ...(d.chance(0.2) ? { caller: d.pick(callers) } : {}) }
    return { type: "request", data: { id: d.chance(0.8) ? count : `i${count}`, method, params: sample, ...rest } }
  }
  /** Mostly deep inside: what is wrong with a frame itself is soon seen. */
  const changed = (frame: { readonly type: string; readonly data: Json }): Json => {
    const data = frame.data as Record<string, Json>
    if (d.chance(0.1)) return mutated(frame, d)
    if (d.chance(0.3) || !("params" in data)) return { ...frame, data: mutated(data, d) }
    return { ...frame, data: { ...data, params: mutated(data["params"], d) } }
  }
  const shaped = (): Json => {
    const frame = d.chance(0.95) ? request() : { type: "hello", data: d.pick(hellos) }
    return d.chance(0.6) ? changed(frame) : frame
  }
  const anyShape = (): Json => {
    if (d.chance(0.2)) return randomJson(d)
    const data = randomJson(d)
    return withKey(
      { type: d.chance(0.9) ? d.pick(types) : randomText(d) },
      "data",
      d.chance(0.3) ? withKey({ id: count }, randomKey(d), data) : data
    )
  }
  const bytes = (): Buffer => {
    if (d.chance(longShare)) return Buffer.alloc(d.pick(longChars), d.below(256))
    return Buffer.from(Array.from({ length: 1 + d.below(40) }, () => d.below(256)))
  }
  return {
    next: () => {
      count++
      const kind = d.roll()
      if (kind < 0.06) return bytes()
      // A launch that is tried again for ever never answers.
      const text = print(kind < 0.35 ? anyShape() : shaped(), d).replaceAll('"retryUntilUp":true', '"retryUntilUp":false')
      return Buffer.from(d.chance(0.98) ? `${text}\n` : text.slice(0, d.below(text.length)))
    }
  }
}
