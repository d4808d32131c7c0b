/**
 * `sky rpc`: any request of the protocol, for scripts. Prints the answer as it came, units and all.
 * What is recorded of the command line leaves the parameters out: they may hold secrets.
 */

import { caller } from "../../sdk/client/caller.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { stderr, stdout } from "../out.ts"
import { usageError } from "../render/error.ts"
import { atMost, verb } from "../verb.ts"

const usage = "sky rpc METHOD [JSON]"

const parse = (text: string): object => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value
  } catch {}
  throw usageError("The parameters are not a JSON object.", `Usage: ${usage}`)
}

export const rpc = verb(usage, { "request-id": { type: "string" } }, async ({ flags, words, connect }) => {
  const [method, params = "{}"] = words
  if (method === undefined) throw usageError("Which method?", `Usage: ${usage}\n  All of them: sky rpc describe`)
  atMost(2, words, usage)
  const print = (type: string) => (data: unknown) => void stderr.write(`${JSON.stringify({ type, data })}\n`)
  const handlers = {
    onProgress: print("progress"),
    onSource: print("source"),
    onLog: (_: number, bytes: string | Buffer) => void stderr.write(bytes),
    onEvent: print("event")
  }
  const value = await connect({ caller: () => caller(["rpc", method]) }).call(method, parse(params), handlers, flags["request-id"])
  stdout.write(`${JSON.stringify(value)}\n`)
  return exitCodes.ok
})
