/**
 * What ssh2 can and does not let us: the only file that reaches beneath its interface. Its version is fixed, and the contract's tests
 * notice a change.
 */
import { createSecretKey, type KeyObject } from "node:crypto"
import type { Duplex } from "node:stream"
import type { Client, ClientChannel } from "ssh2"
import { type GcmCipher, lightGcm, type WayOut } from "./light-gcm.ts"

interface InsideChannel {
  readonly _client: { readonly _protocol: { readonly signal: (channel: number, name: string) => void } }
  readonly outgoing: { readonly id: number; readonly state: string }
}

/**
 * To the whole process group of a command, which is how sshd passes it on (since 7.9), where it passes it on at all. ssh2's own `signal`
 * does nothing once stdin has ended (mscdex/ssh2 #1510), and that is when a script runs.
 */
export const signalGroup = (channel: ClientChannel, name: "TERM" | "KILL"): void => {
  const { _client, outgoing } = channel as unknown as InsideChannel
  if (outgoing.state === "open" || outgoing.state === "eof") _client._protocol.signal(outgoing.id, name)
}

/**
 * Something came, so the machine lives. ssh2 counts only the answers to its own probes, and on a slow line these wait behind megabytes that
 * are on their way.
 */
export const isHeard = (client: Client): void => (client as unknown as { readonly _resetKA: () => void })._resetKA()

/**
 * ssh2 writes each packet in three pieces, and without delay each of them would be sent by itself. What is written in one turn goes out at
 * once.
 */
export const gathered = <A extends Duplex>(stream: A): A => {
  const write = stream.write.bind(stream) as (...args: ReadonlyArray<unknown>) => boolean
  const uncork = () => stream.uncork()
  stream.write = (...args: ReadonlyArray<unknown>) => {
    if (stream.writableCorked === 0) {
      stream.cork()
      process.nextTick(uncork)
    }
    return write(...args)
  }
  return stream
}

interface InsideProtocol {
  readonly _protocol: { readonly _cipher: Partial<GcmCipher>; readonly _decipher: { _decKey?: Buffer | KeyObject } }
}

/** From the login on its packets cost less. */
export const lighten = (client: Client, way: WayOut): void => {
  const { _cipher, _decipher } = (client as unknown as InsideProtocol)._protocol
  if (_decipher._decKey instanceof Buffer) _decipher._decKey = createSecretKey(_decipher._decKey)
  if (_cipher._encKey instanceof Buffer) Object.assign(_cipher, lightGcm(_cipher as GcmCipher, way))
}
