/** Which machines of the pools a task could have, and what is said where it can have none. */
import { describe, expect, it } from "vitest"
import { adviceOn } from "../../../daemon/clouds/ssh/advice.ts"
import type { Looked } from "../../../daemon/clouds/ssh/Looked.ts"
import { offersOf } from "../../../daemon/clouds/ssh/offers.ts"
import { named } from "../../../daemon/clouds/ssh/too-few.ts"
import type { Kind, RemoteError } from "../../../daemon/remote/RemoteError.ts"

const at = (pool: string, host: string) => ({ pool, host, name: host, login: {}, nodeMirror: null })
const free = (pool: string, host: string, cpus = 8): Looked =>
  ({
    ...at(pool, host),
    reached: {
      target: { host },
      ground: {
        address: host,
        otherAddresses: [],
        cpus,
        memoryGib: 32,
        accelerators: null,
        lease: null,
        trouble: null,
        kernel: null,
        tenants: [] as ReadonlyArray<string>
      }
    },
    why: null
  }) as never
const leased = (pool: string, host: string, cpus = 8): Looked => {
  const { reached, ...rest } = free(pool, host, cpus) as Extract<Looked, { readonly why: null }>
  return { ...rest, reached: { ...reached, ground: { ...reached.ground, lease: { clusterName: "train" } } } } as never
}
const silent = (pool: string, host: string): Looked => ({
  ...at(pool, host),
  reached: null,
  why: "no route",
  advice: null,
  wasThere: false,
  clusterName: null
})

describe("machines of a pool that a task cannot have", () => {
  it("are told one by one where they are of one pool", () => {
    expect(offersOf([leased("rack", "a"), silent("rack", "b")], {})).toMatchObject({
      reason: "ssh/rack has no machine that is free and fits, 1 is wanted (a: leased by 'train'; b: no route)",
      busy: true,
      hint: "Your machines: sky ssh ls rack"
    })
  })
  it("are told by how many there are, where more are wanted than that", () => {
    expect(offersOf([free("rack", "a"), free("rack", "b")], { num_nodes: 9 })).toMatchObject({
      reason: "ssh/rack has only 2 machines, 9 are wanted",
      busy: false
    })
  })
  it("are told in a line a pool where there are many, those first that could be had later", () => {
    const small = ["a", "b", "c", "d"].flatMap((pool) => [free(pool, "1", 2), silent(pool, "2")])
    const machines = [...small, leased("rack", "1"), leased("rack", "2"), silent("rack", "3")]
    expect(offersOf(machines, { num_nodes: 2, resources: { cpus: 4 } })).toMatchObject({
      reason: `none of the 5 ssh pools has 2 machines that are free and fit
  rack: 0 of 3, 2 leased, 1 not reached
  a: 0 of 2, 1 not reached, 1 too small
  b: 0 of 2, 1 not reached, 1 too small
  c: 0 of 2, 1 not reached, 1 too small
  and 1 more pool`,
      busy: true,
      hint: "Your machines: sky ssh ls"
    })
  })
  it("are told apart where they are large enough and have no such accelerators", () => {
    const machines = [free("rack", "1"), free("rack", "2", 2), free("desk", "1")]
    expect(
      offersOf(machines, { resources: { cpus: 4, accelerators: "A100:1" } }).reason
    ).toBe(`none of the 2 ssh pools has 1 machine that is free and fits
  rack: 0 of 2, 1 without such accelerators, 1 too small
  desk: 0 of 1, 1 without such accelerators`)
  })
  it("tell what accelerators they have, and nothing where one was not seen", () => {
    const gpu = free("rack", "a") as Extract<Looked, { readonly why: null }>
    const accelerators = { name: "MyChip", count: 2 }
    const chip = { ...gpu, reached: { ...gpu.reached, ground: { ...gpu.reached.ground, accelerators } } } as Looked
    const wish = { resources: { accelerators: "V1000:1" } }
    expect(offersOf([chip, free("rack", "b")], wish).kinds).toEqual(["MyChip"])
    expect(offersOf([chip, silent("rack", "b")], wish).kinds).toBeNull()
  })
  it("are not busy where none would do were they free", () => {
    expect(offersOf([leased("rack", "a", 2)], { resources: { cpus: 4 } }).busy).toBe(false)
  })
})

it("who is let in by no password is told that the password is wrong, and who is let in by no key what to do about keys", () => {
  const on = (kind: Kind, message: string) => adviceOn({ kind, message } as RemoteError)
  expect(on("PermissionDenied", "permission denied (password): a@b:22 with the password")).toContain(
    "The password in the pools file is wrong"
  )
  expect(on("PermissionDenied", "permission denied (password): a@b:22 with the key /k, the password")).toContain("password")
  expect(on("PermissionDenied", "permission denied (publickey): a@b:22 with the key /k")).toContain("ssh-copy-id")
})

it("a machine is named once, where its reason begins with its name as well", () => {
  expect(
    named([
      ["a", "a has no Node."],
      ["b", "b: refused"],
      ["c", "leased by 'x'"]
    ])
  ).toBe("a has no Node; b: refused; c: leased by 'x'")
})

it("an address that stands in brackets, or with its port, is told how it is written here", () => {
  const on = (host: string) => adviceOn({ kind: "NameUnknown", message: `the name ${host} does not resolve` } as RemoteError)
  for (const host of ["[fd00::2]", "[fd00::2]:2222", "10.0.0.4:2222", "box:22"]) expect(on(host)).toContain("without brackets")
  expect(on("box")).toContain("Mend the name")
})

it("of a pool that is left out for a mistake in the file, the mistake is said", () => {
  const faults = new Map([["rack", "/pools, line 2: pool 'rack': 'hosts' is to be a list of machines."]])
  expect(offersOf([], { resources: { cloud: "ssh", region: "rack" } }, faults).reason).toContain("line 2")
})
