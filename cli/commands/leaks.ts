/** `sky leaks`: what the clouds hold under tags of ours and no cluster has; to be ended, or to be a cluster again. */
import { ClientError } from "../../sdk/client/ClientError.ts"
import type { Session } from "../../sdk/client/Session.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { LeaksAdoptAnswer, LeaksAnswer, LeaksEndAnswer, LeakView } from "../../sdk/protocol/leaks.ts"
import { plural } from "../../task/plural.ts"
import { confirm } from "../ask.ts"
import { asking } from "../awaiting.ts"
import { stderr, stdout } from "../out.ts"
import { notFound, showError, usageError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { hourly, kindOf, leaksTables, whereOf } from "../render/leaks.ts"
import { notify } from "../render/notify.ts"
import { makeProgress } from "../render/Progress.ts"
import { clean } from "../render/style.ts"
import { screen, verb } from "../verb.ts"

const usage = "sky leaks [-a] | sky leaks --terminate [-y] [ID|CLUSTER…] | sky leaks --adopt [-y] [--as NAME] CLUSTER"

/** What is not known is never nothing. */
const showSilent = (silent: ReadonlyArray<string>, json: boolean): number => {
  if (silent.length === 0) return exitCodes.ok
  return showError(new ClientError("NotAllKnown", exitCodes.failed, `There may be more: ${silent.join("; ")}.`), json)
}

const isCalled = ({ clusterId, clusterName, id }: LeakView, name: string) => name === id || name === clusterName || name === clusterId

const inWords = (leaks: ReadonlyArray<LeakView>) =>
  leaks.map((leak) => clean(`${kindOf(leak)} ${leak.id} (${leak.clusterName}, ${whereOf(leak)})`)).join(", ")

const missing = (name: string, hint: string) => notFound(`No leak of this log is called '${name}'.`, hint)

interface Wish {
  readonly words: ReadonlyArray<string>
  readonly yes: boolean
  readonly json: boolean
}

const found = async (session: Session, json: boolean, params: object = {}): Promise<LeaksAnswer> => {
  const over = asking("all clouds what they hold", json)
  return session.call<LeaksAnswer>("leaks", params).finally(over)
}

const terminate = async (session: Session, { json, words, yes }: Wish): Promise<number> => {
  const { leaks, notices, silent } = await found(session, json)
  notify(notices)
  const others = "Those of other logs are taken over before they are ended: sky leaks --all, sky leaks --adopt CLUSTER"
  const codes = words.filter((name) => !leaks.some((leak) => isCalled(leak, name))).map((name) => showError(missing(name, others), json))
  const meant = words.length === 0 ? leaks : leaks.filter((leak) => words.some((name) => isCalled(leak, name)))
  let ended: LeaksEndAnswer = { ended: [], kept: [], notFound: [], silent }
  if (meant.length > 0) {
    if (!yes) await confirm(`End ${plural(meant.length, "leak")}, data included: ${inWords(meant)}?${hourly(meant)}`, false)
    const progress = makeProgress(json)
    progress.run("Ending", plural(meant.length, "leak"))
    ended = await session.call<LeaksEndAnswer>("leaks.end", { names: meant.map(({ id }) => id) })
    for (const leak of ended.ended) progress.line("done", leak.id, `${kindOf(leak)} gone`)
    for (const id of ended.notFound) progress.line("done", id, "is no leak any more")
    progress.end()
    for (const { leak, message } of ended.kept)
      codes.push(
        showError(new ClientError("CloudError", exitCodes.failed, `${leak.id} may still be there: ${message}`, "Try it again."), json)
      )
  } else if (words.length === 0 && silent.length === 0 && !json) stderr.write("No leaks.\n")
  if (json) stdout.write(jsonLine({ ended: ended.ended, kept: ended.kept }))
  return Math.max(showSilent(ended.silent, json), ...codes)
}

const adopt = async (session: Session, as: string | undefined, { json, words, yes }: Wish): Promise<number> => {
  const [name] = words
  if (name === undefined || words.length > 1) throw usageError("One cluster is adopted at a time: name it.", `Usage: ${usage}`)
  if (!yes) {
    const { leaks } = await found(session, json, { all: true })
    const machines = leaks.filter((leak) => leak.kind === "machine" && isCalled(leak, name))
    const what = machines.length === 0 ? clean(name) : `${clean(name)}: ${inWords(machines)}`
    await confirm(`Make a cluster of this log of ${what}?${hourly(machines)}`, false)
  }
  const adopted = await session.call<LeaksAdoptAnswer>("leaks.adopt", { name, ...(as === undefined ? {} : { as }) })
  if (json) stdout.write(jsonLine(adopted))
  else {
    const cluster = clean(adopted.cluster)
    makeProgress().line("done", cluster, `adopted, ${plural(adopted.nodes.length, "node")}`)
    stderr.write(`see it: sky status -r ${cluster} · end: sky down ${cluster}\n`)
  }
  return exitCodes.ok
}

export const leaks = verb(
  usage,
  {
    all: { type: "boolean", short: "a" },
    terminate: { type: "boolean" },
    adopt: { type: "boolean" },
    as: { type: "string" },
    yes: { type: "boolean", short: "y" }
  },
  async ({ connect, flags, json, words }) => {
    const wish = { words, yes: flags.yes === true, json }
    if (flags.terminate && flags.adopt) throw usageError("--terminate and --adopt exclude each other.", `Usage: ${usage}`)
    if (flags.as !== undefined && !flags.adopt) throw usageError("--as goes with --adopt.", `Usage: ${usage}`)
    if (flags.terminate && flags.all)
      throw usageError("What other logs have made is not ended from here.", "Take it over first: sky leaks --adopt CLUSTER")
    if (flags.terminate) return terminate(connect(), wish)
    if (flags.adopt) return adopt(connect(), flags.as, wish)
    if (words.length > 0) throw usageError(`Unexpected argument '${words[0]}'.`, `Usage: ${usage}`)
    const { leaks: all, notices, silent } = await found(connect(), json, { all: flags.all === true })
    notify(notices)
    if (json) stdout.write(jsonLine(all))
    else if (all.length > 0) stdout.write(leaksTables(all, screen(), Date.now()))
    else if (silent.length === 0) stderr.write("No leaks.\n")
    return showSilent(silent, json)
  }
)
