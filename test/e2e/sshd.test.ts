/** The machines that tests of ssh stand on are what they say: each has what is its own, and can be cut off, powered off and booted. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest"
import { connect } from "../../daemon/remote/connect.ts"
import type { Target } from "../../daemon/remote/Target.ts"
import { slowLineTo } from "../fakes/slow-line.ts"
import { keyPair } from "../fakes/ssh-keys.ts"
import { describeWithMachines } from "./netns.ts"
import { SshMachine } from "./sshd.ts"

describeWithMachines("a machine", () => {
  const pair = keyPair()
  const key = join(mkdtempSync(join(tmpdir(), "key-")), "id")
  let one: SshMachine
  let two: SshMachine
  beforeAll(async () => {
    writeFileSync(key, pair.private, { mode: 0o600 })
    ;[one, two] = await Promise.all([SshMachine.start([pair]), SshMachine.start([pair])])
  })
  afterAll(async () => {
    await Promise.all([one?.end(), two?.end()])
  })

  const on = async (machine: SshMachine, changes: Partial<Target> = {}) => {
    const connection = await connect(machine.target({ identityFiles: [key], ...changes }), { deadAfterMs: 600, timeoutMs: 5000 })
    onTestFinished(() => connection.close())
    return connection
  }
  const ask = async (machine: SshMachine, script: string, changes: Partial<Target> = {}) =>
    (await (await on(machine, changes)).run(script)).stdout.toString().trim()
  const bootId = "cat /proc/sys/kernel/random/boot_id"

  it("has its own host name, boot id, home, user and processes", async () => {
    const look = `hostname; ${bootId}; whoami; pwd; ps -e | wc -l`
    const [first, second] = await Promise.all([one, two].map((machine) => ask(machine, look)))
    const [name, boot, user, home, processes] = first!.split("\n")
    expect([name, user, home]).toEqual([one.hostname, "node", "/home/node"])
    expect(Number(processes)).toBeLessThan(20)
    expect(second!.split("\n")[1]).not.toBe(boot)
    expect([hostname(), readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()]).not.toContain(boot)
    expect(hostname()).not.toBe(name)
    await ask(one, "echo mine > file")
    expect(readFileSync(join(one.home, "file"), "utf8")).toBe("mine\n")
    expect(await ask(two, "ls")).toBe("")
    expect(await ask(one, "id -u; pwd", { user: "root" })).toBe("0\n/root")
  })

  it("reaches the others", async () => {
    expect(await ask(one, `bash -c 'exec 3<>/dev/tcp/${two.address}/22; head -c 7 <&3'`)).toBe("SSH-2.0")
  })

  it("behind a slow line lives as long as something comes from it", async () => {
    const port = await slowLineTo(one.address, 22)
    const connection = await connect(one.target({ identityFiles: [key], host: "127.0.0.1", port }), { deadAfterMs: 2000 })
    onTestFinished(() => connection.close())
    expect((await connection.run("wc -c", { input: Buffer.alloc(3_000_000) })).stdout.toString().trim()).toBe("3000000")
  })

  it("that is cut off falls silent, and goes on when it is healed", async () => {
    const connection = await on(one)
    one.cut()
    await expect(connection.run("true")).rejects.toMatchObject({ kind: "ConnectionLost" })
    one.heal()
    expect(await ask(one, "echo back")).toBe("back")
  })

  it("that a jump host gets no answer from is not waited for", async () => {
    two.cut()
    onTestFinished(() => two.heal())
    const through = two.target({ identityFiles: [key], proxyJump: one.target({ identityFiles: [key] }) })
    await expect(connect(through, { timeoutMs: 1000 })).rejects.toMatchObject({ kind: "NoAnswer", machine: two.hostname })
  })

  it("that is powered off says nothing to anybody, and loses what ran; it boots with its files and another boot id", async () => {
    const before = await ask(two, bootId)
    await ask(two, "sleep 1234 > /dev/null 2>&1 & echo kept > file")
    const connection = await on(two)
    const running = expect(connection.run("sleep 1000")).rejects.toMatchObject({
      kind: "ConnectionLost",
      message: expect.stringContaining("answers no more")
    })
    await two.powerOff()
    await running
    await expect(connect(two.target({ identityFiles: [key] }), { timeoutMs: 300 })).rejects.toMatchObject({ kind: "NoAnswer" })
    await two.boot()
    const [boot, kept, ...left] = (await ask(two, `${bootId}; cat file; ps -e -o args | grep '[1]234'`)).split("\n")
    expect([boot === before, kept, left]).toEqual([false, "kept", []])
  })
})
