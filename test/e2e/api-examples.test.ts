/** Every file of examples/api/, run as its first line says, from the folder that it stands in. */
import { spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { Home, root } from "./home.ts"

const home = new Home()
const run = (name: string) => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [join("examples/api", name)], {
    env: home.env,
    cwd: root,
    encoding: "utf8"
  })
  if (status !== 0) throw new Error(stderr)
  return stdout
}

const said: Readonly<Record<string, RegExp>> = {
  "hello.ts": /hello from rank 0\njob 1: SUCCEEDED\n.*again\nhello-api is UP, idle limit 10 min\n$/,
  "ranks.ts": /^(?=[\s\S]*rank 0 said: head: a.csv c.csv e.csv\n)(?=[\s\S]*rank 1 said: worker of 127.0.1.1: b.csv d.csv\n)/,
  "sweep.ts":
    /^rate-0.1: SUCCEEDED, said "rate 0.1\\n"\nrate-0.01: SUCCEEDED, said "rate 0.01\\n"\nrate-bad: FAILED, said "rate bad\\n"\n$/,
  "errors.ts":
    /^too large: no place, 0 were tried\nbad setup: a command ended with 7\nno cluster: There is no cluster 'nowhere'.\ntrue (RUNNING|PENDING)\n$/
}

it.each(readdirSync(join(root, "examples/api")))("%s does what it says", (name) => {
  expect(run(name)).toMatch(said[name]!)
})
