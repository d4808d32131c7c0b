/**
 * Machines whose system starts things by itself, or ends them: agents come back after a restart, and outlive the login that started them.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { crontab } from "../fakes/crontab.ts"
import { eventually } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { path, poolMachine } from "./pool-machine.ts"

const loginctl = (manager: string) => `#!/bin/sh
echo "$*" >>"$HOME/loginctl.log"
case $* in
  *enable-linger) echo yes >"$HOME/lingers" ;;
  *disable-linger) rm "$HOME/lingers" ;;
  show-user*) echo "Linger=$(cat "$HOME/lingers" 2>/dev/null || echo no)" ;;
  show-session*) printf '%s\\n' ${manager} ;;
esac
`
const refusing = "#!/bin/sh\necho 'Access denied' >&2\nexit 1\n"

describeWithMachines("a machine of a pool", () => {
  const on = poolMachine()

  it("with cron starts its agent again after a restart, though no daemon is there; its next job runs, and down leaves the crontab as it was", async () => {
    on.program("crontab", crontab)
    on.inside("cp /bin/sleep /run/cron; setsid /run/cron 1000 </dev/null >/dev/null 2>&1 &")
    on.inside("echo '5 4 * * * backup' >~node/crontab; chown node: ~node/crontab")
    expect((await on.launch("-d", "sleep 1000")).code).toBe(0)
    await eventually(async () => (await on.home.json("queue", "one"))[0].status === "RUNNING")
    expect((await on.home.sky("exec", "one", "-d", "echo second")).code).toBe(0)
    expect(await on.check()).not.toContain("after a restart")
    await on.home.sky("daemon", "stop")
    await on.machine.powerOff()
    await on.machine.boot()
    on.withoutNode()
    expect(on.agents()).toEqual([])
    const line = readFileSync(join(on.machine.home, "crontab"), "utf8")
      .split("\n")
      .find((one) => one.startsWith("@reboot "))!
    on.asUser(line.slice("@reboot ".length))
    expect(on.agents()).toHaveLength(1)
    const over = await eventually(
      () => on.home.json("queue", "one"),
      (jobs) => jobs.every(({ status }: { status: string }) => ["FAILED", "SUCCEEDED"].includes(status))
    )
    expect(over.map(({ status }: { status: string }) => status)).toEqual(["SUCCEEDED", "FAILED"])
    await on.down()
    expect(readFileSync(join(on.machine.home, "crontab"), "utf8")).toBe("5 4 * * * backup\n")
  }, 180_000)

  it("with a systemd where its user may linger has a unit for that, which goes with the cluster, as does the lingering", async () => {
    on.inside("mkdir -p /run/systemd/system")
    on.program("loginctl", loginctl("KillUserProcesses=no"))
    expect((await on.launch("true")).code).toBe(0)
    const units = join(on.machine.home, ".config/systemd/user")
    const start = /^ExecStart=(.*)$/m.exec(readFileSync(join(units, "default.target.wants/skyd-node.service"), "utf8"))![1]!
    expect(existsSync(join(on.machine.home, "lingers"))).toBe(true)
    expect(await on.check()).not.toContain("after a restart")
    await on.home.sky("daemon", "stop")
    on.inside("pkill -f '[.]cjs /home/node/.skyd-node/nodes/'")
    on.asUser(start)
    expect(on.agents()).toHaveLength(1)
    await on.down()
    expect([existsSync(join(units, "skyd-node.service")), readdirSync(join(units, "default.target.wants"))]).toEqual([false, []])
    expect(existsSync(join(on.machine.home, "lingers"))).toBe(false)
  }, 120_000)

  it("with neither says so where one looks, and runs all the same", async () => {
    on.program("crontab", refusing)
    expect((await on.launch("true")).code).toBe(0)
    expect(await on.check()).toContain("after a restart its agent waits until this daemon reaches it: no systemd runs, and Access denied")
    await on.down()
    expect(await on.check()).not.toContain("after a restart")
  }, 120_000)

  it("whose logind ends what a login leaves behind has its agent outside of the login", async () => {
    on.inside("mkdir -p /run/systemd/system")
    on.program("loginctl", loginctl("KillUserProcesses=yes KillOnlyUsers= KillExcludeUsers=root"))
    on.program(
      "systemd-run",
      '#!/bin/sh\necho "$*" >>"$HOME/loginctl.log"\nwhile [ "$1" != -- ]; do shift; done\nshift\nIN_SCOPE=yes exec "$@"\n'
    )
    await on.machine.configure({ environment: { ...path, XDG_SESSION_ID: "4" } })
    expect((await on.launch("true")).code).toBe(0)
    const [pid] = on.agents()
    expect(on.inside('tr "\\0" "\\n" <"/proc/$1/environ"', pid!)).toMatch(/^IN_SCOPE=yes$/m)
    expect(await on.check()).not.toContain("KillUserProcesses")
    await on.down()
  }, 120_000)

  it("and where that cannot be is named", async () => {
    on.inside("mkdir -p /run/systemd/system")
    on.program("loginctl", loginctl("KillUserProcesses=yes").replace('echo yes >"$HOME/lingers"', "echo Access denied >&2; exit 1"))
    await on.machine.configure({ environment: { ...path, XDG_SESSION_ID: "4" } })
    expect((await on.launch("true")).code).toBe(0)
    expect(await on.check()).toMatch(/what runs there ends with our connection, by KillUserProcesses of its logind/)
    await on.down()
  }, 120_000)
})
