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
import { showError } from "./render/error.ts"
import { type Verb, wantsJson } from "./verb.ts"

const hot = new Map<string, Verb>(Object.entries({ status, exec, logs, queue }))
const argv = process.argv.slice(2)
const ends = argv.indexOf("--")
const own = ends < 0 ? argv : argv.slice(0, ends)
const asksHelp = own.length === 0 || own.includes("--help") || own.includes("-h")

const run = async (): Promise<number> => {
  const [name = ""] = argv
  if (name === "--version" || name === "-v") {
    stdout.write(`sky ${version}\n`)
    return 0
  }
  if (asksHelp) return more().help(argv)
  return (hot.get(name) ?? more().findVerb(name, [...hot.keys()])).run(argv)
}

run()
  .catch((error: unknown) => showError(error, wantsJson(own)))
  .then((code) => process.exit(code))
