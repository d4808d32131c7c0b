/** A machine whose sshd forbids forwarding, as hardened ones do: its agent is reached by a program there. */
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
})
