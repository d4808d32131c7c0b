/**
 * Ports of a cluster that is there: its own group is put on the machines that do not have it, and then gets them, so that what it has is
 * open on all. Each machine says first, by its tag, that the group goes with it. Cut short anywhere it goes on where it was.
 */
import * as Effect from "effect/Effect"
import { later } from "../../rented/errors.ts"
import type { CloudError, NodeRef } from "../Cloud.ts"
import type { Aws } from "./client.ts"
import type { Found } from "./found.ts"
import type { Groups } from "./groups.ts"
import type { Nodes } from "./nodes.ts"
import { tagNames } from "./tags.ts"

const atOnce = 8

interface OpenPortsOptions {
  readonly aws: Aws
  readonly folder: Effect.Effect<string>
  readonly groups: Groups
  readonly nodes: Nodes
}

export const makeOpenPorts = ({ aws, folder, groups, nodes }: OpenPortsOptions) => {
  const putOn = Effect.fn("OpenPorts.putOn")(function* (region: string, groupId: string, { instance, label }: Found) {
    const InstanceId = instance.InstanceId!
    if (label.group !== groupId) {
      const Tags = [{ Key: tagNames.group, Value: groupId }]
      yield* aws.ask(region, "CreateTags", (ec2, asked) => ec2.createTags({ Resources: [InstanceId], Tags }, asked))
    }
    const has = (instance.SecurityGroups ?? []).flatMap(({ GroupId }) => GroupId ?? [])
    if (has.includes(groupId)) return
    const Groups = [...has, groupId]
    yield* aws.ask(region, "ModifyInstanceAttribute", (ec2, asked) => ec2.modifyInstanceAttribute({ InstanceId, Groups }, asked))
  })

  return Effect.fn("OpenPorts")(
    function* (refs: ReadonlyArray<NodeRef>, ports: ReadonlyArray<string>) {
      const found = yield* Effect.forEach(refs, nodes.must, { concurrency: atOnce })
      // Those that are gone are told of by who looks at their cluster.
      const there = found.filter((one) => one !== null)
      const [first] = there
      if (first === undefined) return
      const [{ region, tags }] = refs as [NodeRef]
      const own = { tags, folder: yield* folder, more: true }
      const withPorts = (open: ReadonlyArray<string>) => groups.ofCluster(region!, first.instance.VpcId!, { ...own, ports: open })
      const groupId = yield* withPorts([])
      yield* Effect.forEach(there, (one) => putOn(region!, groupId, one), { concurrency: atOnce, discard: true })
      yield* withPorts(ports)
      // What was made a moment ago is not known everywhere yet.
    },
    Effect.mapError((error: CloudError) => (error.code === "InvalidGroup.NotFound" ? later(error) : error))
  )
}
