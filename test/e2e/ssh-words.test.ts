/** What is said to who owns machines and has not named them, or names them wrong. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { Home } from "./home.ts"

const pools = (home: Home, text: string) => {
  mkdirSync(home.state, { recursive: true, mode: 0o700 })
  writeFileSync(join(home.state, "ssh_node_pools.yaml"), text)
}
const one = (text: string) => text.replaceAll(/\s+/g, " ").trim()

it("without a file with machines it is said how to name them, wherever it is asked", async () => {
  const home = new Home()
  const example = "for example: 'rack: {user: ann, hosts: [10.0.0.4]}'. Then see: sky check ssh"
  for (const words of [
    ["launch", "-y", "--infra", "ssh", "true"],
    ["ssh", "ls"],
    ["show-gpus", "--infra", "ssh"]
  ]) {
    const { code, err } = await home.sky(...words)
    expect([code === 0, one(err)]).toEqual([false, expect.stringContaining(example)])
    expect(err).not.toMatch(/\.\.|\?\./)
  }
  pools(home, "rack:\n  host: [a]\n")
  const { err } = await home.sky("ssh", "ls")
  expect(one(err)).toContain("unknown field 'host'. Did you mean 'hosts'? ")
  expect(one(err)).toContain("Mend it there, and ask again: the file is read anew with each command")
  expect(err).not.toContain("Name your machines")
  expect(await home.sky("launch", "-y", "--infra", "ssh", "true")).toMatchObject({ code: 2, err: expect.stringContaining("Mend it there") })
}, 60_000)

it("a pool that is not there is said in the same words, with the one that was meant", async () => {
  const home = new Home()
  pools(home, "rack: {hosts: [127.0.0.1]}\ndesk: {hosts: [127.0.0.2]}\n")
  for (const words of [
    ["launch", "-y", "--infra", "ssh/rak", "true"],
    ["ssh", "ls", "rak"],
    ["show-gpus", "--infra", "ssh/rak"]
  ])
    expect(one((await home.sky(...words)).err)).toBe("✗ SSH has no pool 'rak'. Did you mean 'rack'?")
  expect(one((await home.sky("ssh", "ls", "lab")).err)).toBe("✗ SSH has no pool 'lab'. It has: rack, desk.")
}, 60_000)
