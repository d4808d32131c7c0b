/** One question to another node's agent on a connection of its own, frames before the answer included. */
import { connect } from "node:net"
import type { Peer } from "../sdk/agent/protocol.ts"
import { type Frame, readFrames, writeFrame } from "./frames.ts"

/** Rejects when the connection breaks or the answer is a failure. `pause` resolves when the next frames are welcome. */
export const ask = (
  peer: Peer,
  cluster: string,
  method: string,
  params: object,
  onFrame: (frame: Frame) => Promise<void> | undefined = () => undefined,
  signal?: AbortSignal
): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const socket = connect(peer.socket)
    const stop = () => socket.destroy()
    signal?.addEventListener("abort", stop)
    const read = (frame: Frame) => {
      if (frame.data.id === "hello" && frame.type !== "failure") return
      if (frame.type === "result") resolve(frame.data.value)
      else if (frame.type === "failure") reject(new Error((frame.data.error as { message: string }).message))
      else {
        const busy = onFrame(frame)
        if (busy !== undefined) socket.pause()
        busy?.then(() => socket.resume())
        return
      }
      socket.destroy()
    }
    readFrames(socket, read, stop)
    socket.on("connect", () => {
      writeFrame(socket, "request", { id: "hello", method: "hello", params: { cluster, node: peer.node } })
      writeFrame(socket, "request", { id: "ask", method, params })
    })
    socket.on("error", () => {})
    socket.on("close", () => {
      signal?.removeEventListener("abort", stop)
      reject(new Error(`the agent of node ${peer.rank} does not answer`))
    })
  })
