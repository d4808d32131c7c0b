/** A node on a machine of the user's: its jobs are at home there, and a restart of the machine is theirs, not the node's. */
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { endProcesses } from "../../agent/leftovers.ts"
import { cleanUp, cluster, eventually, Follower, job, read } from "./harness.ts"

const home = fs.mkdtempSync(join(tmpdir(), "skyd-home-"))

afterAll(async () => {
  await cleanUp()
  fs.rmSync(home, { recursive: true, force: true })
})

describe("a node whose jobs have a user's home", () => {
  it("runs them in the workdir there, with their logs beside, and keeps nothing of it in its own folder", async () => {
    const { head } = await cluster({ home })
    const follower = await Follower.of(head)
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "echo $HOME; pwd; echo x > ~/result")] })
    expect(await follower.fact("JobEnded", 1)).toMatchObject({ status: "SUCCEEDED" })
    expect(read(join(home, "result"))).toBe("x\n")
    expect(read(join(home, "sky_logs", job(1, "").runTimestamp, "tasks/run.log"))).toBe(`${home}\n${home}/sky_workdir\n`)
    await client.call("logs", { job: 1, follow: true })
    expect(client.output().toString()).toBe(`${home}\n${home}/sky_workdir\n`)
    expect(fs.existsSync(join(head.root, "home"))).toBe(false)
  })

  it("has lost those of before when its machine was restarted, says so, and runs the next", async () => {
    const { head } = await cluster({ home })
    const follower = await Follower.of(head)
    await (await head.client()).call("submit", { jobs: [job(1, "touch ~/began; exec sleep 60")] })
    await eventually(() => fs.existsSync(join(home, "began")))
    await head.kill()
    await endProcesses({ folder: head.root, job: `${head.identity.cluster}/` })
    head.env["SKYD_LOCAL_BOOT_ID"] = "the next boot"
    await head.start()
    const again = await Follower.of(head, follower.entries.length)
    expect(await again.fact("JobEnded", 1)).toMatchObject({ status: "FAILED", reason: "the machine was restarted" })
    await (await head.client()).call("submit", { jobs: [job(2, "exit 3")] })
    expect(await again.fact("JobEnded", 2)).toMatchObject({ returnCodes: [3] })
  })
})
