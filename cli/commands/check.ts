/** `sky check`: which clouds can be used. Only the embedded one, so far. */

import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { stdout } from "../out.ts"
import { jsonLine } from "../render/json.ts"
import { isColoured, paint } from "../render/style.ts"
import { atMost, verb } from "../verb.ts"

const usage = "sky check"

export const check = verb(usage, {}, async ({ words, json }) => {
  atMost(0, words, usage)
  const word = paint("green", "enabled", isColoured(stdout))
  stdout.write(json ? jsonLine({ local: { enabled: true } }) : `local: ${word} (this machine)\n`)
  return exitCodes.ok
})
