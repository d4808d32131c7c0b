/** A real daemon for one test: started from its bundle in a state folder of its own, asked over its socket, ended and removed. */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const program = resolve(import.meta.dirname, "../../dist/skyd.cjs")

export interface TestDaemon {
  readonly home: string
  /** Writes the bytes, ends its side, and reads until the daemon ends its own: what `nc -U -N` does. */
  readonly exchange: (bytes: string) => Promise<string>
  readonly end: () => Promise<void>
  /** After a request has ended it. */
  readonly remove: () => Promise<void>
}

const request = (method: string, params: object) => `${JSON.stringify({ type: "request", data: { id: method, method, params } })}\n`

export const startDaemon = async (): Promise<TestDaemon> => {
  const home = mkdtempSync(join(tmpdir(), "skyd-docs-"))
  const child = spawn(process.execPath, [program, "run", "--home", home, "--ready-fd", "3"], {
    stdio: ["ignore", "ignore", "inherit", "pipe"]
  })
  const ended = new Promise<void>((done) => child.once("exit", () => done()))
  const ready = await new Promise<string>((done) => {
    let text = ""
    child.stdio[3]!.on("data", (chunk: Buffer) => {
      text += chunk
      if (text.includes("\n")) done(text)
    })
    child.stdio[3]!.on("close", () => done(text))
  })
  if (!ready.includes('"ok":true')) throw new Error(`The daemon does not start: ${ready}`)
  const exchange = (bytes: string): Promise<string> =>
    new Promise((done, fail) => {
      let text = ""
      const socket = connect({ path: join(home, "run/sock"), allowHalfOpen: true }, () => socket.end(bytes))
      socket.setEncoding("utf8")
      socket.on("data", (chunk: string) => {
        text += chunk
      })
      socket.on("end", () => done(text))
      socket.on("error", fail)
    })
  const end = async () => {
    const [, names = ""] = /"clusters":(.*),"notFound"/.exec(await exchange(request("status", {}))) ?? []
    for (const { name } of JSON.parse(names) as ReadonlyArray<{ name: string }>) await exchange(request("down", { clusterName: name }))
    child.kill("SIGTERM")
    await remove()
  }
  const remove = async () => {
    await ended
    rmSync(home, { recursive: true, force: true })
  }
  return { home, exchange, end, remove }
}
