/** `sky check`: which clouds can be used. Only the embedded one, so far. */

import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { stdout } from "../out.ts"
import { jsonLine } from "../render/json.ts"
import { isColoured, paint } from "../render/style.ts"
import { verb } from "../verb.ts"

export const check = verb("sky check", {}, async ({ json }) => {
  const word = paint("green", "enabled", isColoured(stdout))
  stdout.write(json ? jsonLine({ local: { enabled: true } }) : `local: ${word} (this machine)\n`)
  return exitCodes.ok
})
