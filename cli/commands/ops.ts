/** `sky ops`: what the daemon is asked to do, and how far it is; `sky ops cancel` ends one. */

import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { OperationsAnswer } from "../../sdk/protocol/queries.ts"
import type { OperationView } from "../../sdk/protocol/rows.ts"
import { plural } from "../../task/plural.ts"
import { stderr, stdout } from "../out.ts"
import { usageError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { notify } from "../render/notify.ts"
import { type Colour, clean, cleanText } from "../render/style.ts"
import { table } from "../render/table.ts"
import { ago, duration } from "../render/time.ts"
import { atMost, screen, verb } from "../verb.ts"

const usage = "sky ops [list [-a] | cancel ID]"
const colours: Record<OperationView["status"], Colour> = { running: "blue", succeeded: "green", failed: "red", cancelled: "yellow" }
const titles = ["ID", "VERB", "CLUSTER", "REQUESTED", "DURATION", "STATUS", "DETAIL"]

/** Of several lines the first: each of them in a column is one. All of them: `sky why`, or `-o json`. */
const firstOf = (detail: string): string => {
  const [first = "", ...more] = cleanText(detail).trim().split("\n")
  return more.length === 0 ? first : `${first} (${plural(more.length, "more line")}: sky why, -o json)`
}

const cells = (operation: OperationView, nowMs: number) => [
  clean(operation.id),
  operation.method,
  clean(operation.cluster ?? "-"),
  ago(operation.requestedAtMs, nowMs),
  duration((operation.endedAtMs ?? nowMs) - operation.requestedAtMs),
  { text: operation.status, colour: colours[operation.status] },
  firstOf(operation.detail ?? "")
]

export const ops = verb(usage, { all: { type: "boolean", short: "a" } }, async ({ flags, words, json, connect }) => {
  const [what = "list", id] = words
  if (what === "cancel" && id !== undefined) {
    atMost(2, words, usage)
    type Answer = { operation: string; cancelled: boolean; left: string | null }
    const answer = await connect().call<Answer>("operations.cancel", { operation: id })
    const left = answer.left === null ? "." : `: ${clean(answer.left)}`
    if (json) stdout.write(jsonLine(answer))
    else stderr.write(answer.cancelled ? `Cancelled. What it had done stays done${left}\n` : "It was over already.\n")
    return exitCodes.ok
  }
  if (what !== "list" || id !== undefined)
    throw usageError(what === "cancel" ? "Which operation?" : `Unknown: ops ${words.join(" ")}`, `Usage: ${usage}`)
  const { notices, operations } = await connect().call<OperationsAnswer>("operations", flags.all ? { all: true } : {})
  notify(notices)
  if (json) stdout.write(jsonLine(operations))
  else if (operations.length === 0) stderr.write(`No ${flags.all ? "" : "running "}operations.\n`)
  else
    stdout.write(
      table(
        titles,
        operations.map((operation) => ({ cells: cells(operation, Date.now()) })),
        screen()
      )
    )
  return exitCodes.ok
})
