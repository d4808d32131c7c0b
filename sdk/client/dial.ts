/** Gets a connection to the daemon of a state folder, starting it when nobody answers. */
import type { Socket } from "node:net"
import type { Home, Rare } from "./home.ts"

const connectTo = (path: string): Promise<Socket> =>
  new Promise((done, fail) => {
    const socket = process.getBuiltinModule("node:net").connect(path)
    socket.once("connect", () => done(socket.off("error", fail)))
    socket.once("error", fail)
  })

export const dial = async (home: Home, spawn: boolean, rare: Rare): Promise<Socket> => {
  for (let tries = 0; ; tries++) {
    try {
      return await connectTo(home.socket)
    } catch (error) {
      await rare().whenRefused(home, error as Error, spawn, tries)
    }
  }
}
