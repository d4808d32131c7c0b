/**
 * One verb of the command line: what it takes and what it does. `run` returns the exit code; what it throws is shown and becomes one.
 * Declarations only, no descriptions: those are in help.ts, off the hot path.
 */

import type { ParseArgsOptionsConfig, parseArgs } from "node:util"
import { caller } from "../sdk/client/caller.ts"
import { openSession, type Session, type SessionOptions } from "../sdk/client/Session.ts"
import { more } from "./load.ts"
import { stdout } from "./out.ts"
import { usageError } from "./render/error.ts"
import { isColoured } from "./render/style.ts"
import type { Screen } from "./render/table.ts"

const common = { output: { type: "string", short: "o", default: "table" }, help: { type: "boolean", short: "h" } } as const

type Parsed<O extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ args: Array<string>; options: O & typeof common; allowPositionals: true; strict: true }>
>

export interface Input<O extends ParseArgsOptionsConfig> {
  readonly flags: Parsed<O>["values"]
  readonly words: Array<string>
  readonly json: boolean
  /** The whole command line after `sky`, its secrets struck out. */
  readonly argv: ReadonlyArray<string>
  readonly connect: (options?: Partial<SessionOptions>) => Session
}

export interface Verb {
  readonly usage: string
  readonly options: ParseArgsOptionsConfig
  readonly run: (argv: ReadonlyArray<string>) => Promise<number>
}

/** The flags of launch and exec whose value is the next word; a test holds them against what is parsed. */
const takesWord = /^-(-(?!(no-[a-z-]+|use-spot|detach-\w+|dryrun|down|yes|all|retry-until-up|help)$)[a-z-]+|[a-z]*[nciot])$/

/**
 * How many words of a command line are ours. A command that launch or exec is to run begins at its first word, and what follows is
 * its own. A task file and a command in quotes are whole, so that flags may follow them.
 */
export const ownPart = (argv: ReadonlyArray<string>): number => {
  let words = argv[0] === "exec" ? 2 : argv[0] === "launch" ? 1 : 0
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i]!
    if (word === "--") return i
    if (words > 0 && takesWord.test(word)) i++
    else if (word[0] !== "-" && --words === 0 && !/\s|\.ya?ml$/i.test(word)) return i
  }
  return argv.length
}

/** What may be a secret: redact.ts looks closer. */
const mayBeSecret = /(TOKEN|SECRET|PASSW|KEY|CRED)\w*=|^--secret/i

export const verb = <const O extends ParseArgsOptionsConfig>(
  usage: string,
  options: O,
  run: (input: Input<O>) => Promise<number>
): Verb => {
  const all = { ...options, ...common }
  return {
    usage,
    options: all,
    run: async (argv) => {
      let parsed: Parsed<O>
      try {
        const args = argv.slice(1)
        const ends = ownPart(argv)
        if (ends < argv.length && argv[ends] !== "--") args.splice(ends - 1, 0, "--")
        // Without a flag there is nothing to parse, and the parser takes half a millisecond.
        parsed = args.some((word) => word.startsWith("-"))
          ? (process.getBuiltinModule("node:util").parseArgs({ args, options: all, allowPositionals: true, strict: true }) as Parsed<O>)
          : ({ values: { output: "table" }, positionals: args } as unknown as Parsed<O>)
      } catch (error) {
        throw more().explainFlags(error as NodeJS.ErrnoException, usage, Object.keys(all))
      }
      const { output } = parsed.values as { output: string }
      if (output !== "json" && output !== "table") throw usageError(`Unknown output '${output}'.`, "Use: -o table, -o json")
      const shown = argv.some((word) => mayBeSecret.test(word)) ? more().redact(argv) : argv
      let session: Session | undefined
      const connect = (settings: Partial<SessionOptions> = {}) => {
        if (session === undefined) {
          session = openSession({ rare: () => more().rare, caller: () => caller(shown), ...settings })
          // However we end: done, interrupted, or with nobody who reads us.
          process.once("exit", session.close)
        }
        return session
      }
      try {
        return await run({ flags: parsed.values, words: parsed.positionals, json: output === "json", argv: shown, connect })
      } catch (error) {
        throw await more().explain(error, session, argv[0])
      }
    }
  }
}

export const screen = (): Screen => ({
  width: stdout.isTTY() ? stdout.columns() : undefined,
  colour: isColoured(stdout)
})

/** No more words than a verb takes. */
export const atMost = (count: number, words: ReadonlyArray<string>, usage: string): void => {
  if (words.length > count) throw usageError(`Unexpected argument '${words[count]}'.`, `Usage: ${usage}`)
}
