/** The way of the head's facts into the journal: each once, and into the state only when it is on disk. */
import type { JournalFact } from "../sdk/agent/protocol.ts"
import type { Folder } from "./Folder.ts"
import type { Journal } from "./Journal.ts"
import { dropSecrets, jobKey, secretsOf, setupKey } from "./orders.ts"
import { printable } from "./printable.ts"
import type { State } from "./records.ts"
import type { Store } from "./Store.ts"

/** How long a start waits for the job's end, to share a write with it. */
const soonMs = 5
const linesMax = 10

const idOf = (fact: JournalFact) => {
  if (fact._tag === "AutostopFired") return fact._tag
  return `${fact._tag} ${fact._tag === "SetupEnded" ? fact.operation : fact.job}`
}

/** Whatever a script printed, and whoever gave the reason. */
const withoutSecrets = (folder: Folder, state: State, fact: JournalFact): JournalFact => {
  if (fact._tag !== "JobEnded" && fact._tag !== "SetupEnded") return fact
  const [key, work] =
    fact._tag === "SetupEnded" ? [setupKey(fact.operation), state.setups[fact.operation]!] : [jobKey(fact.job), state.jobs[fact.job]!]
  const found = secretsOf(folder, key, work.spec)
  const secrets = Object.values(found ?? {})
  const reason = fact.reason === null ? null : printable(fact.reason, secrets)
  if (fact._tag === "JobEnded") return { ...fact, reason }
  // What cannot be searched for its secrets is not shown.
  const shown = found === null ? [] : fact.lastLines.slice(-linesMax)
  return { ...fact, reason, lastLines: shown.map((line) => printable(line, secrets)) }
}

/** A number alone does not say which job it is: a daemon whose log was put back from a backup gives it to another. */
const named = (state: State, fact: JournalFact): JournalFact =>
  "job" in fact ? { ...fact, runTimestamp: state.jobs[fact.job]!.spec.runTimestamp } : fact

/** Whether what the agent keeps in mind has it already. */
export const isKnown = (state: State, fact: JournalFact): boolean => {
  switch (fact._tag) {
    case "AutostopFired":
      return state.fired
    case "SetupEnded":
      return state.setups[fact.operation] === undefined
    case "JobSettingUp":
      return state.jobs[fact.job]?.settingUp ?? true
    case "JobStarted":
      return state.jobs[fact.job]?.pids !== null
    case "JobEnded":
      return state.jobs[fact.job] === undefined
  }
}

export class Reports {
  readonly #folder: Folder
  readonly #store: Store
  readonly #journal: Journal
  readonly #onTold: () => void
  readonly #telling = new Set<string>()
  readonly #soon = new Map<string, NodeJS.Timeout>()

  constructor(folder: Folder, store: Store, journal: Journal, onTold: () => void) {
    this.#folder = folder
    this.#store = store
    this.#journal = journal
    this.#onTold = onTold
  }

  async tell(told: JournalFact, setupPids: ReadonlyArray<number> = []): Promise<void> {
    const id = idOf(told)
    if (this.#telling.has(id) || isKnown(this.#store.state, told)) return
    this.#telling.add(id)
    const fact = named(this.#store.state, withoutSecrets(this.#folder, this.#store.state, told))
    await this.#journal.append(fact)
    this.#store.note({ type: "told", fact, setupPids })
    this.#telling.delete(id)
    if (fact._tag === "JobEnded") dropSecrets(this.#folder, jobKey(fact.job))
    if (fact._tag === "SetupEnded") dropSecrets(this.#folder, setupKey(fact.operation))
    this.#onTold()
  }

  /** A job of a few milliseconds has its start and its end in one write: `now` when it has ended. */
  tellSoon(fact: JournalFact, now: boolean) {
    const id = idOf(fact)
    if (now) {
      clearTimeout(this.#soon.get(id))
      this.#soon.delete(id)
      this.tell(fact)
      return
    }
    if (this.#soon.has(id) || this.#telling.has(id)) return
    this.#soon.set(
      id,
      setTimeout(() => this.tellSoon(fact, true), soonMs)
    )
  }

  isTellingEnd(job: number) {
    return this.#telling.has(`JobEnded ${job}`)
  }
}
