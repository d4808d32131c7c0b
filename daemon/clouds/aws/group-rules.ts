/** The rules of security groups: as ports, and as EC2 has them. Pure. */
import type { IpPermission, SecurityGroup } from "@aws-sdk/client-ec2"

export const anywhere = [{ CidrIp: "0.0.0.0/0" }]

export const rangeOf = (port: string) => {
  const [from, to = from] = port.split("-").map(Number)
  return { IpProtocol: "tcp", FromPort: from!, ToPort: to!, IpRanges: anywhere }
}

export const openIn = ({ IpPermissions = [] }: SecurityGroup): ReadonlyArray<string> =>
  IpPermissions.flatMap(({ FromPort, IpProtocol, IpRanges, ToPort }) => {
    const isToAll = IpProtocol === "tcp" && IpRanges?.some(({ CidrIp }) => CidrIp === anywhere[0]!.CidrIp)
    return isToAll ? [`${FromPort}-${ToPort}`] : []
  })

export const has = ({ IpPermissions = [] }: SecurityGroup, rule: IpPermission) =>
  IpPermissions.some(
    (own) =>
      own.IpProtocol === rule.IpProtocol &&
      own.FromPort === rule.FromPort &&
      own.ToPort === rule.ToPort &&
      (rule.UserIdGroupPairs === undefined || own.UserIdGroupPairs?.some(({ GroupId }) => GroupId === rule.UserIdGroupPairs![0]!.GroupId))
  )
