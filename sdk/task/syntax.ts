/** What is wrong with a text as YAML, before anybody asks for a task in it. Each with its line. */
import type { Document, LineCounter } from "yaml"
import type { ClientError } from "../client/ClientError.ts"
import { refuse } from "./refuse.ts"

/** Says what is wrong at a node. */
export type At = (node: unknown, message: string) => ClientError

export const refuseSyntax = (file: string, document: Document, lines: LineCounter) => {
  const lineOf = (offset: number) => `${file}, line ${lines.linePos(offset).line}`
  const [problem] = document.errors
  if (problem !== undefined) {
    const deep = problem.code === "RESOURCE_EXHAUSTION" && "it is nested too deeply: a task is a few levels deep."
    throw refuse(`${lineOf(problem.pos[0])}: ${deep || problem.message}`)
  }
  const odd = document.warnings.find(({ code }) => code === "TAG_RESOLVE_FAILED")
  if (odd !== undefined) {
    const tag = odd.message.replace(/^Unresolved tag: /, "").replace("tag:yaml.org,2002:", "!!")
    throw refuse(`${lineOf(odd.pos[0])}: unknown tag '${tag}'.`, "A task holds plain values: write it without the tag.")
  }
}
