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

/** Something may be there: that we may not ask, or not now, says nothing of it. */
export const later = ({ code, message }: CloudError): CloudError => passingBy(code, message)

/**
 * What was asked for is there, or may be (`what`), and who looks is refused for want of a right or of credentials: no other place is
 * better, and it is gone on with when they are back.
 */
export const unseen =
  (what: string) =>
  (error: CloudError): CloudError => {
    const { anyKind, code, message, scope, want } = error
    if (scope !== "cloud" || anyKind !== true || want !== undefined) return later(error)
    return new CloudError({ kind: "Transient", code, message: `${what}, and cannot be seen: ${message}`, scope, anyKind, goesOn: true })
  }
