/** What runs on a machine over a connection, whatever answers there: against an ssh2 server in this process and OpenSSH in namespaces. */
import { once } from "node:events"
import type { Duplex } from "node:stream"
import { text } from "node:stream/consumers"
import { describe, expect, it, onTestFinished } from "vitest"
import { KeptConnections } from "../../daemon/remote/KeptConnections.ts"
import { type MakeMachine, twoMachines, until } from "./remote-machines.ts"

/** Zombies are dead. */
const isAlive = "grep -qs '^State:[[:space:]]*[^ZX]' /proc/$pid/status"

/** Skipped where `lacks` says what is missing for it. */
export const remoteContract = (name: string, make: MakeMachine, lacks: string | null = null) =>
  describe.skipIf(lacks !== null)(name, () => {
    const { connected, failure, machine, target } = twoMachines(make)

    describe("a script", () => {
      it("gets its arguments and its input as they are, and answers code, stdout and stderr", async () => {
        const connection = await connected()
        const odd = `it's "$HOME" \\ \n; exit 9 #\u00e4\t!`
        const ran = await connection.run('printf "%s|" "$@"; cat; echo oops >&2; exit 3', { args: [odd, "", "-n"], input: "in\0put" })
        expect(ran).toMatchObject({ code: 3, signal: null, stderr: "oops\n", truncated: false })
        expect(ran.stdout.toString()).toBe(`${odd}||-n|in\0put`)
      })

      it("leaves to its input what comes after it, byte for byte", async () => {
        const input = Buffer.alloc(3_000_000, "0123456789abcdef\n")
        const { stdout } = await (await connected()).run(`# ${"x".repeat(20_000)}\ncat`, { input, maxOutput: 4_000_000 })
        expect(stdout.equals(input)).toBe(true)
      })

      it("says which signal ended it", async () => {
        expect(await (await connected()).run("kill -TERM $$")).toMatchObject({ code: null, signal: "SIGTERM" })
      })

      it("keeps so much of its output and no more", async () => {
        const ran = await (await connected()).run("printf 0123456789; printf abcdefghij >&2", { maxOutput: 4 })
        expect(ran).toMatchObject({ stderr: "abcd", truncated: true, code: 0 })
        expect(ran.stdout.toString()).toBe("0123")
      })

      it("that is given up is ended with all of its process group", async () => {
        const connection = await connected()
        const giveUp = new AbortController()
        const pids = `/tmp/pids-${process.pid}-${Math.random()}`
        const running = connection.run('sleep 1000 & echo $$ $! > "$1.new"; mv "$1.new" "$1"; wait', {
          args: [pids],
          signal: giveUp.signal
        })
        await until(async () => (await connection.run('test -e "$1"', { args: [pids] })).code === 0)
        giveUp.abort()
        await expect(running).rejects.toMatchObject({ kind: "Interrupted" })
        await until(
          async () => (await connection.run(`for pid in $(cat "$1"); do ${isAlive} && exit 1; done; rm "$1"`, { args: [pids] })).code === 0
        )
      })

      it("that is given up and stops at no TERM is killed", async () => {
        const connection = await connected()
        const giveUp = new AbortController()
        const deaf = `/tmp/deaf-${process.pid}-${Math.random()}`
        const running = connection.run(`trap '' TERM; > "$1"; while :; do sleep 1; done`, { args: [deaf], signal: giveUp.signal })
        await until(async () => (await connection.run('rm "$1"', { args: [deaf] })).code === 0)
        giveUp.abort()
        await expect(running).rejects.toMatchObject({ kind: "Interrupted" })
        await until(async () => !connection.isBusy)
      })
    })

    describe("a program", () => {
      it("is a stream in both directions, with its arguments as they are", async () => {
        const stream = await (await connected()).open(["sh", "-c", 'printf "%s\\n" "$1"; exec cat', "sh", "a 'b' $c"])
        stream.end("back and forth")
        expect(await text(stream)).toBe("a 'b' $c\nback and forth")
      })

      it("that fails is an error with its own words", async () => {
        const stream = await (await connected()).open(["sh", "-c", "echo 'no such thing' >&2; exit 4"])
        await expect(text(stream)).rejects.toMatchObject({
          kind: "CommandFailed",
          message: expect.stringContaining("ended with 4: no such thing")
        })
      })

      it("whose stream is destroyed is ended", async () => {
        const connection = await connected()
        const stream = await connection.open(["sh", "-c", "echo $$; exec sleep 1000"])
        const [pid] = await once(stream, "data")
        stream.destroy()
        await until(async () => (await connection.run(`pid=$1; ${isAlive}`, { args: [String(pid).trim()] })).code !== 0)
      })

      it("that ends well while more is written to it ends its stream, after all that it said", async () => {
        const connection = await connected()
        const stream = await connection.open(["sh", "-c", "echo said; sleep 0.2; exit 0"])
        stream.write(Buffer.alloc(8_000_000))
        let said = ""
        stream.on("data", (chunk) => (said += chunk))
        await once(stream, "close")
        expect(said).toBe("said\n")
        expect(connection.isBusy).toBe(false)
      })

      it("writes no more than is read", async () => {
        const stream = await (await connected()).open(["sh", "-c", "head -c 30000000 /dev/zero; echo end >&2"])
        await once(stream, "readable")
        let bytes = 0
        for await (const chunk of stream) bytes += (chunk as Buffer).length
        expect(bytes).toBe(30_000_000)
      })
    })

    describe("channels", () => {
      it("are eight at once, and the rest wait their turn", async () => {
        const connection = await connected()
        const ran = await Promise.all(Array.from({ length: 40 }, (_, n) => connection.run("sleep 0.02; echo $1", { args: [String(n)] })))
        expect(ran.map(({ stdout }) => Number(stdout))).toEqual(Array.from({ length: 40 }, (_, n) => n))
      })

      it.each([1, 2])("of a server that allows %i at once are as many", async (count) => {
        await machine().maxSessions(count)
        onTestFinished(() => machine().maxSessions(10))
        const connection = await connected()
        const ran = await Promise.all(Array.from({ length: 12 }, (_, n) => connection.run("echo $1", { args: [String(n)] })))
        expect(ran.map(({ stdout }) => Number(stdout))).toEqual(Array.from({ length: 12 }, (_, n) => n))
      })

      it("that streams hold keep nobody waiting: another connection is made", async () => {
        await machine().maxSessions(1)
        onTestFinished(() => machine().maxSessions(10))
        const kept = new KeptConnections()
        onTestFinished(() => kept.close())
        const stream: Duplex = await kept.use(target(), (connection) => connection.open(["cat"]))
        const [first, second] = await Promise.all(
          ["one", "two"].map((word) => kept.use(target(), (connection) => connection.run("echo $1", { args: [word] })))
        )
        expect(`${first!.stdout}${second!.stdout}`).toBe("one\ntwo\n")
        stream.end("still there")
        expect(await text(stream)).toBe("still there")
      })

      it("of a server that gives none are an error", async () => {
        await machine().maxSessions(0)
        onTestFinished(() => machine().maxSessions(10))
        await expect((await connected()).run("true")).rejects.toMatchObject({ kind: "NoShell" })
      })
    })

    describe("a machine that falls silent", () => {
      it("is found lost, and all that ran there fails with that", async () => {
        const connection = await connected(target(), { deadAfterMs: 600 })
        const stream = await connection.open(["cat"])
        const ended = expect(text(stream)).rejects.toMatchObject({ kind: "ConnectionLost" })
        const running = expect(connection.run("sleep 1000")).rejects.toMatchObject({
          kind: "ConnectionLost",
          message: expect.stringContaining("answers no more")
        })
        await machine().freeze()
        onTestFinished(() => machine().thaw())
        await Promise.all([ended, running])
        expect(connection.isOpen).toBe(false)
        await expect(connection.run("true")).rejects.toMatchObject({ kind: "ConnectionLost" })
      })

      it("is not waited for when it is connected to", async () => {
        await machine().freeze()
        onTestFinished(() => machine().thaw())
        expect(await failure(target(), { timeoutMs: 300 })).toMatchObject({
          kind: "NoAnswer",
          message: expect.stringContaining("within 0.3 s")
        })
      })
    })
  })
