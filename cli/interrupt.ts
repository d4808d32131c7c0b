/** Ctrl-C while something goes on elsewhere: one sentence, exit 130. The work is not ours to end. */

import { exitCodes } from "../sdk/protocol/exit-codes.ts"
import { stderr } from "./out.ts"

/** Returns what takes the handler away again. */
export const onInterrupt = (say: () => string): (() => void) => {
  const leave = () => {
    process.off("SIGINT", leave)
    stderr.write(`${stderr.isTTY() ? "\r\x1b[K" : ""}${say()}\n`)
    process.exit(exitCodes.interrupted)
  }
  process.on("SIGINT", leave)
  return () => process.off("SIGINT", leave)
}
