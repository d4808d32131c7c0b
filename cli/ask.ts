/** A question before something is paid for or lost. Only on a terminal: elsewhere the flag is named, and nothing hangs. */

import { ClientError } from "../sdk/client/ClientError.ts"
import { exitCodes } from "../sdk/protocol/exit-codes.ts"
import { stderr } from "./out.ts"
import { broken } from "./render/broken.ts"
import { usageError } from "./render/error.ts"

const triesMax = 3
const answers: Readonly<Record<string, boolean>> = { y: true, yes: true, n: false, no: false }

const declined = () => new ClientError("Declined", exitCodes.declined, "Declined", "Nothing was changed.")
const interrupted = () => new ClientError("Interrupted", exitCodes.interrupted, "Interrupted", "Nothing was changed.")

/** What is typed needs room too. */
const room = 4

interface Terminal {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
  readonly columns: number
}

/** Until the answer is one of the words we know. */
export const ask = async (question: string, byDefault: boolean, { input, output, columns }: Terminal): Promise<void> => {
  const { createInterface } = await import("node:readline")
  const asker = createInterface({ input, output, terminal: true })
  try {
    await new Promise<void>((agreed, refuse) => {
      const leave = (error: Error) => {
        output.write("\n")
        refuse(error)
      }
      asker.once("SIGINT", () => leave(interrupted()))
      asker.once("close", () => leave(declined()))
      const put = (text: string, tries: number): void => {
        const lines = broken(`${text} [${byDefault ? "Y/n" : "y/N"}]`, columns - room)
        const last = lines.at(-1)!
        for (const line of lines.slice(0, -1)) output.write(`${line}\n`)
        asker.question(`${last} `, (answer) => {
          const said = answer.trim().toLowerCase()
          const yes = said === "" ? byDefault : answers[said]
          if (yes) agreed()
          else if (yes === false || tries === 1) refuse(declined())
          else put("Please answer yes or no.", tries - 1)
        })
      }
      put(question, triesMax)
    })
  } finally {
    asker.removeAllListeners("close")
    asker.close()
  }
}

export const canAsk = (): boolean => process.stdin.isTTY && stderr.isTTY()

export const confirm = async (question: string, byDefault: boolean): Promise<void> => {
  if (!canAsk()) throw usageError("This needs a confirmation, and there is no terminal to ask on.", "Say it beforehand: -y")
  await ask(question, byDefault, { input: process.stdin, output: process.stderr, columns: stderr.columns() })
}
