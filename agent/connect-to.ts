/** A connection to another node's agent: over a socket of this machine, or over ssh. */
import { connect } from "node:net"
import type { Duplex } from "node:stream"
import type { Peer } from "../sdk/agent/protocol.ts"
import { isElsewhere, type Ssh } from "./ssh.ts"

const connectHere = (path: string, signal: AbortSignal | undefined): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const socket = connect({ path, ...(signal && { signal }) })
    socket.on("error", reject)
    socket.once("connect", () => resolve(socket))
  })

/** `isLink`: the one that stays, and carries the others. Errors of a connection that stands are its end, and need no listener. */
export const connectTo = (peer: Peer, ssh: Ssh, signal?: AbortSignal, isLink = false): Promise<Duplex> =>
  isElsewhere(peer) ? ssh.connect(peer, isLink, signal) : connectHere(peer.socket, signal)
