/** What the daemon cannot answer yet, and says so. */
import { NotSupportedError } from "./exceptions.ts"

/** What clusters have cost. Not supported yet: rejects with `NotSupportedError`. */
export const costReport = async (): Promise<never> => {
  throw new NotSupportedError("costReport is not supported yet: no cloud of this version costs anything.")
}
