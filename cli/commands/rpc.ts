/**
 * `sky rpc`: any request of the protocol, for scripts. The answer's JSON as it came, units and all; a stream as its frames, as they
 * stand on the wire. What is recorded of the command line leaves the parameters out: they may hold secrets.
 */
import { readFileSync } from "node:fs"
import { caller } from "../../sdk/client/caller.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { isStream } from "../../sdk/protocol/streams.ts"
import type { ServerFrame } from "../../sdk/protocol/Wire.ts"
import { onInterrupt } from "../interrupt.ts"
import { stderr, stdout } from "../out.ts"
import { showError, usageError } from "../render/error.ts"
import { atMost, type Verb, verb } from "../verb.ts"

const usage = "sky rpc [METHOD [JSON|-]]"

const parse = (text: string): object => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value
  } catch {}
  throw usageError("The parameters are not a JSON object.", `Usage: ${usage}`)
}

/** Node reads deeper JSON than it writes. */
const sayable = (wish: object): object => {
  try {
    JSON.stringify(wish)
    return wish
  } catch {
    throw usageError("The parameters are nested too deeply.")
  }
}

const line = (value: unknown): string => `${JSON.stringify(value)}\n`

const request = verb(usage, { "request-id": { type: "string" } }, async ({ flags, words, connect }) => {
  const [method, params = "{}"] = words
  if (method === undefined) {
    const { methods } = await connect().call<{ methods: object }>("describe")
    stdout.write(line(Object.keys(methods)))
    return exitCodes.ok
  }
  atMost(2, words, usage)
  const wish = sayable(parse(params === "-" ? readFileSync(0, "utf8") : params))
  const streams = isStream(method)
  const onFrame = (frame: ServerFrame) => {
    if (streams) stdout.write(line(frame))
    else if (frame.type !== "result") stderr.write(line(frame))
  }
  if (streams) onInterrupt(() => "")
  const value = await connect({ caller: () => caller(["rpc", method]) }).call(method, wish, { onFrame }, flags["request-id"])
  if (!streams) stdout.write(line(value))
  return exitCodes.ok
})

/** Whoever asks so is a program: failures are JSON without `-o json`. */
export const rpc: Verb = { ...request, run: (argv) => request.run(argv).catch((error: unknown) => showError(error, true)) }
