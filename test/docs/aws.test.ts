/** The policy that an account is set up with is what the code asks for. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { permissions } from "../../daemon/clouds/aws/access.ts"
import { filesBelow, root } from "../arch/sources.ts"

it("docs/aws-policy.json allows each call that is made, and no other", () => {
  const policy = JSON.parse(readFileSync(join(root, "docs/aws-policy.json"), "utf8")) as {
    readonly Statement: ReadonlyArray<{ readonly Action: ReadonlyArray<string> }>
  }
  const isDeed = (file: string) => !file.endsWith("/access.ts")
  const calls = filesBelow("daemon/clouds/aws")
    .filter(isDeed)
    .flatMap((file) => [...readFileSync(join(root, file), "utf8").matchAll(/\bec2\s*\.([a-z]\w+)\(/g)].map(([, name]) => name!))
  // What is made is tagged as it is made.
  const called = [...calls, "createTags"].map((name) => `ec2:${name[0]!.toUpperCase()}${name.slice(1)}`)
  const quotas = "servicequotas:GetServiceQuota"
  // Asked for by EC2 itself, with the first spot machine of an account.
  const spot = "iam:CreateServiceLinkedRole"
  const allowed = policy.Statement.flatMap(({ Action }) => Action)
  expect(new Set(allowed)).toEqual(new Set([...called, quotas, spot]))
  expect(allowed).toEqual([...Object.keys(permissions).map((name) => `ec2:${name}`), quotas, spot])
})
