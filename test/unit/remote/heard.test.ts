/** What a machine may say of itself. */
import { expect, it } from "vitest"
import { readGround } from "../../../daemon/remote/ground.ts"

const lease = { log: "l", cluster: "c", clusterName: "train", node: "n-0", rank: 0, address: "10.0.0.1" }
const said = (lines: Readonly<Record<string, string>>) =>
  Object.entries({ home: "/h", os: "Linux", arch: "x86_64", ...lines, end: "yes" })
    .map(([key, value]) => `${key} ${value}\n`)
    .join("")
const ground = (lines: Readonly<Record<string, string>>) => readGround(said(lines))!

it("is a number of CPUs, memory and a port, or it is not taken for one", () => {
  expect(ground({ cpus: "64", memory: "1048576", link: "1 2 10.0.0.1 2222" })).toMatchObject({ cpus: 64, memoryGib: 1, port: 2222 })
  for (const odd of ["-5", "1e308", "NaN", "99999999999999999999", "0x10", ""])
    expect(ground({ cpus: odd, memory: odd, link: `1 2 10.0.0.1 ${odd}` })).toMatchObject({ cpus: 1, memoryGib: 0, port: null })
})

it("is whose it is, by a name that a cluster may have", () => {
  expect(ground({ lease: JSON.stringify(lease) }).lease).toEqual(lease)
  const odd = [
    { clusterName: "a\nb" },
    { clusterName: "\u001b[31mX" },
    { clusterName: 5 },
    { node: "" },
    { node: "a\u0007" },
    { rank: -1 },
    { rank: 1e99 },
    { log: null }
  ]
  for (const one of odd) expect(ground({ lease: JSON.stringify({ ...lease, ...one }) }).lease).toBe("unreadable")
  for (const text of ["null", "5", "[]", "{", ""]) expect(ground({ lease: text }).lease).toBe("unreadable")
})

it("is warnings in words, and only so many", () => {
  const warnings = (value: unknown) => ground({ back: JSON.stringify({ warnings: value }) }).warnings
  expect(warnings(["one", { a: 1 }, 5, null, "\u001b[2Jtwo", ""])).toEqual(["one", "?[2Jtwo"])
  for (const odd of ["text", 5, null, { 0: "a" }]) expect(warnings(odd)).toEqual([])
  expect(warnings(Array.from({ length: 100 }, () => "x".repeat(500)))).toEqual(Array.from({ length: 20 }, () => "x".repeat(300)))
})

it("moves no terminal", () => {
  const { home, trouble, user } = ground({ home: "/h\u001b]0;x\u0007", user: "a\u001b[2J", broken: `1 ${"\u001b[1m".repeat(1000)}` })
  expect([home, user, trouble].join("")).not.toMatch(/\p{Cc}/u)
  expect(trouble!.length).toBeLessThan(400)
})
