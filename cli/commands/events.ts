/** `sky events`: the log itself, in words or as JSON. `--follow` goes on without a gap. */

import type { Recorded } from "../../events/Recorded.ts"
import type { Session } from "../../sdk/client/Session.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { EventsFollowAnswer } from "../../sdk/protocol/queries.ts"
import { onInterrupt } from "../interrupt.ts"
import { stderr, stdout } from "../out.ts"
import { missing, refusePattern } from "../pick.ts"
import { eventLine } from "../render/facts.ts"
import { forScripts, jsonLine } from "../render/json.ts"
import { notify } from "../render/notify.ts"
import { clean } from "../render/style.ts"
import { wholeNumber } from "../task/options.ts"
import { atMost, verb } from "../verb.ts"

const usage = "sky events [-f] [--tail N] [--after SEQ] [CLUSTER]"
const tailDefault = 50

interface EventsAnswer {
  readonly events: ReadonlyArray<Recorded>
  readonly notices?: ReadonlyArray<string>
}

/** Where none was found: fails unless a cluster has that name, or had it once; one that is gone has its facts still. */
export const findTraces = async (session: Session, clusterName: string): Promise<void> => {
  const { events } = await session.call<EventsAnswer>("events", { clusterName, tail: 1 })
  if (events.length === 0) for (const error of await missing(session, [clusterName])) throw error
}
export const sayNone = (clusterName: string | undefined, range: string): void =>
  stderr.write(`No events${clusterName === undefined ? "" : ` of '${clean(clusterName)}'`} ${range}.\n`)

export const events = verb(
  usage,
  { follow: { type: "boolean", short: "f" }, tail: { type: "string" }, after: { type: "string" } },
  async ({ flags, words, json, connect }) => {
    atMost(1, words, usage)
    const session = connect()
    const [clusterName] = words
    if (clusterName !== undefined) await refusePattern(session, clusterName, "events")
    const of = clusterName === undefined ? {} : { clusterName }
    const from =
      flags.after !== undefined && flags.tail === undefined
        ? { after: wholeNumber("--after", flags.after, 0) }
        : {
            tail: wholeNumber("--tail", flags.tail ?? String(tailDefault), 0),
            ...(flags.after ? { after: wholeNumber("--after", flags.after, 0) } : {})
          }
    const print = (event: unknown) => stdout.write(json ? jsonLine(event) : `${eventLine(event as Recorded)}\n`)
    let at = 0
    const onAt = (position: number) => {
      at = position
    }
    const page = await session.call<EventsAnswer>("events", { ...of, ...from }, { onAt })
    notify(page.notices)
    if (page.events.length === 0 && clusterName !== undefined) await findTraces(session, clusterName)
    if (!flags.follow) {
      if (json) stdout.write(`${JSON.stringify(page.events.map(forScripts))}\n`)
      else for (const event of page.events) print(event)
      if (page.events.length === 0 && flags.after !== undefined) sayNone(clusterName, `after ${flags.after}`)
      return exitCodes.ok
    }
    for (const event of page.events) print(event)
    onInterrupt(() => "")
    await session.call(
      "events.follow",
      { ...of, after: at },
      { onEvent: print, onAt: (_, page) => notify((page as EventsFollowAnswer).notices) }
    )
    return exitCodes.ok
  }
)
