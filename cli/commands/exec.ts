/**
 * `sky exec`: a job on a cluster that is UP. No setup, no new machines. A command without flags of its own is all that the hot path
 * knows; files and flags of a task are read in the lazy half.
 */

import type { ParseArgsOptionsConfig } from "node:util"
import { commandLine } from "../../sdk/client/caller.ts"
import type { Task } from "../../task/Task.ts"
import { attach } from "../attach.ts"
import { more } from "../load.ts"
import { usageError } from "../render/error.ts"
import { plainCommand } from "../task/entrypoint.ts"
import type { TaskFlags } from "../task/options.ts"
import { ownPart, type Verb, verb } from "../verb.ts"

const usage = "sky exec [-d] [--dryrun] [TASK FLAGS] CLUSTER FILE.yaml|COMMAND…"

const own = {
  "detach-run": { type: "boolean", short: "d" },
  dryrun: { type: "boolean" },
  down: { type: "boolean" }
} as const

export const execWith = (
  options: ParseArgsOptionsConfig,
  taskOf: (words: ReadonlyArray<string>, flags: TaskFlags, quiet: boolean) => Task
): Verb =>
  verb(usage, { ...options, ...own }, async ({ flags, words, json, argv, connect }) => {
    const [clusterName, ...entrypoint] = words
    if (clusterName === undefined || entrypoint.length === 0) {
      throw usageError(clusterName === undefined ? "On which cluster?" : "What should run there?", `Usage: ${usage}`)
    }
    const params = {
      task: taskOf(entrypoint, flags as TaskFlags, json),
      clusterName,
      lastUse: commandLine(argv),
      ...(flags.down ? { down: true } : {})
    }
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
  })

const quick = execWith({}, (words, _, quiet) => plainCommand(words) ?? more().taskForExec(words, {}, quiet))

export const exec: Verb = {
  ...quick,
  run: (argv) =>
    (argv.slice(0, ownPart(argv)).every((word) => !/^-(?!(d|o|-detach-run|-dryrun|-down|-output(=.*)?)$)/.test(word))
      ? quick
      : more().execTask
    ).run(argv)
}
