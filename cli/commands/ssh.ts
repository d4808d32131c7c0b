/** `sky ssh ls`: the machines of one's own pools, as they are now. */

import type { SshListAnswer } from "../../sdk/protocol/clouds.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { stdout } from "../out.ts"
import { usageError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { machinesTable } from "../render/machines.ts"
import { notify } from "../render/notify.ts"
import { atMost, screen, verb } from "../verb.ts"

const usage = "sky ssh ls [POOL]"

export const ssh = verb(usage, {}, async ({ words, json, connect }) => {
  const [what, pool = null] = words
  if (what !== "ls") throw usageError(what === undefined ? "What of your machines?" : `Unknown: ssh ${words.join(" ")}`, `Usage: ${usage}`)
  atMost(2, words, usage)
  const { machines, notices, warnings } = await connect().call<SshListAnswer>("ssh.list", { pool })
  notify([...(notices ?? []), ...warnings])
  stdout.write(json ? jsonLine(machines) : machinesTable(machines, screen()))
  return exitCodes.ok
})
