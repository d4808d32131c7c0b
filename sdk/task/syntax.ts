/** What is wrong with a text as YAML, before anybody asks for a task in it. Each with its line. */
import type { Document, LineCounter, Node } from "yaml"
import type { ClientError } from "../client/ClientError.ts"
import { refuse } from "./refuse.ts"
import { isAtSecret } from "./secret-place.ts"

/** Says what is wrong at a node; nothing that `repeats` what stands there, if that may be a secret. */
export type At = (node: unknown, message: string, repeats?: "repeats") => ClientError

export interface Text {
  readonly file: string
  readonly text: string
  readonly lines: LineCounter
}

export const needsQuotes = "text that begins with !, *, &, |, >, %, @ or ` needs quotes."

const refuseAt = ({ file, lines }: Text, offset: number, message: string, hint?: string) =>
  refuse(`${file}, line ${lines.linePos(offset).line}: ${message}`, hint)

/** What stands there cannot be read as it was meant, so nobody knows how much of it the message would repeat. */
const refuseUnread = (whole: Text, offset: number, message: string, hint?: string) =>
  isAtSecret(whole.text, offset)
    ? refuseAt(whole, offset, `this is no value, and not shown, for it may be a secret: ${needsQuotes}`)
    : refuseAt(whole, offset, message, hint)

export const makeAt =
  (whole: Text): At =>
  (node, message, repeats) =>
    (repeats === undefined ? refuseAt : refuseUnread)(whole, (node as Node | null)?.range?.[0] ?? 0, message)

export const refuseSyntax = (whole: Text, document: Document) => {
  const [problem] = document.errors
  if (problem !== undefined) {
    const deep = problem.code === "RESOURCE_EXHAUSTION" && "it is nested too deeply: a task is a few levels deep."
    throw refuseUnread(whole, problem.pos[0], deep || problem.message)
  }
  const odd = document.warnings.find(({ code }) => code === "TAG_RESOLVE_FAILED")
  if (odd !== undefined) {
    const tag = odd.message.replace(/^Unresolved tag: /, "").replace("tag:yaml.org,2002:", "!!")
    throw refuseUnread(whole, odd.pos[0], `unknown tag '${tag}'.`, "A task holds plain values: write it without the tag.")
  }
}
