/** What a task's parts do on the nodes: its workdir, its envs and its name. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { Home } from "./home.ts"

const home = new Home()
const work = join(home.path, "work")
mkdirSync(join(work, "bin"), { recursive: true })
writeFileSync(join(work, "requirements.txt"), "x\n")
writeFileSync(join(work, "train.py"), "trained\n")
writeFileSync(join(work, "bin/tool"), "#!/bin/sh\necho tool at $PWD\n")
chmodSync(join(work, "bin/tool"), 0o755)

describe("a task", () => {
  it("task-04, task-15, task-16: setup and run find the files of its workdir on every node, by paths relative to it", async () => {
    const file = home.file(
      "t.yaml",
      `workdir: ${work}\nnum_nodes: 2\nsetup: |\n  pip() { cat "$3"; }\n  pip install -r requirements.txt && ./bin/tool\nrun: |\n  ./bin/tool && cat train.py\n`
    )
    const { code, err, out } = await home.sky("launch", "-y", "-c", "t", file)
    expect({ code, tools: out.match(/tool at \S+\/home\/sky_workdir/g)?.length }).toEqual({ code: 0, tools: 2 })
    expect(err.match(/tool at \S+\/home\/sky_workdir/g)).toHaveLength(2)
    expect(out.match(/trained/g)).toHaveLength(2)
  })

  it("task-07: is known by its name in the queue and before each line of its output", async () => {
    const file = home.file("named.yaml", "name: train-1\nrun: echo here\n")
    expect((await home.sky("launch", "-y", "-c", "one", file)).out).toMatch(/^\(train-1, .*\) here$/m)
    expect((await home.json("queue", "one"))[0]).toMatchObject({ name: "train-1" })
    await home.sky("down", "-y", "one")
  })

  it("task-13: setup and run have its envs, whatever is in them", async () => {
    const value = `a  b's "c" $HOME \\n é\nsecond`
    const file = home.file(
      "envs.yaml",
      `envs:\n  ODD: ${JSON.stringify(value)}\nsetup: printf %s "$ODD" > ~/odd\nrun: printf %s "$ODD" | cmp - ~/odd && cat ~/odd\n`
    )
    const { code, out } = await home.sky("launch", "-y", "-c", "t", file)
    expect({ code, text: out.replaceAll(/^\(.*?\) /gm, "").trimEnd() }).toEqual({ code: 0, text: value })
  })

  it("task-05: without run and setup only brings its nodes", async () => {
    const { code } = await home.sky("launch", "-y", "-c", "bare", home.file("bare.yaml", "num_nodes: 3\nresources: {cloud: local}\n"))
    expect(code).toBe(0)
    expect(await home.json("queue", "bare")).toEqual([])
    expect((await home.json("status", "bare"))[0]).toMatchObject({ status: "UP" })
    expect(home.nodes()).toHaveLength(5)
  })
})
