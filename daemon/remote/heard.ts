/**
 * What a machine says of itself, taken for no more than it may be: it is somebody's program that says it. What is out of all bounds is not
 * taken at all, and nothing gets from there into words for people that would move a terminal.
 */
import * as Schema from "effect/Schema"
import { ClusterName } from "../../events/ids.ts"
import type { NodeIdentity } from "../../sdk/agent/node-folder.ts"

/** Of what a power cut may have torn it is only known that somebody has it. */
export type Lease = NodeIdentity | "unreadable"

const lineMaxChars = 64 * 1024
const wordsMaxChars = 300
const warningsMax = 20

const plain = (text: string) => text.replaceAll("\t", " ").replaceAll(/\p{Cc}/gu, "?")

/** Its words, as a part of a sentence. */
export const inWords = (text: string): string => plain(text).trim().slice(0, wordsMaxChars)

/** The lines `key value` of what a script has said. */
export const linesOf = (said: string): ((key: string) => ReadonlyArray<string>) => {
  const lines = said.split("\n").map((line) => {
    const end = line.indexOf(" ")
    return [line.slice(0, end), plain(line.slice(end + 1, end + 1 + lineMaxChars))] as const
  })
  return (key) => lines.flatMap(([name, value]) => (name === key ? [value] : []))
}

/** A whole number in these bounds; else `otherwise`. */
export const countIn = (text: string, min: number, max: number, otherwise: number): number => {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN
  return count >= min && count <= max ? count : otherwise
}

const Line = Schema.String.check(Schema.isPattern(/^\P{Cc}{1,4096}$/u))
const isLease = Schema.is(
  Schema.Struct({
    log: Line,
    cluster: Line,
    clusterName: ClusterName,
    node: Line,
    rank: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })),
    address: Line,
    machine: Schema.optionalKey(Schema.String),
    stateFolder: Schema.optionalKey(Line)
  })
)

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

export const readLease = (text: string): Lease => {
  const lease = parse(text)
  return isLease(lease) ? (lease as unknown as NodeIdentity) : "unreadable"
}

/** Of `comes-back.json`. */
export const warningsIn = (text: string): ReadonlyArray<string> => {
  const { warnings } = (parse(text) ?? {}) as { readonly warnings?: unknown }
  const all: ReadonlyArray<unknown> = Array.isArray(warnings) ? warnings : []
  return all
    .filter((one) => typeof one === "string")
    .map(inWords)
    .filter(Boolean)
    .slice(0, warningsMax)
}
