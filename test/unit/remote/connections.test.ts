/** Kept connections, and machines with bad manners. */
import { once } from "node:events"
import { chmodSync, existsSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Duplex } from "node:stream"
import { text } from "node:stream/consumers"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { afterEach, describe, expect, it, onTestFinished } from "vitest"
import { Connections } from "../../../daemon/remote/Connections.ts"
import { connect } from "../../../daemon/remote/connect.ts"
import { type KeepOptions, KeptConnections } from "../../../daemon/remote/KeptConnections.ts"
import type { Target } from "../../../daemon/remote/Target.ts"
import { keyPair } from "../../fakes/ssh-keys.ts"
import type { SshServer } from "../../fakes/ssh-server.ts"
import { serverNow, to } from "./server.ts"

const keptNow = (options?: KeepOptions) => {
  const kept = new KeptConnections(options)
  onTestFinished(() => kept.close())
  return kept
}
const echo = (kept: KeptConnections, target: Target) => kept.use(target, (connection) => connection.run("echo here"))

describe("the connection to a machine", () => {
  it("is one, however many ask for it at once", async () => {
    const server = await serverNow()
    const kept = keptNow()
    await Promise.all(Array.from({ length: 20 }, () => echo(kept, to(server))))
    expect(server.connections).toBe(1)
  })

  it("is made anew when it was lost", async () => {
    const server = await serverNow()
    const kept = keptNow()
    const running = kept.use(to(server), (connection) => connection.run("echo 1; sleep 1000"))
    const lost = expect(running).rejects.toMatchObject({ kind: "ConnectionLost" })
    await kept.use(to(server), async (connection) => {
      await connection.run("true")
      server.cut()
    })
    await lost
    expect((await echo(kept, to(server))).code).toBe(0)
    expect(server.connections).toBe(2)
  })

  it("is not asked for a socket by who gave up while it was being made, and so is idle", async () => {
    const server = await serverNow()
    const kept = keptNow({ idleMs: 1 })
    const giveUp = new AbortController()
    const connection = await kept.use(to(server), async (one) => {
      giveUp.abort(new Error("enough"))
      await expect(one.dial("/nowhere.sock", giveUp.signal)).rejects.toThrow("enough")
      await expect(one.forward("127.0.0.1", server.port, giveUp.signal)).rejects.toThrow("enough")
      return one
    })
    await new Promise((closed) => connection.whenClosed(closed))
  })

  it("is closed when it was idle for long, and not while something runs", async () => {
    const server = await serverNow()
    const kept = keptNow({ idleMs: 1 })
    const stream = await kept.use(to(server), (connection) => connection.open(["cat"]))
    await echo(kept, to(server))
    const ended = kept.use(to(server), (connection) => new Promise((done) => connection.whenClosed(done)))
    expect(server.connections).toBe(1)
    stream.end()
    stream.resume()
    await ended
    expect((await echo(kept, to(server))).code).toBe(0)
    expect(server.connections).toBe(2)
  })

  it("that failed to be made fails for all who waited, and is asked for anew", async () => {
    const server = await serverNow()
    const kept = keptNow()
    server.knobs.refuseAuth = true
    const asked = await Promise.allSettled([1, 2, 3].map(() => echo(kept, to(server))))
    expect(asked.map((one) => one.status === "rejected" && one.reason.kind)).toEqual(Array(3).fill("PermissionDenied"))
    expect(server.connections).toBe(1)
    server.knobs.refuseAuth = false
    expect((await echo(kept, to(server))).code).toBe(0)
  })

  it("of first use is used by who pins its key, and by nobody who pins another", async () => {
    const server = await serverNow()
    const kept = keptNow()
    await echo(kept, to(server, { hostKey: null }))
    await echo(kept, to(server))
    expect(server.connections).toBe(1)
    const another = keyPair().public.split(" ").slice(0, 2).join(" ")
    await expect(echo(kept, to(server, { hostKey: another }))).rejects.toMatchObject({ kind: "HostKeyChanged" })
  })

  it("that failed for another key than ours is tried for our own", async () => {
    const server = await serverNow()
    const kept = keptNow()
    const pinned = to(server)
    server.changeHostKey()
    const asked = [pinned, pinned, to(server, { hostKey: null }), to(server), to(server, { hostKey: null })].map((target) =>
      echo(kept, target)
    )
    const kinds = (await Promise.allSettled(asked)).map((one) => (one.status === "rejected" ? one.reason.kind : one.value.code))
    expect(kinds).toEqual(["HostKeyChanged", "HostKeyChanged", 0, 0, 0])
    expect(server.connections).toBe(2)
  })

  it("to a machine that known_hosts has under another key than the pinned one is one, and kept", async () => {
    const server = await serverNow()
    const kept = keptNow()
    const known = join(server.home, "known_hosts")
    writeFileSync(known, `[${server.address}]:${server.port} ${server.hostKey}\n`)
    const another = keyPair().public.split(" ").slice(0, 2).join(" ")
    const target = to(server, { hostKey: another, knownHosts: [known] })
    for (let time = 0; time < 5; time++) expect((await echo(kept, target)).code).toBe(0)
    expect(server.connections).toBe(1)
  })

  it("to a jump host is shared by those behind it", async () => {
    const [jump, server] = [await serverNow(), await serverNow()]
    const kept = keptNow()
    const through = (name: string) => to(server, { name, proxyJump: to(jump, { name: "jump" }) })
    await Promise.all(["a", "b", "c"].map((name) => echo(kept, through(name))))
    expect([jump.connections, server.connections]).toEqual([1, 3])
  })

  it("waits for an answer that is slow, within its time", async () => {
    const server = await serverNow()
    server.knobs.firstAnswerDelayMs = 200
    await expect(connect(to(server), { timeoutMs: 50 })).rejects.toMatchObject({ kind: "NoAnswer" })
    const connection = await connect(to(server))
    connection.close()
    expect(connection.isOpen).toBe(false)
  })
})

