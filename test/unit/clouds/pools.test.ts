/** ssh_node_pools.yaml: SkyPilot's format, and what is wrong in one. */
import { execFileSync } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { parsePools } from "../../../daemon/clouds/ssh/parse-pools.ts"
import { machinesOf, openPools } from "../../../daemon/clouds/ssh/pools.ts"

const file = "/home/ann/.sky/ssh_node_pools.yaml"
const wrong = (text: string): string => {
  try {
    parsePools(text, file)
  } catch (error) {
    return (error as Error).message.replace(`${file}, `, "")
  }
  return expect.unreachable("it was taken")
}

describe("a pools file", () => {
  it("names machines by address, name or alias, each with what its pool says unless it says otherwise", () => {
    const { pools } = parsePools(
      `
rack:
  user: ubuntu
  identity_file: /keys/rack
  password: 0123
  node_mirror: https://mirror.example/node
  hosts:
    - 10.0.0.4
    - gpu-box
    - ip: 10.0.0.5
      user: alice
      identity_file: keys/alice.pem
      ssh_port: 2222
      node_mirror: http://10.0.0.1:8080
desk:
  hosts: [{ip: "::1", ssh_port: 2200}]
`,
      file
    )
    const login = { user: "ubuntu", identityFiles: ["/keys/rack"], password: "0123" }
    const nodeMirror = "https://mirror.example/node"
    const ofPool = ["user", "identityFiles"]
    expect(pools.get("rack")).toEqual([
      { pool: "rack", host: "10.0.0.4", name: "10.0.0.4", login, ofPool, nodeMirror },
      { pool: "rack", host: "gpu-box", name: "gpu-box", login, ofPool, nodeMirror },
      {
        pool: "rack",
        host: "10.0.0.5:2222",
        name: "10.0.0.5",
        login: { user: "alice", identityFiles: ["/home/ann/.sky/keys/alice.pem"], password: "0123", port: 2222 },
        nodeMirror: "http://10.0.0.1:8080"
      }
    ])
    expect(pools.get("desk")?.[0]).toMatchObject({ host: "[::1]:2200", nodeMirror: null })
  })

  it("calls a machine the same with the usual port written down or not", () => {
    const { pools } = parsePools("a: {hosts: [{ip: x, ssh_port: 22}]}\nb: {ssh_port: 22, hosts: [x]}\nc: {hosts: [x]}\n", file)
    expect([...pools.values()].flat().map(({ host }) => host)).toEqual(["x", "x", "x"])
  })

  it("may be empty, and may share what is said by YAML's own means", () => {
    for (const text of ["", "# none\n", "---\n"]) expect(parsePools(text, file).pools.size).toBe(0)
    const text = "a: &a\n  user: ann\n  hosts: &h [x]\nb:\n  hosts: *h\nc: *a\n"
    expect([...parsePools(text, file).pools.keys()]).toEqual(["a", "b", "c"])
  })

  it.each([
    ["- a\n", "line 1: the pools: expected a mapping."],
    ["rack:\n  hosts: [a\n", /^line \d: /],
    ["rack: [a]\n", "line 1: pool 'rack': expected a mapping with 'hosts'."],
    ["rack:\n  user: ann\n", "line 1: pool 'rack': 'hosts' is to be a list of machines."],
    ["rack:\n  hosts: []\n", "line 2: pool 'rack': 'hosts' is to be a list of machines."],
    ["rack:\n  hosts:\n    - a\n    - a\n", "line 4: pool 'rack': the host 'a' is there twice."],
    ["rack:\n  usr: ann\n  hosts: [a]\n", "line 2: pool 'rack': unknown field 'usr'. Did you mean 'user'?"],
    ["rack:\n  hosts:\n    - a\n    - usr: b\n", "line 4: pool 'rack', host 2: unknown field 'usr'. Did you mean 'user'?"],
    ["rack:\n  hosts:\n    - user: b\n", "line 3: pool 'rack', host 1: 'ip' is missing, its address or name."],
    ["rack:\n  hosts:\n    - [a]\n", "line 3: pool 'rack', host 1: expected an address, a name, or a mapping with 'ip'."],
    ["rack:\n  hosts:\n    - ip: a\n      ssh_port: 70000\n", "line 4: pool 'rack', host 1 (a): '70000' is no port: expected 1 to 65535."],
    ["rack:\n  node_mirror: mirror\n  hosts: [a]\n", "line 2: pool 'rack': 'mirror' is no address of a mirror: expected https://…"],
    ["rack:\n  port: 22\n  hosts: [a]\n", "line 2: pool 'rack': unknown field 'port'. Did you mean 'ssh_port'?"],
    ["'*':\n  hosts: [a]\n", "line 1: pool '*': --infra ssh/NAME cannot name it: '*' is any, and no name begins or ends with a space."],
    ["' x':\n  hosts: [a]\n", /^line 1: pool ' x': --infra ssh\/NAME cannot name it/],
    ["rack:\n  user: [a]\n  hosts: [a]\n", "line 2: pool 'rack': user is to be text."],
    ['rack:\n  hosts:\n    - a\n    - "x\\0y"\n', "line 4: pool 'rack', host 2: its name holds a character that no name has."],
    ['rack:\n  hosts:\n    - ip: "x\\e[1m"\n', "line 3: pool 'rack', host 1: ip holds a character that no name has."],
    [`rack:\n  hosts: ${"[".repeat(100_000)}\n`, `${file} is nested too deeply.`],
    [`rack:\n  hosts:\n    ${"- ".repeat(100_000)}a\n`, `${file} is nested too deeply.`],
    ["rack:\n  hosts: [a]\nrack:\n  hosts: [b]\n", "line 3: the pools: 'rack' is there twice."]
  ])("says what is wrong in %j, and where", (text, message) => {
    if (typeof message === "string") expect(wrong(text)).toBe(message)
    else expect(wrong(text)).toMatch(message)
  })
})

