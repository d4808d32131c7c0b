/** A new state folder from an export: its first command begins nothing, and finds the clusters gone whose nodes stayed in the old one. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { Home } from "./home.ts"

it("the first command over an imported log that was cut begins nothing again, and finds every cluster gone", async () => {
  const home = new Home()
  const traces = join(home.path, "traces")
  expect((await home.sky("launch", "-y", "-c", "rest", "true")).code).toBe(0)
  expect((await home.sky("stop", "-y", "rest")).code).toBe(0)
  expect((await home.sky("launch", "-y", "-d", "-c", "lives", "sleep 600")).code).toBe(0)
  expect((await home.sky("launch", "-y", "-c", "open", `echo run >> ${traces}`)).code).toBe(0)
  await home.sky("daemon", "stop")
  const lines = (await home.sky("audit", "export")).out.trimEnd().split("\n")
  const cut = lines.slice(0, lines.findLastIndex((line) => line.includes('"_tag":"NodeRequested"')) + 1)
  const file = join(home.path, "cut.jsonl")
  writeFileSync(file, `${cut.join("\n")}\n`)

  const other = new Home()
  expect(await other.sky("audit", "import", file)).toMatchObject({
    code: 0,
    err: expect.stringContaining("1 operation was open where the log ends, and is not carried on. See which, and run it again: sky ops -a")
  })
  expect((await other.sky("audit", "export")).out).toBe(readFileSync(file, "utf8"))
  expect(await other.json("status")).toEqual([])
  expect(other.nodes()).toEqual([])
  expect(readFileSync(traces, "utf8")).toBe("run\n")
  expect((await other.sky("ops", "-a")).out).toMatch(/launch +open .*failed/i)
  expect((await other.sky("why", "open")).out).toContain("launch of open was open when the log was imported, and is not carried on.")
  expect(existsSync(join(other.state, "imported"))).toBe(false)

  // What is asked for now is carried on over restarts, like anything else.
  expect((await other.sky("launch", "-y", "-c", "rest", `echo again >> ${traces}`)).code).toBe(0)
  await other.sky("daemon", "restart")
  expect(await other.json("status")).toMatchObject([{ name: "rest", status: "UP" }])
  expect(readFileSync(traces, "utf8")).toBe("run\nagain\n")
  // What runs in the old folder goes on there.
  expect((await home.json("queue", "lives"))[0].status).toBe("RUNNING")
})

it("a mark that is not what the import wrote holds every start back, records nothing, and is emptied or moved away by who knows", async () => {
  const home = new Home()
  expect((await home.sky("launch", "-y", "-c", "rest", "true")).code).toBe(0)
  await home.sky("daemon", "stop")
  const file = join(home.path, "all.jsonl")
  expect((await home.sky("audit", "export", file)).code).toBe(0)

  const other = new Home()
  expect((await other.sky("audit", "import", file)).code).toBe(0)
  const mark = join(other.state, "imported")
  writeFileSync(mark, readFileSync(mark, "utf8").slice(0, 5))
  for (let tries = 0; tries < 3; tries++)
    expect(await other.sky("status")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/imported is not what an import of this log leaves there: .*\n.* empty that file: nothing is carried on\./)
    })
  expect((await other.sky("audit", "export")).out).toBe(readFileSync(file, "utf8"))
  expect(readdirSync(other.state).filter((name) => name.startsWith("log"))).toEqual(["log"])
  writeFileSync(mark, "")
  const { code, err, out } = await other.sky("status")
  expect({ code, out }).toEqual({ code: 0, out: "" })
  expect(err).not.toContain("times within a minute")
  expect(existsSync(mark)).toBe(false)
})
