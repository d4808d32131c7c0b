/** Identity files: what each can be used for, and what is said of those that cannot. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { readIdentity } from "../../../daemon/remote/keys.ts"

const folder = mkdtempSync(join(tmpdir(), "keys-"))
const made = (name: string, ...flags: ReadonlyArray<string>) => {
  const file = join(folder, name)
  execFileSync("ssh-keygen", ["-q", "-f", file, ...flags])
  return file
}
const publicKey = (file: string) => Buffer.from(readFileSync(`${file}.pub`, "utf8").split(" ")[1]!, "base64")

describe("an identity file", () => {
  it.each([
    ["ed25519", []],
    ["ecdsa", []],
    ["rsa", []],
    ["rsa", ["-m", "PEM"]]
  ])("of type %s %j can be used", async (type, flags) => {
    const file = made(`plain-${type}-${flags.length}`, "-t", type, "-N", "", ...flags)
    const identity = await readIdentity(file)
    expect(identity).toMatchObject({ is: "ready", file })
    expect(identity.is === "ready" && identity.key.getPublicSSH().equals(publicKey(file))).toBe(true)
  })

  it.each([[["-t", "ed25519"]], [["-t", "rsa", "-m", "PEM"]]])("that is encrypted (%j) is known by its public half", async (flags) => {
    const file = made(`locked ${flags.length}`, "-N", "secret", ...flags)
    const why = `the key ${file} is encrypted: unlock it once with \`ssh-add '${file}'\`, and where the daemon was started without that agent: sky daemon restart`
    expect(await readIdentity(file)).toEqual({ is: "locked", file, publicKey: publicKey(file), why })
  })

  it("that is encrypted holds its public half itself, in OpenSSH's format", async () => {
    const file = made("alone", "-t", "ed25519", "-N", "secret")
    const half = publicKey(file)
    rmSync(`${file}.pub`)
    expect(await readIdentity(file)).toMatchObject({ is: "locked", publicKey: half })
  })

  it("whose public half alone is there names a key of the agent", async () => {
    const file = made("held", "-t", "ed25519", "-N", "")
    rmSync(file)
    expect(await readIdentity(file)).toMatchObject({ is: "locked", publicKey: publicKey(file), why: `the key ${file} does not exist` })
    expect(await readIdentity(`${file}.pub`)).toMatchObject({ is: "locked", publicKey: publicKey(file) })
  })

  it("that is none says so", async () => {
    const garbage = join(folder, "garbage")
    writeFileSync(garbage, "hello")
    expect(await readIdentity(garbage)).toMatchObject({
      is: "locked",
      publicKey: null,
      why: expect.stringContaining(`the key ${garbage} is of no use`)
    })
    expect(await readIdentity(folder)).toMatchObject({ is: "missing", why: `the key ${folder} is a folder, not a key` })
    expect(await readIdentity(join(folder, "none"))).toMatchObject({ is: "missing", why: `the key ${join(folder, "none")} does not exist` })
  })
})
