/** Waits until a storm has settled, and holds everything against everything. */
import { eventually, type Ran, sleep } from "../e2e/home.ts"
import { checkJobs } from "./check-jobs.ts"
import { checkLogs } from "./check-logs.ts"
import { checkMachine } from "./check-machine.ts"
import { checkOperations, checkPromises, operationsIn } from "./check-promises.ts"
import { asked, type Tale } from "./clients.ts"
import { type Deed, paramsOf } from "./deeds.ts"
import type { Ledger } from "./Ledger.ts"
import type { StormHome } from "./StormHome.ts"

/** Longer than the longest backoff and a few tries. */
const settleMaxMs = 180_000
const lookMs = 150
/** Without news before it counts as settled; and once more, to see that it stays so. */
const stillMs = 600
/** Over ssh: a link that was cut a moment ago may be found dead still. */
const stillOverSshMs = 15_000

export const settle = async (home: StormHome, ledger: Ledger, deeds: ReadonlyMap<number, Deed>): Promise<void> => {
  let head = -1
  let sinceMs = Date.now()
  let unrest: ReadonlyArray<string> = []
  for (const untilMs = Date.now() + settleMaxMs; Date.now() < untilMs; await sleep(lookMs)) {
    const now = await ledger.read(home)
    unrest = ledger.unrest(deeds)
    if (now !== head || unrest.length > 0) sinceMs = Date.now()
    head = now
    if (Date.now() - sinceMs < (home.rack === null ? stillMs : stillOverSshMs)) continue
    // An agent that was killed a moment ago may not be missed yet.
    await home.sky("status", "-r")
    if ((await ledger.read(home)) === head && ledger.unrest(deeds).length === 0) return
  }
  const { err } = await home.sky("status")
  throw new Error(`it does not come to rest: ${unrest.join("; ") || `the log grows: ${ledger.facts.length}`}\n${err}`)
}

/** Said again under its request id, each gets the answer that it got. */
const checkSaidAgain = async (home: StormHome, tales: ReadonlyArray<Tale>): Promise<ReadonlyArray<string>> => {
  const wrong = tales.map(async ({ deed, frames, requestId }) => {
    const before = frames.at(-1)!
    const { data, type } = (await asked(home, deed.method, paramsOf(deed, home.path), { requestId })).at(-1)!
    const same = type === before.type && data.value?.jobId === before.data.value?.jobId && data.error?.tag === before.data.error?.tag
    return same ? [] : [`${deed.n} said again is answered ${JSON.stringify(data)}, not ${JSON.stringify(before.data)}`]
  })
  return (await Promise.all(wrong)).flat()
}

/** A machine that was away when a daemon began is said to be away until it is looked at again, in a minute. */
const noticeMaxMs = 80_000

const hasNotice = ({ err, out }: Ran) => err !== "" && out !== ""

const lastStatus = async (home: StormHome): Promise<Ran> => {
  let ran = await home.sky("status")
  for (const untilMs = Date.now() + noticeMaxMs; home.rack !== null && hasNotice(ran) && Date.now() < untilMs; await sleep(1000))
    ran = await home.sky("status")
  return ran
}

/** `sky` says that all is well. */
const checkWords = async (home: StormHome): Promise<ReadonlyArray<string>> => {
  const all: Array<string> = []
  for (const words of [["status"], ["replay", "--verify"], ["audit", "verify"]]) {
    const ran = words[0] === "status" ? await lastStatus(home) : await home.sky(...words)
    // Above an answer stand only notices: of damage, or of a daemon that leaves all alone.
    if (ran.code !== 0 || (words[0] === "status" && hasNotice(ran)))
      all.push(`sky ${words.join(" ")} ended with ${ran.code}: ${ran.out}${ran.err}`)
  }
  return all
}

/** What is wrong, once all has settled. `tales`: all so far; `latest`: those of this time, and their connection's requests are said again. */
export const check = async (
  home: StormHome,
  ledger: Ledger,
  tales: ReadonlyArray<Tale>,
  latest: ReadonlyArray<Tale>
): Promise<ReadonlyArray<string>> => {
  const operations = operationsIn(ledger.facts)
  const head = ledger.facts.length
  const again = latest.filter(
    ({ frames, requestId }) => operations.has(requestId) && ["result", "failure"].includes(frames.at(-1)?.type ?? "")
  )
  const defects = ledger.facts.filter(({ event }) => event._tag === "ReactorFailed" || event._tag === "JournalGap")
  // What was ended is swept a moment after it was said.
  const machine = () => checkMachine(ledger, home)
  const left = await eventually(machine, (wrong) => wrong.length === 0).catch(machine)
  const wrong = [
    ...checkOperations(operations),
    ...checkPromises(tales, operations, head),
    ...checkJobs(ledger.facts, home.path),
    ...defects.map(({ event, seq }) => `event ${seq} is a defect: ${JSON.stringify(event)}`),
    ...left,
    ...(await checkLogs(ledger, home)),
    ...(await checkSaidAgain(home, again)),
    ...(await checkWords(home))
  ]
  await sleep(stillMs)
  const grown = await ledger.read(home)
  const late = ledger.facts.slice(head).map(({ event }) => event._tag)
  return grown === head ? wrong : [...wrong, `the log grew from ${head} to ${grown}, and nobody asked for anything: ${late.join(", ")}`]
}
