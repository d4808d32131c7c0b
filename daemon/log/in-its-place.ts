/** Whether what has a name of ours in the state folder is what belongs there. */
import { lstatSync, statSync } from "node:fs"
import { ValueError } from "../../sdk/protocol/errors.ts"

type Kind = "file" | "folder" | "socket"

/** Something has this name that is not what belongs there; a link counts as what it leads to. */
export const isOther = (path: string, belongs: Kind): boolean => {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return false
  const found = statSync(path, { throwIfNoEntry: false })
  return !(belongs === "file" ? found?.isFile() : belongs === "folder" ? found?.isDirectory() : found?.isSocket())
}

/** `what` belongs there. */
export const refuseOther = (path: string, belongs: Kind, what: string): void => {
  if (!isOther(path, belongs)) return
  throw new ValueError({
    message: `${path} is no ${belongs}, and ${what} there.`,
    hint: "Move it away, or set SKYD_HOME to another folder."
  })
}
