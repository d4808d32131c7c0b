/**
 * `sky replay`: the log once more, each fact with what it made of the state; `--verify` holds the whole of it against the state there is.
 */

import type { Recorded } from "../../events/Recorded.ts"
import type { Session } from "../../sdk/client/Session.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { Change, ReplayAnswer, ReplayVerifyAnswer } from "../../sdk/protocol/replay.ts"
import { onInterrupt } from "../interrupt.ts"
import { stdout } from "../out.ts"
import { usageError } from "../render/error.ts"
import { eventLine } from "../render/facts.ts"
import { jsonLine } from "../render/json.ts"
import { noticesFirst, notify } from "../render/notify.ts"
import { makeProgress } from "../render/Progress.ts"
import { clean, isColoured, paint } from "../render/style.ts"
import { took } from "../render/time.ts"
import { wholeNumber } from "../task/options.ts"
import { atMost, verb } from "../verb.ts"
import { findTraces, sayNone } from "./events.ts"

const usage = "sky replay [--from SEQ] [--to SEQ] [-c NAME] | --verify"

const subjectOf = ({ what, name }: Change) => (what === "cluster" ? name : `${what} ${name}`)

/** `train status: INIT -> UP`, below the fact. Of what is gone nothing else is told. */
const changeLines = (changes: ReadonlyArray<Change>): ReadonlyArray<string> => {
  const gone = new Set(changes.flatMap((change) => (change.field === "status" && change.after === null ? [change.id] : [])))
  return changes
    .filter(({ field, id }) => field === "status" || !gone.has(id))
    .map((change) => {
      const { after, before, field, id } = change
      const is = gone.has(id) ? "gone" : (after ?? "-")
      return `${" ".repeat(19)}${clean(subjectOf(change))} ${field}: ${clean(String(before ?? "-"))} -> ${clean(String(is))}`
    })
}

const verify = async (session: Session, json: boolean): Promise<number> => {
  const progress = makeProgress(json)
  progress.run("Folding", "the whole log")
  const answer = await session.call<ReplayVerifyAnswer>("replay.verify").finally(progress.end)
  const { difference, events, notices, tookMs } = answer
  notify(notices)
  if (json) stdout.write(jsonLine(answer))
  else if (difference === null) stdout.write(`${events} events folded: the state is the same (${took(tookMs)})\n`)
  else {
    const { expected, found, of, path } = difference
    const said = (value: string | null) => clean(value ?? "nothing")
    stdout.write(`${events} events folded: ${of} differs at ${clean(path)}\n  expected  ${said(expected)}\n  found     ${said(found)}\n`)
  }
  return difference === null ? exitCodes.ok : exitCodes.failed
}

export const replay = verb(
  usage,
  { from: { type: "string" }, to: { type: "string" }, cluster: { type: "string", short: "c" }, verify: { type: "boolean" } },
  async ({ flags, words, json, connect }) => {
    atMost(0, words, usage)
    const { cluster: clusterName } = flags
    const from = flags.from === undefined ? 1 : wholeNumber("--from", flags.from, 1)
    const to = flags.to === undefined ? undefined : wholeNumber("--to", flags.to, 1)
    const session = connect()
    onInterrupt(() => "")
    if (flags.verify) {
      if ([flags.from, flags.to, clusterName].some((value) => value !== undefined))
        throw usageError("--verify is of the whole log.", `Usage: ${usage}`)
      return verify(session, json)
    }
    if (to !== undefined && from > to) throw usageError(`There is nothing from ${from} to ${to}.`, `Usage: ${usage}`)
    const colour = isColoured(stdout)
    let shown = 0
    const onEvent = (event: unknown) => {
      shown += 1
      if (json) return stdout.write(jsonLine(event))
      const { changes, ...recorded } = event as Recorded & { readonly changes: ReadonlyArray<Change> }
      const lines = changeLines(changes).map((line) => paint("dim", line, colour))
      stdout.write(`${[eventLine(recorded), ...lines].join("\n")}\n`)
    }
    const params = { after: from - 1, ...(to === undefined ? {} : { to }), ...(clusterName === undefined ? {} : { clusterName }) }
    notify((await session.call<ReplayAnswer>("replay", params, { onEvent }).catch(noticesFirst(session))).notices)
    if (shown > 0) return exitCodes.ok
    if (clusterName !== undefined) await findTraces(session, clusterName)
    sayNone(clusterName, `from ${from} ${to === undefined ? "on" : `to ${to}`}`)
    return exitCodes.ok
  }
)
