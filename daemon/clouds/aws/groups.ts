/**
 * Security groups: one of the state folder in each VPC, by which machines reach each other and are reached by ssh, and one for a cluster
 * that opens ports, which goes with it. The user's own, where one is named, is found and left as it is.
 */
import type { Filter, IpPermission, SecurityGroup } from "@aws-sdk/client-ec2"
import * as Effect from "effect/Effect"
import type { ClusterId } from "../../../events/ids.ts"
import { portsBeyond } from "../../../task/ports.ts"
import { begunInTurn, inTurn } from "../../in-turn.ts"
import { portOfSsh } from "../../remote/Target.ts"
import { refusedForAny } from "../../rented/errors.ts"
import type { CloudError, Tags } from "../Cloud.ts"
import type { Aws } from "./client.ts"
import { allPages } from "./pages.ts"
import { ownerTags, tagNames } from "./tags.ts"

const anywhere = [{ CidrIp: "0.0.0.0/0" }]

interface Wanted {
  readonly region: string
  readonly vpcId: string
  readonly name: string
  readonly description: string
  readonly tags: Readonly<Record<string, string>>
  /** Of the group as it is found. */
  readonly rules: (group: SecurityGroup) => ReadonlyArray<IpPermission>
}

const rangeOf = (port: string) => {
  const [from, to = from] = port.split("-").map(Number)
  return { IpProtocol: "tcp", FromPort: from!, ToPort: to!, IpRanges: anywhere }
}

const openIn = ({ IpPermissions = [] }: SecurityGroup): ReadonlyArray<string> =>
  IpPermissions.flatMap(({ FromPort, IpProtocol, IpRanges, ToPort }) => {
    const isToAll = IpProtocol === "tcp" && IpRanges?.some(({ CidrIp }) => CidrIp === anywhere[0]!.CidrIp)
    return isToAll ? [`${FromPort}-${ToPort}`] : []
  })

const has = ({ IpPermissions = [] }: SecurityGroup, rule: IpPermission) =>
  IpPermissions.some(
    (own) =>
      own.IpProtocol === rule.IpProtocol &&
      own.FromPort === rule.FromPort &&
      own.ToPort === rule.ToPort &&
      (rule.UserIdGroupPairs === undefined || own.UserIdGroupPairs?.some(({ GroupId }) => GroupId === rule.UserIdGroupPairs![0]!.GroupId))
  )

const notFound = (name: string, vpcId: string) =>
  refusedForAny(
    "InvalidGroup.NotFound",
    `there is no security group '${name}' in ${vpcId} (aws.security_group_name in config.yaml)`,
    "region"
  )

