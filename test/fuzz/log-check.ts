/** After each round of fuzzing: nothing in the log that was refused, no complaint of the daemon about itself, no secrets left. */
import type { Event } from "../../events/Event.ts"
import type { Conversation } from "./fuzz.ts"
import type { InProcess } from "./in-process.ts"

interface Ended {
  readonly method: string
  error: string | undefined
}

export const logCheck = ({ complaints, disk, secretsKept }: InProcess) => {
  const operations = new Map<string, Ended>()
  let read = 0
  const readOn = () => {
    for (; read < disk.length; read++) {
      const { event, operation } = JSON.parse(Buffer.from(disk[read]!.value.subarray(33)).toString()) as {
        event: Event
        operation: string | null
      }
      if (event._tag === "OperationRequested") operations.set(event.requestId, { method: event.method, error: undefined })
      if (event._tag === "OperationFailed") operations.get(operation!)!.error = event.error.tag
      if (event._tag === "OperationCancelled") operations.get(operation!)!.error = "OperationCancelledError"
    }
  }
  const known = new Set<string>()
  const times = new Map<unknown, number>()
  return (round: ReadonlyArray<Conversation>): string | undefined => {
    readOn()
    for (const { owed } of round) for (const { requestId } of owed.asked) times.set(requestId, (times.get(requestId) ?? 0) + 1)
    if (complaints.length > 0) return `the daemon complains: ${complaints.join("; ")}`
    for (const { answers, owed } of round) {
      for (const { id, requestId } of owed.asked) {
        if (typeof requestId !== "string") continue
        known.add(requestId)
        // Of several under one id one may be refused and another recorded.
        if (times.get(requestId)! > 1) continue
        const answer = answers.find(({ data, type }) => type === "failure" && data.id === id)
        const operation = operations.get(requestId)
        if (answer === undefined || operation === undefined) continue
        if (operation.error !== answer.data.error.tag) return `${requestId} was refused and is in the log: ${JSON.stringify(answer)}`
      }
    }
    for (const id of operations.keys()) if (/^f\d+$/.test(id) && !known.has(id)) return `${id} is in the log, and nobody asked`
    return secretsKept() === 0 ? undefined : "secrets are kept for nobody"
  }
}
