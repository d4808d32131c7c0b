/** Login files of all kinds: what they print, how long they take, and what they set. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest"
import { connect } from "../../daemon/remote/connect.ts"
import { eventually } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { pair, startMachine } from "./ssh-pool.ts"
import type { SshMachine } from "./sshd.ts"

describeWithMachines("a login shell", () => {
  const key = join(mkdtempSync(join(tmpdir(), "key-")), "id")
  let machine: SshMachine
  beforeAll(async () => {
    writeFileSync(key, pair.private, { mode: 0o600 })
    machine = await startMachine()
  }, 60_000)
  afterAll(() => machine.end())

  /** With this as its ~/.bashrc. */
  const login = async (text: string) => {
    const file = join(machine.home, ".bashrc")
    writeFileSync(file, text)
    const connection = await connect(machine.target({ identityFiles: [key] }))
    onTestFinished(() => {
      connection.close()
      rmSync(file)
    })
    return connection
  }
  const left = (name: string) => machine.inside(`pgrep -x ${name} || true`).trim()

  it("that does not come to our script is said to be that, and ended", async () => {
    const connection = await login("echo Welcome; exec sleep 1000\n")
    const words = "lets us in, and its shell does not come to what we ask of it within 13 s: Welcome"
    const failed = { kind: "NoShell", message: expect.stringContaining(words) }
    const stream = await connection.open(["cat"])
    const broken = new Promise((done) => stream.once("error", done))
    await expect(connection.run("echo here")).rejects.toMatchObject(failed)
    expect(await broken).toMatchObject(failed)
    await eventually(() => left("sleep") === "")
  }, 60_000)

  it("that says no end of things is not heard out, and ended", async () => {
    const connection = await login("head -c 200000000 /dev/zero; yes\n")
    await expect(connection.run("echo here")).rejects.toMatchObject({
      kind: "NoShell",
      message: `${machine.hostname} lets us in, and its shell says more than we hear out before it comes to what we ask of it`
    })
    await eventually(() => left("head") + left("yes") === "")
  }, 60_000)

  it("whose umask takes everything from its user leaves us what we make", async () => {
    const connection = await login("umask 777\n")
    expect(await connection.run("mkdir made && echo x >made/file && cat made/file; rm -r made")).toMatchObject({ code: 0, stderr: "" })
  })
})
