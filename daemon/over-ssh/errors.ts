/** What goes wrong with a machine, as any cloud tells it. */

import { CloudError } from "../clouds/Cloud.ts"
import type { RemoteError } from "../remote/RemoteError.ts"

export const transient = (code: string, message: string) => new CloudError({ kind: "Transient", code, message })
export const refused = (code: string, message: string, want?: CloudError["want"]) =>
  new CloudError({ kind: "Refused", code, message, ...(want && { want }) })

/** A machine that does not answer may do so later, and what is done about it is the user's to say: never final. */
export const cloudErrorOf = ({ isPassing, kind, message }: RemoteError) =>
  new CloudError({ kind: "Transient", code: kind, message, unreached: isPassing })
