/** One question to another node's agent on a connection of its own, frames before the answer included. */
import type { Duplex } from "node:stream"
import type { Peer } from "../sdk/agent/protocol.ts"
import { connectTo } from "./connect-to.ts"
import { type Frame, readFrames, writeFrame } from "./frames.ts"
import type { Ssh } from "./ssh.ts"

type OnFrame = (frame: Frame) => Promise<void> | undefined

interface Question {
  readonly method: string
  readonly params: object
  /** What it answers resolves when the next frames are welcome. */
  readonly onFrame?: OnFrame
  readonly signal?: AbortSignal
}

const answerOn = (socket: Duplex, onFrame: OnFrame): Promise<unknown> =>
  new Promise((resolve, reject) => {
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
    readFrames(socket, read, () => socket.destroy())
    socket.on("close", () => reject(new Error("the connection ended")))
  })

/** Rejects when the connection breaks or the answer is a failure. */
export const ask = async (ssh: Ssh, peer: Peer, cluster: string, question: Question): Promise<unknown> => {
  const { method, params, onFrame = () => undefined, signal } = question
  const socket = await connectTo(peer, ssh, signal)
  const answer = answerOn(socket, onFrame)
  writeFrame(socket, "request", { id: "hello", method: "hello", params: { cluster, node: peer.node } })
  writeFrame(socket, "request", { id: "ask", method, params })
  return answer
}
