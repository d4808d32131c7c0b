/**
 * Makes a machine one that can be asked: a Node that is new enough, found or brought, and our agent's program. One connection, one look,
 * and what is missing; nothing of it needs root, or a network on that side.
 */
import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import * as Effect from "effect/Effect"
import { baseName, places } from "../../machine/places.ts"
import { type BringOptions, bringNode, notWritten, wordsOf } from "./bring-node.ts"
import type { Connections } from "./Connections.ts"
import { type Ground, groundScript, readGround } from "./ground.ts"
import { pushScript } from "./place-script.ts"
import { remoteError } from "./RemoteError.ts"
import type { Target } from "./Target.ts"

type Connected = Connections["Service"]

/** A program of ours, as it lies here. */
interface Program {
  readonly bytes: Buffer
  readonly digest: string
}

export interface Ready {
  readonly ground: Ground
  /** Absolute, all three: the Node there, the agent's program, and the folder of all of ours. */
  readonly node: string
  readonly agent: string
  readonly base: string
}

const digestChars = 16

const readProgram = (path: string): Effect.Effect<Program> =>
  Effect.promise(async () => {
    const bytes = await readFile(path)
    return { bytes, digest: createHash("sha256").update(bytes).digest("hex").slice(0, digestChars) }
  })

const noProgram: Program = { bytes: Buffer.alloc(0), digest: "" }

/** What it is and who has it, and whether it has our agent's program, where that is asked. Changes nothing there. */
export const lookAt = Effect.fn("lookAt")(function* (connections: Connected, target: Target, agentPath: string | null) {
  const { bytes, digest } = agentPath === null ? noProgram : yield* readProgram(agentPath)
  const ran = yield* connections.run(target, groundScript, { args: [digest, String(bytes.length)] })
  const ground = readGround(ran.stdout.toString())
  return ground ?? (yield* remoteError("CommandFailed", target, `what ${target.name} is cannot be told: ${wordsOf(ran)}`))
})

const pushAgent = Effect.fn("pushAgent")(function* (connections: Connected, target: Target, { bytes }: Program, path: string) {
  const ran = yield* connections.run(target, pushScript, { args: [path, "plain", String(bytes.length), ""], input: bytes })
  return ran.code === 0 ? path : yield* notWritten(target, path, ran)
})

interface BootstrapOptions extends BringOptions {
  /** What a look at the machine has found just now. */
  readonly ground?: Ground
}

export const bootstrap = Effect.fn("bootstrap")(function* (
  connections: Connected,
  target: Target,
  agentPath: string,
  options: BootstrapOptions
) {
  const ground = options.ground ?? (yield* lookAt(connections, target, agentPath))
  const program = yield* readProgram(agentPath)
  const base = `${ground.home}/${baseName}`
  const at = places(base)
  const node = ground.node ?? (yield* bringNode(connections, target, ground, at, options))
  const agent = at.agent(program.digest)
  if (!ground.hasAgent) yield* pushAgent(connections, target, program, agent)
  return { ground, node, agent, base } satisfies Ready
})
