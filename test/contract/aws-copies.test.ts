/** Images that disks are copied by on EC2, and the snapshots under them. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describeWithMoto } from "../tools/moto.ts"
import { awsScene } from "./aws-scene.ts"
import { copiesAreCleared } from "./copies.ts"
import { refOf } from "./rented-requests.ts"

const { daemonOver, fault, moto, one } = awsScene()

describeWithMoto("an image that a disk is copied by", () => {
  copiesAreCleared({
    cloud: "aws",
    region: "us-east-1",
    makes: "CreateImage",
    looks: "DescribeImages",
    removal: { action: "DeregisterImage", refused: { code: "UnauthorizedOperation", status: 403 } },
    server: moto,
    one,
    daemonOver
  })

  it.live("takes its snapshot with it, of which EC2 says for a moment that the image has it", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const source = request([0])
      const [head] = yield* cloud.provision(source)
      yield* cloud.stop(refOf(source, head!))
      const { cluster, clusterName } = source.tags
      const clone = { cloud: "aws", region: "us-east-1", cluster, clusterName, node: head!.node, host: head!.host, gib: 256 }
      const asked = request([0], { machine: { clone } })
      yield* fault({ action: "DeleteSnapshot", code: "InvalidSnapshot.InUse", times: 2 })
      yield* cloud.provision(asked)
      assert.deepStrictEqual((yield* cloud.tagged!(asked.tags.log)).remnants, [])
    }).pipe(Effect.scoped)
  )
})
