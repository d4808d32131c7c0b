/** Signals to what runs on a channel. A server sends them to the whole process group of the command (sshd since 7.9), where it sends them at all. */
import type { ClientChannel } from "ssh2"

interface Inside {
  readonly _client: { readonly _protocol: { readonly signal: (channel: number, name: string) => void } }
  readonly outgoing: { readonly id: number; readonly state: string }
}

/** ssh2's own `signal` does nothing once stdin has ended (mscdex/ssh2 #1510), which is when a script runs: so the message is sent from beneath it. */
export const signalGroup = (channel: ClientChannel, name: "TERM" | "KILL"): void => {
  const { _client, outgoing } = channel as unknown as Inside
  if (outgoing.state === "open" || outgoing.state === "eof") _client._protocol.signal(outgoing.id, name)
}
