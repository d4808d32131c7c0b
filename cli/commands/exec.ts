/** `sky exec`: a job on a cluster that is UP. No setup, no new machines. */

import { commandLine } from "../../sdk/client/caller.ts"
import type { Task } from "../../task/Task.ts"
import { attach } from "../attach.ts"
import { more } from "../load.ts"
import { usageError } from "../render/error.ts"
import { commandName, loadEntrypoint } from "../task/entrypoint.ts"
import { taskOptions } from "../task/options.ts"
import { verb } from "../verb.ts"

const usage = "sky exec [-d] [--dryrun] [TASK FLAGS] CLUSTER FILE.yaml|COMMAND…"

export const exec = verb(
  usage,
  {
    ...taskOptions,
    "detach-run": { type: "boolean", short: "d" },
    dryrun: { type: "boolean" },
    down: { type: "boolean" }
  },
  async ({ flags, words, json, argv, connect }) => {
    const [clusterName, ...entrypoint] = words
    if (clusterName === undefined || entrypoint.length === 0) {
      throw usageError(clusterName === undefined ? "On which cluster?" : "What should run there?", `Usage: ${usage}`)
    }
    const draft = loadEntrypoint(entrypoint, more)
    const plain = draft.name === commandName && Object.keys(flags).every((flag) => !(flag in taskOptions))
    const task = plain ? (draft as Task) : more().applyFlags(draft, more().withoutMachine(flags, json))
    const params = { task, clusterName, lastUse: commandLine(argv), ...(flags.down ? { down: true } : {}) }
    const session = connect()
    if (flags.dryrun) return more().tryExec(session, params, json)
    return attach({
      session,
      method: "exec",
      params,
      json,
      detach: flags["detach-run"] === true,
      again: commandLine(argv),
      fate: flags.down && "goes after 1 idle minute"
    })
  }
)
