/** Speaks just enough of the protocol to see what a client does: answers from a table, keeps what it was asked, drops when told. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface Asked {
  readonly id: number
  readonly method: string
  readonly params: Record<string, unknown>
  readonly requestId?: string
  readonly caller?: { readonly argv: ReadonlyArray<string> }
}

export interface Reply {
  readonly send: (type: string, data: object) => void
  readonly result: (value: unknown, more?: boolean) => void
  readonly fail: (tag: string, message: string, exitCode: number, fields?: object) => void
  readonly drop: () => void
}

export type Answers = Record<string, (asked: Asked, reply: Reply, nth: number) => void>

export interface FakeDaemon extends AsyncDisposable {
  readonly home: string
  readonly asked: Array<Asked>
  readonly greetings: Array<object>
  /** The ids of the requests that were detached from. */
  readonly left: Array<number>
}

/** What the nth greeting is met with. */
export type Greets = (nth: number) => "hello" | "silence" | "drop"

export const fakeDaemon = async (answers: Answers, build = "9.9.9+9", greets: Greets = () => "hello"): Promise<FakeDaemon> => {
  const home = mkdtempSync(join(tmpdir(), "sky-"))
  mkdirSync(join(home, "run"))
  const asked: Array<Asked> = []
  const greetings: Array<object> = []
  const left: Array<number> = []
  const sockets = new Set<Socket>()
  const hear = (socket: Socket, type: string, data: Asked) => {
    const send = (type: string, data: object) => void socket.write(`${JSON.stringify({ type, data })}\n`)
    if (type === "hello") {
      const met = greets(greetings.push(data))
      if (met === "drop") socket.destroy()
      if (met === "hello")
        send("hello", { protocol: { min: 1, max: 1 }, version: build.split("+")[0], build, pid: 1, log: "L", capabilities: [] })
      return
    }
    if (type === "detach") return void left.push(data.id)
    asked.push(data)
    const { id, method } = data
    const reply: Reply = {
      send: (type, more) => send(type, { id, ...more }),
      result: (value, more) => send("result", { id, at: 1, value, ...(more ? { more } : {}) }),
      fail: (tag, message, exitCode, fields = {}) => send("failure", { id, at: 1, error: { tag, message, hint: null, exitCode, fields } }),
      drop: () => socket.destroy()
    }
    const answer = answers[method]
    if (answer === undefined) reply.fail("ValueError", `no ${method} here`, 2)
    else answer(data, reply, asked.filter((other) => other.method === method).length)
  }
  const server = createServer((socket) => {
    let rest = ""
    sockets.add(socket)
    socket.on("error", () => {})
    socket.on("close", () => sockets.delete(socket))
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n")
      rest = lines.pop()!
      for (const line of lines) {
        if (socket.destroyed) return
        const { type, data } = JSON.parse(line) as { type: string; data: Asked }
        hear(socket, type, data)
      }
    })
  })
  await new Promise<void>((done) => server.listen(join(home, "run/sock"), done))
  return {
    home,
    asked,
    greetings,
    left,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => server.close(done))
      rmSync(home, { recursive: true, force: true })
    }
  }
}
