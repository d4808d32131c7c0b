/** What is said of machines that cannot be had: what is wrong, and what to do. */
import { execFileSync } from "node:child_process"
import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { keyPair } from "../fakes/ssh-keys.ts"
import { Home } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { SshMachine } from "./sshd.ts"

describeWithMachines("a machine that cannot be had", () => {
  const pair = keyPair("user")
  let machine: SshMachine
  beforeAll(async () => {
    machine = await SshMachine.start([pair])
  }, 60_000)
  afterAll(() => machine.end())

  const homeWith = (pools: string, config = "") => {
    const home = new Home()
    chmodSync(home.file("id", pair.private), 0o600)
    mkdirSync(join(home.path, ".ssh"))
    writeFileSync(join(home.path, ".ssh/config"), config)
    mkdirSync(home.state, { mode: 0o700 })
    writeFileSync(join(home.state, "ssh_node_pools.yaml"), pools)
    return home
  }
  const pool = (name: string, key: string | null, hosts: ReadonlyArray<string>) =>
    `${name}:\n  user: node\n${key === null ? "" : `  identity_file: ../${key}\n`}  hosts: [${hosts.join(", ")}]\n`

  it("is said to be so with the reason and the way on", async () => {
    const { address } = machine
    const home = homeWith(
      pool("rack", "id", ["refused", "no-such-host.invalid", "jumped", "proxied"]) +
        pool("bare", null, [address]) +
        ["other", "locked", "missing"].map((key) => pool(key, key, [address])).join(""),
      `Host refused\n  HostName ${address}\n  Port 9\nHost jumped\n  HostName ${address}\n  ProxyJump hop\nHost hop\n  HostName ${address}\n  Port 9\n  IdentityFile ~/id\nHost proxied\n  HostName ${address}\n  ProxyCommand sh -c 'echo the gateway is closed >&2; exit 3'\n`
    )
    writeFileSync(join(home.path, "other"), keyPair("other").private, { mode: 0o600 })
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "secret", "-f", join(home.path, "locked")])
    const machines: ReadonlyArray<{ pool: string; host: string; status: string; reason: string }> = await home.json("ssh", "ls")
    expect(machines.every(({ status }) => status === "unreachable")).toBe(true)
    const said = Object.fromEntries(machines.map(({ host, pool, reason }) => [`${pool} ${host}`, reason.replaceAll(home.path, "~")]))
    const copy = "Let the key in with ssh-copy-id, or name another one or another user in the pools file"
    expect(said).toEqual({
      "rack refused": `connection refused by refused (${address}:9): nothing listens there. Start sshd there, or name its port as ssh_port`,
      "rack no-such-host.invalid":
        "the name no-such-host.invalid does not resolve. Mend the name in the pools file, or give it a Host in ~/.ssh/config",
      "rack jumped": `its jump host is not reached: connection refused by hop (${address}:9): nothing listens there. Start sshd there, or name its port as ssh_port`,
      "rack proxied": "the proxy command of proxied failed: the gateway is closed; it ended with 3",
      [`bare ${address}`]: `there is no key to log in to node@${address}:22 with. Name a key as identity_file in the pools file or in ~/.ssh/config, or add one to your ssh-agent`,
      [`other ${address}`]: `permission denied (publickey): node@${address}:22 with the key ~/other. ${copy}; a login shell that is not there is denied as well`,
      [`locked ${address}`]: `there is no key to log in to node@${address}:22 with. The key ~/locked is encrypted: unlock it once with \`ssh-add ~/locked\`, and where the daemon was started without that agent: sky daemon restart.`,
      [`missing ${address}`]: `there is no key to log in to node@${address}:22 with. The key ~/missing does not exist.`
    })
    const launched = await home.sky("launch", "-y", "--infra", "ssh/locked", "true")
    expect([launched.code, launched.err.replaceAll(/\s+/g, " ")]).toEqual([7, expect.stringContaining("sky daemon restart)")])
    expect((await home.sky("launch", "-y", "--infra", "ssh/lost", "true")).err).toContain("SSH has no pool 'lost'. It has: ")
  }, 60_000)

  it("has no room, or only room that is read-only: that is said in its own words, and nothing is left of the try", async () => {
    const home = homeWith(pool("rack", "id", [machine.address]))
    const launch = async () => {
      const { code, err } = await home.sky("launch", "-y", "-c", "full", "--infra", "ssh/rack", "true")
      return [code, err.split("\n").find((line) => line.startsWith("✗ full:"))]
    }
    machine.inside(
      `mount -t tmpfs -o size=1m tmpfs /home/node && mkdir /home/node/.ssh && printf '%s' "$1" >/home/node/.ssh/authorized_keys && chown -R node /home/node`,
      pair.public
    )
    expect(await launch()).toEqual([7, expect.stringContaining("cannot be written on")])
    expect(await launch()).toEqual([7, expect.stringContaining("No space left on device")])
    machine.inside("mount -o remount,ro /home/node")
    expect(await launch()).toEqual([
      7,
      expect.stringMatching(/cannot be written on \S+: (cannot create|mkdir:) .*: Read-only file system$/)
    ])
    machine.inside("umount /home/node")
    expect((await home.json("status")).length).toBe(0)
  }, 120_000)

  it("lets in few at once: a launch takes its time, and works", async () => {
    await machine.configure({ maxSessions: 1 })
    const home = homeWith(pool("rack", "id", [machine.address]))
    expect((await home.sky("launch", "-y", "-c", "few", "--infra", "ssh/rack", "echo hi")).out).toContain("hi")
    expect((await home.sky("down", "-y", "few")).code).toBe(0)
    await machine.configure({ maxSessions: 10 })
  }, 120_000)

  it("launch-48: a command that fails there is an error that names it and its exit code; the cluster stays", async () => {
    const home = homeWith(pool("rack", "id", [machine.address]))
    const folder = join(home.path, "work")
    mkdirSync(folder)
    writeFileSync(join(folder, "data.txt"), "of the workdir\n")
    expect((await home.sky("launch", "-y", "-c", "broken", "--infra", "ssh/rack", "true")).code).toBe(0)
    machine.inside("mkdir -p /home/node/sky_workdir/data.txt/mine && chown -R node /home/node/sky_workdir")
    const task = { run: "true", workdir: folder, resources: { infra: "ssh/rack" } }
    const { data } = await home.socket().request(1, "launch", { task, clusterName: "broken" }).answer(1)
    expect(data.error).toMatchObject({
      tag: "CommandError",
      fields: { returncode: 1, command: "syncing the workdir" },
      message: expect.stringContaining("data.txt")
    })
    const setUp = { run: "true", setup: "echo no; exit 5", resources: { infra: "ssh/rack" } }
    const failed = (await home.socket().request(1, "launch", { task: setUp, clusterName: "broken" }).answer(1)).data.error
    expect(failed).toMatchObject({ tag: "CommandError", fields: { returncode: 5, command: "setup" } })
    expect((await home.json("status")).map(({ name, status }: { name: string; status: string }) => [name, status])).toEqual([
      ["broken", "UP"]
    ])
    expect((await home.sky("down", "-y", "broken")).code).toBe(0)
  }, 120_000)
})
