/** What an operation that failed has come to. Pure. */
import { inner } from "../../../task/sentence.ts"
import { passingBy } from "../../rented/errors.ts"
import type { CloudError } from "../Cloud.ts"
import type { Operation } from "./api.ts"
import { passing, refusedBy } from "./errors.ts"

/** In an operation, which says it in words of its own: nothing is wrong with what was asked for. */
const passingInOperations = [...passing, "INTERNAL_ERROR", "BACKEND_ERROR"]
/** Of machines that are to be made the place lacks what they need; anything else waits for what it needs. */
const notReady = "RESOURCE_NOT_READY"

const makesMachines = ({ operationType, targetLink }: Operation) =>
  operationType === "bulkInsert" || (operationType === "insert" && /\/instances\//.test(targetLink ?? ""))

/**
 * Of an operation that failed: the first cause that tells something, and all of them in its words. Transient where the same may go well in
 * a while: what it was to do it has not done. Null: it went well, or goes on.
 */
export const failureOf = (operation: Operation): CloudError | null => {
  const { error, httpErrorStatusCode, operationType, zone } = operation
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
  const passes = passingInOperations.includes(cause.code) || (cause.code === notReady && !makesMachines(operation))
  return passes ? passingBy(cause.code, refusal.message) : refusal
}
