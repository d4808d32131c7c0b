/** The values of `envs` and `secrets`, which are read as they are written: once each, and merged as everything else. */
import { describe, expect, it } from "vitest"
import { readOne, refusalOf } from "../task/read.ts"

describe("envs and secrets of a file", () => {
  it.each([
    ["envs:\n  A: 1\n  A: 2\n", "x.yaml, line 3: 'A' is there twice."],
    ["secrets: {A: 1,\n A: 2}\n", "x.yaml, line 2: 'A' is there twice."],
    ["run: a\nenvs: &e\n  A: 1\n  B: 1\n  A:\n", "x.yaml, line 5: 'A' is there twice."],
    ["config: {b: &b {X: 1}}\nenvs: {<<: *b,\n <<: *b}\n", "x.yaml, line 3: '<<' is there twice."],
    ["resources: {<<: {cpus: 1}, <<: {cpus: 2}}\n", "x.yaml, line 1: '<<' is there twice."]
  ])("hold a name once: %j", (text, message) => expect(refusalOf(() => readOne(text)).message).toBe(message))

  it.each([
    ["config: &c {A: 01, B: 2}\nenvs: {<<: *c, C: 3}\n", undefined],
    ["config: {b: &b {A: yes, B: 2}}\nenvs: {B: own, <<: *b}\n", { A: "yes", B: "own" }],
    ["config: {a: &a {A: 1}, b: &b {A: 2, B: 2}}\nenvs: {<<: [*a, *b]}\n", { A: "1", B: "2" }],
    ["config: {a: &a {A: 1.0}, b: &b {<<: *a, B: ~}}\nenvs: {<<: *b, B: x}\n", { A: "1.0", B: "x" }],
    ["envs: {<<: {A: 1}, C: 3}\n", { A: "1", C: "3" }]
  ])("take over what is merged into them: %j", (text, envs) => {
    if (envs === undefined) expect(refusalOf(() => readOne(text)).message).toContain("is read in two ways")
    else expect(readOne(text).envs).toEqual(envs)
  })

  it.each(["envs: &a {<<: *a, A: 1}\n", "envs: {<<: 3}\n", "envs: {<<: [a]}\n"])("merge mappings only, and none into itself: %j", (text) =>
    expect(refusalOf(() => readOne(text))).toMatchObject({ tag: "ValueError", message: expect.stringContaining("x.yaml") })
  )

  it("merge what is merged many times over at once", () => {
    const layers = Array.from({ length: 30 }, (_, i) => `  k${i + 1}: &k${i + 1} {<<: [${`*k${i}, `.repeat(3)}*k${i}]}`).join("\n")
    expect(refusalOf(() => readOne(`config:\n  k0: &k0 {A: 1}\n${layers}\nenvs: {<<: *k30}\n`)).tag).toBe("ValueError")
  })
})

describe("envs in a file's paths", () => {
  it("two targets that become one are a mistake", () => {
    const text = "envs: {A: x}\nfile_mounts:\n  /m/x: s3://b/1\n  /m/$A: s3://b/2\n"
    expect(refusalOf(() => readOne(text)).message).toBe(
      "x.yaml, line 2: file_mounts: '/m/x' and '/m/$A' become one, '/m/x', with the envs in them."
    )
    const headers = "envs: {A: x, B: x}\nservice: {readiness_probe: {path: /, headers: {$A: 1, $B: 2}}}\n"
    expect(refusalOf(() => readOne(headers)).message).toBe("x.yaml, line 2: service: '$A' and '$B' become one, 'x', with the envs in them.")
  })
})