describe("the daemon's connections", () => {
  const on = <A, E>(use: (connections: Connections["Service"]) => Effect.Effect<A, E>) =>
    Effect.runPromise(Effect.flatMap(Connections, use).pipe(Effect.provide(Connections.layer())))

  it("run scripts, open programs and tell the machine's key", async () => {
    const server = await serverNow()
    const seen = await on((connections) =>
      Effect.gen(function* () {
        const ran = yield* connections.run(to(server), 'cat > "$1"; cat "$1"', { args: ["file"], input: "text" })
        const stream = yield* connections.open(to(server), ["cat", "file"])
        const [chunk] = yield* Effect.promise(() => once(stream, "data"))
        return [ran.stdout.toString(), String(chunk), yield* connections.hostKey(to(server, { hostKey: null }))]
      })
    )
    expect(seen).toEqual(["text", "text", server.hostKey])
  })

  it("are closed with their scope, whatever runs there", async () => {
    const server = await serverNow()
    const closed = await on((connections) =>
      Effect.gen(function* () {
        const stream = yield* connections.open(to(server), ["cat"])
        return new Promise((done) => stream.once("error", done))
      })
    )
    expect(await closed).toMatchObject({ kind: "ConnectionLost" })
  })

  it("end what ran for one who was interrupted", async () => {
    const server = await serverNow()
    const began = join(server.home, "began")
    await on((connections) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(
          connections.run(to(server), "trap 'echo > ended; exit' TERM; echo > began; while :; do sleep 0.01; done")
        )
        while (!existsSync(began)) yield* Effect.sleep(10)
        yield* Fiber.interrupt(fiber)
        while (!existsSync(join(server.home, "ended"))) yield* Effect.sleep(10)
      })
    )
  })

  it("take an argument that no shell can for our defect, not the machine's", async () => {
    const server = await serverNow()
    const exit = await on((connections) => Effect.exit(connections.run(to(server), "true", { args: ["\0"] })))
    expect(Exit.isFailure(exit) && exit.cause.reasons.map(({ _tag }) => _tag)).toEqual(["Die"])
  })

  it("are one more for each who follows where a server allows one session, and leave room for work", async () => {
    const server = await serverNow()
    server.knobs.maxSessions = 1
    const kept = keptNow()
    const follow = () => kept.use(to(server), (connection) => connection.open(["cat"]), "lasts")
    const followers: Array<Duplex> = []
    const refused = await (async () => {
      for (;;) followers.push(await follow())
    })().catch((error) => error)
    expect(refused).toMatchObject({ kind: "ChannelsTaken", message: expect.stringContaining("end one of them first") })
    expect(followers.length).toBe(24)
    expect((await echo(kept, to(server))).stdout.toString()).toBe("here\n")
    const sending = await kept.use(to(server), (connection) => connection.open(["cat"]))
    sending.end("sent")
    expect(await text(sending)).toBe("sent")
    await expect(follow()).rejects.toMatchObject({ kind: "ChannelsTaken" })
    followers.pop()!.end()
    await expect
      .poll(() =>
        follow().then(
          () => "followed",
          ({ kind }) => kind
        )
      )
      .toBe("followed")
  }, 30_000)
})

describe("a machine", () => {
  let folder = ""
  const shell = (text: string) => {
    folder = mkdtempSync(join(tmpdir(), "shell-"))
    const path = join(folder, "shell")
    writeFileSync(path, `#!/bin/sh\n${text}\n`)
    chmodSync(path, 0o755)
    return path
  }
  afterEach(() => {
    folder = ""
  })
  const connected = async (server: SshServer) => {
    const connection = await connect(to(server))
    onTestFinished(() => connection.close())
    return connection
  }

  it("whose login files print is heard all the same", async () => {
    const server = await serverNow()
    server.knobs.shell = shell('echo "Welcome to the lab!"; head -c 100000 /dev/zero; exec /bin/sh "$@"')
    const connection = await connected(server)
    expect((await connection.run("echo one; cat", { input: "two" })).stdout.toString()).toBe("one\ntwo")
    const [chunk] = await once(await connection.open(["echo", "three"]), "data")
    expect(String(chunk)).toBe("three\n")
  })

  it("that lets nobody have a shell is told with its words", async () => {
    const server = await serverNow()
    server.knobs.shell = shell('echo "This account is currently not available."; exit 1')
    const connection = await connected(server)
    const error = { kind: "NoShell", message: "box lets us in and runs nothing for us: This account is currently not available." }
    await expect(connection.run("true")).rejects.toMatchObject(error)
    await expect(once(await connection.open(["true"]), "close")).rejects.toMatchObject(error)
  })

  it("that refuses commands is told", async () => {
    const server = await serverNow()
    server.knobs.refuseExec = true
    await expect((await connected(server)).run("true")).rejects.toMatchObject({ kind: "NoShell" })
  })
})
