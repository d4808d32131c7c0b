/** `sky.Task`, `sky.Dag`, `sky.Storage` and `sky.SkyServiceSpec`: builders over the values of task/, which look at files. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { refused, sky } from "./sdk.ts"

const { Resources, Storage, Task } = sky
const { ValueError } = sky.exceptions
// biome-ignore lint/suspicious/noExplicitAny: what the types refuse, as JavaScript may give it
const any = (value: unknown): any => value
const folder = mkdtempSync(join(tmpdir(), "task-"))
const file = (name: string, text = "") => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe("a Task", () => {
  it("task-01, api-04: every field is optional, null and absent are the same", () => {
    const empty = new Task()
    expect(empty.toYamlConfig()).toEqual({})
    const names = "name setup run envs secrets workdir numNodes dockerImage eventCallback blockedResources"
    const nulls = new Task(any(Object.fromEntries(names.split(" ").map((name) => [name, null]))))
    for (const task of [empty, new Task({}), nulls]) {
      const { eventCallback, name, numNodes, run, service, setup, workdir } = task
      expect([name, run, setup, workdir, eventCallback, service]).toEqual([null, null, null, null, null, null])
      expect([numNodes, task.envs, task.blockedResources]).toEqual([1, {}, []])
    }
  })

  it("task-03: each setter changes the task and returns that same object", () => {
    const task = new Task({ run: "true" })
    const storage = new Storage({ name: "my-bucket" })
    const service = new sky.SkyServiceSpec({ readinessPath: "/" })
    for (const set of [
      () => task.updateEnvs({ A: "1" }),
      () => task.setResources(new Resources({ cpus: 2 })),
      () => task.setResourcesOverride({ memory: 4 }),
      () => task.setService(service),
      () => task.setFileMounts({ "~/a": folder }),
      () => task.updateFileMounts({ "~/b": folder }),
      () => task.setStorageMounts({ "/data": storage }),
      () => task.updateStorageMounts({ "/more": storage })
    ])
      expect(set()).toBe(task)
    expect(task.toYamlConfig()).toMatchObject({ envs: { A: "1" }, resources: { cpus: "2", memory: 4 } })
    expect(Object.keys(task.fileMounts)).toEqual(["~/a", "~/b"])
    expect(Object.keys(task.storageMounts)).toEqual(["/data", "/more"])
  })

  it("task-06: chained setters, both settings held", () => {
    const task = new Task().setResources(new Resources({ cpus: 4 })).setFileMounts({ "~/x": folder })
    expect([task.resources, task.fileMounts]).toEqual([new Resources({ cpus: 4 }), { "~/x": folder }])
  })

  it("task-09: run is shell text, a function or null", async () => {
    const run = () => "echo hi"
    expect(new Task({ run }).run).toBe(run)
    expect(new Task({ run: "echo hi" }).run).toBe("echo hi")
    for (const bad of [["echo"], 3, {}]) expect(await refused(() => new Task({ run: any(bad) }))).toBeInstanceOf(ValueError)
    const three = (_a: number, _b: Array<string>, _c: string) => ""
    expect(await refused(() => new Task({ run: any(three) }))).toBeInstanceOf(ValueError)
  })

  it("an eventCallback is text, and what came instead is called by its kind", async () => {
    const error = await refused(() => new Task({ eventCallback: any(new Date()) }))
    expect(error).toBeInstanceOf(ValueError)
    expect(error.message).toBe("eventCallback: expected text, got a date.")
  })

  it("task-17: a workdir that is missing or no folder is refused when the task is made", async () => {
    for (const workdir of [join(folder, "none"), file("plain")])
      expect(await refused(() => new Task({ workdir }))).toBeInstanceOf(ValueError)
    expect(new Task({ workdir: "." }).workdir).toBe(process.cwd())
  })

  it("task-18: numNodes null is 1; 0, negative, a fraction and text are ValueErrors", async () => {
    expect(new Task({ numNodes: null }).numNodes).toBe(1)
    for (const numNodes of [0, -1, 1.5, "2", Number.NaN]) {
      const error = await refused(() => new Task({ numNodes: any(numNodes) }))
      expect(error).toBeInstanceOf(ValueError)
      expect(error.message).toContain("numNodes")
    }
  })

  it("task-20, task-21: dockerImage, eventCallback and blockedResources are held", () => {
    expect(new Task().dockerImage).toBe("gpuci/miniforge-cuda:11.4-devel-ubuntu18.04")
    expect(new Task({ dockerImage: "mine", eventCallback: "notify" })).toMatchObject({ dockerImage: "mine", eventCallback: "notify" })
    const blocked = new Resources({ region: "us-east-1" })
    for (const blockedResources of [[blocked], new Set([blocked])])
      expect(new Task({ blockedResources }).blockedResources).toEqual([blocked])
  })

  it("task-26: updateEnvs merges null, pairs and objects; the last value wins", () => {
    const task = new Task({ envs: { A: "1", B: "1" } })
    expect(task.updateEnvs(null).envs).toEqual({ A: "1", B: "1" })
    expect(task.updateEnvs([["B", "2"]]).envs).toEqual({ A: "1", B: "2" })
    expect(task.updateEnvs({ B: "3", C: "" }).envs).toEqual({ A: "1", B: "3", C: "" })
  })

  it.each([
    ["a bad name", { "1A": "x" }],
    [
      "a name twice",
      [
        ["A", "1"],
        ["A", "2"]
      ]
    ],
    ["a null value", { A: null }],
    ["a number", { A: 1 }],
    ["a text", "A=1"],
    ["a Map", new Map([["A", "1"]])],
    ["no pairs", ["A"]]
  ])("task-27: updateEnvs refuses %s and leaves the task as it was", async (_, envs) => {
    const task = new Task({ envs: { A: "0" } })
    expect(await refused(() => task.updateEnvs(any(envs)))).toBeInstanceOf(ValueError)
    expect(task.envs).toEqual({ A: "0" })
  })

  it("task-28: setResources takes one, an array or a Set, and keeps which", async () => {
    const [a, b] = [new Resources({ accelerators: "V100" }), new Resources({ accelerators: "A100" })]
    expect(new Task().setResources(a).resources).toEqual(a)
    expect(new Task().setResources([a, b]).resources).toEqual([a, b])
    expect(new Task().setResources(new Set([a, b])).resources).toEqual(new Set([a, b]))
    expect(await refused(() => new Task().setResources(any({ cpus: 2 })))).toBeInstanceOf(TypeError)
    expect(await refused(() => new Task().setResources([]))).toBeInstanceOf(ValueError)
  })

  it("task-31: setResourcesOverride applies to each alternative and keeps the kind", () => {
    const both = new Set([new Resources({ accelerators: "V100" }), new Resources({ accelerators: "A100", region: "us-east-1" })])
    const { resources } = new Task().setResources(both).setResourcesOverride({ region: "us-west-2" })
    expect(resources).toEqual(new Set([...both].map((one) => one.copy({ region: "us-west-2" }))))
  })

  it("task-32: setService sets and clears", () => {
    const service = new sky.SkyServiceSpec({ readinessPath: "/health", minReplicas: 2 })
    const task = new Task().setService(service)
    expect(task.service!.toYamlConfig()).toEqual(service.toYamlConfig())
    expect(task.service!.toYamlConfig()).toMatchObject({ readiness_probe: { path: "/health" }, replica_policy: { min_replicas: 2 } })
    expect(task.setService(null).service).toBe(null)
  })

  it("task-35: neither source nor destination ends with a slash", async () => {
    for (const mounts of [{ "~/a/": folder }, { "~/a": `${folder}/` }])
      expect(await refused(() => new Task().setFileMounts(mounts))).toBeInstanceOf(ValueError)
  })

  it("task-37: setFileMounts replaces; null clears", () => {
    const task = new Task().setFileMounts({ "~/a": folder }).setFileMounts({ "~/b": folder })
    expect(task.fileMounts).toEqual({ "~/b": folder })
    expect(task.setFileMounts(null).fileMounts).toEqual({})
  })

  it("task-38: a source that is missing, and a destination that is a bucket, are refused in set and in update", async () => {
    for (const bad of [{ "~/a": join(folder, "none") }, { "s3://b/a": folder }]) {
      expect(await refused(() => new Task().setFileMounts(bad))).toBeInstanceOf(ValueError)
      expect(await refused(() => new Task().updateFileMounts(bad))).toBeInstanceOf(ValueError)
    }
  })

  it("task-40: updateFileMounts merges; the same path is overwritten", () => {
    const other = join(folder, "other")
    mkdirSync(other)
    const task = new Task().setFileMounts({ "~/a": folder, "~/b": folder })
    expect(task.updateFileMounts({ "~/b": other, "~/c": other }).fileMounts).toEqual({ "~/a": folder, "~/b": other, "~/c": other })
  })

  it("task-46: a storage mount may end with a slash", () => {
    const storage = new Storage({ name: "my-bucket", source: folder })
    expect(new Task().setStorageMounts({ "/remote/imagenet/": storage }).storageMounts).toEqual({ "/remote/imagenet/": storage })
  })

  it("task-40: what is named last lies at a path, be it a file or a bucket", () => {
    const [files, buckets] = [{ "/m": folder }, { "/m": new Storage({ name: "my-bucket" }) }]
    for (const task of [
      new Task().setStorageMounts(buckets).updateFileMounts(files),
      new Task().setStorageMounts(buckets).setFileMounts(files),
      Task.fromYaml(file("bucket.yaml", "file_mounts: {/m: {name: my-bucket}}")).setFileMounts(files)
    ])
      expect([task.fileMounts, task.storageMounts]).toEqual([files, {}])
    for (const task of [
      new Task().setFileMounts(files).updateStorageMounts(buckets),
      new Task().setFileMounts(files).setStorageMounts(buckets)
    ])
      expect([task.fileMounts, task.storageMounts]).toEqual([{}, buckets])
  })

  it("task-47: setStorageMounts: null clears, a destination that is a bucket is refused", async () => {
    const storage = new Storage({ name: "my-bucket" })
    expect(new Task().setStorageMounts({ "/a": storage }).setStorageMounts(null).storageMounts).toEqual({})
    expect(await refused(() => new Task().setStorageMounts({ "s3://a": storage }))).toBeInstanceOf(ValueError)
    expect(await refused(() => new Task().setStorageMounts(any({ "/a": "s3://b" })))).toBeInstanceOf(ValueError)
  })

  it("task-48: updateStorageMounts merges; null changes nothing; what is invalid is refused", async () => {
    const storage = new Storage({ name: "my-bucket" })
    const task = new Task().setStorageMounts({ "/a": storage })
    expect(Object.keys(task.updateStorageMounts({ "/b": storage }).storageMounts)).toEqual(["/a", "/b"])
    expect(Object.keys(task.updateStorageMounts(null).storageMounts)).toEqual(["/a", "/b"])
    expect(await refused(() => task.updateStorageMounts({ "gs://c": storage }))).toBeInstanceOf(ValueError)
  })

  it("task-49, task-50: is no controller, and says what it alone needs of a cloud", () => {
    expect(new Task().isControllerTask()).toBe(false)
    expect(new Task({ numNodes: 2 }).getRequiredCloudFeatures()).toEqual(new Set(["MULTI_NODE"]))
    expect(new Task().setStorageMounts({ "/a": new Storage({ name: "my-bucket" }) }).getRequiredCloudFeatures()).toEqual(
      new Set(["STORAGE_MOUNTING"])
    )
    expect(new Task().setResources(new Resources({ useSpot: true })).getRequiredCloudFeatures()).toEqual(new Set())
  })

  it("says what it is when it is printed, and shows no secret", () => {
    const task = new Task({ name: "train", run: "echo 'a'", numNodes: 2, envs: { A: "1", HF_TOKEN: "t0p" }, secrets: { B: "h1dden" } })
    task.setResources(new Resources({ cloud: sky.AWS(), accelerators: "V100" }))
    const text = "Task<name=train>(run='echo 'a'')\n  nodes: 2\n  resources: AWS({'V100': 1})"
    expect([String(task), inspect(task), inspect({ task }).includes("AWS({'V100': 1})")]).toEqual([text, text, true])
    expect(JSON.parse(JSON.stringify(task))).toEqual({
      name: "train",
      run: "echo 'a'",
      num_nodes: 2,
      envs: { A: "1", HF_TOKEN: "***" },
      secrets: { B: "***" },
      resources: { cloud: "aws", accelerators: { V100: 1 } }
    })
    expect(task.toYamlConfig()).toMatchObject({ envs: { HF_TOKEN: "t0p" }, secrets: { B: "h1dden" } })
    expect(String(new Task({ run: () => "true" }))).toBe("Task(run=<function>)\n  resources: default instances")
  })

  it("says what its service is when it is printed", () => {
    const { service } = new Task().setService(new sky.SkyServiceSpec({ readinessPath: "/health", minReplicas: 2 }))
    const policy = { min_replicas: 2, upscale_delay_seconds: 300, downscale_delay_seconds: 1200 }
    const section = { readiness_probe: { path: "/health", initial_delay_seconds: 1200 }, replica_policy: policy }
    expect(JSON.parse(JSON.stringify(service))).toEqual(section)
    expect(inspect(service)).toBe(inspect(service!.toYamlConfig()))
    expect(String(service)).toBe("SkyServiceSpec(GET /health, 2 replicas)")
    const scaled = { readinessPath: "/", postData: "{}", maxReplicas: 3, targetQpsPerReplica: 1 }
    expect(String(new sky.SkyServiceSpec(scaled))).toBe("SkyServiceSpec(POST /, 1 to 3 replicas)")
  })

  it("speaks of its own fields, and leaves the caller's words as they are", async () => {
    const said = async (run: () => unknown) => (await refused(run)).message
    expect(await said(() => new Task({ numNodes: 0 }))).toContain("numNodes")
    expect(await said(() => new Resources({ cloud: "disk_size" }))).toContain("'disk_size'")
    expect(await said(() => new Resources({ labels: any({ disk_size: 3 }) }))).toMatch(/labels\.disk_size/)
    expect(await said(() => new Task().setFileMounts({ "~/disk_size": join(folder, "file_mounts") }))).toMatch(
      /^fileMounts\.~\/disk_size: source .*file_mounts does not exist/
    )
    expect(await said(() => new Resources({ spotRecovery: "FAILOVER" }))).toMatch(/spotRecovery needs useSpot/)
    expect(await said(() => new Resources({ autostop: "soon" }))).toMatch(/autostop: expected .* minutes and down/)
    expect(await said(() => new Resources({ autostop: any({ idleMinutes: true }) }))).toMatch(/^Resources: autostop\.idleMinutes: /)
    expect(await said(() => new Resources({ acceleratorArgs: any({ tpu_vms: true }) }))).toBe(
      "Resources: unknown field 'tpu_vms' in acceleratorArgs. Did you mean 'tpu_vm'?"
    )
    expect(
      await said(() =>
        Task.fromYaml(file("two.yaml", "resources: {any_of: [{cpus: 2}, {cpus: 4}]}")).setResourcesOverride({ spotRecovery: "FAILOVER" })
      )
    ).toBe("Resources: spotRecovery: spotRecovery needs useSpot: true.")
    const { SkyServiceSpec } = sky
    expect(await said(() => new SkyServiceSpec({ readinessPath: "x" }))).toMatch(/^SkyServiceSpec: readinessPath: expected a path/)
    expect(await said(() => new SkyServiceSpec({ readinessPath: "/", readinessTimeoutSeconds: -1 }))).toMatch(/: readinessTimeoutSeconds: /)
    expect(await said(() => new SkyServiceSpec({ readinessPath: "/", maxReplicas: -1 }))).toMatch(/^SkyServiceSpec: maxReplicas: /)
    expect(await said(() => new SkyServiceSpec({ readinessPath: "/", minReplicas: 3, maxReplicas: 2 }))).toBe(
      "SkyServiceSpec: maxReplicas (2) is less than minReplicas (3)."
    )
    expect(await said(() => new SkyServiceSpec(any({})))).toBe("SkyServiceSpec: 'readinessPath' is missing.")
    const section = { readiness_probe: { path: "/" }, replica_policy: { min_replicas: -1 } }
    expect(await said(() => SkyServiceSpec.fromYamlConfig(section))).toMatch(/: replica_policy\.min_replicas: /)
  })
})

it("what a caller says is repeated as it was said, even where it looks like a field", async () => {
  const said = async (run: () => unknown) => (await refused(run)).message
  expect(await said(() => new Resources({ cloud: sky.AWS(), imageId: "ami_id num_nodes disk_size" }))).toContain(
    "ami_id num_nodes disk_size"
  )
  expect(await said(() => new Resources({ cloud: "a' disk_size" }))).toContain("'a' disk_size'")
  expect(await said(() => new Task().setFileMounts({ "/num_nodes": "/no ' num_nodes" }))).toContain("/no ' num_nodes")
})

it("what is of another kind is told as a task file's would be", async () => {
  const said = async (run: () => unknown) => (await refused(run)).message
  expect(await said(() => new Resources({ instanceType: any(5) }))).toBe(
    "Resources: instanceType: expected text, got 5: put it into quotes."
  )
  expect(await said(() => new Task({ secrets: any({ A: 1 }) }))).toBe("secrets.A: expected text, got 1: put it into quotes.")
  expect(await said(() => new Storage({ name: any([]) }))).toBe("Storage: name: expected text, got a list.")
})

describe("a Storage", () => {
  it("is refused by the exception that fits", async () => {
    const { exceptions } = sky
    expect(await refused(() => new Storage({}))).toBeInstanceOf(exceptions.StorageSpecError)
    expect(await refused(() => new Storage({ source: folder }))).toBeInstanceOf(exceptions.StorageNameError)
    expect(await refused(() => new Storage({ name: "b", mode: "COPY" }))).toBeInstanceOf(exceptions.StorageSourceError)
    expect(await refused(() => new Storage({ source: "s3://b/folder" }))).toBeInstanceOf(exceptions.StorageModeError)
    expect(await refused(() => new Storage({ name: "b", mode: "LOOK" }))).toBeInstanceOf(exceptions.StorageModeError)
    expect(await refused(() => new Storage({ name: "b", store: "TAPE" }))).toBeInstanceOf(exceptions.StorageSpecError)
    expect(await refused(() => new Storage(any({ name: 7 })))).toBeInstanceOf(exceptions.StorageNameError)
  })
})
