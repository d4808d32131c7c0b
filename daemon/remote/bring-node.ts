/**
 * A Node for a machine that has none: fetched there where a mirror is named, or ours is none for it; else ours, pushed. What a machine
 * cannot fetch, for want of a network, a tool or a right clock, is fetched here and pushed.
 */
import { readFile } from "node:fs/promises"
import * as Effect from "effect/Effect"
import type { Places } from "../../machine/places.ts"
import type { Connections } from "./Connections.ts"
import { type Ground, nodeMajorMin } from "./ground.ts"
import { type Build, buildFor, pinned, type Release } from "./node-builds.ts"
import { whyNotOurs } from "./our-node.ts"
import { doesNotRun, fetchScript, noBase, notFetched, pushScript } from "./place-script.ts"
import { type RemoteError, remoteError } from "./RemoteError.ts"
import type { Ran } from "./run.ts"
import { Supplies, type Supply } from "./supplies.ts"
import type { Target } from "./Target.ts"
import { fetchBuild } from "./unpack.ts"

type Connected = Connections["Service"]

export interface BringOptions {
  /** Where builds lie as on Node's own site; null: there. */
  readonly mirror: string | null
  readonly release?: Release
}

const supplies = new Supplies()

/** Without the shell's own name in front. */
const lastWords = (stderr: string) => (stderr.trim().split("\n").at(-1) ?? "").replace(/^\S*sh: (?:line )?(?:\d+: )?(?:eval: )?/, "")

export const wordsOf = ({ code, stderr }: Pick<Ran, "code" | "stderr">) => lastWords(stderr) || `it ended with ${code}`

/** Unusable for what follows, whatever is tried: its disk is full, say. */
export const notWritten = (target: Target, path: string, ran: Pick<Ran, "code" | "stderr">): RemoteError =>
  remoteError(
    "CommandFailed",
    target,
    ran.code === noBase ? `on ${target.name} ${wordsOf(ran)}` : `${path} cannot be written on ${target.name}: ${wordsOf(ran)}`
  )

/** The end of a sentence where this way leads nowhere. */
type Came = { readonly why: string; readonly isLast: boolean } | null

/** Null: it is there. */
const cameOf = Effect.fnUntraced(function* (target: Target, path: string, ran: Ran) {
  if (ran.code === 0) return null
  const why = wordsOf(ran)
  if (ran.code === doesNotRun || ran.code === notFetched) return { why, isLast: ran.code === doesNotRun }
  return yield* notWritten(target, path, ran)
})

const pushSupply = Effect.fn("pushSupply")(function* (
  connections: Connected,
  target: Target,
  { packing }: Ground,
  path: string,
  { bytes, size }: Supply
) {
  const ran = yield* connections.run(target, pushScript, { args: [path, packing, String(size), "runs"], input: bytes })
  return yield* cameOf(target, path, ran)
})

/** A string: why it is not to be had. */
const supplied = (name: string, { packing }: Ground, read: () => Promise<Buffer>): Effect.Effect<Supply | string> =>
  Effect.tryPromise({ try: () => supplies.take(name, packing, read), catch: (error) => (error as Error).message }).pipe(
    Effect.catch((why) => Effect.succeed(why))
  )

const pushOurs = Effect.fn("pushOurs")(function* (connections: Connected, target: Target, ground: Ground, path: string) {
  const own = yield* supplied("ours", ground, () => readFile(process.execPath))
  return typeof own === "string" ? { why: own, isLast: false } : yield* pushSupply(connections, target, ground, path, own)
})

const fetched = Effect.fn("fetched")(function* (connections: Connected, target: Target, ground: Ground, path: string, build: Build) {
  const { member, sha256, url } = build
  const there: Came = yield* cameOf(target, path, yield* connections.run(target, fetchScript, { args: [path, url, sha256, member] }))
  if (there === null || there.isLast) return there
  const here = yield* supplied(url, ground, () => fetchBuild(build))
  if (typeof here === "string") return { why: `${there.why}; ${here}`, isLast: false }
  return yield* pushSupply(connections, target, ground, path, here)
})

/** What its owner can do: a musl, or a glibc of old, needs a Node that was built for it. */
const hintFor = ({ libc }: Ground) =>
  `install Node ${nodeMajorMin} or newer there${libc === "musl" ? " (Alpine: apk add nodejs)" : ""}, where a login shell finds it`

/** Its path. */
export const bringNode = Effect.fn("bringNode")(function* (
  connections: Connected,
  target: Target,
  ground: Ground,
  at: Places,
  { mirror, release = pinned }: BringOptions
) {
  const build = buildFor(ground, mirror, release)
  const notOurs = whyNotOurs(ground)
  const ours = { version: process.version, bring: (path: string) => pushOurs(connections, target, ground, path), why: notOurs }
  const theirs =
    typeof build === "string"
      ? { version: "", bring: () => Effect.succeed(null), why: build }
      : { version: build.version, bring: (path: string) => fetched(connections, target, ground, path, build), why: null }
  const reasons: Array<string> = []
  for (const { bring, version, why } of mirror === null ? [ours, theirs] : [theirs, ours]) {
    if (why !== null) {
      reasons.push(why)
      continue
    }
    const path = at.program(version)
    const came: Came = yield* bring(path)
    if (came === null) return path
    reasons.push(came.why)
  }
  return yield* remoteError(
    "NoNode",
    target,
    `${target.name} has no Node ${nodeMajorMin} or newer, and none can be brought: ${reasons.join("; ")}. ${hintFor(ground).replace(/^i/, "I")}`
  )
})