it("a pool with a fault is left out alone, and the fault is told", () => {
  const { faults, pools } = parsePools("rack:\n  hosts: []\ndesk:\n  hosts: [a]\n", file)
  expect([...pools.keys()]).toEqual(["desk"])
  expect([...faults]).toEqual([["rack", `${file}, line 2: pool 'rack': 'hosts' is to be a list of machines.`]])
})

describe("the pools that there are", () => {
  const before = process.env["HOME"]
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pools-"))
    mkdirSync(join(folder, ".sky"))
    mkdirSync(join(folder, "state"))
    process.env["HOME"] = folder
  })
  afterEach(() => {
    process.env["HOME"] = before
    rmSync(folder, { recursive: true })
  })
  const put = (path: string, text: string, mode = 0o600) => {
    writeFileSync(join(folder, path), text)
    chmodSync(join(folder, path), mode)
  }
  const [ours, theirs] = ["state/ssh_node_pools.yaml", ".sky/ssh_node_pools.yaml"]
  const hosts = async (pools: ReturnType<typeof openPools>) => machinesOf(await pools()).map(({ host }) => host)

  it("are those of the state folder, else SkyPilot's, and are read anew when the file changes", async () => {
    const pools = openPools(join(folder, "state"))
    expect((await pools()).file).toBeNull()
    put(theirs, "rack: {hosts: [a]}\n")
    expect(await hosts(pools)).toEqual(["a"])
    put(theirs, "rack: {hosts: [a, b]}\n")
    expect(await hosts(pools)).toEqual(["a", "b"])
    put(ours, "rack: {hosts: [c]}\n")
    expect(await hosts(pools)).toEqual(["c"])
  })

  it("are an error while the file is wrong, and are there again once it is mended", async () => {
    const pools = openPools(join(folder, "state"))
    put(ours, "rack: {}\n")
    await expect(pools()).rejects.toThrow("pool 'rack': 'hosts' is to be a list")
    put(ours, "rack: {hosts: [a]}\n")
    expect(await hosts(pools)).toEqual(["a"])
  })

  it("are not waited for where the file comes to no end, nor read where it is no small file", async () => {
    const pools = openPools(join(folder, "state"))
    execFileSync("mkfifo", [join(folder, ours)])
    await expect(pools()).rejects.toThrow(`${join(folder, ours)} is no regular file.`)
    rmSync(join(folder, ours))
    put(ours, "#".repeat(2 * 1024 * 1024))
    await expect(pools()).rejects.toThrow("is larger than 1048576 bytes")
  })

  it("come with a warning where others can read a password", async () => {
    const pools = openPools(join(folder, "state"))
    put(ours, "rack: {password: x, hosts: [a]}\n", 0o644)
    expect((await pools()).warning).toBe(`${join(folder, ours)} holds a password, and others can read it: chmod 600 ${join(folder, ours)}`)
    put(ours, "rack: {password: x, hosts: [a]}\n")
    expect((await pools()).warning).toBeNull()
    put(ours, "rack: {hosts: [a]}\n", 0o644)
    expect((await pools()).warning).toBeNull()
  })
})
