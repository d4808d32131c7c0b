/** Tasks as values: every field, what the parts say together, and what is refused. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { overrideResources } from "../../../task/alternatives.ts"
import { setFileMounts, setStorageMounts, updateEnvs, updateMounts } from "../../../task/edits.ts"
import { featuresOf, Task } from "../../../task/Task.ts"
import { taskText } from "../../../task/task-text.ts"
import { readOne, refusalOf } from "./read.ts"

const isTask = Schema.is(Task)
const problemOf = (task: unknown) => {
  const checked = Schema.toStandardSchemaV1(Task)["~standard"].validate(task)
  return checked instanceof Promise ? undefined : checked.issues?.[0]?.message
}

describe("a task", () => {
  it("task-01: has no field that must be there, and null is as good as absent", () => {
    const fields =
      "name workdir num_nodes resources envs secrets file_mounts setup run service event_callback inputs outputs config experimental"
    expect(isTask({})).toBe(true)
    expect(isTask(Object.fromEntries(fields.split(" ").map((field) => [field, null])))).toBe(true)
    expect(readOne("name:\nrun: null\nsetup: ~\nresources:\nenvs:\nfile_mounts:\nservice:\ninputs:\n")).toMatchObject({ run: null })
  })

  it.each([0, -1, 1.5, "2", 1025])("task-18: is refused on %j nodes", (num_nodes) => expect(isTask({ num_nodes })).toBe(false))

  it("task-21: carries an event callback, sizes of what it reads and writes, and overrides of the configuration", () => {
    const text = "event_callback: notify.sh\ninputs: {s3://in: 12.5}\noutputs: {gs://out: 3}\nconfig: {aws: {vpc_name: x}}\n"
    expect(readOne(text)).toEqual({
      event_callback: "notify.sh",
      inputs: { "s3://in": 12.5 },
      outputs: { "gs://out": 3 },
      config: { aws: { vpc_name: "x" } }
    })
  })

  it("holds no half of a pair of UTF-16, wherever: it would arrive as another character, which says nothing of a whole one", () => {
    const half = "\ud800"
    const says = "holds half a character, which no program can be given"
    for (const task of [
      { run: half },
      { secrets: { A: `x${half}` } },
      { workdir: `/a/${half}` },
      { file_mounts: { [`~/${half}`]: "/a" } },
      { resources: { labels: { a: half } } },
      { config: { a: [half] } }
    ])
      expect([task, problemOf(task)]).toEqual([task, says])
    expect(refusalOf(() => readOne('name: a\nrun: "echo \\ud800"')).message).toBe(`x.yaml, line 2: run: ${says}.`)
    expect(readOne('run: "echo \\ud83d\\ude00"')).toEqual({ run: "echo 😀" })
  })

  it("says what came instead of text by its kind: not everything that JavaScript calls an object is a mapping", () => {
    expect(refusalOf(() => readOne("run: !!binary aGk=")).message).toBe("x.yaml, line 1: run: expected text, got bytes.")
    expect(refusalOf(() => readOne("run: {a: 1}")).message).toContain("got a mapping")
  })

  it("has each name once: in envs, or in secrets", () => {
    expect(problemOf({ envs: { A: "1" }, secrets: { A: "2" } })).toBe("'A' is in envs and in secrets: keep one")
  })

  it("has all three parts of a login to a registry, or none", () => {
    expect(problemOf({ envs: { SKYPILOT_DOCKER_USERNAME: "u" } })).toContain(
      "SKYPILOT_DOCKER_PASSWORD and SKYPILOT_DOCKER_SERVER are missing"
    )
    const rest = { SKYPILOT_DOCKER_USERNAME: "u", SKYPILOT_DOCKER_SERVER: "s" }
    expect(isTask({ envs: rest, secrets: { SKYPILOT_DOCKER_PASSWORD: "p" } })).toBe(true)
  })

  it("task-50: needs of a cloud what it says itself, whatever its resources say", () => {
    expect([...featuresOf({ num_nodes: 2, resources: { use_spot: true } })]).toEqual(["MULTI_NODE"])
    expect([...featuresOf({ file_mounts: { "/m": { name: "bkt" }, "/n": { source: "s3://bkt", mode: "copy" } } })]).toEqual([
      "STORAGE_MOUNTING"
    ])
    expect([...featuresOf({ resources: { use_spot: true } })]).toEqual([])
  })

  it("reads as in the contract", () => {
    const task = readOne("name: t\nnum_nodes: 2\nresources: {cloud: aws, accelerators: V100}\nrun: |\n  set -e\n  python train.py\n")
    expect(taskText(task)).toBe("Task<name=t>(run='set -e\\npython train...')\n  nodes: 2\n  resources: AWS({'V100': 1})")
    expect(taskText({})).toBe("Task(run=<empty>)\n  resources: default instances")
  })
})

describe("changes of a task", () => {
  const envs = (task: Task, more: unknown) => Result.getOrThrow(updateEnvs(task, more as never)).envs
  it("task-26: envs come as null, pairs or a mapping; the last value wins", () => {
    const task = { envs: { A: "1", B: "1" } }
    expect(envs(task, null)).toEqual({ A: "1", B: "1" })
    expect(envs(task, [["B", "2"]])).toEqual({ A: "1", B: "2" })
    expect(envs(task, { C: "3" })).toEqual({ A: "1", B: "1", C: "3" })
  })

  it.each([
    [5],
    [
      [
        ["A", "1"],
        ["A", "2"]
      ]
    ],
    [{ A: null }],
    [["A"]],
    [{ A: 1 }]
  ])("task-27: %j is refused", (more) => {
    expect(Result.isFailure(updateEnvs({}, more as never))).toBe(true)
  })
  it("task-27: a bad name is refused by the rules of a task", () => {
    expect(isTask(Result.getOrThrow(updateEnvs({}, { "1b": "x" })))).toBe(false)
  })

  it("task-31: fields of resources go over each alternative, which keep their order", () => {
    const any = { cloud: "aws", any_of: [{ accelerators: "V100", region: "us-east-1" }, { infra: "gcp/us-central1" }] }
    expect(overrideResources(any, { region: "eu-west-1" })).toEqual({
      cloud: "aws",
      any_of: [{ accelerators: "V100" }, { cloud: "gcp" }],
      region: "eu-west-1"
    })
    expect(overrideResources({ infra: "aws/us-east-1" }, { infra: "gcp" })).toEqual({ infra: "gcp" })
    expect(overrideResources({ ordered: [{ cpus: 2 }, { cpus: 4 }] }, { cpus: null })).toEqual({ ordered: [{}, {}], cpus: null })
  })

  it("task-37, task-40: file mounts are replaced, merged or cleared; storage beside them stays", () => {
    const task = { file_mounts: { "~/a": "/a", "/s": { name: "bkt" } } }
    expect(setFileMounts(task, { "~/b": "/b" }).file_mounts).toEqual({ "~/b": "/b", "/s": { name: "bkt" } })
    expect(setFileMounts(task, null).file_mounts).toEqual({ "/s": { name: "bkt" } })
    expect(updateMounts(task, { "~/a": "/new", "~/b": "/b" }).file_mounts).toEqual({
      "~/a": "/new",
      "~/b": "/b",
      "/s": { name: "bkt" }
    })
    expect(setFileMounts({ file_mounts: { "~/a": "/a" } }, null)).toEqual({})
  })

  it("task-47, task-48: so is storage; null clears it when set, and changes nothing when merged", () => {
    const task = { file_mounts: { "~/a": "/a", "/s": { name: "bkt" } } }
    expect(setStorageMounts(task, null).file_mounts).toEqual({ "~/a": "/a" })
    expect(updateMounts(task, null).file_mounts).toEqual(task.file_mounts)
    expect(updateMounts(task, { "/t": { name: "two" } }).file_mounts).toEqual({ ...task.file_mounts, "/t": { name: "two" } })
    expect(isTask(setStorageMounts({}, { "s3://x": { name: "bkt" } }))).toBe(false)
  })
})

describe("a service", () => {
  const service = (text: string) => readOne(`service:\n  readiness_probe: /health\n${text}`).service
  it("task-32: is parsed, checked and carried", () => {
    expect(service("  replicas: 2\n")).toEqual({ readiness_probe: "/health", replicas: 2 })
    expect(readOne("service:\n")).toEqual({ service: null })
  })

  it.each([
    ["  replicas: 1\n  replica_policy: {min_replicas: 1}\n", "exclude each other"],
    ["  replica_policy: {min_replicas: 3, max_replicas: 1, target_qps_per_replica: 1}\n", "is less than min_replicas"],
    ["  replica_policy: {min_replicas: 1, max_replicas: 3}\n", "needs target_qps_per_replica"],
    ["  replica_policy: {min_replicas: 1, target_qps_per_replica: 3}\n", "needs max_replicas"],
    ["  replica_policy: {min_replicas: 1, auto_restart: true}\n", "unknown field 'auto_restart'"]
  ])("is refused: %j", (text, why) => expect(refusalOf(() => service(text)).message).toContain(why))
})
