/** How a machine is reached and who it lets in, whatever answers there: against an ssh2 server in this process and OpenSSH in namespaces. */
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { fingerprint } from "../../daemon/remote/host-key.ts"
import { KeptConnections } from "../../daemon/remote/KeptConnections.ts"
import type { Target } from "../../daemon/remote/Target.ts"
import { keyPair } from "../fakes/ssh-keys.ts"
import { type MakeMachine, twoMachines } from "./remote-machines.ts"

/** Skipped where `lacks` says what is missing for it. */
export const remoteLoginContract = (name: string, make: MakeMachine, lacks: string | null = null) =>
  describe.skipIf(lacks !== null)(name, () => {
    const { connected, failure, folder, key, machine, other, target } = twoMachines(make)

    const lostAndHadAnew = async (to: Target, breakOff: () => Promise<void>) => {
      const kept = new KeptConnections()
      onTestFinished(() => kept.close())
      const stream = await kept.use(to, (connection) => connection.open(["cat"]))
      stream.write("there")
      expect(String((await once(stream, "data"))[0])).toBe("there")
      await breakOff()
      await expect(text(stream)).rejects.toMatchObject({ kind: "ConnectionLost" })
      const again = await kept.use(to, (connection) => connection.run("echo again"))
      expect(again.stdout.toString()).toBe("again\n")
    }

    describe("what cannot be reached is told in words", () => {
      it("nothing listens there", async () => {
        const taken = createServer().listen(0, "127.0.0.1")
        await once(taken, "listening")
        const { port } = taken.address() as { port: number }
        await new Promise((done) => taken.close(done))
        expect(await failure(target({ host: "127.0.0.1", port }))).toEqual({
          kind: "ConnectionRefused",
          message: `connection refused by ${target().name} (127.0.0.1:${port}): nothing listens there`
        })
      })

      it("the name does not resolve", async () => {
        const { kind, message } = await failure(target({ host: "no-such-host.invalid" }))
        expect(["NameUnknown", "NoRoute"]).toContain(kind)
        expect(message).toContain("no-such-host.invalid")
      })

      it("it speaks no ssh", async () => {
        const web = createServer((socket) => socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(
          0,
          "127.0.0.1"
        )
        onTestFinished(() => void web.close())
        await once(web, "listening")
        const { port } = web.address() as { port: number }
        const { kind, message } = await failure(target({ host: "127.0.0.1", port }))
        expect(kind).toBe("ConnectionLost")
        expect(message).toContain("closed the connection before the login: it said 'HTTP/1.1 400 Bad Request'")
      })
    })

    describe("the login", () => {
      const locked = join(folder, "id_locked")
      const stranger = join(folder, "id_stranger")
      beforeAll(async () => {
        execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "secret", "-C", "locked", "-f", locked])
        execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "stranger", "-f", stranger])
        await machine().authorize(execFileSync("ssh-keygen", ["-y", "-P", "secret", "-f", locked], { encoding: "utf8" }).trim())
      })

      const agent = async (...files: ReadonlyArray<string>): Promise<string> => {
        const socket = join(mkdtempSync(join(tmpdir(), "agent-")), "s")
        const child = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "ignore"] })
        onTestFinished(() => void child.kill())
        await once(child.stdout, "data")
        const answer = join(folder, "answer")
        writeFileSync(answer, "#!/bin/sh\necho secret\n")
        chmodSync(answer, 0o700)
        const env = { ...process.env, SSH_AUTH_SOCK: socket, SSH_ASKPASS: answer, SSH_ASKPASS_REQUIRE: "force", DISPLAY: ":0" }
        for (const file of files) execFileSync("ssh-add", ["-q", file], { env, stdio: "ignore" })
        return socket
      }

      it("that is refused names whom, and with which key", async () => {
        const to = target({ identityFiles: [stranger] })
        expect(await failure(to)).toEqual({
          kind: "PermissionDenied",
          message: `permission denied (publickey): ${to.user}@${to.name} (${to.host}:${to.port}) with the key ${stranger}`
        })
      })

      it("goes on to the next key", async () => {
        expect((await connected(target({ identityFiles: [stranger, key] }))).isOpen).toBe(true)
      })

      it("takes the password where no key does", async () => {
        await machine().password("it's a secret")
        onTestFinished(() => machine().password(null))
        expect((await connected(target({ identityFiles: [stranger], password: "it's a secret" }))).isOpen).toBe(true)
        const { kind, message } = await failure(target({ identityFiles: [stranger], password: "wrong" }))
        expect(kind).toBe("PermissionDenied")
        expect(message).toContain(`with the key ${stranger}, the password`)
        expect(message).not.toContain("wrong")
      })

      it("with an encrypted key names the file and says what to do", async () => {
        const { kind, message } = await failure(target({ identityFiles: [locked] }))
        expect(kind).toBe("KeyUnusable")
        expect(message).toContain(
          `The key ${locked} is encrypted: unlock it once with \`ssh-add ${locked}\`, and where the daemon was started without that agent: sky daemon restart.`
        )
      })

      it("with a key that is not there names the file", async () => {
        const { kind, message } = await failure(target({ identityFiles: [join(folder, "none")] }))
        expect(kind).toBe("KeyUnusable")
        expect(message).toContain(`The key ${join(folder, "none")} does not exist.`)
      })

      it("takes an encrypted key from the ssh-agent", async () => {
        const socket = await agent(stranger, locked)
        expect((await connected(target({ identityFiles: [locked], agent: socket }))).isOpen).toBe(true)
      })

      it("takes the agent's keys where none is named", async () => {
        const socket = await agent(stranger, key)
        expect((await connected(target({ identityFiles: [], identitiesOnly: false, agent: socket }))).isOpen).toBe(true)
      })

      it("goes on without an ssh-agent that is gone, and says so where nothing else is left", async () => {
        const gone = join(folder, "no-agent")
        expect((await connected(target({ agent: gone }))).isOpen).toBe(true)
        const to = target({ identityFiles: [stranger], agent: gone })
        expect((await failure(to)).message).toContain(`with the key ${stranger}. The ssh-agent at ${gone} does not answer.`)
      })

      it("says of an agent's keys that they were refused", async () => {
        const socket = await agent(stranger)
        const to = target({ identityFiles: [join(folder, "none")], identitiesOnly: false, agent: socket })
        expect((await failure(to)).message).toContain("with the agent's key 'stranger'")
      })
    })

    describe("the machine's key", () => {
      it("is seen on first use", async () => {
        expect((await connected(target({ hostKey: null }))).hostKey).toBe(machine().hostKey)
      })

      it("that is another than the pinned one stops it, with both", async () => {
        const before = machine().hostKey
        await machine().changeHostKey()
        const { kind, message } = await failure(target({ hostKey: before }))
        expect(kind).toBe("HostKeyChanged")
        expect(message).toContain(
          `${fingerprint(before)} (ssh-ed25519) is expected, ${fingerprint(machine().hostKey)} (ssh-ed25519) is shown`
        )
        expect((await connected()).hostKey).toBe(machine().hostKey)
      })

      it("is looked up in known_hosts on first use, hashed names too", async () => {
        const { host, port } = target()
        const file = join(folder, "known_hosts")
        const line = (hostKey: string) => `${port === 22 ? host : `[${host}]:${port}`} ${hostKey}\n`
        writeFileSync(file, line(machine().hostKey))
        execFileSync("ssh-keygen", ["-q", "-H", "-f", file], { stdio: "ignore" })
        expect((await connected(target({ hostKey: null, knownHosts: [file] }))).isOpen).toBe(true)
        writeFileSync(file, line(keyPair().public))
        const { kind, message } = await failure(target({ hostKey: null, knownHosts: [file] }))
        expect(kind).toBe("HostKeyChanged")
        expect(message).toContain(`${file}, line 1`)
        expect(message).toContain("ssh-keygen -R")
      })
    })

    describe("through another machine", () => {
      const hop = (changes: Partial<Target> = {}) => other().target({ name: "hop", identityFiles: [key], ...changes })

      it("it is reached", async () => {
        const through = await connected(target({ proxyJump: hop() }))
        expect((await through.run("echo here")).stdout.toString()).toBe("here\n")
      })

      it("several share one connection to it", async () => {
        const kept = new KeptConnections()
        onTestFinished(() => kept.close())
        const seen = await Promise.all(
          ["root-a", "root-b"].map((name) =>
            kept.use(target({ name, proxyJump: hop() }), (connection) => connection.run('echo "$SSH_CONNECTION" "$PPID"'))
          )
        )
        expect(seen.map(({ code }) => code)).toEqual([0, 0])
      })

      it("its failure is told as that of the jump", async () => {
        await other().allowForwarding(false)
        onTestFinished(() => other().allowForwarding(true))
        expect(await failure(target({ proxyJump: hop() }))).toMatchObject({
          kind: "ProxyFailed",
          message: expect.stringContaining("hop does not let us through")
        })
        expect(await failure(target({ proxyJump: hop({ identityFiles: [join(folder, "id_stranger")] }) }))).toMatchObject({
          kind: "PermissionDenied"
        })
      })

      it("that is lost, it is lost too", async () => {
        const through = await connected(target({ proxyJump: hop() }), { deadAfterMs: 600 })
        const running = expect(through.run("sleep 1000")).rejects.toMatchObject({ kind: "ConnectionLost" })
        await other().freeze()
        onTestFinished(() => other().thaw())
        await running
      })

      it("that ends the connection, it is lost and had anew", () =>
        lostAndHadAnew(target({ proxyJump: hop() }), () => machine().breakOff()))

      it("that ends the connection before the login is not waited for", async () => {
        // This machine, as both see it.
        const host = target().host.replace(/\d+$/, "1")
        const busy = createServer((socket) => socket.on("error", () => undefined).end()).listen(0, host)
        onTestFinished(() => void busy.close())
        await once(busy, "listening")
        const { port } = busy.address() as { port: number }
        expect(await failure(target({ host, port, proxyJump: hop() }), { timeoutMs: 600_000 })).toMatchObject({
          kind: "ConnectionLost",
          message: expect.stringContaining("closed the connection before the login")
        })
      })
    })

    describe("by a proxy command", () => {
      it("it is reached", async () => {
        const { host, port } = target()
        const through = await connected(target({ proxyCommand: "nc %h %p" }))
        expect((await through.run("echo here")).stdout.toString()).toBe("here\n")
        expect((await connected(target({ host: "elsewhere", proxyCommand: `nc ${host} ${port}` }))).isOpen).toBe(true)
      })

      it("that fails, its own words are told", async () => {
        expect(await failure(target({ proxyCommand: "sh -c 'echo no tunnel today >&2; exit 7'" }))).toEqual({
          kind: "ProxyFailed",
          message: `the proxy command of ${target().name} failed: no tunnel today; it ended with 7`
        })
      })

      it("that ends, it is lost and had anew", async () => {
        const pid = join(folder, "pid")
        const proxyCommand = `sh -c 'echo $$ >${pid}; exec nc %h %p'`
        await lostAndHadAnew(target({ proxyCommand }), async () => void process.kill(Number(readFileSync(pid, "utf8"))))
        await lostAndHadAnew(target({ proxyCommand }), () => machine().breakOff())
      })

      it("a name with what a shell reads is refused", async () => {
        expect((await failure(target({ host: "a;touch b", proxyCommand: "nc %h %p" }))).kind).toBe("BadTarget")
      })
    })
  })