export const makeGroups = (aws: Aws) => {
  const list = Effect.fn("Groups.list")(function* (region: string, Filters: Array<Filter>) {
    const pages = yield* allPages((from) =>
      aws.ask(region, "DescribeSecurityGroups", (ec2, asked) => ec2.describeSecurityGroups({ Filters, ...from }, asked))
    )
    return pages.flatMap(({ SecurityGroups = [] }) => SecurityGroups)
  })
  const find = Effect.fn("Groups.find")(function* (region: string, vpcId: string, name: string) {
    const found = yield* list(region, [
      { Name: "vpc-id", Values: [vpcId] },
      { Name: "group-name", Values: [name] }
    ])
    return found[0]
  })

  /** One that is there already, and was not listed yet, refuses all that it is asked for with. */
  const authorize = (region: string, GroupId: string, IpPermissions: Array<IpPermission>): Effect.Effect<void, CloudError> =>
    aws
      .ask(region, "AuthorizeSecurityGroupIngress", (ec2, asked) => ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions }, asked))
      .pipe(
        Effect.asVoid,
        Effect.catchIf(
          ({ code }) => code === "InvalidPermission.Duplicate",
          () =>
            IpPermissions.length === 1
              ? Effect.void
              : Effect.forEach(IpPermissions, (rule) => authorize(region, GroupId, [rule]), { discard: true })
        )
      )

  /** Cut short anywhere it goes on where it was: a group without its rules gets them. */
  const make = Effect.fn("Groups.make")(function* ({ description, name, region, rules, tags, vpcId }: Wanted) {
    const Tags = Object.entries({ ...tags, [tagNames.name]: name }).map(([Key, Value]) => ({ Key, Value }))
    const create = aws
      .ask(region, "CreateSecurityGroup", (ec2, asked) =>
        ec2.createSecurityGroup(
          {
            GroupName: name,
            Description: description,
            VpcId: vpcId,
            TagSpecifications: [{ ResourceType: "security-group", Tags }]
          },
          asked
        )
      )
      .pipe(Effect.map(({ GroupId }): SecurityGroup => ({ GroupId: GroupId!, IpPermissions: [] })))
    const group =
      (yield* find(region, vpcId, name)) ??
      (yield* Effect.catchIf(
        create,
        ({ code }) => code === "InvalidGroup.Duplicate",
        (error) => Effect.flatMap(find(region, vpcId, name), (found) => (found === undefined ? Effect.fail(error) : Effect.succeed(found)))
      ))
    const groupId = group.GroupId!
    const IpPermissions = rules(group).filter((rule) => !has(group, rule))
    if (IpPermissions.length > 0) yield* authorize(region, groupId, IpPermissions)
    return groupId
  })

  const known = new Map<string, string>()
  /** By region: one that does not answer keeps no other waiting. */
  const turn = inTurn<string>()
  /** `more`: it may be known, and lack rules. */
  const ensure = (wanted: Wanted, more = false) =>
    turn(
      wanted.region,
      Effect.gen(function* () {
        const key = `${wanted.region} ${wanted.vpcId} ${wanted.name}`
        const groupId = (more ? undefined : known.get(key)) ?? (yield* make(wanted))
        known.set(key, groupId)
        return groupId
      })
    )

  /** A group that is on its way would be there after it was removed. */
  const clusterTurn = begunInTurn<string>()
  const remove = (region: string, groupId: string) =>
    aws
      .ask(region, "DeleteSecurityGroup", (ec2, asked) => ec2.deleteSecurityGroup({ GroupId: groupId }, asked))
      .pipe(
        Effect.asVoid,
        Effect.catchIf(
          ({ code }) => code === "InvalidGroup.NotFound",
          () => Effect.void
        ),
        Effect.ensuring(Effect.sync(() => known.clear()))
      )

  return {
    named: Effect.fn("Groups.named")(function* (region: string, vpcId: string, name: string) {
      return (yield* find(region, vpcId, name))?.GroupId ?? (yield* notFound(name, vpcId))
    }),
    ofFolder: (region: string, vpcId: string, folder: string) =>
      ensure({
        region,
        vpcId,
        name: `skyd-${folder}`,
        description: "skyd: machines of one state folder",
        tags: { [tagNames.folder]: folder },
        rules: ({ GroupId }) => [
          { IpProtocol: "-1", UserIdGroupPairs: [{ GroupId: GroupId! }] },
          { IpProtocol: "tcp", FromPort: portOfSsh, ToPort: portOfSsh, IpRanges: anywhere }
        ]
      }),
    /** `more`: it may have been made for fewer ports. */
    ofCluster: (
      region: string,
      vpcId: string,
      {
        folder,
        more,
        ports,
        tags
      }: { readonly tags: Tags; readonly folder: string; readonly ports: ReadonlyArray<string>; readonly more?: boolean }
    ) =>
      clusterTurn(
        `${region} ${tags.cluster}`,
        ensure(
          {
            region,
            vpcId,
            name: `skyd-ports-${tags.cluster}`,
            description: "skyd: open ports of one cluster",
            tags: { [tagNames.folder]: folder, ...ownerTags(tags) },
            rules: (group) => portsBeyond(openIn(group), ports).map(rangeOf)
          },
          more
        )
      ),
    /** A group that was there is gone, and which others are is not known: all are looked for anew. */
    forget: () => known.clear(),
    list,
    remove,
    /** Of a cluster: what its machines left behind, and what was made for such as never came. */
    removeOf: (region: string, cluster: ClusterId) =>
      clusterTurn(
        `${region} ${cluster}`,
        Effect.flatMap(list(region, [{ Name: `tag:${tagNames.cluster}`, Values: [cluster] }]), (found) =>
          Effect.forEach(found, ({ GroupId }) => remove(region, GroupId!), { discard: true })
        )
      )
  }
}
export type Groups = ReturnType<typeof makeGroups>
