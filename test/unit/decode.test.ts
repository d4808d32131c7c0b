/** What the daemon says of a request that it does not understand, and that `describe` says the same beforehand. */
import { describe as about, assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describe } from "../../daemon/queries/describe.ts"
import { decoder } from "../../daemon/requests/decode.ts"
import { type MethodName, methods } from "../../sdk/protocol/methods.ts"

const refusal = (method: MethodName, params: unknown) =>
  Effect.runSync(Effect.flip(decoder(methods[method].params as never, method)(params))).message

about("a refused request", () => {
  it.each<readonly [MethodName, unknown, string]>([
    ["queue", { clusterName: "c" }, "queue: unknown field 'clusterName'. Did you mean 'clusterNames'?"],
    ["launch", { task: { runn: "x" } }, "launch: unknown field 'runn' in task. Did you mean 'run'?"],
    ["launch", { task: { cpus: 2 } }, "launch: unknown field 'cpus' in task. Did you mean 'resources.cpus'?"],
    [
      "launch",
      { task: { resources: { any_of: [{ cpu: 1 }] } } },
      "launch: unknown field 'cpu' in task.resources.any_of.0. Did you mean 'cpus'?"
    ],
    [
      "launch",
      { task: { file_mounts: { "/m": { nam: "b" } } } },
      "launch: unknown field 'nam' in task.file_mounts./m. Did you mean 'name'?"
    ],
    ["launch", { task: {}, entirelyElse: 1 }, "launch: unknown field 'entirelyElse'."],
    ["launch", { task: { volumes: {} } }, "launch: field 'volumes' in task is not supported yet."],
    [
      "launch",
      { task: { file_mounts: { "/m": { source: "s3://b", config: {} } } } },
      "launch: field 'config' in task.file_mounts./m is not supported yet."
    ],
    ["launch", { task: { resources: { cloud: "awz" } } }, "launch: task.resources.cloud: unknown cloud 'awz'. Did you mean 'aws'?"],
    ["launch", { task: { run: 3 } }, "launch: task.run: expected text, got 3: put it into quotes."],
    ["launch", { task: {}, idleMinutesToAutostop: -1 }, "launch: idleMinutesToAutostop: expected whole minutes from 0 to 1000000."],
    ["launch", {}, "launch: 'task' is missing."],
    ["launch", { task: { num_nodes: 0 } }, "launch: task.num_nodes: expected a whole number from 1 to 1024."]
  ])("%s %j: %s", (method, params, message) => assert.strictEqual(refusal(method, params), message))

  it("says of a git repository and of a cached mount that they are not supported yet", () => {
    assert.include(refusal("launch", { task: { workdir: { url: "x", ref: "main" } } }), "not supported yet")
    assert.include(refusal("launch", { task: { file_mounts: { "/m": { source: "s3://b", mode: "MOUNT_CACHED" } } } }), "not supported yet")
  })
})

about("describe", () => {
  const described = describe(null) as Readonly<Record<string, { readonly params: unknown; readonly result: unknown }>>
  const text = (method: string, part: "params" | "result") => JSON.stringify(described[method]![part])

  it("says of every method that other fields are refused, and leaves answers open", () => {
    for (const method of Object.keys(methods)) {
      assert.include(text(method, "params"), '"additionalProperties":false', method)
      assert.notInclude(text(method, "params"), '"additionalProperties":true', method)
    }
    assert.include(text("launch", "result"), '"additionalProperties":true')
  })

  it("says how many nodes there may be, and that maps have any names", () => {
    assert.include(text("launch", "params"), '"num_nodes":{"anyOf":[{"type":"integer","minimum":1,"maximum":1024}')
    assert.include(text("launch", "params"), '"labels":{"anyOf":[{"type":"object","additionalProperties":{"type":"string"}}')
  })
})
