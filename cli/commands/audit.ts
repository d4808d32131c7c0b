/**
 * `sky audit`: what the log is worth. A daemon that runs is asked, since it holds the store; where none does the folder is looked at,
 * and no daemon is started.
 */

import { resolve } from "node:path"
import { ClientError } from "../../sdk/client/ClientError.ts"
import { findHome, type Home } from "../../sdk/client/home.ts"
import type { Handlers } from "../../sdk/client/Pending.ts"
import * as rare from "../../sdk/client/rare.ts"
import type {
  AuditDiffAnswer,
  AuditExportAnswer,
  AuditHeadAnswer,
  AuditImportAnswer,
  AuditVerifyAnswer,
  Head
} from "../../sdk/protocol/audit.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { plural } from "../../task/plural.ts"
import { askLog as ask, askDaemon, askFolder } from "../ask-log.ts"
import { NewFile } from "../NewFile.ts"
import { stderr, stdout } from "../out.ts"
import { usageError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { wholeNumber } from "../task/options.ts"
import { atMost, verb } from "../verb.ts"

const usage = "sky audit verify | head [--is SEQ HASH] | export [FILE] | import FILE|- | diff FILE"
const progressEveryMs = 100

/** A line on a terminal that is written over; nothing elsewhere. */
const counter = (what: string) => {
  let saidMs = 0
  return {
    onAt: (at: number) => {
      if (!stderr.isTTY() || Date.now() - saidMs < progressEveryMs) return
      saidMs = Date.now()
      stderr.write(`\r\x1b[K${grouped(at)} events ${what}`)
    },
    clear: () => (saidMs > 0 ? stderr.write("\r\x1b[K") : undefined)
  }
}

const grouped = (count: number) => count.toLocaleString("en-US")
const auditError = (message: string) => new ClientError("AuditError", exitCodes.failed, message)
const headLine = ({ seq, hash }: Head) => `Head ${seq} ${hash}`
const events = (count: number) => `${grouped(count)} event${count === 1 ? "" : "s"}`
/** The sentence comes last. */
const failure = (count: number, what: string, { message }: { readonly message: string }): ClientError => {
  stderr.write(`${events(count)} ${count === 1 ? "is" : "are"} ${what}.\n`)
  return auditError(message)
}
const codeOf = (isSound: boolean): number => (isSound ? exitCodes.ok : exitCodes.failed)

/** The files, whatever a daemon has in its memory; and it is not kept from its work. What it still has is said where they are damaged. */
const onDisk = async (home: Home, method: string, params: object, handlers: Handlers): Promise<AuditVerifyAnswer> => {
  await askDaemon(home, "daemon.status", {}, {})
  const answer = await askFolder<AuditVerifyAnswer>(home.folder, "audit.disk", params, handlers)
  if (answer.damage === null) return answer
  const held = await askDaemon<AuditVerifyAnswer>(home, method, params, {})
  // Where the files are gone it says so too, and has what it opened.
  if (held.damage === null || held.events > answer.events) {
    const what = `${held.damage === null ? "all " : ""}${events(held.events)}`
    stderr.write(`Its files are damaged, and the daemon still has ${what}: sky audit export FILE saves them.\n`)
  }
  return answer
}

const verify = async (json: boolean): Promise<number> => {
  const { clear, onAt } = counter("verified")
  const answer = await ask<AuditVerifyAnswer>("audit.verify", {}, { onAt }, onDisk).finally(clear)
  if (json) stdout.write(jsonLine(answer))
  else if (answer.damage !== null) throw failure(answer.events, "proven", answer.damage)
  else stdout.write(`${events(answer.events)}: sound.${answer.head ? ` ${headLine(answer.head)}` : ""}\n`)
  return codeOf(answer.damage === null)
}

/** What `sky audit head` printed may be given as it stands, with the log's id and the time. */
const noted = ([seq, hash, log]: ReadonlyArray<string>) => {
  if (seq === undefined || hash === undefined) throw usageError("--is takes what was noted: SEQ HASH.", `Usage: ${usage}`)
  if (!/^[0-9a-f]{64}$/i.test(hash)) throw usageError(`'${hash}' is not a hash: it has 64 hex digits.`, `Usage: ${usage}`)
  return { seq: wholeNumber("SEQ", seq, 1), hash: hash.toLowerCase(), ...(log === undefined ? {} : { log }) }
}

const head = async (words: ReadonlyArray<string>, isNoted: boolean, json: boolean): Promise<number> => {
  atMost(isNoted ? 4 : 0, words, usage)
  const is = isNoted ? noted(words) : undefined
  const answer = await ask<AuditHeadAnswer>("audit.head", is === undefined ? {} : { is })
  const { damage, head, refuted } = answer
  if (json) {
    stdout.write(jsonLine(answer))
    return codeOf(damage === null && refuted === null)
  }
  if (damage !== null) throw auditError(damage.message)
  if (refuted !== null) throw auditError(refuted)
  if (is !== undefined) stdout.write(`Event ${is.seq} is in the log as it was noted, and all before it is as it was then.\n`)
  else if (head === null) throw auditError("The log holds no events.")
  else stdout.write(`${head.seq} ${head.hash} ${head.log} ${new Date(head.atMs).toISOString()}\n`)
  return exitCodes.ok
}

const exportTo = async (path: string, json: boolean): Promise<number> => {
  if (path === "-") {
    const answer = await ask<AuditExportAnswer>("audit.export", {}, { onLog: (_, text) => stdout.write(text) })
    if (answer.damage === null) return exitCodes.ok
    throw json ? auditError(answer.damage.message) : failure(answer.events, "exported", answer.damage)
  }
  const file = new NewFile(path)
  const { clear, onAt } = counter("exported")
  let count = 0
  const onLog = (_: number, text: string | Buffer) => {
    file.write(text)
    for (const char of text.toString()) if (char === "\n") count += 1
    onAt(count)
  }
  const answer = await ask<AuditExportAnswer>("audit.export", {}, { onLog }).finally(clear)
  const { damage } = answer
  if (answer.events === 0 && damage === null) throw auditError("The log holds no events.")
  // What is there may be longer, and all that is left of the log.
  const isTaken = answer.events > 0 && file.isTaken
  const taken = `${path} is there already, and is no beginning of this log: name another file, or remove it`
  if (isTaken && damage === null) throw new ClientError("FileTaken", exitCodes.conflict, `${taken}.`)
  const isWritten = answer.events > 0 && !isTaken
  if (isWritten) file.finish()
  const what = isTaken ? `proven. ${taken}` : "exported"
  if (json) stdout.write(jsonLine({ file: isWritten ? path : null, ...answer }))
  else if (damage !== null) throw failure(answer.events, isWritten ? `exported to ${path}` : what, damage)
  else stderr.write(`${events(answer.events)} exported to ${path}.${answer.head ? ` ${headLine(answer.head)}` : ""}\n`)
  return codeOf(damage === null)
}

const importFrom = async (path: string, json: boolean): Promise<number> => {
  const { folder } = findHome(() => rare)
  const { clear, onAt } = counter("imported")
  const file = path === "-" ? path : resolve(path)
  const answer = await askFolder<AuditImportAnswer>(folder, "audit.import", { file }, { onAt }).finally(clear)
  if (json) stdout.write(jsonLine({ ...answer, home: folder }))
  else stdout.write(`${events(answer.events)} imported into ${folder}. ${headLine(answer.head)}\n`)
  stderr.write(
    "If clusters of this log still live, the state folder that it came from must not be used any more: two daemons would manage\n" +
      "the same machines. Nodes of the local cloud stay in that folder: the first command here finds their clusters gone.\n"
  )
  const { open } = answer
  if (open > 0) {
    const [were, are, it] = open === 1 ? ["was", "is", "it"] : ["were", "are", "them"]
    stderr.write(
      `${plural(open, "operation")} ${were} open where the log ends, and ${are} not carried on. See which, and run ${it} again: sky ops -a\n`
    )
  }
  return exitCodes.ok
}

const diff = async (path: string, json: boolean): Promise<number> => {
  const answer = await ask<AuditDiffAnswer>("audit.diff", { file: resolve(path) })
  const { difference, fileMore, logMore } = answer
  const wrong = difference ?? answer.damage
  if (json) {
    stdout.write(jsonLine(answer))
    return codeOf(wrong === null && fileMore === 0)
  }
  if (wrong !== null) throw failure(answer.events, "the same", wrong)
  if (fileMore > 0) throw auditError(`The file goes on after event ${answer.events} with ${grouped(fileMore)} more.`)
  if (logMore > 0) stdout.write(`The log goes on after event ${answer.events} with ${grouped(logMore)} more.\n`)
  else stdout.write(`The same ${events(answer.events)}.\n`)
  return exitCodes.ok
}

export const audit = verb(usage, { is: { type: "boolean" } }, async ({ flags, words, json }) => {
  const [what, ...rest] = words
  const file = rest[0]
  if (flags.is && what !== "head") throw usageError("--is goes with head.", `Usage: ${usage}`)
  if (what === "head") return head(rest, flags.is === true, json)
  atMost(what === "verify" ? 0 : 1, rest, usage)
  if (what === "verify") return verify(json)
  if (file === "") throw usageError("The name of the file is empty.", `Usage: ${usage}`)
  if (what === "export") return exportTo(file ?? "-", json)
  if (what === "import" || what === "diff") {
    if (file === undefined) throw usageError("Which file?", `Usage: ${usage}`)
    return what === "import" ? importFrom(file, json) : diff(file, json)
  }
  throw usageError(what === undefined ? "Audit what?" : `Unknown: audit ${what}`, `Usage: ${usage}`)
})
