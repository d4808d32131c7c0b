/**
 * Makes a machine one that can be asked: a Node that is new enough, found or pushed, and our agent's program. One connection, one look, and a push of
 * what is missing; nothing of it needs root, or a network on that side.
 */
import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import * as Effect from "effect/Effect"
import type { Connections } from "./Connections.ts"
import { baseName, type Ground, groundScript, nodeMajorMin, readGround } from "./ground.ts"
import { type RemoteError, remoteError } from "./RemoteError.ts"
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

export const readProgram = (path: string): Effect.Effect<Program> =>
  Effect.promise(async () => {
    const bytes = await readFile(path)
    return { bytes, digest: createHash("sha256").update(bytes).digest("hex").slice(0, digestChars) }
  })

/** Without the shell's own name in front. */
const lastWords = (stderr: string) => (stderr.trim().split("\n").at(-1) ?? "").replace(/^\S*sh: (?:line )?(?:\d+: )?(?:eval: )?/, "")

const failed = (target: Target, what: string, { code, stderr }: { readonly code: number | null; readonly stderr: string }): RemoteError =>
  remoteError("CommandFailed", target, `${what} on ${target.name}: ${lastWords(stderr) || `ended with ${code}`}`)

/** What it is and who has it. Changes nothing there. */
export const lookAt = Effect.fn("lookAt")(function* (connections: Connected, target: Target, digest = "") {
  const ran = yield* connections.run(target, groundScript, { args: [digest] })
  const ground = readGround(ran.stdout.toString())
  return ground ?? (yield* failed(target, "what the machine is cannot be told", ran))
})

/** `$1` path, `$2` mode, `$3` size, `$4` whether it is a program that must run there. Beside the file, so that the rename is one step. */
const pushScript = `umask 077
mkdir -p "\${1%/*}" || exit 1
new=$1.$$.new
trap 'rm -f "$new"' EXIT
trap 'exit 1' HUP INT TERM
cat >"$new" || exit 1
if [ "$(wc -c <"$new")" -ne "$3" ]; then echo "the connection broke before its end" >&2; exit 1; fi
chmod "$2" "$new" || exit 1
if [ "$4" = runs ] && ! "$new" --version >/dev/null 2>&1; then echo "it does not run there" >&2; exit 1; fi
mv -f "$new" "$1"`

const push = Effect.fn("push")(function* (connections: Connected, target: Target, bytes: Buffer, path: string, isProgram: boolean) {
  const args = [path, isProgram ? "700" : "600", String(bytes.length), isProgram ? "runs" : ""]
  const ran = yield* connections.run(target, pushScript, { args, input: bytes })
  if (ran.code !== 0) return yield* failed(target, `${path} cannot be written`, ran)
  return path
})

const pushNode = Effect.fn("pushNode")(function* (connections: Connected, target: Target, { arch, os }: Ground, base: string) {
  if (os !== process.platform || arch !== process.arch) {
    const ours = `${process.platform} ${process.arch}`
    return yield* remoteError(
      "NoNode",
      target,
      `${target.name} has no Node ${nodeMajorMin} or newer, and ours is for ${ours}, not for ${os} ${arch}: install Node there`
    )
  }
  const bytes = yield* Effect.promise(() => readFile(process.execPath))
  return yield* push(connections, target, bytes, `${base}/node/${process.version}/bin/node`, true)
})

export const bootstrap = Effect.fn("bootstrap")(function* (connections: Connected, target: Target, agentPath: string) {
  const program = yield* readProgram(agentPath)
  const ground = yield* lookAt(connections, target, program.digest)
  const base = `${ground.home}/${baseName}`
  const node = ground.node ?? (yield* pushNode(connections, target, ground, base))
  const agent = `${base}/agent/${program.digest}.cjs`
  if (!ground.hasAgent) yield* push(connections, target, program.bytes, agent, false)
  return { ground, node, agent, base } satisfies Ready
})
