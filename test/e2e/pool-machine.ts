/**
 * One machine of a pool, as a test finds it: without a Node, and with programs of the test's own before the system's. What a test changes
 * there goes with it.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest"
import { keyPair } from "../fakes/ssh-keys.ts"
import { Home } from "./home.ts"
import { SshMachine } from "./sshd.ts"

/** Of every login there. */
export const path = { PATH: "/home/node/bin:/usr/local/bin:/usr/bin:/bin" }

export const poolMachine = () => {
  const pair = keyPair("user")
  let machine: SshMachine
  let home: Home
  const inside = (script: string, ...args: ReadonlyArray<string>) => machine.inside(script, ...args)
  /** Whatever the machine that tests run on has. */
  const withoutNode = () =>
    inside('for at in /usr/local/bin/node /usr/bin/node /bin/node; do [ ! -e "$at" ] || mount --bind /bin/false "$at"; done')

  beforeAll(async () => {
    machine = await SshMachine.start([pair])
  }, 60_000)
  afterAll(async () => {
    await machine.end()
  })
  beforeEach(async () => {
    home = new Home()
    const key = join(home.path, "id")
    writeFileSync(key, pair.private, { mode: 0o600 })
    mkdirSync(home.state, { mode: 0o700 })
    const pool = `rack:\n  user: node\n  identity_file: ${key}\n  hosts: [${machine.address}]\n`
    writeFileSync(join(home.state, "ssh_node_pools.yaml"), pool)
    inside("mkdir -p ~node/bin && chown node: ~node ~node/bin")
    await machine.configure({ environment: path })
    withoutNode()
  })
  afterEach(async () => {
    await home.end()
    // Mounts go with that.
    await machine.powerOff()
    await machine.boot()
    inside("cd ~node && rm -rf bin .skyd-node sky_* crontab lingers loginctl.log .config .profile .cshrc")
  })

  const ours = (name = "") => join(machine.home, ".skyd-node", name)
  return {
    get machine() {
      return machine
    },
    get home() {
      return home
    },
    inside,
    withoutNode,
    ours,
    list: (name: string) => (existsSync(ours(name)) ? readdirSync(ours(name)) : []),
    program: (name: string, text: string) => writeFileSync(join(machine.home, "bin", name), text, { mode: 0o755 }),
    launch: (...args: ReadonlyArray<string>) => home.sky("launch", "-y", "-c", "one", "--infra", "ssh/rack", ...args),
    down: async () => expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 }),
    check: async () => (await home.sky("check", "ssh")).out,
    /** By the user, with nothing but what cron or systemd gives. */
    asUser: (script: string) =>
      inside(
        'cd /; exec env -i HOME=/home/node LOGNAME=node PATH=/usr/bin:/bin setpriv --reuid 2000 --regid 2000 --clear-groups sh -c "$1"',
        script
      ),
    agents: () => inside("pgrep -f '[.]cjs /home/node/.skyd-node/nodes/' || true").split("\n").filter(Boolean)
  }
}
