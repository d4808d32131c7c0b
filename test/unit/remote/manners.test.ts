/** What is spoken to on a machine, where its server is none of OpenSSH, hangs up at once, or stops listening. */
import { once } from "node:events"
import { mkdtempSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { describe, expect, it, onTestFinished } from "vitest"
import { connect } from "../../../daemon/remote/connect.ts"
import type { SshServer } from "../../fakes/ssh-server.ts"
import { serverNow, to } from "./server.ts"

const connectedTo = async (server: SshServer) => {
  const connection = await connect(to(server))
  onTestFinished(() => connection.close())
  return connection
}
const socketThat = async (say: string) => {
  const path = join(mkdtempSync(join(tmpdir(), "sock-")), "s")
  const server = createServer((socket) => socket.end(say)).listen(path)
  await once(server, "listening")
  onTestFinished(() => void server.close())
  return path
}
const never = new AbortController().signal

describe.each(["Tailscale", "Go", "Teleport", "libssh_0.9.6"])("a server that calls itself %s", (ident) => {
  it("connects to sockets where it can, and says so where it does not", async () => {
    const server = await serverNow()
    server.changeIdent(ident)
    const connection = await connectedTo(server)
    expect(await text(await connection.dial(await socketThat("an agent"), never))).toBe("an agent")
    server.knobs.allowSockets = false
    await expect((await connectedTo(server)).dial(await socketThat("an agent"), never)).rejects.toMatchObject({ kind: "NotForwarded" })
    expect((await connection.run("echo still there")).stdout.toString()).toBe("still there\n")
  })
})

describe("a connection that is lost with the start of a command", () => {
  it("fails what was started with that", async () => {
    const server = await serverNow()
    server.knobs.leaveAtExec = true
    await expect((await connectedTo(server)).run("true")).rejects.toMatchObject({ kind: "ConnectionLost" })
    const opened = (await connectedTo(server)).open(["true"]).then(() => "a stream")
    await expect(opened).rejects.toMatchObject({ kind: "ConnectionLost" })
  })
})

describe("an agent that ends a connection", () => {
  it("is read to its last word, however late", async () => {
    const connection = await connectedTo(await serverNow())
    const stream = await connection.dial(await socketThat("last words"), never)
    const gone = Promise.withResolvers<void>()
    connection.onChange = () => void (connection.isBusy || gone.resolve())
    await gone.promise
    expect(await text(stream)).toBe("last words")
  })
})
