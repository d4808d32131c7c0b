/**
 * All that can go wrong between here and a machine, as a person would see it: one class, `kind` tells apart what a caller may do about it.
 */
import * as Schema from "effect/Schema"

const kinds = [
  /** The name does not resolve. */
  "NameUnknown",
  /** The machine is there; nothing listens at the port. */
  "ConnectionRefused",
  /** No answer within the time. */
  "NoAnswer",
  /** No way to its network. */
  "NoRoute",
  /** A jump host or a proxy command did not get us there. */
  "ProxyFailed",
  /** What answers does not speak ssh, or not ours. */
  "NotSsh",
  /** It does not let us in. */
  "PermissionDenied",
  /** A key cannot be used: encrypted, unreadable, missing. */
  "KeyUnusable",
  /** It is not the machine that it was, or somebody sits in between. Never gone past. */
  "HostKeyChanged",
  /** What was asked for names no machine. */
  "BadTarget",
  /** The connection was there and is lost. */
  "ConnectionLost",
  /** Every channel of the connection is held by a stream. */
  "ChannelsTaken",
  /** It lets us in and runs nothing for us. */
  "NoShell",
  /** It has no Node that runs our agent, and we have none for it. */
  "NoNode",
  /** The server made no connection to a socket there: it makes none, or nobody listens. */
  "NotForwarded",
  /** The command ended and said that it failed. */
  "CommandFailed",
  /** The caller gave it up. */
  "Interrupted"
] as const
export type Kind = (typeof kinds)[number]

/** Passing troubles of a network or a machine: the same call may go well in a while. */
const passing: ReadonlyArray<Kind> = ["ConnectionRefused", "NoAnswer", "NoRoute", "ProxyFailed", "ConnectionLost", "ChannelsTaken"]

/** When a machine is not reached, or does not do what it was asked over ssh. */
export class RemoteError extends Schema.TaggedError<RemoteError>()("RemoteError", {
  kind: Schema.Literals(kinds),
  /** The machine, as the user calls it. */
  machine: Schema.String,
  message: Schema.String
}) {
  get isPassing(): boolean {
    return passing.includes(this.kind)
  }
}

export const remoteError = (kind: Kind, { name }: { readonly name: string }, message: string) =>
  new RemoteError({ kind, machine: name, message })
