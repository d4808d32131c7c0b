/** `sky exec --dryrun`: whether the task fits, and nothing else. */
import type { Session } from "../../sdk/client/Session.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { Launched } from "../../sdk/protocol/launch.ts"
import { stderr, stdout } from "../out.ts"
import { jsonLine } from "../render/json.ts"

export const tryExec = async (session: Session, params: { readonly clusterName: string }, json: boolean): Promise<number> => {
  const launched = await session.call<Launched>("exec", { ...params, dryrun: true })
  if (json) stdout.write(jsonLine(launched))
  else stderr.write(`The task fits ${params.clusterName}. Nothing was run.\n`)
  return exitCodes.ok
}
