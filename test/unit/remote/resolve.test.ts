/** A host's name stands for what `ssh NAME` would take it for. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { resolve } from "../../../daemon/remote/resolve.ts"
import { proxyCommandOf } from "../../../daemon/remote/route.ts"
import { targetAt } from "../../fakes/ssh-keys.ts"

const home = mkdtempSync(join(tmpdir(), "home-"))
mkdirSync(join(home, ".ssh"))
writeFileSync(
  join(home, ".ssh/config"),
  `Host gpu
  HostName 10.1.2.3
  Port 2222
  User bob
  IdentityFile ~/.ssh/lab
  IdentityFile %d/%r.key
  HostKeyAlias gpu-key
  UserKnownHostsFile ~/.ssh/lab_hosts /dev/null
Host blanks
  UserKnownHostsFile "~/My Home/known_hosts" %d/x /dev/null
  GlobalKnownHostsFile none
Host behind
  ProxyJump carl@first:2200,gpu
Host second
  ProxyJump first
Host loop
  ProxyJump loop2
Host loop2
  ProxyJump loop
Host tunnel
  ProxyCommand nc -X 5 %h %p
  ProxyJump none
  IdentityAgent none
  IdentitiesOnly yes
Host elsewhere
  IdentityAgent ~/agent.sock
Match host special user dora
  Port 77
`
)
const env = { ...process.env, HOME: home, SSH_AUTH_SOCK: "/run/agent" }
const at = (name: string, overrides = {}) => resolve(name, overrides, { env })

describe("a host's name", () => {
  it("that is nobody's alias is the host", async () => {
    expect(await at("10.9.8.7")).toMatchObject({
      name: "10.9.8.7",
      host: "10.9.8.7",
      port: 22,
      user: userInfo().username,
      identityFiles: [],
      identitiesOnly: false,
      agent: "/run/agent",
      proxyJump: null,
      proxyCommand: null,
      hostKeyAlias: null
    })
  })

  it("may be known from a file with a blank in its path", async () => {
    expect((await at("blanks")).knownHosts).toEqual([join(home, "My Home/known_hosts"), join(home, "x"), "/dev/null"])
  })

  it("that is an alias is what ~/.ssh/config says", async () => {
    expect(await at("gpu")).toMatchObject({
      name: "gpu",
      host: "10.1.2.3",
      port: 2222,
      user: "bob",
      identityFiles: [`${home}/.ssh/lab`, `${home}/bob.key`],
      hostKeyAlias: "gpu-key",
      knownHosts: [`${home}/.ssh/lab_hosts`, "/dev/null", "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]
    })
  })

  it("is overridden by the pools file", async () => {
    const overrides = { user: "eve", port: 9, identityFiles: ["/k"], password: "p", hostKey: "ssh-ed25519 AAAA" }
    expect(await at("gpu", overrides)).toMatchObject({ ...overrides, host: "10.1.2.3", identitiesOnly: true })
    expect((await at("special", { user: "dora" })).port).toBe(77)
  })

  it("leads through the hosts before it, each as it is known itself", async () => {
    const { proxyJump } = await at("behind")
    expect(proxyJump).toMatchObject({ name: "gpu", host: "10.1.2.3", user: "bob", port: 2222 })
    expect(proxyJump?.proxyJump).toMatchObject({ host: "first", user: "carl", port: 2200, proxyJump: null })
    expect((await at("second")).proxyJump).toMatchObject({ host: "first", port: 22 })
  })

  it("whose jumps lead in a circle is refused", async () => {
    await expect(at("loop")).rejects.toMatchObject({ kind: "BadTarget", message: expect.stringContaining("jumps") })
  })

  it("has its proxy command and its agent", async () => {
    expect(await at("tunnel")).toMatchObject({ proxyCommand: "nc -X 5 %h %p", proxyJump: null, agent: null, identitiesOnly: true })
    expect((await at("elsewhere")).agent).toBe(`${home}/agent.sock`)
  })

  it("whose user ssh does not take is said to have that, not to be unknown", async () => {
    const message = "ssh does not take 'a b;c' for a user of gpu: remote username contains invalid characters"
    await expect(at("gpu", { user: "a b;c" })).rejects.toMatchObject({ kind: "BadTarget", message })
  })

  it.each(["-oProxyCommand=touch pwned", "a b", "a;b", ""])("'%s' is refused", async (name) => {
    await expect(at(name)).rejects.toMatchObject({ kind: "BadTarget" })
  })

  it("is taken as it is where OpenSSH's client is missing", async () => {
    const plain = (name: string) => resolve(name, { password: "p" }, { env, ssh: "no-such-program" })
    expect(await plain("gpu")).toMatchObject({
      host: "gpu",
      port: 22,
      password: "p",
      knownHosts: expect.arrayContaining([`${home}/.ssh/known_hosts`])
    })
    expect(await plain("bob@gpu")).toMatchObject({ host: "gpu", user: "bob" })
    expect(await plain("bob@[::1]:2222")).toMatchObject({ host: "::1", user: "bob", port: 2222 })
    expect(await plain("fe80::1")).toMatchObject({ host: "fe80::1", port: 22 })
    await expect(plain("-x")).rejects.toMatchObject({ kind: "BadTarget" })
    await expect(resolve("x\0y")).rejects.toMatchObject({ kind: "BadTarget" })
  })
})

describe("a proxy command", () => {
  it("has its tokens replaced", () => {
    const target = targetAt({ name: "alias", host: "10.0.0.1", port: 23, user: "bob", proxyCommand: "p %h:%p %r %n 100%% %Q" })
    expect(proxyCommandOf(target)).toBe("p 10.0.0.1:23 bob alias 100% %Q")
  })

  it.each([{ host: "$(touch x)" }, { user: "a`b`" }, { host: "-oX" }])("takes nothing that a shell would read: %o", (changes) => {
    expect(() => proxyCommandOf(targetAt({ ...changes, proxyCommand: "p %h %r" }))).toThrow("characters that a shell reads")
  })
})
