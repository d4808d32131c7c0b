/** What an operation that failed means, in Google's words. Pure. */
import { inner } from "../../../task/sentence.ts"
import { passingBy } from "../../rented/errors.ts"
import type { CloudError } from "../Cloud.ts"
import type { Operation } from "./api.ts"
import { isThrottled, refusedBy } from "./errors.ts"

/** Of an operation that failed: its first cause, and all of them in its words. Null: it went well, or goes on. */
export const failureOf = ({ error, httpErrorStatusCode, operationType, zone }: Operation): CloudError | null => {
  const all = (error?.errors ?? []).map(({ code, message }) => ({
    code: code ?? `${httpErrorStatusCode ?? "Error"}`,
    message: message ?? ""
  }))
  // That nothing was given is no reason beside the reason for it.
  const telling = all.filter(({ code }) => code !== "VM_MIN_COUNT_NOT_REACHED")
  const causes = telling.length > 0 ? telling : all
  const [cause] = causes
  if (cause === undefined) return null
  const texts = new Set(causes.map(({ code, message }) => `${inner((message || code).trim())} (${code})`))
  const where = zone == null ? "" : ` in ${zone.split("/").at(-1)}`
  const refusal = refusedBy(cause.code, `${[...texts].join("; ")}, ${operationType ?? "operation"}${where}`)
  return isThrottled(cause.code) ? passingBy(cause.code, refusal.message) : refusal
}
