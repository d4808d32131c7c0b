/** `sky task show`: each task as it is understood, without a daemon; a refused file is one sentence and exit 2. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { parse } from "yaml"
import { task } from "../../../cli/commands/task.ts"

const out: Array<string> = []
vi.mock("../../../cli/out.ts", () => ({
  stdout: { write: (text: string) => out.push(text), isTTY: () => false, columns: () => 80 },
  stderr: { write: () => undefined, isTTY: () => false, columns: () => 80 }
}))

const folder = mkdtempSync(join(tmpdir(), "sky-show-"))
mkdirSync(join(folder, "src"))
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const show = async (...words: Array<string>) => {
  expect(await task.run(["task", "show", ...words])).toBe(0)
  return out.join("")
}
beforeEach(() => void out.splice(0))

const text = `name: train
workdir: ${folder}/src
envs: {MODEL: null, HF_TOKEN: hidden-1}
secrets: {PIN: hidden-2}
file_mounts:
  ~/model: ${folder}/$MODEL
  /bucket: {source: s3://bkt, mode: copy}
resources: {infra: aws/us-east-1, accelerators: a100:8, use_spot: yes, cpus: 4+}
service: {readiness_probe: /health, replicas: 2}
run: |
  python train.py
`

describe("sky task show", () => {
  it("prints every default filled in, and no secret", async () => {
    const shown = await show("--env", "MODEL=src", file("t.yaml", text))
    expect(shown).not.toContain("hidden")
    expect(parse(shown)).toEqual({
      name: "train",
      workdir: join(folder, "src"),
      num_nodes: 1,
      resources: { cloud: "aws", region: "us-east-1", accelerators: { A100: 8 }, use_spot: true, cpus: "4+", disk_size: 256 },
      envs: { MODEL: "src", HF_TOKEN: "***" },
      secrets: { PIN: "***" },
      file_mounts: { "~/model": join(folder, "src"), "/bucket": { source: "s3://bkt", store: "S3", mode: "COPY", persistent: true } },
      run: "python train.py\n",
      service: {
        readiness_probe: { path: "/health", initial_delay_seconds: 1200 },
        replica_policy: { min_replicas: 2, upscale_delay_seconds: 300, downscale_delay_seconds: 1200 }
      }
    })
  })

  it("writes out what an anchor stands for", async () => {
    const shown = await show(
      file("y.yaml", "resources:\n  labels: &l {a: b}\n  any_of:\n  - {cloud: aws, labels: *l}\n  - {cloud: gcp, labels: *l}\n")
    )
    expect(shown).not.toMatch(/[&*]\w/)
  })

  const oddWords =
    "no No NO off OFF on yes Yes y n true null ~ <<  = 0o10 010 0x1F 1_000 1:30 1e3 .5 .inf -0 2024-01-01 - --- ... # : ? *a &a !a |"
  const word = fc.oneof(fc.constantFrom(...oddWords.split(" ")), fc.string({ unit: "binary", maxLength: 8 }), fc.constant("a\nb: no\n"))
  const values = fc.dictionary(word, word, { maxKeys: 3, noNullPrototype: true })
  const leaf = fc.oneof(word, fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null))
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(fc.oneof(word, fc.constantFrom("down", "autostop", "use_spot", "tpu_vm", "envs")), tie("tree"), {
        maxKeys: 3,
        noNullPrototype: true
      })
    )
  }))

  it("prints a task that is the same task when it is read again, whatever words are in it", async () => {
    const tasks = fc.record({
      run: word.filter((text) => !text.includes("\0")),
      resources: fc.record({
        labels: values.map(({ "": _, ...labels }) => ({ ...labels, down: "on" })),
        accelerators: fc.constant("tpu-v2-8"),
        accelerator_args: fc.record({ tpu_vm: fc.constantFrom("no", "yes", "off", false), tpu_name: word })
      }),
      config: fc.dictionary(word, tree, { maxKeys: 3, noNullPrototype: true }),
      service: fc.record({
        readiness_probe: fc.record({
          path: word.map((text) => `/${text}`),
          post_data: tree.map((body) => JSON.stringify(body)),
          headers: values
        })
      })
    })
    const json = async (path: string) => {
      out.splice(0)
      return JSON.parse(await show("-o", "json", path))
    }
    const property = fc.asyncProperty(tasks, async (asked) => {
      const path = file("odd.yaml", JSON.stringify(asked))
      const meant = await json(path)
      out.splice(0)
      expect(await json(file("again.yaml", await show(path)))).toEqual(meant)
    })
    await fc.assert(property, { numRuns: 300 })
  })

  it("prints a line of JSON for each task of each file, pipelines too", async () => {
    const shown = await show("-o", "json", file("a.yaml", "run: a"), file("p.yaml", "name: p\n---\nrun: b\n---\nrun: c\n"))
    expect(
      shown
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).run)
    ).toEqual(["a", "b", "c"])
  })

  it.each([
    [[], "Which file?"],
    [["nowhere.yaml"], "There is no file 'nowhere.yaml'."],
    [[join(file("8ord.yaml", "run: a"), "../nope.yaml")], `There is no file '${folder}/nope.yaml'.`],
    [[join(folder, "hallo.yaml")], `There is no file '${folder}/hallo.yaml'. Did you mean '${file("hello.yml", "run: a")}'?`],
    [[join(folder, "hello.yaml")], `There is no file '${folder}/hello.yaml'. Did you mean '${folder}/hello.yml'?`],
    [["-o", "table", file("b.yaml", "run: a")], "Unknown output 'table'."],
    [[file("c.yaml", "runn: a")], `${folder}/c.yaml, line 1: unknown field 'runn'. Did you mean 'run'?`],
    [[file("d.yaml", "envs: {A: null}")], `${folder}/d.yaml, line 1: env 'A' has no value.`],
    [[file("e.yaml", "")], `${folder}/e.yaml is empty.`]
  ])("%j: %s", async (words, message) => {
    await expect(task.run(["task", "show", ...words])).rejects.toMatchObject({ message, exitCode: 2 })
    expect(out).toEqual([])
  })
})
