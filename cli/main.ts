/**
 * The client's entry. Four verbs are here, small and quick; all others, help and YAML are in more.cjs, loaded when asked for.
 * Nothing but node: modules may come in; a test holds the size and the list.
 */

import { version } from "../sdk/protocol/build.ts"
import { exec } from "./commands/exec.ts"
import { logs } from "./commands/logs.ts"
import { queue } from "./commands/queue.ts"
import { status } from "./commands/status.ts"
import { more } from "./load.ts"
import { stdout } from "./out.ts"
import { ownPart, type Verb } from "./verb.ts"

const hot = new Map<string, Verb>(Object.entries({ status, exec, logs, queue }))
const argv = process.argv.slice(2)
const own = argv.slice(0, ownPart(argv))

const run = async (): Promise<number> => {
  const [name = ""] = argv
  if (name === "--version" || name === "-v") {
    if (own.length > 1) return more().tellVersion(own)
    stdout.write(`sky ${version}\n`)
    return 0
  }
  if (own.length === 0 || name === "help" || own.includes("--help") || own.includes("-h")) return more().help(own)
  return (hot.get(name) ?? more().findVerb(name, [...hot.keys()])).run(argv)
}

run()
  .catch((error: unknown) => more().showError(error, more().wantsJson(own)))
  .then((code) => process.exit(code))
