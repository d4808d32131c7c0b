/** What the daemon cannot answer yet, and says so. */
import { NotSupportedError } from "./exceptions.ts"

const refuse = async (what: string): Promise<never> => {
  throw new NotSupportedError(what)
}

/** What clusters have cost. Not supported yet: rejects with `NotSupportedError`. */
export const costReport = (): Promise<never> => refuse("costReport is not supported yet: no cloud of this version costs anything.")

/** The best place for a task. Not supported yet: rejects with `NotSupportedError`; `launch` with `dryrun` plans and prints. */
export const optimize = (): Promise<never> =>
  refuse("optimize is not supported yet: this version has one place to choose. launch with dryrun says whether a task fits it.")
