/**
 * When a machine does not do what it was asked. `Refused`: it said no, and asking again will not help. `Transient`: "not now", ask again.
 * Only these words leave the machine; a cloud makes its own error of them.
 */
import { codeOf } from "./errno.ts"
import { PathError } from "./PathError.ts"
import { wordsOf } from "./room.ts"

export class MachineError extends Error {
  readonly kind: "Refused" | "Transient"
  readonly code: string

  constructor(kind: MachineError["kind"], code: string, message: string) {
    super(message)
    this.kind = kind
    this.code = code
  }
}

export const refused = (code: string, message: string) => new MachineError("Refused", code, message)
export const transient = (code: string, message: string) => new MachineError("Transient", code, message)

/** What is thrown that is no answer of ours may pass: it is asked again. */
export const machineError = (error: unknown): MachineError => {
  if (error instanceof MachineError) return error
  if (error instanceof PathError) return refused("NotCopied", error.message)
  return transient(codeOf(error) || "Local", wordsOf(error))
}
