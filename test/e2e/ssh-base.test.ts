/** A machine on which ours cannot lie below ~/.skyd-node: one sentence that says so, and what to do. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { describeWithMachines } from "./netns.ts"
import { SshHome, startMachine } from "./ssh-pool.ts"

const makers: ReadonlyArray<readonly [words: string, make: (path: string) => void]> = [
  ["is no folder: move it away", (path) => writeFileSync(path, "")],
  ["is a link that leads nowhere: make the folder that it leads to, or remove it", (path) => symlinkSync("/nowhere/at/all", path)],
  ["is not yours to write to: see whose it is", (path) => mkdirSync(path, { mode: 0o755 })]
]

describeWithMachines("a ~/.skyd-node that is of no use", () => {
  it("is said with what to do, and not as a lack of machines", async () => {
    const machine = await startMachine()
    try {
      const home = new SshHome([machine])
      const path = join(machine.home, ".skyd-node")
      for (const [words, make] of makers) {
        make(path)
        const { code, err } = await home.launch("bad", "true")
        rmSync(path, { recursive: true })
        expect([words, code, err]).toEqual([words, 7, expect.stringContaining(`/home/node/.skyd-node ${words}`)])
        expect(err).toContain("Mend that first")
        expect(err).not.toContain("is free and fits")
      }
    } finally {
      await machine.end()
    }
  }, 120_000)
})
