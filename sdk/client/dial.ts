/** Gets a connection to the daemon of a state folder, starting it when nobody answers. */
import type { Socket } from "node:net"
import type { Home, Rare } from "./home.ts"

/** Tries after a start: the daemon that answered may be on its way out already. */
const triesAfterStart = 3

const connectTo = (path: string): Promise<Socket> =>
  new Promise((done, fail) => {
    const socket = process.getBuiltinModule("node:net").connect(path)
    socket.once("connect", () => done(socket.off("error", fail)))
    socket.once("error", fail)
  })

export const isNobody = (error: unknown) => ["ENOENT", "ENOTDIR", "ECONNREFUSED"].includes((error as NodeJS.ErrnoException).code ?? "")

export const dial = async (home: Home, spawn: boolean, rare: Rare): Promise<Socket> => {
  for (let tries = 0; ; tries++) {
    try {
      return await connectTo(home.socket)
    } catch (error) {
      if (!spawn || tries > triesAfterStart || !isNobody(error)) throw rare().explainDial(home, error as Error, spawn)
      await rare().startDaemon(home)
    }
  }
}
