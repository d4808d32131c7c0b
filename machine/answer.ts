/**
 * `agent.cjs machine <base folder>`: one question `{method, params}` as JSON on stdin, up to its end or a newline; one line on stdout,
 * `{ok: value}` or `{error: {kind, code, message}}`. A signal gives up on it: the step that must be whole is done first.
 */
import { resolve } from "node:path"
import { makeEnvironment } from "./environment.ts"
import { openMachine } from "./Machine.ts"
import { type MachineError, machineError, refused, transient } from "./MachineError.ts"
import type { Machine, MachineMethod, MachineMethods } from "./shapes.ts"
import { settled } from "./whole.ts"

const questionMaxBytes = 16 * 1024 * 1024

export interface Question<M extends MachineMethod = MachineMethod> {
  readonly method: M
  readonly params: MachineMethods[M][0]
}

export type Answer<M extends MachineMethod = MachineMethod> =
  | { readonly ok: MachineMethods[M][1] }
  | { readonly error: Pick<MachineError, "kind" | "code" | "message"> }

const readQuestion = async (): Promise<string> => {
  const parts: Array<Buffer> = []
  let size = 0
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    const end = part.indexOf(10)
    parts.push(end < 0 ? part : part.subarray(0, end))
    size += part.length
    if (end >= 0) break
    if (size > questionMaxBytes) throw refused("BadQuestion", `The question is longer than ${questionMaxBytes} bytes.`)
  }
  return Buffer.concat(parts).toString()
}

const parse = (text: string): Partial<Question> => {
  try {
    const question = JSON.parse(text) as Partial<Question> | null
    if (typeof question?.method === "string") return question
  } catch {
    // Said below.
  }
  throw refused("BadQuestion", "The question is no JSON {method, params}.")
}

export const thisMachine = (base: string) => openMachine({ base, agentPath: process.argv[1]!, environment: () => makeEnvironment()() })

const answerTo = async (base: string, signal: AbortSignal) => {
  const { method, params } = parse(await readQuestion())
  const machine: { readonly [name: string]: unknown } = await thisMachine(base)
  if (method === undefined || !Object.hasOwn(machine, method))
    throw refused("UnknownMethod", `This agent knows no '${method}' of a machine.`)
  return (machine[method] as Machine[MachineMethod])((params ?? {}) as never, signal)
}

/** Rejects once the call is given up, and nothing is left half done. */
const givenUp = (signal: AbortSignal) =>
  new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => settled(signal).then(() => reject(transient("GivenUp", "The machine was told to give up."))))
  )

export const answer = async (base: string): Promise<void> => {
  const abort = new AbortController()
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(name, () => abort.abort())
  const line: Answer = await Promise.race([answerTo(resolve(base), abort.signal), givenUp(abort.signal)]).then(
    (ok) => ({ ok }),
    (cause: unknown) => {
      const { kind, code, message } = machineError(cause)
      return { error: { kind, code, message } }
    }
  )
  process.stdout.on("error", () => process.exit(1))
  process.stdout.write(`${JSON.stringify(line)}\n`, () => process.exit(0))
}
