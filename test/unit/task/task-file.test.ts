/** From the text of a file to a task: values given with it, envs in paths, words of YAML, several documents. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { stringify } from "yaml"
import { ClientError } from "../../../sdk/client/ClientError.ts"
import { readPipeline } from "../../../sdk/task/document.ts"
import { readTask } from "../../../sdk/task/read-task.ts"
import { canonicalTask } from "../../../task/canonical.ts"
import { namesIn, substitute } from "../../../task/substitute.ts"
import { readOne, refusalOf } from "./read.ts"

describe("envs of a file", () => {
  it("task-14: are put into file mounts and the service, as $A and ${A}; unknown names stay", () => {
    const text = "envs: {A: x, P: health}\nrun: echo $A ${A}\nfile_mounts: {/m/$A: 's3://b/${A}/$T'}\nservice: {readiness_probe: /$P}\n"
    expect(readOne(text)).toMatchObject({
      run: "echo $A ${A}",
      file_mounts: { "/m/x": "s3://b/x/$T" },
      service: { readiness_probe: "/health" }
    })
    expect(readOne("workdir: $WD/src\nenvs: {WD: work}").workdir).toBe("work/src")
  })

  it("may hold quotes and backslashes: strings are walked, not JSON", () => {
    expect(readOne(`envs: {A: 'q"t\\n'}\nfile_mounts: {/m/$A: s3://b/q}`).file_mounts).toEqual({ '/m/q"t\\n': "s3://b/q" })
  })

  it("come first from the caller, before they are put in and before the rules", () => {
    const text = "envs: {A: x/, N: null}\nfile_mounts: {/m: s3://b/$A}\n"
    expect(refusalOf(() => readOne(text)).message).toBe("x.yaml, line 1: env 'N' has no value.")
    expect(readOne(text, { envs: { A: "y", N: "" } }).file_mounts).toEqual({ "/m": "s3://b/y" })
    expect(refusalOf(() => readOne(text, { envs: { N: "" } })).message).toContain("ends with a slash")
  })

  it("that are secrets stay where they are: none is put into what is recorded and shown", () => {
    for (const text of ["envs: {MY_TOKEN: v}", "secrets: {S: v, MY_TOKEN: v}"])
      expect(refusalOf(() => readOne(`${text}\nfile_mounts: {~/m: /x/$MY_TOKEN}`)).message).toContain("$MY_TOKEN is a secret")
  })

  it("fill the file's secrets, too", () => {
    expect(readOne("secrets: {S: null, T: t}", { envs: { S: "1" } })).toEqual({ secrets: { S: "1", T: "t" } })
    expect(readOne("envs: {S: open}", { secrets: { S: "1" } })).toEqual({ secrets: { S: "1" } })
    expect(refusalOf(() => readOne("secrets: {S: }")).message).toBe("x.yaml, line 1: secret 'S' has no value.")
  })
})

describe("words of YAML", () => {
  it("yes, no, on and off are meant where a field is one or the other, and are words elsewhere", () => {
    expect(readOne("resources: {use_spot: yes}\nname: no\nenvs: {use_spot: on}\nrun: off")).toEqual({
      resources: { use_spot: true },
      name: "no",
      envs: { use_spot: "on" },
      run: "off"
    })
    expect(refusalOf(() => readOne("resources: {use_spot: 'yes'}")).message).toContain("expected true or false, got text")
  })

  it("yes and no are meant by the place, whatever a name means elsewhere", () => {
    const words =
      "resources:\n  labels: {down: on, use_spot: yes}\n  accelerators: tpu-v2-8\n  accelerator_args: {tpu_vm: no, tpu_name: off}\n" +
      "service: {readiness_probe: {path: /, headers: {down: off}, post_data: {down: no}}}\nconfig: {a: {down: no, autostop: [yes]}}\n"
    expect(readOne(words)).toEqual({
      resources: {
        labels: { down: "on", use_spot: "yes" },
        accelerators: "tpu-v2-8",
        accelerator_args: { tpu_vm: false, tpu_name: "off" }
      },
      service: { readiness_probe: { path: "/", headers: { down: "off" }, post_data: { down: "no" } } },
      config: { a: { down: "no", autostop: ["yes"] } }
    })
    const merged =
      "resources:\n  any_of:\n  - &a {<<: {use_spot: yes}}\n  - {<<: [*a, {autostop: {down: on}}], cpus: 2}\n  - autostop: off\n"
    expect(readOne(`${merged}file_mounts: {/m: {name: bkt, persistent: No}}\n`)).toEqual({
      resources: { any_of: [{ use_spot: true }, { use_spot: true, autostop: { down: true }, cpus: 2 }, { autostop: false }] },
      file_mounts: { "/m": { name: "bkt", persistent: false } }
    })
    expect(readOne("resources: {accelerators: tpu-v2-8, accelerator_args: {tpu_vm: !!str no}}")).toMatchObject({
      resources: { accelerator_args: { tpu_vm: "no" } }
    })
  })

  it.each([
    ["resources:\n  <<: {cpus: 2}\n  memory: 4\n", { resources: { cpus: 2, memory: 4 } }],
    ["envs: &e {A: 1}\nrun: !!str 5\n", { envs: { A: "1" }, run: "5" }],
    ["envs: {A: &a x, B: *a}\n", { envs: { A: "x", B: "x" } }],
    ["%YAML 1.2\n---\nrun: a\r\nname: b\r\n...\n", { run: "a", name: "b" }],
    ["name: 2024-01-01\n", { name: "2024-01-01" }]
  ])("%j", (text, task) => expect(readOne(text)).toEqual(task))

  it.each(["A: 1\nA: 2\n", "resources: {cpus: 1, cpus: 2}\n", "config: {a: {b: 1, b: 2}}\n"])(
    "a key that is there twice is a mistake: %j",
    (text) => {
      expect(refusalOf(() => readOne(text)).message).toMatch(/is there twice\.$/)
    }
  )

  it.each(["just words\n", "- a\n", "42\n", "true\n", 'run: "open\n', "run: *x\n", "run: @x\n", "1: 2\n", "? {a: 1}\n: b\n"])(
    "task-24, task-25: %j is refused with its file",
    (text) => expect(refusalOf(() => readOne(text))).toMatchObject({ tag: "ValueError", message: expect.stringContaining("x.yaml") })
  )
})

describe("a secret without quotes", () => {
  const signs = ["!", "*", "&", "|", ">", "%", "@", "`", "!!", "!<", "!a!", "!}", "*,"]
  const places: ReadonlyArray<readonly [before: string, after?: string]> = [
    ["secrets:\n  A: "],
    ["run: a\nsecrets: {A: ", "}"],
    ["{secrets: {A: ", "}}"],
    ["{\n  'secrets': {\n    'A': ", "}}"],
    ["envs:\n  PLAIN: x\n  MY_TOKEN: ", "\n  OTHER: y"],
    ["envs:\n  MY_TOKEN:\n    ", "\nrun: a"],
    ["secrets:\n  A: x\nrun: a\n---\nsecrets:\n  A: "]
  ]

  it("is not repeated by who refuses it: only its line, and that its first sign needs quotes", () => {
    for (const sign of signs) {
      for (const [before, after = ""] of places) {
        const { message } = refusalOf(() => readOne(`${before}${sign}Passw0rd1${after}\n`))
        expect([before, sign, message]).toEqual([before, sign, expect.not.stringContaining("Pass")])
        const line = before.split("\n").length
        expect(message).toContain(`x.yaml, line ${line}: `)
        expect(message).toContain("text that begins with !, *, &, |, >, %, @ or ` needs quotes.")
      }
    }
  })

  it("is told from others, of which is said what is wrong with them", () => {
    const others = "secrets: {A: x}\nenvs: {MY_TOKEN: x, B: "
    expect(refusalOf(() => readOne(`${others}!tag y}`)).message).toBe("x.yaml, line 2: unknown tag '!tag'.")
    expect(refusalOf(() => readOne(`${others}*none}`)).message).toContain("'*none' stands for nothing")
    expect(refusalOf(() => readOne("secrets: {A: 1, A: 2}")).message).toContain("'A' is there twice.")
    expect(refusalOf(() => readOne("secrets: {A: &a null}")).message).toContain("has no value.")
    expect(readOne("envs: {B: &b x}\nsecrets: {A: *b}").secrets).toEqual({ A: "x" })
  })
})

describe("several documents", () => {
  const pipeline = (text: string) => {
    const { name, tasks } = readPipeline(text, "x.yaml")
    return [name, ...tasks.map((source) => readTask(source))]
  }
  it("are tasks; a first one with only a name names them all, and empty ones are none", () => {
    expect(pipeline("name: p\n---\nrun: a\n---\n---\nrun: b\n")).toEqual(["p", { run: "a" }, { run: "b" }])
    expect(pipeline("name: p\nrun: a\n---\nname: q\n")).toEqual([null, { name: "p", run: "a" }, { name: "q" }])
    expect(pipeline("name: p\n")).toEqual([null, { name: "p" }])
    expect(pipeline("# nothing\n")).toEqual([null])
  })
})

const word = fc.string({
  unit: fc.constantFrom("a", "B", "_", "$", "{", "}", "-", ".", "/", "~", " ", "\n", '"', "'", "é", "🚀"),
  maxLength: 12
})
const fieldNames = [
  "name",
  "workdir",
  "num_nodes",
  "resources",
  "envs",
  "secrets",
  "file_mounts",
  "setup",
  "run",
  "service",
  "config",
  "inputs"
]
const anything = fc.anything({
  key: fc.oneof(word, fc.constantFrom("name", "source", "cloud", "cpus", "any_of", "readiness_probe")),
  maxDepth: 4
})
const almostTask = fc.dictionary(
  fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...fieldNames) }, { weight: 1, arbitrary: word }),
  anything
)

const refusesOrReads = (text: string) => {
  try {
    for (const source of readPipeline(text, "x.yaml").tasks) JSON.stringify(canonicalTask(readTask(source)))
  } catch (error) {
    if (!(error instanceof ClientError) || error.exitCode !== 2) throw error
  }
}

describe("whatever stands in a file", () => {
  it("it is read, or refused by ourselves", () => {
    fc.assert(fc.property(fc.oneof(fc.string({ maxLength: 200 }), word, fc.string({ unit: "binary", maxLength: 50 })), refusesOrReads))
    fc.assert(
      fc.property(almostTask, (value) => {
        let text: string
        try {
          text = stringify(value)
        } catch {
          return
        }
        refusesOrReads(text)
      }),
      { numRuns: 500 }
    )
  })

  it.each(["[", "{a: ", "- ", "? ", "&a [", "!!seq ["])("64 KiB of %j are refused", (part) => {
    refusesOrReads(`config: ${part.repeat(65_536 / part.length)}`)
    refusesOrReads(part.repeat(65_536 / part.length))
  })

  it("thousands of keys, aliases or digits are no trouble", () => {
    const many = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i)).join("\n")
    expect(refusalOf(() => readOne(many(12_000, (i) => `k${i}: v`))).message.split("\n").length).toBeLessThanOrEqual(10)
    expect(Object.keys(readOne(`envs:\n${many(12_000, (i) => `  k${i}: v`)}`).envs ?? {}).length).toBe(12_000)
    expect(refusalOf(() => readOne(`x: &x [1]\nrun: [${"*x,".repeat(50_000)}]`)).message).toContain("aliases")
    expect(refusalOf(() => readOne(`num_nodes: ${"9".repeat(100_000)}`)).message).toContain("num_nodes")
  })

  it("what is understood can be written and understood again, and is the same", () => {
    const texts = [
      "name: a\nnum_nodes: 3\nresources: {cpus: 4+, accelerators: {A100: 2}, ports: [80, 8080-8090], use_spot: yes}\nrun: x\n",
      "resources: {any_of: [{cloud: aws}, {infra: gcp/us-central1}], memory: 16}\nfile_mounts: {~/a: /b, /m: {name: bkt}}\n",
      "service: {readiness_probe: {path: /v1, post_data: '{\"a\": [1]}'}, replicas: 2}\nenvs: {A: '1'}\nconfig: {a: {b: null}}\n",
      ...["{}", "[1]", "null", '"a"', "1", "true", '" [1]"'].map((body) => `service: {readiness_probe: {path: /, post_data: '${body}'}}\n`)
    ]
    for (const text of texts) {
      const once = canonicalTask(readOne(text))
      expect(canonicalTask(readOne(stringify(once)))).toEqual(once)
    }
  })
})

describe("names in texts", () => {
  it("are replaced once, and never through what they stand for", () => {
    fc.assert(
      fc.property(fc.anything({ values: [word], maxDepth: 3 }), (value) => {
        expect(substitute(value, {})).toEqual(value)
        expect(namesIn(substitute("$A ${A} $B", { A: "$B" }))).toEqual(["B", "B", "B"])
      })
    )
  })
})
