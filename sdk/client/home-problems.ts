/** Where the account says that its home is, why a state folder cannot be used, each with a way on, and how a new one is made. */
import { lstatSync, mkdirSync, type Stats, statSync } from "node:fs"
import { userInfo } from "node:os"
import { dirname, isAbsolute } from "node:path"
import { exitCodes } from "../protocol/exit-codes.ts"
import { ClientError } from "./ClientError.ts"

const usage = (message: string, hint: string) => new ClientError("ValueError", exitCodes.usage, message, hint)

/** For a caller without HOME. An account may have no entry at all, as in a container. */
export const accountHome = (entry: () => { readonly homedir: string } = userInfo): string => {
  try {
    const { homedir } = entry()
    if (isAbsolute(homedir)) return homedir
  } catch {
    // Said below.
  }
  throw usage("HOME is not set, and your account names no home.", "Set SKYD_HOME to the folder that holds the state.")
}

export const explainSocket = (folder: string, maxBytes: number): ClientError =>
  usage(
    `The state folder ${folder} is too deep: the path of a socket in it is longer than ${maxBytes} bytes.`,
    "Set SKYD_HOME to a shorter path."
  )

export const explainFolder = (folder: string, found: Stats): ClientError =>
  found.isDirectory()
    ? usage(`The state folder ${folder} belongs to another user (uid ${found.uid}).`, "Set SKYD_HOME to a folder of your own.")
    : usage(`The state folder ${folder} is not a folder.`, "Set SKYD_HOME to another one.")

/** Why something cannot be written, for people. */
export const unwritten: Readonly<Record<string, string>> = {
  EACCES: "you may not write there",
  EPERM: "you may not write there",
  EROFS: "nothing can be written there",
  ENOTDIR: "a part of its path is a file",
  EEXIST: "a part of its path is a file",
  ENOENT: "no folder can be made there",
  ENOSPC: "no space is left",
  ENAMETOOLONG: "a name in it is too long"
}

const isDangling = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false }) === undefined && (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false)

/** One by one: `recursive` never returns where a file system, such as /proc, says that what it was told to make is not there. */
const makeOne = (folder: string): void => {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  const parent = dirname(folder)
  if (parent !== folder) makeOne(parent)
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (cause) {
    // Another client may have been quicker.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw cause
  }
}

/** Only its owner may look inside. */
export const makeFolder = (folder: string): void => {
  try {
    makeOne(folder)
  } catch (cause) {
    const { code = "", message, path = "" } = cause as NodeJS.ErrnoException
    const reason = isDangling(path) ? `${path} is a link to what does not exist` : (unwritten[code] ?? message)
    const said = `The state folder ${folder} cannot be made: ${reason}.`
    const hint = "Set SKYD_HOME to a folder that you can write to."
    throw code === "ENOSPC" ? new ClientError("RuntimeError", exitCodes.capacity, said, `Free some space. ${hint}`) : usage(said, hint)
  }
}
