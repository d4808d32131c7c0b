/** What a fact says of a script's output: little, printable, and no secret. Pure where it can be, else with the real agent. */
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { hide, printable } from "../../agent/printable.ts"
import { lastLines } from "../../agent/read-log.ts"
import { cleanUp, cluster, eventually, Follower, job, read } from "./harness.ts"

const folder = fs.mkdtempSync(join(tmpdir(), "skyd-f-"))
afterAll(async () => {
  fs.rmSync(folder, { recursive: true, force: true })
  await cleanUp()
})

const setup = (script: string, secrets: Record<string, string> = {}) => ({
  operation: "op",
  runTimestamp: "sky-s",
  script,
  envs: {},
  secrets,
  accelerators: 0
})

describe("a line in a fact", () => {
  it("has its control characters replaced, its colours removed, and is cut between characters", () => {
    expect(printable("a\tb\0c\u001b[31;1mred\u001b[0m\u0007\r", [])).toBe("a b\ufffdcred\ufffd")
    const long = printable("€".repeat(5000), [])
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(1024)
    expect(long).toMatch(/^€{300,}…$/)
    expect(printable("x".repeat(1024), [])).toBe("x".repeat(1024))
  })

  it("hides values of 4 characters and more, however they are spelled, and never shows half of one", () => {
    expect(hide("+ TOKEN=s3cret abc s3cret", ["s3cret", "abc"])).toBe("+ TOKEN=*** abc ***")
    expect(hide(String.raw`echo 'it'\''s it'`, ["it's it"])).toBe("echo '***'")
    expect(hide(String.raw`A=$'line one\n\'two\''`, ["line one\n'two'"])).toBe("A=$'***'")
    expect(hide('{"a":"say \\"no\\""}', ['say "no"'])).toBe('{"a":"***"}')
    expect(hide("the second line", ["first\nsecond line\n"])).toBe("the ***")
    expect(hide("longer-value and long", ["long", "longer-value"])).toBe("*** and ***")
    expect(hide("a.c* abc*", ["a.c*"])).toBe("*** abc*")
    expect(printable("s3\u001b[0mcret", ["s3cret"])).toBe("***")
    expect(printable(`${"x".repeat(1018)}s3cret${"y".repeat(50)}`, ["s3cret"])).not.toContain("s3")
  })
})

describe("the last lines of a log", () => {
  const file = (bytes: Buffer | string) => {
    const path = join(folder, `${fs.readdirSync(folder).length}.log`)
    fs.writeFileSync(path, bytes)
    return path
  }

  it("are of a file that may be missing, empty, or end without a newline", async () => {
    expect(await lastLines(join(folder, "none"), 10, [])).toEqual([])
    expect(await lastLines(file(""), 10, [])).toEqual([])
    expect(await lastLines(file("1\n2\n3"), 2, [])).toEqual(["2", "3"])
  })

  it("are the last ones also behind a huge line, and a huge line shows its end", async () => {
    const huge = "x".repeat(3_000_000)
    expect(await lastLines(file(`${huge}\nnear\nthe end\n`), 10, [])).toEqual(["near", "the end"])
    expect(await lastLines(file(`${huge}the end`), 10, [])).toEqual([expect.stringMatching(/^…x+the end$/)])
    const secret = "s3cret-".repeat(20)
    expect((await lastLines(file(secret.repeat(5000)), 10, [secret])).join("")).not.toContain("s3cret")
  })
})

describe("a setup that fails", () => {
  it.each([
    ["long lines", "for i in $(seq 20); do head -c 100000 /dev/zero | tr '\\0' x; echo; done; exit 1"],
    ["zeros", "head -c 3000000 /dev/zero; exit 1"],
    ["noise", "head -c 3000000 /dev/urandom; exit 1"],
    ["quotes", "for i in $(seq 20); do head -c 100000 /dev/zero | tr '\\0' '\"'; echo; done; exit 1"]
  ])("after much output makes a small fact: %s", async (_, script) => {
    const { head } = await cluster()
    await (await head.client()).call("setup", setup(script))
    const fact = await (await Follower.of(head)).fact("SetupEnded")
    expect(fact.lastLines.length).toBeLessThanOrEqual(10)
    for (const line of fact.lastLines) {
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(1024)
      expect(line).not.toMatch(/\p{Cc}/u)
    }
    expect(JSON.stringify(fact).length).toBeLessThan(24_000)
  })

  it("shows no secret on any node, also not to an agent that was started again, and keeps none", async () => {
    const { nodes, head } = await cluster({ nodes: 2 })
    const script = "touch ~/up\nuntil test -e ~/go; do sleep 0.02; done\nset -x\n: $TOKEN\n[ $SKYPILOT_SETUP_NODE_RANK = 0 ] || exit 3"
    await (await head.client()).call("setup", setup(script, { TOKEN: "hush-hush" }))
    await eventually(() => nodes.every((node) => fs.existsSync(node.home("up"))))
    await head.kill()
    await head.start()
    for (const node of nodes) fs.writeFileSync(node.home("go"), "")
    const fact = await (await Follower.of(head)).fact("SetupEnded")
    expect(fact).toMatchObject({ failedRank: 1, lastLines: expect.arrayContaining(["++ : ***"]) })
    expect(read(nodes[1]!.home("sky_logs/sky-s/setup-1.log"))).toContain("hush-hush")
    await eventually(() => fs.readdirSync(join(head.root, "agent/secrets")).length === 0)
    for (const name of ["records.jsonl", "journal.jsonl"]) expect(read(join(head.root, "agent", name))).not.toContain("hush")
  })
})

describe("a reason", () => {
  it("is cut, printable and without the job's secrets", async () => {
    const { head } = await cluster()
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "sleep 60", { secrets: { TOKEN: "hush-hush" } })] })
    await client.call("halt", { reason: `told hush-hush\0 ${"x".repeat(100_000)}` })
    const { reason } = await (await Follower.of(head)).fact("JobEnded")
    expect(reason).toMatch(/^told \*\*\*\ufffd x+…$/)
    expect(Buffer.byteLength(reason!)).toBeLessThanOrEqual(1024)
  })
})

describe("secrets of work that is over", () => {
  it("are swept by the next agent, others stay", async () => {
    const { head } = await cluster()
    await (await head.client()).call("submit", { jobs: [job(1, "until test -e ~/go; do sleep 0.02; done", { secrets: { A: "bcde" } })] })
    await head.kill()
    fs.writeFileSync(join(head.root, "agent/secrets/job-7.json"), '{"A":"left"}')
    await head.start()
    expect(fs.readdirSync(join(head.root, "agent/secrets"))).toEqual(["job-1.json"])
    fs.writeFileSync(head.home("go"), "")
    await (await Follower.of(head)).fact("JobEnded", 1)
  })
})
