/** Why a state folder cannot be used, each with a way on. And how a new one is made. */
import { mkdirSync, type Stats } from "node:fs"
import { exitCodes } from "../protocol/exit-codes.ts"
import { ClientError } from "./ClientError.ts"

const usage = (message: string, hint: string) => new ClientError("ValueError", exitCodes.usage, message, hint)

export const explainSocket = (socket: string, maxBytes: number): ClientError =>
  usage(`The socket's path is longer than ${maxBytes} bytes: ${socket}`, "Set SKYD_HOME to a shorter folder.")

export const explainFolder = (folder: string, found: Stats): ClientError =>
  found.isDirectory()
    ? usage(`The state folder ${folder} belongs to another user (uid ${found.uid}).`, "Set SKYD_HOME to a folder of your own.")
    : usage(`The state folder ${folder} is not a folder.`, "Set SKYD_HOME to another one.")

/** Only its owner may look inside. */
export const makeFolder = (folder: string): void => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw usage(
      `The state folder ${folder} cannot be made: ${(cause as Error).message}`,
      "Set SKYD_HOME to a folder that you can write to."
    )
  }
}
