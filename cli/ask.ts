/** A question before something is paid for or lost. Only on a terminal: elsewhere the flag is named, and nothing hangs. */

import { ClientError } from "../sdk/client/ClientError.ts"
import { exitCodes } from "../sdk/protocol/exit-codes.ts"
import { stderr } from "./out.ts"
import { usageError } from "./render/error.ts"

export const confirm = async (question: string, byDefault: boolean): Promise<void> => {
  if (!process.stdin.isTTY || !stderr.isTTY())
    throw usageError("This needs a confirmation, and there is no terminal to ask on.", "Say it beforehand: -y")
  const { createInterface } = await import("node:readline")
  const asker = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await new Promise<string>((done) => {
    asker.question(`${question} [${byDefault ? "Y/n" : "y/N"}] `, done)
    asker.once("SIGINT", () => {
      stderr.write("\n")
      process.exit(exitCodes.interrupted)
    })
    asker.once("close", () => done("n"))
  })
  asker.close()
  const said = answer.trim().toLowerCase()
  if (said === "" ? byDefault : said === "y" || said === "yes") return
  throw new ClientError("Declined", exitCodes.declined, "Nothing was changed.")
}
