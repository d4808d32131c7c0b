/** Who logs in to a machine: as the pools file says of it, as ~/.ssh/config says of it, or as the pools file says of its pool. */
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"
import { anyHost, ownLogin } from "../../../daemon/clouds/ssh/own-login.ts"
import { parsePools } from "../../../daemon/clouds/ssh/parse-pools.ts"
import { resolve } from "../../../daemon/remote/resolve.ts"

const pools = `
rack:
  user: ann
  identity_file: /keys/rack
  hosts:
    - 10.0.0.4
    - box
    - ip: box
      ssh_port: 2200
      user: eve
`

it("is said by the host's own line first, then by the alias, then by the pool; what is said of all hosts is no alias", async () => {
  const config = join(mkdtempSync(join(tmpdir(), "ssh-")), "config")
  writeFileSync(config, "Host box\n  User bob\n  IdentityFile /keys/box\nHost *\n  User everyone\n")
  const asked = (name: string, login = {}) => resolve(name, login, { config })
  const machines = parsePools(pools, "/p").pools.get("rack")!
  const found = await Promise.all(
    machines.map(async (machine) => {
      const { isByConfig, login } = await ownLogin(machine, asked, () => asked(anyHost))
      const { identityFiles, user } = await asked(machine.name, login)
      return [machine.host, user, identityFiles, isByConfig]
    })
  )
  expect(found).toEqual([
    ["10.0.0.4", "ann", ["/keys/rack"], false],
    ["box", "bob", ["/keys/box"], true],
    ["box:2200", "eve", ["/keys/box"], true]
  ])
})
