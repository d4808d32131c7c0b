/** Machines that somebody ends as they begin. Pure. */
import { CloudError } from "../clouds/Cloud.ts"

/** Who has ended one wants no other in its place. `left`: of its gang. */
export const unwanted = (code: string, message: string, left: CloudError["left"] = []): CloudError =>
  new CloudError({ kind: "Refused", code, message, scope: "everywhere", anyKind: true, ...(left.length > 0 && { left }) })
