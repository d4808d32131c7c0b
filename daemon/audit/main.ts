/**
 * `skyd audit --home DIR METHOD PARAMS`: what `sky audit` asks where no daemon runs. It speaks the frames of the socket on fd 3, and
 * waits there for a slow reader. Started by `sky`, a process of its own, because whoever opens a store must not outlive the answer.
 */
import { writeSync } from "node:fs"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { AuditDiff, AuditHead } from "../../sdk/protocol/audit.ts"
import { AuditError, recordError, type SkydError } from "../../sdk/protocol/errors.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { ServerFrame } from "../../sdk/protocol/Wire.ts"
import { explainUnwritable } from "../home/home.ts"
import { LogLocked } from "../log/LogStore.ts"
import { noteDamage } from "../log/noted-damage.ts"
import { diff, exportLog, head, verify } from "./answers.ts"
import { onDisk, withoutDaemon } from "./found.ts"
import { importLog } from "./import.ts"
import { Lines } from "./Lines.ts"
import type { FoundLog } from "./walk.ts"

const id = 1
const frames = 3

/** The reader has gone: nobody is left to be told. */
class ReaderGone extends Error {}

const push = (frame: ServerFrame): void => {
  let rest = Buffer.from(`${JSON.stringify(frame)}\n`)
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(frames, rest))
  } catch (cause) {
    throw (cause as NodeJS.ErrnoException).code === "EPIPE" ? new ReaderGone() : cause
  }
}
const reply = { push, send: (frame: ServerFrame) => Effect.sync(() => push(frame)), isFull: () => false, whenDrained: () => {} }

const tellKept = (folder: string | null, whyNot?: string) => {
  const text = folder === null ? `The files as they were found could not be kept: ${whyNot}` : `The files as they were found: ${folder}`
  process.stderr.write(`${text}\n`)
}

const answers: Readonly<Record<string, (home: string, params: never) => Effect.Effect<object, unknown>>> = {
  "audit.verify": (home) => withoutDaemon(home, (found: FoundLog) => verify(found, id, reply), tellKept),
  // The daemon may hold what its files have lost, and find nothing wrong itself.
  "audit.disk": (home) =>
    Effect.tap(
      onDisk(home, (found: FoundLog) => verify(found, id, reply)),
      ({ damage }) => Effect.ignore(Effect.try(() => damage !== null && noteDamage(home, damage)))
    ),
  "audit.head": (home, params: AuditHead) => withoutDaemon(home, (found) => head(found, params), tellKept),
  "audit.export": (home) => withoutDaemon(home, (found) => exportLog(found, id, reply), tellKept),
  "audit.diff": (home, params: AuditDiff) => withoutDaemon(home, (found) => diff(found, params), tellKept),
  "audit.import": (home, { file }: AuditDiff) =>
    importLog(home, file === "-" ? new Lines(async () => process.stdin, "stdin") : Lines.of(file), (at) =>
      push({ type: "result", data: { id, at, value: {}, more: true } })
    )
}

const sayable = (error: unknown): SkydError => {
  // No room to look is no damage.
  const unwritable = explainUnwritable(home, error)
  if (unwritable !== undefined) return unwritable
  if (error instanceof Error && "exitCode" in error) return error as SkydError
  const message = error instanceof Error ? error.message : String(error)
  const said = new AuditError({ message, hint: null })
  // Its holder can answer: `sky` goes by the tag.
  return error instanceof LogLocked ? Object.assign(said, { _tag: "LogLocked" }) : said
}

const [, , , , home = "", method = "", params = "{}"] = process.argv
const answer = answers[method]
if (answer === undefined) {
  process.stderr.write("This is a part of sky: sky audit --help\n")
  process.exit(exitCodes.usage)
}
process.umask(0o077)
const fiber = Effect.runFork(answer(home, JSON.parse(params) as never))
let signalled = false
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    signalled = true
    Effect.runFork(Fiber.interrupt(fiber))
  })
}
const last = (exit: Exit.Exit<object, unknown>): number => {
  if (signalled) return exitCodes.interrupted
  if (Exit.isSuccess(exit)) {
    push({ type: "result", data: { id, at: 0, value: exit.value } })
    return exitCodes.ok
  }
  const error = Cause.squash(exit.cause)
  if (error instanceof ReaderGone) return exitCodes.ok
  const said = recordError(sayable(error))
  push({ type: "failure", data: { id, error: said } })
  return said.exitCode
}
fiber.addObserver((exit) => {
  try {
    process.exit(last(exit))
  } catch (cause) {
    process.exit(cause instanceof ReaderGone ? exitCodes.ok : exitCodes.failed)
  }
})
