/** Login files of all kinds: what they print, how long they take, and what they set. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
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
  const login = async (lines: string) => {
    const file = join(machine.home, ".bashrc")
    writeFileSync(file, lines)
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

  it.each(["read -t 2 x; echo got\n", "head -c 30 >/dev/null\n"])(
    "whose login file reads what we send has nothing of it run, and is said to do so: %j",
    async (file) => {
      const connection = await login(file)
      const failed = {
        kind: "NoShell",
        message: expect.stringContaining("lets us in, and a login file there reads from the standard input")
      }
      const input = "touch ~/ran\n".repeat(500)
      await expect(connection.run("cat >/dev/null", { input })).rejects.toMatchObject(failed)
      const stream = await connection.open(["cat"])
      stream.write(input)
      await expect(new Promise((_, reject) => stream.once("error", reject))).rejects.toMatchObject(failed)
      expect(existsSync(join(machine.home, "ran"))).toBe(false)
    },
    60_000
  )

  it("whose login file reads all that there is is said to do so", async () => {
    const connection = await login("cat >/dev/null\n")
    const message = expect.stringContaining("a login file there reads from the standard input")
    await expect(connection.run("cat >/dev/null", { input: "here" })).rejects.toMatchObject({ kind: "NoShell", message })
  })

  it("that leaves something in the background which holds its output is heard to its end", async () => {
    const connection = await login("sleep 1000 &\n")
    const ran = await connection.run("head -c 3000000 /dev/zero; sleep 0.1; echo oops >&2; exit 3", { maxOutput: 4_000_000 })
    expect(ran).toMatchObject({ code: 3, stderr: "oops\n", truncated: false })
    expect(ran.stdout.length).toBe(3_000_000)
    expect(await text(await connection.open(["echo", "here"]))).toBe("here\n")
    await eventually(() => !connection.isBusy)
    machine.inside("pkill -x sleep")
  })

  it("that finds no programs finds the system's", async () => {
    const connection = await login("PATH=/nonexistent\n")
    expect(await connection.run("id -un")).toMatchObject({ code: 0, stdout: Buffer.from("node\n") })
  })

  it("keeps what it sets for Node from programs of ours", async () => {
    const connection = await login('export NODE_OPTIONS="--require /nonexistent.js" NODE_PATH=/nonexistent NODE_V8_COVERAGE=/tmp/cover\n')
    const [node, ...args] = ["node", "-e", "process.stdout.write(String(process.env.NODE_OPTIONS) + process.env.NODE_V8_COVERAGE)"]
    expect(await text(await connection.open([node!, ...args]))).toBe("undefinedundefined")
  })
})
