/** Errors that all clouds of machines for rent have in the same words. Pure. */
import type { RefusalScope } from "../../events/values.ts"
import { CloudError } from "../clouds/Cloud.ts"

/** Said of a refusal that was never one before: the place may be at fault, and another is tried. */
export const scopeUnknown: RefusalScope = "zone"

/** No machine is to be had there, whatever its kind. */
export const refusedForAny = (code: string, message: string, scope: RefusalScope): CloudError =>
  new CloudError({ kind: "Refused", code, message, scope, anyKind: true })

/** What the user has named is not there, in the whole cloud: another name is right, and no right is missing. */
export const misnamed = (code: string, message: string): CloudError =>
  new CloudError({ kind: "Refused", code, message, scope: "cloud", anyKind: true, want: "mending" })

export const passingBy = (code: string, message: string): CloudError => new CloudError({ kind: "Transient", code, message })

/** The same error, and all that is known with it, but for what is said here. */
export const butFor = (error: CloudError, said: Partial<CloudError>): CloudError =>
  // An error's message is not among what is spread.
  new CloudError({ ...error, message: error.message, ...said })

/** Something may be there: that we may not ask, or not now, says nothing of it. */
export const later = (error: CloudError): CloudError => butFor(error, { kind: "Transient" })

/**
 * What was asked for is there, or may be (`what`), and who looks is refused for want of a right or of credentials: no other place is
 * better, and it is gone on with when they are back.
 */
export const unseen =
  (what: string) =>
  (error: CloudError): CloudError => {
    const { anyKind, message, scope, want } = error
    if (scope !== "cloud" || anyKind !== true || want !== undefined) return later(error)
    return butFor(later(error), { message: `${what}, and cannot be seen: ${message}`, goesOn: true })
  }
