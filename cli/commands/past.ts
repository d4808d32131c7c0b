/** `--at WHEN` of `sky status` and `sky queue`: what was known at a moment, said to be so. */

import type { ParseArgsOptionsConfig } from "node:util"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { JobQueueAnswer, StatusAnswer } from "../../sdk/protocol/queries.ts"
import type { Moment } from "../../sdk/protocol/replay.ts"
import { stderr, stdout } from "../out.ts"
import { notFound, showError, usageError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { noticesFirst, notify } from "../render/notify.ts"
import { localTime } from "../render/time.ts"
import type { Input } from "../verb.ts"
import { withOffset } from "../when.ts"
import { showJobs } from "./queue.ts"
import { statusTable } from "./status.ts"

interface Flags {
  readonly all?: boolean | undefined
  readonly refresh?: boolean | undefined
  readonly ip?: boolean | undefined
  readonly "skip-finished"?: boolean | undefined
  readonly "all-users"?: boolean | undefined
}
type Asked = Pick<Input<ParseArgsOptionsConfig>, "words" | "json" | "connect"> & { readonly flags: Flags }
type Answer = StatusAnswer | JobQueueAnswer

export const momentLine = ({ atMs, incomplete, seq }: Moment): string =>
  incomplete
    ? `As far as is proven: event ${seq}, of ${localTime(atMs)}.`
    : `As known at ${localTime(atMs)} (event ${seq}), whatever was true then.`

/** Asks, and says what is missing and which moment it is; `show` tells the rest. */
const ask = async <A extends Answer>(
  { connect, json, words }: Asked,
  method: "status" | "queue",
  params: object,
  at: string,
  show: (answer: A, asOf: Moment) => void
): Promise<number> => {
  const session = connect()
  const named = { ...params, clusterNames: words.length > 0 ? words : null, at: withOffset(at) }
  const answer = await session.call<A>(method, named).catch(noticesFirst(session))
  const { asOf, notFound: missing, notices } = answer
  notify(notices)
  const codes = missing.map((name) => {
    const message = /[*?[]/.test(name) ? `No cluster matched '${name}' then.` : `There was no cluster '${name}' then.`
    return showError(notFound(message, `Those there were: sky status --at ${asOf!.seq}`), json)
  })
  if (!json) stdout.write(`${momentLine(asOf!)}\n`)
  show(answer, asOf!)
  return Math.max(exitCodes.ok, ...codes)
}

export const statusAt = (asked: Asked, at: string): Promise<number> => {
  const { flags, json, words } = asked
  if (flags.ip) throw usageError("--ip and --at do not go together: the address was that of then.", "See: sky status -a --at WHEN")
  return ask<StatusAnswer>(asked, "status", { refresh: flags.refresh }, at, ({ clusters }, asOf) => {
    if (json) stdout.write(jsonLine({ asOf, clusters }))
    else if (clusters.length > 0) stdout.write(statusTable(clusters, asOf.atMs, flags.all))
    else if (words.length === 0) stderr.write("No clusters.\n")
  })
}

export const queueAt = (asked: Asked, at: string): Promise<number> => {
  const { flags, json, words } = asked
  return ask<JobQueueAnswer>(asked, "queue", { skipFinished: flags["skip-finished"] }, at, (answer, asOf) => {
    if (json) stdout.write(jsonLine({ asOf, jobs: answer.jobs }))
    else if (answer.clusters.length > 0) showJobs(answer, asOf.atMs, flags)
    else if (words.length === 0) stderr.write("No clusters.\n")
  })
}
