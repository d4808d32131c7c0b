/** A machine whose sshd forbids forwarding, as hardened ones do: its agent is reached by a program there. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import type { SshdSettings } from "./machine-files.ts"
import { describeWithMachines } from "./netns.ts"
import { SshHome, startMachine } from "./ssh-pool.ts"

describeWithMachines("a machine that forwards nothing", () => {
  it.each<[string, Partial<SshdSettings>]>([
    ["AllowTcpForwarding no", { allowForwarding: false }],
    ["AllowStreamLocalForwarding no", { allowSockets: false }],
    ["DisableForwarding yes", { disableForwarding: true }]
  ])(
    "works with %s",
    async (_, settings) => {
      const machine = await startMachine(settings)
      try {
        const home = new SshHome([machine])
        expect(await home.launch("hard", "echo here")).toMatchObject({ code: 0, out: expect.stringContaining("here") })
        expect((await home.sky("down", "-y", "hard")).code).toBe(0)
      } finally {
        await machine.end()
      }
    },
    120_000
  )

  it("and allows one session lets logs be followed and work be done all the same", async () => {
    const machine = await startMachine({ maxSessions: 1, disableForwarding: true })
    try {
      const home = new SshHome([machine])
      expect((await home.launch("one", "-d", "until [ -e ~/go ]; do sleep 0.1; done; echo went")).code).toBe(0)
      const followers = Array.from({ length: 5 }, () => home.start("logs", "one", "1"))
      mkdirSync(join(home.path, "work"))
      home.file("work/data.txt", "of the workdir\n")
      const workdir = join(home.path, "work")
      for (let i = 0; i < 2; i++) expect(await home.sky("exec", "-d", "--workdir", workdir, "one", "touch ~/go")).toMatchObject({ code: 0 })
      for (const { ended } of followers) expect(await ended).toMatchObject({ code: 0, out: expect.stringContaining("went") })
      expect(await home.sky("logs", "-s", "one", "1")).toMatchObject({ code: 0 })
      expect((await home.sky("down", "-y", "one")).code).toBe(0)
    } finally {
      await machine.end()
    }
  }, 120_000)
})
