/** What may have been carried out is looked for again, and what its cloud says of it meanwhile is told in full. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeProvision as ofAws } from "../../../daemon/clouds/aws/provision.ts"
import { CloudError } from "../../../daemon/clouds/Cloud.ts"
import { makeProvision as ofGcp } from "../../../daemon/clouds/gcp/provision.ts"
import { later, unseen } from "../../../daemon/rented/errors.ts"
import { token } from "../../fakes/facts.ts"

const copying = Effect.fail(
  new CloudError({ kind: "Transient", code: "DiskBeingCopied", message: "the disk of b is still being copied", goesOn: true })
)
const shared = { settings: Effect.succeed({ useInternalIps: false }), hostKeyOf: () => Effect.succeed("") }
/** Each anew: a daemon of its own. */
const clouds = {
  aws: () => ofAws({ ...shared, instances: { ofTokens: () => Effect.succeed([]) }, inputOf: () => copying } as never),
  gcp: () =>
    ofGcp({
      ...shared,
      operations: { ofRequest: () => Effect.succeed(undefined) },
      partsOf: () => copying,
      instances: { named: () => Effect.succeed(undefined) }
    } as never)
}

for (const [name, daemon] of Object.entries(clouds))
  for (const isInherited of [false, true])
    it.effect(`${name}: a disk that is still being copied is waited for${isInherited ? ", also by the next daemon" : ""}`, () =>
      Effect.gen(function* () {
        const wish = {
          tags: { log: "L", cluster: "C", clusterName: "c" },
          token,
          ranks: [0],
          offer: { region: "r", zone: "r-a" },
          isInherited
        }
        const { code, goesOn, kind } = yield* Effect.flip(daemon()(wish as never))
        assert.deepStrictEqual([kind, code, goesOn], ["Transient", "DiskBeingCopied", true])
      })
    )

const full = {
  code: "x",
  message: "no",
  scope: "region",
  anyKind: true,
  want: "room",
  left: [{ rank: 0, node: "n", address: "", host: null, hostKey: null }],
  unreached: true,
  goesOn: true
} as const
const told = ({ kind, code, message, scope, anyKind, want, left, unreached, goesOn }: CloudError) => ({
  ...{ kind, code, message, scope, anyKind, want, left, unreached, goesOn }
})

it("a refusal that is not believed yet keeps all but that it is one", () => {
  const refused = new CloudError({ kind: "Refused", ...full } as never)
  assert.deepStrictEqual(told(later(refused)), { kind: "Transient", ...full } as never)
  assert.deepStrictEqual(told(unseen("it is there")(refused)), { kind: "Transient", ...full } as never)
})
