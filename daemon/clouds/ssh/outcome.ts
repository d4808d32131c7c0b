/** What comes of asking a machine for a seat. Pure. */
import { transient } from "../../over-ssh/errors.ts"
import type { RemoteError } from "../../remote/RemoteError.ts"
import type { CloudError, Provisioned } from "../Cloud.ts"

/** Nothing of ours is there, and another machine may do. */
export interface Passed {
  /** `anothers`: who was first has it. `away`: it was lost meanwhile, and may come back. `useless`: until its owner has mended it. */
  readonly is: "anothers" | "away" | "useless"
  readonly why: string
}
export type Outcome =
  | { readonly is: "had"; readonly node: Provisioned }
  | Passed
  /** There may be something of ours: the same is asked again. */
  | { readonly is: "unclear"; readonly error: CloudError }
  /** What was asked for is over. */
  | { readonly is: "over"; readonly error: CloudError }

export const isPassed = (outcome: Outcome): outcome is Passed => "why" in outcome

/** Of a machine's system, of which Node says `ENOSPC: no space left on device, …`; a claim that met it has taken back what it had. */
const systemCode = /^E[A-Z0-9]+$/
const inShort: Readonly<Record<string, string>> = {
  ENOSPC: "there is no room on its disk",
  EDQUOT: "its user may put nothing more on the disk",
  EROFS: "its disk is mounted read-only",
  EACCES: "its user may not write there",
  EPERM: "its user may not write there"
}

/** Nothing was asked for yet. */
export const notReady = ({ isPassing, message }: RemoteError): Passed => ({ is: isPassing ? "away" : "useless", why: message })

export const notGiven = (error: CloudError): Outcome => {
  const { code, kind, message } = error
  if (code === "Taken" || code === "LeaseMoved") return { is: "anothers", why: "another cluster had it first" }
  if (code === "Ended") return { is: "over", error }
  if (systemCode.test(code)) return { is: "useless", why: `${inShort[code] ?? "its system does not do it"} (${message})` }
  return kind === "Refused" || code === "NoAgent" ? { is: "useless", why: message } : { is: "unclear", error }
}

const waitsFor = { anothers: "Taken", away: "Lost", useless: "Unusable" } as const

/** Of a machine that has the rank no other will do: nothing of it is lost while it is waited for. */
export const ofHeld = (host: string, outcome: Outcome): Outcome =>
  isPassed(outcome) ? { is: "unclear", error: transient(waitsFor[outcome.is], `${host}: ${outcome.why}`) } : outcome
