/**
 * What an answer says of a request that is made again because the answer to it is missing: it may have been carried out. Pure.
 */
import type { CloudError } from "../clouds/Cloud.ts"
import { later } from "./errors.ts"

/**
 * A refusal of a first call is final. Of a second one only that which tells of the request itself (`tells`, by its code): any other is of
 * who asks now, and says nothing of what the first may have made.
 */
export const asAnswered =
  (wasUnsure: boolean, tells: (code: string) => boolean = () => false) =>
  (error: CloudError): CloudError =>
    wasUnsure && error.kind === "Refused" && !tells(error.code) ? later(error) : error
