/** What may lie where on the nodes: paths, buckets and storage, before anybody looks at files. */
import { describe, expect, it } from "vitest"
import { bucketNameProblem } from "../../../task/bucket-names.ts"
import { bucketMountsOf, homePathOf, mountProblems } from "../../../task/mounts.ts"
import { canonicalStorage, type Storage } from "../../../task/Storage.ts"
import { readOne, refusalOf } from "./read.ts"

const problem = (target: string, source: string | Storage, workdir?: string) =>
  mountProblems({ file_mounts: { [target]: source }, ...(workdir === undefined ? {} : { workdir }) })[0]?.refusal

describe("a file mount", () => {
  it("task-35: ends with no slash, on neither side", () => {
    expect(problem("~/a/", "b")).toMatchObject({ error: "ValueError" })
    expect(problem("~/a", "b/")).toMatchObject({ error: "ValueError" })
    expect(problem("~/a", "b")).toBeUndefined()
  })

  it("task-38: has no bucket as target, and no address as source that nodes cannot fetch", () => {
    for (const target of ["s3://b/x", "gs://b", "https://x.example/y"])
      expect(problem(target, "data")).toMatchObject({ error: "ValueError" })
    for (const source of ["https://x.example/y", "azure://x/y", "ftp://x/y", ""]) expect(problem("/a", source)?.error).toBe("ValueError")
    for (const source of ["s3://b/x", "gs://b", "r2://b/x", "cos://us-south/b"]) expect(problem("/a", source)).toBeUndefined()
  })

  it("is refused when the task is read where no kernel could take its path, and what is too long is not repeated", () => {
    const long = "x".repeat(256)
    for (const [target, source] of [
      ["~/a\0b", "data"],
      ["~/a", "da\0ta"],
      ["~/a", "s3://b/\0"],
      [`~/${long}/a`, "data"],
      ["~/a", `${long}/data`],
      ["~/a", "é".repeat(128)],
      ["~/a", "d/".repeat(2_048)],
      ["~/m", { name: "bkt", source: "da\0ta" }],
      ["~/m\0", { name: "bkt" }]
    ] as const) {
      const found = mountProblems({ file_mounts: { [target]: source } })[0]
      expect(found, JSON.stringify([target, source]).slice(0, 40)).toBeDefined()
      expect(JSON.stringify(found).length).toBeLessThan(200)
    }
    expect(problem(`~/${long.slice(1)}`, `s3://b/${long}`)).toBeUndefined()
  })

  it("does not lie where the workdir goes, however that is written", () => {
    for (const target of ["~/sky_workdir", "~/./sky_workdir", ".", "", "~/x/../sky_workdir"]) {
      expect([target, problem(target, "data", ".")?.error]).toEqual([target, "ValueError"])
      expect(problem(target, "data")).toBeUndefined()
    }
  })

  it.each([
    ["~", ""],
    ["~/.config", ".config"],
    ["x/y", "sky_workdir/x/y"],
    ["~/a/../b", "b"],
    ["/tmp/x", null],
    ["~/../x", null],
    ["../../x", null]
  ])("to %j lies at %j of the home", (target, path) => expect(homePathOf(target)).toBe(path))
})

describe("storage", () => {
  it.each([
    [{ source: "s3://bkt", name: "x" }, "StorageSpecError"],
    [{}, "StorageSpecError"],
    [{ mode: "COPY" }, "StorageSourceError"],
    [{ source: "data" }, "StorageNameError"],
    [{ name: "s3://bkt" }, "StorageNameError"],
    [{ name: "ab", store: "s3" }, "StorageNameError"],
    [{ name: "goog-x", store: "gcs" }, "StorageNameError"],
    [{ name: "bkt", source: ["a/x", "b/x"] }, "StorageSourceError"],
    [{ name: "bkt", source: "a/" }, "StorageSourceError"],
    [{ source: "s3://bkt/sub" }, "StorageModeError"],
    [{ name: "bkt", store: "azure" }, "StorageSpecError"]
  ] as ReadonlyArray<readonly [Storage, string]>)("%j is a %s", (storage, error) => expect(problem("/m", storage)?.error).toBe(error))

  it("task-46: may have a target that ends with a slash", () =>
    expect(problem("/remote/imagenet/", { name: "bkt", source: "data" })).toBeUndefined())
  it("task-47: has no bucket as target", () => expect(problem("s3://x/y", { name: "bkt" })?.error).toBe("ValueError"))

  it("has defaults: mounted, kept, in the store of its address", () => {
    expect(canonicalStorage({ source: "gs://bkt" })).toEqual({
      name: null,
      source: "gs://bkt",
      store: "GCS",
      mode: "MOUNT",
      persistent: true,
      _force_delete: false
    })
    expect(readOne("file_mounts: {/m: {name: bkt, store: s3, mode: copy, source: x, persistent: no}}").file_mounts).toEqual({
      "/m": { name: "bkt", store: "s3", mode: "copy", source: "x", persistent: false }
    })
  })

  it("is known from files, for it comes later", () => {
    expect(bucketMountsOf({ file_mounts: { a: "/a", b: "s3://b", c: { name: "c" } } })).toEqual(["b", "c"])
  })

  it("has a bucket's name by the rules of its store", () => {
    expect(bucketNameProblem("S3", "a_b_c")).toBeDefined()
    expect(bucketNameProblem("GCS", "a_b_c")).toBeUndefined()
    expect(refusalOf(() => readOne("file_mounts: {/m: {name: a..b, store: s3}}"))).toMatchObject({ tag: "StorageNameError" })
  })
})
